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
fn what_cannot_be_looked_at_whole_is_not_called_proved() {
    let mut files = shipped_rules();
    files.push(RuleFile {
        name: "90.cedar".into(),
        text: "@id(\"x\") @reason(\"r\") permit (principal, action == Action::\"payouts.prepare\", resource) when { context.args.payee_id == \"Rent\" };"
            .into(),
    });
    let money = [PropertyFile { name: "p".into(), text: "never payouts.prepare without approval by owner".into() }];
    let proofs = prove(&files, &[], &money).expect("proofs");
    let found = proofs[0].counter_example.as_ref().expect("the word in the rule is tried");
    check_case(&files, found);
    files.pop();
    files.push(RuleFile {
        name: "90.cedar".into(),
        text: "@id(\"x\") @reason(\"r\") forbid (principal, action == Action::\"payouts.prepare\", resource) when { context.args.payee_id == \"Rent\" };"
            .into(),
    });
    let proof = prove(&files, &[], &money).expect("proofs").remove(0);
    assert!(proof.counter_example.is_none() && !proof.proved && proof.cases > 1, "{proof:?}");
    assert!(matches!(prove(&files, &[], &[]), Err(ProveError::Empty)));
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
