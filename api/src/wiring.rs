//! Puts the parts together: database, rules, prompts, plugins, models, agents. The only place where the parts meet.

pub mod accepted_list;
pub mod adopt;
pub mod agents;
pub mod audit_key;
pub mod data_key;
pub mod database;
pub mod first_start;
pub mod keys;
pub mod lock;
pub mod logging;
pub mod policies;
pub mod push_key;
pub mod rules_on_record;
pub mod secret;
pub mod seed;
pub mod serve;
pub mod signals;

use crate::config::Config;
use crate::meters::Meters;
use crate::notices::Ways;
use crate::oauth::ClientDocuments;
use crate::oidc::{Oidc, OidcError};
use crate::policy_set::SharedFiles;
use crate::state::{AppState, Parts};
use crate::web::Web;
use accepted_list::OnRecord;
use agents::AgentsError;
use data_key::DataKeyError;
use database::{Database, past_walls};
use policies::PoliciesError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use steward_agent::Runtime;
use steward_agent::live::Live;
use steward_agent::models::{ModelConfigError, Models};
use steward_agent::offers::Offers;
use steward_agent::rules::SharedRules;
use steward_core::limits::HEARTBEAT_MS;
use steward_core::{Clock, EnvelopeKey, HasKind, Ids, Kind, Mode, RunId};
use steward_host::mcp::McpError;
use steward_host::{DELEGATE, Host, HostError, HostOptions, PROPOSE_GRANT, PluginError, SCHEDULE};
use steward_office::kept::Keeper;
use steward_office::people::{Passwords, PeopleError};
use steward_office::{Office, OfficeError};
use steward_store::{Store, StoreError};
use tracing::{error, warn};

/// Passwords hashed side by side: each takes a core and tens of megabytes for a moment.
const HASHES_AT_ONCE: usize = 2;

