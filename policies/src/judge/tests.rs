//! Judging: refusals first, then holds and their sets, then properties over generated facts.

use super::*;
use crate::testing::{file, load, rules};
use crate::{sample, shipped_rules};
use proptest::prelude::*;
use std::fmt::Write as _;

/// `hold by leak, send-approved needs owner or finance+manager`
fn shown(judgement: &Judgement) -> String {
    let mut text = judgement.verdict().name().to_owned();
    if let Judgement::Block(denial) = judgement {
        let _ = write!(text, " {}", denial.class.name());
    }
    if !judgement.rules().is_empty() {
        let _ = write!(text, " by {}", judgement.rules().join(", "));
    }
    if let Judgement::Hold { needs, .. } = judgement {
        let sets: Vec<String> = needs.iter().map(|set| set.iter().map(|role| role.name()).collect::<Vec<_>>().join("+")).collect();
        let _ = write!(text, " needs {}", sets.join(" or "));
    }
    text
}

fn rule(id: &str, body: &str) -> String {
    let (effect, when) = body.split_once(": ").unwrap_or((body, "true"));
    format!("@id(\"{id}\") @reason(\"because {id}\") {effect} (principal, action, resource) when {{ {when} }};\n")
}

/// Rules are `permit: condition`; they get the ids a, b, c …
fn check_on(tool: &str, bodies: &[&str], change: impl Fn(&mut Facts), expect: &str) {
    let text: String = ('a'..).zip(bodies).map(|(id, body)| rule(&id.to_string(), body)).collect();
    let rules = rules(&text);
    let mut facts = sample::facts(tool);
    change(&mut facts);
    let judgement = judge(&rules, &facts);
    assert_eq!(shown(&judgement), expect, "{text}");
    assert_eq!(judge(&rules, &facts), judgement, "the same facts, the same judgement");
}

fn check(bodies: &[&str], expect: &str) {
    check_on("mail.send", bodies, |_| {}, expect);
}

#[test]
fn what_is_not_known_or_not_allowed_is_blocked() {
    check_on("mail.sned", &["permit: true"], |_| {}, "block unknown_tool");
    check_on("send", &["permit: true"], |_| {}, "block unknown_tool");
    check_on("", &["permit: true"], |_| {}, "block unknown_tool");
    check(&["permit: context.dest > 4"], "block policy");
    check(&["forbid: context.leak"], "block policy");
    check(&["permit: true", "forbid: !context.leak"], "block policy by b");
    check(&["forbid: true", "permit: true", "forbid: true"], "block policy by a, c");
}

#[test]
fn a_forbid_that_ignores_approvals_stands_whoever_approves() {
    check_on(
        "mail.send",
        &["permit: context.approvals.roles.contains(Role::\"owner\")", "forbid: true"],
        |facts| facts.approvals.roles = Role::ALL.into(),
        "block policy by b",
    );
}

#[test]
fn a_block_says_first_what_no_approval_lifts() {
    let text = [
        rule("a", "forbid: !context.approvals.roles.contains(Role::\"owner\")"),
        rule("b", "forbid: context.dest >= 0"),
        rule("c", "permit: context.approvals.roles.contains(Role::\"owner\")"),
    ];
    let judgement = judge(&rules(&text.concat()), &sample::facts("mail.send"));
    assert_eq!((shown(&judgement).as_str(), judgement.reason()), ("block policy by a, b", "because b"));
}

#[test]
fn a_rule_that_cannot_be_evaluated_blocks_whatever_else_permits() {
    let overflow = "context.now + 9223372036854775807 > 0";
    let late = |facts: &mut Facts| facts.now_ms = 1;
    check_on("mail.send", &["permit: true", &format!("forbid: {overflow}")], late, "block policy_error by b");
    check_on("mail.send", &["permit: true", &format!("permit: {overflow}")], late, "block policy_error by b");
    // One that errs only under supposed approvals does not count as sufficient.
    let errs_if_owner = "permit: context.approvals.roles.contains(Role::\"owner\") && context.now + 9223372036854775807 > 0";
    check_on("mail.send", &[errs_if_owner, "permit: context.approvals.roles.contains(Role::\"manager\")"], late, "hold by b needs manager");
    check_on("mail.send", &[errs_if_owner], late, "block policy");
    check_on("mail.send", &[&format!("permit: {overflow}")], |_| {}, "allow by a");
}

