//! Courses of a run and what is told of them, piece by piece and in all.

use super::*;
use serde_json::json;
use steward_core::event::Pins;
use steward_core::{CallId, FailureClass, Ids, Micros, ToolCall};

/// What is heard of a run.
enum Heard {
    Delta(&'static str),
    Event(Box<Event>),
}
use Heard::Delta;

fn heard(event: Event) -> Heard {
    Heard::Event(Box::new(event))
}

fn answered(step: u32, text: &str, calls: &[&str]) -> Heard {
    let calls = calls.iter().zip(0..).map(|(tool, index)| ToolCall {
        call_id: CallId { step, index },
        provider_id: format!("p{index}"),
        tool: (*tool).to_owned(),
        arguments: json!({}),
        broken: None,
        provenance: json!(null),
    });
    let usage = Usage { input: 100, cached: 10, output: 20 };
    heard(Event::Answered { step, text: text.to_owned(), calls: calls.collect(), usage, cost: Micros(1), model: "m".to_owned() })
}

fn ask_failed(retry: bool) -> Heard {
    let failure = steward_core::event::AskFailure::CutOff;
    heard(Event::AskFailed {
        step: 1,
        attempt: 1,
        model: "m".to_owned(),
        failure,
        message: "cut".to_owned(),
        usage: Usage { input: 7, cached: 0, output: 1 },
        cost: Micros(1),
        retry,
    })
}

fn ended(outcome: RunOutcome, message: &str) -> Heard {
    heard(Event::Ended { outcome, reason: None, message: message.to_owned() })
}

fn replied(text: &str) -> Heard {
    heard(Event::Replied { text: text.to_owned(), citations: Vec::new() })
}

fn play(events: Vec<Heard>) -> (Transcript, String) {
    let ids = Ids::counter();
    let mut transcript = Transcript::new(ids.make(), ids.make(), "https://steward.example");
    let mut told = String::new();
    for (seq, one) in (1..).zip(events) {
        told.push_str(&match one {
            Delta(text) => transcript.delta(text),
            Heard::Event(event) => transcript.event(&Recorded::new(seq, 0, *event)),
        });
    }
    (transcript, told)
}

#[track_caller]
fn check(events: Vec<Heard>, text: &str, outcome: &str) {
    let (transcript, told) = play(events);
    let finished = transcript.finished();
    assert_eq!(told, text);
    assert_eq!(finished.text, told, "what was told piece by piece is all there is");
    assert_eq!(finished.steward.outcome, outcome);
    assert_eq!(transcript.is_over(), outcome != "running");
}

#[test]
fn what_was_told_live_is_not_told_again() {
    let end = || [replied("Hello there."), ended(RunOutcome::Replied, "the agent replied")];
    for heard_before in [vec![], vec![Delta("Hello")], vec![Delta("Hello"), Delta(" there.")], vec![Delta("Hello there.\n")]] {
        let whole = if heard_before.iter().any(|one| matches!(one, Delta(text) if text.ends_with('\n'))) { "Hello there.\n" } else { "Hello there." };
        let mut events = heard_before;
        events.push(answered(1, "Hello there.", &[]));
        events.extend(end());
        check(events, whole, "replied");
    }
    // With a gap in the middle, the whole answer follows.
    let mut gap = vec![Delta("lo the"), answered(1, "Hello there.", &[])];
    gap.extend(end());
    check(gap, "lo the\n\nHello there.", "replied");
}

#[test]
fn an_answer_that_broke_off_is_remarked_and_another_follows() {
    let events = vec![Delta("Hel"), ask_failed(true), Delta("Good"), answered(1, "Good day.", &[]), replied("Good day."), ended(RunOutcome::Replied, "")];
    check(events, "Hel\n\n[This answer broke off; the model is asked again.]\n\nGood day.", "replied");
    check(vec![ask_failed(true), ask_failed(false), ended(RunOutcome::ModelFailed, "no model answered")], "no model answered", "model_failed");
    check(vec![answered(1, "Looking.", &["crm.find_contacts"]), ended(RunOutcome::StepLimit, "enough")], "Looking.\n\nenough", "step_limit");
    check(vec![], "", "running");
}

#[test]
fn marks_are_numbers_however_the_text_comes() {
    let ids = Ids::counter();
    let (terms, prices): (DocumentId, DocumentId) = (ids.make(), ids.make());
    let chunk = |document_id, number| ChunkRef { document_id, number, name: "terms.md".to_owned(), start: 0, end: 9 };
    let looked = || {
        let result = json!({ "chunks": [{ "cite": format!("{terms}#1") }, { "cite": format!("{prices}#2") }] });
        let handed = steward_core::event::Handed { chunks: vec![chunk(terms, 1), chunk(prices, 2)], ..Default::default() };
        let done = Event::Done {
            call_id: CallId { step: 1, index: 0 },
            outcome: steward_core::Outcome::Ok { result, summary: None },
            fuel: 0,
            ms: 0,
            used: Default::default(),
            lost: Default::default(),
            records: Default::default(),
            kept: None,
            handed,
        };
        vec![started(&ids), answered(1, "", &["documents.search"]), heard(done)]
    };
    let raw = format!("By card [[{prices}#2]], in thirty days [[{terms}#1, {prices}#2]], not in cash [[{terms}#7]]. See [[{terms}#1]]");
    let settled = format!("By card [[{prices}#2]], in thirty days [[{terms}#1]][[{prices}#2]], not in cash. See [[{terms}#1]]");
    let text = "By card [1], in thirty days [2][1], not in cash. See [2]";
    let letters: Vec<String> = raw.chars().map(String::from).collect();
    for size in [1, 2, 3, 7, 30, letters.len()] {
        let mut transcript = Transcript::new(ids.make(), ids.make(), "https://steward.example");
        let mut told = String::new();
        for (seq, one) in (1..).zip(looked()) {
            let Heard::Event(event) = one else { continue };
            told.push_str(&transcript.event(&Recorded::new(seq, 0, *event)));
        }
        for piece in letters.chunks(size) {
            let now = transcript.delta(&piece.concat());
            assert!(!now.contains("doc_"), "{now}");
            told.push_str(&now);
        }
        for (seq, event) in (4..).zip([answered(2, &raw, &[]), replied(&settled), ended(RunOutcome::Replied, "")]) {
            let Heard::Event(event) = event else { continue };
            told.push_str(&transcript.event(&Recorded::new(seq, 0, *event)));
        }
        assert_eq!(told, text, "in pieces of {size}");
        let finished = transcript.finished();
        assert_eq!(finished.text, told);
        let sources: Vec<_> = finished.steward.citations.iter().map(|source| (source.number, source.document_id, source.chunk)).collect();
        assert_eq!(sources, [(1, prices, 2), (2, terms, 1)]);
    }
    // Nobody listened while it was written.
    let mut events = looked();
    events.extend([answered(2, &raw, &[]), replied(&settled), ended(RunOutcome::Replied, "")]);
    check(events, text, "replied");
}

#[test]
fn everything_used_counts_also_for_nothing() {
    let (transcript, _) = play(vec![ask_failed(true), answered(1, "", &["a"]), answered(2, "Yes.", &[])]);
    assert_eq!(transcript.finished().usage, Usage { input: 207, cached: 20, output: 41 });
}

#[test]
fn it_waits_only_when_every_held_call_has_its_link() {
    let ids = Ids::counter();
    let call_id = |index| CallId { step: 1, index };
    let envelope: EnvelopeId = format!("env_{}", "0".repeat(64)).parse().expect("envelope");
    let decided = |index, verdict| {
        heard(Event::Decided {
            call_id: call_id(index),
            decision_id: ids.make(),
            envelope_id: Some(envelope),
            effect: Some(steward_core::Effect::Write),
            verdict,
            rules: Vec::new(),
            reason: String::new(),
            tell: String::new(),
            class: None,
            call_digest: steward_core::Digest::of(b"x"),
            after_approval: false,
            changed: Vec::new(),
            grant_id: None,
            retryable: false,
            allowed_shape: None,
        })
    };
    let holds: Vec<HoldId> = vec![ids.make(), ids.make()];
    let opened = |index: u16| {
        let hold_id = *holds.get(usize::from(index)).expect("hold");
        heard(Event::HoldOpened { call_id: call_id(index), hold_id, envelope_id: envelope, needs: steward_core::Needs::default(), expires_at_ms: 0 })
    };
    let pins = |events: Vec<Heard>| {
        let mut all = vec![started(&ids)];
        all.extend(events);
        all
    };
    let both = || vec![answered(1, "Two notes.", &["crm.add_note", "crm.update_contact"]), decided(0, Verdict::Hold), decided(1, Verdict::Hold)];
    let link = |index: usize, tool: &str| format!("\n- `{tool}`: https://steward.example/holds/{}", holds.get(index).expect("hold"));
    check(pins(both()), "Two notes.", "running");
    let mut events = both();
    events.push(opened(0));
    check(pins(events), "Two notes.", "running");
    let mut events = both();
    events.extend([opened(0), opened(1)]);
    let expect = format!("Two notes.\n\nThis waits for a person's decision:{}{}", link(0, "crm.add_note"), link(1, "crm.update_contact"));
    check(pins(events), &expect, "waiting");
    // A call beside it that only failed does not keep the answer waiting.
    let mut events = both();
    events.push(heard(Event::Done {
        call_id: call_id(1),
        outcome: steward_core::Outcome::failed(FailureClass::Trap, "no"),
        fuel: 0,
        ms: 0,
        used: Default::default(),
        lost: Default::default(),
        records: Default::default(),
        kept: None,
        handed: Default::default(),
    }));
    events.push(opened(0));
    check(pins(events), &format!("Two notes.\n\nThis waits for a person's decision:{}", link(0, "crm.add_note")), "waiting");
}

fn started(ids: &Ids) -> Heard {
    heard(Event::Started {
        pins: Pins { channel: "api".to_owned(), ..Pins::sample(ids) },
        text: "t".to_owned(),
        history: Vec::new(),
        variables: Default::default(),
        attachments: Vec::new(),
    })
}
