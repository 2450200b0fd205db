//! Contacts: made, found, changed, merged.

mod alike;
mod merge;

pub use alike::{AlikeTo, Group, find_alike};
pub(super) use merge::value_of;
pub use merge::{Choice, Merge, Side, check_keeps_merged, merge_contacts, merged_records};

use super::Slice;
use super::error::CrmError;
use super::fields::{self, NAME_CHARS_MAX, POINTS_MAX, TEXT_CHARS_MAX, search_text};
use super::text::{control_character, email_key, search_patterns};
use crate::{Office, audit};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use steward_core::{CompanyId, ContactId, ImportId, Integrity, WorkspaceId};
use steward_store::contact::{self as store, ContactFilter, ContactRow, PointKind, PointRow};
use steward_store::{Page, Tx, contact_import};
use time::OffsetDateTime;

/// An e-mail address, number, URL or postal address with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// As written.
    pub value: String,
    /// For example `work`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Point {
    /// A point without a label.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), label: None }
    }
}

/// A contact's company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyRef {
    /// Its id.
    pub company_id: CompanyId,
    /// Its name.
    pub name: String,
    /// Lowest integrity of the texts the company was written from.
    #[serde(default = "unknown")]
    pub integrity: Integrity,
}

/// Of a company that was kept beside a contact before its integrity was.
const fn unknown() -> Integrity {
    Integrity::Outside
}

/// A contact, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub contact_id: ContactId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// The name shown.
    pub display_name: String,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// The company.
    pub company: Option<CompanyRef>,
    /// Position in the company.
    pub job_title: Option<String>,
    /// E-mail addresses, the first one first to use.
    pub emails: Vec<Point>,
    /// Phone and fax numbers.
    pub phones: Vec<Point>,
    /// Web addresses.
    pub urls: Vec<Point>,
    /// Postal addresses.
    pub addresses: Vec<Point>,
    /// Words it is sorted by.
    pub tags: Vec<String>,
    /// `YYYY-MM-DD`, or `--MM-DD` without a year.
    pub birthday: Option<String>,
    /// The import that made it.
    pub import_id: Option<ImportId>,
    /// The contact that stands for this one since they were merged.
    #[serde(default)]
    pub merged_into: Option<ContactId>,
    /// Lowest integrity of the texts it was written from.
    pub integrity: Integrity,
    /// Grows with every change; a change names the version it was made for.
    pub version: i32,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub changed_at: OffsetDateTime,
}

/// What a new contact is made of. Without a display name it is made of the names, or else the first address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewContact {
    /// The name shown.
    pub display_name: Option<String>,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// The company, of the same workspace.
    pub company_id: Option<CompanyId>,
    /// Position in the company.
    pub job_title: Option<String>,
    /// E-mail addresses.
    pub emails: Vec<Point>,
    /// Phone and fax numbers.
    pub phones: Vec<Point>,
    /// Web addresses.
    pub urls: Vec<Point>,
    /// Postal addresses.
    pub addresses: Vec<Point>,
    /// Words it is sorted by.
    pub tags: Vec<String>,
    /// `YYYY-MM-DD`, or `--MM-DD` without a year.
    pub birthday: Option<String>,
}

/// A change of a contact: what is absent stays, an empty text clears, a list replaces the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactPatch {
    /// The name shown; cannot be cleared.
    pub display_name: Option<String>,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// The company, of the same workspace; cannot be cleared by this field, see `no_company`.
    pub company_id: Option<CompanyId>,
    /// Takes the company away.
    pub no_company: bool,
    /// Position in the company.
    pub job_title: Option<String>,
    /// E-mail addresses.
    pub emails: Option<Vec<Point>>,
    /// Phone and fax numbers.
    pub phones: Option<Vec<Point>>,
    /// Web addresses.
    pub urls: Option<Vec<Point>>,
    /// Postal addresses.
    pub addresses: Option<Vec<Point>>,
    /// Words it is sorted by.
    pub tags: Option<Vec<String>>,
    /// `YYYY-MM-DD`, or `--MM-DD` without a year.
    pub birthday: Option<String>,
}

