//! Run events as the outside knows them: the names and fields of the contract, made from the journal's events.
//!
//! The event stream of the server and `steward chat --json` both speak this.

use crate::routes::questions::QuestionForm;
use serde::Serialize;
use serde_json::Value;
use steward_core::event::{Citation, EndReason, Given, GivenBy, HoldOutcome, Recorded};
use steward_core::{
    BlockClass, BudgetHoldId, CallId, CallUse, ConversationId, EnvelopeId, Event, Failure, FailureClass, GrantId, HoldId, Integrity, Needs, NoRoom, Outcome,
    PersonId, PutQuestion, QuestionId, QuestionOutcome, RunId, RunOutcome, ScheduleId, ToolCall, Usage, Verdict,
};
use utoipa::ToSchema;

/// What a call took beside fuel and time; all 0 where no sandbox ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CallUsed {
    /// The most memory its sandbox held, in bytes.
    #[schema(example = 1_114_112)]
    memory_bytes: u64,
    /// The deepest its stack was when it was looked at, in bytes; in between it may have been deeper.
    #[schema(example = 2_048)]
    stack_bytes: u64,
    /// How often it asked its host for something.
    host_calls: u32,
    /// Of these, how often it asked the office or others.
    questions: u32,
    /// Requests that were sent to others, redirects counted.
    requests: u32,
    /// Requests that were refused.
    refused: u32,
    /// Bytes that were sent: addresses, headers without the operator's secret, and bodies.
    sent_bytes: u64,
    /// Bytes that came back: headers and bodies.
    received_bytes: u64,
    /// Bytes of its answer, whether it was taken or not.
    output_bytes: u64,
    /// The most elements that its tables held, all together.
    table_elements: u64,
    /// Lines for the log that were cut or left out.
    logs_cut: u32,
}

impl From<CallUse> for CallUsed {
    fn from(used: CallUse) -> Self {
        let CallUse { memory_bytes, stack_bytes, host_calls, questions, requests, refused, sent_bytes, received_bytes, output_bytes, table_elements, logs_cut } =
            used;
        Self { memory_bytes, stack_bytes, host_calls, questions, requests, refused, sent_bytes, received_bytes, output_bytes, table_elements, logs_cut }
    }
}

