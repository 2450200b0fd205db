//! Backtests: what is not judged first, then that no mutation of the rules goes unnoticed.

use super::*;
use crate::{RuleFile, diff_within, run_cases_within, sample, shipped_rules, testing};
use steward_core::limits::COMPARE_EVALUATIONS_MAX;
use steward_core::{Integrity, Role};

/// The tools that stand for their classes.
const TOOLS: [&str; 10] = [
    "crm.find_contacts",
    "web.fetch",
    "crm.update_contact",
    "mail.send",
    "calendar.invite",
    "files.remove",
    "payouts.prepare",
    "keys.rotate",
    "people.invite",
    "rules.change",
];

/// What an installation may have recorded: tools of every class in many situations, judged by the shipped rules.
fn recorded() -> Vec<Recorded> {
    let rules = rules_of(&shipped_rules());
    let mut all = Vec::new();
    for tool in TOOLS {
        let mut keep = |facts: Facts| {
            let judgement = judge(&rules, &facts);
            let class = if let Judgement::Block(denial) = &judgement { Some(denial.class) } else { None };
            all.push(Recorded {
                name: format!("{tool}-{}", all.len()),
                verdict: judgement.verdict(),
                class,
                rules: judgement.rules().to_vec(),
                facts: Some(facts),
            });
        };
        for level in Integrity::ALL {
            for classes in 0..4 {
                let mut facts = sample::facts(tool);
                (facts.dest, facts.reference, facts.value) = match classes {
                    0 => (level, Integrity::Owner, Integrity::Owner),
                    1 => (Integrity::Owner, level, Integrity::Owner),
                    2 => (Integrity::Owner, Integrity::Owner, level),
                    _ => (level, level, level),
                };
                keep(facts);
            }
        }
        for (outside, flag) in [(false, 0), (true, 0), (false, 1), (true, 1), (false, 2), (false, 3), (false, 4), (false, 5)] {
            for role in [None].into_iter().chain(Role::ALL.map(Some)) {
                let mut facts = sample::facts(tool);
                facts.dest = if outside { Integrity::Outside } else { Integrity::Owner };
                (facts.leak, facts.content_actionable, facts.class_asked) = (flag == 1, flag == 2, flag != 3 && flag != 4);
                (facts.uninvited, facts.within_budget) = (flag == 4, flag != 5);
                facts.approvals.roles = role.into_iter().collect();
                keep(facts);
            }
        }
        for role in [None].into_iter().chain(Role::ALL.map(Some)) {
            keep(Facts { roles: role.into_iter().collect(), ..sample::facts(tool) });
        }
    }
    all
}

fn rules_of(files: &[RuleFile]) -> Rules {
    Rules::load(files, &sample::tools().expect("sample")).unwrap_or_else(|err| panic!("{err}"))
}

#[test]
fn what_the_rules_did_not_decide_is_left_out() {
    let rules = rules_of(&shipped_rules());
    let mut one = recorded().remove(0);
    one.class = Some(BlockClass::Repeated);
    let without = Recorded { facts: None, class: None, ..one.clone() };
    let report = backtest(&rules, [one, without]);
    assert_eq!((report.judged, report.left_out, report.changed()), (0, 2, 0));
    assert_eq!(report.dead.len(), rules.list().len());
    for text in ["", "{}", "{\"agent\":\"a\"}", "{\"facts\":7}", "[]"] {
        assert_eq!(Recorded::facts_of(text), None, "{text}");
    }
}

#[test]
fn what_was_not_recorded_is_not_guessed() {
    let rules =
        testing::rules("@id(\"a\") @reason(\"r\") @counts(\"sends = send per day\") permit (principal, action, resource) when { context.counts.sends < 3 };");
    let report = backtest(&rules, recorded());
    assert_eq!((report.judged, report.not_judged), (0, recorded().len()));
}

