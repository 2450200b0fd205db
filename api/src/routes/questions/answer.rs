//! Answers what a server asks oneself.

use super::{QuestionView, about_content};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use steward_core::QuestionId;
use steward_office::questions::{self, Told};
use utoipa::ToSchema;

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAnswer {
    /// By the names of the form's fields. What is left out is not given, also where the field has a default.
    #[schema(value_type = Object, example = json!({ "day": "2026-03-02", "seats": 2 }))]
    content: Map<String, Value>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Answer what a server asks")
        .about("It is sent to that server, for the call that waits, and to nobody else. It is on record in the run.")
        .body::<NewAnswer>()
        .answers::<QuestionView>("200", "The question as it is now.")
        .refuses("409", "It is already answered, or nobody waits for the answer any more.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<QuestionId>, Json(new): Json<NewAnswer>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = questions::tell(&mut tx, caller.office(), id, Told::Answer(new.content)).await.map_err(about_content)?;
    let answer = caller.commit(tx, StatusCode::OK, &QuestionView::from(row)).await?;
    caller.state().live.tell_answer();
    Ok(answer)
}
