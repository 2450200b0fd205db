//! `steward plugin list`: the tools there are, and of each plugin whether it runs, waits for acceptance, or is not run and why.

use crate::cli::output::{Tone, one_line};
use crate::cli::{CliError, Setting, chain};
use crate::config::Config;
use crate::wiring::accepted_list::{self, OnRecord};
use crate::wiring::database::{Database, is_made};
use crate::wiring::keys::find_key;
use crate::wiring::{look_at_host, look_at_host_on_record, mcp_lock, plugin_lock};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use steward_core::ToolSpec;
use steward_host::{Host, installed};

/// Letters of a description in a list.
const DESCRIPTION_LETTERS: usize = 70;

/// List the tools of every plugin with their effects, and which plugins run
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin list")]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What becomes of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Its tools can be called.
    Runs,
    /// It lies in its folder, and nobody accepted it.
    Waits,
    /// Something else keeps it from running.
    NotRun,
    /// The list has it, and the record could not be asked.
    Unknown,
}

/// A plugin with what becomes of it.
#[derive(Debug, Serialize)]
struct Row {
    plugin: String,
    state: State,
    /// Why, and what to do; none of one that runs as it should.
    reason: Option<String>,
}

/// What the record says of the list of accepted plugins.
enum Record {
    /// There is none yet: the list is all there is, and the first start puts it on record.
    NotYet,
    /// What is loaded by it, and what is to be said of the list, by plugin.
    Says(OnRecord, BTreeMap<String, String>),
    /// It cannot be asked, and why.
    Silent(String),
}

impl List {
    pub(super) async fn run(self, setting: &Setting) -> Result<(), CliError> {
        let config = setting.config()?;
        let (host, said, silent) = match record(&config).await {
            Record::NotYet => (look_at_host(&config)?, BTreeMap::new(), None),
            Record::Says(on_record, said) => (look_at_host_on_record(&config, on_record)?, said, None),
            Record::Silent(why) => (look_at_host(&config)?, BTreeMap::new(), Some(why)),
        };
        let rows = rows(&host, &config, &said, silent.as_deref());
        let runs: BTreeSet<&str> = rows.iter().filter(|row| row.state == State::Runs).map(|row| row.plugin.as_str()).collect();
        let specs: Vec<ToolSpec> = host.specs().into_iter().filter(|spec| runs.contains(name_of(&spec.plugin))).collect();
        if self.json { print_json(setting, &specs, &rows) } else { print(setting, &specs, &rows) }
    }
}

/// Asks the record. What keeps it from answering is part of the list, since a look at it is no reason to fail.
async fn record(config: &Config) -> Record {
    let asked = async {
        if !is_made(config)? {
            return Ok(Record::NotYet);
        }
        let database = Database::join(config, "steward plugin list").await?;
        let found = async {
            let store = database.app().await?;
            let key = find_key(config).ok();
            let found = accepted_list::in_force(&store, key.as_ref(), &mcp_lock(config)).await;
            store.close().await;
            Ok::<_, CliError>(found?)
        };
        let found = found.await;
        let closed = database.close(true).await;
        let (on_record, said) = found?;
        closed?;
        Ok::<_, CliError>(Record::Says(on_record, said))
    };
    asked.await.unwrap_or_else(|err| Record::Silent(chain(&err)))
}

/// A plugin's name, of what a tool says of its plugin: its name and version.
fn name_of(plugin: &str) -> &str {
    plugin.split_once('@').map_or(plugin, |(name, _)| name)
}

/// Every plugin with what becomes of it, by name: what is loaded, what is set aside, and what the list has and no folder.
fn rows(host: &Host, config: &Config, said: &BTreeMap<String, String>, silent: Option<&str>) -> Vec<Row> {
    let entries = installed::all_accepted(&plugin_lock(&mcp_lock(config))).unwrap_or_default();
    let listed: BTreeSet<String> = entries.into_iter().map(|entry| entry.plugin.name).collect();
    let unknown = |why: &str| format!("the list of accepted plugins has it, and the record could not be asked: {why}");
    let loaded: BTreeSet<String> = host.plugins().into_iter().map(|info| info.name).collect();
    let of_loaded = |plugin: &String| match silent.filter(|_| listed.contains(plugin)) {
        Some(why) => Row { plugin: plugin.clone(), state: State::Unknown, reason: Some(unknown(why)) },
        None => Row { plugin: plugin.clone(), state: State::Runs, reason: said.get(plugin).cloned() },
    };
    let mut rows: Vec<Row> = loaded.iter().map(of_loaded).collect();
    for one in host.set_aside() {
        let folder = one.dir.file_name().map(|name| name.to_string_lossy().into_owned());
        let plugin = one.waiting.clone().or(folder).unwrap_or_default();
        rows.push(match (said.get(&plugin), one.waiting) {
            // The list has it: what keeps it from running is that the record has it not.
            (Some(words), Some(_)) => Row { plugin, state: State::NotRun, reason: Some(words.clone()) },
            (_, Some(_)) => Row { plugin, state: State::Waits, reason: Some(one.reason) },
            (_, None) => Row { plugin, state: State::NotRun, reason: Some(one.reason) },
        });
    }
    let there: BTreeSet<String> = rows.iter().map(|row| row.plugin.clone()).collect();
    for plugin in listed.difference(&there) {
        let gone = format!("it is accepted and does not lie in `{}`", config.plugins_dir.display());
        rows.push(Row { plugin: plugin.clone(), state: State::NotRun, reason: Some(said.get(plugin).cloned().unwrap_or(gone)) });
    }
    rows.sort_by(|one, other| one.plugin.cmp(&other.plugin));
    rows
}

fn print_json(setting: &Setting, specs: &[ToolSpec], rows: &[Row]) -> Result<(), CliError> {
    let tools: Vec<_> = specs
        .iter()
        .map(|spec| {
            json!({ "tool": spec.name, "plugin": spec.plugin, "effect": spec.effect, "reversible": spec.reversible, "description": spec.description, "digest": spec.plugin_digest })
        })
        .collect();
    Ok(setting.output.json(&json!({ "tools": tools, "plugins": rows }))?)
}

fn print(setting: &Setting, specs: &[ToolSpec], rows: &[Row]) -> Result<(), CliError> {
    let output = &setting.output;
    let tool = |spec: &ToolSpec| vec![spec.name.clone(), spec.effect.to_string(), spec.plugin.clone(), one_line(&spec.description, DESCRIPTION_LETTERS)];
    output.table(&["TOOL", "EFFECT", "PLUGIN", "DESCRIPTION"], &specs.iter().map(tool).collect::<Vec<_>>())?;
    output.line("")?;
    let plugin = |row: &Row| {
        let (tone, state) = match row.state {
            State::Runs => (Tone::Good, "runs"),
            State::Waits => (Tone::Warning, "waits for acceptance"),
            State::NotRun => (Tone::Bad, "not run"),
            State::Unknown => (Tone::Warning, "not known"),
        };
        let why = row.reason.as_ref().map(|reason| format!(": {}", one_line(reason, usize::MAX))).unwrap_or_default();
        vec![row.plugin.clone(), format!("{}{why}", output.tone(tone, state))]
    };
    Ok(output.table(&["PLUGIN", "STATE"], &rows.iter().map(plugin).collect::<Vec<_>>())?)
}
