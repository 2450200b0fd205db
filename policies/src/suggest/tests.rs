//! Suggestions: what none is made for first, then that one is no wider than what people approved.

use super::*;
use crate::judge::judge;
use crate::{sample, shipped_rules};
use serde_json::json;
use steward_core::{BlockClass, Role};

fn tools() -> Vec<ToolSpec> {
    sample::tools().expect("sample tools")
}

fn rules() -> Rules {
    Rules::load(&shipped_rules(), &tools()).expect("rules")
}

/// So many calls of a tool that were held, and a habit of approving them.
fn held(tool: &str, count: usize, change: impl Fn(usize, &mut Facts)) -> (Habit, Vec<Recorded>) {
    let rules = rules();
    let mut recorded = Vec::new();
    for number in 0..count {
        let mut facts = sample::facts(tool);
        facts.roles = [Role::Support].into();
        change(number, &mut facts);
        let judgement = judge(&rules, &facts);
        assert_eq!(judgement.verdict(), Verdict::Hold, "{facts:?}");
        recorded.push(Recorded {
            name: format!("{tool}-{number}"),
            verdict: Verdict::Hold,
            class: None,
            rules: judgement.rules().to_vec(),
            facts: Some(facts),
        });
    }
    let workspace = sample::facts(tool).workspace;
    let decisions = recorded.iter().map(|one| one.name.clone()).collect();
    (Habit { workspace, agent: "assistant".to_owned(), tool: tool.to_owned(), approved: count, decisions }, recorded)
}

fn made(habit: &Habit, recorded: &[Recorded]) -> Vec<Suggestion> {
    suggest(&rules(), &tools(), std::slice::from_ref(habit), recorded).expect("suggestions")
}

/// Mail to somebody whom only text from outside named.
fn mail(number: usize, facts: &mut Facts) {
    facts.dest = Integrity::Outside;
    let to = ["lena@partner.example", "omar@partner.example"][number % 2];
    facts.arguments = json!({ "to": [to], "subject": "s", "body": "b" });
}

#[test]
fn what_stays_somebodys_word_is_not_suggested() {
    type Change = fn(usize, &mut Facts);
    let none: [(&str, &str, Change); 6] = [
        ("money", "payouts.prepare", |_, _| {}),
        ("keys", "keys.rotate", |_, _| {}),
        ("people", "people.invite", |_, _| {}),
        ("a leak", "mail.send", |number, facts| (mail(number, facts), facts.leak = true).1),
        ("what asks its reader to act", "mail.send", |number, facts| (mail(number, facts), facts.content_actionable = true).1),
        ("what nobody asked for", "mail.send", |number, facts| (mail(number, facts), facts.class_asked = false).1),
    ];
    for (what, tool, change) in none {
        let (habit, recorded) = held(tool, 12, change);
        assert!(made(&habit, &recorded).is_empty(), "{what}");
    }
    // Somebody else each time: there is no end to whom it would go to.
    let (habit, recorded) = held("mail.send", 30, |number, facts| {
        mail(number, facts);
        facts.arguments["to"] = json!([format!("stranger{number}@else.example")]);
    });
    assert!(made(&habit, &recorded).is_empty());
    // Decisions of which nothing is on record.
    let (habit, _) = held("mail.send", 12, mail);
    assert!(made(&habit, &[]).is_empty());
}

