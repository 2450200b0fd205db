//! The matrix: for every tool, what happens without approval and with each role's. Kept as a file; a change of rules shows in it.

use crate::facts::{FactType, Facts};
use crate::judge::{Judgement, judge};
use crate::rules::{Governed, Rules};
use crate::{args, sample};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use steward_core::{ArgumentClass, Integrity, Role};

/// A way in which a call may come about.
struct Situation {
    title: &'static str,
    set: fn(&mut Facts, &BTreeSet<ArgumentClass>),
}

const SITUATIONS: [Situation; 3] = [
    Situation { title: "asked by the owner, every argument in the owner's words; columns: who has approved", set: |_, _| {} },
    Situation { title: "asked by the owner, every argument from third-party text; columns: who has approved", set: from_outside },
    Situation {
        title: "asked by nobody, every argument from third-party text; columns: who has approved",
        set: |facts, classes| {
            from_outside(facts, classes);
            facts.class_asked = false;
        },
    },
];

/// Only arguments that the tool has can come from outside.
fn from_outside(facts: &mut Facts, classes: &BTreeSet<ArgumentClass>) {
    let level = |class: ArgumentClass| if classes.contains(&class) { Integrity::Outside } else { Integrity::Owner };
    (facts.dest, facts.reference, facts.value) = (level(ArgumentClass::Dest), level(ArgumentClass::Ref), level(ArgumentClass::Value));
    facts.tainted = true;
}

/// The matrix of these rules over their tools, as text.
/// Arguments, facts and counters that rules read are taken empty, false and zero.
pub fn matrix(rules: &Rules) -> String {
    let mut text = String::new();
    for Situation { title, set } in &SITUATIONS {
        let approved = |role: Option<Role>| {
            move |facts: &mut Facts, classes: &BTreeSet<ArgumentClass>| {
                set(facts, classes);
                facts.approvals.roles = role.into_iter().collect();
            }
        };
        let columns = [("nobody", None)].into_iter().chain(weakest_first().map(|role| (role.name(), Some(role))));
        table(&mut text, rules, title, columns.map(|(name, role)| (name, approved(role))));
        text.push('\n');
    }
    let acting = |role: Option<Role>| move |facts: &mut Facts, _: &BTreeSet<ArgumentClass>| facts.roles = role.into_iter().collect();
    let columns = [("none", None)].into_iter().chain(weakest_first().map(|role| (role.name(), Some(role))));
    table(
        &mut text,
        rules,
        "asked in the person's own words, approved by nobody; columns: the role of the person acted for",
        columns.map(|(name, role)| (name, acting(role))),
    );
    text
}

fn weakest_first() -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().rev()
}

/// One table: a line a tool, a column a change of the facts; the last column says who could release what the first one holds.
fn table<Change: Fn(&mut Facts, &BTreeSet<ArgumentClass>)>(
    text: &mut String,
    rules: &Rules,
    title: &str,
    columns: impl Iterator<Item = (&'static str, Change)>,
) {
    let columns: Vec<_> = columns.collect();
    let width = rules.tools().map(|(name, _)| name.len()).max().unwrap_or(0).max(4);
    // Writing to a string cannot fail.
    let _ = write!(text, "# {title}\n{:<10} {:<width$}", "effect", "tool");
    columns.iter().for_each(|(name, _)| _ = write!(text, " {name:<8}"));
    text.push_str(" released by\n");
    let mut tools: Vec<_> = rules.0.tools.iter().collect();
    tools.sort_by_key(|(name, tool)| (tool.effect, name.as_str()));
    for (name, tool) in tools {
        let effect = tool.effect;
        let _ = write!(text, "{:<10} {name:<width$}", effect.name());
        let mut release = BTreeSet::new();
        for (_, change) in &columns {
            let mut facts = blank(rules, name, tool);
            change(&mut facts, &tool.classes);
            let judgement = judge(rules, &facts);
            let _ = write!(text, " {:<8}", judgement.verdict().name());
            if let Judgement::Hold { needs, .. } = judgement {
                release.extend(needs.iter().map(|set| set.iter().map(|role| role.name()).collect::<Vec<_>>().join("+")));
            }
        }
        let _ = writeln!(text, " {}", if release.is_empty() { "-".to_owned() } else { release.into_iter().collect::<Vec<_>>().join(" ") });
    }
}

/// The plain call of a tool, with whatever its rules may read.
fn blank(rules: &Rules, name: &str, tool: &Governed) -> Facts {
    let empty = |of: FactType| match of {
        FactType::Bool => Value::Bool(false),
        FactType::Long => Value::from(0),
        FactType::String => Value::String(String::new()),
        FactType::Strings => Value::Array(Vec::new()),
    };
    Facts {
        arguments: args::blank_record(&tool.arguments),
        counts: rules.counters().iter().map(|counter| (counter.name.clone(), 0)).collect(),
        facts: tool.facts.iter().map(|fact| (fact.name.clone(), empty(fact.of))).collect(),
        ..sample::facts(name)
    }
}
