//! What is accepted of an MCP server, as a change: its definitions whole, how they differ, and what the configuration makes of them.
//!
//! The lock file in the data directory is what the tools are made of. An approved change is written there by every process that sees it.

use crate::cli::chain;
use crate::wiring::accepted_list::is_on_record;
use crate::wiring::plugin_lock;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use steward_core::{Digest, Effect, HasKind as _, Kind, ToolSpec, canonical_json};
use steward_host::installed::{self, AcceptedPlugin, Candidate, PluginFacts};
use steward_host::mcp::{self, Accepted, Definition, Difference, McpError, McpServer, McpTransport, safe_name};
use steward_host::{EgressRule, KvQuota, PluginError, PluginLimits, Scheme};
use steward_office::changes::{self, ChangeKind, Proposal};
use steward_office::{Office, OfficeError};
use steward_store::governance_change::ChangeRow;
use steward_store::{Store, StoreError, Tx};
use utoipa::ToSchema;

/// What the subject of a change begins with that is of a plugin: no server is called so.
pub(crate) const PLUGIN: &str = "plugin:";

/// What would be accepted of a server, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolSet {
    /// The server, as it is called in the configuration.
    pub(crate) server: String,
    /// All of its tools that would be accepted, by the server's own names.
    pub(crate) tools: BTreeMap<String, Definition>,
    /// Of a plugin in place of a server: what it is beside its tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plugin: Option<PluginFacts>,
}

/// What would be accepted of a server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolSetContent {
    /// As it is called in the configuration.
    #[schema(example = "files")]
    server: String,
    /// All of its tools that would be accepted; what is not among them could not be called any more.
    tools: Vec<DefinitionView>,
    /// Of a plugin in place of a server: what it is beside its tools.
    plugin: Option<InstalledPlugin>,
}

/// What a plugin is, may reach and use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstalledPlugin {
    /// Its own word for its version.
    #[schema(example = "1.0.0")]
    version: String,
    /// What it was written in.
    language: String,
    /// Names all of its bytes: component, manifest, schemas.
    #[schema(value_type = String)]
    digest: Digest,
    /// Whose signature it has.
    signed_by: Option<String>,
    /// The interfaces of the host that it is granted.
    imports: Vec<String>,
    /// Whom it may ask outside, and with which secrets; left out of what was proposed before plugins could.
    #[schema(required = false)]
    egress: Vec<EgressView>,
    /// What it asks to keep between calls.
    kv: Option<KvView>,
    /// Memory of a call, in MiB.
    memory_mb: u64,
    /// Fuel of a call: about one for each instruction.
    fuel: u64,
    /// Time of a call, in milliseconds.
    deadline_ms: u64,
    /// Largest result, in KiB.
    output_kb: u64,
}

/// Whom a plugin may ask outside: one host, in these ways.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EgressView {
    /// https, or http, which is taken for addresses of the operator's own network only.
    #[schema(value_type = String, example = "https")]
    scheme: Scheme,
    #[schema(example = "api.example.com")]
    host: String,
    port: u16,
    #[schema(example = json!(["GET"]))]
    methods: Vec<String>,
    /// A part that is `*` is any one part; as the last it is all that follows.
    #[schema(example = json!(["/v1/*"]))]
    paths: Vec<String>,
    /// The header in which the host sends a secret.
    header: Option<String>,
    /// The names of the secrets in it. The plugin does not learn their values.
    secrets: Vec<String>,
}

/// What a plugin asks to keep between calls, in each workspace. The operator's own bound counts too.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KvView {
    /// Bytes of all keys and values.
    bytes_max: u64,
    /// Entries.
    entries_max: u64,
}

impl From<KvQuota> for KvView {
    fn from(quota: KvQuota) -> Self {
        let KvQuota { bytes_max, entries_max } = quota;
        Self { bytes_max, entries_max }
    }
}

impl From<&EgressRule> for EgressView {
    fn from(rule: &EgressRule) -> Self {
        let secret = rule.secret.as_ref();
        Self {
            scheme: rule.scheme,
            host: rule.host.clone(),
            port: rule.port(),
            methods: rule.methods.clone(),
            paths: rule.paths.clone(),
            header: secret.map(|secret| secret.header.clone()),
            secrets: secret.map(|secret| secret.names().into_iter().map(str::to_owned).collect()).unwrap_or_default(),
        }
    }
}