#[test]
fn one_decision_is_judged_alone_as_among_others() {
    let one = recorded().remove(0);
    let rules = rules_of(&shipped_rules());
    assert_eq!(judge_again(&rules, &Recorded { class: Some(BlockClass::Repeated), ..one.clone() }), Again::LeftOut);
    assert_eq!(judge_again(&rules, &Recorded { facts: None, ..one.clone() }), Again::LeftOut);
    let counting =
        testing::rules("@id(\"a\") @reason(\"r\") @counts(\"sends = send per day\") permit (principal, action, resource) when { context.counts.sends < 3 };");
    assert_eq!(judge_again(&counting, &one), Again::NotJudged);
    let Again::Judged(judgement) = judge_again(&rules, &one) else { panic!("{one:?}") };
    assert_eq!((judgement.verdict(), judgement.rules()), (one.verdict, one.rules.as_slice()));
}

#[test]
fn the_same_rules_decide_the_same() {
    let rules = rules_of(&shipped_rules());
    let all = recorded();
    let report = backtest(&rules, all.clone());
    assert_eq!((report.judged, report.changed(), report.otherwise_decided, report.not_judged), (all.len(), 0, 0, 0));
    assert_eq!(report.dead, Vec::<String>::new(), "the recording meets every rule");
    let facts = all[0].facts.as_ref().expect("facts");
    let record = serde_json::json!({ "facts": facts, "envelope": {} }).to_string();
    assert_eq!(Recorded::facts_of(&record).as_ref(), Some(facts));
}

#[test]
fn no_mutation_goes_unnoticed() {
    let mutations: &[(usize, &str, &str)] = &[
        (0, "!context.within_budget", "false"),
        (0, "!context.within_budget", "context.within_budget"),
        (0, ", Role::\"support\"]) };", "]) };"),
        (0, "action in [Action::\"write\", Action::\"send\"", "action in [Action::\"send\""),
        (0, "when { context.uninvited };", "when { context.uninvited && context.leak };"),
        (0, "when { context.uninvited };", "when { context.tainted && context.uninvited };"),
        (
            0,
            "context.leak && !context.approvals.roles.containsAny([Role::\"owner\", Role::\"manager\"])",
            "context.leak && !context.approvals.roles.contains(Role::\"owner\")",
        ),
        (0, "when { context.leak &&", "when { context.content_actionable &&"),
        (1, "context.dest >= 3 && !context.leak", "context.dest >= 3 || !context.leak"),
        (1, "context.dest >= 3", "context.dest >= 2"),
        (1, "context.ref >= 2", "context.ref >= 1"),
        (1, "context.value >= 1", "context.value >= 0"),
        (1, "Role::\"manager\", Role::\"support\"", "Role::\"manager\""),
        (1, "action in Action::\"read\", resource);", "action in Action::\"read\", resource) when { context.class_asked };"),
        (2, "context.class_asked && ", ""),
        (2, "context.value >= 1", "context.value >= 0"),
        (2, "context.ref >= 1", "context.ref >= 2"),
        (2, "principal.roles.containsAny([Role::\"owner\", Role::\"manager\", Role::\"support\"]) &&", ""),
        (
            2,
            "context.approvals.roles.containsAny([Role::\"owner\", Role::\"manager\", Role::\"support\"])",
            "context.approvals.roles.contains(Role::\"owner\")",
        ),
        (3, "context.dest >= 2 && context.ref >= 2", "context.dest >= 2 || context.ref >= 2"),
        (3, "!context.content_actionable", "context.class_asked"),
        (3, "context.class_asked && !context.leak", "!context.leak"),
        (3, "containsAny([Role::\"owner\", Role::\"manager\"])", "containsAll([Role::\"owner\", Role::\"manager\"])"),
        (4, "action in Action::\"money\", resource)\nwhen { context.approvals.roles.contains(Role::\"owner\") };", "action in Action::\"money\", resource);"),
        (4, "action in Action::\"money\"", "action in Action::\"send\""),
        (
            4,
            "action in Action::\"destroy\", resource)\nwhen { context.approvals.roles.contains(Role::\"owner\")",
            "action in Action::\"destroy\", resource)\nwhen { context.approvals.roles.contains(Role::\"manager\")",
        ),
        (
            4,
            "action in Action::\"member\", resource)\nwhen { context.approvals.roles.contains(Role::\"owner\") };",
            "action in Action::\"member\", resource)\nwhen { context.approvals.roles.contains(Role::\"owner\") || context.class_asked };",
        ),
        (4, "action in Action::\"credential\", resource)\nwhen", "action in Action::\"credential\", resource)\nunless"),
    ];
    assert!(mutations.len() >= 20);
    let all = recorded();
    let mut loosening = 0;
    for (file, from, to) in mutations {
        let mut files = shipped_rules();
        let text = files[*file].text.replacen(from, to, 1);
        assert_ne!(text, files[*file].text, "`{from}` does not stand in {}", files[*file].name);
        files[*file].text = text;
        let report = backtest(&rules_of(&files), all.clone());
        assert!(report.changed() > 0, "`{from}` -> `{to}` went unnoticed");
        assert!(!report.differences.is_empty() && report.differences.len() <= DIFFERENCES_MAX);
        assert!(report.differences.is_sorted_by_key(|one| one.now), "what is newly allowed comes first");
        loosening += usize::from(report.newly_allowed > 0);
    }
    assert!(loosening >= 10, "{loosening} of them allow more");
}

