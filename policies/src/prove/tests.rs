//! Proofs: broken rules are refuted with a case that fails, then the shipped properties hold.

use super::*;
use crate::{CaseFile, run_cases, shipped_properties, shipped_rules};

/// Rules with a mistake a reviewer overlooks, and the property that each breaks.
pub(super) const BROKEN: &[(usize, &str, &str, &str)] = &[
    (
        4,
        "action in Action::\"money\", resource)\nwhen { context.approvals.roles.contains(Role::\"owner\") };",
        "action in Action::\"money\", resource)\nwhen { context.approvals.roles.containsAny([Role::\"owner\", Role::\"finance\"]) };",
        "never money without approval by owner",
    ),
    (
        4,
        "action in Action::\"destroy\", resource)\nwhen { context.approvals.roles.contains(Role::\"owner\")",
        "action in Action::\"destroy\", resource)\nwhen { context.class_asked || context.approvals.roles.contains(Role::\"owner\")",
        "never destroy without approval by owner",
    ),
    (
        3,
        "context.dest >= 2 && context.ref >= 2",
        "context.dest >= 2 || context.ref >= 2",
        "never send when dest below anchored without approval by owner or manager",
    ),
    (3, "context.dest >= 2", "context.dest >= 1", "never send when dest below anchored without approval by owner or manager"),
    (3, "!context.content_actionable", "!context.tainted", "never send when actionable content without approval by owner or manager"),
    (
        1,
        " && context.ref >= 2 && context.value >= 1",
        " && context.ref >= 2",
        "never fetch when ref below anchored or value below fact without approval by owner or manager or support",
    ),
    (1, "context.ref >= 2", "context.ref >= 1", "never fetch when ref below anchored or value below fact without approval by owner or manager or support"),
    (
        0,
        "context.leak && !context.approvals.roles.containsAny([Role::\"owner\", Role::\"manager\"])",
        "context.leak && context.approvals.roles.isEmpty()",
        "no fetch of private content without approval by owner or manager",
    ),
    (
        0,
        "forbid (principal, action in Action::\"write\", resource)\nwhen { context.leak && ",
        "forbid (principal, action in Action::\"write\", resource)\nwhen { context.leak && context.tainted && ",
        "no write of private content without approval by owner or manager",
    ),
    (0, "when { !context.within_budget };", "when { !context.within_budget && context.tainted };", "never anything when over budget"),
    (2, "context.class_asked && ", "", "never write when not asked without approval by owner or manager or support"),
];

/// The id of a person and of a workspace whom no other test knows.
const PERSON: &str = "person_0000000000000000000000002d";
const WORKSPACE: &str = "ws_0000000000000000000000002d";

