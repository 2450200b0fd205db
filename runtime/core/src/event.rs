//! The journal of a run. A run *is* this list; its state is a fold over it.
//!
//! Events are only ever appended. Each says what happened, never what to do.

mod cited;
mod origin;
mod outcome;
mod recorded;
mod start;

pub use cited::{ChunkRef, Citation, Handed};
pub use origin::{Fate, Given, GivenBy, LaterCall, Used};
pub use outcome::{AskFailure, EndReason, HoldOutcome, RunOutcome};
pub use recorded::Recorded;
pub use start::{Above, Attachment, Pins, Region, Turn};

use crate::call::{CallId, CallUse, Outcome, ToolCall};
use crate::canonical::Digest;
use crate::envelope::EnvelopeId;
use crate::id::{BudgetHoldId, DecisionId, GrantId, HoldId, PersonId, QuestionId, ReservationId, RunId};
use crate::label::{Floor, Integrity, Label};
use crate::limits::{PluginWork, RunLimits};
use crate::money::{Micros, Usage};
use crate::question::{PutQuestion, QuestionOutcome};
use crate::tool::Effect;
use crate::verdict::{BlockClass, Needs, Verdict};
use serde::{Deserialize, Serialize};

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Event {
    /// The run began.
    Started {
        /// What it is pinned to.
        pins: Pins,
        /// The owner's message.
        text: String,
        /// Earlier messages, oldest first, already cut to size.
        history: Vec<Turn>,
        /// Values of the prompt's variables: names and the time, one line each.
        variables: std::collections::BTreeMap<String, String>,
        /// Documents that came with the message, then those of earlier ones.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
    },
    /// The run goes on from another: the events that follow, as many as are said here, are taken from that one's record and cost nothing.
    Forked {
        /// The other run.
        from: RunId,
        /// The first step that is this run's own, from 1.
        step: u32,
        /// Events taken.
        taken: u32,
        /// What the other run had used by then: paid there, and counted against the limits here.
        #[serde(default)]
        used: Used,
        /// Effects that the other run had by then wanted itself, from this step on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        later: Vec<LaterCall>,
    },
    /// The run is about words that nobody says now. They count for as much as is said here, and `started` has none of the person's.
    Given {
        /// What, by whom, and for how much it counts.
        given: Given,
    },
    /// A program outside asks for one call; the run is about that call, and no model of ours is asked in it.
    Called {
        /// What it calls itself, bounded: `mcp/` and the client's name.
        client: String,
        /// The call, of step 1.
        call: ToolCall,
    },
    /// A model is about to be asked. Intent: it stands before the request leaves.
    Asked {
        /// The step, from 1.
        step: u32,
        /// Which try at this step, from 1.
        attempt: u32,
        /// `name/model` actually asked.
        model: String,
        /// Digest of the request.
        request_digest: Digest,
        /// Tokens set aside.
        reserved_tokens: u64,
        /// Cost set aside.
        reserved_cost: Micros,
        /// Where they are set aside.
        reservation: Option<ReservationId>,
        /// For how long before this no worker had a place for the run although its models might be asked, in milliseconds: no time of the run's.
        #[serde(default, skip_serializing_if = "is_none_ms")]
        idle_ms: u64,
    },
    /// The model answered.
    Answered {
        /// The step.
        step: u32,
        /// Its text, maybe empty.
        text: String,
        /// The calls it proposes, maybe none.
        calls: Vec<ToolCall>,
        /// What it used.
        usage: Usage,
        /// What it cost.
        cost: Micros,
        /// `name/model` that answered.
        model: String,
    },
    /// The model brought no answer.
    AskFailed {
        /// The step.
        step: u32,
        /// Which try.
        attempt: u32,
        /// `name/model` asked.
        model: String,
        /// How it failed.
        failure: AskFailure,
        /// One sentence.
        message: String,
        /// What was charged for it all the same.
        usage: Usage,
        /// What that cost.
        cost: Micros,
        /// Whether another try is worth it.
        retry: bool,
    },
    /// The gate decided on a call.
    Decided {
        /// The call.
        call_id: CallId,
        /// The decision record.
        decision_id: DecisionId,
        /// The sealed proposal; none when the call never became one (unknown tool, bad arguments).
        envelope_id: Option<EnvelopeId>,
        /// The tool's effect class; none for an unknown tool.
        effect: Option<Effect>,
        /// Allow, hold or block.
        verdict: Verdict,
        /// Rules that decided.
        rules: Vec<String>,
        /// For people.
        reason: String,
        /// For the model.
        tell: String,
        /// The class of a block.
        class: Option<BlockClass>,
        /// Digest of tool and arguments, to tell repeats.
        call_digest: Digest,
        /// Approvals the decision has seen: false the first time, true after people approved.
        after_approval: bool,
        /// What is not as it was approved, when the class is `changed`: names of fields.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<String>,
        /// The standing grant that stood in for an approval.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant_id: Option<GrantId>,
        /// Of a block: whether another call of the tool could be allowed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        retryable: bool,
        /// Of a block: what would be allowed instead, in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allowed_shape: Option<String>,
    },
    /// A call waits for people.
    HoldOpened {
        /// The call.
        call_id: CallId,
        /// The held action.
        hold_id: HoldId,
        /// What exactly waits.
        envelope_id: EnvelopeId,
        /// Which approvals would suffice.
        needs: Needs,
        /// When it lapses, Unix milliseconds.
        expires_at_ms: i64,
    },
    /// People answered, or nobody did.
    HoldClosed {
        /// The call.
        call_id: CallId,
        /// The held action.
        hold_id: HoldId,
        /// How it ended.
        outcome: HoldOutcome,
        /// Who decided.
        by: Vec<PersonId>,
        /// Their words, shown to the model on rejection.
        reason: Option<String>,
    },
    /// Nobody decided by then: others are asked too. It goes on waiting.
    HoldEscalated {
        /// The call.
        call_id: CallId,
        /// The held action.
        hold_id: HoldId,
        /// So many minutes after it was held.
        after_minutes: u32,
        /// Who is asked from now on.
        roles: Vec<String>,
    },
    /// A person put other arguments in place of the model's.
    Edited {
        /// The call.
        call_id: CallId,
        /// The held action that was edited.
        hold_id: HoldId,
        /// The held action that waits in its place.
        next_hold_id: HoldId,
        /// The arguments from now on.
        arguments: serde_json::Value,
        /// Who.
        by: PersonId,
    },
    /// A budget has no room for the next answer: the run waits for a person.
    BudgetHeld {
        /// What waits.
        hold_id: BudgetHoldId,
        /// The step that would follow.
        step: u32,
        /// What the next answer may cost.
        need: Micros,
        /// Which limit has no room, in words.
        why: String,
        /// When it lapses, Unix milliseconds.
        expires_at_ms: i64,
        /// As with [`Event::Asked`]: for how long before this no worker had a place for the run, in milliseconds.
        #[serde(default, skip_serializing_if = "is_none_ms")]
        idle_ms: u64,
    },
    /// A person let the run go on, or not, or nobody answered.
    BudgetDecided {
        /// What waited.
        hold_id: BudgetHoldId,
        /// How it ended.
        outcome: HoldOutcome,
        /// Up to which cost the run may go, whatever the budgets say.
        ceiling: Option<Micros>,
        /// Until when, Unix milliseconds; none for as long as it lasts.
        until_ms: Option<i64>,
        /// Who decided.
        by: Option<PersonId>,
        /// In which words.
        reason: Option<String>,
    },
    /// A call is about to run. Intent: it stands before the effect.
    Starting {
        /// The call.
        call_id: CallId,
        /// The idempotency key, the same on every try.
        key: String,
        /// Which try.
        attempt: u32,
        /// What the try before may have taken at most, where a crash cut it off: nobody is left to ask, and it counts.
        #[serde(default, skip_serializing_if = "PluginWork::is_nothing")]
        lost: PluginWork,
    },
    /// The server of a call under way asks the person something, who sees it from now on.
    QuestionOpened {
        /// The call.
        call_id: CallId,
        /// What is asked, by which server, until when.
        put: PutQuestion,
    },
    /// The person answered, or nobody did. Stands before the server is told.
    QuestionClosed {
        /// The call.
        call_id: CallId,
        /// Which question.
        question_id: QuestionId,
        /// How it ended.
        outcome: QuestionOutcome,
        /// Who answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<PersonId>,
        /// What they gave: for that server and this call, and shown to no model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<serde_json::Map<String, serde_json::Value>>,
    },
    /// A call ended.
    Done {
        /// The call.
        call_id: CallId,
        /// What became of it.
        outcome: Outcome,
        /// Fuel used by the sandbox, zero for a call that never ran.
        fuel: u64,
        /// Wall time, in milliseconds.
        ms: u64,
        /// What else the sandbox took.
        #[serde(default, skip_serializing_if = "CallUse::is_nothing")]
        used: CallUse,
        /// What its last try may have taken at most, where a crash cut it off.
        #[serde(default, skip_serializing_if = "PluginWork::is_nothing")]
        lost: PluginWork,
        /// Integrity of the records the result was made of, by id: no field of such a record is better than this.
        #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
        records: std::collections::BTreeMap<String, Integrity>,
        /// What the plugin had kept from earlier calls and read in this one: nothing of the result is better than that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<Floor>,
        /// Who may read what the office handed to it, and pieces of documents among that.
        #[serde(default, skip_serializing_if = "Handed::is_nothing")]
        handed: Handed,
    },
    /// A model read a text behind a handle for a call; what it answered is the call's outcome.
    Extracted {
        /// The call.
        call_id: CallId,
        /// `name/model` asked last.
        model: String,
        /// What all tries used.
        usage: Usage,
        /// What that cost.
        cost: Micros,
    },
    /// A call was handed to a run of its own. Written in the transaction that begins that run.
    Delegated {
        /// The call.
        call_id: CallId,
        /// The run that serves it.
        run_id: RunId,
        /// Its agent.
        agent: String,
        /// Its bounds, taken out of what was left here.
        limits: RunLimits,
        /// What its task counts for there.
        label: Label,
    },
    /// The run that served a call is over; what it answered is the call's outcome.
    Returned {
        /// The call.
        call_id: CallId,
        /// The run that served it.
        run_id: RunId,
        /// How that ended.
        outcome: RunOutcome,
        /// The join of all that its model was shown: what its answer counts for here.
        label: Label,
        /// Whether it had text from outside at hand, shown or behind handles: then that may have asked for what follows here.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exposed: bool,
        /// What it used, those below it too: paid there, and counted against the limits here.
        used: Used,
        /// The calls that people refused in it and below it, by tool and arguments: they are refused here as well.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<Digest>,
    },
    /// A person asked to stop.
    CancelAsked {
        /// Who.
        by: Option<PersonId>,
    },
    /// The agent's reply.
    Replied {
        /// The text.
        text: String,
        /// Where it comes from.
        citations: Vec<Citation>,
    },
    /// The run is over.
    Ended {
        /// How.
        outcome: RunOutcome,
        /// Why, as a code; none where the outcome says it all, or nobody said it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
        /// One sentence for the person.
        message: String,
    },
}

/// Whether it is no time at all: nothing is written of that.
const fn is_none_ms(ms: &u64) -> bool {
    *ms == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ids;

    #[test]
    fn a_journal_that_says_nothing_of_language_and_zone_is_of_who_never_said_them() {
        let pins = Pins::sample(&Ids::counter());
        let usual = serde_json::to_value(&pins).expect("written");
        assert!(usual.get("region").is_none(), "{usual}");
        let read: Pins = serde_json::from_value(usual).expect("read");
        assert_eq!((read.region.locale.as_str(), read.region.time_zone.as_str()), ("en", "UTC"));
        let theirs = Pins { region: Region { locale: "ne".to_owned(), time_zone: "Asia/Kathmandu".to_owned() }, ..pins };
        let written = serde_json::to_string(&theirs).expect("written");
        assert_eq!(serde_json::from_str::<Pins>(&written).expect("read"), theirs);
    }
}
