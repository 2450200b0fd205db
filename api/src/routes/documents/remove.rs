//! Takes a document away, with its text.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::DocumentId;
use steward_office::documents;

pub(crate) fn doc() -> Doc {
    Doc::new("Take a document away")
        .about("Whoever put it in may; one for the workspace an owner or a manager may take away too. What runs have read of it stays in their records.")
        .answers_nothing("It is gone, and so are its pieces.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<DocumentId>) -> Answer {
    let mut tx = caller.begin().await?;
    documents::remove(&mut tx, caller.office(), id).await?;
    caller.commit_empty(tx).await
}
