//! The gate of one call as the driver asks it: schema, normalising, origins, facts, envelope, and the decision with 50 rules.

#![expect(clippy::indexing_slicing, reason = "a measurement stops where what it looks for is missing")]

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use steward_agent::agents::Agent;
use steward_agent::gate::Gate;
use steward_agent::labels::Shown;
use steward_agent::run::Run;
use steward_agent::testing::{bench_runtime, pins_of};
use steward_core::event::Recorded;
use steward_core::{CallId, EnvelopeKey, Event, Micros, Mode, Outcome, Role, ToolCall, Usage, Verdict};
use steward_policies::{RuleFile, Rules, shipped_rules};

/// Rules of the house that bear on the measured call and are all evaluated, though none matches: the dear case.
const CONDITIONS: [&str; 4] = [
    "context.run.channel == \"schedule\" && context.run.step > 40",
    "context.tainted && context.leak && context.ref < 2",
    "!context.within_budget && context.dest < 4",
    "principal.roles.contains(Role::\"auditor\") && resource.effect == \"write\"",
];

fn rules(specs: &[steward_core::ToolSpec]) -> Rules {
    let mut files = shipped_rules();
    let shipped = Rules::load(&files, specs).expect("shipped rules").list().len();
    let house = (shipped..50).zip(CONDITIONS.iter().cycle()).map(|(index, condition)| {
        format!("@id(\"house-{index}\") @reason(\"A rule of the house.\")\nforbid (principal, action in Action::\"write\", resource) when {{ {condition} }};\n")
    });
    files.push(RuleFile { name: "90-house.cedar".into(), text: house.collect() });
    let rules = Rules::load(&files, specs).expect("rules");
    assert_eq!(rules.list().len(), 50);
    rules
}

/// A run whose model has read so many contacts and now proposes this call.
fn run(events: &mut Vec<Recorded>, read: u32, tool: &str, arguments: Value) -> (Run, ToolCall) {
    let call = |step, tool: &str, arguments: Value| ToolCall {
        call_id: CallId { step, index: 0 },
        provider_id: format!("call_{step}"),
        tool: tool.to_owned(),
        arguments,
        broken: None,
        provenance: json!(null),
    };
    let answered = |step, call: ToolCall| Event::Answered {
        step,
        text: String::new(),
        calls: vec![call],
        usage: Usage { input: 100, cached: 0, output: 20 },
        cost: Micros(10),
        model: "strong/gpt-4o-mini".into(),
    };
    let mut push = |event| {
        let seq = u32::try_from(events.len()).expect("few") + 1;
        events.push(Recorded::new(seq, 1_795_000_000_000 + i64::from(seq), event));
    };
    for step in 1..=read {
        push(answered(step, call(step, "crm.get_contact", json!({ "contact_id": "contact_00000000000000000000000001" }))));
        let contact = json!({
            "id": format!("contact_0000000000000000000000000{step}"), "name": "Lena Vogt", "emails": ["lena@nordlicht.example", "l.vogt@nordlicht.example"],
            "phones": ["+49 30 1234567"], "company": { "id": "company_00000000000000000000000001", "name": "Nordlicht GmbH" },
        });
        push(Event::Done {
            call_id: CallId { step, index: 0 },
            outcome: Outcome::Ok { result: contact, summary: None },
            fuel: 1,
            ms: 1,
            used: Default::default(),
            lost: Default::default(),
            records: BTreeMap::new(),
            kept: None,
            handed: Default::default(),
        });
    }
    let last = call(read + 1, tool, arguments);
    push(answered(read + 1, last.clone()));
    (Run::fold(events.as_slice()), last)
}

fn bench(criterion: &mut Criterion) {
    // The pool of a database that is never asked wants to be made inside of one.
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
    let _inside = tokio.enter();
    let runtime = bench_runtime("http://127.0.0.1:1/v1", Mode::default());
    let rules = rules(&runtime.host.specs());
    let agent = Agent { tools: vec!["crm.*".into()], ..runtime.agents["assistant"].clone() };
    let roles: BTreeSet<Role> = [Role::Owner].into();
    let key = EnvelopeKey::from_bytes([7; 32]);
    let ids = &runtime.office.ids;
    let pins = pins_of(&agent, ids);
    let text = "Please add Lena Petrova, lena@partner.example, to the book.".to_owned();
    let started = Event::Started { pins, text, history: Vec::new(), variables: BTreeMap::new(), attachments: Vec::new() };
    let counts = BTreeMap::new();
    let gate = Gate {
        rules: &rules,
        host: &runtime.host,
        agent: &agent,
        key: &key,
        tenant: ids.make(),
        run_id: ids.make(),
        roles: &roles,
        approvals: &Default::default(),
        counts: &counts,
    };
    let cases = [
        ("read", 5, "crm.get_contact", json!({ "contact_id": "contact_00000000000000000000000001" }), Verdict::Allow),
        ("allow", 0, "crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] }), Verdict::Allow),
        ("hold", 5, "crm.create_contact", json!({ "name": "Mallory", "emails": ["mallory@engines.example"] }), Verdict::Hold),
    ];
    let mut group = criterion.benchmark_group("gate_50_rules");
    for (name, read, tool, arguments, expect) in cases {
        let mut events = vec![Recorded::new(1, 1_795_000_000_000, started.clone())];
        let (run, call) = run(&mut events, read, tool, arguments);
        let shown = Shown::before(agent.mode, &run, read + 1, &runtime.host);
        let ruling = gate.rule(&run, &call, &shown, None, 1_795_000_001_000);
        assert_eq!(ruling.name(), expect, "{name}: {}", ruling.reason);
        group.bench_function(name, |bencher| bencher.iter(|| gate.rule(black_box(&run), black_box(&call), &shown, None, 1_795_000_001_000)));
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