#[test]
fn what_a_rule_reads_and_is_not_there_blocks() {
    let reads_args = "permit: context has args";
    check_on("crm.get_contact", &[reads_args], |_| {}, "block invalid_arguments");
    check_on("crm.get_contact", &[reads_args], |facts| facts.arguments = serde_json::json!({"contact_id": 7}), "block invalid_arguments");
    check_on("crm.get_contact", &[reads_args], |facts| facts.arguments = serde_json::json!({"contact_id": "c"}), "allow by a");
    let reads_facts = "permit: context has facts";
    check(&[reads_facts], "block policy_error");
    let supply = |hour: serde_json::Value| {
        move |facts: &mut Facts| facts.facts = [("known_contacts".to_owned(), true.into()), ("local_hour".to_owned(), hour.clone())].into()
    };
    check_on("mail.send", &[reads_facts], supply("7".into()), "block policy_error");
    check_on("mail.send", &[reads_facts], supply(7.into()), "allow by a");
    // Nobody asks, so nothing has to be there.
    check_on("crm.get_contact", &["permit: true"], |_| {}, "allow by a");
}

#[test]
fn a_number_too_large_to_compare_is_no_way_around_a_limit() {
    let text = format!(
        "{}{}",
        rule("a", "permit: true"),
        "@id(\"b\") @reason(\"r\") forbid (principal, action == Action::\"payouts.prepare\", resource) when { context.args has amount_minor && context.args.amount_minor > 1000 };"
    );
    let rules = rules(&text);
    let judged = |amount: serde_json::Value| {
        let mut facts = sample::facts("payouts.prepare");
        facts.arguments = serde_json::json!({"payee_id": "p", "currency": "EUR", "amount_minor": amount});
        shown(&judge(&rules, &facts))
    };
    assert_eq!(judged(u64::MAX.into()), "block invalid_arguments");
    assert_eq!(judged(1e30.into()), "block invalid_arguments");
    assert_eq!(judged(1001.into()), "block policy by b");
    assert_eq!(judged(1000.0.into()), "allow by a");
}

#[test]
fn counters_must_be_counted() {
    let rules = rules("@id(\"a\") @reason(\"r\") @counts(\"sends = send per day\") permit (principal, action, resource) when { context.counts.sends < 3 };");
    assert_eq!(rules.counters().iter().map(ToString::to_string).collect::<Vec<_>>(), ["sends = send per day"]);
    let mut facts = sample::facts("mail.send");
    assert_eq!(shown(&judge(&rules, &facts)), "block policy_error");
    facts.counts.insert("sends".into(), 3);
    assert_eq!(shown(&judge(&rules, &facts)), "block policy");
    facts.counts.insert("sends".into(), 2);
    assert_eq!(shown(&judge(&rules, &facts)), "allow by a");
}

#[test]
fn holds_name_the_smallest_sets_that_suffice() {
    let by = |condition: &str| format!("permit: context.approvals.roles.{condition}");
    check(&[&by("contains(Role::\"owner\")")], "hold by a needs owner");
    check(&[&by("containsAny([Role::\"manager\", Role::\"owner\"])")], "hold by a needs owner or manager");
    check(&[&by("containsAll([Role::\"owner\", Role::\"finance\"])")], "hold by a needs owner+finance");
    check(
        &[
            &by("containsAll([Role::\"owner\", Role::\"finance\"])"),
            &by("contains(Role::\"manager\")"),
            &by("containsAll([Role::\"manager\", Role::\"support\"])"),
        ],
        "hold by a, b needs manager or owner+finance",
    );
    // Any approval at all: every role is tried.
    check(&["permit: !context.approvals.roles.isEmpty()"], "hold by a needs owner or manager or finance or support or auditor");
    check(&["permit: !context.approvals.people.isEmpty()"], "hold by a needs owner or manager or finance or support or auditor");
    // More is not always better, and that is found out.
    check(
        &[
            &by("contains(Role::\"owner\")"),
            "forbid: context.approvals.roles.contains(Role::\"owner\") && !context.approvals.roles.contains(Role::\"finance\")",
        ],
        "hold by a needs owner+finance",
    );
    check(&[&by("contains(Role::\"owner\")"), "forbid: context.approvals.roles.contains(Role::\"owner\")"], "block policy");
    // A forbid that approval lifts stands first.
    check(&["permit: true", "forbid: !context.approvals.roles.contains(Role::\"owner\")"], "hold by b, a needs owner");
    // A named person is no role: nobody can be asked by role.
    check(&["permit: context.approvals.people.contains(Person::\"person_00000000000000000000000009\")"], "block policy");
}

