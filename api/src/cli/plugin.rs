//! `steward plugin`: which tools there are, what one may do, which are accepted; and the kit for whoever makes them.

mod build;
mod dev;
mod forget;
mod inspect;
mod list;
mod new;
mod pack;
mod print;
mod registry;
mod test;

use super::Setting;
use super::error::{CliError, chain};
use super::progress::{govern_at, ready};
use super::terminal::{Terminal, Who, with};
use crate::config::Config;
use crate::tool_sets::{PLUGIN, accepted_plugin, check_operators, digest_of, on_record, propose, propose_plugin};
use crate::tools_proved::{Governing, what_breaks, with_those};
use crate::wiring::adopt::approved_set;
use crate::wiring::database::is_made;
use crate::wiring::keys::from_hex;
use crate::wiring::{AssembleError, compiled_of, logging, mcp_lock, plugin_dirs, plugin_lock, policies};
use clap::{Args, Subcommand};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use steward_core::{Permission, ToolSpec};
use steward_host::installed::{self, AcceptedPlugin, Candidate};
use steward_host::mcp;
use steward_host::{Host, HostOptions, PluginError, SIGNATURE_FILE, SigningKey};
use steward_kit::KitError;
use steward_office::audit::{self, Entry};
use steward_office::changes::{self, ChangeKind};
use steward_store::Tx;

/// See the plugins and their tools; make, test and pack your own
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin new weather --lang rust")]
pub(super) struct Plugin {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    New(new::New),
    Build(build::Build),
    Test(test::Test),
    Dev(dev::Dev),
    Pack(pack::Pack),
    Push(registry::Push),
    Pull(registry::Pull),
    List(list::List),
    Inspect(inspect::Inspect),
    /// Sign a plugin: whoever trusts the key takes it as it is now
    #[command(after_help = "Example:\n  steward plugin sign ./my-plugin --key ~/plugins.key")]
    Sign {
        /// The plugin's directory
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The file of the secret key; it is made when there is none
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Put a plugin among those of this installation; it is run once it is accepted
    #[command(after_help = "Example:\n  steward plugin install ./my-plugin\n  steward plugin install my-plugin-0.1.0.tar")]
    Install {
        /// The plugin's directory, or its archive
        #[arg(value_name = "DIR|FILE")]
        from: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Accept a plugin as it is, or the tools an MCP server offers now; or see how they differ from the accepted ones
    ///
    /// Another owner decides, with `steward changes`; who is the only owner accepts alone, on record. The first tools of an MCP server are
    /// accepted at once.
    #[command(
        after_help = "Example:\n  steward plugin accept weather --reason \"Forecasts for the sales team\"\n  steward plugin accept files --look\n  steward plugin accept files --reason \"Searches by date now\"\n  steward plugin accept files read_file"
    )]
    Accept(Wanted),
    Forget(forget::Forget),
}

#[derive(Debug, Args)]
struct Wanted {
    /// The plugin, or the MCP server as it is called in the configuration
    #[arg(value_name = "NAME")]
    server: String,
    /// Only these tools of a server
    tools: Vec<String>,
    /// Only say what differs; accept nothing
    #[arg(long)]
    look: bool,
    /// Print JSON: what was accepted, what would be, and what differs
    #[arg(long, requires = "look")]
    json: bool,
    /// Why: whoever decides reads that first
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    who: Who,
}

impl Setting {
    /// Where compiled plugins of this person's own are kept: a large one takes many seconds to compile.
    fn compiled(&self) -> Option<PathBuf> {
        self.environment.cache_dir().map(|dir| dir.join("plugins"))
    }

    /// A sandbox without any plugin, to look at one in.
    fn sandbox(&self) -> Result<Host, CliError> {
        sandbox_with(self.compiled())
    }

    /// The same for a plugin of the installation: what is compiled to be looked at is there when it is run. What this person compiled when they
    /// built it is compiled once more: of machine code the installation takes none but its own.
    fn sandbox_of(&self, config: &Config) -> Result<Host, CliError> {
        sandbox_with(compiled_of(config).or_else(|| self.compiled()))
    }
}

fn sandbox_with(cache_dir: Option<PathBuf>) -> Result<Host, CliError> {
    Ok(Host::to_look(HostOptions { cache_dir, ..HostOptions::default() }).map_err(AssembleError::from)?)
}

