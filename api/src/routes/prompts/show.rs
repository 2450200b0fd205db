//! Shows one version of a prompt.

use super::PromptView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::openapi::Doc;
use axum::extract::Path;
use http::StatusCode;
use serde::Serialize;
use steward_agent::pins::labels;
use steward_prompts::{Reference, Selector};
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
    let reference: Reference = format!("{name}@{version}").parse().map_err(|_| ApiError::missing())?;
    let mut tx = caller.begin().await?;
    let points = labels(&mut tx, caller.office(), prompts, &reference.name).await?;
    let version = match &reference.selector {
        Selector::Version(version) => Some(*version),
        Selector::Label(label) => points.get(label).copied(),
    };
    let prompt = version.and_then(|version| prompts.get(&reference.name, version)).ok_or_else(ApiError::missing)?;
    let detail = PromptDetail { prompt: PromptView::of(prompt, &points), variables: prompt.variables.iter().cloned().collect(), text: prompt.text.clone() };
    json(StatusCode::OK, &detail)
}