impl ContactPatch {
    /// The same, where an address or number that is given without a label, and stands there with one, keeps it: who gives a list anew gives no
    /// labels, and means to take none away.
    pub fn keeping_labels(self, now: &Contact) -> Self {
        let labelled = |point: Point, there: &[Point]| {
            let known = there.iter().find(|known| point.label.is_none() && known.value.eq_ignore_ascii_case(point.value.trim()));
            Point { label: known.map_or_else(|| point.label.clone(), |known| known.label.clone()), value: point.value }
        };
        let kept = |list: Option<Vec<Point>>, there: &[Point]| list.map(|list| list.into_iter().map(|point| labelled(point, there)).collect::<Vec<_>>());
        Self {
            emails: kept(self.emails, &now.emails),
            phones: kept(self.phones, &now.phones),
            urls: kept(self.urls, &now.urls),
            addresses: kept(self.addresses, &now.addresses),
            ..self
        }
    }
}

/// What to look for. The text is split into words, and each must appear in the name, an address, a number, a tag, the job title
/// or the company's name; accents and case do not matter, and digits are compared as phone numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// Words to look for; empty finds all.
    pub text: String,
    /// Only this workspace; none looks through all that the actor sees.
    pub workspace: Option<WorkspaceId>,
    /// Only this company.
    pub company: Option<CompanyId>,
}

/// Contacts that match, by name.
pub async fn find_contacts(tx: &mut Tx, query: &ContactQuery, page: &Page) -> Result<Slice<Contact>, CrmError> {
    let filter = ContactFilter { patterns: search_patterns(&query.text), workspace: query.workspace, company: query.company };
    let rows = store::list(tx, &filter, page).await?;
    let (rows, next) = page.cut(rows, |row| row.contact.uuid());
    Ok(Slice { items: with_points(tx, rows).await?, next })
}

/// Contacts that have this e-mail address, oldest first. Addresses are compared by their canonical form.
pub async fn find_contacts_by_email(tx: &mut Tx, workspace: Option<WorkspaceId>, address: &str) -> Result<Vec<Contact>, CrmError> {
    if control_character(address).is_some() {
        return Ok(Vec::new());
    }
    let ids = store::find_by_key(tx, workspace, PointKind::Email, &email_key(address), &Page::first()).await?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.extend(store::find(tx, id).await?);
    }
    with_points(tx, rows).await
}

/// One contact.
pub async fn get_contact(tx: &mut Tx, contact: ContactId) -> Result<Contact, CrmError> {
    let row = store::find(tx, contact).await?.ok_or(CrmError::NoContact(contact))?;
    with_points(tx, vec![row]).await?.pop().ok_or(CrmError::NoContact(contact))
}

/// What these contacts are called, as far as they are there and may be seen.
pub async fn contact_names(tx: &mut Tx, contacts: &[ContactId]) -> Result<HashMap<ContactId, String>, CrmError> {
    if contacts.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::find_many(tx, contacts).await?.into_iter().map(|row| (row.contact, row.display_name)).collect())
}

