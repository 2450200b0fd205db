//! `steward prompt`: versions and labels of the prompts, their texts, and how those differ.

mod diff;
mod history;
mod label;

use super::Setting;
use super::error::CliError;
use super::output::one_line;
use crate::config::Config;
use crate::wiring::agents::{AgentsError, load_prompts};
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;
use steward_prompts::{Registry, shipped};

/// Letters of a description in the list.
const DESCRIPTION_LETTERS: usize = 60;

/// See the prompts: versions, labels, texts
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward prompt list")]
pub(super) struct PromptVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List every version with its labels
    #[command(after_help = "Example:\n  steward prompt list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the text of one version
    #[command(after_help = "Example:\n  steward prompt show assistant@production")]
    Show {
        /// `name@version` or `name@label`
        #[arg(value_name = "NAME@VERSION")]
        prompt: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print how the texts of two versions differ: the lines that only one of them has
    #[command(after_help = "Example:\n  steward prompt diff assistant@1 assistant@production")]
    Diff {
        /// `name@version` or `name@label`
        #[arg(value_name = "FROM")]
        from: String,
        /// The same of the other
        #[arg(value_name = "TO")]
        to: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List every move of the labels: first what was approved here, which counts, then what the files say; newest first
    #[command(after_help = "Example:\n  steward prompt history assistant")]
    History(history::History),
    /// Propose that a label points to another version: it waits for an owner who did not propose it
    #[command(after_help = "Example:\n  steward prompt label assistant production 3 --reason \"Answers in two sentences\"")]
    Label(label::Label),
}

impl PromptVerb {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let prompts = registry(&setting.config()?)?;
        match self.verb {
            Verb::List { json } => list(setting, &prompts, json)?,
            Verb::Show { prompt, json } => show(setting, &prompts, &prompt, json)?,
            Verb::Diff { from, to, json } => diff::run(&setting.output, &prompts, &from, &to, json)?,
            Verb::History(history) => history.run(setting, &prompts).await?,
            Verb::Label(label) => label.run(setting, &prompts).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The installation's prompts; before the first start, the shipped ones.
fn registry(config: &Config) -> Result<Registry, CliError> {
    if config.prompts_dir.is_dir() {
        return Ok(load_prompts(&config.prompts_dir).map_err(crate::wiring::AssembleError::from)?);
    }
    let wrong = |source| CliError::from(crate::wiring::AssembleError::from(AgentsError::Prompts { dir: config.prompts_dir.clone(), source }));
    shipped().map_err(wrong)
}

fn labels(prompts: &Registry, name: &str, version: u32) -> Vec<String> {
    prompts.labels(name).into_iter().filter(|(_, to)| *to == version).map(|(label, _)| label.to_owned()).collect()
}

fn list(setting: &Setting, prompts: &Registry, as_json: bool) -> Result<(), CliError> {
    if as_json {
        let all: Vec<_> = prompts
            .list()
            .map(|prompt| {
                json!({ "name": prompt.name, "version": prompt.version, "labels": labels(prompts, &prompt.name, prompt.version), "description": prompt.description, "digest": prompt.digest })
            })
            .collect();
        return Ok(setting.output.json(&all)?);
    }
    let row = |prompt: &steward_prompts::Prompt| {
        let labels = labels(prompts, &prompt.name, prompt.version).join(", ");
        vec![format!("{}@{}", prompt.name, prompt.version), labels, prompt.digest.short(), one_line(&prompt.description, DESCRIPTION_LETTERS)]
    };
    Ok(setting.output.table(&["PROMPT", "LABELS", "DIGEST", "DESCRIPTION"], &prompts.list().map(row).collect::<Vec<_>>())?)
}

fn show(setting: &Setting, prompts: &Registry, reference: &str, as_json: bool) -> Result<(), CliError> {
    let prompt = prompts.resolve(reference).map_err(|err| CliError::said(super::chain(&err)))?;
    if as_json {
        let labels = labels(prompts, &prompt.name, prompt.version);
        let whole = json!({ "name": prompt.name, "version": prompt.version, "labels": labels, "description": prompt.description,
            "variables": prompt.variables, "digest": prompt.digest, "text": prompt.text });
        return Ok(setting.output.json(&whole)?);
    }
    Ok(setting.output.line(prompt.text.trim_end())?)
}