impl From<&PluginFacts> for InstalledPlugin {
    fn from(facts: &PluginFacts) -> Self {
        let PluginFacts { version, language, digest, signed_by, imports, egress, limits, kv } = facts.clone();
        let egress = egress.iter().map(EgressView::from).collect();
        let PluginLimits { memory_mb, fuel, deadline_ms, output_kb } = limits;
        Self { version, language, digest, signed_by, imports, egress, kv: kv.map(Into::into), memory_mb, fuel, deadline_ms, output_kb }
    }
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
    /// The server's own hints, which decide nothing. Of a plugin's tool what its manifest says, which counts.
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
        ToolSetContent {
            server: self.server.clone(),
            tools: self.tools.values().map(DefinitionView::of).collect(),
            plugin: self.plugin.as_ref().map(InstalledPlugin::from),
        }
    }
}

/// How what would be accepted differs from what is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolSetReport {
    /// Where the server is: its program, or its host. Of a plugin its name and version.
    place: String,
    /// Of a plugin: what it is and may reach and use as it is accepted now; nothing of a new one.
    plugin_before: Option<InstalledPlugin>,
    /// Of a plugin: the same as it would be.
    plugin_after: Option<InstalledPlugin>,
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
    ToolSetReport { place: place(server), plugin_before: None, plugin_after: None, tools: tools.collect() }
}

/// The differences of a plugin that would be accepted.
fn report_of_plugin(before: Option<&Candidate>, after: &Candidate) -> ToolSetReport {
    let none = BTreeMap::new();
    let tools_before = before.map_or(&none, |before| &before.tools);
    let shown = |tools: &BTreeMap<String, Definition>, name: &str| tools.get(name).map(DefinitionView::of);
    let said = |name: &str, what: &str| {
        let hints = after.tools.get(name).or_else(|| tools_before.get(name))?.annotations.as_ref()?;
        hints.get(what).cloned()
    };
    let tools = mcp::differences(tools_before, &after.tools).into_iter().map(|difference| {
        let (name, change, parts) = match difference {
            Difference::New { tool, .. } => (tool, "new", Vec::new()),
            Difference::Changed { tool, parts, .. } => (tool, "changed", parts),
            Difference::Gone { tool } => (tool, "gone", Vec::new()),
        };
        ToolChange {
            change,
            parts,
            effect: said(&name, "effect").and_then(|effect| serde_json::from_value(effect).ok()).unwrap_or(Effect::Admin),
            reversible: said(&name, "reversible") == Some(Value::Bool(true)),
            before: shown(tools_before, &name),
            after: shown(&after.tools, &name),
            name,
        }
    });
    ToolSetReport {
        place: format!("{}@{}", after.name, after.facts.version),
        plugin_before: before.map(|before| (&before.facts).into()),
        plugin_after: Some((&after.facts).into()),
        tools: tools.collect(),
    }
}

/// Where a server is; of an address nothing but the host, since the rest may be a secret.
fn place(server: &McpServer) -> String {
    match &server.transport {
        McpTransport::Command { command, .. } => command.join(" "),
        McpTransport::Url { url, .. } => url.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default(),
    }
}

/// Names what is accepted now of the server or plugin that a change is of.
pub(crate) fn live(lock: &Path, row: &ChangeRow) -> Result<Digest, OfficeError> {
    if let Some(plugin) = row.subject.strip_prefix(PLUGIN) {
        return Ok(digest_of(accepted_plugin(lock, plugin)?.as_ref()));
    }
    Ok(mcp::accepted(lock, &row.subject).map_err(of_mcp)?.digest())
}

/// What is accepted of a plugin of the installation.
pub(crate) fn accepted_plugin(lock: &Path, name: &str) -> Result<Option<AcceptedPlugin>, OfficeError> {
    installed::accepted(&plugin_lock(lock), name).map_err(of_plugin)
}

/// What is listed of a plugin, if it is what stands on record.
pub(crate) async fn on_record(store: &Store, tx: &Tx, office: &Office, listed: Option<AcceptedPlugin>) -> Result<Option<AcceptedPlugin>, OfficeError> {
    let Some(entry) = listed else { return Ok(None) };
    match is_on_record(store, tx.actor().tenant, office.key.as_ref(), &entry).await {
        Ok(is_there) => Ok(is_there.then_some(entry)),
        Err(err) if err.kind() == Kind::Away => Err(err),
        // A record that cannot be used is mended by accepting anew.
        Err(_) => Ok(None),
    }
}

/// The tools that a change would have accepted, as rules would see them, and whose they are.
pub(crate) fn specs(servers: &[McpServer], row: &ChangeRow) -> Result<(String, Vec<ToolSpec>), OfficeError> {
    let ToolSet { server: name, tools, plugin } = ToolSet::read(&row.content)?;
    let Some(facts) = plugin else {
        // A server that is configured no more has no tools, whatever is accepted of it.
        let specs = servers.iter().find(|server| server.name == name).map_or_else(Vec::new, |server| mcp::specs(server, &tools));
        return Ok((name, specs));
    };
    let candidate = Candidate { name, facts, tools };
    let unread = "what it says of its tools cannot be read here, so it cannot be looked at; reject it, and propose it anew";
    let specs = candidate.specs().ok_or_else(|| OfficeError::Conflict(unread.to_owned()))?;
    Ok((candidate.name, specs))
}

