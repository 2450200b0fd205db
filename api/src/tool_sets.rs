//! What is accepted of an MCP server, as a change: its definitions whole, how they differ, and what the configuration makes of them.
//!
//! The lock file in the data directory is what the tools are made of. An approved change is written there by every process that sees it.

use crate::cli::chain;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use steward_core::{Digest, Effect, canonical_json};
use steward_host::mcp::{self, Accepted, Definition, Difference, McpError, McpServer, McpTransport, safe_name};
use steward_office::changes::{self, ChangeKind, Proposal};
use steward_office::{Office, OfficeError};
use steward_store::governance_change::ChangeRow;
use steward_store::{Store, StoreError, Tx};
use utoipa::ToSchema;

/// What would be accepted of a server, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolSet {
    /// The server, as it is called in the configuration.
    pub(crate) server: String,
    /// All of its tools that would be accepted, by the server's own names.
    pub(crate) tools: BTreeMap<String, Definition>,
}

/// What would be accepted of a server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolSetContent {
    /// As it is called in the configuration.
    #[schema(example = "files")]
    server: String,
    /// All of its tools that would be accepted; what is not among them could not be called any more.
    tools: Vec<DefinitionView>,
}

/// One tool, in its server's words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DefinitionView {
    /// The server's name for it.
    name: String,
    #[schema(value_type = String)]
    digest: Digest,
    /// What a model is told of it.
    description: String,
    /// JSON Schema of the arguments.
    #[schema(value_type = Object)]
    arguments: Value,
    /// JSON Schema of the result, where it has one.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// The server's own hints, which decide nothing.
    #[schema(value_type = Option<Object>)]
    hints: Option<Value>,
}

impl DefinitionView {
    fn of(definition: &Definition) -> Self {
        let Definition { name, description, input, output, annotations } = definition.clone();
        Self { name, digest: definition.digest(), description, arguments: input, result: output, hints: annotations }
    }
}

impl ToolSet {
    /// Reads the stored form.
    pub(crate) fn read(content: &str) -> Result<Self, StoreError> {
        serde_json::from_str(content).map_err(|_| StoreError::Corrupt { what: "governance_change.content" })
    }

    /// What people are shown.
    pub(crate) fn content(&self) -> ToolSetContent {
        ToolSetContent { server: self.server.clone(), tools: self.tools.values().map(DefinitionView::of).collect() }
    }
}

/// How what would be accepted differs from what is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolSetReport {
    /// Where the server is: its program, or its host.
    place: String,
    /// Tools that differ.
    tools: Vec<ToolChange>,
}

/// How one tool differs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolChange {
    /// The server's name for it.
    name: String,
    /// new, changed, gone.
    change: &'static str,
    /// Of a changed one: description, arguments, result, hints.
    parts: Vec<&'static str>,
    /// What the configuration says that it does to the world.
    #[schema(value_type = String)]
    effect: Effect,
    /// Whether the configuration says that it can be undone.
    reversible: bool,
    /// As it is accepted now; nothing of a new one.
    before: Option<DefinitionView>,
    /// As it would be; nothing of one that is gone.
    after: Option<DefinitionView>,
}

/// The differences of what would be accepted, with what the configuration makes of each tool.
fn report(server: &McpServer, before: &BTreeMap<String, Definition>, after: &BTreeMap<String, Definition>) -> ToolSetReport {
    let shown = |tools: &BTreeMap<String, Definition>, name: &str| tools.get(name).map(DefinitionView::of);
    let tools = mcp::differences(before, after).into_iter().map(|difference| {
        let (name, change, parts) = match difference {
            Difference::New { tool, .. } => (tool, "new", Vec::new()),
            Difference::Changed { tool, parts, .. } => (tool, "changed", parts),
            Difference::Gone { tool } => (tool, "gone", Vec::new()),
        };
        let rules = safe_name(&name).and_then(|name| server.tools.get(&name));
        ToolChange {
            change,
            parts,
            effect: rules.and_then(|rules| rules.effect).unwrap_or(Effect::Admin),
            reversible: rules.is_some_and(|rules| rules.reversible),
            before: shown(before, &name),
            after: shown(after, &name),
            name,
        }
    });
    ToolSetReport { place: place(server), tools: tools.collect() }
}

/// Where a server is; of an address nothing but the host, since the rest may be a secret.
fn place(server: &McpServer) -> String {
    match &server.transport {
        McpTransport::Command { command, .. } => command.join(" "),
        McpTransport::Url { url, .. } => url.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default(),
    }
}

/// Names what is accepted of a server now.
pub(crate) fn live(lock: &Path, server: &str) -> Result<Digest, OfficeError> {
    Ok(mcp::accepted(lock, server).map_err(of_mcp)?.digest())
}

/// Only the organisation of whoever runs the installation decides what all organisations share.
pub(crate) async fn check_operators(store: &Store, tx: &Tx) -> Result<(), OfficeError> {
    if changes::is_operators(store, tx.actor().tenant).await? {
        return Ok(());
    }
    Err(OfficeError::Denied("which tools there are is decided in the organisation of whoever runs this installation; ask them".to_owned()))
}

/// Proposes to accept what a server offers: all of it, or the tools named.
pub(crate) async fn propose(
    store: &Store,
    tx: &mut Tx,
    office: &Office,
    (server, lock): (&McpServer, &Path),
    (offered, tools): (&[Definition], &[String]),
    reason: &str,
) -> Result<ChangeRow, OfficeError> {
    check_operators(store, tx).await?;
    let before = mcp::accepted(lock, &server.name).map_err(of_mcp)?;
    let after = mcp::chosen(lock, server, offered, tools).map_err(of_mcp)?;
    let report = report(server, &before.tools, &after);
    if report.tools.is_empty() {
        return Err(OfficeError::Conflict(format!("`{}` offers what is accepted already; there is nothing to propose", server.name)));
    }
    let corrupt = || StoreError::Corrupt { what: "governance_change.content" };
    let set = ToolSet { server: server.name.clone(), tools: after };
    let content = canonical_json(&set).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(corrupt)?;
    let report = serde_json::to_string(&report).map_err(|_| corrupt())?;
    let proposal = Proposal { kind: ChangeKind::Tool, subject: &server.name, content, base: before.digest(), report, is_sound: true, reason };
    changes::propose(tx, office, proposal).await
}

/// Writes an approved change into the lock file, unless what stands there came with a later one.
pub(crate) fn take_up(lock: &Path, row: &ChangeRow) -> Result<bool, OfficeError> {
    let set = ToolSet::read(&row.content)?;
    let version = row.version.unwrap_or_default();
    if row.state != "approved" || set.server != row.subject || mcp::accepted(lock, &set.server).map_err(of_mcp)?.version >= version {
        return Ok(false);
    }
    mcp::put(lock, &set.server, Accepted { tools: set.tools, version }).map_err(of_mcp)?;
    Ok(true)
}

fn of_mcp(err: McpError) -> OfficeError {
    OfficeError::Conflict(chain(&err))
}
