//! `steward policy explain`: which rule decided, in words, and what would have changed it.

use super::{Set, recorded, rules_error};
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone};
use crate::cli::terminal::Terminal;
use serde_json::json;
use std::process::ExitCode;
use steward_core::{DecisionId, EnvelopeId};
use steward_policies::{Recorded, Rules, explain};
use steward_store::decision::DecisionRow;

/// The most decisions that are searched.
const SEARCHED_MAX: usize = 100_000;

/// What is to be explained: a sealed call or one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Envelope(EnvelopeId),
    Decision(DecisionId),
}

pub(super) fn wanted(text: &str) -> Result<Wanted, String> {
    text.parse()
        .map(Wanted::Envelope)
        .or_else(|_| text.parse().map(Wanted::Decision))
        .map_err(|_| "say which: an envelope (`env_…`, as `steward approvals show` prints it) or a decision (`steward actions list --json`)".to_owned())
}

impl Wanted {
    fn is(self, row: &DecisionRow) -> bool {
        match self {
            Self::Envelope(id) => row.envelope_id.as_deref() == Some(id.bytes().as_slice()),
            Self::Decision(id) => row.decision_id == id,
        }
    }
}

/// The newest decision on it.
pub(super) async fn find(terminal: &Terminal, wanted: Wanted) -> Result<DecisionRow, CliError> {
    let rows = recorded::read(terminal, SEARCHED_MAX, |row| wanted.is(row)).await?;
    rows.into_iter().next_back().filter(|row| wanted.is(row)).ok_or_else(|| CliError::said("there is no such decision on record, or you may not see it"))
}

/// Explains a decision: as it was recorded, and as the rules say now.
pub(super) fn run(output: &Output, set: &Set, row: DecisionRow, as_json: bool) -> Result<ExitCode, CliError> {
    let rules = Rules::load(&set.rules, &set.tools).map_err(rules_error)?;
    let (name, verdict, reason, by) = (row.decision_id, row.verdict.clone(), row.reason.clone(), row.rules.clone());
    let (tool, same_rules) = (row.tool.clone(), row.policy_digest == rules.digest());
    let now = Recorded::facts_of(&row.record).map(|facts| explain(&rules, &facts));
    if as_json {
        output.json(
            &json!({ "decision_id": name, "tool": tool, "verdict": verdict, "reason": reason, "rules": by, "rules_changed_since": !same_rules, "now": now }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let by = if by.is_empty() { "no rule".to_owned() } else { by.join(", ") };
    output.line(format!("{name}: `{tool}` came out as {verdict}, by {by}: {reason}"))?;
    let Some(now) = now else {
        output.line("It never came before the rules: the tool is unknown, or the arguments are not what its schema says.")?;
        return Ok(ExitCode::SUCCESS);
    };
    if !same_rules {
        output.line(output.tone(Tone::Warning, &format!("The rules have changed since; now it would come out as {}: {}", now.verdict, now.reason)))?;
    }
    for rule in &now.rules {
        output.line(format!("\n{}:{} {}\n{}", rule.file, rule.line, rule.id, output.tone(Tone::Quiet, rule.text.trim())))?;
    }
    if !now.released_by.is_empty() {
        output.line(format!("\nIt is released by {}.", now.released_by.join(", or ")))?;
    }
    if now.would_change.is_empty() {
        output.line("\nNo single thing would have changed it.")?;
    } else {
        output.line("\nIt would have come out otherwise if")?;
        for change in &now.would_change {
            output.line(format!("  {}: {}", change.had, change.verdict))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
