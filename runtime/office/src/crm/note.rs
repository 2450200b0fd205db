//! Notes on contacts, companies and deals: added and read, never changed.

use super::Slice;
use super::error::CrmError;
use super::fields;
use crate::{Office, audit};
use serde::{Deserialize, Serialize};
use steward_core::{ActorKind, Integrity, NoteId, PersonId, WorkspaceId};
use steward_store::note::{self as store, NoteOn, NoteRow};
use steward_store::{Page, Tx};
use time::OffsetDateTime;

/// A note, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub note_id: NoteId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// What it is on.
    pub on: NoteOn,
    /// What it says.
    pub text: String,
    /// The person who wrote it, or for whom an agent did.
    pub person_id: Option<PersonId>,
    /// The agent that wrote it, if one did.
    pub agent: Option<String>,
    /// Integrity of the text it was written from.
    pub integrity: Integrity,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Adds a note to a record, by the transaction's actor.
pub async fn add_note(tx: &mut Tx, office: &Office, on: NoteOn, text: &str, integrity: Integrity) -> Result<Note, CrmError> {
    let text = fields::note(text)?;
    let workspace = workspace_of(tx, on).await?;
    match on {
        NoteOn::Contact(id) => super::contact::not_merged(&steward_store::contact::get(tx, id).await?)?,
        NoteOn::Company(id) => super::company::not_merged(&steward_store::company::get(tx, id).await?)?,
        NoteOn::Deal(_) => {}
    }
    let agent = match &tx.actor().kind {
        ActorKind::Agent { agent, .. } => Some(agent.clone()),
        ActorKind::Person { .. } | ActorKind::Token { .. } | ActorKind::Worker => None,
    };
    let row = NoteRow { note: office.ids.make(), workspace, on, text, person: tx.actor().person, agent, integrity, created_at: office.clock.now() };
    store::insert_many(tx, workspace, std::slice::from_ref(&row)).await?;
    let detail = serde_json::json!({ "workspace": workspace, "on": on, "integrity": integrity });
    audit::record(tx, office, audit::Entry { action: "note.add", object: row.note.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(note_of(row))
}

/// Notes on a record, oldest first; on a contact or company, with those on the records that were merged into it.
pub async fn list_notes(tx: &mut Tx, on: NoteOn, page: &Page) -> Result<Slice<Note>, CrmError> {
    workspace_of(tx, on).await?;
    let (rows, next) = page.cut(store::list(tx, on, page).await?, |row| row.note.uuid());
    Ok(Slice { items: rows.into_iter().map(note_of).collect(), next })
}

/// The same, newest first.
pub async fn list_notes_newest(tx: &mut Tx, on: NoteOn, page: &Page) -> Result<Slice<Note>, CrmError> {
    workspace_of(tx, on).await?;
    let (rows, next) = page.cut(store::list_newest(tx, on, page).await?, |row| row.note.uuid());
    Ok(Slice { items: rows.into_iter().map(note_of).collect(), next })
}

async fn workspace_of(tx: &mut Tx, on: NoteOn) -> Result<WorkspaceId, CrmError> {
    match on {
        NoteOn::Contact(id) => steward_store::contact::find(tx, id).await?.map(|row| row.workspace).ok_or(CrmError::NoContact(id)),
        NoteOn::Company(id) => steward_store::company::find(tx, id).await?.map(|row| row.workspace).ok_or(CrmError::NoCompany(id)),
        NoteOn::Deal(id) => steward_store::deal::find(tx, id).await?.map(|row| row.workspace).ok_or(CrmError::NoDeal(id)),
    }
}

fn note_of(row: NoteRow) -> Note {
    Note {
        note_id: row.note,
        workspace_id: row.workspace,
        on: row.on,
        text: row.text,
        person_id: row.person,
        agent: row.agent,
        integrity: row.integrity,
        created_at: row.created_at,
    }
}
