//! What a run says, folded into one text: the agent's words step by step, then what waits for people or why it stopped.
//!
//! Pieces that were told while they were written are not told again when their answer is committed. Nothing that was told can be taken
//! back: an answer that broke off stays, with a remark.

use crate::marks::{Numbers, Writing};
use serde::Serialize;
use steward_agent::citations::settle;
use steward_agent::run::{Next, Run};
use steward_core::event::{ChunkRef, Recorded, RunOutcome};
use steward_core::{ConversationId, DocumentId, EnvelopeId, Event, HoldId, RunId, Usage, Verdict};
use utoipa::ToSchema;

/// What stands after the words of an answer that came to no end.
const BROKE_OFF: &str = "[This answer broke off; the model is asked again.]";

/// What Steward adds to an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Steward {
    #[schema(value_type = String, example = "run_01k4…")]
    run_id: RunId,
    #[schema(value_type = String, example = "conv_01k4…")]
    conversation_id: ConversationId,
    /// How the run ended (`replied`, `cancelled`, `step_limit`, `time_limit`, `token_limit`, `budget_limit`, `stubborn`, `model_failed`,
    /// `failed`), or `waiting` for people, or `running`: it goes on and can be followed by its id.
    outcome: &'static str,
    /// What waits for people, in this run or in one that serves it.
    holds: Vec<Waiting>,
    /// What the numbers in the text, as `[1]`, stand for: pieces of documents.
    citations: Vec<Source>,
}

/// A piece of a document that the text was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Source {
    /// As the text names it, from 1.
    number: u32,
    #[schema(value_type = String, example = "doc_01k4…")]
    document_id: DocumentId,
    /// The document's name when it was read.
    name: String,
    /// Which piece of it, from 1.
    chunk: u32,
    /// Where people read it.
    url: String,
}

/// An action that waits for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Waiting {
    #[schema(value_type = String, example = "hold_01k4…")]
    hold_id: HoldId,
    /// What exactly an approval would release.
    #[schema(value_type = String, example = "env_5f…")]
    envelope_id: EnvelopeId,
    tool: String,
    /// Where people decide.
    url: String,
}

/// A run as far as it came.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    /// All that was said.
    pub(super) text: String,
    /// What the models used, in this run and in those below it.
    pub(super) usage: Usage,
    /// What Steward adds.
    pub(super) steward: Steward,
}

/// The text of a run while it grows.
pub(super) struct Transcript {
    id: RunId,
    conversation: ConversationId,
    public_url: String,
    run: Run,
    text: String,
    /// The answer that is being written.
    live: Writing,
    /// What its numbers stand for.
    numbers: Numbers,
    is_waiting: bool,
    /// The runs below it, as far as they came when it was last looked.
    below: Vec<Run>,
}

impl Transcript {
    /// Before the first event.
    pub(super) fn new(id: RunId, conversation: ConversationId, public_url: &str) -> Self {
        Self {
            id,
            conversation,
            public_url: public_url.to_owned(),
            run: Run::default(),
            text: String::new(),
            live: Writing::default(),
            numbers: Numbers::default(),
            is_waiting: false,
            below: Vec::new(),
        }
    }

    /// Whether runs that serve it are all, or a part, of what it waits for: then what they wait for is not in its own record.
    pub(super) fn is_handed_on(&self) -> bool {
        let next = self.run.next();
        next == Next::AwaitRuns || next == Next::AwaitPeople && self.run.open_sub_runs().next().is_some()
    }

    /// Whether there are runs below it.
    pub(super) fn has_below(&self) -> bool {
        self.run.steps.iter().flat_map(|step| &step.calls).any(|call| call.sub_run.is_some())
    }

    /// Takes up how far the runs below it have come.
    pub(super) fn take_below(&mut self, below: Vec<Run>) {
        self.below = below;
    }

    /// Nobody is at work on it or below it: people are all that can move it. Returns what to tell.
    pub(super) fn people_are_waited_for(&mut self) -> String {
        let told = self.waiting(self.text.is_empty());
        self.tell(told)
    }

    /// A piece of the answer that is being written. Returns what to tell.
    pub(super) fn delta(&mut self, piece: &str) -> String {
        let begins = !self.live.is_told();
        let more = self.live.more(piece, &self.run, &mut self.numbers);
        let told = if begins { self.paragraph(&more) } else { more };
        self.tell(told)
    }

    /// A committed event. Returns what to tell, maybe nothing.
    pub(super) fn event(&mut self, recorded: &Recorded) -> String {
        self.run.apply(recorded);
        let mut told = match &recorded.event {
            Event::Answered { text, .. } => self.answered(text),
            Event::AskFailed { retry: true, .. } if std::mem::take(&mut self.live).has_begun() => self.paragraph(BROKE_OFF),
            // Whoever was told the answer before is gone without a word.
            Event::Asked { attempt: 2.., .. } if std::mem::take(&mut self.live).has_begun() => self.paragraph(BROKE_OFF),
            // What stood behind handles is put in for the person; otherwise the reply is the last answer's text, which was told.
            Event::Replied { text, .. } if self.run.steps.last().is_some_and(|step| settle(&self.run, &step.text).0 != *text) => {
                let reply = self.numbers.number(&self.run, text);
                self.paragraph(&reply)
            }
            Event::Ended { outcome, message, .. } if *outcome != RunOutcome::Replied => self.paragraph(message),
            Event::Started { .. }
            | Event::Forked { .. }
            | Event::Given { .. }
            | Event::Called { .. }
            | Event::Asked { .. }
            | Event::AskFailed { .. }
            | Event::Decided { .. }
            | Event::HoldOpened { .. }
            | Event::HoldClosed { .. }
            | Event::Edited { .. }
            | Event::HoldEscalated { .. }
            | Event::BudgetHeld { .. }
            | Event::BudgetDecided { .. }
            | Event::Starting { .. }
            | Event::Delegated { .. }
            | Event::Returned { .. }
            | Event::QuestionOpened { .. }
            | Event::QuestionClosed { .. }
            | Event::Done { .. }
            | Event::Extracted { .. }
            | Event::CancelAsked { .. }
            | Event::Replied { .. }
            | Event::Ended { .. } => String::new(),
        };
        if !self.is_waiting && self.waits() {
            let waits = self.waiting(self.text.is_empty() && told.is_empty());
            told.push_str(&waits);
        }
        self.tell(told)
    }

