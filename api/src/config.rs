//! The configuration: `steward.toml`, the environment over it, the command line over both. The only reader of the environment.
//!
//! Every value is checked here, once, with a message that says where it stands and what to write instead. Secrets are never shown.

mod agents;
mod approvals;
mod data_dir;
mod environment;
mod error;
mod mcp;
mod models;
mod network;
mod notices;
mod oauth;
mod oidc;
mod plugins;
mod reader;
mod source;

pub use agents::{AgentConfig, DEFAULT_AGENT};
pub use environment::Environment;
pub use error::ConfigError;
pub use notices::NoticesConfig;
pub(crate) use plugins::{check_own_secret, secret_of};
pub use reader::Setting;
pub use source::{Origin, Overrides};

use crate::oidc::OidcSettings;
use crate::site::Site;
use reader::Reader;
use secrecy::SecretString;
use source::Sources;
use std::net::SocketAddr;
use std::path::PathBuf;
use steward_agent::models::ModelsConfig;
use steward_host::mcp::McpServer;
use steward_host::{EgressOptions, KvQuota, Trust};
use steward_office::holds::routing::ApprovalRules;
use steward_store::engines::cluster::ClusterOptions;

/// The variable that holds the envelope key, as 64 hexadecimal digits.
pub const ENVELOPE_KEY_VARIABLE: &str = "STEWARD_ENVELOPE_KEY";
/// Where the server listens unless configured.
const LISTEN: &str = "127.0.0.1:7700";

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How people reach it.
    pub site: Site,
    /// A folder whose pages are served instead of those in the program.
    pub web_dir: Option<PathBuf>,
}

/// PostgreSQL.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// The server and the command line sign in so; none for the private PostgreSQL.
    pub url: Option<SecretString>,
    /// The worker signs in so; none for the same as `url`.
    pub worker_url: Option<SecretString>,
    /// Migrations sign in so; none for the same as `url`.
    pub migrate_url: Option<SecretString>,
    /// Where the private PostgreSQL's programs are.
    pub bin_dir: Option<PathBuf>,
    /// Most connections of one pool.
    pub connections_max: u32,
}

/// Everything that can be configured, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Whose link the first start prints, and whom the terminal acts for.
    pub owner_email: String,
    /// The organisation made at the first start.
    pub organisation: String,
    /// The HTTP server.
    pub server: ServerConfig,
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// Whether everybody has to have a second factor.
    pub requires_second_factor: bool,
    /// Where checkpoints of the audit log are kept a second time.
    pub audit_copies_dir: Option<PathBuf>,
    /// The OpenID provider at which people may sign in.
    pub oidc: Option<OidcSettings>,
    /// Which addresses of this network documents of clients may be read from.
    pub oauth: EgressOptions,
    /// How people are told that something waits.
    pub notices: NoticesConfig,
    /// The models.
    pub models: ModelsConfig,
    /// MCP servers whose tools are used.
    pub mcp: Vec<McpServer>,
    /// The agents, by name.
    pub agents: Vec<AgentConfig>,
    /// What approvals take and who is asked.
    pub approvals: ApprovalRules,
    /// Where the rules are.
    pub policies_dir: PathBuf,
    /// Where the prompts are.
    pub prompts_dir: PathBuf,
    /// Where plugins beyond the shipped ones are, one directory each.
    pub plugins_dir: PathBuf,
    /// Whose signatures of plugins count, and whether they need one.
    pub plugin_trust: Trust,
    /// Which addresses of this network plugins may reach, and which secrets are sent for them.
    pub plugin_egress: EgressOptions,
    /// What each plugin keeps in a workspace at most.
    pub plugin_kv: KvQuota,
    /// The envelope key of the environment, if it has one.
    pub envelope_key: Option<SecretString>,
    /// All effective values with their origins.
    pub settings: Vec<Setting>,
    /// What else the environment says.
    pub environment: Environment,
}

