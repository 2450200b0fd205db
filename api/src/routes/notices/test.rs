//! Sends oneself a message, to see whether it arrives.

use crate::auth::{Answer, Caller};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use steward_office::notices;
use utoipa::ToSchema;

/// What is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestMade {
    /// To how many places: mail, and each browser.
    #[schema(example = 2)]
    notices: usize,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Send oneself a test message")
        .about(
            "It goes everywhere one is told, by the way of every other message. What became of it is in `newest` of `GET /api/v1/me/notices` within seconds.",
        )
        .answers::<TestMade>("202", "It is on its way.")
        .refuses("409", "There is nowhere to tell one, or one sent oneself ten within the hour.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    let made = notices::test(&mut tx, caller.office(), caller.state().notices.channels()).await?;
    caller.commit(tx, StatusCode::ACCEPTED, &TestMade { notices: made }).await
}
