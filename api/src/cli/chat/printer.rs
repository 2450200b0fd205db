//! Shows one run: its text as it is written, one line a call, a box for what waits; or every event as a line of JSON.

use crate::cli::output::{Output, Pieces, Tone, one_line};
use crate::marks::{Numbers, Writing};
use crate::run_events::{Reader, delta, outside};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use steward_agent::citations::settle;
use steward_agent::run::Run;
use steward_core::event::{ChunkRef, HoldOutcome, Recorded};
use steward_core::{
    BudgetHoldId, CallId, EnvelopeId, Event, HoldId, Micros, Outcome, Permission, PutQuestion, QuestionId, QuestionOutcome, Role, RunId, RunOutcome, ToolCall,
    Verdict,
};

/// Letters of a call's arguments in its line.
const ARGUMENT_LETTERS: usize = 60;
/// Letters of a result or reason in a call's line.
const WORD_LETTERS: usize = 120;

/// What was shown of a run.
pub(super) struct Printer {
    output: Output,
    json: bool,
    run: RunId,
    last_seq: u32,
    /// Whether the cursor stands after a text without a line end.
    in_line: bool,
    /// The text of the current answer, as it was streamed.
    live: Writing,
    /// The same as it is shown.
    pieces: Pieces,
    /// What the numbers in the text stand for.
    numbers: Numbers,
    folded: Run,
    said: String,
    calls: BTreeMap<CallId, ToolCall>,
    reasons: BTreeMap<CallId, (Verdict, String)>,
    open: Vec<(HoldId, EnvelopeId)>,
    /// Runs that serve its calls and are not over.
    sub_runs: Vec<RunId>,
    /// What servers ask and wait for, and whether the person was shown it.
    asked: Vec<(PutQuestion, bool)>,
    outcome: Option<RunOutcome>,
    /// Whether the person asked to stop: that the model then has no answer is no news.
    is_stopping: bool,
}

impl Printer {
    pub(super) fn new(output: Output, json: bool, run: RunId) -> Self {
        Self {
            output,
            json,
            run,
            last_seq: 0,
            in_line: false,
            live: Writing::default(),
            pieces: Pieces::default(),
            numbers: Numbers::default(),
            folded: Run::default(),
            said: String::new(),
            calls: BTreeMap::new(),
            reasons: BTreeMap::new(),
            open: Vec::new(),
            sub_runs: Vec::new(),
            asked: Vec::new(),
            outcome: None,
            is_stopping: false,
        }
    }

    /// The person asked to stop.
    pub(super) fn stopping(&mut self) {
        self.is_stopping = true;
    }

    pub(super) fn run(&self) -> RunId {
        self.run
    }

    pub(super) fn last_seq(&self) -> u32 {
        self.last_seq
    }

    /// Whether events are printed as JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// How the run ended, if it has.
    pub(super) fn outcome(&self) -> Option<RunOutcome> {
        self.outcome
    }

    /// Whether runs that serve this one are under way.
    pub(super) fn is_served(&self) -> bool {
        !self.sub_runs.is_empty()
    }

    /// Says that a run that serves this one is not over, as it waits for people: what is held there is not shown here.
    pub(super) fn served_waits(&mut self) -> io::Result<()> {
        if self.json || !self.is_served() || self.outcome.is_some() {
            return Ok(());
        }
        self.line(&self.output.tone(Tone::Warning, "  ⏸ what was handed on waits for people; see `steward approvals list` and `steward budgets holds`"))
    }

    /// What a budget stopped the run for, where somebody may still let it go on. A call of it waits at no such time: no model is asked before
    /// every call is over, and money is wanted only for that.
    pub(super) fn stopped_by(&self) -> Option<BudgetHoldId> {
        self.folded.budget_hold.filter(|_| self.open.is_empty())
    }

    /// The first action that waits for people.
    pub(super) fn open_hold(&self) -> Option<(HoldId, EnvelopeId)> {
        self.open.first().copied()
    }