    /// Says what waits for people.
    fn waiting(&mut self, is_first: bool) -> String {
        self.is_waiting = true;
        let has_no_room = self.all().any(|run| run.budget_hold.is_some());
        let money = if has_no_room { "\n- a budget has no room for the next answer" } else { "" };
        let links: String = self.holds().iter().map(|hold| format!("\n- `{}`: {}", hold.tool, hold.url)).collect();
        let separator = if is_first { "" } else { "\n\n" };
        format!("{separator}This waits for a person's decision:{links}{money}")
    }

    /// The run, and those below it.
    fn all(&self) -> impl Iterator<Item = &Run> {
        std::iter::once(&self.run).chain(&self.below)
    }

    /// Whether there is nothing more to hear: the run is over, or waits for people.
    pub(super) fn is_over(&self) -> bool {
        self.run.ended.is_some() || self.is_waiting
    }

    /// As far as it came.
    pub(super) fn finished(&self) -> Finished {
        let outcome = match self.run.ended {
            Some(outcome) => outcome.name(),
            None if self.is_waiting => "waiting",
            None => "running",
        };
        let steward = Steward { run_id: self.id, conversation_id: self.conversation, outcome, holds: self.holds(), citations: self.citations() };
        let usage = self.all().fold(Usage::default(), |sum, run| Usage {
            input: sum.input.saturating_add(run.usage.input),
            cached: sum.cached.saturating_add(run.usage.cached),
            output: sum.output.saturating_add(run.usage.output),
        });
        Finished { text: self.text.clone(), usage, steward }
    }

    /// What is said to whoever does not hear the end.
    pub(super) fn under_way(&self) -> Finished {
        let mut finished = self.finished();
        let separator = if finished.text.is_empty() { "" } else { "\n\n" };
        finished.text.push_str(&format!("{separator}{}", self.goes_on()));
        finished
    }

    /// The sentence for it.
    pub(super) fn goes_on(&self) -> String {
        format!("The agent is still at work on this: {}/runs/{}", self.public_url, self.id)
    }

    /// Notes what was told from outside the run, as a paragraph of its own.
    pub(super) fn remark(&mut self, text: &str) -> String {
        let told = self.paragraph(text);
        self.tell(told)
    }

    fn answered(&mut self, text: &str) -> String {
        let mut live = std::mem::take(&mut self.live);
        if text.is_empty() {
            return String::new();
        }
        let is_all = live.text().trim() == text.trim();
        // What was told may have a gap, when the reader fell behind: then the whole answer follows.
        if !is_all && !text.starts_with(live.text()) {
            live = Writing::default();
        }
        let begins = !live.is_told();
        let whole = if is_all { live.text().to_owned() } else { text.to_owned() };
        let rest = live.rest(&whole, &self.run, &mut self.numbers);
        if begins { self.paragraph(&rest) } else { rest }
    }

    fn paragraph(&self, text: &str) -> String {
        if self.text.is_empty() || text.is_empty() { text.to_owned() } else { format!("\n\n{text}") }
    }

    fn tell(&mut self, told: String) -> String {
        self.text.push_str(&told);
        told
    }

    /// Whether people are all that can move the run, and each of them was asked.
    fn waits(&self) -> bool {
        let calls = || self.run.steps.iter().flat_map(|step| &step.calls);
        let is_asked = |call: &steward_agent::run::Call| {
            call.is_resolved() || call.hold.is_some() || call.ruled.as_ref().is_none_or(|ruled| ruled.verdict != Verdict::Hold)
        };
        self.run.next() == Next::AwaitPeople && calls().all(is_asked) && !self.is_handed_on()
    }

    fn citations(&self) -> Vec<Source> {
        let source = |(number, chunk): (usize, &ChunkRef)| Source {
            number: u32::try_from(number).unwrap_or(u32::MAX),
            document_id: chunk.document_id,
            name: chunk.name.clone(),
            chunk: chunk.number,
            url: format!("{}/documents/{}?at={}", self.public_url, chunk.document_id, chunk.number),
        };
        self.numbers.sources().map(source).collect()
    }

    fn holds(&self) -> Vec<Waiting> {
        let all = self.all().filter(|run| run.ended.is_none()).flat_map(|run| run.open_holds().map(move |(call, hold)| (run, call, hold)));
        let waiting = all.map(|(run, call, hold)| Waiting {
            hold_id: hold.hold_id,
            envelope_id: hold.envelope_id,
            tool: run.call(call).map(|call| call.call.tool.clone()).unwrap_or_default(),
            url: format!("{}/holds/{}", self.public_url, hold.hold_id),
        });
        waiting.collect()
    }
}

#[cfg(test)]
mod tests;