impl Plugin {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        match self.verb {
            Verb::List(verb) => Box::pin(verb.run(setting)).await?,
            Verb::Sign { dir, key, json } => sign(setting, &dir, &key, json)?,
            Verb::Install { from, json } => install(setting, &from, json)?,
            Verb::New(verb) => verb.run(setting)?,
            Verb::Build(verb) => verb.run(setting)?,
            Verb::Test(verb) => return verb.run(setting).await,
            Verb::Pack(verb) => verb.run(setting)?,
            Verb::Push(verb) => verb.run(setting).await?,
            Verb::Pull(verb) => verb.run(setting).await?,
            Verb::Inspect(verb) => verb.run(setting)?,
            Verb::Dev(verb) => return verb.run(setting).await,
            Verb::Accept(wanted) => Box::pin(accept(setting, wanted)).await?,
            Verb::Forget(verb) => Box::pin(verb.run(setting)).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Accepts, proposes or only shows what a server offers now.
async fn accept(setting: &Setting, wanted: Wanted) -> Result<(), CliError> {
    let Wanted { server, tools, look, json, reason, who } = wanted;
    let (config, output) = (setting.config()?, &setting.output);
    let Some(server) = config.mcp.iter().find(|one| one.name == server) else {
        return Box::pin(accept_plugin(setting, config, &server, (look, json, tools.is_empty()), reason.as_deref(), &who)).await;
    };
    let lock = mcp_lock(&config);
    let offered = mcp::offered(server).await.map_err(AssembleError::from)?;
    let before = mcp::accepted(&lock, &server.name).map_err(AssembleError::from)?;
    if look {
        let changes = mcp::review(&lock, &server.name, &offered).map_err(AssembleError::from)?;
        if json {
            return Ok(output.json(&print::server_json(&server.name, &changes, (&before.tools, &offered)))?);
        }
        print::server(output, &changes, (&before.tools, &offered))?;
        return Ok(setting.output.line("nothing was accepted; leave out `--look` to accept")?);
    }
    // The first tools of a server are taken on the word of whoever writes the configuration: they put it there a moment ago.
    if before.tools.is_empty() || !is_made(&config)? {
        let changes = mcp::accept(&lock, server, &offered, &tools).map_err(AssembleError::from)?;
        print::server(output, &changes, (&before.tools, &offered))?;
        return Ok(setting.output.line(format!("accepted, as the first tools of `{}`; in force within two seconds", server.name))?);
    }
    logging::start(&setting.environment, "warn");
    let server = server.clone();
    let said = with(config, &who, "steward plugin accept", async |terminal| {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        check_operators(&terminal.store, &tx).await?;
        if changes::somebody_else_decides(&mut tx).await? {
            let Some(reason) = &reason else {
                return Err(CliError::said("say why with `--reason`: somebody else decides on it and reads that first"));
            };
            let row = propose(&terminal.store, &mut tx, &terminal.office, (&server, &lock), (&offered, &tools), reason).await?;
            tx.commit().await?;
            let id = row.governance_change_id;
            return Ok((Vec::new(), format!("{id} waits: another owner accepts it, see `steward changes show {id}`; until then nothing of it can be called")));
        }
        // Nobody else could approve: who is alone accepts, at the machine, and it is on record.
        if !terminal.actor.may(Permission::ChangesDecide) {
            return Err(CliError::said("accepting tools is for owners; say who you are with `--as EMAIL`"));
        }
        let after = mcp::chosen(&lock, &server, &offered, &tools).map_err(AssembleError::from)?;
        check_kept(terminal, &mut tx, &server.name, mcp::specs(&server, &after)).await?;
        let newest = changes::newest_version(&mut tx, ChangeKind::Tool, &server.name).await?;
        let digest = mcp::Accepted { tools: after, version: newest }.digest();
        let detail = json!({ "server": server.name, "digest": digest, "before": before.digest(), "alone": true });
        let entry = Entry { action: "tool.accept", object: server.name.clone(), outcome: "done", detail, request_id: None };
        audit::record(&mut tx, &terminal.office, entry).await?;
        tx.commit().await?;
        let changes = mcp::accept_over(&lock, &server, &offered, &tools, newest).map_err(AssembleError::from)?;
        Ok((changes, "accepted, since nobody else here could; in force within two seconds".to_owned()))
    });
    let (changes, end) = said.await?;
    print::server(output, &changes, (&before.tools, &offered))?;
    Ok(setting.output.line(end)?)
}

/// Accepts, proposes or only shows the plugin of this name among the installation's own.
async fn accept_plugin(
    setting: &Setting,
    config: Config,
    name: &str,
    (look, json, is_whole): (bool, bool, bool),
    reason: Option<&str>,
    who: &Who,
) -> Result<(), CliError> {
    let lock = mcp_lock(&config);
    let host = setting.sandbox_of(&config)?;
    host.reserve(config.mcp.iter().map(|server| server.name.clone()));
    let found = ready(|| find_plugin(&host, &config, name))?;
    if !is_whole {
        return Err(CliError::said("a plugin is accepted whole; leave the names of tools out"));
    }
    let before = accepted_plugin(&lock, name)?;
    let (is_listed, nothing_to_do) = (digest_of(before.as_ref()) == found.digest(), format!("`{name}` is accepted as it is; there is nothing to do"));
    let accepted = |version: i32| AcceptedPlugin { plugin: found.clone(), version };
    let plugins = plugin_lock(&lock);
    // Without a record the list is all there is.
    if look || !is_made(&config)? {
        if json {
            return Ok(setting.output.json(&print::plugin_json(before.as_ref().map(|before| &before.plugin), &found))?);
        }
        if is_listed {
            return Ok(setting.output.line(nothing_to_do)?);
        }
        print::plugin(&setting.output, before.as_ref().map(|before| &before.plugin), &found)?;
        if look {
            return Ok(setting.output.line("nothing was accepted; leave out `--look` to accept")?);
        }
        // Before the first start there is nobody else, and no record to write to.
        installed::put(&plugins, accepted(0)).map_err(AssembleError::Plugins)?;
        return Ok(setting.output.line("accepted; in force with the first `steward up`")?);
    }
    logging::start(&setting.environment, "warn");
    let end = with(config, who, "steward plugin accept", async |terminal| {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        check_operators(&terminal.store, &tx).await?;
        // What only stands in the list was accepted by nobody: it is no measure of what is new.
        let before = on_record(&terminal.store, &tx, &terminal.office, before).await?;
        if is_listed && before.is_some() {
            return Ok(nothing_to_do);
        }
        print::plugin(&setting.output, before.as_ref().map(|before| &before.plugin), &found)?;
        if changes::somebody_else_decides(&mut tx).await? {
            let Some(reason) = reason else {
                return Err(CliError::said("say why with `--reason`: somebody else decides on it and reads that first"));
            };
            let row = propose_plugin(&terminal.store, &mut tx, &terminal.office, &lock, found.clone(), reason).await?;
            tx.commit().await?;
            let id = row.governance_change_id;
            return Ok(format!("{id} waits: another owner accepts it, see `steward changes show {id}`; until then nothing of it is run"));
        }
        // Nobody else could approve: who is alone accepts, at the machine, and it is on record.
        if !terminal.actor.may(Permission::ChangesDecide) {
            return Err(CliError::said("accepting plugins is for owners; say who you are with `--as EMAIL`"));
        }
        let specs = found.specs().ok_or_else(|| CliError::said("what it says of its tools cannot be read"))?;
        check_kept(terminal, &mut tx, name, specs).await?;
        // What was approved for it before is not to come back in the place of this.
        let newest = changes::newest_version(&mut tx, ChangeKind::Tool, &format!("{PLUGIN}{name}")).await?;
        let detail = json!({ "plugin": name, "digest": found.digest(), "before": digest_of(before.as_ref()), "version": newest, "alone": true });
        let entry = Entry { action: "tool.accept", object: name.to_owned(), outcome: "done", detail, request_id: None };
        audit::record(&mut tx, &terminal.office, entry).await?;
        tx.commit().await?;
        installed::put(&plugins, accepted(newest)).map_err(AssembleError::Plugins)?;
        Ok("accepted, since nobody else here could; in force within two seconds".to_owned())
    });
    Ok(setting.output.line(end.await?)?)
}

/// Refuses tools with which the rules would not keep the safety properties that they keep now: whoever is alone has the machine say what another
/// owner would be told.
async fn check_kept(terminal: &Terminal, tx: &mut Tx, name: &str, own: Vec<ToolSpec>) -> Result<(), CliError> {
    // Rules that do not load as things are keep nothing, and may wait for these very tools.
    let Ok(parts) = govern_at(terminal).await else { return Ok(()) };
    let files = policies::files(&terminal.config.policies_dir).map_err(AssembleError::from)?;
    let governing = Governing::of(&parts.rules.base(), approved_set(tx, &terminal.office).await?.as_ref(), &files);
    let now = parts.host.specs();
    let then = with_those(&now, name, own);
    match what_breaks(&governing, &now, &then) {
        Some(why) => {
            Err(CliError::said(format!("with these tools the rules do not keep what they keep now, so they are not accepted: {why}; change the rules first")))
        }
        None => Ok(()),
    }
}

/// The plugin of this name among the folders of the installation, verified and checked whole.
fn find_plugin(host: &Host, config: &Config, name: &str) -> Result<Candidate, CliError> {
    let dirs = plugin_dirs(&config.plugins_dir);
    // By the folder first: what is broken is not asked for its name.
    let (mut first, rest): (Vec<_>, Vec<_>) = dirs.into_iter().partition(|dir| dir.file_name().is_some_and(|folder| folder == name));
    first.extend(rest);
    let mut broken = None;
    for dir in first {
        match host.examine(&dir, &config.plugin_trust) {
            Ok(found) if found.name == name => return Ok(found),
            Ok(_) => {}
            Err(source) if dir.file_name().is_some_and(|folder| folder == name) => broken = Some(AssembleError::Plugin { dir, source }),
            Err(_) => {}
        }
    }
    match broken {
        Some(err) => Err(err.into()),
        None => Err(CliError::said(format!(
            "there is no MCP server `{name}` in the configuration and no plugin of that name in `{}`; add the one under [[mcp]], or install the other with `steward plugin install DIR`{}",
            config.plugins_dir.display(),
            config.unread()
        ))),
    }
}

/// Signs the plugin of a folder, with a key that is made where there is none.
fn sign(setting: &Setting, dir: &Path, key: &Path, as_json: bool) -> Result<(), CliError> {
    let output = &setting.output;
    let mut is_new = false;
    let failed = |path: &Path, source: std::io::Error| CliError::said(format!("`{}` cannot be used: {source}", path.display()));
    let secret = match std::fs::read_to_string(key) {
        Ok(text) => from_hex(text.trim()).ok_or_else(|| CliError::said(format!("`{}` must hold 64 hexadecimal digits, and does not", key.display())))?,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            let secret = rand::random::<[u8; 32]>();
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(key).map_err(|err| failed(key, err))?;
            writeln!(file, "{}", secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).map_err(|err| failed(key, err))?;
            is_new = true;
            if !as_json {
                output.line(format!("made a key in `{}`; keep it secret, and keep it", key.display()))?;
            }
            secret
        }
        Err(err) => return Err(failed(key, err)),
    };
    let key = SigningKey::from_secret(&secret).map_err(|err| CliError::said(err.to_string()))?;
    // A plugin that could not be loaded is not signed.
    let host = setting.sandbox()?;
    let found = host.examine_unsigned(dir).map_err(|source| AssembleError::Plugin { dir: dir.to_owned(), source })?;
    let file = dir.join(SIGNATURE_FILE);
    std::fs::write(&file, key.sign(&found.facts.digest)).map_err(|err| failed(&file, err))?;
    if as_json {
        let said = json!({
            "plugin": found.name,
            "version": found.facts.version,
            "digest": found.facts.digest,
            "public_key": key.public().to_string(),
            "is_new_key": is_new,
            "signature": file.display().to_string(),
        });
        return Ok(output.json(&said)?);
    }
    output.line(format!("signed `{}` {} ({})", found.name, found.facts.version, found.facts.digest.short()))?;
    output.line("An installation takes it when its configuration says:")?;
    Ok(output.line(format!("  [plugins]\n  trusted_keys = [\"{}\"]", key.public()))?)
}

/// Puts a plugin of a folder or an archive among those of the installation. It is not run by that.
fn install(setting: &Setting, from: &Path, as_json: bool) -> Result<(), CliError> {
    let config = setting.config()?;
    let unpacked = if from.is_file() { Some(steward_kit::archive::unpack_file(from)?) } else { None };
    let dir = unpacked.as_ref().map_or(from, |unpacked| unpacked.dir());
    let host = setting.sandbox()?;
    host.reserve(config.mcp.iter().map(|server| server.name.clone()));
    let found = ready(|| host.examine(dir, &config.plugin_trust)).map_err(|source| refused(&config, from, source))?;
    let to = config.plugins_dir.join(&found.name);
    steward_host::installed::copy(dir, &to).map_err(|source| AssembleError::Plugin { dir: to.clone(), source })?;
    // The list is no record of what was accepted, and one that cannot be read says nothing of this plugin.
    let listed = accepted_plugin(&mcp_lock(&config), &found.name).ok().flatten();
    let is_listed = digest_of(listed.as_ref()) == found.digest();
    let output = &setting.output;
    if as_json {
        let said = json!({
            "plugin": found.name,
            "version": found.facts.version,
            "digest": found.facts.digest,
            "installed_in": to.display().to_string(),
            "is_listed": is_listed,
        });
        return Ok(output.json(&said)?);
    }
    output.line(format!("`{}` {} lies in `{}`", found.name, found.facts.version, to.display()))?;
    if is_listed {
        return Ok(output.line("It stands in the list of accepted plugins as it is; `steward plugin list` says whether it runs")?);
    }
    Ok(output.line(format!("Nothing of it is run until it is accepted: steward plugin accept {} --reason \"…\"", found.name))?)
}

/// Why a plugin is not installed. Whoever has a configuration and stands elsewhere reads that it was not asked.
fn refused(config: &Config, from: &Path, source: PluginError) -> CliError {
    let is_of_configuration = matches!(source, PluginError::Signature { .. });
    // What came as an archive is not there to be built.
    let err = if from.is_file() { KitError::Plugin { dir: from.to_owned(), source } } else { KitError::as_found(from, source) };
    if is_of_configuration { CliError::said(format!("{}{}", chain(&err), config.unread())) } else { err.into() }
}
