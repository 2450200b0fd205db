//! `steward policy propose` and `export`: from the rules in force to a directory, and from a directory to a proposal.

use super::{Set, Which, read, recorded, rules_error};
use crate::cli::Setting;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, counted};
use crate::cli::progress::Progress;
use crate::cli::terminal::{Terminal, Who, with};
use crate::policy_set::{NamedText, PolicySet, ProposalReport, UNFINISHED, measure};
use crate::wiring::adopt::approved_set;
use crate::wiring::logging;
use crate::wiring::seed::write_new;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use steward_core::{Digest, Permission};
use steward_office::OfficeError;
use steward_office::changes::{self, ChangeKind, POLICY, Proposal};
use steward_policies::{CaseFile, PropertyFile, RuleFile, Rules};
use steward_store::StoreError;

/// Decisions a proposal is tried on, unless another number is asked for.
const DECISIONS_USUAL: usize = 1_000;

#[derive(Debug, Args)]
pub(super) struct Propose {
    /// A directory with `rules/`, `cases/` and `properties/`: all of it would be in force, and nothing else
    dir: PathBuf,
    /// Why: whoever decides reads that first
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Try it on so many of the newest decisions
    #[arg(long, value_name = "N", default_value_t = DECISIONS_USUAL)]
    decisions: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

impl Propose {
    /// Exit 1 when it did not pass its checks: it waits all the same, and cannot be approved.
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let mut live = read(&config, &Which { dir: None, json: self.json })?;
        let new = read(&config, &Which { dir: Some(self.dir.clone()), json: self.json })?;
        let installed = live.properties.clone();
        let own = new.properties.iter().filter(|file| !installed.contains(file)).map(|file| named(&file.name, &file.text)).collect();
        let set = PolicySet::new(
            new.rules.iter().map(|file| named(&file.name, &file.text)).collect(),
            new.cases.iter().map(|file| named(&file.name, &file.text)).collect(),
            own,
        );
        let set = set.map_err(CliError::said)?;
        with(config, &self.who, "steward policy propose", async |terminal| {
            if !terminal.actor.may(Permission::ActionsRead) {
                return Err(OfficeError::Denied("a proposal is tried on what is on record, which your role may not see".to_owned()).into());
            }
            put_in_force(terminal, &mut live).await?;
            let in_force = Rules::load(&live.rules, &live.tools).map_err(rules_error)?;
            let progress = Progress::start("checking the rules");
            let rows = recorded::read(terminal, self.decisions, |_| false).await?;
            let decisions = rows.into_iter().map(crate::recorded::recorded).collect::<Result<_, _>>()?;
            let report = measure(&in_force, &set, &installed, &live.tools, decisions).map_err(rules_error)?;
            drop(progress);
            let stored = serde_json::to_string(&report).map_err(|_| StoreError::Corrupt { what: "governance_change.report" })?;
            let (content, base) = (set.content()?, in_force.digest());
            let proposal = Proposal { kind: ChangeKind::Policy, subject: POLICY, content, base, report: stored, is_sound: report.sound, reason: &self.reason };
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            let row = changes::propose(&mut tx, &terminal.office, proposal).await?;
            tx.commit().await?;
            let id = row.governance_change_id;
            if self.json {
                setting.output.json(&json!({ "governance_change_id": id, "content_digest": digest_of(&row.content_digest), "report": report }))?;
            } else {
                print(&setting.output, &report)?;
                let next = if report.sound { "another owner approves it" } else { "it cannot be approved as it is; withdraw it and propose it anew" };
                setting.output.line(format!("{id} waits: {next} with `steward changes show {id}`."))?;
            }
            Ok(if report.sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        })
        .await
    }
}

fn named(name: &str, text: &str) -> NamedText {
    NamedText { name: name.to_owned(), text: text.to_owned() }
}

fn digest_of(bytes: &[u8]) -> Option<Digest> {
    <[u8; 32]>::try_from(bytes).ok().map(Digest::from_bytes)
}

/// What the checks found.
fn print(output: &Output, report: &ProposalReport) -> Result<(), CliError> {
    for problem in &report.problems {
        output.line(format!("{} {problem}", output.tone(Tone::Bad, "UNREADABLE")))?;
    }
    for property in report.properties.iter().filter(|property| property.status != "proved") {
        let word = if property.status == "broken" { "BROKEN" } else { "NOT PROVED" };
        output.line(format!("{} {}", output.tone(Tone::Bad, word), property.property))?;
        for why in &property.open {
            output.line(output.tone(Tone::Quiet, &format!("    {why}")))?;
        }
    }
    for case in &report.failed_cases {
        output.line(format!("{} {}: {}: {}", output.tone(Tone::Bad, "FAILED"), case.file, case.name, case.differences.join("; ")))?;
    }
    if report.changes.unfinished {
        output.line(output.tone(Tone::Bad, UNFINISHED))?;
    }
    let verdict = if report.sound { output.tone(Tone::Good, "Sound.") } else { output.tone(Tone::Bad, "Not sound.") };
    output.line(format!(
        "{verdict} {} and {} looked at.",
        counted(report.properties.len(), "property", "properties"),
        counted(report.cases, "case", "cases")
    ))?;
    Ok(())
}

/// Puts in place of the installation's files what the organisation approved, where it approved any.
pub(super) async fn put_in_force(terminal: &Terminal, set: &mut Set) -> Result<(), CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let approved = approved_set(&mut tx, &terminal.office).await?;
    tx.rollback().await?;
    if let Some(approved) = approved {
        set.properties = approved.all_properties(&set.properties);
        set.rules = approved.rule_files();
        set.cases = approved.case_files();
    }
    Ok(())
}

/// Writes the rules in force into a directory that does not exist yet.
pub(super) async fn export(setting: &Setting, dir: &Path, who: &Who) -> Result<ExitCode, CliError> {
    let config = setting.config()?;
    logging::start(&setting.environment, "warn");
    let mut set = read(&config, &Which { dir: None, json: false })?;
    with(config, who, "steward policy export", async |terminal| put_in_force(terminal, &mut set).await).await?;
    let rules = set.rules.iter().map(|RuleFile { name, text }| below("rules", name, text));
    let cases = set.cases.iter().map(|CaseFile { name, text }| below("cases", name, text));
    let properties = set.properties.iter().map(|PropertyFile { name, text }| below("properties", name, text));
    let files: Vec<(String, &str)> = rules.chain(cases).chain(properties).collect();
    if !write_new(dir, files.iter().map(|(name, text)| (name.as_str(), *text)))? {
        return Err(CliError::said(format!("`{}` exists already; name a directory that does not", dir.display())));
    }
    setting.output.line(format!("{} written to `{}`.", counted(files.len(), "file", "files"), dir.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// A file under its folder; the shipped ones are named without it.
fn below<'a>(folder: &str, name: &str, text: &'a str) -> (String, &'a str) {
    let name = if name.split('/').next() == Some(folder) { name.to_owned() } else { format!("{folder}/{name}") };
    (name, text)
}
