//! What came of a call that was just approved, for whoever approved it. That is told as far as its events are told to them: what a call answered
//! is for the person of its run alone. The approval stands whatever becomes of this: nothing here fails it.

use super::decide::{Decided, is_driven_elsewhere};
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, one_line};
use crate::cli::progress::Progress;
use crate::cli::terminal::Terminal;
use crate::run_events::Reader;
use std::time::Duration;
use steward_core::{Event, HoldId, Outcome, Verdict};
use steward_office::{holds, runs};
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

/// What became of a call.
#[derive(Debug, PartialEq)]
enum CameOf {
    /// It answered or failed.
    Done(Outcome),
    /// It was not allowed after all, for this reason.
    Refused(String),
    /// Its run ended without it.
    Ended,
}

/// The same with the tool it is of, and whom it is told to.
struct Seen {
    tool: String,
    reader: Reader,
    came: CameOf,
}

/// Waits for what comes of a call that was just approved, and shows it. Whoever does not want to wait leaves with Ctrl-C, and nothing is lost.
///
/// # Errors
/// When nothing can be printed.
pub(super) async fn show(terminal: &Terminal, output: &Output, decided: &Decided) -> Result<(), CliError> {
    if !decided.is_approved() || !is_driven_elsewhere(terminal) {
        return Ok(());
    }
    let sign = Progress::start("waiting for what comes of it; Ctrl-C leaves, and it goes on");
    let seen = tokio::select! {
        _ = tokio::signal::ctrl_c() => None,
        // Who may decide on it may not always see the run that it is of, and a database that is away for a moment takes no approval back.
        seen = timeout(Duration::from_secs(RESULT_SECONDS_MAX), wait(terminal, decided.hold)) => seen.ok().and_then(Result::ok).flatten(),
    };
    drop(sign);
    Ok(output.line(match seen {
        Some(seen) => {
            let (tone, sign, words) = said(&seen);
            format!("  {} {} {words}", output.tone(tone, sign), seen.tool)
        }
        None => format!("Nothing came of it yet; `steward approvals show {}` says what becomes of it.", decided.hold),
    })?)
}

