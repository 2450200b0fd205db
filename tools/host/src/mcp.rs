//! MCP servers as a second kind of tool: what they offer is pinned, what they may do stands in the configuration.
//!
//! A tool exists here only as its accepted definition, kept whole in a lock file: loading starts no process and opens no
//! connection, and what a server says later never reaches a model before somebody accepted it. A server's own hints
//! decide nothing. Nothing here reads the environment; passing a permit is still the only way to call.

mod asking;
mod beside;
pub(crate) mod call;
mod definition;
mod error;
mod link;
mod lock;
mod schema;
mod server;
mod words;

pub use asking::{AskedPerson, Nobody, People, PersonSaid, QuestionRefused};
pub use definition::{Definition, safe_name};
pub use error::McpError;
pub use lock::Difference;

use crate::engine::Host;
use crate::error::PluginError;
use crate::installed::is_shipped;
use crate::manifest::is_name;
use crate::tool::{Body, Tool};
use lock::Lock;
use secrecy::{ExposeSecret as _, SecretString};
use server::Server;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use steward_core::{ArgumentRole, Digest, Effect, Origin, RecordPattern, ToolSpec};
use words::Words;

/// The most tools taken from one server.
const TOOLS_MAX: usize = 200;
/// What every child process is given of our environment, if it is set. None of it is a secret.
pub const PASSED_ON: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpTransport {
    /// A child process that speaks on its standard input and output.
    Command {
        /// The program and its arguments.
        command: Vec<String>,
        /// All of its environment. What is not in [`PASSED_ON`] is a secret: no word of the server's is told with it.
        environment: BTreeMap<String, String>,
        /// Where it runs.
        dir: PathBuf,
    },
    /// Streamable HTTP.
    Url {
        /// The address.
        url: String,
        /// Sent as `Authorization: Bearer`.
        bearer: Option<Secret>,
    },
}

/// A text that is not shown.
#[derive(Clone)]
pub struct Secret(SecretString);

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl Secret {
    /// Keeps a text from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text, for where it is used.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What the configuration says about one tool; the server's own hints do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct McpToolRules {
    /// What it does to the world; none is treated as `admin`.
    pub effect: Option<Effect>,
    /// Whether the effect can be undone.
    pub reversible: bool,
    /// Whether a call may be repeated without harm.
    pub idempotent: bool,
    /// What each argument is for.
    pub roles: BTreeMap<String, ArgumentRole>,
    /// Where result fields come from; what is not named is outside text.
    pub result_labels: BTreeMap<String, Origin>,
    /// Result fields by which an owner names a record.
    pub anchors: Vec<String>,
    /// The records its result holds.
    pub records: Vec<RecordPattern>,
    /// Whether its results are for the house alone.
    pub private: bool,
    /// The only definition that will do.
    pub pinned: Option<Digest>,
    /// The time of one call, in milliseconds.
    pub timeout_ms: Option<u64>,
}

/// One server, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpServer {
    /// Its tools are called `<name>.<tool>`.
    pub name: String,
    /// How it is reached.
    pub transport: McpTransport,
    /// The time of one call, in milliseconds.
    pub timeout_ms: u64,
    /// The most a call may answer, in KiB.
    pub output_kb: u64,
    /// Whether it may ask the person of a run in the middle of a call.
    pub asks: bool,
    /// By the name a tool has here, without the server's.
    pub tools: BTreeMap<String, McpToolRules>,
}

/// What was loaded of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpInfo {
    /// The server.
    pub server: String,
    /// Tools that can be called.
    pub tools: Vec<String>,
    /// Tools that cannot, and why.
    pub refused: Vec<(String, String)>,
}

impl Host {
    /// Makes the accepted tools of these servers callable. Nothing is started: a server is reached at the first call.
    pub fn load_mcp(&self, servers: &[McpServer], lock: &Path) -> Result<Vec<McpInfo>, McpError> {
        if servers.is_empty() {
            return Ok(Vec::new());
        }
        let lock = Lock::read(lock)?;
        let mut names = BTreeSet::new();
        for server in servers {
            if !is_name(&server.name) {
                return Err(McpError::Name(server.name.clone()));
            }
            let prefix = format!("{}.", server.name);
            // The loop's own tools are offered after these, and are known by their names alone.
            if is_shipped(&server.name) || !names.insert(&server.name) || self.specs().iter().any(|spec| spec.name.starts_with(&prefix)) {
                return Err(McpError::Duplicate(server.name.clone()));
            }
        }
        Ok(servers.iter().map(|server| self.load_server(server, &lock)).collect())
    }

