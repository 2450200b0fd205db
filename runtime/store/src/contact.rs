//! Contacts and their addresses: found, listed, written one by one or in bulk.
//!
//! The first line of `search` is the folded display name; lists are ordered by it. The company's name is not copied into
//! `search`: look-ups join it, so that a renamed company is found at once.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use serde::{Deserialize, Serialize};
use steward_core::{CompanyId, ContactId, ImportId, Integrity, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// Stands between tags where one text carries several; no stored text may hold it.
const TAG_BREAK: &str = "\u{1f}";

/// What a contact point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// An e-mail address.
    Email,
    /// A phone or fax number.
    Phone,
    /// A web address.
    Url,
    /// A postal address.
    Address,
}

impl PointKind {
    /// The word used in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Address => "address",
        }
    }

    pub(crate) fn read(text: &str) -> Result<Self, StoreError> {
        [Self::Email, Self::Phone, Self::Url, Self::Address]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(StoreError::Corrupt { what: "contact_point.kind" })
    }
}

/// A contact as stored, with its company's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// Its id.
    pub contact: ContactId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The name shown.
    pub display_name: String,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// The company.
    pub company: Option<CompanyId>,
    /// The company's name; read only.
    pub company_name: Option<String>,
    /// The company's folded name; read only.
    pub company_key: Option<String>,
    /// Integrity of the text the company was written from; read only.
    pub company_integrity: Option<Integrity>,
    /// Position in the company.
    pub job_title: Option<String>,
    /// Words it is sorted by.
    pub tags: Vec<String>,
    /// `YYYY-MM-DD`, or `--MM-DD` without a year.
    pub birthday: Option<String>,
    /// Folded text that look-ups match.
    pub search: String,
    /// The import that made it.
    pub import: Option<ImportId>,
    /// The id it had where it came from.
    pub external_uid: Option<String>,
    /// The record that stands for this one since they were merged; written by [`crate::contact_merge`] only.
    pub merged_into: Option<ContactId>,
    /// Integrity of the text it was written from.
    pub integrity: Integrity,
    /// Grows with every change.
    pub version: i32,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub changed_at: OffsetDateTime,
}

/// One address, number or URL of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointRow {
    /// Whose.
    pub contact: ContactId,
    /// Its place in the contact's list.
    pub position: i16,
    /// What it is.
    pub kind: PointKind,
    /// As written.
    pub value: String,
    /// Its canonical form.
    pub value_key: String,
    /// For example `work`.
    pub label: Option<String>,
}

/// What a list of contacts is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct ContactFilter {
    /// `like` patterns that all must match the folded text.
    pub patterns: Vec<String>,
    /// Only this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only this company.
    pub company: Option<CompanyId>,
}

pub(crate) fn read_integrity(level: i16) -> Result<Integrity, StoreError> {
    [Integrity::Outside, Integrity::Fact, Integrity::Anchored, Integrity::Directory, Integrity::Owner]
        .into_iter()
        .find(|integrity| integrity.level() == i64::from(level))
        .ok_or(StoreError::Corrupt { what: "integrity" })
}

pub(crate) const fn write_integrity(integrity: Integrity) -> i16 {
    integrity as i16
}

struct Raw {
    contact_id: Uuid,
    workspace_id: Uuid,
    display_name: String,
    given_name: Option<String>,
    family_name: Option<String>,
    company_id: Option<Uuid>,
    company_name: Option<String>,
    company_key: Option<String>,
    company_integrity: Option<i16>,
    job_title: Option<String>,
    tags: Vec<String>,
    birthday: Option<String>,
    search: String,
    import_id: Option<Uuid>,
    external_uid: Option<String>,
    merged_into: Option<Uuid>,
    integrity: i16,
    version: i32,
    created_at: OffsetDateTime,
    changed_at: OffsetDateTime,
}

impl TryFrom<Raw> for ContactRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            contact: ContactId::from_uuid(raw.contact_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            display_name: raw.display_name,
            given_name: raw.given_name,
            family_name: raw.family_name,
            company: raw.company_id.map(CompanyId::from_uuid),
            company_name: raw.company_name,
            company_key: raw.company_key,
            company_integrity: raw.company_integrity.map(read_integrity).transpose()?,
            job_title: raw.job_title,
            tags: raw.tags,
            birthday: raw.birthday,
            search: raw.search,
            import: raw.import_id.map(ImportId::from_uuid),
            external_uid: raw.external_uid,
            merged_into: raw.merged_into.map(ContactId::from_uuid),
            integrity: read_integrity(raw.integrity)?,
            version: raw.version,
            created_at: raw.created_at,
            changed_at: raw.changed_at,
        })
    }
}