#[test]
fn a_suggestion_is_no_wider_than_what_was_approved() {
    let (habit, mut recorded) = held("mail.send", 12, mail);
    // Others are on record too: held and not approved, and refused by the rules.
    let (_, strangers) = held("mail.send", 3, |number, facts| {
        mail(number, facts);
        facts.arguments["to"] = json!(["eve@else.example"]);
    });
    recorded.extend(strangers.into_iter().map(|one| Recorded { name: format!("stranger-{}", one.name), ..one }));
    let found = made(&habit, &recorded);
    let [suggestion] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((suggestion.covers, suggestion.backtest.newly_allowed, suggestion.backtest.newly_held, suggestion.backtest.newly_blocked), (12, 12, 0, 0));
    for part in ["[\"lena@partner.example\", \"omar@partner.example\"].containsAll(context.args.to)", "!context.leak", "approved 12 times", "Workspace::"] {
        assert!(suggestion.rule.contains(part), "`{part}` in {}", suggestion.rule);
    }
    let mut files = shipped_rules();
    files.push(RuleFile { name: "rules/99.cedar".to_owned(), text: suggestion.rule.clone() });
    let with = Rules::load(&files, &tools()).expect("the suggested text is a rule");
    type Change = fn(&mut Facts);
    let outside: [(&str, Change); 10] = [
        ("another receiver", |facts| facts.arguments["to"] = json!(["eve@else.example"])),
        ("one more receiver", |facts| facts.arguments["to"] = json!(["lena@partner.example", "eve@else.example"])),
        ("another agent", |facts| facts.agent = "another".to_owned()),
        ("another workspace", |facts| facts.workspace = WorkspaceId::from_uuid(uuid::Uuid::from_u128(9))),
        ("a leak", |facts| facts.leak = true),
        ("what asks to act", |facts| facts.content_actionable = true),
        ("not asked for", |facts| facts.class_asked = false),
        ("after text from outside was read", |facts| facts.tainted = true),
        ("from another channel", |facts| facts.channel = "schedule".to_owned()),
        ("a record that text from outside named", |facts| facts.reference = Integrity::Outside),
    ];
    let mut inside = sample::facts("mail.send");
    mail(0, &mut inside);
    assert_eq!(judge(&with, &inside).verdict(), Verdict::Allow);
    for (what, change) in outside {
        let mut facts = inside.clone();
        change(&mut facts);
        assert_ne!(judge(&with, &facts).verdict(), Verdict::Allow, "{what}");
    }
}

#[test]
fn a_rule_that_would_let_through_what_was_blocked_or_lets_nothing_through_is_not_suggested() {
    let (habit, mut recorded) = held("mail.send", 12, mail);
    let mut facts = sample::facts("mail.send");
    mail(0, &mut facts);
    let blocked = Recorded { name: "blocked".to_owned(), verdict: Verdict::Block, class: Some(BlockClass::Policy), rules: Vec::new(), facts: Some(facts) };
    recorded.push(blocked);
    assert!(made(&habit, &recorded).is_empty(), "the same was refused once");
    recorded.pop();
    assert_eq!(made(&habit, &recorded).len(), 1, "and otherwise it is");
    // What is allowed by now needs no rule.
    let mut files = shipped_rules();
    files.push(RuleFile { name: "rules/50.cedar".to_owned(), text: made(&habit, &recorded).remove(0).rule });
    let with = Rules::load(&files, &tools()).expect("rules");
    assert!(suggest(&with, &tools(), std::slice::from_ref(&habit), &recorded).expect("suggestions").is_empty());
    // Rules that want somebody's word whatever else is permitted.
    let mut files = shipped_rules();
    let always = "@id(\"always-ask\") @reason(\"Mail is somebody's word.\")\nforbid (principal, action == Action::\"mail.send\", resource)\nunless { context.approvals.roles.contains(Role::\"owner\") };\n";
    files.push(RuleFile { name: "rules/50.cedar".to_owned(), text: always.to_owned() });
    let strict = Rules::load(&files, &tools()).expect("rules");
    assert!(suggest(&strict, &tools(), &[habit], &recorded).expect("suggestions").is_empty());
}

#[test]
fn what_takes_too_much_is_told_as_unfinished_and_nothing_is_suggested_by_halves() {
    let (habit, recorded) = held("mail.send", 12, mail);
    let habits = [habit.clone(), habit];
    let within = |left: u64| suggest_within(&Effort::of(left), &rules(), &tools(), &habits, &recorded).expect("suggestions");
    let whole = within(10_000_000);
    assert_eq!((whole.unfinished, whole.suggestions.len()), (false, 2), "{whole:?}");
    assert_eq!(within(1), Suggested { suggestions: Vec::new(), unfinished: true });
    let cut = (0..24).map(|power| within(1 << power)).filter(|found| found.unfinished).collect::<Vec<_>>();
    assert!(cut.iter().any(|found| found.suggestions.len() == 1), "{cut:?}");
    assert!(cut.iter().all(|found| whole.suggestions.starts_with(&found.suggestions)), "{cut:?}");
}
