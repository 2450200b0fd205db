//! Shows one version of a prompt.

use super::PromptView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::openapi::Doc;
use axum::extract::Path;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A version of a prompt, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromptDetail {
    #[serde(flatten)]
    prompt: PromptView,
    /// The variables its text has.
    variables: Vec<String>,
    /// The text, with placeholders.
    text: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Show a version of a prompt").about("`version` is a number, or a label such as `production`.").answers::<PromptDetail>("200", "The prompt.")
}

pub(crate) async fn handle(caller: Caller, path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>) -> Answer {
    let Path((name, version)) = path.map_err(|_| ApiError::missing())?;
    let prompts = &caller.state().prompts;
    // Whatever names no prompt is missing, however it is spelt.
    let prompt = prompts.resolve(&format!("{name}@{version}")).map_err(|_| ApiError::missing())?;
    let detail = PromptDetail { prompt: PromptView::of(prompts, prompt), variables: prompt.variables.iter().cloned().collect(), text: prompt.text.clone() };
    json(StatusCode::OK, &detail)
}