/// One thing that happens in a run. In the event stream `event` is the event's name and `data` its data.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "event", content = "data")]
pub(crate) enum RunEvent {
    /// The run began.
    #[serde(rename = "run.started")]
    RunStarted {
        #[schema(value_type = String)]
        run_id: RunId,
        #[schema(value_type = String)]
        conversation_id: ConversationId,
        agent: String,
        /// `name@version`.
        prompt: String,
        model: String,
        channel: String,
        /// The message it is about.
        text: String,
    },
    /// The run goes on from another: what follows up to `until_seq` is taken from that one's record, and cost nothing.
    #[serde(rename = "run.forked")]
    RunForked {
        #[schema(value_type = String)]
        from: RunId,
        /// The first step that is this run's own, from 1.
        step: u32,
        /// The number of the last event taken.
        until_seq: u32,
    },
    /// The run is about what an agent wrote, and not about words that the person says now.
    #[serde(rename = "run.given")]
    RunGiven {
        text: String,
        /// The schedule that says it now.
        #[schema(value_type = Option<String>, example = "sched_01k4…")]
        schedule_id: Option<ScheduleId>,
        /// The run whose call this one serves.
        #[schema(value_type = Option<String>, example = "run_01k4…")]
        parent_run_id: Option<RunId>,
        /// What it counts for: outside, fact.
        #[schema(value_type = String)]
        integrity: Integrity,
    },
    /// A piece of the model's text, live only.
    #[serde(rename = "model.delta")]
    ModelDelta {
        text: String,
        /// Whether an answer begins with it: what came of one before that broke off counts no more.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        begins: bool,
    },
    /// The model answered.
    #[serde(rename = "model.answered")]
    ModelAnswered {
        /// From 1.
        step: u32,
        model: String,
        /// Tokens: `input`, of which `cached`, and `output`.
        #[schema(value_type = TokensUsed)]
        usage: Usage,
        /// In millionths of a US dollar.
        cost_micros: i64,
    },
    /// The model wants a tool to be called.
    #[serde(rename = "tool.proposed")]
    ToolProposed {
        #[schema(value_type = String)]
        call_id: CallId,
        tool: String,
        arguments: Value,
        /// Where each argument came from.
        provenance: Value,
    },
    /// The rules decided on a call.
    #[serde(rename = "tool.decided")]
    ToolDecided {
        #[schema(value_type = String)]
        call_id: CallId,
        /// allow, hold, block.
        #[schema(value_type = String)]
        verdict: Verdict,
        rules: Vec<String>,
        /// For people.
        reason: String,
        /// The class of a block.
        #[schema(value_type = Option<String>)]
        class: Option<BlockClass>,
        #[schema(value_type = Option<String>)]
        envelope_id: Option<EnvelopeId>,
        /// What is not as it was approved, when the class is `changed`: names of fields.
        changed: Vec<String>,
        /// The standing grant that stood in for an approval.
        #[schema(value_type = Option<String>)]
        grant_id: Option<GrantId>,
    },
    /// A call waits for people.
    #[serde(rename = "hold.opened")]
    HoldOpened {
        #[schema(value_type = String)]
        call_id: CallId,
        #[schema(value_type = String)]
        hold_id: HoldId,
        #[schema(value_type = String)]
        envelope_id: EnvelopeId,
        /// Sets of roles that would each suffice.
        #[schema(value_type = Vec<Vec<String>>)]
        needs: Needs,
        /// Unix milliseconds.
        expires_at_ms: i64,
    },
    /// People decided, or nobody did.
    #[serde(rename = "hold.closed")]
    HoldClosed {
        #[schema(value_type = String)]
        call_id: CallId,
        #[schema(value_type = String)]
        hold_id: HoldId,
        /// approved, rejected, expired, cancelled, edited, revised, changed.
        #[schema(value_type = String)]
        outcome: HoldOutcome,
        /// Their words.
        reason: Option<String>,
    },
    /// Nobody decided by then: others are asked too, and the action waits on.
    #[serde(rename = "hold.escalated")]
    HoldEscalated {
        #[schema(value_type = String)]
        call_id: CallId,
        #[schema(value_type = String)]
        hold_id: HoldId,
        /// So many minutes after it was held.
        after_minutes: u32,
        /// Who is asked from now on.
        #[schema(example = json!(["owner"]))]
        roles: Vec<String>,
    },
    /// Somebody changed the arguments: another held action waits in its place.
    #[serde(rename = "hold.edited")]
    HoldEdited {
        #[schema(value_type = String)]
        call_id: CallId,
        #[schema(value_type = String)]
        hold_id: HoldId,
        #[schema(value_type = String)]
        next_hold_id: HoldId,
        arguments: Value,
        /// Who.
        #[schema(value_type = String)]
        by: PersonId,
    },
    /// A budget has no room for the next answer: the run waits for a person.
    #[serde(rename = "budget.held")]
    BudgetHeld {
        #[schema(value_type = String, example = "bhold_01k4…")]
        budget_hold_id: BudgetHoldId,
        /// Before which step, from 1.
        step: u32,
        /// What the next answer may cost, in millionths of a US dollar: the least that lets the run go on.
        need_micros: i64,
        /// Which limit has no room.
        why: String,
        /// The same as a code: budget, run (what the run itself may cost), run_over (the time for which a person let it cost more is over); null
        /// for other words.
        #[schema(value_type = Option<String>, example = "budget")]
        limit: Option<NoRoom>,
        /// Unix milliseconds.
        expires_at_ms: i64,
    },
    /// A person let the run go on, or not, or nobody answered, or there is room again.
    #[serde(rename = "budget.decided")]
    BudgetDecided {
        #[schema(value_type = String)]
        budget_hold_id: BudgetHoldId,
        /// approved, rejected, expired, cancelled.
        #[schema(value_type = String)]
        outcome: HoldOutcome,
        /// Up to which cost the run may go, in millionths of a US dollar, when it was approved.
        ceiling_micros: Option<i64>,
        /// Until when, Unix milliseconds; none for as long as the run lasts.
        until_ms: Option<i64>,
        /// Their words.
        reason: Option<String>,
    },
    /// A call begins.
    #[serde(rename = "tool.started")]
    ToolStarted {
        #[schema(value_type = String)]
        call_id: CallId,
        attempt: u32,
    },
    /// A call was handed to a run of its own; it is done when that run is over.
    #[serde(rename = "tool.delegated")]
    ToolDelegated {
        #[schema(value_type = String)]
        call_id: CallId,
        /// The run that serves it.
        #[schema(value_type = String, example = "run_01k4…")]
        run_id: RunId,
        /// Its agent.
        agent: String,
        /// What its task counts for there: outside, fact, owner.
        #[schema(value_type = String)]
        integrity: Integrity,
    },
    /// The run that served a call is over.
    #[serde(rename = "tool.returned")]
    ToolReturned {
        #[schema(value_type = String)]
        call_id: CallId,
        #[schema(value_type = String, example = "run_01k4…")]
        run_id: RunId,
        /// How it ended, for example `replied`.
        #[schema(value_type = String)]
        outcome: RunOutcome,
        /// The lowest of all that its model was shown: its answer counts for no more.
        #[schema(value_type = String)]
        integrity: Integrity,
        /// Model answers, those of runs below it too.
        steps: u32,
        tokens: u64,
        /// In millionths of a US dollar.
        cost_micros: i64,
    },
    /// The server of a call under way asks the person of the run something: `POST /api/v1/questions/{id}/answer` and its neighbours.
    #[serde(rename = "question.opened")]
    QuestionOpened {
        #[schema(value_type = String)]
        call_id: CallId,
        #[schema(value_type = String, example = "question_01k4…")]
        question_id: QuestionId,
        /// Who asks, by its name in the configuration.
        server: String,
        /// In its words, which are text from outside.
        question: QuestionForm,
        /// Unix milliseconds.
        expires_at_ms: i64,
    },
    /// The person answered, or nobody did. What they gave is on record and not told here.
    #[serde(rename = "question.closed")]
    QuestionClosed {
        #[schema(value_type = String)]
        call_id: CallId,
        #[schema(value_type = String)]
        question_id: QuestionId,
        /// answered, declined, cancelled, expired, withdrawn.
        #[schema(value_type = String)]
        outcome: QuestionOutcome,
    },
    /// A call is done.
    #[serde(rename = "tool.done")]
    ToolDone {
        #[schema(value_type = String)]
        call_id: CallId,
        /// One line for people.
        summary: Option<String>,
        /// What the sandbox computed.
        fuel: u64,
        ms: u64,
        used: CallUsed,
        /// What the call answered, to the person of the run and programs that converse for them, and to nobody else. It may be anybody's words.
        /// Of more than 65,536 bytes it is the beginning of its JSON, as text.
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<Value>,
        /// Of the whole result as JSON.
        result_bytes: u64,
    },
    /// A call failed.
    #[serde(rename = "tool.failed")]
    ToolFailed {
        #[schema(value_type = String)]
        call_id: CallId,
        #[schema(value_type = String)]
        class: FailureClass,
        message: String,
        retryable: bool,
        fuel: u64,
        ms: u64,
        used: CallUsed,
    },
    /// The agent replied.
    #[serde(rename = "reply")]
    Reply {
        text: String,
        #[schema(value_type = Vec<CitationView>)]
        citations: Vec<Citation>,
    },
    /// The run is over.
    #[serde(rename = "run.ended")]
    RunEnded {
        /// replied, cancelled, step_limit, time_limit, token_limit, budget_limit, stubborn, model_failed, failed.
        #[schema(value_type = String)]
        outcome: RunOutcome,
        /// Why, as a code; null where the outcome says it all: model_missing, model_tries, model_unreachable, model_timeout, model_rate_limited,
        /// model_server, model_refused, model_cut_off, model_empty, model_too_long, model_malformed, denied_again, same_end, budget, run, run_over,
        /// money_refused, money_unanswered, agent_gone, mode_changed, record_unwritten, records_contradict, taken_up_too_often, counter_moved,
        /// person_gone.
        #[schema(value_type = Option<String>, example = "model_unreachable")]
        reason: Option<EndReason>,
        /// One sentence, in English.
        message: String,
    },
}

