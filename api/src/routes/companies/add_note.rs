//! Adds a note to a company.

use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::routes::notes::{NewNote, NoteView, add};
use steward_core::CompanyId;
use steward_office::crm::NoteOn;

pub(crate) fn doc() -> Doc {
    Doc::new("Add a note to a company").body::<NewNote>().answers::<NoteView>("201", "The note.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<CompanyId>, Json(new): Json<NewNote>) -> Answer {
    add(&caller, NoteOn::Company(id), &new).await
}