/// What became of a held call; none where nobody takes its run up.
async fn wait(terminal: &Terminal, hold: HoldId) -> Result<Option<Seen>, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let (row, _) = holds::get(&mut tx, hold).await?;
    tx.rollback().await?;
    let reader = if terminal.actor.person == Some(row.person) { Reader::ItsPerson } else { Reader::Another };
    let seen = |came| Some(Seen { tool: row.tool.clone(), reader, came });
    let (mut after, mut idle_ms) = (0, 0);
    loop {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        // In this order: what a run did before it ended is in its journal by then.
        let status = runs::get(&mut tx, row.run).await?.status_at(terminal.office.clock.now());
        // A call that is served by a run of its own leaves this one waiting, with somebody at work below.
        let is_idle = status == RunStatus::Queued || !runs::is_at_work(&mut tx, row.run).await?;
        let events = runs::events(&mut tx, row.run, after).await?;
        tx.rollback().await?;
        let is_last = events.is_empty();
        for recorded in events {
            after = recorded.seq;
            if let Some(came) = came_of(recorded.event, &row.call_id) {
                return Ok(seen(came));
            }
        }
        if status == RunStatus::Ended && is_last {
            return Ok(seen(CameOf::Ended));
        }
        idle_ms = if is_idle && status != RunStatus::Ended { idle_ms + LOOK_MS } else { 0 };
        if idle_ms > TAKEN_SECONDS_MAX * 1000 {
            return Ok(None);
        }
        sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

/// What an event says of how this call ended; a call that was held and approved is blocked only after that.
fn came_of(event: Event, call: &str) -> Option<CameOf> {
    let (call_id, came) = if let Event::Done { call_id, outcome, .. } = event {
        (call_id, CameOf::Done(outcome))
    } else if let Event::Decided { call_id, verdict: Verdict::Block, reason, .. } = event {
        (call_id, CameOf::Refused(reason))
    } else {
        return None;
    };
    (call_id.to_string() == call).then_some(came)
}

/// What is told of it, in one line, with its tone and its sign.
fn said(Seen { reader, came, .. }: &Seen) -> (Tone, &'static str, String) {
    match came {
        CameOf::Done(Outcome::Ok { summary: Some(summary), .. }) => (Tone::Good, "✓", one_line(summary, LETTERS)),
        CameOf::Done(Outcome::Ok { result, summary: None }) => {
            let words = match reader {
                Reader::ItsPerson => one_line(&result.to_string(), LETTERS),
                Reader::Another => "done".to_owned(),
            };
            (Tone::Good, "✓", words)
        }
        CameOf::Done(Outcome::Failed { failure }) => (Tone::Bad, "✗", format!("failed: {}", one_line(&failure.message, LETTERS))),
        CameOf::Refused(reason) => (Tone::Bad, "✗", format!("was not carried out: {}", one_line(reason, LETTERS))),
        CameOf::Ended => (Tone::Bad, "✗", "was not carried out: its run ended before it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{CameOf, Seen, came_of, said};
    use crate::run_events::Reader;
    use serde_json::json;
    use steward_core::{BlockClass, CallId, DecisionId, Digest, Event, Failure, FailureClass, Outcome, Verdict};

    fn decided(call_id: CallId, verdict: Verdict) -> Event {
        Event::Decided {
            call_id,
            decision_id: DecisionId::from_uuid(uuid::Uuid::from_u128(1)),
            envelope_id: None,
            effect: None,
            verdict,
            rules: Vec::new(),
            reason: "the rules changed meanwhile".to_owned(),
            tell: String::new(),
            class: (verdict == Verdict::Block).then_some(BlockClass::Changed),
            call_digest: Digest::of(b"call"),
            after_approval: true,
            changed: Vec::new(),
            grant_id: None,
            retryable: false,
            allowed_shape: None,
        }
    }

    #[test]
    fn a_call_that_is_refused_after_its_approval_is_told_so() {
        let (ours, other) = (CallId { step: 1, index: 0 }, CallId { step: 2, index: 0 });
        let call = ours.to_string();
        assert_eq!(came_of(decided(other, Verdict::Block), &call), None);
        assert_eq!(came_of(decided(ours, Verdict::Hold), &call), None);
        assert_eq!(came_of(decided(ours, Verdict::Allow), &call), None);
        assert_eq!(came_of(decided(ours, Verdict::Block), &call), Some(CameOf::Refused("the rules changed meanwhile".to_owned())));
    }

    #[test]
    fn what_a_call_answered_is_told_to_the_person_of_its_run_alone() {
        let told = |reader, came| {
            let (_, sign, words) = said(&Seen { tool: "crm.find".to_owned(), reader, came });
            format!("{sign} {words}")
        };
        let answered = |summary: Option<&str>| CameOf::Done(Outcome::Ok { result: json!({ "salary": 90_000 }), summary: summary.map(str::to_owned) });
        assert_eq!(told(Reader::Another, answered(None)), "✓ done");
        assert_eq!(told(Reader::Another, answered(Some("one found"))), "✓ one found");
        assert_eq!(told(Reader::ItsPerson, answered(None)), "✓ {\"salary\":90000}");
        assert_eq!(told(Reader::ItsPerson, answered(Some("one found"))), "✓ one found");
        let failure = Failure { class: FailureClass::NotFound, message: "nobody".to_owned(), retryable: false };
        assert_eq!(told(Reader::Another, CameOf::Done(Outcome::Failed { failure })), "✗ failed: nobody");
        assert_eq!(told(Reader::Another, CameOf::Refused("no more".to_owned())), "✗ was not carried out: no more");
        assert_eq!(told(Reader::Another, CameOf::Ended), "✗ was not carried out: its run ended before it");
    }
}
