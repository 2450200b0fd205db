//! `steward plugin`: which tools there are, what one may do, and which tools of an MCP server are accepted.

use super::Setting;
use super::error::CliError;
use super::output::{Tone, one_line};
use super::terminal::{Who, with};
use crate::tool_sets::{check_operators, propose};
use crate::wiring::database::is_made;
use crate::wiring::{AssembleError, logging, look_at_host, mcp_lock};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use steward_core::{Permission, ToolSpec};
use steward_host::mcp;
use steward_host::{Host, HostOptions};
use steward_office::audit::{self, Entry};
use steward_office::changes;

/// Letters of a description in a list.
const DESCRIPTION_LETTERS: usize = 70;

/// See the plugins and their tools
#[derive(Debug, Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the tools of every plugin with their effects
    #[command(after_help = "Example:\n  steward plugin list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one plugin whole: its digest, and of each tool effect, roles, labels and schemas
    #[command(after_help = "Example:\n  steward plugin inspect crm\n  steward plugin inspect ./my-plugin")]
    Inspect {
        /// A plugin's name, or the directory of one that is not installed
        #[arg(value_name = "NAME|DIR")]
        plugin: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Accept the tools an MCP server offers now, or see how they differ from the accepted ones
    ///
    /// The first tools of a server are accepted at once. After that another owner decides, with `steward changes`; who is the only owner
    /// accepts alone, on record.
    #[command(
        after_help = "Example:\n  steward plugin accept files --look\n  steward plugin accept files --reason \"Searches by date now\"\n  steward plugin accept files read_file"
    )]
    Accept(Wanted),
}

#[derive(Debug, Args)]
struct Wanted {
    /// The server, as it is called in the configuration
    server: String,
    /// Only these tools
    tools: Vec<String>,
    /// Only say what differs; accept nothing
    #[arg(long)]
    look: bool,
    /// Why: whoever decides reads that first
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    who: Who,
}

