//! `steward plugin inspect`: what a plugin can do, in one screen.

use super::print::said_of;
use super::{Candidate, find_plugin};
use crate::cli::output::{Tone, one_line};
use crate::cli::progress::ready;
use crate::cli::{CliError, Setting};
use crate::wiring::look_at_host;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;
use steward_core::{Digest, ToolSpec};
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
    /// Print JSON: all of this, and the tools whole
    #[arg(long)]
    json: bool,
}

/// What is shown of a plugin.
struct Shown {
    name: String,
    digest: Digest,
    /// None of a server of the Model Context Protocol: it is none of ours, and whom it asks is not known here.
    plugin: Option<(PluginInfo, Signer)>,
    tools: Vec<ToolSpec>,
}

/// Whose signature a plugin has.
#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum Signer {
    /// It is part of the program.
    Program,
    /// It has none.
    Nobody,
    /// It has one that is not of it as it is now.
    Wrong,
    /// The key, and whether it counts in this installation.
    Key { key: String, is_trusted: bool },
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program => f.write_str("nobody: it is part of the program"),
            Self::Nobody => f.write_str("nobody"),
            Self::Wrong => f.write_str("a signature that is not of this plugin as it is now"),
            Self::Key { key, is_trusted } => write!(f, "{key} ({})", if *is_trusted { "trusted here" } else { "not among `plugins.trusted_keys`" }),
        }
    }
}

impl Shown {
    /// Beside its tools, in words.
    fn facts(&self) -> Vec<(&'static str, String)> {
        match &self.plugin {
            None => vec![("digest", self.digest.to_string()), ("asks outside", "what it likes: it is an MCP server".to_owned())],
            Some((info, signer)) => facts(info, signer),
        }
    }

    /// The same and its tools for programs. What is not known of a server is absent.
    fn json(&self) -> Value {
        let Some((info, signer)) = &self.plugin else {
            return json!({ "name": self.name, "digest": self.digest, "tools": self.tools });
        };
        let PluginInfo { name, version, language, digest, imports, egress, limits, kv, .. } = info;
        json!({
            "name": name, "version": version, "language": language, "digest": digest, "signer": signer, "imports": imports, "egress": egress,
            "secrets": secrets_of(egress), "kv": kv, "limits": limits, "tools": self.tools,
        })
    }
}

impl Inspect {
    pub(super) fn run(self, setting: &Setting) -> Result<(), CliError> {
        let dir = Path::new(&self.plugin);
        let shown = if dir.join("tool.toml").is_file() { of_dir(setting, dir)? } else { of_name(setting, &self.plugin)? };
        let output = &setting.output;
        if self.json {
            return Ok(output.json(&shown.json())?);
        }
        output.line(output.tone(Tone::Strong, &shown.name))?;
        for (what, is) in shown.facts() {
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
fn secrets_of(egress: &[EgressRule]) -> Vec<&str> {
    let mut names: Vec<&str> = egress.iter().filter_map(|rule| rule.secret.as_ref()).flat_map(|secret| secret.names()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn facts(info: &PluginInfo, signer: &Signer) -> Vec<(&'static str, String)> {
    let PluginInfo { version, language, digest, imports, egress, limits, kv, .. } = info;
    let PluginLimits { memory_mb, fuel, deadline_ms, output_kb } = limits;
    let secrets = secrets_of(egress);
    vec![
        ("version", format!("{version}, written in {language}")),
        ("digest", digest.to_string()),
        ("signed by", signer.to_string()),
        ("reaches", if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") }),
        ("asks outside", said_of(egress)),
        ("secrets", if secrets.is_empty() { "none".to_owned() } else { secrets.join(", ") }),
        ("keeps", kv.map_or_else(|| "nothing".to_owned(), |kv| format!("at most {} bytes in {} entries a workspace", kv.bytes_max, kv.entries_max))),
        ("a call uses", format!("at most {memory_mb} MiB, {fuel} fuel, {deadline_ms} ms, {output_kb} KiB of result")),
    ]
}

/// A plugin that lies in a folder, as it would be loaded.
fn of_dir(setting: &Setting, dir: &Path) -> Result<Shown, CliError> {
    let host = setting.sandbox()?;
    let info = ready(|| host.load_dir(dir)).map_err(|source| KitError::as_found(dir, source))?;
    let signer = match std::fs::read_to_string(dir.join(SIGNATURE_FILE)) {
        Err(_) => Signer::Nobody,
        Ok(text) => signer(setting, dir, &text),
    };
    Ok(Shown { name: info.name.clone(), digest: info.digest, plugin: Some((info, signer)), tools: host.specs() })
}

/// Whose signature it is, if it is of this plugin, and whether it counts here.
fn signer(setting: &Setting, dir: &Path, text: &str) -> Signer {
    let Some(key) = text.split_whitespace().next().and_then(|key| key.parse::<PublicKey>().ok()) else { return Signer::Wrong };
    // By itself: names of plugins that are loaded do not matter here.
    let Ok(bare) = setting.sandbox() else { return Signer::Wrong };
    match bare.signed_by(dir, &Trust { keys: vec![key], allow_unsigned: false }) {
        Ok(Some(_)) => {
            let is_trusted = setting.config().is_ok_and(|config| config.plugin_trust.keys.contains(&key));
            Signer::Key { key: key.to_string(), is_trusted }
        }
        Ok(None) | Err(_) => Signer::Wrong,
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
    let (name, digest) = (first.plugin.clone(), first.plugin_digest);
    let plugin = infos.into_iter().find(|info| info.digest == digest).map(|info| {
        let signer = match find_plugin(&host, &config, &info.name) {
            // It was looked at by what the configuration trusts, so a key that is named counts.
            Ok(Candidate { facts: PluginFacts { signed_by, .. }, .. }) => signed_by.map_or(Signer::Nobody, |key| Signer::Key { key, is_trusted: true }),
            Err(_) => Signer::Program,
        };
        (info, signer)
    });
    Ok(Shown { name, digest, plugin, tools })
}