/// The contact, if it is there and may be seen.
pub async fn find(tx: &mut Tx, contact: ContactId) -> Result<Option<ContactRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        r#"select c.contact_id, c.workspace_id, c.display_name, c.given_name, c.family_name, c.company_id, co.name as "company_name?", co.name_key as "company_key?",
                  co.integrity as "company_integrity?", c.job_title, c.tags, c.birthday, c.search, c.import_id, c.external_uid, c.merged_into,
                  c.integrity, c.version, c.created_at, c.changed_at
             from contact c left join company co on co.tenant_id = c.tenant_id and co.company_id = c.company_id
            where c.contact_id = $1"#,
        contact.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    raw.map(ContactRow::try_from).transpose()
}

/// The contact, or [`StoreError::Missing`].
pub async fn get(tx: &mut Tx, contact: ContactId) -> Result<ContactRow, StoreError> {
    find(tx, contact).await?.ok_or(StoreError::Missing)
}

/// These contacts, those of them that are there and may be seen, by id.
pub async fn find_many(tx: &mut Tx, contacts: &[ContactId]) -> Result<Vec<ContactRow>, StoreError> {
    let ids: Vec<Uuid> = contacts.iter().map(|id| id.uuid()).collect();
    let raw = sqlx::query_as!(
        Raw,
        r#"select c.contact_id, c.workspace_id, c.display_name, c.given_name, c.family_name, c.company_id, co.name as "company_name?", co.name_key as "company_key?",
                  co.integrity as "company_integrity?", c.job_title, c.tags, c.birthday, c.search, c.import_id, c.external_uid, c.merged_into,
                  c.integrity, c.version, c.created_at, c.changed_at
             from contact c left join company co on co.tenant_id = c.tenant_id and co.company_id = c.company_id
            where c.contact_id = any ($1) order by c.contact_id"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    raw.into_iter().map(ContactRow::try_from).collect()
}

/// Contacts that match, by folded name. Those merged into others are not among them.
pub async fn list(tx: &mut Tx, filter: &ContactFilter, page: &Page) -> Result<Vec<ContactRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        r#"select c.contact_id, c.workspace_id, c.display_name, c.given_name, c.family_name, c.company_id, co.name as "company_name?", co.name_key as "company_key?",
                  co.integrity as "company_integrity?", c.job_title, c.tags, c.birthday, c.search, c.import_id, c.external_uid, c.merged_into,
                  c.integrity, c.version, c.created_at, c.changed_at
             from contact c left join company co on co.tenant_id = c.tenant_id and co.company_id = c.company_id
            where c.merged_into is null
              and ($1::uuid is null or c.workspace_id = $1)
              and ($2::uuid is null or c.company_id = $2)
              and (cardinality($3::text[]) = 0 or c.search || E'\n' || coalesce(co.name_key, '') like all ($3))
              and ($4::uuid is null or (split_part(c.search, E'\n', 1), c.contact_id) >
                   (select split_part(seen.search, E'\n', 1), seen.contact_id from contact seen where seen.contact_id = $4))
            order by split_part(c.search, E'\n', 1), c.contact_id
            limit $5"#,
        filter.workspace.map(WorkspaceId::uuid),
        filter.company.map(CompanyId::uuid),
        &filter.patterns,
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    raw.into_iter().map(ContactRow::try_from).collect()
}

/// Contacts that have this address or number, oldest first; in one workspace or in all that are seen. Those merged into others are not among them.
pub async fn find_by_key(tx: &mut Tx, workspace: Option<WorkspaceId>, kind: PointKind, value_key: &str, page: &Page) -> Result<Vec<ContactId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select distinct p.contact_id from contact_point p join contact c on c.tenant_id = p.tenant_id and c.contact_id = p.contact_id
          where p.kind = $1 and p.value_key = $2 and ($3::uuid is null or p.workspace_id = $3) and ($4::uuid is null or p.contact_id > $4)
            and c.merged_into is null
          order by p.contact_id limit $5",
        kind.name(),
        value_key,
        workspace.map(WorkspaceId::uuid),
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(ContactId::from_uuid).collect())
}

