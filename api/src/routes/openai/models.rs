//! Lists the agents, as models.

use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// An agent, as a model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Model {
    /// The agent's name: what a request gives as `model`.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Always 0: agents are configuration and have no date.
    created: i64,
    /// Always `steward`.
    owned_by: &'static str,
}

impl Model {
    /// The agent of this name.
    pub(super) fn of(name: &str) -> Self {
        Self { id: name.to_owned(), object: "model", created: 0, owned_by: "steward" }
    }
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelList {
    /// Always `list`.
    object: &'static str,
    data: Vec<Model>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List the agents, as models").answers::<ModelList>("200", "Every agent, by name.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    json(StatusCode::OK, &ModelList { object: "list", data: caller.state().agents.keys().map(|name| Model::of(name)).collect() })
}
