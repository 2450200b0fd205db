//! `steward actions`: what agents wanted to do and what became of it; `--verdict blocked` is the blocked-action log.

use super::Setting;
use super::error::CliError;
use super::output::{Tone, one_line};
use super::terminal::{Terminal, Who, with};
use crate::export::{ACTION_CSV_HEADER, action_csv, moment, verdict_in_log};
use crate::routes::actions::ActionView;
use crate::wiring::logging;
use clap::{Args, Subcommand};
use std::process::ExitCode;
use steward_core::limits::PAGE_MAX;
use steward_core::{RunId, Verdict};
use steward_office::actions;
use steward_store::decision::{DecisionRow, Filter};
use steward_store::page::Page;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Letters of a reason in the table.
const REASON_LETTERS: usize = 70;

/// List and export what agents wanted to do
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward actions list --verdict blocked")]
pub(super) struct Actions {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List actions with their verdicts, newest first
    #[command(after_help = "Example:\n  steward actions list --verdict blocked --csv > blocked.csv")]
    List(List),
}

#[derive(Debug, Args)]
struct List {
    /// Only these: allowed, held or blocked
    #[arg(long, value_name = "VERDICT")]
    verdict: Option<Verdict>,
    /// Only calls of this tool; a star at the end stands for the rest
    #[arg(long, value_name = "TOOL")]
    tool: Option<String>,
    /// Only of this run
    #[arg(long, value_name = "RUN")]
    run: Option<RunId>,
    /// Not before this day or moment, for example 2026-03-01
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    from: Option<OffsetDateTime>,
    /// Before this day or moment
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    to: Option<OffsetDateTime>,
    /// At most so many; without it 50, or all with --csv and --json
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

impl Actions {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let Verb::List(wanted) = self.verb;
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let most = wanted.limit.unwrap_or(if wanted.csv || wanted.json { usize::MAX } else { 50 });
        let filter = Filter {
            verdict: wanted.verdict.map(|verdict| verdict.name().to_owned()),
            tool: wanted.tool.clone(),
            run: wanted.run,
            from: wanted.from,
            to: wanted.to,
            words: Vec::new(),
        };
        let rows = with(config, &wanted.who, "steward actions", async |terminal| read(terminal, &filter, most).await).await?;
        if wanted.csv {
            print_csv(setting, &rows)?;
        } else if wanted.json {
            setting.output.json(&rows.into_iter().map(ActionView::from).collect::<Vec<_>>())?;
        } else {
            print_table(setting, &rows)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn read(terminal: &Terminal, filter: &Filter, most: usize) -> Result<Vec<DecisionRow>, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let (mut page, mut all) = (Page::new(Some(PAGE_MAX), None), Vec::new());
    loop {
        let rows = actions::list(&mut tx, filter, &page).await?;
        let (rows, next) = page.cut(rows, |row| row.decision_id.uuid());
        all.extend(rows);
        match next {
            Some(cursor) if all.len() < most => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            Some(_) | None => break,
        }
    }
    tx.rollback().await?;
    all.truncate(most);
    Ok(all)
}

fn at(row: &DecisionRow) -> String {
    row.decided_at.format(&Rfc3339).unwrap_or_default()
}

fn print_table(setting: &Setting, rows: &[DecisionRow]) -> Result<(), CliError> {
    let output = &setting.output;
    if rows.is_empty() {
        return Ok(output.line("No such actions.")?);
    }
    let row = |row: &DecisionRow| {
        let tone = match row.verdict.as_str() {
            "allow" => Tone::Good,
            "hold" => Tone::Warning,
            _ => Tone::Bad,
        };
        let rules = if row.rules.is_empty() { "-".to_owned() } else { row.rules.join(", ") };
        vec![at(row), output.tone(tone, &verdict_in_log(row)), one_line(&row.tool, 40), rules, one_line(&row.reason, REASON_LETTERS)]
    };
    Ok(output.table(&["WHEN", "VERDICT", "TOOL", "RULES", "REASON"], &rows.iter().map(row).collect::<Vec<_>>())?)
}

fn print_csv(setting: &Setting, rows: &[DecisionRow]) -> Result<(), CliError> {
    setting.output.line(ACTION_CSV_HEADER)?;
    for row in rows {
        setting.output.line(action_csv(row))?;
    }
    Ok(())
}
