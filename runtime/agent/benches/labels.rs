//! Labels: a decision with 50 rules and 100 labelled values in the context, and where ten arguments come from among 100 kB of text.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use steward_agent::agents::Agent;
use steward_agent::gate::Gate;
use steward_agent::labels::{Shown, judge};
use steward_agent::run::Run;
use steward_core::event::{Pins, Recorded};
use steward_core::{
    ArgumentClass, ArgumentRole, CallId, Digest, Effect, EnvelopeKey, Event, Ids, Integrity, Mode, Origin, RecordPattern, Role, RunLimits, ToolCall, ToolSpec,
    Verdict,
};
use steward_policies::{RuleFile, Rules, shipped_rules};

/// Rules of the house that bear on the measured call and are all evaluated, though none matches: the dear case.
const CONDITIONS: [&str; 4] = [
    "context.run.channel == \"schedule\" && context.run.step > 40",
    "context.tainted && context.leak && context.ref < 2",
    "!context.within_budget && context.dest < 4",
    "principal.roles.contains(Role::\"auditor\") && resource.effect == \"write\"",
];

fn tool(name: &str, effect: Effect, roles: &[(&str, ArgumentRole)]) -> ToolSpec {
    ToolSpec { arguments: json!({"type": "object"}), private: true, ..ToolSpec::sample(name, effect, roles) }
}

/// Letters with four fields each.
fn list() -> ToolSpec {
    let label = |field: &str, origin| (format!("/*/{field}"), origin);
    let pattern = RecordPattern {
        at: "/*".into(),
        of: "letter".into(),
        key: Some("id".into()),
        anchors: vec!["subject".into()],
        readers: vec!["to".into()],
        ..RecordPattern::default()
    };
    ToolSpec {
        result_labels: [label("id", Origin::System), label("from", Origin::Fact), label("to", Origin::Fact), label("subject", Origin::Outside)].into(),
        records: vec![pattern],
        ..tool("letters.list", Effect::Read, &[])
    }
}

fn letters(count: usize, body: &str) -> Value {
    let letter = |number: usize| json!({ "id": format!("letter_{number}"), "from": format!("person{number}@partner.example"), "to": "owner@house.example", "subject": format!("Report {number} of the north"), "body": format!("{number} {body}") });
    (0..count).map(letter).collect()
}

fn call(tool: &str, arguments: Value) -> ToolCall {
    ToolCall { call_id: CallId { step: 2, index: 0 }, provider_id: "p".into(), tool: tool.into(), arguments, broken: None, provenance: json!(null) }
}

fn bench(criterion: &mut Criterion) {
    let ids = Ids::counter();
    let agent = Agent {
        name: "assistant".into(),
        prompt: "assistant@1".into(),
        prompt_digest: Digest::of(b""),
        prompt_label: None,
        model: "none".into(),
        tools: vec!["*".into()],
        mode: Mode::Traced,
        limits: RunLimits::default(),
        within: Vec::new(),
    };
    let pins = Pins::sample(&ids);
    let text = "Please send 'Report 7 of the north' to person7@partner.example, and 1,200.50 euros are due on May 26th, 2026.".to_owned();
    let started = Event::Started { pins, text, history: Vec::new(), variables: BTreeMap::new(), attachments: Vec::new() };
    let run = Run::fold(&[Recorded::new(1, 1, started)]);
    let ten = ["to", "cc", "letter", "subject", "body", "note", "sum", "day", "place", "more"];
    let roles = [ArgumentRole::Recipient, ArgumentRole::Recipient, ArgumentRole::Id("letter".into()), ArgumentRole::Content, ArgumentRole::Content];
    let values = [ArgumentRole::Content, ArgumentRole::Value, ArgumentRole::Value, ArgumentRole::Content, ArgumentRole::Content];
    let named: Vec<(&str, ArgumentRole)> = ten.into_iter().zip(roles.into_iter().chain(values)).collect();
    let send = tool("letters.send", Effect::Send, &named);
    let list = list();
    let specs = [list.clone(), send.clone()];
    let mut files = shipped_rules();
    let shipped = Rules::load(&files, &specs).expect("shipped rules").list().len();
    let house = (shipped..50).zip(CONDITIONS.iter().cycle()).map(|(index, condition)| {
        format!("@id(\"house-{index}\") @reason(\"A rule of the house.\")\nforbid (principal, action in Action::\"send\", resource) when {{ {condition} }};\n")
    });
    files.push(RuleFile { name: "90-house.cedar".into(), text: house.collect() });
    let rules = Rules::load(&files, &specs).expect("rules");
    assert_eq!(rules.list().len(), 50);

    let catalogue: BTreeMap<String, Arc<ToolSpec>> = specs.iter().map(|spec| (spec.name.clone(), Arc::new(spec.clone()))).collect();
    let read = |result: &Value| {
        let mut shown = Shown::begin(&run);
        let read = ToolCall { call_id: CallId { step: 1, index: 0 }, ..call("letters.list", json!({})) };
        shown.add_call(Mode::Traced, &run, &list, &read, result, &BTreeMap::new(), None);
        shown
    };

    // 100 values: 20 letters of five fields.
    let shown = read(&letters(20, "nothing of note"));
    let roles: BTreeSet<Role> = [Role::Owner].into();
    let key = EnvelopeKey::from_bytes([7; 32]);
    let counts = BTreeMap::new();
    let gate = Gate {
        rules: &rules,
        host: &catalogue,
        agent: &agent,
        key: &key,
        tenant: ids.make(),
        run_id: ids.make(),
        roles: &roles,
        approvals: &Default::default(),
        counts: &counts,
    };
    let small = call("letters.send", json!({"to": ["person7@partner.example"], "letter": "letter_7", "subject": "Report 7 of the north"}));
    assert_eq!(gate.rule(&run, &small, &shown, None, 2).name(), Verdict::Allow);
    let mut group = criterion.benchmark_group("labels");
    group.bench_function("decision_50_rules_100_values", |bencher| {
        // A copy remembers nothing, so every round works the origins out anew.
        bencher.iter_batched_ref(|| shown.clone(), |shown| gate.rule(black_box(&run), black_box(&small), shown, None, 2), BatchSize::SmallInput);
    });

    // 100 kB: 40 letters of 2.5 kB.
    let body = "The harvest of the north was as good as in most years, and nobody asked for more than that. ".repeat(27);
    let shown = read(&letters(40, &body));
    let arguments = json!({
        "to": "person7@partner.example", "cc": "stranger@elsewhere.example", "letter": "letter_7", "subject": "Report 7 of the north",
        "body": "was as good as in most years, and nobody asked for more", "note": "something that stands nowhere at all", "sum": 1200.5,
        "day": "2026-05-26", "place": "a text of the model's own, in a few words", "more": "2031-01-01",
    });
    let large = call("letters.send", arguments);
    let judged = judge(Mode::Traced, &run, &shown, &send, &large).expect("judged");
    assert_eq!((judged.origins.leaves.len(), judged.origins.lowest(ArgumentClass::Dest)), (10, Integrity::Outside));
    group.bench_function("provenance_10_leaves_100_kb", |bencher| {
        bencher.iter_batched_ref(|| shown.clone(), |shown| judge(Mode::Traced, black_box(&run), shown, &send, black_box(&large)), BatchSize::SmallInput);
    });
    let result = letters(40, &body);
    group.bench_function("reading_100_kb", |bencher| bencher.iter(|| read(black_box(&result))));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
