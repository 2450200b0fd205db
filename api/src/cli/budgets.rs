//! `steward budgets`: what agents may spend on models, and the runs that wait because there is no room.

mod decide;

use super::Setting;
use super::error::CliError;
use super::output::{Tone, one_line};
use super::terminal::{Terminal, Who, with};
use crate::routes::budget_holds::BudgetHoldView;
use crate::routes::budgets::BudgetView;
use crate::wiring::logging;
use clap::{Args, Subcommand};
use std::process::ExitCode;
use steward_core::limits::PAGE_MAX;
use steward_core::{BudgetHoldId, Micros};
use steward_office::budgets::{self, holds};
use steward_store::budget::BudgetRow;
use steward_store::budget_hold::BudgetHoldRow;
use steward_store::page::Page;
use time::format_description::well_known::Rfc3339;

/// See budgets, and decide on runs that have no room in them
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward budgets list")]
pub(super) struct Budgets {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List budgets with what is spent and set aside
    #[command(after_help = "Example:\n  steward budgets list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// List runs that wait for room, oldest first
    #[command(after_help = "Example:\n  steward budgets holds\n  steward budgets holds --unreviewed")]
    Holds {
        /// Those already decided too
        #[arg(long, conflicts_with = "unreviewed")]
        all: bool,
        /// Only those that somebody let go on without being the one to decide, and that nobody has reviewed
        #[arg(long)]
        unreviewed: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Let a run go on beyond its budgets, by an amount
    #[command(after_help = "Example:\n  steward budgets allow bhold_01h2xcejqtf2nbrexx3vqjhp41 --usd 2.50")]
    Allow(decide::Allow),
    /// Do not let a run go on: it stops and says why
    #[command(after_help = "Example:\n  steward budgets refuse bhold_01h2xcejqtf2nbrexx3vqjhp41 --reason \"Tomorrow.\"")]
    Refuse(decide::Refuse),
    /// Let a run go on without being the one to decide: by little, with your password and a reason, and to be reviewed
    #[command(
        after_help = "Example:\n  steward budgets break-glass bhold_01h2xcejqtf2nbrexx3vqjhp41 --usd 1 --reason \"The customer waits on the phone.\" < password.txt"
    )]
    BreakGlass(decide::BreakGlass),
    /// Say whether it was justified that somebody broke the glass
    #[command(after_help = "Example:\n  steward budgets review bhold_01h2xcejqtf2nbrexx3vqjhp41 --justified yes")]
    Review(decide::Review),
}

impl Budgets {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        match self.verb {
            Verb::List { json, who } => {
                let rows = with(setting.config()?, &who, "steward budgets", async |terminal| {
                    let mut tx = terminal.store.begin(&terminal.actor).await?;
                    Ok(budgets::list(&mut tx).await?)
                });
                logging::start(&setting.environment, "warn");
                print_budgets(setting, rows.await?, json)?;
            }
            Verb::Holds { all, unreviewed, json, who } => {
                let state = (!all && !unreviewed).then_some("held");
                logging::start(&setting.environment, "warn");
                let rows = with(setting.config()?, &who, "steward budgets", async |terminal| read(terminal, state, unreviewed).await).await?;
                print_holds(setting, rows, json)?;
            }
            Verb::Allow(allow) => allow.run(setting).await?,
            Verb::Refuse(refuse) => refuse.run(setting).await?,
            Verb::BreakGlass(glass) => glass.run(setting).await?,
            Verb::Review(review) => review.run(setting).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn read(terminal: &Terminal, state: Option<&str>, unreviewed: bool) -> Result<Vec<BudgetHoldRow>, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let (mut page, mut all) = (Page::new(Some(PAGE_MAX), None), Vec::new());
    loop {
        let rows = holds::list(&mut tx, &terminal.office, state, unreviewed, &page).await?;
        let (rows, next) = page.cut(rows, |row| row.budget_hold_id.uuid());
        all.extend(rows);
        match next {
            Some(cursor) => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            None => return Ok(all),
        }
    }
}

fn print_budgets(setting: &Setting, rows: Vec<BudgetRow>, as_json: bool) -> Result<(), CliError> {
    let output = &setting.output;
    if as_json {
        return Ok(output.json(&rows.into_iter().map(BudgetView::from).collect::<Vec<_>>())?);
    }
    if rows.is_empty() {
        return Ok(output.line("There are no budgets: only the limits of each agent hold.")?);
    }
    let row = |row: &BudgetRow| {
        vec![row.scope.clone(), one_line(&row.scope_id, 40), row.period.clone(), row.cap.to_string(), row.spent.to_string(), row.reserved.to_string()]
    };
    Ok(output.table(&["SCOPE", "OF", "PERIOD", "LIMIT", "SPENT", "SET ASIDE"], &rows.iter().map(row).collect::<Vec<_>>())?)
}

fn print_holds(setting: &Setting, rows: Vec<BudgetHoldRow>, as_json: bool) -> Result<(), CliError> {
    let output = &setting.output;
    if as_json {
        return Ok(output.json(&rows.into_iter().map(BudgetHoldView::from).collect::<Vec<_>>())?);
    }
    if rows.is_empty() {
        return Ok(output.line("Nothing waits.")?);
    }
    let row = |row: &BudgetHoldRow| {
        let review = if row.broke_glass { row.review.clone().unwrap_or_else(|| "to be reviewed".to_owned()) } else { String::new() };
        vec![
            row.budget_hold_id.to_string(),
            row.state.clone(),
            row.agent.clone(),
            row.need.to_string(),
            row.held_at.format(&Rfc3339).unwrap_or_default(),
            review,
        ]
    };
    output.table(&["WAITS", "STATE", "AGENT", "NEEDS", "SINCE", "GLASS"], &rows.iter().map(row).collect::<Vec<_>>())?;
    Ok(output.line(output.tone(Tone::Quiet, "\nDecide with `steward budgets allow` or `refuse`."))?)
}

/// An amount in US dollars with at most six places, as millionths. No floating point touches it.
fn usd(text: &str) -> Result<Micros, String> {
    let wrong = || format!("write an amount in US dollars such as 2.50, not `{}`", one_line(text, 20));
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(places) || places.len() > 6 || (text.contains('.') && places.is_empty()) {
        return Err(wrong());
    }
    let whole: i64 = whole.parse().map_err(|_| wrong())?;
    let places: i64 = format!("{places:0<6}").parse().map_err(|_| wrong())?;
    whole.checked_mul(1_000_000).and_then(|micros| micros.checked_add(places)).filter(|micros| *micros > 0).map(Micros).ok_or_else(wrong)
}

/// A hold by its id.
type Wanted = BudgetHoldId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        for bad in ["", "0", "0.0", ".5", "1.", "-1", "1e3", "1,50", "1.1234567", "99999999999999999999", " 1", "NaN"] {
            assert!(usd(bad).is_err(), "{bad}");
        }
        for (good, micros) in [("1", 1_000_000), ("2.50", 2_500_000), ("0.000001", 1), ("12.345678", 12_345_678)] {
            assert_eq!(usd(good), Ok(Micros(micros)), "{good}");
        }
    }
}
