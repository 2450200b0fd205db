//! Lists the notes on a deal.

use crate::auth::{Answer, Caller};
use crate::extract::{Id, Query};
use crate::openapi::Doc;
use crate::routes::OrderedQuery;
use crate::routes::notes::{NoteView, list};
use steward_core::DealId;
use steward_office::crm::NoteOn;

pub(crate) fn doc() -> Doc {
    Doc::new("List the notes on a deal").query::<OrderedQuery>().answers_page::<NoteView>("Notes, in the order asked for.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<DealId>, Query(query): Query<OrderedQuery>) -> Answer {
    list(&caller, NoteOn::Deal(id), &query).await
}
