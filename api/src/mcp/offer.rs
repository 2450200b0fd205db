//! What a client is offered: the tools of one agent, as far as the token's scopes go and the rules do not refuse them to this caller every time.

use super::answer::rpc;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::records::workspace_for;
use crate::state::AppState;
use rmcp::ErrorData;
use rmcp::model::{Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use steward_agent::agents::Agent;
use steward_core::{Actor, ActorKind, Digest, Effect, Mode, Role, Scope, ToolSpec, WorkspaceId, Workspaces};
use steward_host::{DELEGATE, EXTRACT, PROPOSE_GRANT, SCHEDULE};
use steward_policies::{Acts, never_allows};

/// The agent whose tools are offered when the address names none and there are several.
const USUAL: &str = "assistant";

/// What a caller's list of tools is made from, beside the tools there are. It says when a client has to ask for the list again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Basis {
    rules: Digest,
    roles: BTreeSet<Role>,
    workspaces: Workspaces,
}

impl Basis {
    /// As it is now for this actor.
    pub(super) fn of(state: &AppState, actor: &Actor) -> Self {
        Self { rules: state.rules.of(actor.tenant).digest(), roles: actor.roles.clone(), workspaces: actor.workspaces.clone() }
    }
}

/// What the address says: `/mcp?agent=…&workspace=…`.
#[derive(Debug, Default, Deserialize)]
struct Named {
    agent: Option<String>,
    workspace: Option<String>,
}

/// Whose tools, and where their calls belong.
pub(super) struct Target<'a> {
    pub(super) agent: &'a Agent,
    pub(super) workspace: Option<WorkspaceId>,
}

/// Reads the address of a request.
pub(super) fn target<'a>(caller: &'a Caller, uri: &http::Uri) -> Result<Target<'a>, ErrorData> {
    let refuse = |message: String| ErrorData::invalid_params(message, None);
    let named = axum::extract::Query::<Named>::try_from_uri(uri).map_err(|err| refuse(format!("the address of the server: {}", err.body_text())))?.0;
    let agents = &caller.state().agents;
    let names = || agents.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    if let (Some(only), Some(name)) = (caller.only_agent(), &named.agent)
        && only != name
    {
        return Err(refuse(format!(
            "this client was let in for the tools of `{only}`, not of `{name}`: leave `agent` out of the server's address, or ask the person anew"
        )));
    }
    let agent = match caller.only_agent().or(named.agent.as_deref()) {
        Some(name) => agents.get(name),
        None if agents.len() == 1 => agents.values().next(),
        None => agents.get(USUAL),
    };
    let agent =
        agent.ok_or_else(|| refuse(format!("name the agent whose tools you want in the server's address, `/mcp?agent=NAME`; there are: {}", names())))?;
    if agent.mode == Mode::Sealed {
        // Its model is never shown what others wrote, and a client would be.
        return Err(refuse(format!(
            "agent `{}` works in mode `sealed`, in which no model is shown what others wrote, and an MCP client is one: name another agent in the server's address",
            agent.name
        )));
    }
    let no_workspace = |_| rpc(&ApiError::field("workspace", "there is no such workspace"));
    let workspace = named.workspace.map(|text| text.parse().map_err(no_workspace)).transpose()?;
    Ok(Target { agent, workspace })
}

/// Why a tool is not for this caller. The gate has the last word on whatever is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotFor {
    /// Only a loop of our own has a use for it.
    Outsiders,
    /// The token lacks this scope.
    Scope(Scope),
}

/// Whether a caller may ask for a tool at all: one that looks needs the scope `read`, any other `write`.
pub(super) fn check(actor: &Actor, spec: &ToolSpec) -> Result<(), NotFor> {
    if [EXTRACT, PROPOSE_GRANT, SCHEDULE, DELEGATE].contains(&spec.name.as_str()) {
        return Err(NotFor::Outsiders);
    }
    let scope = if spec.effect.only_reads() { Scope::Read } else { Scope::Write };
    match &actor.kind {
        ActorKind::Person { .. } => Ok(()),
        ActorKind::Token { scopes, .. } if scopes.contains(&scope) => Ok(()),
        ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => Err(NotFor::Scope(scope)),
    }
}

/// The tools that the caller is offered, by name: without those that the rules refuse them whatever the call. What may depend on a call is offered.
pub(super) async fn tools(caller: &Caller, target: &Target<'_>) -> Result<Vec<Tool>, ErrorData> {
    let (state, actor, agent) = (caller.state(), caller.actor(), target.agent);
    let rules = state.rules.of(actor.tenant);
    let mut tx = state.store.begin(actor).await.map_err(|err| rpc(&err.into()))?;
    // Where it is not known where a call would belong it is refused for that, and the list is none of it.
    let workspace = workspace_for(&mut tx, "workspace", target.workspace).await.ok();
    tx.rollback().await.map_err(|err| rpc(&err.into()))?;
    let acts = actor.person.zip(workspace).map(|(person, workspace)| Acts { agent: &agent.name, person, roles: &actor.roles, workspace });
    let never = |spec: &ToolSpec| acts.as_ref().is_some_and(|acts| never_allows(&rules, &spec.name, acts));
    let specs = state.host.specs();
    Ok(specs.iter().filter(|spec| agent.may_use(&spec.name) && check(actor, spec).is_ok() && !never(spec)).map(shown).collect())
}

/// A tool as clients are told of it. Their hints are hints: what happens is what the gate says.
fn shown(spec: &ToolSpec) -> Tool {
    let schema = match &spec.arguments {
        Value::Object(schema) => schema.clone(),
        // A schema is always an object; what is none takes anything and lets the gate refuse.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Default::default(),
    };
    let hints = ToolAnnotations::new()
        .read_only(spec.effect.only_reads())
        .destructive(!spec.effect.only_reads() && (spec.effect == Effect::Destroy || !spec.reversible))
        .idempotent(spec.idempotent)
        .open_world(!matches!(spec.effect, Effect::Read | Effect::Write));
    Tool::new(spec.name.clone(), spec.description.clone(), Arc::new(schema)).with_annotations(hints)
}
