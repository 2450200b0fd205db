//! Adds a note to a contact.

use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::routes::notes::{NewNote, NoteView, add};
use steward_core::ContactId;
use steward_office::crm::NoteOn;

pub(crate) fn doc() -> Doc {
    Doc::new("Add a note to a contact").body::<NewNote>().answers::<NoteView>("201", "The note.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ContactId>, Json(new): Json<NewNote>) -> Answer {
    add(&caller, NoteOn::Contact(id), &new).await
}
