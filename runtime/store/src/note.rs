//! Notes on contacts, companies and deals: written, listed, never changed.

use crate::contact::{read_integrity, write_integrity};
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use serde::{Deserialize, Serialize};
use steward_core::{CompanyId, ContactId, DealId, Integrity, NoteId, PersonId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// What a note is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteOn {
    /// A contact.
    Contact(ContactId),
    /// A company.
    Company(CompanyId),
    /// A deal.
    Deal(DealId),
}

impl NoteOn {
    /// As the three columns `contact_id`, `company_id`, `deal_id`.
    const fn columns(self) -> (Option<Uuid>, Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Contact(id) => (Some(id.uuid()), None, None),
            Self::Company(id) => (None, Some(id.uuid()), None),
            Self::Deal(id) => (None, None, Some(id.uuid())),
        }
    }

    fn read(contact: Option<Uuid>, company: Option<Uuid>, deal: Option<Uuid>) -> Result<Self, StoreError> {
        contact
            .map(|id| Self::Contact(ContactId::from_uuid(id)))
            .or_else(|| company.map(|id| Self::Company(CompanyId::from_uuid(id))))
            .or_else(|| deal.map(|id| Self::Deal(DealId::from_uuid(id))))
            .ok_or(StoreError::Corrupt { what: "note.contact_id" })
    }
}

/// A note as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// Its id.
    pub note: NoteId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// What it is on.
    pub on: NoteOn,
    /// What it says.
    pub text: String,
    /// The person who wrote it, or for whom an agent did.
    pub person: Option<PersonId>,
    /// The agent that wrote it, if one did.
    pub agent: Option<String>,
    /// Integrity of the text it was written from.
    pub integrity: Integrity,
    /// When.
    pub created_at: OffsetDateTime,
}

struct Raw {
    note_id: Uuid,
    workspace_id: Uuid,
    contact_id: Option<Uuid>,
    company_id: Option<Uuid>,
    deal_id: Option<Uuid>,
    text: String,
    person_id: Option<Uuid>,
    agent: Option<String>,
    integrity: i16,
    created_at: OffsetDateTime,
}

impl TryFrom<Raw> for NoteRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            note: NoteId::from_uuid(raw.note_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            on: NoteOn::read(raw.contact_id, raw.company_id, raw.deal_id)?,
            text: raw.text,
            person: raw.person_id.map(PersonId::from_uuid),
            agent: raw.agent,
            integrity: read_integrity(raw.integrity)?,
            created_at: raw.created_at,
        })
    }
}

/// Writes notes of one workspace.
pub async fn insert_many(tx: &mut Tx, workspace: WorkspaceId, rows: &[NoteRow]) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let note: Vec<Uuid> = rows.iter().map(|row| row.note.uuid()).collect();
    let contact: Vec<Option<Uuid>> = rows.iter().map(|row| row.on.columns().0).collect();
    let company: Vec<Option<Uuid>> = rows.iter().map(|row| row.on.columns().1).collect();
    let deal: Vec<Option<Uuid>> = rows.iter().map(|row| row.on.columns().2).collect();
    let text: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let person: Vec<Option<Uuid>> = rows.iter().map(|row| row.person.map(PersonId::uuid)).collect();
    let agent: Vec<Option<&str>> = rows.iter().map(|row| row.agent.as_deref()).collect();
    let integrity: Vec<i16> = rows.iter().map(|row| write_integrity(row.integrity)).collect();
    let at: Vec<OffsetDateTime> = rows.iter().map(|row| row.created_at).collect();
    sqlx::query!(
        "insert into note (tenant_id, note_id, workspace_id, contact_id, company_id, deal_id, text, person_id, agent, integrity, created_at)
         select $1, n.note_id, $2, n.contact_id, n.company_id, n.deal_id, n.text, n.person_id, n.agent, n.integrity, n.created_at
           from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::uuid[], $9::text[], $10::smallint[], $11::timestamptz[])
             as n (note_id, contact_id, company_id, deal_id, text, person_id, agent, integrity, created_at)",
        tenant,
        workspace.uuid(),
        &note,
        &contact as _,
        &company as _,
        &deal as _,
        &text as _,
        &person as _,
        &agent as _,
        &integrity,
        &at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes on one record, oldest first; on a contact, with those on the records that were merged into it.
pub async fn list(tx: &mut Tx, on: NoteOn, page: &Page) -> Result<Vec<NoteRow>, StoreError> {
    let (contact, company, deal) = on.columns();
    let rows = sqlx::query_as!(
        Raw,
        "select note_id, workspace_id, contact_id, company_id, deal_id, text, person_id, agent, integrity, created_at
           from note
          where ($1::uuid is null or contact_id = any (array(select $1 union all select contact_id from contact where merged_into = $1))) and ($2::uuid is null or company_id = any (array(select $2 union all select company_id from company where merged_into = $2))) and ($3::uuid is null or deal_id = $3)
            and ($4::uuid is null or note_id > $4)
          order by note_id limit $5",
        contact,
        company,
        deal,
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(NoteRow::try_from).collect()
}

/// The same, newest first; the page after one holds what is older.
pub async fn list_newest(tx: &mut Tx, on: NoteOn, page: &Page) -> Result<Vec<NoteRow>, StoreError> {
    let (contact, company, deal) = on.columns();
    let rows = sqlx::query_as!(
        Raw,
        "select note_id, workspace_id, contact_id, company_id, deal_id, text, person_id, agent, integrity, created_at
           from note
          where ($1::uuid is null or contact_id = any (array(select $1 union all select contact_id from contact where merged_into = $1))) and ($2::uuid is null or company_id = any (array(select $2 union all select company_id from company where merged_into = $2))) and ($3::uuid is null or deal_id = $3)
            and ($4::uuid is null or note_id < $4)
          order by note_id desc limit $5",
        contact,
        company,
        deal,
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(NoteRow::try_from).collect()
}

/// The texts noted on these contacts, for an import that must not note the same thing twice.
pub async fn texts_of_contacts(tx: &mut Tx, contacts: &[ContactId]) -> Result<Vec<(ContactId, String)>, StoreError> {
    let ids: Vec<Uuid> = contacts.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select n.contact_id as "contact_id!", n.text as "text!" from unnest($1::uuid[]) as wanted (id) cross join lateral
                  (select wanted.id as contact_id, text from note where contact_id = wanted.id
                   union all
                   select wanted.id, m.text from contact c join note m on m.tenant_id = c.tenant_id and m.contact_id = c.contact_id where c.merged_into = wanted.id
                   offset 0) n"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (ContactId::from_uuid(row.contact_id), row.text)).collect())
}