/// Names what is accepted of a plugin; of none it is the digest of nothing.
pub(crate) fn digest_of(accepted: Option<&AcceptedPlugin>) -> Digest {
    accepted.map_or_else(|| Digest::of(b""), |accepted| accepted.plugin.digest())
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
    let base = before.digest();
    let set = ToolSet { server: server.name.clone(), tools: after, plugin: None };
    write(tx, office, &set, &report, base, reason).await
}

/// Proposes to accept a plugin as it lies in its folder.
pub(crate) async fn propose_plugin(
    store: &Store,
    tx: &mut Tx,
    office: &Office,
    lock: &Path,
    plugin: Candidate,
    reason: &str,
) -> Result<ChangeRow, OfficeError> {
    check_operators(store, tx).await?;
    let before = accepted_plugin(lock, &plugin.name)?;
    let base = digest_of(before.as_ref());
    // What only stands in the list was accepted by nobody: all of it is new.
    let before = on_record(store, tx, office, before).await?;
    if before.is_some() && base == plugin.digest() {
        return Err(OfficeError::Conflict(format!("`{}` is accepted as it is already; there is nothing to propose", plugin.name)));
    }
    let report = report_of_plugin(before.as_ref().map(|before| &before.plugin), &plugin);
    let set = ToolSet { server: plugin.name, tools: plugin.tools, plugin: Some(plugin.facts) };
    write(tx, office, &set, &report, base, reason).await
}

async fn write(tx: &mut Tx, office: &Office, set: &ToolSet, report: &ToolSetReport, base: Digest, reason: &str) -> Result<ChangeRow, OfficeError> {
    let corrupt = || StoreError::Corrupt { what: "governance_change.content" };
    let content = canonical_json(set).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(corrupt)?;
    let report = serde_json::to_string(report).map_err(|_| corrupt())?;
    let subject = if set.plugin.is_some() { format!("{PLUGIN}{}", set.server) } else { set.server.clone() };
    let proposal = Proposal { kind: ChangeKind::Tool, subject: &subject, content, base, report, is_sound: true, reason };
    changes::propose(tx, office, proposal).await
}

/// Writes an approved change into the lock file, unless what stands there came with a later one.
pub(crate) fn take_up(lock: &Path, row: &ChangeRow) -> Result<Taken, OfficeError> {
    let set = ToolSet::read(&row.content)?;
    let version = row.version.unwrap_or_default();
    if let Some(facts) = set.plugin {
        // Without a look first each process would take the list for itself every second.
        let standing = accepted_plugin(lock, &set.server)?;
        let before = standing.as_ref().map_or(0, |accepted| accepted.version);
        let is_for_it = row.state == "approved" && row.subject.strip_prefix(PLUGIN) == Some(&set.server);
        // It was approved in the place of just what stands there, so it comes there whatever version that claims.
        let is_base = before > version && row.base_digest.as_slice() == digest_of(standing.as_ref()).bytes().as_slice();
        if !is_for_it || (before >= version && !is_base) {
            return Ok(Taken::from_version(before, version));
        }
        let accepted = AcceptedPlugin { plugin: Candidate { name: set.server, facts, tools: set.tools }, version };
        let list = plugin_lock(lock);
        let is_written = match &standing {
            Some(seen) if is_base => installed::put_over(&list, seen, accepted),
            Some(_) | None => installed::put_newer(&list, accepted),
        }
        .map_err(of_plugin)?;
        return Ok(if is_written { Taken::Up } else { Taken::Already });
    }
    let before = mcp::accepted(lock, &set.server).map_err(of_mcp)?.version;
    if row.state != "approved" || set.server != row.subject || before >= version {
        return Ok(Taken::from_version(before, version));
    }
    let is_written = mcp::put_newer(lock, &set.server, Accepted { tools: set.tools, version }).map_err(of_mcp)?;
    Ok(if is_written { Taken::Up } else { Taken::Already })
}

/// What became of an approved change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is written down now.
    Up,
    /// It was, or it is none that counts.
    Already,
    /// What is written down came with a change of this later version, of which the database knows nothing: it was restored from before.
    Behind(i32),
}

impl Taken {
    fn from_version(written: i32, newest: i32) -> Self {
        if written > newest { Self::Behind(written) } else { Self::Already }
    }
}

fn of_plugin(err: PluginError) -> OfficeError {
    OfficeError::Conflict(chain(&err))
}

fn of_mcp(err: McpError) -> OfficeError {
    OfficeError::Conflict(chain(&err))
}
