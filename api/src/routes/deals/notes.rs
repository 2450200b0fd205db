//! Lists the notes on a deal.

use crate::auth::{Answer, Caller};
use crate::extract::{Id, Query};
use crate::openapi::Doc;
use crate::routes::PageQuery;
use crate::routes::notes::{NoteView, list};
use steward_core::DealId;
use steward_office::crm::NoteOn;

pub(crate) fn doc() -> Doc {
    Doc::new("List the notes on a deal").query::<PageQuery>().answers_page::<NoteView>("Notes, oldest first.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<DealId>, Query(query): Query<PageQuery>) -> Answer {
    list(&caller, NoteOn::Deal(id), &query).await
}