/// Why the parts do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The sandbox does not start.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A plugin is refused.
    #[error("the plugin in `{dir}` is refused")]
    Plugin {
        /// Its directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: PluginError,
    },
    /// The client of the OpenID provider cannot be made.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The tools of MCP servers cannot be used.
    #[error(transparent)]
    Mcp(#[from] McpError),
    /// The list of accepted plugins cannot be used.
    #[error(transparent)]
    Plugins(PluginError),
    /// A shipped plugin is refused.
    #[error("a shipped plugin is refused")]
    Shipped(#[source] PluginError),
    /// The rules are wrong.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// An agent cannot be what it is configured to be.
    #[error(transparent)]
    Agents(#[from] AgentsError),
    /// The models cannot be used.
    #[error(transparent)]
    Models(#[from] ModelConfigError),
    /// The shipped files cannot be put into the data directory.
    #[error("`{path}` cannot be made")]
    Seed {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The folder of the web cannot be served.
    #[error("the web in `{dir}` cannot be served; `server.web_dir` names a folder that `scripts/web build` made, or is left out")]
    Web {
        /// Which.
        dir: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Passwords cannot be hashed on this machine.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Personal details cannot be sealed.
    #[error(transparent)]
    DataKey(#[from] DataKeyError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What organisations approved cannot be read.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl HasKind for AssembleError {
    fn kind(&self) -> Kind {
        match self {
            Self::Host(err) => err.kind(),
            Self::Plugin { source, .. } | Self::Shipped(source) | Self::Plugins(source) => source.kind(),
            Self::Mcp(err) => err.kind(),
            Self::Oidc(err) => err.kind(),
            Self::Policies(err) => err.kind(),
            Self::Agents(err) => err.kind(),
            Self::Models(err) => err.kind(),
            Self::Seed { .. } => Kind::Away,
            Self::Web { .. } => Kind::Invalid,
            Self::People(err) => err.kind(),
            Self::DataKey(err) => err.kind(),
            Self::Store(err) => err.kind(),
            Self::Office(err) => err.kind(),
        }
    }
}

/// What governs runs.
pub struct Governance {
    /// The tools.
    pub host: Host,
    /// The rules in force.
    pub rules: SharedRules,
    /// Prompt versions.
    pub prompts: Arc<steward_prompts::Registry>,
    /// The agents.
    pub agents: Arc<steward_agent::agents::Agents>,
}

/// Puts the shipped rules and prompts in place where they are missing. The caller holds the data directory.
pub fn seed_all(config: &Config) -> Result<(), AssembleError> {
    let failed = |path: &PathBuf| {
        let path = path.clone();
        move |source| AssembleError::Seed { path, source }
    };
    policies::seed(&config.policies_dir).map_err(failed(&config.policies_dir))?;
    seed::add_missing(&config.prompts_dir, steward_prompts::SHIPPED.iter().copied()).map_err(failed(&config.prompts_dir))?;
    Ok(())
}

/// Loads the plugins: the shipped ones, then those of the installation that stand on record. Compiled ones are kept in the data directory.
pub fn load_host(config: &Config, on_record: OnRecord) -> Result<Host, AssembleError> {
    let host = host_to_run(config)?;
    host.hold_to(on_record.into_entries());
    load_plugins(config, host)
}

/// The cache saves time and nothing depends on it, so one that cannot be used is said and does not keep a server from its work.
fn host_to_run(config: &Config) -> Result<Host, HostError> {
    let cache_dir = config.data_dir.join("cache/plugins");
    Host::new(HostOptions { cache_dir: Some(cache_dir.clone()), ..options(config) }).or_else(|err| match err {
        HostError::Cache { .. } | HostError::CacheKey { .. } => {
            let reason = crate::cli::chain(&err);
            error!(path = %cache_dir.display(), "compiled plugins are not kept, and each start compiles them: {reason}");
            Host::new(options(config))
        }
        HostError::Engine(_) | HostError::Ticker(_) => Err(err),
    })
}

/// The same for a look from outside, at all that is listed, since nothing is run: whoever may not write into the data directory, or has none yet,
/// compiles anew.
pub fn look_at_host(config: &Config) -> Result<Host, AssembleError> {
    load_plugins(config, host_to_look(config)?)
}

/// The same look at what a server would run: what stands on record.
pub fn look_at_host_on_record(config: &Config, on_record: OnRecord) -> Result<Host, AssembleError> {
    let host = host_to_look(config)?;
    host.hold_to(on_record.into_entries());
    load_plugins(config, host)
}

fn host_to_look(config: &Config) -> Result<Host, AssembleError> {
    Ok(Host::to_look(HostOptions { cache_dir: compiled_of(config), ..options(config) })?)
}

/// Where compiled plugins of the installation are kept, once there is one.
pub fn compiled_of(config: &Config) -> Option<PathBuf> {
    config.data_dir.is_dir().then(|| config.data_dir.join("cache/plugins"))
}

fn options(config: &Config) -> HostOptions {
    HostOptions { egress: config.plugin_egress.clone(), kv: config.plugin_kv, ..HostOptions::default() }
}

fn load_plugins(config: &Config, host: Host) -> Result<Host, AssembleError> {
    host.load_shipped().map_err(AssembleError::Shipped)?;
    let lock = plugin_lock(&mcp_lock(config));
    host.reserve(config.mcp.iter().map(|server| server.name.clone()));
    let (_, aside) = host.load_installed(&plugin_dirs(&config.plugins_dir), &lock, &config.plugin_trust);
    for one in aside {
        warn!(plugin.dir = %one.dir.display(), "a plugin is set aside: {}", one.reason);
    }
    for info in host.plugins() {
        let named = info.egress.iter().filter_map(|rule| rule.secret.as_ref()).flat_map(|secret| secret.names());
        for name in named.filter(|name| !config.plugin_egress.secrets.contains_key(&(info.name.clone(), (*name).to_owned()))) {
            warn!(
                plugin.name = info.name,
                "the secret `{name}` of plugin `{}` is not set for all; set it under [[plugins.secrets]], or owners set their organisation's own in the settings",
                info.name
            );
        }
    }
    host.load_mcp(&config.mcp, &mcp_lock(config))?;
    if config.agents.iter().any(|agent| agent.mode == Mode::Sealed) {
        // Last, so that nobody else's tool has its name.
        host.offer_extract().map_err(AssembleError::Shipped)?;
    }
    let names =
        |tool: &str, pattern: &String| pattern.strip_suffix('*').map_or_else(|| pattern == tool, |prefix| !prefix.is_empty() && tool.starts_with(prefix));
    let is_named = |tool: &str| config.agents.iter().any(|agent| agent.tools.iter().any(|pattern| names(tool, pattern)));
    if is_named(PROPOSE_GRANT) {
        host.offer_propose_grant().map_err(AssembleError::Shipped)?;
    }
    if is_named(SCHEDULE) {
        host.offer_schedule().map_err(AssembleError::Shipped)?;
    }
    if is_named(DELEGATE) {
        let agents: Vec<&str> = config.agents.iter().map(|agent| agent.name.as_str()).collect();
        host.offer_delegate(&agents).map_err(AssembleError::Shipped)?;
    }
    Ok(host)
}

/// The file that holds the accepted tools of MCP servers.
pub fn mcp_lock(config: &Config) -> PathBuf {
    config.data_dir.join("mcp.lock.json")
}

/// The file beside it that holds the accepted plugins of the installation.
pub fn plugin_lock(mcp_lock: &Path) -> PathBuf {
    mcp_lock.with_file_name("plugins.lock.json")
}

/// Directories of the installation's own plugins, sorted.
pub fn plugin_dirs(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut dirs: Vec<PathBuf> = entries.filter(|dir| dir.join("tool.toml").is_file()).collect();
    dirs.sort();
    dirs
}

/// Loads tools, rules, prompts and agents.
pub fn govern(config: &Config, on_record: OnRecord) -> Result<Governance, AssembleError> {
    let host = load_host(config, on_record)?;
    let rules = load_rules(config, &host)?;
    let prompts = agents::load_prompts(&config.prompts_dir)?;
    let agents = agents::resolve(&config.agents, &prompts)?;
    Ok(Governance { host, rules: SharedRules::new(rules), prompts: Arc::new(prompts), agents: Arc::new(agents) })
}

fn load_rules(config: &Config, host: &Host) -> Result<steward_policies::Rules, PoliciesError> {
    let tools = host.specs();
    policies::load(&config.policies_dir, &tools).map_err(|err| err.beside(&host.set_aside(), &tools))
}

/// The loop's parts, and the pool of the server's role beside them.
pub struct Assembled {
    /// The loop.
    pub runtime: Arc<Runtime>,
    /// The database as the server's role.
    pub app: Store,
    /// The installation's cases and safety properties.
    pub policy_files: SharedFiles,
}

/// Whether what governs can be loaded, before anything is started. A look, of which nothing is kept, and which says nothing that is said again.
pub fn check(config: &Config) -> Result<(), AssembleError> {
    tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || -> Result<(), AssembleError> {
        let host = look_at_host(config)?;
        load_rules(config, &host)?;
        agents::resolve(&config.agents, &agents::load_prompts(&config.prompts_dir)?)?;
        Ok(())
    })
}

/// What loads the parts that govern, of the plugins those that stand on record.
pub type Govern = fn(&Config, OnRecord) -> Result<Governance, AssembleError>;

/// The loop, over a pool of the worker's role. The list of plugins is held to the record before anything of it is loaded or any run is leased.
pub async fn loop_of(config: &Config, database: &Database, key: EnvelopeKey, govern: Govern) -> Result<Arc<Runtime>, AssembleError> {
    let ids = Ids::System;
    let store = database.worker().await?;
    let office =
        Office::new(Clock::System, ids.clone()).sealing(data_key::find(config)?).with_key(key.clone()).requiring_second_factor(config.requires_second_factor);
    let on_record = Box::pin(accepted_list::at_start(&store, &office, config)).await?;
    let parts = govern(config, on_record)?;
    let runtime = Runtime {
        store,
        office,
        models: Models::new(config.models.clone(), Clock::System)?,
        host: parts.host,
        rules: parts.rules,
        prompts: parts.prompts,
        agents: parts.agents,
        offers: Offers::default(),
        key,
        approvals: Arc::new(config.approvals.clone()),
        live: Live::default(),
        // Leases name their holder: the process, and something that a later process with the same number does not have.
        worker: format!("{}-{}", std::process::id(), ids.make::<RunId>()),
        heartbeat_ms: HEARTBEAT_MS,
    };
    // Before anything is decided: an organisation's own rules are never overtaken by the installation's.
    Box::pin(adopt::adopt_first(&runtime.store, &runtime.office, &runtime.host.specs(), &runtime.rules)).await?;
    Box::pin(rules_on_record::at_start(&runtime.store, &runtime.office, &runtime.rules)).await?;
    Ok(Arc::new(runtime))
}

/// The pages for people: those in the program, or those of a configured folder.
pub fn web(config: &Config) -> Result<Web, AssembleError> {
    let Some(dir) = &config.server.web_dir else { return Ok(Web::built_in()) };
    let failed = |source| AssembleError::Web { dir: dir.clone(), source };
    let web = Web::read(dir).map_err(failed)?;
    if web.is_built() { Ok(web) } else { Err(failed(std::io::Error::other("it has no `index.html` and `404.html`"))) }
}

/// Connects everything.
pub async fn assemble(config: &Config, database: &Database, key: EnvelopeKey, govern: Govern) -> Result<Assembled, AssembleError> {
    let app = database.app().await?;
    let runtime = loop_of(config, database, key, govern).await?;
    if let Some(message) = past_walls(&[&app, &runtime.store]).await? {
        warn!("the database {message}");
    }
    let policy_files = SharedFiles::new(policies::files(&config.policies_dir)?);
    Ok(Assembled { runtime, app, policy_files })
}

/// By which ways people can be told. A process without a push key says that there are no messages to browsers.
fn ways(config: &Config) -> Ways {
    let key = push_key::find(config).inspect_err(|err| warn!("messages to browsers are off in this process: {}", crate::cli::chain(err)));
    Ways { mail: config.notices.mail.is_some(), push_key: key.ok().map(|key| key.public().to_owned()) }
}

impl Assembled {
    /// What requests work with.
    pub fn state(&self, config: &Config) -> Result<AppState, AssembleError> {
        Ok(AppState::new(Parts {
            store: self.app.clone(),
            keeper: Keeper::new(self.runtime.store.clone()),
            office: self.runtime.office.clone(),
            passwords: Passwords::new(HASHES_AT_ONCE)?,
            site: config.server.site.clone(),
            host: self.runtime.host.clone(),
            mcp: config.mcp.clone().into(),
            mcp_lock: mcp_lock(config),
            rules: self.runtime.rules.clone(),
            policy_files: self.policy_files.clone(),
            prompts: self.runtime.prompts.clone(),
            agents: self.runtime.agents.clone(),
            models: self.runtime.models.listed(),
            oidc: config.oidc.clone().map(|oidc| Oidc::new(oidc, Clock::System)).transpose()?,
            clients: ClientDocuments::new(config.oauth.clone(), Clock::System),
            approvals: self.runtime.approvals.clone(),
            notices: ways(config),
            live: self.runtime.live.clone(),
            meters: Arc::new(Meters::default()),
            audit: audit_key::sequencer(config).ok().map(Arc::new),
            web: Arc::new(web(config)?),
        }))
    }
}