#[test]
fn approvals_given_count_and_the_rest_is_still_needed() {
    let quorum = ["permit: context.approvals.roles.containsAll([Role::\"owner\", Role::\"finance\"])"];
    let given = |roles: &[Role]| {
        let roles: BTreeSet<Role> = roles.iter().copied().collect();
        move |facts: &mut Facts| facts.approvals.roles = roles.clone()
    };
    check_on("mail.send", &quorum, given(&[]), "hold by a needs owner+finance");
    check_on("mail.send", &quorum, given(&[Role::Support]), "hold by a needs owner+finance");
    check_on("mail.send", &quorum, given(&[Role::Finance]), "hold by a needs owner");
    check_on("mail.send", &quorum, given(&[Role::Owner, Role::Finance]), "allow by a");
    // Acting for the owner is not the owner's approval.
    check_on("mail.send", &quorum, |facts| facts.roles = Role::ALL.into(), "hold by a needs owner+finance");
    // Four eyes: the person acted for does not count, somebody else does.
    let four_eyes = ["permit: context.approvals.roles.contains(Role::\"owner\")", "forbid: context.approvals.people.contains(principal.person)"];
    check_on("mail.send", &four_eyes, |_| {}, "hold by a needs owner");
    check_on(
        "mail.send",
        &four_eyes,
        |facts| (facts.approvals.roles, facts.approvals.people) = ([Role::Owner].into(), [facts.person].into()),
        "block policy by b",
    );
}

