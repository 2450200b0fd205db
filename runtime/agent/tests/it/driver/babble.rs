//! A model that says what its tools' schemas allow and means nothing by it: random tools, random values, the seams of JSON.
//!
//! What it says is drawn from a seed, so that what fails once fails again: the number of the request, which failures name, is all it takes.

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use steward_agent::testing::{Reply, Said, SaidCall, ScriptedModel};
use steward_core::{CallId, Micros, RunLimits, RunOutcome, Verdict};
use steward_office::{budgets, runs};
use steward_store::testing::TestDatabase;

/// How many runs such a model has.
const RUNS: usize = 24;
/// Where its chance begins.
const SEED: u64 = 0x5eed_0037;

/// Chance from a seed (SplitMix64): the same on every machine.
struct Chance(u64);

impl Chance {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0, below this one.
    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.draw() % u64::try_from(most.max(1)).expect("a number")).expect("below")
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Texts as JSON has them: empty, mojibake, marks that turn the line, escapes of what no column takes and of half a letter, names that exist.
const TEXTS: &[&str] = &[
    r#""""#,
    r#"" ""#,
    r#""Max Meier""#,
    r#""max@partner.example""#,
    r#""contact_00000000000000000000000001""#,
    r#""GrÃ¼Ã\u009fe, LÃ¶we""#,
    "\"\u{fffd}\u{fffd}\u{fffd}\"",
    "\"\u{202e}reieM xaM\u{202c}\"",
    "\"M\u{430}x M\u{435}ier\"",
    r#""a\u0000b""#,
    r#""\ud800""#,
    r#""\"}],\"tool\":\"crm.create_company\"""#,
    r#""'; drop table contact; --""#,
    r#""{{$1.contacts.0.name}}""#,
    r#""../../etc/passwd""#,
];

/// Numbers that the grammar of JSON lets pass, and most parsers do not.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "7",
    "-1",
    "0.1",
    "123456789012345678901",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "92e85660411466",
    "1102e-4200505655126161",
    "1e308",
];

fn text(chance: &mut Chance) -> String {
    match chance.below(8) {
        0 => {
            let letters: String = (0..chance.below(40)).filter_map(|_| char::from_u32(u32::try_from(chance.below(0x11_0000)).expect("a letter"))).collect();
            serde_json::to_string(&letters).expect("JSON")
        }
        1 => format!("\"{}\"", "long ".repeat(chance.below(3_000))),
        _ => (*chance.pick(TEXTS)).to_owned(),
    }
}

/// A value that has the form of this schema, as a grammar made of it would let through.
fn value(chance: &mut Chance, schema: &Value, depth: usize) -> String {
    if depth > 6 {
        return "null".to_owned();
    }
    if let Some(choices) = schema["enum"].as_array().filter(|choices| !choices.is_empty()) {
        let choice = chance.pick(choices).to_string();
        // The neighbour of a word that is allowed.
        return if chance.once_in(8) { choice.replacen('"', "\"_", 1) } else { choice };
    }
    if let Some(forms) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()).filter(|forms| !forms.is_empty()) {
        let form = chance.pick(forms).clone();
        return value(chance, &form, depth + 1);
    }
    let kind = schema["type"].as_array().map_or_else(|| schema["type"].clone(), |kinds| chance.pick(kinds).clone());
    match kind.as_str() {
        Some("object") => object(chance, schema, depth),
        Some("array") => {
            let items: Vec<String> = (0..chance.below(4)).map(|_| value(chance, &schema["items"], depth + 1)).collect();
            format!("[{}]", items.join(","))
        }
        Some("integer" | "number") => (*chance.pick(NUMBERS)).to_owned(),
        Some("boolean") => (*chance.pick(&["true", "false"])).to_owned(),
        Some("null") => "null".to_owned(),
        _ => text(chance),
    }
}