/// Makes a contact. An e-mail address that another contact of the workspace has is refused with that contact's id.
pub async fn create_contact(tx: &mut Tx, office: &Office, workspace: WorkspaceId, new: &NewContact, integrity: Integrity) -> Result<Contact, CrmError> {
    let checked = points_of(&new.emails, &new.phones, &new.urls, &new.addresses)?;
    let given_name = fields::line("given_name", new.given_name.as_deref().unwrap_or_default(), TEXT_CHARS_MAX)?;
    let family_name = fields::line("family_name", new.family_name.as_deref().unwrap_or_default(), TEXT_CHARS_MAX)?;
    let display_name = fields::line("display_name", new.display_name.as_deref().unwrap_or_default(), NAME_CHARS_MAX)?
        .or_else(|| name_of(given_name.as_deref(), family_name.as_deref()))
        .or_else(|| checked.first().map(|(_, point, _)| point.value.chars().take(NAME_CHARS_MAX).collect()))
        .ok_or_else(|| CrmError::field("display_name", "is empty; give a name or an address"))?;
    let mut row = ContactRow {
        contact: office.ids.make(),
        workspace,
        display_name,
        given_name,
        family_name,
        company: new.company_id,
        company_name: None,
        company_key: None,
        company_integrity: None,
        job_title: fields::line("job_title", new.job_title.as_deref().unwrap_or_default(), TEXT_CHARS_MAX)?,
        tags: fields::tags(&new.tags)?,
        birthday: fields::birthday(new.birthday.as_deref().unwrap_or_default())?,
        search: String::new(),
        import: None,
        external_uid: None,
        merged_into: None,
        integrity,
        version: 1,
        created_at: office.clock.now(),
        changed_at: office.clock.now(),
    };
    row.search = search_of(&row, &checked);
    lock(tx, workspace).await?;
    check_company(tx, workspace, new.company_id).await?;
    check_addresses(tx, workspace, row.contact, &checked).await?;
    store::insert_many(tx, workspace, std::slice::from_ref(&row), row.created_at).await?;
    store::insert_points(tx, workspace, &point_rows(row.contact, &checked)).await?;
    written(tx, office, "contact.create", &row, new_fields(new), integrity).await?;
    get_contact(tx, row.contact).await
}

/// Changes a contact that is still at `version`. A change that changes nothing writes nothing.
pub async fn update_contact(
    tx: &mut Tx,
    office: &Office,
    contact: ContactId,
    version: i32,
    patch: &ContactPatch,
    integrity: Integrity,
) -> Result<Contact, CrmError> {
    let before = store::find(tx, contact).await?.ok_or(CrmError::NoContact(contact))?;
    lock(tx, before.workspace).await?;
    // Read again under the lock: the wait may have been for somebody who changed it.
    let before = current(tx, contact, version).await?;
    let mut row = before.clone();
    if let Some(text) = &patch.display_name {
        row.display_name = fields::needed("display_name", text, NAME_CHARS_MAX)?;
    }
    if let Some(text) = &patch.given_name {
        row.given_name = fields::line("given_name", text, TEXT_CHARS_MAX)?;
    }
    if let Some(text) = &patch.family_name {
        row.family_name = fields::line("family_name", text, TEXT_CHARS_MAX)?;
    }
    if let Some(text) = &patch.job_title {
        row.job_title = fields::line("job_title", text, TEXT_CHARS_MAX)?;
    }
    if let Some(text) = &patch.birthday {
        row.birthday = fields::birthday(text)?;
    }
    if let Some(tags) = &patch.tags {
        row.tags = fields::tags(tags)?;
    }
    match (patch.company_id, patch.no_company) {
        (Some(_), true) => return Err(CrmError::field("no_company", "contradicts `company_id`; give one of them")),
        (Some(company), false) => row.company = Some(company),
        (None, true) => row.company = None,
        (None, false) => {}
    }
    let old = store::points(tx, &[contact]).await?;
    let kept = |kind: PointKind, given: &Option<Vec<Point>>| given.clone().unwrap_or_else(|| points_of_kind(&old, kind));
    let checked = points_of(
        &kept(PointKind::Email, &patch.emails),
        &kept(PointKind::Phone, &patch.phones),
        &kept(PointKind::Url, &patch.urls),
        &kept(PointKind::Address, &patch.addresses),
    )?;
    let new_points = point_rows(contact, &checked);
    let moved = |kind: PointKind| {
        of_kind(&old, kind).map(|point| (&point.value, &point.label)).ne(of_kind(&new_points, kind).map(|point| (&point.value, &point.label)))
    };
    let mut changed = changed_fields(&before, &row);
    for (kind, name) in [(PointKind::Email, "emails"), (PointKind::Phone, "phones"), (PointKind::Url, "urls"), (PointKind::Address, "addresses")] {
        if moved(kind) {
            changed.push(name);
        }
    }
    if changed.is_empty() {
        return get_contact(tx, contact).await;
    }
    check_company(tx, row.workspace, patch.company_id).await?;
    check_addresses(tx, row.workspace, contact, &checked).await?;
    row.search = search_of(&row, &checked);
    row.integrity = row.integrity.min(integrity);
    store::update_many(tx, std::slice::from_ref(&row), office.clock.now()).await?;
    store::delete_points(tx, contact).await?;
    store::insert_points(tx, row.workspace, &new_points).await?;
    written(tx, office, "contact.update", &row, changed, integrity).await?;
    get_contact(tx, contact).await
}