/// Tokens that a model's answer used.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensUsed {
    /// Tokens read.
    input: u64,
    /// Of those, tokens served from the provider's cache.
    cached: u64,
    /// Tokens written.
    output: u64,
}

/// Where a text of the reply was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct CitationView {
    /// The call whose result it is.
    call_id: String,
    /// What to call it.
    title: String,
    /// The piece of a document that is meant. In the text it is named by `[[document_id#number]]`.
    chunk: Option<CitedChunk>,
}

/// A piece of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct CitedChunk {
    document_id: String,
    /// Which piece, from 1.
    number: u32,
    /// The document's name when it was read.
    name: String,
    /// Its first character in the document's text, from 0.
    start: u32,
    /// One past its last character.
    end: u32,
}

/// One event under its outside name.
#[derive(Debug, Clone, PartialEq)]
pub struct OutsideEvent {
    /// For example `tool.done`.
    pub name: String,
    /// Its fields.
    pub data: Value,
}

impl From<RunEvent> for OutsideEvent {
    fn from(event: RunEvent) -> Self {
        let mut value = serde_json::to_value(event).unwrap_or_default();
        let mut part = |name: &str| value.get_mut(name).map(Value::take).unwrap_or_default();
        Self { name: part("event").as_str().unwrap_or_default().to_owned(), data: part("data") }
    }
}

