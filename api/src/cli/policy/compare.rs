//! What other rules would say: to the matrix (`diff`), and to what is on record (`backtest`).

use super::{Set, rules_error};
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, counted, one_line};
use serde_json::json;
use std::process::ExitCode;
use steward_policies::{Backtest, Difference, Rules, diff};

/// Letters of a reason in a list.
const REASON_LETTERS: usize = 90;

/// The rules of a set.
pub(super) fn load(set: &Set) -> Result<Rules, CliError> {
    Rules::load(&set.rules, &set.tools).map_err(rules_error)
}

/// Prints how two sets of rules differ; exit 1 when the second is looser in a cell, or cannot be compared for all.
pub(super) fn run_diff(output: &Output, old: &Rules, new: &Rules, again: Option<Backtest>, as_json: bool) -> Result<ExitCode, CliError> {
    let differs = diff(old, new);
    let looser = differs.cells.iter().filter(|cell| cell.looser).count();
    let code = if differs.is_looser() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if as_json {
        output.json(&json!({ "old": old.digest(), "new": new.digest(), "diff": differs, "decisions": again }))?;
        return Ok(code);
    }
    if differs.is_empty() {
        output.line("The rules are the same.")?;
    }
    for (word, ids) in [("new", &differs.added), ("gone", &differs.removed), ("changed", &differs.changed)] {
        for id in ids {
            output.line(format!("rule {word}: {id}"))?;
        }
    }
    let mut situation = "";
    for cell in &differs.cells {
        if cell.situation != situation {
            situation = &cell.situation;
            output.line(output.tone(Tone::Quiet, &format!("# {situation}")))?;
        }
        let (was, now) = (cell.was.as_deref().unwrap_or("no such tool"), cell.now.as_deref().unwrap_or("no such tool"));
        let now = output.tone(if cell.looser { Tone::Bad } else { Tone::Good }, now);
        output.line(format!("{} ({}): {was} -> {now}", cell.tool, cell.column))?;
    }
    for rule in &differs.left_out {
        output.line(output.tone(Tone::Bad, &format!("rule {rule} names more than are compared; for the rest the rules may be looser")))?;
    }
    output.line(format!("{} of the matrix differ, {looser} of them looser.", counted(differs.cells.len(), "cell", "cells")))?;
    if let Some(again) = again {
        print_backtest(output, &again)?;
    }
    Ok(code)
}

/// Prints what the rules would have said to what is on record; exit 1 when something would now be allowed that was not.
pub(super) fn run_backtest(output: &Output, report: &Backtest, as_json: bool) -> Result<ExitCode, CliError> {
    if as_json {
        output.json(report)?;
    } else {
        print_backtest(output, report)?;
    }
    Ok(if report.newly_allowed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_backtest(output: &Output, report: &Backtest) -> Result<(), CliError> {
    for Difference { name, tool, was, now, now_by, reason, .. } in &report.differences {
        let tone = if *now == steward_core::Verdict::Allow { Tone::Bad } else { Tone::Warning };
        let by = if now_by.is_empty() { "no rule".to_owned() } else { now_by.join(", ") };
        output.line(format!("{name} {tool}: {was} -> {} by {by}: {}", output.tone(tone, now.name()), one_line(reason, REASON_LETTERS)))?;
    }
    if report.changed() > report.differences.len() {
        output.line(format!("… and {} more", report.changed() - report.differences.len()))?;
    }
    if !report.dead.is_empty() {
        output.line(output.tone(Tone::Quiet, &format!("decided nothing of this: {}", report.dead.join(", "))))?;
    }
    output.line(format!(
        "{} judged again by {}: {} newly allowed, {} newly held, {} newly blocked, {} the same by other rules.",
        counted(report.judged, "decision", "decisions"),
        report.policy_digest.short(),
        report.newly_allowed,
        report.newly_held,
        report.newly_blocked,
        report.otherwise_decided,
    ))?;
    if report.left_out + report.not_judged > 0 {
        output.line(output.tone(
            Tone::Quiet,
            &format!("{} never came before the rules; {} lack a fact or counter that these rules read.", report.left_out, report.not_judged),
        ))?;
    }
    Ok(())
}
