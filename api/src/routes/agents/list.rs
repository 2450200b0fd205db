//! Lists the agents.

use super::AgentView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::keyed::KeyedQuery;
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use steward_agent::agents::Agent;
use steward_agent::pins::pin;

pub(crate) fn doc() -> Doc {
    Doc::new("List the agents").query::<KeyedQuery>().answers_page::<AgentView>("Agents, by name.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<KeyedQuery>) -> Answer {
    let page = query.page::<String>()?;
    let all: Vec<&Agent> = caller.state().agents.values().collect();
    let (agents, next) = page.cut(all, |agent| agent.name.clone());
    let mut tx = caller.begin().await?;
    let mut views = Vec::new();
    for agent in agents {
        let pins = pin(&mut tx, caller.office(), &caller.state().prompts, agent).await?;
        views.push(AgentView::of(agent, pins));
    }
    json(StatusCode::OK, &PageOf::keyed(views, next, |view| view))
}