/// Of a result as JSON, in bytes: a page that is read is no place for more.
const RESULT_SHOWN_BYTES: usize = 65_536;

/// Whom a run's events are told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The person in whose name it runs, or a program that converses for them: they hear what calls answered.
    ItsPerson,
    /// Whoever else may see the run: what a call answered may be for its person alone.
    Another,
}

/// What a recorded event is to the outside: nothing, one event, or an answer with the calls it proposes.
pub fn outside(run: RunId, recorded: &Recorded, reader: Reader) -> Vec<OutsideEvent> {
    events(run, recorded.seq, &recorded.event, reader).into_iter().map(OutsideEvent::from).collect()
}

/// A result as it is shown, and its size as JSON in bytes.
fn shown(result: Value, reader: Reader) -> (Option<Value>, u64) {
    let text = result.to_string();
    let result = match reader {
        Reader::Another => None,
        Reader::ItsPerson if text.len() <= RESULT_SHOWN_BYTES => Some(result),
        Reader::ItsPerson => Some(Value::from(&text[..text.floor_char_boundary(RESULT_SHOWN_BYTES)])),
    };
    (result, text.len() as u64)
}

fn events(run_id: RunId, seq: u32, event: &Event, reader: Reader) -> Vec<RunEvent> {
    let event = match event.clone() {
        Event::Started { pins, text, .. } => RunEvent::RunStarted {
            run_id,
            conversation_id: pins.conversation,
            agent: pins.agent,
            prompt: pins.prompt,
            model: pins.model,
            channel: pins.channel,
            text,
        },
        Event::Forked { from, step, taken, .. } => RunEvent::RunForked { from, step, until_seq: seq.saturating_add(taken) },
        Event::Given { given: Given { text, integrity, by, .. } } => {
            let (schedule_id, parent_run_id) = match by {
                GivenBy::Schedule { schedule_id } => (Some(schedule_id), None),
                GivenBy::Run { run_id, .. } => (None, Some(run_id)),
            };
            RunEvent::RunGiven { text, schedule_id, parent_run_id, integrity }
        }
        Event::Delegated { call_id, run_id, agent, label, .. } => RunEvent::ToolDelegated { call_id, run_id, agent, integrity: label.integrity },
        Event::Returned { call_id, run_id, outcome, label, used, .. } => RunEvent::ToolReturned {
            call_id,
            run_id,
            outcome,
            integrity: label.integrity,
            steps: used.below_steps,
            tokens: used.tokens,
            cost_micros: used.cost.0,
        },
        // No model of ours answered; what was asked for is a proposal like any other.
        Event::Called { call, .. } => proposed(call),
        Event::Answered { step, calls, usage, cost, model, .. } => {
            let calls = calls.into_iter().map(proposed);
            return [RunEvent::ModelAnswered { step, model, usage, cost_micros: cost.0 }].into_iter().chain(calls).collect();
        }
        Event::Decided { call_id, verdict, rules, reason, class, envelope_id, changed, grant_id, .. } => {
            RunEvent::ToolDecided { call_id, verdict, rules, reason, class, envelope_id, changed, grant_id }
        }
        Event::HoldOpened { call_id, hold_id, envelope_id, needs, expires_at_ms } => {
            RunEvent::HoldOpened { call_id, hold_id, envelope_id, needs, expires_at_ms }
        }
        Event::HoldClosed { call_id, hold_id, outcome, reason, .. } => RunEvent::HoldClosed { call_id, hold_id, outcome, reason },
        Event::HoldEscalated { call_id, hold_id, after_minutes, roles } => RunEvent::HoldEscalated { call_id, hold_id, after_minutes, roles },
        Event::Edited { call_id, hold_id, next_hold_id, arguments, by } => RunEvent::HoldEdited { call_id, hold_id, next_hold_id, arguments, by },
        Event::BudgetHeld { hold_id, step, need, why, expires_at_ms, .. } => {
            let limit = NoRoom::of_words(&why);
            RunEvent::BudgetHeld { budget_hold_id: hold_id, step, need_micros: need.0, why, limit, expires_at_ms }
        }
        Event::BudgetDecided { hold_id, outcome, ceiling, until_ms, reason, .. } => {
            RunEvent::BudgetDecided { budget_hold_id: hold_id, outcome, ceiling_micros: ceiling.map(|ceiling| ceiling.0), until_ms, reason }
        }
        Event::Starting { call_id, attempt, .. } => RunEvent::ToolStarted { call_id, attempt },
        Event::QuestionOpened { call_id, put: PutQuestion { question_id, server, question, expires_at_ms } } => {
            RunEvent::QuestionOpened { call_id, question_id, server, question: question.into(), expires_at_ms }
        }
        Event::QuestionClosed { call_id, question_id, outcome, .. } => RunEvent::QuestionClosed { call_id, question_id, outcome },
        Event::Done { call_id, outcome, fuel, ms, used, .. } => match outcome {
            Outcome::Ok { summary, result } => {
                let (result, result_bytes) = shown(result, reader);
                RunEvent::ToolDone { call_id, summary, fuel, ms, used: used.into(), result, result_bytes }
            }
            Outcome::Failed { failure: Failure { class, message, retryable } } => {
                RunEvent::ToolFailed { call_id, class, message, retryable, fuel, ms, used: used.into() }
            }
        },
        Event::Replied { text, citations } => RunEvent::Reply { text, citations },
        Event::Ended { outcome, reason, message } => RunEvent::RunEnded { outcome, reason, message },
        // How often a model was asked is in the journal; the outside learns of the answer, or of the run's end.
        Event::Asked { .. } | Event::AskFailed { .. } | Event::Extracted { .. } | Event::CancelAsked { .. } => return Vec::new(),
    };
    vec![event]
}