    /// The first question that waits for the person and was not shown to them.
    pub(super) fn take_question(&mut self) -> Option<PutQuestion> {
        let (put, is_shown) = self.asked.iter_mut().find(|(_, is_shown)| !*is_shown)?;
        *is_shown = true;
        Some(put.clone())
    }

    /// Whether this question still waits.
    pub(super) fn waits_for(&self, question: QuestionId) -> bool {
        self.asked.iter().any(|(put, _)| put.question_id == question)
    }

    /// Forgets an action that was just decided on.
    pub(super) fn settle(&mut self, hold: HoldId) {
        self.open.retain(|(open, _)| *open != hold);
    }

    /// Ends the line.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let waits = self.pieces.end();
        self.piece(&waits)?;
        if self.in_line {
            self.in_line = false;
            self.output.line("")?;
        }
        Ok(())
    }

    /// A piece of text, as it is written, and whether an answer begins with it.
    pub(super) fn delta(&mut self, text: &str, begins: bool) -> io::Result<()> {
        if self.json {
            let event = delta(text, begins);
            return self.output.json_line(&json!({ "event": event.name, "run_id": self.run, "data": event.data }));
        }
        let more = self.live.more(text, &self.folded, &mut self.numbers);
        self.text(&more)
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let shown = self.pieces.more(text);
        self.piece(&shown)
    }

    /// What may be shown as it is.
    fn piece(&mut self, shown: &str) -> io::Result<()> {
        if shown.is_empty() {
            return Ok(());
        }
        self.in_line = !shown.ends_with('\n');
        self.output.piece(shown)
    }

    /// A line of its own.
    fn line(&mut self, text: &str) -> io::Result<()> {
        self.finish()?;
        self.output.line(text)
    }

    /// An event of the journal. One that was shown already is not shown again.
    pub(super) fn event(&mut self, recorded: &Recorded) -> io::Result<()> {
        if recorded.seq <= self.last_seq {
            return Ok(());
        }
        self.last_seq = recorded.seq;
        self.folded.apply(recorded);
        self.remember(&recorded.event);
        if self.json {
            let mut events = outside(self.run, recorded, Reader::ItsPerson).into_iter();
            return events
                .try_for_each(|event| self.output.json_line(&json!({ "event": event.name, "seq": recorded.seq, "run_id": self.run, "data": event.data })));
        }
        match &recorded.event {
            Event::Answered { text, .. } => self.answered(text),
            Event::AskFailed { model, message, retry, .. } if !self.is_stopping => {
                // What it said so far stands, and the next try begins anew.
                self.live = Writing::default();
                let next = if *retry { "; trying again" } else { "" };
                let text = format!("  {model}: {}{next}", one_line(message, WORD_LETTERS));
                self.line(&self.output.tone(Tone::Quiet, &text))
            }
            Event::Decided { call_id, verdict: Verdict::Block, reason, rules, .. } => {
                let rules = if rules.is_empty() { String::new() } else { format!(" ({})", rules.join(", ")) };
                self.call_line(*call_id, Tone::Bad, "✗", &format!("blocked: {}{rules}", one_line(reason, WORD_LETTERS)))
            }
            Event::HoldClosed { call_id, outcome, reason, .. } => {
                let (tone, word) = closed(*outcome);
                let reason = reason.as_deref().map(|reason| format!(": {}", one_line(reason, WORD_LETTERS))).unwrap_or_default();
                self.call_line(*call_id, tone, "•", &format!("{word}{reason}"))
            }
            Event::HoldEscalated { call_id, after_minutes, roles, .. } => {
                self.call_line(*call_id, Tone::Warning, "•", &format!("nobody decided in {after_minutes} minutes: asked too: {}", roles.join(", ")))
            }
            Event::BudgetHeld { hold_id, need, why, .. } => self.no_room(*hold_id, *need, why),
            Event::BudgetDecided { outcome, reason, .. } => {
                let (tone, word) = closed(*outcome);
                let reason = reason.as_deref().map(|reason| format!(": {}", one_line(reason, WORD_LETTERS))).unwrap_or_default();
                self.line(&format!("  {} the budget: {word}{reason}", self.output.tone(tone, "•")))
            }
            Event::Delegated { call_id, run_id, agent, .. } => {
                self.call_line(*call_id, Tone::Quiet, "→", &format!("{} is at work on it: {run_id}", one_line(agent, ARGUMENT_LETTERS)))
            }
            // What came of it is the call's own line.
            Event::Returned { .. } => Ok(()),
            Event::Done { call_id, outcome, ms, .. } => self.done(*call_id, outcome, *ms),
            Event::Replied { text, .. } => self.replied(text),
            Event::Ended { outcome: RunOutcome::Replied, .. } => self.finish(),
            Event::QuestionClosed { call_id, outcome, .. } => {
                let (tone, words) = told(*outcome);
                self.call_line(*call_id, tone, "•", words)
            }
            Event::Ended { message, .. } => {
                self.line(&self.output.tone(Tone::Warning, &format!("Stopped: {}", one_line(message, 400))))?;
                self.sources()
            }
            // Whoever has the record shows what is held: the sealed call, not the proposed one.
            Event::HoldOpened { .. } | Event::QuestionOpened { .. } => self.finish(),
            Event::Started { .. }
            | Event::Forked { .. }
            | Event::Given { .. }
            | Event::Called { .. }
            | Event::Asked { .. }
            | Event::AskFailed { .. }
            | Event::Decided { .. }
            | Event::Edited { .. }
            | Event::Starting { .. }
            | Event::Extracted { .. }
            | Event::CancelAsked { .. } => Ok(()),
        }
    }

    fn remember(&mut self, event: &Event) {
        match event {
            Event::Answered { calls, .. } => self.calls.extend(calls.iter().map(|call| (call.call_id, call.clone()))),
            Event::Called { call, .. } => self.calls.extend([(call.call_id, call.clone())]),
            Event::Decided { call_id, verdict, reason, .. } => drop(self.reasons.insert(*call_id, (*verdict, reason.clone()))),
            Event::HoldOpened { hold_id, envelope_id, .. } => self.open.push((*hold_id, *envelope_id)),
            Event::HoldClosed { hold_id, .. } => self.settle(*hold_id),
            Event::Delegated { run_id, .. } => self.sub_runs.push(*run_id),
            Event::Returned { run_id, .. } => self.sub_runs.retain(|open| open != run_id),
            Event::QuestionOpened { put, .. } => self.asked.push((put.clone(), false)),
            Event::QuestionClosed { question_id, .. } => self.asked.retain(|(put, _)| put.question_id != *question_id),
            Event::Ended { outcome, .. } => self.outcome = Some(*outcome),
            Event::Started { .. }
            | Event::Forked { .. }
            | Event::Given { .. }
            | Event::Asked { .. }
            | Event::AskFailed { .. }
            | Event::Edited { .. }
            | Event::HoldEscalated { .. }
            | Event::BudgetHeld { .. }
            | Event::BudgetDecided { .. }
            | Event::Starting { .. }
            | Event::Extracted { .. }
            | Event::Done { .. }
            | Event::CancelAsked { .. }
            | Event::Replied { .. } => {}
        }
    }

    fn answered(&mut self, text: &str) -> io::Result<()> {
        let mut live = std::mem::take(&mut self.live);
        let whole = if text.starts_with(live.text()) { text.to_owned() } else { live.text().to_owned() };
        let rest = live.rest(&whole, &self.folded, &mut self.numbers);
        self.text(&rest)?;
        self.said = settle(&self.folded, text).0;
        self.finish()
    }

    /// The reply is the last answer's text, which was shown as it was written.
    fn replied(&mut self, text: &str) -> io::Result<()> {
        if self.said != text {
            let reply = self.numbers.number(&self.folded, text);
            self.text(&reply)?;
        }
        self.finish()?;
        self.sources()
    }

    /// What the numbers stand for, a line each.
    fn sources(&mut self) -> io::Result<()> {
        let name = |chunk: &ChunkRef| format!("{}, piece {}", one_line(&chunk.name, WORD_LETTERS), chunk.number);
        let lines: Vec<String> = self
            .numbers
            .sources()
            .map(|(number, chunk)| format!("  [{number}] {} {}", name(chunk), self.output.tone(Tone::Quiet, &format!("({})", chunk.document_id))))
            .collect();
        lines.iter().try_for_each(|line| self.output.line(line))
    }

    fn done(&mut self, call: CallId, outcome: &Outcome, ms: u64) -> io::Result<()> {
        match outcome {
            Outcome::Ok { summary, .. } => {
                let words = summary.as_deref().map(|summary| one_line(summary, WORD_LETTERS)).unwrap_or_else(|| "done".to_owned());
                self.call_line(call, Tone::Good, "✓", &format!("{words} ({ms} ms)"))
            }
            // A denial was shown with its decision.
            Outcome::Failed { .. } if matches!(self.reasons.get(&call), Some((Verdict::Block, _))) => Ok(()),
            Outcome::Failed { failure } => self.call_line(call, Tone::Bad, "✗", &format!("failed: {}", one_line(&failure.message, WORD_LETTERS))),
        }
    }

    /// A budget stopped the run: why, what it needs to go on, and who lets it in which way.
    fn no_room(&mut self, hold: BudgetHoldId, need: Micros, why: &str) -> io::Result<()> {
        self.line(&self.output.tone(Tone::Warning, &format!("  ⏸ stopped by a budget: {}; it needs {need} to go on", one_line(why, WORD_LETTERS))))?;
        let (deciding, glass) = (Permission::BudgetsDecide.roles(), Permission::BreakGlass.roles());
        let usd = need.to_string();
        let allow = format!("steward budgets allow {hold} --usd {}", usd.trim_start_matches('$'));
        self.line(&format!("    {} may let it: `{allow}`", any_of(deciding.iter())))?;
        let others = any_of(glass.iter().filter(|role| !deciding.contains(role)));
        self.line(&self.output.tone(Tone::Quiet, &format!("    {others} may too, by little and to be reviewed: `steward budgets break-glass {hold}`")))
    }

    fn call_line(&mut self, call: CallId, tone: Tone, mark: &str, words: &str) -> io::Result<()> {
        let (tool, arguments) =
            self.calls.get(&call).map_or_else(|| (call.to_string(), String::new()), |call| (one_line(&call.tool, ARGUMENT_LETTERS), brief(&call.arguments)));
        let line = format!("  {} {tool} {} {words}", self.output.tone(tone, mark), self.output.tone(Tone::Quiet, &arguments));
        self.line(&line)
    }
}