    /// Takes up what the lock file says by now, without a restart: a server whose accepted tools are others is reached anew at its next call.
    /// Calls under way end as they began. Gives the servers whose tools changed.
    pub fn reload_mcp(&self, servers: &[McpServer], lock: &Path) -> Result<Vec<McpInfo>, McpError> {
        let lock = Lock::read(lock)?;
        let is_other = |server: &&McpServer| self.loaded_of(&server.name) != Some(lock.digests(&server.name));
        Ok(servers.iter().filter(is_other).map(|server| self.load_server(server, &lock)).collect())
    }

    fn load_server(&self, config: &McpServer, lock: &Lock) -> McpInfo {
        let server = Arc::new(Server::new(config.clone(), lock.of(&config.name)));
        let mut fresh = Vec::new();
        let mut info = McpInfo { server: config.name.clone(), tools: Vec::new(), refused: Vec::new() };
        for (name, made) in tools_of(&server) {
            match made {
                Ok(tool) => {
                    info.tools.push(tool.spec().name.clone());
                    fresh.push(tool);
                }
                Err(problem) => info.refused.push((name, problem)),
            }
        }
        for name in config.tools.keys().filter(|name| !server.accepted().any(|one| safe_name(&one.name).as_ref() == Some(name))) {
            info.refused.push((name.clone(), format!("it is configured, but not accepted; run `steward plugin accept {}`", config.name)));
        }
        for (tool, problem) in &info.refused {
            tracing::error!(tool.name = format!("{}.{tool}", config.name), reason = problem, "a tool by MCP is left out");
        }
        self.replace_remote(&config.name, lock.digests(&config.name), fresh);
        info
    }
}

/// What becomes of each accepted definition of a server, by the server's own name for it: a tool, or why it is none.
fn tools_of(server: &Arc<Server>) -> Vec<(String, Result<Tool, String>)> {
    let accepted: Vec<Definition> = server.accepted().cloned().collect();
    let collisions = definition::collisions(&accepted);
    let words = Words::of(&server.config.transport);
    let made_of = |definition: Definition| {
        let made = match safe_name(&definition.name) {
            Some(name) if collisions.contains(&name) => Err("another tool of this server has the same name here".to_owned()),
            Some(name) => match &words {
                Ok(words) => made(server, &definition, &name, words),
                Err(_) => Err("what its server may not tell cannot be looked for in its definition".to_owned()),
            },
            None => Err("its name has no letter or is too long".to_owned()),
        };
        (definition.name, made)
    };
    accepted.into_iter().map(made_of).collect()
}

/// The tools of a server as rules would see them, were these definitions accepted; what could not be called is none. The server is not asked.
pub fn specs(server: &McpServer, accepted: &BTreeMap<String, Definition>) -> Vec<ToolSpec> {
    let server = Arc::new(Server::new(server.clone(), accepted.clone()));
    tools_of(&server).into_iter().filter_map(|(_, made)| Some(made.ok()?.spec().clone())).collect()
}

/// A server's tool as it can be called here, or why it cannot.
fn made(server: &Arc<Server>, definition: &Definition, name: &str, words: &Words) -> Result<Tool, String> {
    let rules = server.config.tools.get(name).cloned().unwrap_or_default();
    let digest = definition.digest();
    if rules.pinned.is_some_and(|pinned| pinned != digest) {
        return Err(format!("the accepted definition {digest} is not the pinned one"));
    }
    let shown = words.definition(definition)?;
    let entry = shown.entry(&server.config, name, rules)?;
    let body = Body::Mcp(call::Remote { server: Arc::clone(server), name: definition.name.clone(), digest });
    let (arguments, result) = (schema::closed(&shown.input, entry.roles.keys())?, shown.result()?);
    Tool::new(body, entry, server.config.timeout_ms, arguments, result).map_err(|err| match err {
        PluginError::Schema { problem, .. } => problem,
        other => other.to_string(),
    })
}

/// Takes one frame of a server as a connection does: the tools of a list, what a call answered.
#[cfg(feature = "testing")]
pub(crate) fn take_frame(frame: &[u8]) {
    use rmcp::model::{JsonRpcMessage, ServerJsonRpcMessage, ServerResult};
    if let Ok(request) = serde_json::from_slice::<serde_json::Value>(frame)
        && let Some(params) = request.get("params")
    {
        asking::take(params);
    }
    let Ok(JsonRpcMessage::Response(response)) = serde_json::from_slice::<ServerJsonRpcMessage>(frame) else { return };
    match response.result {
        ServerResult::ListToolsResult(page) => {
            for tool in page.tools {
                let Ok(definition) = Definition::of("any", tool) else { continue };
                assert_eq!(definition.digest(), definition.clone().digest(), "a definition has two names");
                if let (Ok(arguments), Ok(_)) = (schema::closed(&definition.input, []), definition.result()) {
                    assert!(!arguments.to_string().contains("\"$ref\""), "a reference was left in a schema");
                }
            }
        }
        ServerResult::CallToolResult(answer) => call::take(&answer),
        _ => {}
    }
}