impl Plugin {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        match self.verb {
            Verb::List { json } => list(setting, &look_at_host(&setting.config()?)?.specs(), json)?,
            Verb::Inspect { plugin, json } => inspect(setting, &plugin, json)?,
            Verb::Accept(wanted) => accept(setting, wanted).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(setting: &Setting, specs: &[ToolSpec], as_json: bool) -> Result<(), CliError> {
    if as_json {
        let all: Vec<_> = specs
            .iter()
            .map(|spec| {
                json!({ "tool": spec.name, "plugin": spec.plugin, "effect": spec.effect, "reversible": spec.reversible, "description": spec.description, "digest": spec.plugin_digest })
            })
            .collect();
        return Ok(setting.output.json(&all)?);
    }
    let row = |spec: &ToolSpec| vec![spec.name.clone(), spec.effect.to_string(), spec.plugin.clone(), one_line(&spec.description, DESCRIPTION_LETTERS)];
    Ok(setting.output.table(&["TOOL", "EFFECT", "PLUGIN", "DESCRIPTION"], &specs.iter().map(row).collect::<Vec<_>>())?)
}

fn inspect(setting: &Setting, plugin: &str, as_json: bool) -> Result<(), CliError> {
    let dir = Path::new(plugin);
    let specs: Vec<ToolSpec> = if dir.join("tool.toml").is_file() {
        let host = Host::new(HostOptions::default()).map_err(AssembleError::from)?;
        host.load_dir(dir).map_err(|source| AssembleError::Plugin { dir: PathBuf::from(dir), source })?;
        host.specs()
    } else {
        let all = look_at_host(&setting.config()?)?.specs();
        let mut names: Vec<String> = all.iter().map(|spec| spec.plugin.clone()).collect();
        names.dedup();
        let found: Vec<ToolSpec> = all.into_iter().filter(|spec| spec.plugin == plugin || spec.plugin.split('@').next() == Some(plugin)).collect();
        if found.is_empty() {
            return Err(CliError::said(format!(
                "there is no plugin `{plugin}`, and no directory with a `tool.toml` of that name; installed are {}",
                names.join(", ")
            )));
        }
        found
    };
    if as_json {
        return Ok(setting.output.json(&specs)?);
    }
    let output = &setting.output;
    if let Some(first) = specs.first() {
        output.line(format!("{}  {}", output.tone(Tone::Strong, &first.plugin), output.tone(Tone::Quiet, &first.plugin_digest.to_string())))?;
    }
    for spec in &specs {
        output.line("")?;
        output.line(format!("{} ({})", output.tone(Tone::Strong, &spec.name), spec.effect))?;
        output.line(format!("  {}", one_line(&spec.description, 400)))?;
        let yes = |flag: bool| if flag { "yes" } else { "no" };
        output.line(format!("  reversible {}, repeatable {}, at most {} ms", yes(spec.reversible), yes(spec.idempotent), spec.timeout_ms))?;
        for (name, role) in &spec.roles {
            output.line(format!("  argument  {name}: {role}"))?;
        }
        for (path, origin) in &spec.result_labels {
            output.line(format!("  result    {path}: {}", format!("{origin:?}").to_lowercase()))?;
        }
    }
    Ok(())
}

/// Accepts, proposes or only shows what a server offers now.
async fn accept(setting: &Setting, wanted: Wanted) -> Result<(), CliError> {
    let Wanted { server, tools, look, reason, who } = wanted;
    let config = setting.config()?;
    let Some(server) = config.mcp.iter().find(|one| one.name == server) else {
        return Err(CliError::said(format!("there is no MCP server `{server}` in the configuration; add it under [[mcp]]")));
    };
    let lock = mcp_lock(&config);
    let offered = mcp::offered(server).await.map_err(AssembleError::from)?;
    let before = mcp::accepted(&lock, &server.name).map_err(AssembleError::from)?;
    if look {
        let changes = mcp::review(&lock, &server.name, &offered).map_err(AssembleError::from)?;
        print_changes(setting, &changes, &offered)?;
        return Ok(setting.output.line("nothing was accepted; leave out `--look` to accept")?);
    }
    // The first tools of a server are taken on the word of whoever writes the configuration: they put it there a moment ago.
    if before.tools.is_empty() || !is_made(&config)? {
        let changes = mcp::accept(&lock, server, &offered, &tools).map_err(AssembleError::from)?;
        print_changes(setting, &changes, &offered)?;
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
        let digest = mcp::Accepted { tools: after, version: before.version }.digest();
        let detail = json!({ "server": server.name, "digest": digest, "before": before.digest(), "alone": true });
        let entry = Entry { action: "tool.accept", object: server.name.clone(), outcome: "done", detail, request_id: None };
        audit::record(&mut tx, &terminal.office, entry).await?;
        tx.commit().await?;
        let changes = mcp::accept(&lock, &server, &offered, &tools).map_err(AssembleError::from)?;
        Ok((changes, "accepted, since nobody else here could; in force within two seconds".to_owned()))
    });
    let (changes, end) = said.await?;
    print_changes(setting, &changes, &offered)?;
    Ok(setting.output.line(end)?)
}

fn print_changes(setting: &Setting, changes: &[mcp::Difference], offered: &[mcp::Definition]) -> Result<(), CliError> {
    for change in changes {
        setting.output.line(one_line(&change.to_string(), 400))?;
        // What a person accepts is read first: the words, and the hints that decide nothing.
        let meant = match change {
            mcp::Difference::New { tool, .. } | mcp::Difference::Changed { tool, .. } => offered.iter().find(|one| one.name == *tool),
            mcp::Difference::Gone { .. } => None,
        };
        if let Some(definition) = meant {
            setting.output.line(format!("  {}", one_line(&definition.description, 2_000)))?;
            setting.output.line(format!("  arguments {}", one_line(&definition.input.to_string(), 2_000)))?;
            if let Some(hints) = &definition.annotations {
                setting.output.line(format!("  hints {}", one_line(&hints.to_string(), 400)))?;
            }
        }
    }
    Ok(())
}