impl Config {
    /// What to add to a refusal that a configuration might not make: that none was read. Nothing where one was.
    pub(crate) fn unread(&self) -> &'static str {
        if self.file.is_some() { "" } else { " (no `steward.toml` was read, for none lies here: what counts is the defaults, the environment and the flags)" }
    }

    /// The key of the configuration that names the variable of a model's key, where that variable holds none. Not what it names: many a one pastes
    /// the key itself there.
    pub(crate) fn without_key(&self, model: &str) -> Option<String> {
        let found = self.models.models.get(model)?;
        (found.api_key.is_none() && found.api_key_env.is_some()).then(|| format!("models.{model}.api_key_env"))
    }

    /// Reads and checks everything. Reports all that is wrong at once.
    pub fn load(environment: &Environment, overrides: &Overrides) -> Result<Self, ConfigError> {
        let sources = Sources::gather(environment, overrides)?;
        let file = sources.file.clone();
        let mut reader = Reader::new(sources, environment.working_dir());
        let r = &mut reader;
        let data_dir = r.path("data_dir", &data_dir::default_in(environment.working_dir()));
        let advice = "write an e-mail address";
        let owner_email = r.parsed("owner_email", "owner@localhost", advice, |text| {
            let (name, domain) = text.rsplit_once('@')?;
            (!name.is_empty() && !domain.is_empty() && text.len() <= 320 && !text.contains(char::is_whitespace)).then(|| text.to_lowercase())
        });
        let organisation = r.parsed("organisation", "My organisation", "write a name of at most 200 letters", |text| {
            (1..=200).contains(&text.trim().chars().count()).then(|| text.trim().to_owned())
        });
        let server = server(r);
        let database = database(r);
        let requires_second_factor = r.flag("auth.require_second_factor", false);
        let audit_copies_dir = r.path_or_none("audit.copies_dir");
        if audit_copies_dir.as_ref().is_some_and(|dir| dir.starts_with(&data_dir)) {
            r.refuse(
                "audit.copies_dir",
                "write a folder outside the data directory, on another disk or machine if you can: a copy beside the log is lost with it",
            );
        }
        let oidc = oidc::read(r, environment);
        let oauth = oauth::read(r);
        let public_url = server.as_ref().map(|server| server.site.public_url().to_owned()).unwrap_or_default();
        let notices = notices::read(r, environment, &public_url, owner_email.as_deref().unwrap_or_default());
        r.not_yet("vectors.url", "contacts are found by their words");
        r.not_yet("files.url", "files lie in the data directory");
        r.not_yet("cache.url", "the cache is in the process");
        r.not_yet("bus.kafka", "nothing is sent to a bus");
        let mcp = mcp::read(r, environment);
        let models = models::read(r, environment);
        let agents = agents::read(r, &models);
        let approvals = approvals::read(r);
        let under_data = |r: &mut Reader, key: &str, name: &str| r.path_or_none(key).unwrap_or_else(|| data_dir.join(name));
        let (policies_dir, prompts_dir, plugins_dir) =
            (under_data(r, "policies.dir", "policies"), under_data(r, "prompts.dir", "prompts"), under_data(r, "plugins.dir", "plugins"));
        let plugin_trust = plugins::read(r);
        let plugin_egress = plugins::egress(r, environment);
        let plugin_kv = plugins::kv(r);
        let settings = reader.finish()?;
        let wrong = || ConfigError::Wrong(vec!["a value is missing".to_owned()]);
        Ok(Self {
            file,
            data_dir,
            owner_email: owner_email.ok_or_else(wrong)?,
            organisation: organisation.ok_or_else(wrong)?,
            server: server.ok_or_else(wrong)?,
            database,
            requires_second_factor,
            audit_copies_dir,
            oidc,
            oauth,
            notices,
            models,
            mcp,
            agents,
            approvals,
            policies_dir,
            prompts_dir,
            plugins_dir,
            plugin_trust,
            plugin_egress,
            plugin_kv,
            envelope_key: environment.text(ENVELOPE_KEY_VARIABLE).map(SecretString::from),
            settings,
            environment: environment.clone(),
        })
    }

    /// How the private PostgreSQL is found and run.
    pub fn cluster(&self) -> ClusterOptions {
        ClusterOptions {
            bin_dir: self.database.bin_dir.clone(),
            pg_config: self.environment.raw("PG_CONFIG").map(PathBuf::from),
            path: self.environment.raw("PATH").map(ToOwned::to_owned),
            runtime_dirs: self.environment.runtime_dirs(),
            ..ClusterOptions::new(&self.data_dir)
        }
    }
}

fn server(r: &mut Reader) -> Option<ServerConfig> {
    let advice = "write an address and a port, for example `127.0.0.1:7700`, or `0.0.0.0:7700` for all networks";
    let listen = r.parsed("server.listen", LISTEN, advice, |text| text.replacen("localhost:", "127.0.0.1:", 1).parse::<SocketAddr>().ok());
    // Who listens on all networks is at least reached on the machine itself.
    let default =
        listen.map_or_else(
            String::new,
            |listen| if listen.ip().is_unspecified() { format!("http://127.0.0.1:{}", listen.port()) } else { format!("http://{listen}") },
        );
    let is_behind_proxy = r.flag("server.behind_proxy", false);
    let advice = "write how people reach it, for example `https://steward.example.com`; plain `http://` is taken for this machine's own addresses only";
    let site = r.parsed("server.public_url", &default, advice, |text| Site::new(text, is_behind_proxy).ok());
    let web_dir = r.path_or_none("server.web_dir");
    Some(ServerConfig { listen: listen?, site: site?, web_dir })
}

fn database(r: &mut Reader) -> DatabaseConfig {
    let mut url = |key: &str| {
        let value = r.secret(key, mask_url);
        if !value.is_empty() && !value.starts_with("postgres://") && !value.starts_with("postgresql://") {
            r.refuse(key, "write `postgres://user:password@host/database`, or leave it empty for the private PostgreSQL");
        }
        Some(value).filter(|value| !value.is_empty()).map(SecretString::from)
    };
    let (first, worker_url, migrate_url) = (url("database.url"), url("database.worker_url"), url("database.migrate_url"));
    if first.is_none() && (worker_url.is_some() || migrate_url.is_some()) {
        r.refuse("database.url", "set it too: `worker_url` and `migrate_url` are other users of the same database");
    }
    DatabaseConfig {
        url: first,
        worker_url,
        migrate_url,
        bin_dir: r.path_or_none("database.bin_dir"),
        connections_max: u32::try_from(r.number("database.connections_max", 16, 2..=1_000)).unwrap_or(16),
    }
}

/// An `http` or `https` address without query, fragment or user, and without a slash at its end.
fn web_address(text: &str) -> Option<String> {
    let uri: http::Uri = text.parse().ok()?;
    let plain = uri.query().is_none() && !text.contains('#') && uri.authority().is_some_and(|host| !host.as_str().contains('@'));
    (plain && matches!(uri.scheme_str(), Some("http" | "https"))).then(|| text.trim_end_matches('/').to_owned())
}

/// A URL as it may be shown: the password is left out, wherever it stands.
pub(crate) fn mask_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(host_end);
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split_once(':').map_or_else(|| user.to_owned(), |(name, _)| format!("{name}:…"))),
        None => authority.to_owned(),
    };
    let query = query.map_or_else(String::new, |query| {
        let parts = query.split('&').map(|part| if part.to_lowercase().starts_with("password=") { "password=…" } else { part });
        format!("?{}", parts.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{authority}{path}{query}")
}

#[cfg(test)]
mod tests;
