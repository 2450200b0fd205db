//! Which contact a row belongs to: one of the workspace, or one that an earlier row of the file makes. No I/O.

use super::row::Row;
use crate::crm::text::{company_key, email_key, fold};
use crate::crm::{POINTS_MAX, PointKind, TAGS_MAX};
use std::collections::{HashMap, HashSet};
use steward_store::contact::{ContactRow, PointRow};

/// A contact while the plan is made.
#[derive(Debug)]
pub(super) struct Planned {
    /// The fields. A new contact has the nil id until it is written.
    pub(super) row: ContactRow,
    /// Whether it is in the store already.
    pub(super) exists: bool,
    /// Whether a field or point was added.
    pub(super) touched: bool,
    /// Its folded name.
    pub(super) name_key: String,
    /// Its company's name and key, also when the company is yet to be made.
    pub(super) company: Option<(String, String)>,
    /// All its points.
    pub(super) points: Vec<PointRow>,
    /// How many of them are in the store already.
    pub(super) stored_points: usize,
    /// Notes to add.
    pub(super) new_notes: Vec<String>,
    notes: HashSet<String>,
    /// Under which name and company the index has it.
    entered_name: Option<(String, String)>,
}

impl Planned {
    /// A contact of the store.
    pub(super) fn stored(row: ContactRow, points: Vec<PointRow>, notes: HashSet<String>) -> Self {
        let company = row.company_name.clone().zip(row.company_key.clone());
        Self {
            name_key: fold(&row.display_name),
            company,
            exists: true,
            touched: false,
            stored_points: points.len(),
            points,
            new_notes: Vec::new(),
            notes,
            entered_name: None,
            row,
        }
    }

    /// A contact that a row makes; filled by [`Planned::absorb`].
    pub(super) fn new(row: ContactRow, name_key: String) -> Self {
        Self {
            row,
            exists: false,
            touched: false,
            name_key,
            company: None,
            points: Vec::new(),
            stored_points: 0,
            new_notes: Vec::new(),
            notes: HashSet::new(),
            entered_name: None,
        }
    }

    fn has_address(&self) -> bool {
        self.points.iter().any(|point| matches!(point.kind, PointKind::Email | PointKind::Phone))
    }

    /// Whether the name only stands in for a missing one and may give way to a real one: it is an own e-mail address, or the
    /// company's name while no row can have been found by it, that is without phone number and without foreign id.
    fn is_unnamed(&self) -> bool {
        let has = |kind: PointKind| self.points.iter().any(|point| point.kind == kind);
        let is_address = self.points.iter().any(|point| point.kind == PointKind::Email && point.value_key == email_key(&self.row.display_name));
        let is_company = self.company.as_ref().is_some_and(|(_, key)| *key == company_key(&self.row.display_name));
        let is_bare = self.row.given_name.is_none() && self.row.family_name.is_none();
        is_bare && (is_address || (is_company && has(PointKind::Email) && !has(PointKind::Phone) && self.row.external_uid.is_none()))
    }

    /// Whether another contact is found by a number or foreign id of this one together with that name.
    fn collides_as(&self, name: &str, at: usize, index: &Index) -> bool {
        self.points.iter().any(|point| point.kind == PointKind::Phone && index.has_phone(&point.value_key, name, at))
            || self.row.external_uid.as_ref().is_some_and(|uid| index.has_uid(uid, name, at))
    }

    /// Adds what the row has and this contact lacks; returns whether there was anything. What is filled stays.
    ///
    /// Nothing is added by which another contact is found: the next import of the same file would find that one's rows here.
    pub(super) fn absorb(&mut self, row: &Row, at: usize, index: &Index, warnings: &mut Vec<String>) -> bool {
        let mut changed = false;
        if row.is_named && row.name_key != self.name_key {
            if self.is_unnamed() && !self.collides_as(&row.name_key, at, index) {
                self.row.display_name.clone_from(&row.display_name);
                self.name_key.clone_from(&row.name_key);
                changed = true;
            } else {
                warnings.push(kept("name", &self.row.display_name, &row.display_name));
            }
        }
        changed |= fill(&mut self.row.given_name, row.given_name.as_ref(), "first name", warnings);
        changed |= fill(&mut self.row.family_name, row.family_name.as_ref(), "last name", warnings);
        changed |= fill(&mut self.row.job_title, row.job_title.as_ref(), "job title", warnings);
        changed |= fill(&mut self.row.birthday, row.birthday.as_ref(), "birthday", warnings);
        if self.row.external_uid.is_none() && row.external_uid.as_ref().is_some_and(|uid| !index.has_uid(uid, &self.name_key, at)) {
            self.row.external_uid.clone_from(&row.external_uid);
            changed = true;
        }
        if let Some((name, key)) = row.company.clone().zip(row.company_key.clone()) {
            match &self.company {
                None if !self.has_address() && !row.has_address() && index.has_name(&self.name_key, &key, at) => {
                    warnings.push(format!("company `{name}` left out: another contact with this name has it"));
                }
                None => {
                    self.company = Some((name, key));
                    changed = true;
                }
                Some((there, known)) if *known != key => warnings.push(kept("company", there, &name)),
                Some(_) => {}
            }
        }
        for tag in &row.tags {
            if self.row.tags.iter().any(|known| fold(known) == fold(tag)) {
                continue;
            }
            if self.row.tags.len() == TAGS_MAX {
                warnings.push(format!("tags left out: {TAGS_MAX} is the most"));
                break;
            }
            self.row.tags.push(tag.clone());
            changed = true;
        }
        changed |= self.absorb_points(row, at, index, warnings);
        self.touched |= changed;
        if let Some(note) = &row.note
            && self.notes.insert(note.clone())
        {
            self.new_notes.push(note.clone());
            changed = true;
        }
        changed
    }

