//! Does not say what a server asks oneself.

use super::{QuestionView, about_content};
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::QuestionId;
use steward_office::questions::{self, Told};

pub(crate) fn doc() -> Doc {
    Doc::new("Decline what a server asks")
        .about("The server is told that you do not say, and goes on without.")
        .answers::<QuestionView>("200", "The question as it is now.")
        .refuses("409", "It is already answered, or nobody waits for the answer any more.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<QuestionId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = questions::tell(&mut tx, caller.office(), id, Told::Decline).await.map_err(about_content)?;
    let answer = caller.commit(tx, StatusCode::OK, &QuestionView::from(row)).await?;
    caller.state().live.tell_answer();
    Ok(answer)
}
