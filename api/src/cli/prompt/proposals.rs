//! `steward prompt label` and `proposals`: moving labels is proposed by one person and decided by another.

use crate::cli::Setting;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, one_line};
use crate::cli::password::read_password;
use crate::cli::terminal::{Who, with};
use crate::label_moves::{live, propose};
use crate::wiring::logging;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use steward_core::{Digest, GovernanceChangeId};
use steward_office::changes::{self, Approval, ChangeKind, STATES};
use steward_office::people::{self, Passwords};
use steward_prompts::Registry;
use steward_store::governance_change::ChangeRow;
use steward_store::{Page, StoreError};

/// Letters of a reason in a list.
const REASON_LETTERS: usize = 60;
/// Of what these proposals are.
const KIND: ChangeKind = ChangeKind::PromptLabel;

#[derive(Debug, Args)]
pub(super) struct Label {
    /// The prompt
    name: String,
    /// The label, for example `production`
    label: String,
    /// The version it is to point to, as `steward prompt list` shows it
    version: u32,
    /// Why: whoever decides reads that first
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: Who,
}

impl Label {
    pub(super) async fn run(self, setting: &Setting, prompts: &Registry) -> Result<(), CliError> {
        logging::start(&setting.environment, "warn");
        let row = with(setting.config()?, &self.who, "steward prompt label", async |terminal| {
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            let row = propose(&mut tx, &terminal.office, prompts, (&self.name, &self.label, self.version), &self.reason).await?;
            tx.commit().await?;
            Ok(row)
        });
        print(&setting.output, &row.await?, None)
    }
}

/// Look at proposed moves of labels and decide on them
#[derive(Debug, Args)]
pub(super) struct Proposals {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List proposals, newest first
    #[command(after_help = "Example:\n  steward prompt proposals list --state proposed")]
    List {
        /// Only these: proposed, approved, rejected, withdrawn
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Option<String>,
        #[command(flatten)]
        who: Who,
    },
    /// Show one, with how the texts differ
    #[command(after_help = "Example:\n  steward prompt proposals show change_01k4…")]
    Show {
        /// Which, as `steward prompt proposals list` prints it
        change: GovernanceChangeId,
        #[command(flatten)]
        who: Who,
    },
    /// Approve one that somebody else proposed, for runs that begin from then on. Takes your password on standard input
    #[command(after_help = "Example:\n  steward prompt proposals approve change_01k4… --digest sha256… < password.txt")]
    Approve {
        /// Which
        change: GovernanceChangeId,
        /// The digest that `show` printed: what you looked at is what comes in force
        #[arg(long, value_name = "DIGEST")]
        digest: Digest,
        /// Why, for the record
        #[arg(long, default_value = "", value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        who: Who,
    },
    /// Reject one that somebody else proposed
    #[command(after_help = "Example:\n  steward prompt proposals reject change_01k4… --reason \"Too long\"")]
    Reject {
        /// Which
        change: GovernanceChangeId,
        /// Why, for who proposed it
        #[arg(long, default_value = "", value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        who: Who,
    },
    /// Withdraw one's own
    #[command(after_help = "Example:\n  steward prompt proposals withdraw change_01k4…")]
    Withdraw {
        /// Which
        change: GovernanceChangeId,
        #[command(flatten)]
        who: Who,
    },
}

