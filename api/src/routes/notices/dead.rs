//! Lists messages that were given up: somebody was not told of what waits for them.

use super::NoticeView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use steward_office::notices;

/// The most that are shown.
const SHOWN: i64 = 50;

pub(crate) fn doc() -> Doc {
    Doc::new("List messages that were given up")
        .about("They were refused, or failed too often, and are remembered for thirty days. What they were about waits all the same.")
        .answers_page::<NoticeView>("The newest fifty, newest first.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &PageOf::new(notices::list_dead(&mut tx, SHOWN).await?, None, NoticeView::from))
}
