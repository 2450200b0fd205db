//! `steward policy suggest`: rules for what people always approved, to read and to keep or not.

use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone};
use crate::cli::terminal::Terminal;
use crate::suggestions::{self, Seen, SuggestionView};
use serde_json::json;
use std::process::ExitCode;
use steward_core::ToolSpec;
use steward_policies::{Rules, suggest};
use time::Duration;

/// What people did, and what is on record.
pub(super) async fn look(terminal: &Terminal, days: u32, least: u32) -> Result<Seen, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let seen = suggestions::look(&mut tx, terminal.office.clock.now() - Duration::days(i64::from(days)), least).await?;
    tx.rollback().await?;
    Ok(seen)
}

/// Prints each suggestion as the text of a file, with its backtest in front.
pub(super) fn print(output: &Output, rules: &Rules, tools: &[ToolSpec], seen: &Seen, as_json: bool) -> Result<ExitCode, CliError> {
    let found = suggest(rules, tools, &seen.habits, &seen.recorded).map_err(super::rules_error)?;
    if as_json {
        let items: Vec<SuggestionView> = found.into_iter().map(SuggestionView::from).collect();
        output.json(&json!({ "items": items }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        output.line("Nothing is suggested: nothing was always approved that a rule could say as narrowly.")?;
        return Ok(ExitCode::SUCCESS);
    }
    for one in found {
        let again = &one.backtest;
        let note = format!(
            "// Of {} decisions on record it would have changed {}: {} newly allowed, {} newly held, {} newly blocked.",
            again.judged,
            again.changed(),
            again.newly_allowed,
            again.newly_held,
            again.newly_blocked
        );
        output.line(output.tone(Tone::Quiet, &note))?;
        output.line(one.rule)?;
    }
    output.line(
        output.tone(Tone::Quiet, "// None of this is in force. Write what you want to keep into a file below rules/, and try it with `steward policy diff`."),
    )?;
    Ok(ExitCode::SUCCESS)
}
