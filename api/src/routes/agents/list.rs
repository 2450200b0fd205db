//! Lists the agents.

use super::AgentView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;

pub(crate) fn doc() -> Doc {
    Doc::new("List the agents").answers_page::<AgentView>("All agents, by name.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    json(StatusCode::OK, &PageOf::new(caller.state().agents.values().collect(), None, AgentView::from))
}