/// A contact that stands for itself and is still at `version`.
async fn current(tx: &mut Tx, contact: ContactId, version: i32) -> Result<ContactRow, CrmError> {
    let row = store::find(tx, contact).await?.ok_or(CrmError::NoContact(contact))?;
    not_merged(&row)?;
    if row.version == version { Ok(row) } else { Err(CrmError::Stale { object: contact.to_string(), given: version, now: row.version }) }
}

/// Refuses what was merged into another contact, and names that one.
pub(super) fn not_merged(row: &ContactRow) -> Result<(), CrmError> {
    row.merged_into.map_or(Ok(()), |into| Err(CrmError::Merged { contact: row.contact, into }))
}

/// Waits for others who add contacts to this workspace; an unknown workspace is refused.
pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId) -> Result<(), CrmError> {
    if contact_import::lock_workspace(tx, workspace).await? { Ok(()) } else { Err(CrmError::NoWorkspace(workspace)) }
}

pub(super) async fn check_company(tx: &mut Tx, workspace: WorkspaceId, company: Option<CompanyId>) -> Result<(), CrmError> {
    let Some(company) = company else { return Ok(()) };
    match steward_store::company::find(tx, company).await? {
        Some(row) if row.workspace == workspace => super::company::not_merged(&row),
        Some(_) | None => Err(CrmError::NoCompany(company)),
    }
}

type Checked = Vec<(PointKind, Point, String)>;

async fn check_addresses(tx: &mut Tx, workspace: WorkspaceId, own: ContactId, points: &Checked) -> Result<(), CrmError> {
    for (_, point, key) in points.iter().filter(|(kind, _, _)| *kind == PointKind::Email) {
        let holders = store::find_by_key(tx, Some(workspace), PointKind::Email, key, &Page::first()).await?;
        // An address that two contacts already share stays theirs: only a new sharing is refused.
        if !holders.is_empty() && !holders.contains(&own) {
            let contact = holders.first().copied().unwrap_or(own);
            return Err(CrmError::AddressTaken { address: point.value.clone(), contact });
        }
    }
    Ok(())
}

fn points_of(emails: &[Point], phones: &[Point], urls: &[Point], addresses: &[Point]) -> Result<Checked, CrmError> {
    let mut out = fields::points(PointKind::Email, "emails", emails)?;
    out.extend(fields::points(PointKind::Phone, "phones", phones)?);
    out.extend(fields::points(PointKind::Url, "urls", urls)?);
    out.extend(fields::points(PointKind::Address, "addresses", addresses)?);
    if out.len() > POINTS_MAX {
        return Err(CrmError::field("emails", format!("and the other addresses are {} together; {POINTS_MAX} is the most", out.len())));
    }
    Ok(out)
}

fn point_rows(contact: ContactId, points: &Checked) -> Vec<PointRow> {
    (0_i16..)
        .zip(points)
        .map(|(position, (kind, point, key))| PointRow {
            contact,
            position,
            kind: *kind,
            value: point.value.clone(),
            value_key: key.clone(),
            label: point.label.clone(),
        })
        .collect()
}

fn of_kind(points: &[PointRow], kind: PointKind) -> impl Iterator<Item = &PointRow> {
    points.iter().filter(move |point| point.kind == kind)
}

fn points_of_kind(points: &[PointRow], kind: PointKind) -> Vec<Point> {
    of_kind(points, kind).map(|point| Point { value: point.value.clone(), label: point.label.clone() }).collect()
}

pub(super) fn name_of(given: Option<&str>, family: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = [given, family].into_iter().flatten().collect();
    if parts.is_empty() { None } else { Some(parts.join(" ").chars().take(NAME_CHARS_MAX).collect()) }
}

