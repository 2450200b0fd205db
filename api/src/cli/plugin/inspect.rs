//! `steward plugin inspect`: what a plugin can do, in one screen.

use super::print::said_of;
use super::{Candidate, find_plugin};
use crate::cli::output::{Tone, one_line};
use crate::cli::progress::ready;
use crate::cli::{CliError, Setting};
use crate::wiring::look_at_host;
use clap::Args;
use std::path::Path;
use steward_core::ToolSpec;
use steward_host::installed::PluginFacts;
use steward_host::{EgressRule, PluginInfo, PluginLimits, PublicKey, SIGNATURE_FILE, Trust};
use steward_kit::KitError;

/// Show what one plugin can do: whom it asks, with which secrets, which interfaces, effects and limits, and who signed it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin inspect crm\n  steward plugin inspect ./my-plugin --whole")]
pub(super) struct Inspect {
    /// A plugin's name, or the directory of one that is not installed
    #[arg(value_name = "NAME|DIR")]
    plugin: String,
    /// Of each tool what its arguments are for and where its result comes from, too
    #[arg(long)]
    whole: bool,
    /// Print JSON: the tools, whole
    #[arg(long)]
    json: bool,
}

/// What is shown of a plugin beside its tools.
struct Shown {
    facts: Vec<(&'static str, String)>,
    tools: Vec<ToolSpec>,
    name: String,
}

impl Inspect {
    pub(super) fn run(self, setting: &Setting) -> Result<(), CliError> {
        let dir = Path::new(&self.plugin);
        let shown = if dir.join("tool.toml").is_file() { of_dir(setting, dir)? } else { of_name(setting, &self.plugin)? };
        let output = &setting.output;
        if self.json {
            return Ok(output.json(&shown.tools)?);
        }
        output.line(output.tone(Tone::Strong, &shown.name))?;
        for (what, is) in &shown.facts {
            output.line(format!("  {what:<12} {is}"))?;
        }
        output.line("")?;
        let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
        let row = |spec: &ToolSpec| {
            vec![
                spec.name.clone(),
                spec.effect.to_string(),
                yes(spec.reversible),
                yes(spec.idempotent),
                format!("{} ms", spec.timeout_ms),
                one_line(&spec.description, 50),
            ]
        };
        output.table(&["TOOL", "EFFECT", "REVERSIBLE", "IDEMPOTENT", "AT MOST", "DESCRIPTION"], &shown.tools.iter().map(row).collect::<Vec<_>>())?;
        if self.whole { shown.tools.iter().try_for_each(|spec| print(setting, spec)) } else { Ok(()) }
    }
}

fn print(setting: &Setting, spec: &ToolSpec) -> Result<(), CliError> {
    let output = &setting.output;
    output.line("")?;
    output.line(format!("{} ({})", output.tone(Tone::Strong, &spec.name), spec.effect))?;
    output.line(format!("  {}", one_line(&spec.description, usize::MAX)))?;
    for (name, role) in &spec.roles {
        output.line(format!("  argument  {name}: {role}"))?;
    }
    for (path, origin) in &spec.result_labels {
        output.line(format!("  result    {path}: {}", format!("{origin:?}").to_lowercase()))?;
    }
    Ok(())
}

/// The secrets that the host fills in, each once.
fn secrets_of(egress: &[EgressRule]) -> String {
    let mut names: Vec<&str> = egress.iter().filter_map(|rule| rule.secret.as_ref()).flat_map(|secret| secret.names()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn facts(info: &PluginInfo, signed_by: String) -> Vec<(&'static str, String)> {
    let PluginInfo { version, language, digest, imports, egress, limits, kv, .. } = info;
    let PluginLimits { memory_mb, fuel, deadline_ms, output_kb } = limits;
    vec![
        ("version", format!("{version}, written in {language}")),
        ("digest", digest.to_string()),
        ("signed by", signed_by),
        ("reaches", if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") }),
        ("asks outside", said_of(egress)),
        ("secrets", secrets_of(egress)),
        ("keeps", kv.map_or_else(|| "nothing".to_owned(), |kv| format!("at most {} bytes in {} entries a workspace", kv.bytes_max, kv.entries_max))),
        ("a call uses", format!("at most {memory_mb} MiB, {fuel} fuel, {deadline_ms} ms, {output_kb} KiB of result")),
    ]
}

/// A plugin that lies in a folder, as it would be loaded.
fn of_dir(setting: &Setting, dir: &Path) -> Result<Shown, CliError> {
    let host = setting.sandbox()?;
    let info = ready(|| host.load_dir(dir)).map_err(|source| KitError::as_found(dir, source))?;
    let signed_by = match std::fs::read_to_string(dir.join(SIGNATURE_FILE)) {
        Err(_) => "nobody".to_owned(),
        Ok(text) => signer(setting, dir, &text),
    };
    Ok(Shown { name: info.name.clone(), facts: facts(&info, signed_by), tools: host.specs() })
}

/// Whose signature it is, if it is of this plugin, and whether it counts here.
fn signer(setting: &Setting, dir: &Path, text: &str) -> String {
    let wrong = "a signature that is not of this plugin as it is now".to_owned();
    let Some(key) = text.split_whitespace().next().and_then(|key| key.parse::<PublicKey>().ok()) else { return wrong };
    // By itself: names of plugins that are loaded do not matter here.
    let Ok(bare) = setting.sandbox() else { return wrong };
    match bare.signed_by(dir, &Trust { keys: vec![key], allow_unsigned: false }) {
        Ok(Some(_)) => {
            let counts = setting.config().is_ok_and(|config| config.plugin_trust.keys.contains(&key));
            format!("{key} ({})", if counts { "trusted here" } else { "not among `plugins.trusted_keys`" })
        }
        Ok(None) | Err(_) => wrong,
    }
}

/// A plugin or a server of the installation, by its name.
fn of_name(setting: &Setting, name: &str) -> Result<Shown, CliError> {
    let config = setting.config()?;
    let host = look_at_host(&config)?;
    let (all, infos) = (host.specs(), host.plugins());
    let mut names: Vec<String> = all.iter().map(|spec| spec.plugin.clone()).collect();
    names.dedup();
    let tools: Vec<ToolSpec> = all.into_iter().filter(|spec| spec.plugin == name || spec.plugin.split('@').next() == Some(name)).collect();
    let Some(first) = tools.first() else {
        return Err(CliError::said(format!(
            "there is no plugin `{name}`, and no directory with a `tool.toml` of that name; installed are {}",
            names.join(", ")
        )));
    };
    let facts = match infos.iter().find(|info| info.digest == first.plugin_digest) {
        // Servers of the Model Context Protocol are none of ours: whom they ask is not known here.
        None => vec![("digest", first.plugin_digest.to_string()), ("asks outside", "what it likes: it is an MCP server".to_owned())],
        Some(info) => {
            let found = find_plugin(&host, &config, &info.name).ok();
            let signed_by = match found {
                Some(Candidate { facts: PluginFacts { signed_by, .. }, .. }) => signed_by.unwrap_or_else(|| "nobody".to_owned()),
                None => "nobody: it is part of the program".to_owned(),
            };
            facts(info, signed_by)
        }
    };
    Ok(Shown { name: first.plugin.clone(), facts, tools })
}