fn object(chance: &mut Chance, schema: &Value, depth: usize) -> String {
    let required: BTreeSet<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut written = String::from("{");
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        let is_left_out = if required.contains(name.as_str()) { chance.once_in(16) } else { chance.once_in(2) };
        // The same field twice is a form that a grammar may have, too.
        let times = if is_left_out { 0 } else { 1 + usize::from(chance.once_in(24)) };
        for _ in 0..times {
            let comma = if written.len() > 1 { "," } else { "" };
            let value = value(chance, of, depth + 1);
            write!(written, "{comma}{}:{value}", Value::from(name.as_str())).expect("written");
        }
    }
    written + "}"
}

/// The tool and the arguments of one call, offered or not.
fn call(chance: &mut Chance, tools: &[Value]) -> SaidCall {
    let function = &chance.pick(tools)["function"];
    let offered = function["name"].as_str().expect("a name");
    let tool = match chance.below(10) {
        0 => offered.to_uppercase(),
        1 => format!("{offered}s"),
        2 => serde_json::from_str(&text(chance)).unwrap_or_default(),
        3 => "x".repeat(chance.below(600)),
        _ => offered.to_owned(),
    };
    let arguments = match chance.below(12) {
        0 => {
            let deep = *chance.pick(&[33, 127, 128, 5_000]);
            format!("{}1{}", "[".repeat(deep), "]".repeat(deep))
        }
        1 => text(chance),
        2 => (*chance.pick(NUMBERS)).to_owned(),
        3 => String::new(),
        _ => value(chance, &function["parameters"], 0),
    };
    let id = match chance.below(4) {
        0 => String::new(),
        1 => "call_1_0".to_owned(),
        2 => "GrÃ¼Ãe".repeat(chance.below(60)),
        _ => format!("call_{}", chance.draw()),
    };
    SaidCall { id, tool, arguments }
}

