//! Says who one is and what one may do.

use super::Me;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use http::StatusCode;

pub(crate) fn doc() -> Doc {
    Doc::new("Who am I, and what may I do").answers::<Me>("200", "The caller.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &Me::of(&mut tx, caller.actor()).await?)
}
