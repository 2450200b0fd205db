//! Saying yes or no, as the person at the terminal.

use super::Card;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone};
use crate::cli::terminal::Terminal;
use crate::cli::typed::forget_typed;
use serde_json::json;
use std::io::{self, IsTerminal};
use steward_core::{EnvelopeId, HoldId};
use steward_office::holds::{self, Approved, needs_in_words};
use steward_office::{OfficeError, people};

/// What came of it.
pub(super) struct Decided {
    pub(super) hold: HoldId,
    outcome: &'static str,
    note: String,
}

impl Decided {
    /// Whether the action goes ahead now.
    pub(super) fn is_approved(&self) -> bool {
        self.outcome == "approved"
    }
}

/// Approves exactly this envelope; without one, shows the action and asks. Money it refuses, whoever asks and with whatever code.
pub(super) async fn approve(
    terminal: &Terminal,
    output: &Output,
    hold: HoldId,
    envelope: Option<EnvelopeId>,
    code: Option<String>,
) -> Result<Decided, CliError> {
    let card = Card::read(terminal, hold).await?;
    // Before anything is asked: a code that was given would be spent for nothing.
    if let Some(why) = card.only_elsewhere() {
        return Err(CliError::said(why));
    }
    let envelope = match envelope {
        Some(envelope) => envelope,
        None => ask(&card, output, hold).await?,
    };
    if let Some(code) = code {
        people::step_up(&terminal.store, &terminal.office, &terminal.actor, &envelope.to_string(), &code.into()).await?;
    }
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let approved = holds::approve(&mut tx, &terminal.office, hold, envelope).await.map_err(asks_for_code)?;
    tx.commit().await?;
    Ok(match approved {
        Approved::Released => Decided { hold, outcome: "approved", note: goes_on(terminal) },
        Approved::StillNeeds { needs, people } => {
            let note = format!("Your approval counts; still needed: {} ({people} more).", needs_in_words(&needs));
            Decided { hold, outcome: "still_held", note }
        }
    })
}

/// At the terminal a second factor is given with the command itself.
pub(super) fn asks_for_code(err: OfficeError) -> CliError {
    match err {
        OfficeError::StepUp { .. } => CliError::said("this needs your second factor: say the same again with `--code` and a code of your app"),
        other => other.into(),
    }
}

/// Refuses.
pub(super) async fn reject(terminal: &Terminal, hold: HoldId, reason: &str) -> Result<Decided, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    holds::reject(&mut tx, &terminal.office, hold, reason).await?;
    tx.commit().await?;
    Ok(Decided { hold, outcome: "rejected", note: goes_on(terminal) })
}

/// Sends it back.
pub(super) async fn revise(terminal: &Terminal, hold: HoldId, guidance: &str) -> Result<Decided, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    holds::revise(&mut tx, &terminal.office, hold, guidance).await?;
    tx.commit().await?;
    Ok(Decided { hold, outcome: "revised", note: goes_on(terminal) })
}

/// Whether another process may be driving runs.
pub(super) fn is_driven_elsewhere(terminal: &Terminal) -> bool {
    terminal.database.is_guest() || terminal.config.database.url.is_some()
}

/// Who takes the run up again.
fn goes_on(terminal: &Terminal) -> String {
    if is_driven_elsewhere(terminal) { "The run goes on.".to_owned() } else { "The run goes on as soon as Steward runs (`steward up`).".to_owned() }
}

/// Shows the action and asks on the terminal. The envelope approved is the one that was shown.
async fn ask(card: &Card, output: &Output, hold: HoldId) -> Result<EnvelopeId, CliError> {
    if !io::stdin().is_terminal() || !output.terminal {
        return Err(CliError::said(format!("say what exactly you approve with `--envelope`; see it with `steward approvals show {hold}`")));
    }
    card.print(output)?;
    // The command may have been at work for seconds: what was typed meanwhile is no word on a card that nobody had seen.
    forget_typed()?;
    output.piece("Approve exactly this? [y/N] ")?;
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let answer = answer.await.map_err(io::Error::other)??;
    if answer.trim().eq_ignore_ascii_case("y") || answer.trim().eq_ignore_ascii_case("yes") {
        card.envelope_id()
    } else {
        Err(CliError::said("not approved; it still waits"))
    }
}

/// Prints what came of it.
pub(super) fn say(output: &Output, decided: &Decided, as_json: bool) -> Result<(), CliError> {
    if as_json {
        return Ok(output.json(&json!({ "hold_id": decided.hold, "outcome": decided.outcome, "note": decided.note }))?);
    }
    let word = match decided.outcome {
        "approved" => output.tone(Tone::Good, "Approved."),
        "revised" => output.tone(Tone::Warning, "Sent back."),
        "rejected" => output.tone(Tone::Bad, "Refused."),
        _ => output.tone(Tone::Warning, "Still held."),
    };
    Ok(output.line(format!("{word} {}", decided.note))?)
}
