//! The matrix: for every tool, what happens without approval and with each role's. Kept as a file; a change of rules shows in it.

use crate::cases::approvers;
use crate::effort::Effort;
use crate::facts::{Facts, WorldFact};
use crate::judge::{Judgement, judge, judge_within};
use crate::rules::{Governed, Rules};
use crate::who::{Who, named};
use crate::{args, sample};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use steward_core::{ArgumentClass, Effect, Integrity, Role, Verdict};

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

const ACTING: &str = "asked in the person's own words, approved by nobody; columns: the role of the person acted for";

/// One cell of the matrix: what the rules say to a situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixCell {
    /// What is asked, and in whose words; before that who acts, for whom and where, if a rule names them.
    pub situation: String,
    /// Which tool.
    pub tool: String,
    /// What it does.
    pub effect: Effect,
    /// Who has approved, or is acted for.
    pub column: &'static str,
    /// What the rules say.
    pub verdict: Verdict,
    /// Sets of roles that would release it, in words.
    pub needs: Vec<String>,
}

impl MatrixCell {
    /// `hold by owner or finance+manager`
    pub(crate) fn words(&self) -> String {
        if self.needs.is_empty() { self.verdict.name().to_owned() } else { format!("{} by {}", self.verdict, self.needs.join(" or ")) }
    }
}

/// All cells: by situation, effect, tool and column; then the same for each agent, person and workspace that a rule names, of the tools it
/// speaks of.
/// Arguments, facts and counters that rules read are taken empty, false, and zero or the least number there is.
/// Where the effort is spent by then, those that come last are missing.
pub fn matrix_cells_within(effort: &Effort, rules: &Rules) -> Vec<MatrixCell> {
    cells_for(effort, rules, &named(&[rules]).whom)
}

/// The cells for any agent, and for these, as far as the effort goes.
pub(crate) fn cells_for(effort: &Effort, rules: &Rules, others: &BTreeMap<Who, BTreeSet<String>>) -> Vec<MatrixCell> {
    let anybody = Who::default();
    let everybody = std::iter::once((&anybody, None)).chain(others.iter().map(|(who, tools)| (who, Some(tools))));
    everybody.take_while(|_| !effort.is_spent()).flat_map(|(who, only)| cells_of(effort, rules, who, only)).collect()
}

fn cells_of(effort: &Effort, rules: &Rules, who: &Who, only: Option<&BTreeSet<String>>) -> Vec<MatrixCell> {
    let mut tools: Vec<_> = rules.0.tools.iter().filter(|(name, _)| only.is_none_or(|only| only.contains(*name))).collect();
    tools.sort_by_key(|(name, tool)| (tool.effect, name.as_str()));
    let mut cells = Vec::new();
    for situation in SITUATIONS.iter().map(Some).chain([None]) {
        for (name, tool) in &tools {
            for role in [None].into_iter().chain(weakest_first().map(Some)) {
                let mut facts = blank(rules, name, tool);
                who.set(&mut facts);
                let nobody = match situation {
                    Some(situation) => {
                        (situation.set)(&mut facts, &tool.classes);
                        facts.approvals.roles = role.into_iter().collect();
                        facts.approvals.people = approvers(&facts.approvals.roles);
                        "nobody"
                    }
                    None => {
                        facts.roles = role.into_iter().collect();
                        "none"
                    }
                };
                let Some(judgement) = judge_within(effort, rules, &facts) else { return cells };
                let needs = match &judgement {
                    Judgement::Hold { needs, .. } => needs.iter().map(|set| set.iter().map(|role| role.name()).collect::<Vec<_>>().join("+")).collect(),
                    Judgement::Allow { .. } | Judgement::Block(_) => Vec::new(),
                };
                cells.push(MatrixCell {
                    situation: who.title(situation.map_or(ACTING, |situation| situation.title)),
                    tool: (*name).clone(),
                    effect: tool.effect,
                    column: role.map_or(nobody, Role::name),
                    verdict: judgement.verdict(),
                    needs,
                });
            }
        }
    }
    cells
}

/// Tools that change or send something though nobody asked, every argument is a stranger's and nobody approved, with the permits that match.
pub(crate) fn always_allowed(rules: &Rules) -> Vec<(String, Vec<String>)> {
    let tools = rules.0.tools.iter().filter(|(_, tool)| !tool.effect.only_reads());
    let judged = tools.map(|(name, tool)| {
        let mut facts = blank(rules, name, tool);
        from_outside(&mut facts, &tool.classes);
        facts.class_asked = false;
        (name.clone(), judge(rules, &facts))
    });
    judged.filter_map(|(name, judgement)| if let Judgement::Allow { rules, .. } = judgement { Some((name, rules)) } else { None }).collect()
}

/// The matrix of these rules over their tools, as text: a table a situation, a line a tool, a column for each who approves or is acted for.
/// The last column says who could release what is held.
pub fn matrix(rules: &Rules) -> String {
    let cells = matrix_cells_within(&Effort::unbounded(), rules);
    let width = cells.iter().map(|cell| cell.tool.len()).max().unwrap_or(0).max(4);
    let mut tables = Vec::new();
    for table in cells.chunk_by(|one, next| one.situation == next.situation) {
        let Some(first) = table.first() else { continue };
        // Writing to a string cannot fail.
        let mut text = format!("# {}\n{:<10} {:<width$}", first.situation, "effect", "tool");
        let lines: Vec<&[MatrixCell]> = table.chunk_by(|one, next| one.tool == next.tool).collect();
        lines.first().into_iter().copied().flatten().for_each(|cell| _ = write!(text, " {:<8}", cell.column));
        text.push_str(" released by\n");
        for line in lines {
            let _ = write!(text, "{:<10} {:<width$}", line.first().map_or("", |cell| cell.effect.name()), line.first().map_or("", |cell| &cell.tool));
            line.iter().for_each(|cell| _ = write!(text, " {:<8}", cell.verdict.name()));
            let release: BTreeSet<&str> = line.iter().flat_map(|cell| &cell.needs).map(String::as_str).collect();
            let _ = writeln!(text, " {}", if release.is_empty() { "-".to_owned() } else { release.into_iter().collect::<Vec<_>>().join(" ") });
        }
        tables.push(text);
    }
    tables.join("\n")
}

fn weakest_first() -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().rev()
}

/// The plain call of a tool, with whatever its rules may read.
pub(crate) fn blank(rules: &Rules, name: &str, tool: &Governed) -> Facts {
    let empty = |fact: WorldFact| fact.range().map_or(Value::Bool(false), |range| Value::from(*range.start()));
    Facts {
        arguments: args::blank_record(&tool.arguments),
        counts: rules.counters().iter().map(|counter| (counter.name.clone(), 0)).collect(),
        facts: tool.facts.iter().map(|fact| (fact.name.clone(), empty(fact.fact))).collect(),
        ..sample::facts(name)
    }
}
