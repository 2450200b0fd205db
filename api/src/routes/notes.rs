//! Notes on contacts, companies and deals: added and read, never changed.

use super::{Order, OrderedQuery, PageOf};
use crate::auth::{Answer, Caller, json};
use crate::routes::records::note_integrity_of;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::{Integrity, NoteId, PersonId};
use steward_office::crm::{self, Note, NoteOn};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A note to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    /// What it says.
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
}

/// A note.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteView {
    #[schema(value_type = String, example = "note_01k4…")]
    note_id: NoteId,
    text: String,
    /// Who wrote it, or for whom an agent did.
    #[schema(value_type = Option<String>)]
    person_id: Option<PersonId>,
    /// The agent that wrote it, if one did.
    agent: Option<String>,
    /// Integrity of the text it was written from.
    #[schema(value_type = String)]
    integrity: Integrity,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self { note_id: note.note_id, text: note.text, person_id: note.person_id, agent: note.agent, integrity: note.integrity, created_at: note.created_at }
    }
}

/// Answers with the notes on a record.
pub(crate) async fn list(caller: &Caller, on: NoteOn, query: &OrderedQuery) -> Answer {
    let page = query.page()?;
    let mut tx = caller.begin().await?;
    let found = match query.order {
        Order::Oldest => crm::list_notes(&mut tx, on, &page).await?,
        Order::Newest => crm::list_notes_newest(&mut tx, on, &page).await?,
    };
    json(StatusCode::OK, &PageOf::new(found.items, found.next, NoteView::from))
}

/// Adds a note to a record.
pub(crate) async fn add(caller: &Caller, on: NoteOn, new: &NewNote) -> Answer {
    let mut tx = caller.begin().await?;
    let note = crm::add_note(&mut tx, caller.office(), on, &new.text, note_integrity_of(caller)).await?;
    caller.commit(tx, StatusCode::CREATED, &NoteView::from(note)).await
}