/// Permits beside the shipped rules that look harmless to who looks at levels, switches and roles alone, and the property that each breaks.
pub(super) fn loosened() -> Vec<(String, &'static str)> {
    let money = "never money without approval by owner";
    let send = "never send when dest below anchored without approval by owner or manager";
    let permit = |scope: &str, condition: &str| format!("permit ({scope}, resource) when {{ {condition} }};");
    let of_money = |condition: &str| permit("principal, action in Action::\"money\"", condition);
    let of_send = |condition: &str| permit("principal, action in Action::\"send\"", condition);
    vec![
        // Who acts, for whom, where, and who approves.
        (permit("principal == Agent::\"nightly\", action in Action::\"money\"", "true"), money),
        (permit("principal is Agent in Agent::\"nightly\", action in Action::\"money\"", "true"), money),
        (of_money("principal != Agent::\"assistant\""), money),
        (of_money("[Agent::\"nightly\", Agent::\"weekly\"].contains(principal) && context.run.agent == \"weekly\""), money),
        (of_money("context.run.agent == \"nightly\""), money),
        (of_money("{a: context.run.agent}.a == \"nightly\""), money),
        (of_money("{a: Agent::\"nightly\"}.a == principal"), money),
        (of_money(&format!("{{a: principal.person}}.a == Person::\"{PERSON}\"")), money),
        (of_money(&format!("{{a: principal.workspace}}.a == Workspace::\"{WORKSPACE}\"")), money),
        (of_money(&format!("principal.workspace == Workspace::\"{WORKSPACE}\"")), money),
        (of_money(&format!("principal.person == Person::\"{PERSON}\"")), money),
        (of_money(&format!("context.approvals.people.contains(Person::\"{PERSON}\")")), money),
        (of_money("context.approvals.people.contains(principal.person)"), money),
        (of_money("!context.approvals.people.isEmpty()"), money),
        (of_money("context.approvals.roles.containsAny(principal.roles) && !principal.roles.contains(Role::\"owner\")"), money),
        // Levels, computed and compared with each other.
        (of_money("context.dest * 3 == 3"), money),
        (of_money("context.dest < context.value && context.value < context.ref"), money),
        (of_money("context.dest + context.value == 5"), money),
        (of_money("(if context.leak then context.dest else 4) == 1 && context.approvals.roles.contains(Role::\"manager\")"), money),
        // The run and the time.
        (of_money("context.run.step > 7"), money),
        (of_money("context.run.channel != \"chat\""), money),
        (of_money("[\"schedule\", \"api\"].contains(context.run.channel)"), money),
        (of_money("context.now > 1700000000000"), money),
        // What tools differ in: rules that speak of none by name.
        (of_money("context.args has amount_minor && context.args.amount_minor < 100"), money),
        (of_money("context.args has payee_id && context.args.payee_id == \"Rent\""), money),
        (of_send("context.args has subject"), send),
        (of_send("context.args has subject && context.args.subject like \"*invoice*\""), send),
        (of_send("context.facts has local_hour"), send),
        (of_send("context.facts has local_hour && context.facts.local_hour > 20"), send),
        (of_send("context.facts has known_contacts && context.facts.known_contacts"), send),
        (of_send("resource.reversible"), send),
        (permit("principal, action", "resource == Tool::\"payouts.prepare\""), money),
        (permit("principal, action", "action == Action::\"payouts.prepare\""), money),
        ("permit (principal, action, resource == Tool::\"payouts.prepare\");".to_owned(), money),
        (permit("principal, action == Action::\"payouts.prepare\"", "context.args.amount_minor < 100"), money),
    ]
}

/// The shipped rules and one more.
pub(super) fn with(rule: &str) -> Vec<RuleFile> {
    let mut files = shipped_rules();
    files.push(RuleFile { name: "90.cedar".into(), text: format!("@id(\"x\") @reason(\"r\") {rule}") });
    files
}

pub(super) fn of(property: &str) -> [PropertyFile; 1] {
    [PropertyFile { name: "p.txt".into(), text: property.to_owned() }]
}

/// Rules that break nothing, of which it cannot be told from what their questions say; and what they might break.
pub(super) fn undecided() -> Vec<(String, &'static str)> {
    let money = "never money without approval by owner";
    let named = |condition: &str| format!("permit (principal, action == Action::\"payouts.prepare\", resource) when {{ {condition} }};");
    vec![
        (named("context.args.payee_id == \"Rent\" && context.args.payee_id == \"Miete\""), money),
        (named("context.args.payee_id like \"a*\" && context.args.payee_id like \"b*\""), money),
        (named("context.args.amount_minor < 1 && context.args.amount_minor > 7"), money),
        // No person has such an id.
        (named("context.approvals.people.contains(Person::\"lena\")"), money),
        // No tool that is there has such an argument, and one that is to come may.
        ("permit (principal, action in Action::\"money\", resource) when { context.args has purpose };".to_owned(), money),
    ]
}

pub(super) fn broken(file: usize, from: &str, to: &str) -> Vec<RuleFile> {
    let mut files = shipped_rules();
    let text = files[file].text.replacen(from, to, 1);
    assert_ne!(text, files[file].text, "`{from}` does not stand in {}", files[file].name);
    files[file].text = text;
    files
}

