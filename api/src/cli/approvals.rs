//! `steward approvals`: decide on held actions from the terminal. Money is never released here.

mod came_of;
mod card;
mod decide;
mod edit;
mod grants;

pub(in crate::cli) use card::Card;

use super::Setting;
use super::error::CliError;
use super::output::{Tone, one_line};
use super::progress::govern_at;
use super::terminal::{Terminal, Who, with};
use crate::routes::holds::HoldView;
use crate::wiring::logging;
use clap::{Args, Subcommand};
use std::process::ExitCode;
use steward_core::limits::PAGE_MAX;
use steward_core::{Clock, EnvelopeId, GrantId, HoldId};
use steward_office::holds::routing::asked;
use steward_office::holds::{self, STATES, read_ask, takes_in_words};
use steward_store::StoreError;
use steward_store::hold::{Filter, HoldRow};
use steward_store::page::Page;
use time::format_description::well_known::Rfc3339;

/// See held actions and decide on them
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward approvals list")]
pub(super) struct Approvals {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List actions that wait for people
    #[command(after_help = "Example:\n  steward approvals list")]
    List {
        /// In this state instead; `all` for every one
        #[arg(long, default_value = "held", value_parser = state)]
        state: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Show one held action whole
    #[command(after_help = "Example:\n  steward approvals show hold_01h2xcejqtf2nbrexx3vqjhp41")]
    Show {
        /// The held action
        hold: HoldId,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Approve a held action: exactly the call that `show` shows; money is approved in the web alone
    #[command(after_help = "Example:\n  steward approvals approve hold_01h2xcejqtf2nbrexx3vqjhp41 --envelope env_…")]
    Approve {
        /// The held action
        hold: HoldId,
        /// What exactly you approve, as `show` and the chat print it; without it you are shown the action and asked
        #[arg(long, value_name = "ENVELOPE")]
        envelope: Option<EnvelopeId>,
        /// A code of your app, where your second factor is asked for
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Refuse a held action; the agent is told your reason
    #[command(after_help = "Example:\n  steward approvals reject hold_01h2xcejqtf2nbrexx3vqjhp41 --reason \"Wrong Lena.\"")]
    Reject {
        /// The held action
        hold: HoldId,
        /// Why, in words for the agent
        #[arg(long, default_value = "", value_name = "TEXT")]
        reason: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Send a held action back: the agent is told how you want it, and proposes again
    #[command(after_help = "Example:\n  steward approvals revise hold_01h2xcejqtf2nbrexx3vqjhp41 --guidance \"Shorter, and not before Friday.\"")]
    Revise {
        /// The held action
        hold: HoldId,
        /// How it should be done instead, in words for the agent
        #[arg(long, value_name = "TEXT")]
        guidance: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Put other arguments in place of the agent's; the card that waits then still has to be approved
    #[command(
        after_help = "Example:\n  steward approvals edit hold_01h2xcejqtf2nbrexx3vqjhp41 --arguments '{\"contact_id\": \"contact_…\", \"text\": \"Met in Hall 4.\"}'"
    )]
    Edit {
        /// The held action
        hold: HoldId,
        /// All arguments as one JSON object, or `@` and the name of a file that holds it
        #[arg(long, value_name = "JSON")]
        arguments: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// List standing grants: approvals given in advance
    #[command(after_help = "Example:\n  steward approvals grants")]
    Grants {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Give a standing grant: calls within these ranges run without asking, so often and so long
    #[command(
        after_help = "Example:\n  steward approvals grant crm.add_note --ranges '{\"/contact_id\": {\"one_of\": [\"contact_…\"]}, \"/text\": {\"letters_max\": 500}}' --uses 5 --days 7"
    )]
    Grant(grants::Give),
    /// Take a standing grant back
    #[command(after_help = "Example:\n  steward approvals revoke grant_01h2xcejqtf2nbrexx3vqjhp41")]
    Revoke {
        /// The grant
        grant: GrantId,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
}

fn state(text: &str) -> Result<String, String> {
    if text == "all" || STATES.contains(&text) { Ok(text.to_owned()) } else { Err(format!("states are all, {}", STATES.join(", "))) }
}

impl Approvals {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        match self.verb {
            Verb::List { state, json, who } => {
                let wanted = Some(state.as_str()).filter(|state| *state != "all");
                let rows = with(config, &who, "steward approvals", async |terminal| list(terminal, wanted).await).await?;
                print(setting, rows, json)?;
            }
            Verb::Show { hold, json, who } => {
                let card = with(config, &who, "steward approvals", async |terminal| Card::read(terminal, hold).await).await?;
                if json { setting.output.json(&card.into_json()?)? } else { card.print(&setting.output)? }
            }
            Verb::Approve { hold, envelope, code, json, who } => {
                let output = setting.output;
                with(config, &who, "steward approvals", async |terminal| {
                    let said = decide::approve(terminal, &output, hold, envelope, code).await?;
                    decide::say(&output, &said, json)?;
                    if json { Ok(()) } else { came_of::show(terminal, &output, &said).await }
                })
                .await?;
            }
            Verb::Reject { hold, reason, json, who } => {
                let said = with(config, &who, "steward approvals", async |terminal| decide::reject(terminal, hold, &reason).await).await?;
                decide::say(&setting.output, &said, json)?;
            }
            Verb::Revise { hold, guidance, json, who } => {
                let said = with(config, &who, "steward approvals", async |terminal| decide::revise(terminal, hold, &guidance).await).await?;
                decide::say(&setting.output, &said, json)?;
            }
            Verb::Edit { hold, arguments, json, who } => {
                let arguments = edit::read_arguments(&arguments)?;
                let card =
                    with(config, &who, "steward approvals", async |terminal| edit::run(terminal, &govern_at(terminal).await?, hold, arguments).await).await?;
                if json { setting.output.json(&card.into_json()?)? } else { card.print(&setting.output)? }
            }
            Verb::Grants { json, who } => {
                let rows = with(config, &who, "steward approvals", async |terminal| grants::list(terminal).await).await?;
                grants::print(&setting.output, rows, json)?;
            }
            Verb::Grant(give) => {
                let (who, json) = (give.who.clone(), give.json);
                let row = with(config, &who, "steward approvals", async |terminal| grants::give(terminal, &govern_at(terminal).await?, &give).await).await?;
                grants::print_one(&setting.output, row, json)?;
            }
            Verb::Revoke { grant, json, who } => {
                let row = with(config, &who, "steward approvals", async |terminal| grants::revoke(terminal, grant).await).await?;
                grants::print_one(&setting.output, row, json)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(terminal: &Terminal, state: Option<&str>) -> Result<Vec<HoldRow>, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let filter = Filter { state: state.map(str::to_owned), ..Filter::default() };
    let (mut page, mut all) = (Page::new(Some(PAGE_MAX), None), Vec::new());
    loop {
        let rows = holds::list(&mut tx, &filter, &page).await?;
        let (rows, next) = page.cut(rows, |row| row.hold_id.uuid());
        all.extend(rows);
        match next {
            Some(cursor) => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            None => break,
        }
    }
    tx.rollback().await?;
    Ok(all)
}

fn print(setting: &Setting, rows: Vec<HoldRow>, as_json: bool) -> Result<(), CliError> {
    let output = &setting.output;
    if as_json {
        let views: Result<Vec<HoldView>, _> = rows.into_iter().map(|row| HoldView::of(row, Clock::System.now())).collect();
        return Ok(output.json(&views.map_err(|_| StoreError::Corrupt { what: "hold" })?)?);
    }
    if rows.is_empty() {
        return Ok(output.line("Nothing waits for people.")?);
    }
    let row = |row: &HoldRow| {
        let needs = takes_in_words(row).unwrap_or_default();
        let waited = (Clock::System.now() - row.held_at).whole_minutes();
        let asked = read_ask(row).map(|ask| asked(&ask, waited)).unwrap_or_default();
        let asked = if row.state == "held" { asked.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ") } else { String::new() };
        vec![
            row.hold_id.to_string(),
            row.state.clone(),
            row.tool.clone(),
            needs,
            asked,
            row.held_at.format(&Rfc3339).unwrap_or_default(),
            one_line(&row.reason, 60),
        ]
    };
    output.table(&["HELD ACTION", "STATE", "TOOL", "NEEDS", "ASKED", "SINCE", "WHY"], &rows.iter().map(row).collect::<Vec<_>>())?;
    Ok(output.line(output.tone(
        Tone::Quiet,
        "\nSee one with `steward approvals show HELD-ACTION`: it ends with the whole commands that approve, revise or reject exactly that.",
    ))?)
}
