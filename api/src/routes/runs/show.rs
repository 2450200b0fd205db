//! Shows one run with what it is pinned to.

use super::RunView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use crate::routes::agents::{LimitsView, PluginWorkView};
use http::StatusCode;
use serde::Serialize;
use steward_agent::run::Run;
use steward_core::event::Pins;
use steward_core::{Digest, MessageId, RunId};
use steward_office::runs;
use utoipa::ToSchema;

/// What a run is pinned to from its first event on, whatever is changed meanwhile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PinsView {
    /// The message that started it.
    #[schema(value_type = String, example = "msg_01k4…")]
    message_id: MessageId,
    /// `name@version` of the prompt.
    prompt: String,
    #[schema(value_type = String)]
    prompt_digest: Digest,
    /// The named model of the configuration.
    model: String,
    limits: LimitsView,
}

impl From<Pins> for PinsView {
    fn from(pins: Pins) -> Self {
        Self { message_id: pins.message, prompt: pins.prompt, prompt_digest: pins.prompt_digest, model: pins.model, limits: pins.limits.into() }
    }
}

/// A run, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunDetail {
    #[serde(flatten)]
    run: RunView,
    pins: Option<PinsView>,
    /// What its plugins took so far, and those of runs that served its calls; the bounds of it stand with its limits.
    plugins_used: PluginWorkView,
    /// The runs that serve its calls, oldest first; those that serve them in turn stand in theirs.
    sub_runs: Vec<RunView>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Show a run")
        .about("One's own with `conversations:use`, everybody's in the workspaces one sees with `runs:read`.")
        .answers::<RunDetail>("200", "The run.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<RunId>) -> Answer {
    let mut tx = caller.begin().await?;
    let run = runs::get(&mut tx, id).await?;
    let now = caller.office().clock.now();
    let sub_runs = runs::sub_runs(&mut tx, id).await?.into_iter().map(|row| RunView::at(now, row)).collect();
    let recorded = Run::fold(&runs::journal(&mut tx, id).await?);
    let plugins_used = recorded.used().plugins.into();
    json(StatusCode::OK, &RunDetail { run: RunView::at(now, run), pins: recorded.pins.map(PinsView::from), plugins_used, sub_runs })
}