/// Connects to a server and says what it offers now. Nothing is accepted and nothing kept.
pub async fn offered(server: &McpServer) -> Result<Vec<Definition>, McpError> {
    Server::new(server.clone(), BTreeMap::new()).list_once().await
}

/// How what is offered differs from what was accepted.
pub fn review(lock: &Path, server: &str, offered: &[Definition]) -> Result<Vec<Difference>, McpError> {
    Ok(lock::differences(&Lock::read(lock)?.of(server), offered))
}

/// How what would be accepted differs from what is, by tool.
pub fn differences(before: &BTreeMap<String, Definition>, after: &BTreeMap<String, Definition>) -> Vec<Difference> {
    lock::differences(before, &after.values().cloned().collect::<Vec<_>>())
}

/// What would be accepted of a server: all that it offers, or of what was accepted before with the tools named. What the server no longer offers
/// is dropped when all of it is accepted.
pub fn chosen(lock: &Path, server: &McpServer, offered: &[Definition], tools: &[String]) -> Result<BTreeMap<String, Definition>, McpError> {
    let is_meant =
        |definition: &Definition| tools.is_empty() || tools.contains(&definition.name) || safe_name(&definition.name).is_some_and(|name| tools.contains(&name));
    let mut after = if tools.is_empty() { BTreeMap::new() } else { Lock::read(lock)?.of(&server.name) };
    for definition in offered.iter().filter(|definition| is_meant(definition)) {
        let pinned = safe_name(&definition.name).and_then(|name| server.tools.get(&name)?.pinned);
        if pinned.is_some_and(|pinned| pinned != definition.digest()) {
            return Err(McpError::Pinned { server: server.name.clone(), tool: definition.name.clone(), digest: definition.digest() });
        }
        after.insert(definition.name.clone(), definition.clone());
    }
    if let Some(missing) = tools.iter().find(|name| !offered.iter().any(|one| one.name == **name || safe_name(&one.name).as_ref() == Some(name))) {
        return Err(McpError::NoSuchTool { server: server.name.clone(), tool: missing.clone() });
    }
    Ok(after)
}

/// Writes what is offered into the lock file: all of it, or the tools named. Gives what changed by it.
pub fn accept(lock: &Path, server: &McpServer, offered: &[Definition], tools: &[String]) -> Result<Vec<Difference>, McpError> {
    accept_over(lock, server, offered, tools, 0)
}

/// The same in the place of what was approved as this version, which is not to come back.
pub fn accept_over(lock: &Path, server: &McpServer, offered: &[Definition], tools: &[String], version: i32) -> Result<Vec<Difference>, McpError> {
    let after = chosen(lock, server, offered, tools)?;
    let before = accepted(lock, &server.name)?;
    let changed = differences(&before.tools, &after);
    put(lock, &server.name, Accepted { tools: after, version: version.max(before.version) })?;
    Ok(changed)
}

/// What is accepted of a server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accepted {
    /// By the server's own names.
    pub tools: BTreeMap<String, Definition>,
    /// The approved change that it came with last; 0 where there was none.
    pub version: i32,
}

impl Accepted {
    /// Names the tools as they are; of none it is the digest of nothing.
    pub fn digest(&self) -> Digest {
        let all: Vec<u8> = self.tools.values().flat_map(|definition| *definition.digest().bytes()).collect();
        Digest::of(&all)
    }
}

/// What is accepted of a server now.
pub fn accepted(lock: &Path, server: &str) -> Result<Accepted, McpError> {
    let lock = Lock::read(lock)?;
    Ok(Accepted { tools: lock.of(server), version: lock.version(server) })
}

/// Writes into the lock file what is accepted of a server.
pub fn put(lock: &Path, server: &str, accepted: Accepted) -> Result<(), McpError> {
    Lock::change(lock, |kept| {
        kept.put(server, accepted.tools, accepted.version);
        true
    })?;
    Ok(())
}

/// The same, unless what stands there came with the same or a later change. Says whether it was written.
pub fn put_newer(lock: &Path, server: &str, accepted: Accepted) -> Result<bool, McpError> {
    Lock::change(lock, |kept| {
        let is_newer = kept.version(server) < accepted.version;
        if is_newer {
            kept.put(server, accepted.tools, accepted.version);
        }
        is_newer
    })
}
