//! The cost of one decision with 50 rules: the shipped ones, and others such as an organisation writes.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::json;
use std::collections::BTreeMap;
use std::hint::black_box;
use steward_core::{CallId, Digest, Envelope, EnvelopeKey, Integrity, Principal, RunId, TenantId, Verdict};
use steward_policies::{
    Facts, Proposal, Recorded, RuleFile, Rules, backtest, decide, judge, prove, prove_with, sample_facts, sample_tools, shipped_properties, shipped_rules,
};
use uuid::Uuid;

/// Rules that bear on mail and are all evaluated for it, though none matches: the dear case.
const CONDITIONS: [&str; 6] = [
    "context.run.channel == \"schedule\" && context.facts.local_hour < 7",
    "context.args.to.contains(\"never@example.com\")",
    "context.counts.sends > 1000 && !context.within_budget",
    "context.args.subject like \"*confidential*\" && context.dest < 4",
    "context.tainted && context.leak && context.ref < 2",
    "principal.roles.contains(Role::\"auditor\") && resource.effect == \"send\"",
];

fn rules() -> Rules {
    let mut files = shipped_rules();
    let shipped = Rules::load(&files, &[]).expect("shipped rules").list().len();
    let house: String = (shipped..50)
        .zip(CONDITIONS.iter().cycle())
        .map(|(index, condition)| {
            let counts = if index == shipped { "@counts(\"sends = send per day\")" } else { "" };
            format!("@id(\"house-{index}\") @reason(\"A rule of the house.\") {counts}\nforbid (principal, action == Action::\"mail.send\", resource) when {{ {condition} }};\n")
        })
        .collect();
    files.push(RuleFile { name: "90-house.cedar".into(), text: house });
    let rules = Rules::load(&files, &sample_tools().expect("sample")).expect("rules");
    assert_eq!(rules.list().len(), 50);
    rules
}

fn mail() -> Facts {
    Facts {
        arguments: json!({"to": ["anna@known.example", "lena@known.example"], "subject": "Monday", "body": "Nine is fine. ".repeat(40)}),
        dest: Integrity::Directory,
        tainted: true,
        step: 3,
        counts: BTreeMap::from([("sends".into(), 12)]),
        facts: BTreeMap::from([("local_hour".into(), json!(11)), ("known_contacts".into(), json!(true))]),
        now_ms: 1_772_000_000_000,
        ..sample_facts("mail.send")
    }
}

fn proposal(facts: &Facts, rules: &Rules) -> Proposal {
    let envelope = Envelope {
        tenant: TenantId::from_uuid(Uuid::from_u128(3)),
        run: RunId::from_uuid(Uuid::from_u128(4)),
        call: CallId { step: 3, index: 0 },
        principal: Principal { agent: facts.agent.clone(), person: facts.person },
        tool: facts.tool.clone(),
        plugin_digest: Digest::of(b"plugin"),
        schema_digest: Digest::of(b"schema"),
        arguments: facts.arguments.clone(),
        policy_digest: rules.digest(),
        prompt: "assistant@1".into(),
        prompt_digest: Digest::of(b"prompt"),
        model: "scripted/one".into(),
        evidence: json!({}),
        budget_micros: 0,
        expires_at_ms: i64::MAX,
        circumstances: Default::default(),
    };
    let envelope_id = envelope.id(&EnvelopeKey::from_bytes([7; 32])).expect("id");
    Proposal { envelope, envelope_id }
}

fn bench(criterion: &mut Criterion) {
    let rules = rules();
    let allow = mail();
    let hold = Facts { dest: Integrity::Outside, leak: true, tainted: false, ..mail() };
    let block = Facts { within_budget: false, ..mail() };
    let read = Facts { tool: "crm.get_contact".into(), arguments: json!({"contact_id": "contact_1"}), ..mail() };
    let cases = [("allow", allow, Verdict::Allow), ("hold", hold, Verdict::Hold), ("block", block, Verdict::Block), ("allow_read", read, Verdict::Allow)];
    let mut group = criterion.benchmark_group("decide_50_rules");
    for (name, facts, expect) in &cases {
        assert_eq!(judge(&rules, facts).verdict(), *expect, "{name}");
        let proposal = proposal(facts, &rules);
        group.bench_function(*name, |bencher| {
            bencher.iter_batched(|| proposal.clone(), |proposal| decide(black_box(&rules), proposal, black_box(facts)), BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// Ten thousand decisions as they stand on record, read and judged again; and all shipped properties proved without a solver.
fn whole_sets(criterion: &mut Criterion) {
    let rules = rules();
    let records: Vec<String> =
        (0..10_000).map(|step| json!({ "facts": Facts { step, tainted: step % 2 == 0, ..mail() }, "envelope": {} }).to_string()).collect();
    let read = |record: &String| Recorded { name: String::new(), verdict: Verdict::Allow, class: None, rules: Vec::new(), facts: Recorded::facts_of(record) };
    let mut group = criterion.benchmark_group("policy_sets");
    group.sample_size(10);
    group.bench_function("backtest_10000", |bencher| {
        bencher.iter(|| {
            let report = backtest(&rules, black_box(&records).iter().map(read));
            assert_eq!(report.judged, 10_000);
            report
        });
    });
    group.bench_function("prove_by_enumeration", |bencher| bencher.iter(|| prove(&shipped_rules(), &[], &shipped_properties()).expect("proofs")));
    let solver = std::path::Path::new("/usr/bin/cvc5");
    if solver.is_file() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        group.bench_function("prove_by_solver", |bencher| {
            bencher.iter(|| runtime.block_on(prove_with(solver, &shipped_rules(), &[], &shipped_properties())).expect("proofs"));
        });
    }
    group.finish();
}

criterion_group!(benches, bench, whole_sets);
criterion_main!(benches);