/// What a person does with a counter-example: the case fails on these rules and passes on the shipped ones.
pub(super) fn check_case(files: &[RuleFile], found: &CounterExample) {
    let pasted = [CaseFile { name: "found.toml".into(), text: found.case.clone() }];
    let failed = |rules: &[RuleFile]| run_cases(rules, &[], &pasted).unwrap_or_else(|err| panic!("{err}\n{}", found.case)).failed().count();
    assert_eq!(failed(files), 1, "{}", found.case);
    assert_eq!(failed(&shipped_rules()), 0, "{}", found.case);
}

#[test]
fn broken_rules_are_refuted_with_a_case_to_keep() {
    for (file, from, to, property) in BROKEN {
        let files = broken(*file, from, to);
        let proofs = prove(&files, &[], &shipped_properties()).unwrap_or_else(|err| panic!("{err}"));
        let proof = proofs.iter().find(|proof| proof.property == *property).unwrap_or_else(|| panic!("{property}"));
        assert!(!proof.proved, "{property}");
        check_case(&files, proof.counter_example.as_ref().unwrap_or_else(|| panic!("{property}: {proof:?}")));
    }
}

#[test]
fn what_rules_tell_apart_beyond_levels_switches_and_roles_is_tried() {
    for (rule, property) in loosened() {
        let files = with(&rule);
        let proof = prove(&files, &[], &of(property)).unwrap_or_else(|err| panic!("{rule}: {err}")).remove(0);
        assert!(!proof.proved, "{rule}");
        check_case(&files, proof.counter_example.as_ref().unwrap_or_else(|| panic!("{rule}: {proof:?}")));
    }
}

#[test]
fn what_cannot_be_looked_at_whole_is_not_called_proved() {
    for (rule, property) in undecided() {
        let proof = prove(&with(&rule), &[], &of(property)).unwrap_or_else(|err| panic!("{rule}: {err}")).remove(0);
        assert!(proof.counter_example.is_none() && !proof.proved && proof.cases > 1, "{rule}: {proof:?}");
        assert!(proof.open.iter().all(|why| why.starts_with("`x` may allow it of ")) && !proof.open.is_empty(), "{rule}: {proof:?}");
    }
    assert!(matches!(prove(&shipped_rules(), &[], &[]), Err(ProveError::Empty)));
}

#[test]
fn what_takes_more_than_a_proof_may_is_not_proved_and_says_so() {
    let all = prove(&shipped_rules(), &[], &shipped_properties()).unwrap_or_else(|err| panic!("{err}"));
    assert!(all.iter().all(|proof| proof.proved));
    for evaluations in [0, 1, 500] {
        let cut = prove_within(evaluations, &shipped_rules(), &[], &shipped_properties()).unwrap_or_else(|err| panic!("{err}"));
        let given_up: Vec<&Proof> = cut.iter().filter(|proof| !proof.proved).collect();
        assert!(!given_up.is_empty() && (evaluations > 1 || given_up.len() == cut.len()), "{evaluations}: {cut:?}");
        for proof in given_up {
            let says = proof.open.first().is_some_and(|why| why.contains(&format!("than the {evaluations} evaluations")));
            assert!(says && proof.counter_example.is_none() && proof.open.len() <= OPEN_MAX, "{evaluations}: {proof:?}");
        }
    }
}

/// A class in which no tool is installed: what is proved of it is proved of those to come, and not of none.
#[test]
fn a_class_without_a_tool_is_looked_at_too() {
    // The counter goes together with no sample tool that sends, so that none is there.
    let counts = "@counts(\"pages = sum pages of send per hour\")";
    let files = with(&format!("{counts} permit (principal, action in Action::\"send\", resource) when {{ context.counts.pages < 3 }};"));
    let proof = prove(&files, &[], &of("never send when dest below anchored without approval by owner or manager")).expect("proofs").remove(0);
    assert!(!proof.proved && proof.looked_at == 1 && proof.open == ["`x` may allow it of a tool of class `send` that is to come"], "{proof:?}");
}

