//! Why a call was decided as it was, and what would have changed it: found by asking the same rules about facts that differ in one thing.

use crate::facts::Facts;
use crate::judge::{Judgement, judge};
use crate::rules::{Rule, Rules};
use serde::Serialize;
use steward_core::{Integrity, Role, Verdict};

/// What would have come out had one thing been otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WouldChange {
    /// The one thing, as the second half of "if …".
    pub had: String,
    /// What would have come out.
    pub verdict: Verdict,
    /// Why, for people.
    pub reason: String,
}

/// A decision in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What comes out.
    pub verdict: Verdict,
    /// Why, for people.
    pub reason: String,
    /// The rules that decide, with their texts.
    pub rules: Vec<Rule>,
    /// Who could release it, as sets of roles; empty unless it is held.
    pub released_by: Vec<String>,
    /// What would have changed it, one thing at a time.
    pub would_change: Vec<WouldChange>,
}

/// Explains what these rules say to these facts.
pub fn explain(rules: &Rules, facts: &Facts) -> Explanation {
    let judgement = judge(rules, facts);
    let verdict = judgement.verdict();
    let mut would_change: Vec<WouldChange> = Vec::new();
    for (had, changed) in neighbours(facts) {
        let other = judge(rules, &changed);
        if other.verdict() == verdict {
            continue;
        }
        let found = WouldChange { had, verdict: other.verdict(), reason: other.reason().to_owned() };
        // Levels come mildest first: the first that changes it is the one to tell.
        if would_change.iter().all(|before| before.verdict != found.verdict || subject(&before.had) != subject(&found.had)) {
            would_change.push(found);
        }
    }
    let released_by = match &judgement {
        Judgement::Hold { needs, .. } => needs.iter().map(|set| set.iter().map(|role| role.name()).collect::<Vec<_>>().join(" and ")).collect(),
        Judgement::Allow { .. } | Judgement::Block(_) => Vec::new(),
    };
    Explanation {
        verdict,
        reason: judgement.reason().to_owned(),
        rules: rules.list().iter().filter(|rule| judgement.rules().contains(&rule.id)).cloned().collect(),
        released_by,
        would_change,
    }
}

/// What a sentence is about: the words before its level or role.
fn subject(had: &str) -> &str {
    had.split(" been ").next().unwrap_or(had)
}

type SetLevel = fn(&mut Facts, Integrity);

/// The same facts with one thing changed, and that thing in words.
fn neighbours(facts: &Facts) -> Vec<(String, Facts)> {
    let mut all: Vec<(String, Facts)> = Vec::new();
    let mut add = |had: &str, change: &dyn Fn(&mut Facts)| {
        let mut changed = facts.clone();
        change(&mut changed);
        if changed != *facts {
            all.push((had.to_owned(), changed));
        }
    };
    add(if facts.class_asked { "the person had not asked for anything of this kind" } else { "the person had asked for this kind of action" }, &|facts| {
        facts.class_asked = !facts.class_asked;
        facts.uninvited &= !facts.class_asked;
    });
    add(if facts.uninvited { "it had not come from a text that was read" } else { "nobody had asked for it after text from outside was read" }, &|facts| {
        facts.uninvited = !facts.uninvited;
    });
    add(if facts.leak { "it had held nothing that its receivers may not read" } else { "it had held something that its receivers may not read" }, &|facts| {
        facts.leak = !facts.leak;
    });
    add(if facts.content_actionable { "it had held no links or instructions of others" } else { "it had held links or instructions of others" }, &|facts| {
        facts.content_actionable = !facts.content_actionable;
    });
    add(if facts.within_budget { "the budget had been used up" } else { "the budget had had room" }, &|facts| facts.within_budget = !facts.within_budget);
    add(if facts.tainted { "no text from outside had been read" } else { "text from outside had been read" }, &|facts| facts.tainted = !facts.tainted);
    let classes: [(&str, Integrity, SetLevel); 3] = [
        ("the arguments that say where it goes", facts.dest, |facts, level| facts.dest = level),
        ("the arguments that name a record", facts.reference, |facts, level| facts.reference = level),
        ("the values that steer it", facts.value, |facts, level| facts.value = level),
    ];
    for (what, now, set) in classes {
        let better = Integrity::ALL.into_iter().filter(|level| *level > now);
        let worse = Integrity::ALL.into_iter().rev().filter(|level| *level < now);
        for level in better.chain(worse) {
            add(&format!("{what} had been {}", origin(level)), &|facts| set(facts, level));
        }
    }
    for role in Role::ALL {
        add(&format!("the person acted for had been {role}"), &|facts| facts.roles = [role].into());
        add(&format!("it had been approved by {role}"), &|facts| _ = facts.approvals.roles.insert(role));
    }
    if !facts.approvals.roles.is_empty() {
        add("nobody had approved it", &|facts| facts.approvals = Default::default());
    }
    all
}

const fn origin(level: Integrity) -> &'static str {
    match level {
        Integrity::Outside => "text that others wrote",
        Integrity::Fact => "fields of our records",
        Integrity::Anchored => "fields of a record the person named",
        Integrity::Directory => "from the directory",
        Integrity::Owner => "the person's own words",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample, shipped_rules};

    fn explained(tool: &str, change: impl Fn(&mut Facts)) -> Explanation {
        let rules = Rules::load(&shipped_rules(), &sample::tools().expect("sample")).expect("rules");
        let mut facts = sample::facts(tool);
        change(&mut facts);
        explain(&rules, &facts)
    }

    fn said(explanation: &Explanation) -> Vec<(&str, Verdict)> {
        explanation.would_change.iter().map(|one| (one.had.as_str(), one.verdict)).collect()
    }

    #[test]
    fn what_nothing_single_would_change_says_so() {
        let unknown = explained("no.such", |_| {});
        assert_eq!((unknown.verdict, unknown.would_change.len(), unknown.rules.len()), (Verdict::Block, 0, 0));
        let twice = explained("mail.send", |facts| (facts.within_budget, facts.uninvited) = (false, true));
        assert_eq!((twice.verdict, twice.would_change.len()), (Verdict::Block, 0), "{twice:?}");
    }

    #[test]
    fn the_rule_and_what_would_have_changed_it_are_named() {
        let held = explained("mail.send", |facts| facts.dest = Integrity::Outside);
        assert_eq!((held.verdict, held.released_by.as_slice()), (Verdict::Hold, ["owner".to_owned(), "manager".to_owned()].as_slice()));
        assert_eq!(held.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["send-approved"]);
        let would = said(&held);
        assert!(would.contains(&("the arguments that say where it goes had been fields of a record the person named", Verdict::Allow)), "{would:?}");
        assert!(would.contains(&("it had been approved by owner", Verdict::Allow)), "{would:?}");
        assert!(would.contains(&("the budget had been used up", Verdict::Block)), "{would:?}");
        assert!(!would.iter().any(|(had, _)| had.contains("the person's own words")), "the mildest change is told: {would:?}");

        let blocked = explained("crm.add_note", |facts| (facts.class_asked, facts.uninvited) = (false, true));
        assert_eq!(blocked.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["uninvited"]);
        assert!(said(&blocked).contains(&("the person had asked for this kind of action", Verdict::Allow)), "{blocked:?}");

        let allowed = explained("mail.send", |_| {});
        assert!(said(&allowed).contains(&("it had held links or instructions of others", Verdict::Hold)), "{allowed:?}");
    }
}