/// All points of these contacts, in their order.
///
/// `offset 0` here and below makes PostgreSQL look each key up in the index. Left to itself it reads the whole workspace
/// for every few thousand keys, so that a long import would take time by the square.
pub async fn points(tx: &mut Tx, contacts: &[ContactId]) -> Result<Vec<PointRow>, StoreError> {
    let ids: Vec<Uuid> = contacts.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "select p.contact_id, p.position, p.kind, p.value, p.value_key, p.label
           from unnest($1::uuid[]) as wanted (id) cross join lateral
                (select contact_id, position, kind, value, value_key, label from contact_point where contact_id = wanted.id offset 0) p
          order by p.contact_id, p.position",
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PointRow {
                contact: ContactId::from_uuid(row.contact_id),
                position: row.position,
                kind: PointKind::read(&row.kind)?,
                value: row.value,
                value_key: row.value_key,
                label: row.label,
            })
        })
        .collect()
}

/// What an import looks for in one go.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// E-mail keys.
    pub emails: Vec<String>,
    /// Phone keys.
    pub phones: Vec<String>,
    /// Folded names of rows that have neither.
    pub names: Vec<String>,
}

/// Every contact of the workspace that has one of the wanted keys, oldest first.
pub async fn find_wanted(tx: &mut Tx, workspace: WorkspaceId, wanted: &Wanted) -> Result<Vec<ContactRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        r#"with found as (
             select p.contact_id from unnest($2::text[]) as wanted (key) cross join lateral
                    (select contact_id from contact_point where workspace_id = $1 and kind = 'email' and value_key = wanted.key offset 0) p
             union
             select p.contact_id from unnest($3::text[]) as wanted (key) cross join lateral
                    (select contact_id from contact_point where workspace_id = $1 and kind = 'phone' and value_key = wanted.key offset 0) p
             union
             select contact_id from contact where cardinality($4::text[]) > 0 and workspace_id = $1 and split_part(search, E'\n', 1) = any ($4)
           )
           select c.contact_id, c.workspace_id, c.display_name, c.given_name, c.family_name, c.company_id, co.name as "company_name?", co.name_key as "company_key?",
                  co.integrity as "company_integrity?", c.job_title, c.tags, c.birthday, c.search, c.import_id, c.external_uid, c.merged_into,
                  c.integrity, c.version, c.created_at, c.changed_at
             -- Looked up one by one: before new tables are analysed the planner would read all companies for each contact.
             from found cross join lateral (select * from contact where contact_id = found.contact_id offset 0) c
                  left join lateral (select name, name_key, integrity from company where tenant_id = c.tenant_id and company_id = c.company_id offset 0) co on true
            where c.merged_into is null
            order by c.contact_id"#,
        workspace.uuid(),
        &wanted.emails,
        &wanted.phones,
        &wanted.names,
    )
    .fetch_all(tx.conn())
    .await?;
    raw.into_iter().map(ContactRow::try_from).collect()
}

/// Writes new contacts of one workspace. `version`, the company's name and the times of a row are not read from it.
pub async fn insert_many(tx: &mut Tx, workspace: WorkspaceId, rows: &[ContactRow], at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let columns = Columns::of(rows);
    sqlx::query!(
        r"insert into contact (tenant_id, contact_id, workspace_id, display_name, given_name, family_name, company_id, job_title, tags, birthday,
                               search, import_id, external_uid, integrity, created_at, changed_at)
          select $1, n.contact_id, $2, n.display_name, n.given_name, n.family_name, n.company_id, n.job_title, string_to_array(n.tags, E'\x1f'), n.birthday,
                 n.search, n.import_id, n.external_uid, n.integrity, $3, $3
            from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[], $11::text[],
                        $12::text[], $13::uuid[], $14::text[], $15::smallint[])
              as n (contact_id, display_name, given_name, family_name, company_id, job_title, tags, birthday, search, import_id, external_uid, integrity)",
        tenant,
        workspace.uuid(),
        at,
        &columns.contact,
        &columns.display_name as _,
        &columns.given_name as _,
        &columns.family_name as _,
        &columns.company as _,
        &columns.job_title as _,
        &columns.tags,
        &columns.birthday as _,
        &columns.search as _,
        &columns.import as _,
        &columns.external_uid as _,
        &columns.integrity,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces the fields of contacts that still have the version given, and counts the version up.