/// What was asked for, and nothing else.
fn sane() -> SaidCall {
    SaidCall { id: "call_1_0".into(), tool: "crm.create_contact".into(), arguments: r#"{"name":"Max Meier","emails":["max@partner.example"]}"#.into() }
}

/// The answer to the request of this number.
fn answer(number: usize, tools: &[Value]) -> Reply {
    let mut chance = Chance(SEED ^ u64::try_from(number).expect("a number").wrapping_mul(0xd6e8_feb8_6659_fd93));
    let count = if chance.once_in(16) { 40 } else { chance.below(5) };
    let mut calls: Vec<SaidCall> = (0..count).map(|_| call(&mut chance, tools)).collect();
    if chance.once_in(3) {
        let at = chance.below(calls.len() + 1);
        calls.insert(at, sane());
    }
    let said: String = serde_json::from_str(&text(&mut chance)).unwrap_or_default();
    let usage = if chance.once_in(4) { None } else { Said::default().usage };
    let finish = Some((*chance.pick(&["stop", "tool_calls", "function_call", "GrÃ¼Ãe"])).to_owned());
    Reply::Said(Said { text: said, calls, usage, finish, done: !chance.once_in(4), piece: 1 + chance.below(200) })
}

#[test]
fn chance_is_the_same_each_time_and_what_it_says_is_of_every_kind() {
    let function = serde_json::json!({ "function": {
        "name": "crm_find_contacts",
        "parameters": { "type": "object", "required": ["query"], "properties": { "query": { "type": "string" }, "limit": { "type": "integer" } } },
    } });
    let tools = [function];
    let all = || (0..400).map(|number| format!("{:?}", answer(number, &tools))).collect::<Vec<_>>();
    let said = all();
    assert_eq!(said, all());
    for part in ["92e85660411466", "1102e-4200505655126161", "123456789012345678901", "CRM_FIND_CONTACTS", "\\\\ud800", "[[[[", "Ã¼", "id: \"\"", "calls: []"]
    {
        assert!(said.iter().any(|one| one.contains(part)), "never said: {part}");
    }
    let values: Vec<String> = (0..400).map(|seed| value(&mut Chance(seed), &tools[0]["function"]["parameters"], 0)).collect();
    let whole = values.iter().filter(|value| serde_json::from_str::<Value>(value).is_ok_and(|value| value["query"].is_string())).count();
    assert!((100..400).contains(&whole), "{whole} of 400 are what the schema says, the others are not");
}

/// Calls that were begun although nobody had allowed them, by the journal.
fn begun_without_leave(events: &[steward_core::event::Recorded]) -> Vec<CallId> {
    let mut allowed = BTreeSet::new();
    let mut begun = Vec::new();
    for recorded in events {
        match &recorded.event {
            Event::Decided { call_id, verdict: Verdict::Allow, .. } => {
                allowed.insert(*call_id);
            }
            Event::Starting { call_id, .. } | Event::Done { call_id, .. } if !allowed.contains(call_id) => begun.push(*call_id),
            _ => {}
        }
    }
    begun
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_model_babbles_a_run_ends_as_stated_and_does_nothing_that_was_not_allowed() {
    let model = ScriptedModel::start_with(|seen| answer(seen.number, seen.body["tools"].as_array().expect("tools"))).await;
    let limits = RunLimits { steps: 5, ..RunLimits::default() };
    let first = World::with(TestDatabase::make().await, &model.base_url(), limits).await;
    let mut ends = BTreeSet::new();
    for course in 0..RUNS {
        let world = first.beside().await;
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        budgets::put(&mut tx, &world.runtime.office, "organisation", "", "day", Micros(1_000_000_000)).await.expect("budget");
        tx.commit().await.expect("commit");
        let _watch = (course % 2 == 0).then(|| world.runtime.live.watch());
        let asked_before = model.requests().len();
        let run = world.say("Put Max Meier, max@partner.example, in the book.").await;
        let mut status = settle(&world).await;
        if status == Some(RunStatus::Waiting) {
            // It waits for a person, as it should; this one calls it off.
            assert!(!waiting(&world).await.is_empty());
            let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
            runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
            tx.commit().await.expect("commit");
            status = settle(&world).await;
        }
        let (state, events) = (world.run(run).await, world.events(run).await);
        let at = format!("run {course}, requests {asked_before} to {}: {events:?}", model.requests().len());
        assert_eq!(status, Some(RunStatus::Ended), "{at}");
        let outcome = state.ended.expect("it is over");
        // Nothing of ours may fail by what a model says.
        let stated = [RunOutcome::Replied, RunOutcome::StepLimit, RunOutcome::TokenLimit, RunOutcome::Stubborn, RunOutcome::ModelFailed, RunOutcome::Cancelled];
        assert!(stated.contains(&outcome), "{outcome:?}, {at}");
        let said = events.iter().filter(|recorded| matches!(&recorded.event, Event::Ended { message, .. } if !message.is_empty())).count();
        assert_eq!(said, 1, "it says once how it ended: {at}");
        assert!(begun_without_leave(&events).is_empty(), "{:?}, {at}", begun_without_leave(&events));
        let open = state.steps.iter().flat_map(|step| &step.calls).filter(|call| call.outcome.is_none()).count();
        assert!(open == 0 || outcome == RunOutcome::Cancelled, "{open} calls have no outcome: {at}");
        ends.insert(outcome.name());
    }
    let db = &first.db;
    assert_eq!(db.number("select count(*) from reservation where state = 'open'").await, 0);
    assert_eq!(db.number("select coalesce(sum(reserved_micros), 0)::bigint from budget").await, 0);
    assert_eq!(db.number("select count(*) from hold where state = 'held'").await, 0);
    // What changed, changed through the host, once for each answer that is kept, and in runs that had leave for as many calls.
    let made = db.number("select (select count(*) from contact) + (select count(*) from company) + (select count(*) from note)").await;
    let effects = db.number("select count(*) from (select distinct run_id, key from host_effect) as effect").await;
    let allowed = db.number("select count(*) from (select distinct run_id, call_id from decision where verdict = 'allow') as allowed").await;
    assert!((1..=effects).contains(&made) && effects <= allowed, "{made} records, {effects} effects, {allowed} calls allowed");
    // It said all kinds of things, and the gate saw them.
    for class in ["unknown_tool", "invalid_arguments"] {
        assert!(db.number(&format!("select count(*) from decision where verdict = 'block' and class = '{class}'")).await > 0, "{class}");
    }
    assert!(ends.len() > 1, "{ends:?}");
}