fn proposed(call: ToolCall) -> RunEvent {
    RunEvent::ToolProposed { call_id: call.call_id, tool: call.tool, arguments: call.arguments, provenance: call.provenance }
}

/// A piece of the model's text, and whether an answer begins with it.
pub fn delta(text: &str, begins: bool) -> OutsideEvent {
    RunEvent::ModelDelta { text: text.to_owned(), begins }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use steward_core::{Ids, ToolCall};

    fn check(event: Event, expect: &[(&str, &[&str])]) {
        let run: RunId = Ids::counter().make();
        let got = outside(run, &Recorded::new(1, 0, event), Reader::ItsPerson);
        assert_eq!(got.len(), expect.len(), "{got:?}");
        for (event, (name, fields)) in got.iter().zip(expect) {
            assert_eq!(event.name, *name);
            for field in *fields {
                assert!(event.data.get(field).is_some(), "`{name}` has no `{field}`");
            }
        }
    }

    #[test]
    fn events_have_the_names_and_fields_of_the_contract() {
        let call_id = CallId { step: 1, index: 0 };
        let call = ToolCall { call_id, provider_id: "p".to_owned(), tool: "crm.find".to_owned(), arguments: json!({}), broken: None, provenance: json!(null) };
        let answered = Event::Answered {
            step: 1,
            text: "t".to_owned(),
            calls: vec![call.clone(), call],
            usage: Usage::default(),
            cost: steward_core::Micros(3),
            model: "m".to_owned(),
        };
        check(
            answered,
            &[
                ("model.answered", &["usage", "cost_micros"]),
                ("tool.proposed", &["call_id", "tool", "arguments", "provenance"]),
                ("tool.proposed", &["call_id"]),
            ],
        );
        check(Event::Starting { call_id, key: "k".to_owned(), attempt: 1, lost: Default::default() }, &[("tool.started", &["call_id"])]);
        let done = |outcome| Event::Done {
            call_id,
            outcome,
            fuel: 1,
            ms: 2,
            used: Default::default(),
            lost: Default::default(),
            records: Default::default(),
            kept: None,
            handed: Default::default(),
        };
        check(
            done(Outcome::Ok { result: json!({}), summary: None }),
            &[("tool.done", &["call_id", "summary", "fuel", "ms", "used", "result", "result_bytes"])],
        );
        check(done(Outcome::failed(FailureClass::Trap, "crashed")), &[("tool.failed", &["call_id", "class", "message"])]);
        check(Event::Replied { text: "t".to_owned(), citations: Vec::new() }, &[("reply", &["text", "citations"])]);
        let hold_id = Ids::counter().make();
        let held = Event::BudgetHeld { hold_id, step: 2, need: steward_core::Micros(7), why: "w".to_owned(), expires_at_ms: 9, idle_ms: 0 };
        check(held, &[("budget.held", &["budget_hold_id", "step", "need_micros", "why", "limit", "expires_at_ms"])]);
        let decided = Event::BudgetDecided { hold_id, outcome: HoldOutcome::Approved, ceiling: None, until_ms: None, by: None, reason: None };
        check(decided, &[("budget.decided", &["budget_hold_id", "outcome", "ceiling_micros", "until_ms", "reason"])]);
        let escalated = Event::HoldEscalated { call_id, hold_id: Ids::counter().make(), after_minutes: 30, roles: vec!["owner".to_owned()] };
        check(escalated, &[("hold.escalated", &["call_id", "hold_id", "after_minutes", "roles"])]);
        let label = steward_core::Label::from_source(Integrity::Fact, steward_core::Source::Model);
        let run_id: RunId = Ids::counter().make();
        let delegated = Event::Delegated { call_id, run_id, agent: "clerk".to_owned(), limits: Default::default(), label: label.clone() };
        check(delegated, &[("tool.delegated", &["call_id", "run_id", "agent", "integrity"])]);
        let returned = Event::Returned { call_id, run_id, outcome: RunOutcome::Replied, label, exposed: false, used: Default::default(), refused: Vec::new() };
        check(returned, &[("tool.returned", &["call_id", "run_id", "outcome", "integrity", "steps", "tokens", "cost_micros"])]);
        check(Event::Ended { outcome: RunOutcome::Failed, reason: None, message: "m".to_owned() }, &[("run.ended", &["outcome", "reason", "message"])]);
        check(Event::CancelAsked { by: None }, &[]);
        assert_eq!(
            (delta("x", false).name, delta("x", false).data, delta("x", true).data),
            ("model.delta".to_owned(), json!({"text": "x"}), json!({"text": "x", "begins": true}))
        );
    }

    #[test]
    fn a_result_is_told_to_the_person_of_the_run_alone_and_of_a_large_one_the_beginning() {
        assert_eq!(shown(json!({ "text": "private" }), Reader::Another), (None, 18));
        assert_eq!(shown(json!({ "text": "private" }), Reader::ItsPerson), (Some(json!({ "text": "private" })), 18));
        let (beginning, bytes) = shown(json!("ü".repeat(RESULT_SHOWN_BYTES)), Reader::ItsPerson);
        let beginning = beginning.expect("something is shown");
        assert_eq!((beginning.as_str().map(str::len), bytes), (Some(RESULT_SHOWN_BYTES - 1), 131_074));
    }
}