#[test]
fn reasons_come_from_the_first_rule_and_say_what_would_do() {
    let text = "@id(\"p\") @reason(\"known people only\") @shape(\"a known receiver\") permit (principal, action, resource) when { context.dest > 4 };
        @id(\"f\") @reason(\"not at night\") @tell(\"Wait for the morning.\") forbid (principal, action, resource) when { context.tainted };";
    let rules = rules(text);
    let mut facts = sample::facts("mail.send");
    let denial = |facts: &Facts| match judge(&rules, facts) {
        Judgement::Block(denial) => denial,
        other => panic!("{other:?}"),
    };
    let none = denial(&facts);
    assert_eq!(none.reason, "no rule allows `mail.send`, a send action, as it was proposed");
    assert_eq!((none.allowed_shape.as_deref(), none.retryable), (Some("a known receiver"), true));
    facts.tainted = true;
    let forbidden = denial(&facts);
    assert_eq!((forbidden.reason.as_str(), forbidden.tell.as_str()), ("not at night", "Wait for the morning."));
    assert_eq!((forbidden.allowed_shape.as_deref(), forbidden.retryable), (Some("a known receiver"), true));
}

#[test]
fn what_is_forbidden_whatever_the_call_is_is_not_worth_another_try() {
    let text = |forbid: &str| {
        format!("@id(\"p\") @reason(\"all\") @shape(\"a known receiver\") permit (principal, action, resource);\n@id(\"f\") @reason(\"no\") {forbid};")
    };
    // What a permit would allow is told only where a call can get as far as it.
    let check = |forbid: &str, expect: (bool, Option<&str>)| match judge(&rules(&text(forbid)), &sample::facts("mail.send")) {
        Judgement::Block(denial) => assert_eq!((denial.retryable, denial.allowed_shape.as_deref()), expect, "{forbid}"),
        other => panic!("{other:?}"),
    };
    check("forbid (principal, action == Action::\"mail.send\", resource)", (false, None));
    check("forbid (principal, action in Action::\"send\", resource)", (false, None));
    check("forbid (principal, action == Action::\"mail.send\", resource) when { !context.leak }", (true, Some("a known receiver")));
    // What the forbid itself says stays: its author knows what else there is.
    check("@shape(\"a note instead\") forbid (principal, action == Action::\"mail.send\", resource)", (false, Some("a note instead")));
}

#[test]
fn the_order_of_files_decides_whose_reason_is_shown() {
    let one = file("10.cedar", &rule("one", "permit: true"));
    let two = file("20.cedar", &rule("two", "permit: true"));
    let tools = sample::tools().expect("sample");
    for files in [[one.clone(), two.clone()], [two, one]] {
        let rules = Rules::load(&files, &tools).expect("rules");
        let judgement = judge(&rules, &sample::facts("mail.send"));
        assert_eq!((judgement.rules().join(","), judgement.reason()), ("one,two".to_owned(), "because one"));
    }
}

const CONDITIONS: [&str; 14] = [
    "true",
    "context.dest >= 3",
    "context.ref >= 2 && context.value >= 1",
    "context.leak",
    "context.tainted && !context.class_asked",
    "!context.within_budget",
    "context.approvals.roles.contains(Role::\"owner\")",
    "context.approvals.roles.containsAny([Role::\"owner\", Role::\"manager\"])",
    "context.approvals.roles.containsAll([Role::\"manager\", Role::\"finance\"])",
    "!context.approvals.roles.isEmpty()",
    "!context.approvals.roles.contains(Role::\"support\")",
    "principal.roles.contains(Role::\"owner\")",
    "context.now + 9223372036854775807 > 0",
    "context.args has subject && context.args.subject like \"*x*\"",
];
const ACTIONS: [&str; 5] = [
    "action",
    "action in Action::\"send\"",
    "action == Action::\"mail.send\"",
    "action in [Action::\"send\", Action::\"money\"]",
    "action == Action::\"web.fetch\"",
];

fn any_rule(effect: &'static str) -> impl Strategy<Value = String> {
    (0..CONDITIONS.len(), 0..ACTIONS.len())
        .prop_map(move |(condition, action)| format!("{effect} (principal, {}, resource) when {{ {} }};", ACTIONS[action], CONDITIONS[condition]))
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let integrity = || prop::sample::select(vec![steward_core::Integrity::Outside, steward_core::Integrity::Anchored, steward_core::Integrity::Owner]);
    let roles = || prop::collection::btree_set(prop::sample::select(Role::ALL.to_vec()), 0..3);
    let tool = prop::sample::select(vec!["mail.send", "calendar.invite", "web.fetch", "payouts.prepare"]);
    (tool, integrity(), integrity(), integrity(), prop::array::uniform5(any::<bool>()), roles(), roles(), 0..2_i64).prop_map(
        |(tool, dest, reference, value, bits, roles, approvals, now_ms)| {
            let mut facts = sample::facts(tool);
            (facts.dest, facts.reference, facts.value, facts.roles, facts.approvals.roles, facts.now_ms) = (dest, reference, value, roles, approvals, now_ms);
            [facts.leak, facts.content_actionable, facts.class_asked, facts.tainted, facts.within_budget] = bits;
            facts.arguments = match tool {
                "mail.send" => serde_json::json!({"to": [], "subject": "x", "body": ""}),
                "calendar.invite" => serde_json::json!({"guests": [], "starts_at": ""}),
                "web.fetch" => serde_json::json!({"url": ""}),
                _ => serde_json::json!({"payee_id": "", "amount_minor": 1, "currency": "EUR"}),
            };
            facts
        },
    )
}

fn with_ids(rules: &[String]) -> String {
    rules.iter().enumerate().map(|(index, rule)| format!("@id(\"r{index}\") @reason(\"r\") {rule}\n")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_further_forbid_never_loosens(permits in prop::collection::vec(any_rule("permit"), 1..4), forbids in prop::collection::vec(any_rule("forbid"), 0..3), further in any_rule("forbid"), many in prop::collection::vec(any_facts(), 8)) {
        let tools = sample::tools().expect("sample");
        let mut all = [permits, forbids].concat();
        let before = load(&with_ids(&all), &tools).expect("rules");
        all.push(further);
        let after = load(&with_ids(&all), &tools).expect("rules");
        for facts in many {
            let (before, after) = (judge(&before, &facts).verdict(), judge(&after, &facts).verdict());
            prop_assert!(after >= before, "{before} became {after}: {} {facts:?}", with_ids(&all));
        }
    }

    #[test]
    fn judging_agrees_with_cedar_asked_plainly(permits in prop::collection::vec(any_rule("permit"), 1..4), forbids in prop::collection::vec(any_rule("forbid"), 0..3), many in prop::collection::vec(any_facts(), 8)) {
        let text = with_ids(&[permits, forbids].concat());
        let rules = load(&text, &sample::tools().expect("sample")).expect("rules");
        let policies = cedar_policy::PolicySet::from_policies(crate::rules::policies_of(&[file("test.cedar", &text)])).expect("policies");
        for facts in many {
            let judgement = judge(&rules, &facts);
            prop_assert_eq!(judgement.verdict() == Verdict::Allow, plainly_allowed(&rules, &policies, &facts, &[]), "{} {:?}", text, facts);
            // A hold keeps its word: each set it names suffices, and no smaller one does.
            if let Judgement::Hold { needs, .. } = &judgement {
                for set in subsets(&Role::ALL) {
                    let named = needs.contains(&set);
                    let covered = needs.iter().any(|need| need.is_subset(&set));
                    let roles: Vec<Role> = set.iter().copied().collect();
                    let allowed = plainly_allowed(&rules, &policies, &facts, &roles);
                    prop_assert!(!named || allowed, "{set:?} does not suffice: {text} {facts:?}");
                    prop_assert!(covered || !allowed, "{set:?} suffices and is not covered: {text} {facts:?}");
                }
            }
        }
    }
}

/// Cedar's own answer over all rules, unsliced, with a context made from JSON; any evaluation error is a no.
fn plainly_allowed(rules: &Rules, policies: &cedar_policy::PolicySet, facts: &Facts, further: &[Role]) -> bool {
    use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, Request};
    let tool = rules.0.tools.get(&facts.tool).expect("tool");
    let entity = |of: &str, id: &str| serde_json::json!({"__entity": {"type": of, "id": id}});
    let roles = |roles: &BTreeSet<Role>| roles.iter().map(|role| entity("Role", role.name())).collect::<Vec<_>>();
    let approving: BTreeSet<Role> = facts.approvals.roles.iter().chain(further).copied().collect();
    let context = serde_json::json!({
        "dest": facts.dest.level(), "ref": facts.reference.level(), "value": facts.value.level(), "leak": facts.leak,
        "content_actionable": facts.content_actionable, "class_asked": facts.class_asked, "uninvited": facts.uninvited, "tainted": facts.tainted, "within_budget": facts.within_budget,
        "approvals": {"roles": roles(&approving), "people": []}, "args": facts.arguments, "now": facts.now_ms,
    });
    let entities = serde_json::json!([
        {"uid": {"type": "Agent", "id": "assistant"}, "attrs": {"roles": roles(&facts.roles)}, "parents": []},
        {"uid": {"type": "Action", "id": facts.tool}, "attrs": {}, "parents": [{"type": "Action", "id": tool.effect.name()}]},
    ]);
    let entities = Entities::from_json_value(entities, None).expect("entities");
    let uid = |text: String| text.parse::<EntityUid>().expect("uid");
    let context = Context::from_json_value(context, None).expect("context");
    let request =
        Request::new(uid("Agent::\"assistant\"".into()), uid(format!("Action::{:?}", facts.tool)), uid(format!("Tool::{:?}", facts.tool)), context, None)
            .expect("request");
    let answer = Authorizer::new().is_authorized(&request, policies, &entities);
    answer.decision() == Decision::Allow && answer.diagnostics().errors().count() == 0
}

#[test]
fn whatever_the_facts_the_shipped_rules_never_let_these_through_without_approval() {
    use steward_core::{Effect, Integrity};
    let rules = Rules::load(&shipped_rules(), &sample::tools().expect("sample")).expect("rules");
    let levels = [Integrity::Outside, Integrity::Fact, Integrity::Anchored, Integrity::Directory];
    let all = levels.iter().flat_map(|dest| levels[..3].iter().flat_map(move |reference| (0..32_u32).map(move |bits| (*dest, *reference, bits))));
    for effect in Effect::ALL {
        let (tool, _) = rules.tools().find(|(_, of)| *of == effect).expect("the sample catalogue has every class");
        for (dest, reference, bits) in all.clone() {
            let bit = |index: u32| bits & (1 << index) != 0;
            let mut facts = sample::facts(tool);
            (facts.dest, facts.reference, facts.value) = (dest, reference, if bit(4) { Integrity::Owner } else { Integrity::Outside });
            [facts.leak, facts.content_actionable, facts.class_asked, facts.tainted] = [bit(0), bit(1), bit(2), bit(3)];
            if judge(&rules, &facts).verdict() != Verdict::Allow {
                continue;
            }
            facts.within_budget = false;
            assert_eq!(judge(&rules, &facts).verdict(), Verdict::Block, "{facts:?}");
            assert!(matches!(effect, Effect::Read | Effect::Fetch | Effect::Write | Effect::Send), "{facts:?}");
            assert!(effect.only_reads() || facts.class_asked, "{facts:?}");
            assert!(effect != Effect::Fetch || (facts.dest >= Integrity::Directory && !facts.leak), "{facts:?}");
            assert!(effect != Effect::Fetch || (facts.reference >= Integrity::Anchored && facts.value > Integrity::Outside), "{facts:?}");
            // A receiver may also be a field of a record that the owner's own words name, and no less.
            assert!(effect != Effect::Send || (facts.dest >= Integrity::Anchored && !facts.leak), "{facts:?}");
            assert!(
                effect != Effect::Send || (facts.reference >= Integrity::Anchored && facts.value >= Integrity::Anchored && !facts.content_actionable),
                "{facts:?}"
            );
            assert!(effect != Effect::Write || (facts.reference > Integrity::Outside && facts.value > Integrity::Outside), "{facts:?}");
        }
    }
}

#[test]
fn every_set_of_roles_that_is_tried_is_counted() {
    let roles = Role::ALL.map(|role| format!("Role::\"{}\"", role.name())).join(", ");
    let all = format!("permit: context.approvals.roles.containsAll([{roles}])");
    let text: String = (0..50).map(|number| rule(&format!("r{number}"), &all)).collect();
    let (rules, facts) = (rules(&text), sample::facts("mail.send"));
    let held = judge(&rules, &facts);
    assert_eq!(held.verdict(), Verdict::Hold);
    // Once as it stands, and once for each of the 31 sets.
    assert_eq!(judge_within(&Effort::of(31 * 50), &rules, &facts), None);
    assert_eq!(judge_within(&Effort::of(33 * 51 + 2), &rules, &facts), Some(held));
}

#[test]
fn long_rules_and_long_arguments_count_for_more() {
    let plain = rules(&rule("a", "permit: context.args has subject && context.args.subject like \"*x*\""));
    let long = rules(&rule("a", &format!("permit: context.args has subject && context.args.subject == \"{}\"", "x".repeat(40_000))));
    let facts = sample::facts("mail.send");
    let facts = Facts { arguments: serde_json::json!({ "to": ["a"], "subject": "s", "body": "b" }), ..facts };
    let mut wordy = facts.clone();
    wordy.arguments["body"] = serde_json::json!("b".repeat(400_000));
    assert!(judge_within(&Effort::of(20), &plain, &facts).is_some());
    assert_eq!(judge_within(&Effort::of(20), &long, &facts), None);
    assert_eq!(judge_within(&Effort::of(20), &plain, &wordy), None);
}

#[test]
fn a_pattern_held_against_a_long_text_counts_as_both_together() {
    let rules = rules(&rule("a", &format!("permit: context.args has subject && context.args.subject like \"*{}*b\"", "a".repeat(200))));
    let of = |name: &str| {
        let mut arguments = serde_json::json!({ "to": ["a"], "subject": "s", "body": "b" });
        arguments[name] = serde_json::json!("a".repeat(50_000));
        Facts { arguments, ..sample::facts("mail.send") }
    };
    // Read, and nothing more, such a call takes some tens of evaluations.
    assert!(judge_within(&Effort::of(1_000), &rules, &of("body")).is_some(), "no pattern is held against the body");
    assert_eq!(judge_within(&Effort::of(1_000), &rules, &of("subject")), None);
    assert!(judge_within(&Effort::of(50_000), &rules, &of("subject")).is_some());
}