    fn absorb_points(&mut self, row: &Row, at: usize, index: &Index, warnings: &mut Vec<String>) -> bool {
        let mut changed = false;
        for point in &row.points {
            if self.points.iter().any(|known| known.kind == point.kind && known.value_key == point.key) {
                continue;
            }
            if point.kind == PointKind::Email && index.has_email(&point.key, at) {
                warnings.push(format!("e-mail address `{}` left out: another contact has it", point.value));
                continue;
            }
            if point.kind == PointKind::Phone && index.has_phone(&point.key, &self.name_key, at) {
                warnings.push(format!("phone number `{}` left out: another contact with this name has it", point.value));
                continue;
            }
            if self.points.len() >= POINTS_MAX {
                warnings.push(format!("addresses and numbers left out: {POINTS_MAX} is the most"));
                break;
            }
            let position = self.points.iter().map(|known| known.position).max().map_or(0, |last| last.saturating_add(1));
            self.points.push(PointRow {
                contact: self.row.contact,
                position,
                kind: point.kind,
                value: point.value.clone(),
                value_key: point.key.clone(),
                label: point.label.clone(),
            });
            changed = true;
        }
        changed
    }
}

/// What is said of a value that stays as it is.
pub(super) fn kept(what: &str, there: &str, given: &str) -> String {
    format!("{what} `{there}` kept; the file says `{given}`")
}

fn fill(slot: &mut Option<String>, given: Option<&String>, what: &str, warnings: &mut Vec<String>) -> bool {
    match (&*slot, given) {
        (None, Some(given)) => {
            *slot = Some(given.clone());
            true
        }
        (Some(there), Some(given)) => {
            if fold(there) != fold(given) {
                warnings.push(kept(what, there, given));
            }
            false
        }
        (Some(_) | None, None) => false,
    }
}

/// Every key a contact can be found by; the first contact to have a key keeps it.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_email: HashMap<String, usize>,
    by_phone: HashMap<(String, String), usize>,
    by_uid: HashMap<(String, String), usize>,
    by_name: HashMap<(String, String), usize>,
}

impl Index {
    /// Enters a contact under all keys it has now.
    pub(super) fn enter(&mut self, at: usize, contact: &mut Planned) {
        for point in &contact.points {
            match point.kind {
                PointKind::Email => {
                    self.by_email.entry(point.value_key.clone()).or_insert(at);
                }
                PointKind::Phone => {
                    self.by_phone.entry((point.value_key.clone(), contact.name_key.clone())).or_insert(at);
                }
                PointKind::Url | PointKind::Address => {}
            }
        }
        if let Some(uid) = &contact.row.external_uid {
            self.by_uid.entry((uid.clone(), contact.name_key.clone())).or_insert(at);
        }
        let company = contact.company.as_ref().map(|(_, key)| key.clone()).unwrap_or_default();
        let name = (contact.name_key.clone(), company);
        // By name alone a contact is found only while it has neither address nor number.
        if let Some(before) = contact.entered_name.take()
            && self.by_name.get(&before) == Some(&at)
        {
            self.by_name.remove(&before);
        }
        if !contact.has_address() {
            self.by_name.entry(name.clone()).or_insert(at);
            contact.entered_name = Some(name);
        }
    }

    /// The contact a row belongs to.
    pub(super) fn find(&self, row: &Row, contacts: &[Planned]) -> Option<usize> {
        let points = |kind: PointKind| row.points.iter().filter(move |point| point.kind == kind);
        if let Some(at) = points(PointKind::Email).find_map(|point| self.by_email.get(&point.key)) {
            return Some(*at);
        }
        if let Some(at) = points(PointKind::Phone).find_map(|point| self.by_phone.get(&(point.key.clone(), row.name_key.clone()))) {
            return Some(*at);
        }
        if let Some(at) = row.external_uid.as_ref().and_then(|uid| self.by_uid.get(&(uid.clone(), row.name_key.clone()))) {
            return Some(*at);
        }
        if row.has_address() {
            return None;
        }
        let company = row.company_key.clone().unwrap_or_default();
        self.by_name.get(&(row.name_key.clone(), company)).copied().filter(|at| contacts.get(*at).is_some_and(|contact| !contact.has_address()))
    }

    fn has_email(&self, email: &str, own: usize) -> bool {
        self.by_email.get(email).is_some_and(|at| *at != own)
    }

    fn has_phone(&self, phone: &str, name: &str, own: usize) -> bool {
        self.by_phone.get(&(phone.to_owned(), name.to_owned())).is_some_and(|at| *at != own)
    }

    fn has_uid(&self, uid: &str, name: &str, own: usize) -> bool {
        self.by_uid.get(&(uid.to_owned(), name.to_owned())).is_some_and(|at| *at != own)
    }

    fn has_name(&self, name: &str, company: &str, own: usize) -> bool {
        self.by_name.get(&(name.to_owned(), company.to_owned())).is_some_and(|at| *at != own)
    }
}

impl Row {
    /// Whether it has an e-mail address or a phone number.
    pub(super) fn has_address(&self) -> bool {
        self.points.iter().any(|point| matches!(point.kind, PointKind::Email | PointKind::Phone))
    }
}
