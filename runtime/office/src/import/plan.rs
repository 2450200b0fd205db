//! What an import will do, worked out before anything is written. Reads the store, one look-up a piece of the file.

use super::ImportFile;
use super::error::ImportError;
use super::matching::{Index, Planned};
use super::report::{PlannedRow, RowOutcome, Tally};
use super::row::{Refusal, Row};
use crate::crm::PointKind;
use crate::progress::Steps;
use std::collections::{HashMap, HashSet};
use steward_core::{CompanyId, ContactId, Integrity, WorkspaceId};
use steward_store::contact::{self, ContactRow, PointRow, Wanted};
use steward_store::{Tx, company, note};
use time::OffsetDateTime;
use uuid::Uuid;

/// Rows that are looked up in one go.
pub(super) const CHUNK_ROWS: usize = 5000;

/// The whole of it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) contacts: Vec<Planned>,
    pub(super) known_companies: HashMap<String, CompanyId>,
    /// Names and keys of companies to make, in the order of the file.
    pub(super) new_companies: Vec<(String, String)>,
    pub(super) tally: Tally,
}

/// Works the plan out. Nothing is written. A row that was looked at is a step.
pub(super) async fn make(tx: &mut Tx, workspace: WorkspaceId, file: &ImportFile, integrity: Integrity, steps: &mut Steps<'_>) -> Result<Plan, ImportError> {
    let mut plan = Plan { contacts: Vec::new(), known_companies: HashMap::new(), new_companies: Vec::new(), tally: Tally::of(file) };
    let mut index = Index::default();
    let mut loaded: HashMap<ContactId, usize> = HashMap::new();
    let has_notes = file.rows.iter().flatten().any(|row| row.note.is_some());
    for chunk in file.rows.chunks(CHUNK_ROWS) {
        load(tx, workspace, chunk, has_notes, &mut plan.contacts, &mut index, &mut loaded).await?;
        for row in chunk {
            match row {
                Ok(row) => plan.take(row, &mut index, workspace, integrity),
                Err(refusal) => plan.tally.refuse(refusal),
            }
        }
        steps.add(chunk.len());
    }
    plan.find_companies(tx, workspace).await?;
    Ok(plan)
}

/// Brings every contact of the store that a row of the chunk may belong to into the plan.
async fn load(
    tx: &mut Tx,
    workspace: WorkspaceId,
    chunk: &[Result<Row, Refusal>],
    with_notes: bool,
    contacts: &mut Vec<Planned>,
    index: &mut Index,
    loaded: &mut HashMap<ContactId, usize>,
) -> Result<(), ImportError> {
    let mut wanted = Wanted::default();
    for row in chunk.iter().flatten() {
        for point in &row.points {
            match point.kind {
                PointKind::Email => wanted.emails.push(point.key.clone()),
                PointKind::Phone => wanted.phones.push(point.key.clone()),
                PointKind::Url | PointKind::Address => {}
            }
        }
        if !row.has_address() || row.external_uid.is_some() {
            wanted.names.push(row.name_key.clone());
        }
    }
    let rows: Vec<ContactRow> = contact::find_wanted(tx, workspace, &wanted).await?.into_iter().filter(|row| !loaded.contains_key(&row.contact)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<ContactId> = rows.iter().map(|row| row.contact).collect();
    let mut points: HashMap<ContactId, Vec<PointRow>> = HashMap::new();
    for point in contact::points(tx, &ids).await? {
        points.entry(point.contact).or_default().push(point);
    }
    let mut notes: HashMap<ContactId, HashSet<String>> = HashMap::new();
    if with_notes {
        for (contact, text) in note::texts_of_contacts(tx, &ids).await? {
            notes.entry(contact).or_default().insert(text);
        }
    }
    for row in rows {
        let at = contacts.len();
        let (own_points, own_notes) = (points.remove(&row.contact).unwrap_or_default(), notes.remove(&row.contact).unwrap_or_default());
        loaded.insert(row.contact, at);
        let mut planned = Planned::stored(row, own_points, own_notes);
        index.enter(at, &mut planned);
        contacts.push(planned);
    }
    Ok(())
}

impl Plan {
    fn take(&mut self, row: &Row, index: &mut Index, workspace: WorkspaceId, integrity: Integrity) {
        let mut warnings = row.warnings.clone();
        let (at, is_new) = match index.find(row, &self.contacts) {
            Some(at) => (at, false),
            None => {
                self.contacts.push(Planned::new(blank(row, workspace, integrity), row.name_key.clone()));
                (self.contacts.len() - 1, true)
            }
        };
        let Some(contact) = self.contacts.get_mut(at) else { return };
        let changed = contact.absorb(row, at, index, &mut warnings);
        if contact.touched {
            // What came with the file is worth no more than the file.
            contact.row.integrity = contact.row.integrity.min(integrity);
        }
        if changed || is_new {
            index.enter(at, contact);
        }
        let contact_id = contact.exists.then_some(contact.row.contact);
        let outcome = match (is_new, changed) {
            (true, _) => RowOutcome::Created,
            (false, true) => RowOutcome::Merged,
            (false, false) => RowOutcome::Unchanged,
        };
        self.tally.take(row.row, row.line, outcome, warnings, || {
            let first = |kind: PointKind| row.points.iter().find(|point| point.kind == kind).map(|point| point.value.clone());
            PlannedRow {
                row: row.row,
                outcome,
                contact_id,
                company_id: None,
                display_name: row.display_name.clone(),
                email: first(PointKind::Email),
                phone: first(PointKind::Phone),
                company: row.company.clone(),
                website: None,
            }
        });
    }

    /// Tells the companies that are there from those to make.
    async fn find_companies(&mut self, tx: &mut Tx, workspace: WorkspaceId) -> Result<(), ImportError> {
        let mut seen: HashSet<&str> = HashSet::new();
        let needed = self.contacts.iter().filter(|contact| contact.row.company.is_none()).filter_map(|contact| contact.company.as_ref());
        let needed: Vec<(String, String)> = needed.filter(|(_, key)| seen.insert(key)).cloned().collect();
        for chunk in needed.chunks(CHUNK_ROWS) {
            let keys: Vec<String> = chunk.iter().map(|(_, key)| key.clone()).collect();
            self.known_companies.extend(company::find_by_keys(tx, workspace, &keys).await?);
        }
        self.new_companies = needed.into_iter().filter(|(_, key)| !self.known_companies.contains_key(key)).collect();
        self.tally.summary.companies_created = self.new_companies.len();
        Ok(())
    }
}

/// A new contact with nothing but its name.
fn blank(row: &Row, workspace: WorkspaceId, integrity: Integrity) -> ContactRow {
    ContactRow {
        contact: ContactId::from_uuid(Uuid::nil()),
        workspace,
        display_name: row.display_name.clone(),
        given_name: None,
        family_name: None,
        company: None,
        company_name: None,
        company_key: None,
        company_integrity: None,
        job_title: None,
        tags: Vec::new(),
        birthday: None,
        search: String::new(),
        import: None,
        external_uid: None,
        merged_into: None,
        integrity,
        version: 1,
        created_at: OffsetDateTime::UNIX_EPOCH,
        changed_at: OffsetDateTime::UNIX_EPOCH,
    }
}
