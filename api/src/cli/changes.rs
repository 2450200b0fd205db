//! `steward changes`: what is proposed of all that governs, and deciding on it.

mod print;

use super::Setting;
use super::error::CliError;
use super::output::Tone;
use super::password::read_password;
use super::progress::govern_at;
use super::terminal::{Terminal, Who, with};
use crate::changes::Here;
use crate::policy_set::PolicyFiles;
use crate::routes::changes::{ChangeDetail, ChangeView};
use crate::tool_sets::take_up;
use crate::wiring::adopt::approved_set;
use crate::wiring::policies::{self, PoliciesError};
use crate::wiring::{AssembleError, Governance, logging, mcp_lock};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use steward_core::{Digest, GovernanceChangeId};
use steward_host::mcp::McpServer;
use steward_office::changes::{self, ChangeKind, STATES};
use steward_office::people::{self, Passwords, Proven};
use steward_office::{Office, OfficeError};
use steward_policies::Rules;
use steward_store::governance_change::ChangeRow;
use steward_store::{Page, Tx};

/// What others are told who wait for us.
const COMMAND: &str = "steward changes";

/// See proposed changes of what governs (rules, prompt labels, grants, tools), and decide on them; never on one's own
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward changes list")]
pub(super) struct Changes {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List changes, newest first
    #[command(after_help = "Example:\n  steward changes list --state proposed")]
    List {
        /// Only of this: policy, prompt_label, grant, tool
        #[arg(long, value_name = "KIND", value_parser = kind)]
        kind: Option<ChangeKind>,
        /// Only these: proposed, approved, rejected, withdrawn
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Show one: how it differs, and what the checks found
    #[command(after_help = "Example:\n  steward changes show change_01k4…")]
    Show {
        /// Which, as `steward changes list` prints it
        change: GovernanceChangeId,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Approve one that somebody else proposed. Takes your password on standard input, or a code of your second factor
    #[command(
        after_help = "Example:\n  steward changes approve change_01k4… --digest sha256… < password.txt\n  steward changes approve change_01k4… --digest sha256… --code 123456"
    )]
    Approve {
        /// Which
        change: GovernanceChangeId,
        /// The digest that `show` printed: what you looked at is what comes in force
        #[arg(long, value_name = "DIGEST")]
        digest: Digest,
        /// A code of your app, where you have a second factor
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
        /// Why, for the record
        #[arg(long, default_value = "", value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        who: Who,
    },
    /// Reject one that somebody else proposed
    #[command(after_help = "Example:\n  steward changes reject change_01k4… --reason \"Too wide\"")]
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
    #[command(after_help = "Example:\n  steward changes withdraw change_01k4…")]
    Withdraw {
        /// Which
        change: GovernanceChangeId,
        #[command(flatten)]
        who: Who,
    },
}

fn kind(text: &str) -> Result<ChangeKind, String> {
    ChangeKind::of_name(text).ok_or_else(|| format!("kinds are {}", ChangeKind::ALL.map(ChangeKind::name).join(", ")))
}