/// Roles of which one suffices, in words.
fn any_of<'a>(roles: impl Iterator<Item = &'a Role>) -> String {
    roles.map(|role| role.name()).collect::<Vec<_>>().join(" or ")
}

/// How a wait ended, in a word.
fn closed(outcome: HoldOutcome) -> (Tone, &'static str) {
    match outcome {
        HoldOutcome::Approved => (Tone::Good, "approved"),
        HoldOutcome::Rejected => (Tone::Bad, "refused"),
        HoldOutcome::Expired => (Tone::Warning, "expired: nobody decided in time"),
        HoldOutcome::Cancelled => (Tone::Quiet, "withdrawn"),
        HoldOutcome::Edited => (Tone::Good, "edited; another card waits in its place"),
        HoldOutcome::Revised => (Tone::Warning, "sent back"),
        HoldOutcome::Changed => (Tone::Bad, "changed in the database"),
    }
}

/// How a question ended, in words.
fn told(outcome: QuestionOutcome) -> (Tone, &'static str) {
    match outcome {
        QuestionOutcome::Answered => (Tone::Good, "the server was told"),
        QuestionOutcome::Declined => (Tone::Quiet, "the server was told that you do not say"),
        QuestionOutcome::Cancelled => (Tone::Quiet, "the server was told that nobody answers"),
        QuestionOutcome::Expired => (Tone::Warning, "nobody answered the server in time"),
        QuestionOutcome::Withdrawn => (Tone::Quiet, "the server waits for no answer any more"),
    }
}

fn brief(arguments: &Value) -> String {
    match arguments {
        Value::Object(fields) if fields.is_empty() => String::new(),
        other => one_line(&other.to_string(), ARGUMENT_LETTERS),
    }
}
