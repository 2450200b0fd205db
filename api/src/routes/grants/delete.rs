//! Takes a standing grant back.

use super::GrantView;
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GrantId;
use steward_office::grants;

pub(crate) fn doc() -> Doc {
    Doc::new("Take a standing grant back")
        .about("From now on it counts for nothing, not even for calls that used it and have not started yet. It stays on record.")
        .answers::<GrantView>("200", "The grant as it is now.")
        .refuses("409", "It was taken back before.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GrantId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = grants::revoke(&mut tx, caller.office(), id).await?;
    caller.commit(tx, StatusCode::OK, &GrantView::of(row)).await
}
