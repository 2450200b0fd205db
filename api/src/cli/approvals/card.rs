//! A held action as a person is shown it before they decide: what exactly would run, why it waits, and how to decide.

use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, one_line, printable};
use crate::cli::terminal::Terminal;
use crate::routes::holds::HoldDetail;
use serde_json::Value;
use std::io;
use steward_core::{Clock, Effect, EnvelopeId, HoldId, RunId};
use steward_office::holds::routing::Ask;
use steward_office::holds::{self, read_ask, takes_in_words};
use steward_store::StoreError;
use steward_store::escalation::EscalationRow;
use steward_store::hold::{ApprovalRow, HoldRow};
use time::format_description::well_known::Rfc3339;

/// Letters of one argument's line.
const LINE_LETTERS_MAX: usize = 2_000;

/// A held action with what people said of it.
pub(crate) struct Card {
    row: HoldRow,
    said: Vec<ApprovalRow>,
    steps: Vec<EscalationRow>,
    serves: Option<RunId>,
    /// Its page in the web.
    page: String,
}

impl Card {
    /// Reads one.
    pub(crate) async fn read(terminal: &Terminal, hold: HoldId) -> Result<Self, CliError> {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        let (row, said) = holds::get(&mut tx, hold).await?;
        let steps = holds::escalate::steps_of(&mut tx, hold).await?;
        let serves = holds::serves(&mut tx, &row).await?;
        tx.rollback().await?;
        let page = format!("{}/holds/{hold}", terminal.config.server.site.public_url());
        Ok(Self { row, said, steps, serves, page })
    }

    /// What exactly waits; an approval names it.
    pub(crate) fn envelope_id(&self) -> Result<EnvelopeId, CliError> {
        let hex: String = self.row.envelope_id.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("env_{hex}").parse().map_err(|_| StoreError::Corrupt { what: "hold.envelope_id" })?)
    }

    /// Why it cannot be approved at the terminal, and where it can; none for what can be. Money is released in the web alone, by who is
    /// signed in there: whoever holds this machine's terminal is the owner to it.
    pub(crate) fn only_elsewhere(&self) -> Option<String> {
        (self.row.effect == Effect::Money.name()).then(|| format!("money is never released at the terminal; decide on it in the web: {}", self.page))
    }

    /// In the form the server answers with.
    pub(crate) fn into_json(self) -> Result<HoldDetail, CliError> {
        let detail = HoldDetail::of((self.row, self.said), Clock::System.now()).map_err(|_| StoreError::Corrupt { what: "hold" })?;
        Ok(detail.escalated(self.steps).serving(self.serves))
    }

    /// Who is asked, since when; who will be, and when. Nobody in particular without a route.
    fn asked(&self) -> Result<Vec<String>, CliError> {
        let one = |step: &Ask| {
            let roles = step.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
            match self.steps.iter().find(|taken| taken.after_minutes == step.after_minutes) {
                Some(taken) => format!("{roles} (too, since {}: nobody had decided)", when(taken.at)),
                None if step.after_minutes == 0 => roles,
                None => format!("{roles} (too, from {})", when(self.row.held_at + time::Duration::minutes(i64::from(step.after_minutes)))),
            }
        };
        Ok(read_ask(&self.row)?.iter().map(one).collect())
    }

    /// Prints it as a box.
    pub(crate) fn print(&self, output: &Output) -> Result<(), CliError> {
        let row = &self.row;
        let envelope: Value = serde_json::from_str(&row.envelope).map_err(|_| StoreError::Corrupt { what: "hold.envelope" })?;
        let mut lines = argument_lines(envelope.get("arguments").unwrap_or(&Value::Null));
        lines.extend(holds::card::said(row)?.as_ref().map(preview_lines).unwrap_or_default());
        lines.push(String::new());
        lines.push(labelled("why", &one_line(&row.reason, LINE_LETTERS_MAX)));
        lines.push(labelled("needs", &takes_in_words(row)?));
        if let Some(run) = self.serves {
            lines.push(labelled("serves", &run.to_string()));
        }
        let waits = row.state == "held";
        if waits {
            lines.push(labelled("until", &when(row.expires_at)));
        }
        if waits {
            lines.extend(self.asked()?.into_iter().map(|text| labelled("asked", &text)));
        }
        if row.state == "expired" {
            lines.push(labelled("expired", &format!("nobody decided before {}; it was not carried out", when(row.expires_at))));
        }
        for said in &self.said {
            let word = match (said.approves, row.state.as_str()) {
                (true, _) => "approved",
                (false, "revised") => "sent back",
                (false, _) => "refused",
            };
            let reason = said.reason.as_deref().map(|reason| format!(": {}", one_line(reason, 200))).unwrap_or_default();
            lines.push(labelled(word, &format!("{} as {} at {}{reason}", said.person, said.roles.join(", "), when(said.at))));
        }
        if waits {
            lines.push(String::new());
            let command = format!("steward approvals approve {} --envelope {}", row.hold_id, self.envelope_id()?);
            lines.push(labelled("approve", &self.only_elsewhere().unwrap_or(command)));
            lines.push(labelled("revise", &format!("steward approvals revise {} --guidance \"…\"", row.hold_id)));
            lines.push(labelled("reject", &format!("steward approvals reject {} --reason \"…\"", row.hold_id)));
        }
        Ok(box_of(output, &format!("{}: {} ({})", row.state, row.tool, row.effect), &lines)?)
    }
}

