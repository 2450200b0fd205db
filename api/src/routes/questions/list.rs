//! Lists what servers ask oneself and wait for.

use super::QuestionView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use steward_office::questions;

pub(crate) fn doc() -> Doc {
    Doc::new("List what servers ask oneself").answers_page::<QuestionView>("What waits for an answer, oldest first; there is never more than a page.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &PageOf::new(questions::list(&mut tx, caller.office()).await?, None, QuestionView::from))
}
