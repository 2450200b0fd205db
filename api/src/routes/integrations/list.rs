//! Lists what the installation is connected with. Values of secrets are nowhere in it.

use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use std::collections::BTreeSet;
use steward_host::mcp::McpTransport;
use utoipa::ToSchema;

/// Another server whose tools agents may use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServerView {
    #[schema(example = "files")]
    name: String,
    /// stdio, or http.
    transport: &'static str,
    /// The tools that are accepted and can be called, by their whole names.
    tools: Vec<String>,
}

/// A plugin that was found and is not used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetAsideView {
    /// The name of its folder.
    name: String,
    /// Why, and what to do.
    why: String,
}

/// A secret that a plugin's manifest names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretView {
    plugin: String,
    name: String,
    /// Whether the operator gave it a value, for every organisation.
    is_set: bool,
}

/// What the installation is connected with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntegrationsView {
    servers: Vec<ServerView>,
    set_aside: Vec<SetAsideView>,
    secrets: Vec<SecretView>,
    /// Whether people may sign in at an OpenID provider.
    oidc: bool,
    /// Whether browsers can be told that something waits.
    push: bool,
    /// Whether people can be told by mail.
    mail: bool,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List integrations")
        .about("Servers of the configuration, plugins that are set aside, and secrets by name with whether they have a value. No value is ever shown. What an organisation set for itself is at `GET /api/v1/secrets`.")
        .answers::<IntegrationsView>("200", "What this installation is connected with.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let state = caller.state();
    let specs = state.host.specs();
    let servers = state.mcp.iter().map(|server| {
        let prefix = format!("{}.", server.name);
        let transport = match server.transport {
            McpTransport::Command { .. } => "stdio",
            McpTransport::Url { .. } => "http",
        };
        let tools = specs.iter().map(|tool| tool.name.clone()).filter(|name| name.starts_with(&prefix)).collect();
        ServerView { name: server.name.clone(), transport, tools }
    });
    let set_aside = state
        .host
        .set_aside()
        .into_iter()
        .map(|one| SetAsideView { name: one.dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), why: one.reason });
    let named: BTreeSet<(String, String)> = state
        .host
        .plugins()
        .iter()
        .flat_map(|plugin| plugin.egress.iter().map(move |rule| (plugin, rule)))
        .flat_map(|(plugin, rule)| rule.secret.iter().flat_map(|secret| secret.names()).map(|name| (plugin.name.clone(), name.to_owned())))
        .collect();
    let secrets = named.into_iter().map(|(plugin, name)| SecretView { is_set: state.host.has_secret(&plugin, &name), plugin, name });
    let view = IntegrationsView {
        servers: servers.collect(),
        set_aside: set_aside.collect(),
        secrets: secrets.collect(),
        oidc: state.oidc.is_some(),
        push: state.notices.push_key.is_some(),
        mail: state.notices.mail,
    };
    json(StatusCode::OK, &view)
}
