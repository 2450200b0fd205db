//! Lists one's own passkeys.

use super::PasskeyView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("List one's own passkeys").answers_page::<PasskeyView>("Passkeys, oldest first; there are never more than a page.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &PageOf::new(people::list_passkeys(&mut tx).await?, None, PasskeyView::from))
}
