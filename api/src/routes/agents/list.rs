//! Lists the agents.

use super::AgentView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use steward_agent::pins::pin;

pub(crate) fn doc() -> Doc {
    Doc::new("List the agents").answers_page::<AgentView>("All agents, by name.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    let mut views = Vec::new();
    for agent in caller.state().agents.values() {
        let pins = pin(&mut tx, caller.office(), &caller.state().prompts, agent).await?;
        views.push(AgentView::of(agent, pins));
    }
    json(StatusCode::OK, &PageOf::new(views, None, |view| view))
}
