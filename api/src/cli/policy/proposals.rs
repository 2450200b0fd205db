//! `steward policy proposals` and `history`: what is proposed, what was approved, and deciding on it.

use super::{Which, propose, read, rules_error};
use crate::cli::Setting;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, one_line};
use crate::cli::password::read_password;
use crate::cli::terminal::{Terminal, Who, with};
use crate::routes::policy_proposals::{ProposalDetail, ProposalView};
use crate::wiring::logging;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;
use steward_core::{Digest, GovernanceChangeId};
use steward_office::changes::{self, Approval, ChangeKind, STATES};
use steward_office::people::{self, Passwords};
use steward_policies::Rules;
use steward_store::governance_change::ChangeRow;
use steward_store::{Page, Tx};

/// Letters of a reason in a list.
const REASON_LETTERS: usize = 60;

/// Look at proposed rules and decide on them
#[derive(Debug, Args)]
pub(super) struct Proposals {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List proposals, newest first
    #[command(after_help = "Example:\n  steward policy proposals list --state proposed")]
    List {
        /// Only these: proposed, approved, rejected, withdrawn
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Show one: how it differs, what the checks found, what it would have said to what is on record
    #[command(after_help = "Example:\n  steward policy proposals show change_01k4…")]
    Show {
        /// Which, as `steward policy proposals list` prints it
        change: GovernanceChangeId,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Approve one that somebody else proposed; it is in force from then on. Takes your password on standard input
    #[command(after_help = "Example:\n  steward policy proposals approve change_01k4… --digest sha256… < password.txt")]
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
    #[command(after_help = "Example:\n  steward policy proposals reject change_01k4… --reason \"Too wide\"")]
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
    #[command(after_help = "Example:\n  steward policy proposals withdraw change_01k4…")]
    Withdraw {
        /// Which
        change: GovernanceChangeId,
        #[command(flatten)]
        who: Who,
    },
}

impl Proposals {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        let output = setting.output;
        logging::start(&setting.environment, "warn");
        match self.verb {
            Verb::List { state, json, who } => list(setting, &who, state.as_deref(), json).await?,
            Verb::Show { change, json, who } => {
                let mut set = read(&config, &Which { dir: None, json })?;
                let shown = with(config, &who, "steward policy proposals", async |terminal| {
                    propose::put_in_force(terminal, &mut set).await?;
                    let live = Rules::load(&set.rules, &set.tools).map_err(rules_error)?.digest();
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    let row = changes::get(&mut tx, ChangeKind::Policy, change).await?;
                    let reasons = changes::reasons(&mut tx, &terminal.office, std::slice::from_ref(&row)).await?;
                    Ok(ProposalDetail::of(&row, &reasons, live)?)
                });
                let shown = serde_json::to_value(shown.await?).map_err(std::io::Error::other)?;
                if json { output.json(&shown)? } else { print(&output, &shown)? }
            }
            Verb::Approve { change, digest, reason, who } => {
                let password = read_password(&output, "steward policy proposals approve …").await?;
                let mut set = read(&config, &Which { dir: None, json: false })?;
                with(config, &who, "steward policy proposals", async |terminal| {
                    propose::put_in_force(terminal, &mut set).await?;
                    let live = Rules::load(&set.rules, &set.tools).map_err(rules_error)?.digest();
                    // At the terminal there is no session that remembers a proof: it is given now.
                    let proven = people::prove(&terminal.store, &terminal.office, &Passwords::new(1)?, &terminal.actor, &password).await?;
                    let said = Approval { content_digest: digest, live, reason: &reason };
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    changes::approve(&mut tx, &terminal.office, ChangeKind::Policy, change, said, proven).await?;
                    Ok(tx.commit().await?)
                })
                .await?;
                output.line(format!("{} Every process has these rules in force within two seconds.", output.tone(Tone::Good, "Approved.")))?;
            }
            Verb::Reject { change, reason, who } => {
                say(setting, &who, async |terminal, tx| changes::reject(tx, &terminal.office, ChangeKind::Policy, change, &reason).await).await?;
                output.line(format!("{} The rules are as they were.", output.tone(Tone::Bad, "Rejected.")))?;
            }
            Verb::Withdraw { change, who } => {
                say(setting, &who, async |terminal, tx| changes::withdraw(tx, &terminal.office, ChangeKind::Policy, change).await).await?;
                output.line("Withdrawn. The rules are as they were.")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn say(
    setting: &Setting,
    who: &Who,
    act: impl AsyncFnOnce(&Terminal, &mut Tx) -> Result<ChangeRow, steward_office::OfficeError>,
) -> Result<(), CliError> {
    with(setting.config()?, who, "steward policy proposals", async |terminal| {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        act(terminal, &mut tx).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The rules that were approved.
pub(super) async fn history(setting: &Setting, who: &Who, as_json: bool) -> Result<ExitCode, CliError> {
    logging::start(&setting.environment, "warn");
    list(setting, who, Some("approved"), as_json).await?;
    Ok(ExitCode::SUCCESS)
}

async fn list(setting: &Setting, who: &Who, state: Option<&str>, as_json: bool) -> Result<(), CliError> {
    let config = setting.config()?;
    let mut set = read(&config, &Which { dir: None, json: as_json })?;
    let views: Vec<ProposalView> = with(config, who, "steward policy proposals", async |terminal| {
        propose::put_in_force(terminal, &mut set).await?;
        let live = Rules::load(&set.rules, &set.tools).map_err(rules_error)?.digest();
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        let rows = changes::list(&mut tx, ChangeKind::Policy, state, &Page::first()).await?;
        let reasons = changes::reasons(&mut tx, &terminal.office, &rows).await?;
        Ok(rows.iter().map(|row| ProposalView::of(row, &reasons, live)).collect::<Result<_, _>>()?)
    })
    .await?;
    let items = serde_json::to_value(&views).map_err(std::io::Error::other)?;
    if as_json {
        setting.output.json(&json!({ "items": items }))?;
        return Ok(());
    }
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rows: Vec<Vec<String>> = items
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            let is = |name: &str| item.get(name) == Some(&Value::Bool(true));
            let state = match (is("is_stale"), is("sound"), item.get("version").and_then(Value::as_i64)) {
                (true, _, _) => "stale".to_owned(),
                (false, false, _) => format!("{}, not sound", text(item, "state")),
                (false, true, Some(version)) => format!("version {version}"),
                (false, true, None) => text(item, "state"),
            };
            vec![text(item, "governance_change_id"), state, text(item, "proposed_at"), one_line(&text(item, "reason"), REASON_LETTERS)]
        })
        .collect();
    Ok(setting.output.table(&["CHANGE", "STATE", "PROPOSED", "WHY"], &rows)?)
}

/// One proposal in words.
fn print(output: &Output, shown: &Value) -> Result<(), CliError> {
    let text = |value: &Value| value.as_str().map_or_else(|| if value.is_null() { "—".to_owned() } else { value.to_string() }, str::to_owned);
    let field = |name: &str| shown.get(name).map(text).unwrap_or_default();
    let found = |pointer: &str| shown.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let stale = if shown.get("is_stale") == Some(&Value::Bool(true)) { ", and stale: other rules are in force by now" } else { "" };
    output.line(format!("{} is {}{stale}", field("governance_change_id"), field("state")))?;
    output.line(format!("proposed by {} at {}: {}", field("proposed_by"), field("proposed_at"), field("reason")))?;
    for (word, pointer) in [("new", "/report/changes/added"), ("gone", "/report/changes/removed"), ("changed", "/report/changes/changed")] {
        for rule in found(pointer) {
            output.line(format!("rule {word}: {}", text(rule)))?;
        }
    }
    for cell in found("/report/changes/cells") {
        let part = |name: &str| cell.get(name).map(text).unwrap_or_default();
        let tone = if cell.get("looser") == Some(&Value::Bool(true)) { Tone::Bad } else { Tone::Good };
        output.line(format!("{}: {} ({}): {} -> {}", part("situation"), part("tool"), part("column"), part("was"), output.tone(tone, &part("now"))))?;
    }
    for property in found("/report/properties").iter().filter(|property| property.get("status") != Some(&json!("proved"))) {
        let part = |name: &str| property.get(name).map(text).unwrap_or_default();
        output.line(format!("{} {}", output.tone(Tone::Warning, &part("status")), part("property")))?;
    }
    for case in found("/report/failed_cases") {
        let part = |name: &str| case.get(name).map(text).unwrap_or_default();
        output.line(format!("{} {}: {}", output.tone(Tone::Bad, "failed"), part("file"), part("name")))?;
    }
    for problem in found("/report/problems") {
        output.line(text(problem))?;
    }
    let of = |name: &str| shown.pointer(&format!("/report/changes/decisions/{name}")).map(text).unwrap_or_default();
    output.line(format!(
        "{} decisions judged again: {} newly allowed, {} newly held, {} newly blocked.",
        of("judged"),
        of("newly_allowed"),
        of("newly_held"),
        of("newly_blocked")
    ))?;
    if shown.get("state") == Some(&json!("proposed")) {
        output.line(format!("Approve it with `steward policy proposals approve {} --digest {}`.", field("governance_change_id"), field("content_digest")))?;
    }
    Ok(())
}
