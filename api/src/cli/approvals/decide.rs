//! Saying yes or no, as the person at the terminal.

use super::Card;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, one_line};
use crate::cli::progress::Progress;
use crate::cli::terminal::Terminal;
use serde_json::json;
use std::io::{self, IsTerminal};
use std::time::Duration;
use steward_core::{EnvelopeId, Event, HasKind, HoldId, Kind, Outcome};
use steward_office::holds::{self, Approved, needs_in_words};
use steward_office::{OfficeError, people, runs};
use steward_store::run::RunStatus;
use tokio::time::{sleep, timeout};

/// How often a run is looked at for what came of a call, in milliseconds.
const LOOK_MS: u64 = 250;
/// How long what came of it is waited for, in seconds.
const RESULT_SECONDS_MAX: u64 = 60;
/// How long a run may wait for somebody who takes it up, in seconds: perhaps nobody works.
const TAKEN_SECONDS_MAX: u64 = 5;
/// Letters of a result.
const LETTERS: usize = 400;

/// What came of it.
pub(super) struct Decided {
    hold: HoldId,
    outcome: &'static str,
    note: String,
}

/// Approves exactly this envelope; without one, shows the action and asks.
pub(super) async fn approve(
    terminal: &Terminal,
    output: &Output,
    hold: HoldId,
    envelope: Option<EnvelopeId>,
    code: Option<String>,
) -> Result<Decided, CliError> {
    let envelope = match envelope {
        Some(envelope) => envelope,
        None => ask(terminal, output, hold).await?,
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

/// Waits for what comes of a call that was just approved, and shows it. Whoever does not want to wait leaves with Ctrl-C, and nothing is lost.
pub(super) async fn show_result(terminal: &Terminal, output: &Output, decided: &Decided) -> Result<(), CliError> {
    if decided.outcome != "approved" || !is_driven_elsewhere(terminal) {
        return Ok(());
    }
    let sign = Progress::start("waiting for what comes of it; Ctrl-C leaves, and it goes on");
    let seen = tokio::select! {
        _ = tokio::signal::ctrl_c() => None,
        seen = timeout(Duration::from_secs(RESULT_SECONDS_MAX), outcome_of(terminal, decided.hold)) => match seen {
            Err(_) => None,
            // Who may decide on it may not always see the run that it is of.
            Ok(Err(err)) if matches!(err.kind(), Kind::Missing | Kind::Denied) => None,
            Ok(seen) => seen?,
        },
    };
    drop(sign);
    match seen {
        Some((tool, Outcome::Ok { result, summary })) => {
            let words = summary.unwrap_or_else(|| result.to_string());
            output.line(format!("  {} {tool} {}", output.tone(Tone::Good, "✓"), one_line(&words, LETTERS)))?;
        }
        Some((tool, Outcome::Failed { failure })) => {
            output.line(format!("  {} {tool} failed: {}", output.tone(Tone::Bad, "✗"), one_line(&failure.message, LETTERS)))?;
        }
        None => output.line(format!("Nothing came of it yet; `steward approvals show {}` says what becomes of it.", decided.hold))?,
    }
    Ok(())
}

/// What came of a held call, with its tool; none where nobody takes its run up, or it ends without.
async fn outcome_of(terminal: &Terminal, hold: HoldId) -> Result<Option<(String, Outcome)>, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let (row, _) = holds::get(&mut tx, hold).await?;
    tx.rollback().await?;
    let (mut after, mut idle_ms) = (0, 0);
    loop {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        // In this order: what a run did before it ended is in its journal by then.
        let status = runs::get(&mut tx, row.run).await?.status;
        let events = runs::events(&mut tx, row.run, after).await?;
        tx.rollback().await?;
        let is_last = events.is_empty();
        for recorded in events {
            after = recorded.seq;
            if let Event::Done { call_id, outcome, .. } = recorded.event
                && call_id.to_string() == row.call_id
            {
                return Ok(Some((row.tool, outcome)));
            }
        }
        match status {
            RunStatus::Ended if is_last => return Ok(None),
            RunStatus::Queued | RunStatus::Waiting if idle_ms >= TAKEN_SECONDS_MAX * 1000 => return Ok(None),
            RunStatus::Queued | RunStatus::Waiting => idle_ms += LOOK_MS,
            RunStatus::Running | RunStatus::Ended => {}
        }
        sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

/// Whether another process may be driving runs.
fn is_driven_elsewhere(terminal: &Terminal) -> bool {
    terminal.database.is_guest() || terminal.config.database.url.is_some()
}

/// Who takes the run up again.
fn goes_on(terminal: &Terminal) -> String {
    if is_driven_elsewhere(terminal) { "The run goes on.".to_owned() } else { "The run goes on as soon as Steward runs (`steward up`).".to_owned() }
}

/// Shows the action and asks on the terminal. The envelope approved is the one that was shown.
async fn ask(terminal: &Terminal, output: &Output, hold: HoldId) -> Result<EnvelopeId, CliError> {
    let card = Card::read(terminal, hold).await?;
    if !io::stdin().is_terminal() || !output.terminal {
        return Err(CliError::said(format!("say what exactly you approve with `--envelope`; see it with `steward approvals show {hold}`")));
    }
    card.print(output)?;
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