#[test]
fn a_rule_that_only_forbids_or_asks_for_the_same_approval_leaves_what_is_proved() {
    for rule in [
        "forbid (principal, action == Action::\"payouts.prepare\", resource) when { context.args.payee_id == \"Rent\" };",
        "forbid (principal, action in Action::\"money\", resource) when { context.args has amount_minor && context.args.amount_minor > 100 };",
        "@counts(\"spent = sum amount_minor of payouts.prepare per hour\") forbid (principal, action == Action::\"payouts.prepare\", resource) when { context.counts.spent + context.args.amount_minor > 500000 };",
        "permit (principal == Agent::\"nightly\", action in Action::\"money\", resource) when { context.args has amount_minor && context.args.amount_minor < 100 && context.approvals.roles.containsAll([Role::\"owner\", Role::\"finance\"]) };",
        "permit (principal, action == Action::\"mail.send\", resource) when { context.args.subject like \"Re:*\" && context.dest >= 2 && context.facts.local_hour > 7 };",
    ] {
        for proof in prove(
            &with(rule),
            &[],
            &[of("never money without approval by owner"), of("never send when dest below anchored without approval by owner or manager")].concat(),
        )
        .unwrap_or_else(|err| panic!("{rule}: {err}"))
        {
            assert!(proof.proved && proof.open.is_empty() && proof.looked_at > 0, "{rule}: {proof:?}");
        }
    }
}

/// What `docs/proofs.md` shows first; the house says when it shows something else.
const SHOWN: &str = "\
never money without approval by owner
no send of private content without approval by owner or manager
never write or send when uninvited
";

#[test]
fn the_sentences_that_the_page_shows_are_understood_and_hold() {
    let file = PropertyFile { name: "docs/proofs.md".into(), text: SHOWN.to_owned() };
    let proofs = prove(&shipped_rules(), &[], &[file]).unwrap_or_else(|err| panic!("{err}"));
    assert_eq!(proofs.len(), SHOWN.lines().count());
    assert!(proofs.iter().all(|proof| proof.proved), "{proofs:?}");
}

#[test]
fn an_hour_or_a_day_that_there_is_not_refutes_nothing() {
    let sends = [PropertyFile { name: "p".into(), text: "never send when dest below anchored without approval by owner or manager".into() }];
    let mut mail = sample::tools().expect("the sample catalogue").into_iter().find(|tool| tool.name == "mail.send").expect("a tool that is told the hour");
    mail.facts.push("weekday:long".into());
    for (when, found) in [("local_hour < 0", None), ("local_hour > 22", Some(("local_hour", 23))), ("weekday < 1", None), ("weekday > 6", Some(("weekday", 7)))]
    {
        let mut files = shipped_rules();
        let permit = format!("@id(\"x\") @reason(\"r\") permit (principal, action == Action::\"mail.send\", resource) when {{ context.facts.{when} }};");
        files.push(RuleFile { name: "90.cedar".into(), text: permit });
        let proof = prove(&files, std::slice::from_ref(&mail), &sends).unwrap_or_else(|err| panic!("{err}")).remove(0);
        let case = proof.counter_example.map(|case| case.facts.facts);
        assert_eq!(case.is_some(), found.is_some(), "{when}: {case:?}");
        if let (Some(case), Some((name, number))) = (case, found) {
            assert_eq!(case[name], serde_json::Value::from(number), "{when}: {case:?}");
        }
    }
}

#[test]
fn the_shipped_properties_hold_of_the_shipped_rules() {
    let proofs = prove(&shipped_rules(), &[], &shipped_properties()).unwrap_or_else(|err| panic!("{err}"));
    assert!(proofs.len() >= 15);
    for proof in proofs {
        assert!(proof.proved && proof.counter_example.is_none() && proof.looked_at > 0 && proof.cases > 1, "{proof:?}");
    }
}