fn search_of(row: &ContactRow, points: &Checked) -> String {
    let others = [&row.given_name, &row.family_name, &row.job_title].into_iter().filter_map(|text| text.as_deref());
    let keys = points.iter().filter(|(kind, _, _)| matches!(kind, PointKind::Email | PointKind::Phone)).map(|(_, _, key)| key.as_str());
    search_text(&row.display_name, others, keys, &row.tags)
}

fn new_fields(new: &NewContact) -> Vec<&'static str> {
    let lists = [("emails", &new.emails), ("phones", &new.phones), ("urls", &new.urls), ("addresses", &new.addresses)];
    let texts = [
        ("display_name", &new.display_name),
        ("given_name", &new.given_name),
        ("family_name", &new.family_name),
        ("job_title", &new.job_title),
        ("birthday", &new.birthday),
    ];
    let mut out: Vec<&str> = texts.into_iter().filter(|(_, text)| text.is_some()).map(|(name, _)| name).collect();
    out.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, _)| name));
    out.extend((!new.tags.is_empty()).then_some("tags"));
    out.extend(new.company_id.map(|_| "company_id"));
    out
}

fn changed_fields(before: &ContactRow, after: &ContactRow) -> Vec<&'static str> {
    [
        ("display_name", before.display_name != after.display_name),
        ("given_name", before.given_name != after.given_name),
        ("family_name", before.family_name != after.family_name),
        ("company_id", before.company != after.company),
        ("job_title", before.job_title != after.job_title),
        ("tags", before.tags != after.tags),
        ("birthday", before.birthday != after.birthday),
    ]
    .into_iter()
    .filter(|(_, changed)| *changed)
    .map(|(name, _)| name)
    .collect()
}

async fn written(tx: &mut Tx, office: &Office, action: &str, row: &ContactRow, fields: Vec<&str>, integrity: Integrity) -> Result<(), CrmError> {
    written_about(tx, office, action, row, fields, integrity, &serde_json::json!({ "display_name": row.display_name })).await
}

async fn written_about(
    tx: &mut Tx,
    office: &Office,
    action: &str,
    row: &ContactRow,
    fields: Vec<&str>,
    integrity: Integrity,
    personal: &serde_json::Value,
) -> Result<(), CrmError> {
    let detail = serde_json::json!({ "workspace": row.workspace, "fields": fields, "integrity": integrity, "version": row.version });
    let entry = audit::Entry { action, object: row.contact.to_string(), outcome: "done", detail, request_id: None };
    // Whoever reads the log sees who it was about, until that person is to be forgotten.
    let about = audit::seal::Subject::Contact(row.contact);
    audit::record_about(tx, office, entry, about, personal).await?;
    Ok(())
}

async fn with_points(tx: &mut Tx, rows: Vec<ContactRow>) -> Result<Vec<Contact>, CrmError> {
    let ids: Vec<ContactId> = rows.iter().map(|row| row.contact).collect();
    let mut points: HashMap<ContactId, Vec<PointRow>> = HashMap::new();
    for point in store::points(tx, &ids).await? {
        points.entry(point.contact).or_default().push(point);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let own = points.remove(&row.contact).unwrap_or_default();
            contact_of(row, &own)
        })
        .collect())
}

fn contact_of(row: ContactRow, points: &[PointRow]) -> Contact {
    Contact {
        contact_id: row.contact,
        workspace_id: row.workspace,
        display_name: row.display_name,
        given_name: row.given_name,
        family_name: row.family_name,
        company: row.company.zip(row.company_name).map(|(company_id, name)| CompanyRef {
            company_id,
            name,
            integrity: row.company_integrity.unwrap_or(Integrity::Outside),
        }),
        job_title: row.job_title,
        emails: points_of_kind(points, PointKind::Email),
        phones: points_of_kind(points, PointKind::Phone),
        urls: points_of_kind(points, PointKind::Url),
        addresses: points_of_kind(points, PointKind::Address),
        tags: row.tags,
        birthday: row.birthday,
        import_id: row.import,
        merged_into: row.merged_into,
        integrity: row.integrity,
        version: row.version,
        created_at: row.created_at,
        changed_at: row.changed_at,
    }
}
