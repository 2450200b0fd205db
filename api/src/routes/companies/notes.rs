//! Lists the notes on a company.

use crate::auth::{Answer, Caller};
use crate::extract::{Id, Query};
use crate::openapi::Doc;
use crate::routes::PageQuery;
use crate::routes::notes::{NoteView, list};
use steward_core::CompanyId;
use steward_office::crm::NoteOn;

pub(crate) fn doc() -> Doc {
    Doc::new("List the notes on a company").query::<PageQuery>().answers_page::<NoteView>("Notes, oldest first.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<CompanyId>, Query(query): Query<PageQuery>) -> Answer {
    list(&caller, NoteOn::Company(id), &query).await
}