/// The integrity only ever falls. Fails as a whole with [`StoreError::Stale`] when one was changed meanwhile.
pub async fn update_many(tx: &mut Tx, rows: &[ContactRow], at: OffsetDateTime) -> Result<(), StoreError> {
    let columns = Columns::of(rows);
    let versions: Vec<i32> = rows.iter().map(|row| row.version).collect();
    let done = sqlx::query!(
        r"update contact as c
             set display_name = n.display_name, given_name = n.given_name, family_name = n.family_name, company_id = n.company_id, job_title = n.job_title,
                 tags = string_to_array(n.tags, E'\x1f'), birthday = n.birthday, search = n.search, external_uid = n.external_uid,
                 integrity = least(c.integrity, n.integrity), version = c.version + 1, changed_at = $1
            from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                        $12::smallint[], $13::integer[])
              as n (contact_id, display_name, given_name, family_name, company_id, job_title, tags, birthday, search, external_uid, integrity, version)
           where c.contact_id = n.contact_id and c.version = n.version",
        at,
        &columns.contact,
        &columns.display_name as _,
        &columns.given_name as _,
        &columns.family_name as _,
        &columns.company as _,
        &columns.job_title as _,
        &columns.tags,
        &columns.birthday as _,
        &columns.search as _,
        &columns.external_uid as _,
        &columns.integrity,
        &versions,
    )
    .execute(tx.conn())
    .await?;
    if usize::try_from(done.rows_affected()) == Ok(rows.len()) { Ok(()) } else { Err(StoreError::Stale) }
}

/// Writes points; their positions must be free.
pub async fn insert_points(tx: &mut Tx, workspace: WorkspaceId, rows: &[PointRow]) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let contact: Vec<Uuid> = rows.iter().map(|row| row.contact.uuid()).collect();
    let position: Vec<i16> = rows.iter().map(|row| row.position).collect();
    let kind: Vec<&str> = rows.iter().map(|row| row.kind.name()).collect();
    let value: Vec<&str> = rows.iter().map(|row| row.value.as_str()).collect();
    let value_key: Vec<&str> = rows.iter().map(|row| row.value_key.as_str()).collect();
    let label: Vec<Option<&str>> = rows.iter().map(|row| row.label.as_deref()).collect();
    sqlx::query!(
        "insert into contact_point (tenant_id, contact_id, position, workspace_id, kind, value, value_key, label)
         select $1, n.contact_id, n.position, $2, n.kind, n.value, n.value_key, n.label
           from unnest($3::uuid[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[]) as n (contact_id, position, kind, value, value_key, label)",
        tenant,
        workspace.uuid(),
        &contact,
        &position,
        &kind as _,
        &value as _,
        &value_key as _,
        &label as _,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes all points of a contact, to be written anew.
pub async fn delete_points(tx: &mut Tx, contact: ContactId) -> Result<(), StoreError> {
    sqlx::query!("delete from contact_point where contact_id = $1", contact.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// Rows turned into columns, as `unnest` takes them.
struct Columns<'a> {
    contact: Vec<Uuid>,
    display_name: Vec<&'a str>,
    given_name: Vec<Option<&'a str>>,
    family_name: Vec<Option<&'a str>>,
    company: Vec<Option<Uuid>>,
    job_title: Vec<Option<&'a str>>,
    tags: Vec<String>,
    birthday: Vec<Option<&'a str>>,
    search: Vec<&'a str>,
    import: Vec<Option<Uuid>>,
    external_uid: Vec<Option<&'a str>>,
    integrity: Vec<i16>,
}

impl<'a> Columns<'a> {
    fn of(rows: &'a [ContactRow]) -> Self {
        Self {
            contact: rows.iter().map(|row| row.contact.uuid()).collect(),
            display_name: rows.iter().map(|row| row.display_name.as_str()).collect(),
            given_name: rows.iter().map(|row| row.given_name.as_deref()).collect(),
            family_name: rows.iter().map(|row| row.family_name.as_deref()).collect(),
            company: rows.iter().map(|row| row.company.map(CompanyId::uuid)).collect(),
            job_title: rows.iter().map(|row| row.job_title.as_deref()).collect(),
            tags: rows.iter().map(|row| row.tags.join(TAG_BREAK)).collect(),
            birthday: rows.iter().map(|row| row.birthday.as_deref()).collect(),
            search: rows.iter().map(|row| row.search.as_str()).collect(),
            import: rows.iter().map(|row| row.import.map(ImportId::uuid)).collect(),
            external_uid: rows.iter().map(|row| row.external_uid.as_deref()).collect(),
            integrity: rows.iter().map(|row| write_integrity(row.integrity)).collect(),
        }
    }
}
