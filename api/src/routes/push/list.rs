//! Lists one's own browsers.

use super::PushView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use steward_office::notices;

pub(crate) fn doc() -> Doc {
    Doc::new("List the browsers in which one is told").answers_page::<PushView>("Oldest first; there are never more than ten.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &PageOf::new(notices::list_places(&mut tx).await?, None, PushView::from))
}