impl Proposals {
    pub(super) async fn run(self, setting: &Setting, prompts: &Registry) -> Result<(), CliError> {
        let (config, output) = (setting.config()?, setting.output);
        logging::start(&setting.environment, "warn");
        let command = "steward prompt proposals";
        match self.verb {
            Verb::List { state, who } => {
                let rows = with(config, &who, command, async |terminal| {
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    let rows = changes::list(&mut tx, KIND, state.as_deref(), &Page::first()).await?;
                    let reasons = changes::reasons(&mut tx, &terminal.office, &rows).await?;
                    let line = |row: &ChangeRow| {
                        let reason = reasons.get(&row.proposed_audit).map_or("", String::as_str);
                        vec![row.governance_change_id.to_string(), row.subject.clone(), row.state.clone(), one_line(reason, REASON_LETTERS)]
                    };
                    Ok(rows.iter().map(line).collect::<Vec<_>>())
                });
                output.table(&["CHANGE", "LABEL", "STATE", "WHY"], &rows.await?)?;
            }
            Verb::Show { change, who } => {
                let shown = with(config, &who, command, async |terminal| {
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    let row = changes::get(&mut tx, KIND, change).await?;
                    let reason = changes::reasons(&mut tx, &terminal.office, std::slice::from_ref(&row)).await?.remove(&row.proposed_audit);
                    Ok((row, reason))
                });
                let (row, reason) = shown.await?;
                print(&output, &row, reason.as_deref())?;
            }
            Verb::Approve { change, digest, reason, who } => {
                let password = read_password(&output, "steward prompt proposals approve …").await?;
                with(config, &who, command, async |terminal| {
                    // At the terminal there is no session that remembers a proof: it is given now.
                    let proven = people::prove(&terminal.store, &terminal.office, &Passwords::new(1)?, &terminal.actor, &password).await?;
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    let row = changes::get(&mut tx, KIND, change).await?;
                    let live = live(&mut tx, &terminal.office, prompts, &row.subject).await?;
                    let said = Approval { content_digest: digest, live, reason: &reason };
                    changes::approve(&mut tx, &terminal.office, KIND, change, said, proven).await?;
                    Ok(tx.commit().await?)
                })
                .await?;
                output.line(format!("{} Runs that begin from now on have it.", output.tone(Tone::Good, "Approved.")))?;
            }
            Verb::Reject { change, reason, who } => {
                with(config, &who, command, async |terminal| {
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    changes::reject(&mut tx, &terminal.office, KIND, change, &reason).await?;
                    Ok(tx.commit().await?)
                })
                .await?;
                output.line(format!("{} The label points where it did.", output.tone(Tone::Bad, "Rejected.")))?;
            }
            Verb::Withdraw { change, who } => {
                with(config, &who, command, async |terminal| {
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    changes::withdraw(&mut tx, &terminal.office, KIND, change).await?;
                    Ok(tx.commit().await?)
                })
                .await?;
                output.line("Withdrawn. The label points where it did.")?;
            }
        }
        Ok(())
    }
}

/// One proposal, with how the texts differ.
fn print(output: &Output, row: &ChangeRow, reason: Option<&str>) -> Result<(), CliError> {
    let read = |text: &str| serde_json::from_str::<Value>(text).map_err(|_| StoreError::Corrupt { what: "governance_change.report" });
    let (content, report) = (read(&row.content)?, read(&row.report)?);
    let version = |value: Option<&Value>| value.and_then(Value::as_u64).map_or("nowhere".to_owned(), |version| format!("version {version}"));
    let (from, to) = (version(report.get("from_version")), version(content.get("version")));
    output.line(format!("{} is {}: `{}` from {from} to {to}", row.governance_change_id, row.state, row.subject))?;
    if let Some(reason) = reason {
        output.line(format!("proposed by {}: {reason}", row.proposed_by))?;
    }
    for line in report.get("lines").and_then(Value::as_array).into_iter().flatten() {
        let text = line.get("text").and_then(Value::as_str).unwrap_or_default();
        let (sign, tone) = if line.get("change") == Some(&json!("added")) { ("+", Tone::Good) } else { ("-", Tone::Bad) };
        output.line(output.tone(tone, &format!("{sign} {}", one_line(text, 400))))?;
    }
    if row.state == "proposed" {
        let digest = <[u8; 32]>::try_from(row.content_digest.as_slice())
            .map(Digest::from_bytes)
            .map_err(|_| StoreError::Corrupt { what: "governance_change.content_digest" })?;
        output.line(format!("Another owner approves it with `steward prompt proposals approve {} --digest {digest}`.", row.governance_change_id))?;
    }
    Ok(())
}
