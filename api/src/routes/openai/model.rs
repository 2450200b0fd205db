//! Shows one agent, as a model.

use super::begin::no_such_agent;
use super::models::Model;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::openapi::Doc;
use axum::extract::Path;
use http::StatusCode;

pub(crate) fn doc() -> Doc {
    Doc::new("Show an agent, as a model").answers::<Model>("200", "The agent of this name.")
}

pub(crate) async fn handle(caller: Caller, name: Result<Path<String>, axum::extract::rejection::PathRejection>) -> Answer {
    let Path(name) = name.map_err(|_| ApiError::missing())?;
    let agent = caller.state().agents.get(&name).ok_or_else(|| no_such_agent(&caller, &name))?;
    json(StatusCode::OK, &Model::of(&agent.name))
}