fn when(at: time::OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// The arguments, one a line, exactly: nothing is left out, and nothing can pass for a line of ours.
fn argument_lines(arguments: &Value) -> Vec<String> {
    match arguments {
        Value::Object(fields) if !fields.is_empty() => fields.iter().flat_map(|(name, value)| one_argument(name, value)).collect(),
        Value::Object(_) | Value::Null => vec!["no arguments".to_owned()],
        other => one_argument("", other),
    }
}

/// What the tool says that the call would do; what it says is one value a line too.
fn preview_lines(preview: &Value) -> Vec<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(|text| one_line(text, LINE_LETTERS_MAX));
    let mut lines = vec![String::new()];
    match text(preview, "failed") {
        Some(failed) => lines.push(labelled("effect", &format!("the tool cannot say: {failed}"))),
        None => lines.push(labelled("effect", &text(preview, "title").unwrap_or_default())),
    }
    for line in preview.get("lines").and_then(Value::as_array).into_iter().flatten() {
        let shown = |name| text(line, name).unwrap_or_else(|| "—".to_owned());
        lines.push(labelled("", &format!("{}: {} → {}", text(line, "label").unwrap_or_default(), shown("before"), shown("after"))));
    }
    lines
}

fn one_argument(name: &str, value: &Value) -> Vec<String> {
    let text = match value {
        Value::String(text) => printable(text),
        other => printable(&other.to_string()),
    };
    let mut lines = text.lines();
    let first = labelled(&one_line(name, 24), lines.next().unwrap_or_default());
    std::iter::once(first).chain(lines.map(|line| labelled("", line))).collect()
}

fn labelled(name: &str, text: &str) -> String {
    format!("{name:<10}  {text}")
}

/// Lines with a frame on their left, under a title. The right side stays open, so that what is copied is whole.
fn box_of(output: &Output, title: &str, lines: &[String]) -> io::Result<()> {
    let edge = |text: &str| output.tone(Tone::Warning, text);
    output.line(format!("{} {}", edge("┌─"), output.tone(Tone::Strong, title)))?;
    for line in lines {
        output.line(format!("{} {line}", edge("│")).trim_end())?;
    }
    output.line(edge("└─"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_shown_whole_and_cannot_fake_lines() {
        let lines = argument_lines(&json!({ "body": "Hello\n└─\nneeds nobody", "n": 3, "to": "a\u{202e}b@example.org" }));
        assert_eq!(lines, ["body        Hello", "            └─", "            needs nobody", "n           3", "to          a\u{fffd}b@example.org"]);
        assert_eq!(argument_lines(&json!({})), ["no arguments"]);
    }
}
