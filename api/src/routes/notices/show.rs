//! Says how one is told that something waits.

use super::NoticesView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use http::StatusCode;

pub(crate) fn doc() -> Doc {
    Doc::new("How one is told that something waits").answers::<NoticesView>("200", "Ways, wishes, and what became of the newest messages.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &NoticesView::of(&mut tx, &caller.state().notices).await?)
}