#[test]
fn what_is_on_record_is_judged_as_far_as_the_effort_goes() {
    let (rules, all) = (rules_of(&shipped_rules()), recorded());
    let effort = Effort::of(500);
    let cut = backtest_within(&effort, &rules, all.clone());
    assert!(effort.is_spent() && cut.judged > 0 && cut.judged < all.len(), "{} of {}", cut.judged, all.len());
    assert_eq!((cut.changed(), cut.not_judged), (0, 0), "what was cut short is no decision");
}

#[test]
fn two_hundred_rules_and_ten_thousand_decisions_are_far_from_the_bound() {
    // All of them for one tool, each with whom it takes, and a mail that waits: the dear case of an honest house.
    let approved = "context.approvals.roles.containsAny([Role::\"owner\", Role::\"manager\"])";
    let of_house = (0..190).map(|number| {
        let when = format!("context.run.step > {} && context.args.subject like \"*offer*\" && {approved}", 50 + number);
        format!("@id(\"house-{number}\") @reason(\"r\") permit (principal, action == Action::\"mail.send\", resource) when {{ {when} }};\n")
    });
    let mut files = shipped_rules();
    files.push(RuleFile { name: "90-house.cedar".into(), text: of_house.collect() });
    let rules = rules_of(&files);
    let arguments = serde_json::json!({ "to": ["anna@known.example"], "subject": "Monday", "body": "Nine is fine. ".repeat(40) });
    let facts = Facts { arguments, dest: Integrity::Outside, ..sample::facts("mail.send") };
    assert_eq!(judge(&rules, &facts).verdict(), Verdict::Hold);
    let one = Recorded { name: "a".into(), verdict: Verdict::Hold, class: None, rules: Vec::new(), facts: Some(facts) };
    assert!(rules.list().len() >= 200);
    let taken = |what: &dyn Fn(&Effort)| {
        let effort = Effort::of(COMPARE_EVALUATIONS_MAX);
        what(&effort);
        assert!(!effort.is_spent());
        COMPARE_EVALUATIONS_MAX - effort.left()
    };
    let decisions = |count: usize| taken(&|effort: &Effort| assert_eq!(backtest_within(effort, &rules, vec![one.clone(); count]).judged, count));
    // What one of them takes each of them takes, so that ten thousand need not be judged to know what they do.
    let each = decisions(1);
    assert!(each > 200 && decisions(10) == 10 * each, "{each}");
    // The same comparison looks at the matrices of both sets and at the cases, before what is on record.
    let matrices = taken(&|effort: &Effort| assert!(!diff_within(effort, &rules_of(&shipped_rules()), &rules).unfinished));
    let cases = taken(&|effort: &Effort| assert!(run_cases_within(effort, &files, &[], &crate::shipped_cases()).is_ok()));
    let all = matrices + cases + 10_000 * each;
    assert!(all < COMPARE_EVALUATIONS_MAX / 2, "{matrices} for the matrices, {cases} for the cases, and {each} for each decision");
}