impl Changes {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let output = setting.output;
        logging::start(&setting.environment, "warn");
        match self.verb {
            Verb::List { kind, state, json, who } => list(setting, &who, kind, state.as_deref(), json).await?,
            Verb::Show { change, json, who } => {
                let shown = with(setting.config()?, &who, COMMAND, async |terminal| {
                    let place = Place::of(terminal).await?;
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    let row = changes::get(&mut tx, change).await?;
                    Ok(ChangeDetail::read(&mut tx, &place.here(&terminal.office), &row).await?)
                });
                let shown = serde_json::to_value(shown.await?).map_err(std::io::Error::other)?;
                if json { output.json(&shown)? } else { print::one(&output, &shown)? }
            }
            Verb::Approve { change, digest, code, reason, who } => {
                // At the terminal there is no session that remembers a proof: it is given now.
                let password = if code.is_none() { Some(read_password(&output, "steward changes approve …").await?) } else { None };
                let row = with(setting.config()?, &who, COMMAND, async |terminal| {
                    let place = Place::of(terminal).await?;
                    let proven = match password {
                        Some(password) => Some(people::prove(&terminal.store, &terminal.office, &Passwords::new(1)?, &terminal.actor, &password).await?),
                        None => None,
                    };
                    if let Some(code) = code {
                        let mut tx = terminal.store.begin(&terminal.actor).await?;
                        let bound = changes::step_up_for(&changes::get(&mut tx, change).await?);
                        tx.rollback().await?;
                        people::step_up(&terminal.store, &terminal.office, &terminal.actor, &bound, &code.into()).await?;
                    }
                    approve(terminal, &place, change, (digest, &reason), proven).await
                });
                output.line(format!("{} {}", output.tone(Tone::Good, "Approved."), in_force(ChangeKind::of(&row.await?)?)))?;
            }
            Verb::Reject { change, reason, who } => {
                say(setting, &who, async |terminal, tx| changes::reject(tx, &terminal.office, change, &reason).await).await?;
                output.line(format!("{} What governs is as it was.", output.tone(Tone::Bad, "Rejected.")))?;
            }
            Verb::Withdraw { change, who } => {
                say(setting, &who, async |terminal, tx| changes::withdraw(tx, &terminal.office, change).await).await?;
                output.line("Withdrawn. What governs is as it was.")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What an approval of this kind does.
const fn in_force(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Policy => "Every process has these rules in force within two seconds.",
        ChangeKind::PromptLabel => "Runs that begin from now on have it.",
        ChangeKind::Grant => "It is your standing grant; see `steward approvals grants`.",
        ChangeKind::Tool => "Every process has these tools within two seconds.",
    }
}

async fn approve(terminal: &Terminal, place: &Place, change: GovernanceChangeId, said: (Digest, &str), proven: Option<Proven>) -> Result<ChangeRow, CliError> {
    let here = place.here(&terminal.office);
    let checked = here.check_again(&terminal.store, &terminal.actor, change, said.0).await?;
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let row = here.approve(&terminal.store, &mut tx, change, said, proven, checked).await.map_err(|err| match err {
        OfficeError::StepUp { .. } => {
            CliError::said("this needs your second factor in place of your password: say the same again with `--code` and a code of your app")
        }
        other => other.into(),
    })?;
    tx.commit().await?;
    if ChangeKind::of(&row)? == ChangeKind::Tool {
        take_up(&place.mcp_lock, &row)?;
    }
    Ok(row)
}

/// What is in force for the organisation of the person at the terminal.
struct Place {
    parts: Governance,
    mcp: Vec<McpServer>,
    mcp_lock: PathBuf,
    rules: Digest,
    policy_files: Arc<PolicyFiles>,
}

impl Place {
    async fn of(terminal: &Terminal) -> Result<Self, CliError> {
        let parts = govern_at(terminal).await?;
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        let approved = approved_set(&mut tx, &terminal.office).await?;
        tx.rollback().await?;
        let rules = match approved {
            Some(set) => Rules::load(&set.rule_files(), &parts.host.specs()).map_err(|err| AssembleError::from(PoliciesError::from(err)))?.digest(),
            None => parts.rules.base().digest(),
        };
        let policy_files = policies::files(&terminal.config.policies_dir).map_err(AssembleError::from)?;
        let mcp = terminal.config.mcp.clone();
        Ok(Self { parts, mcp, mcp_lock: mcp_lock(&terminal.config), rules, policy_files: Arc::new(policy_files) })
    }

    fn here<'a>(&'a self, office: &'a Office) -> Here<'a> {
        let Self { parts, mcp, mcp_lock, rules, policy_files } = self;
        Here {
            office,
            rules: *rules,
            base: parts.rules.base(),
            mcp,
            prompts: &parts.prompts,
            host: &parts.host,
            mcp_lock,
            policy_files: Arc::clone(policy_files),
        }
    }
}

async fn say(setting: &Setting, who: &Who, act: impl AsyncFnOnce(&Terminal, &mut Tx) -> Result<ChangeRow, OfficeError>) -> Result<(), CliError> {
    with(setting.config()?, who, COMMAND, async |terminal| {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        act(terminal, &mut tx).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Prints changes, newest first.
pub(super) async fn list(setting: &Setting, who: &Who, kind: Option<ChangeKind>, state: Option<&str>, as_json: bool) -> Result<(), CliError> {
    let views: Vec<ChangeView> = with(setting.config()?, who, COMMAND, async |terminal| {
        let place = Place::of(terminal).await?;
        let here = place.here(&terminal.office);
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        let rows = changes::list(&mut tx, kind, state, &Page::first()).await?;
        let reasons = changes::reasons(&mut tx, &terminal.office, &rows).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in &rows {
            let live = here.live(&mut tx, row).await?;
            views.push(ChangeView::of(row, &reasons, live)?);
        }
        Ok(views)
    })
    .await?;
    let items = serde_json::to_value(&views).map_err(std::io::Error::other)?;
    if as_json { Ok(setting.output.json(&json!({ "items": items }))?) } else { print::list(&setting.output, &items) }
}
