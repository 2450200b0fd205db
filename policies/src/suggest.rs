//! Rules suggested by what people always approved: text for a person to read, beside what it would have changed.
//!
//! Nothing here puts a rule in force, and a suggestion is no wider than what was approved: for one agent in one workspace and one tool, at
//! the labels that were seen. What text from outside steered is named value by value; what would leak, what nobody asked for, and what
//! moves money, keys, people or Steward itself stays somebody's word each time.

use crate::backtest::{Backtest, Recorded, backtest_within};
use crate::effort::Effort;
use crate::facts::Facts;
use crate::judge::judge_within;
use crate::problem::RulesError;
use crate::rules::{RuleFile, Rules};
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::{ArgumentClass, Effect, Integrity, ToolSpec, Verdict, WorkspaceId};

/// Effects that a rule is suggested for.
pub const SUGGESTED: [Effect; 4] = [Effect::Read, Effect::Fetch, Effect::Write, Effect::Send];
/// The most values that a suggested rule names of one argument.
const VALUES_MAX: usize = 20;
/// The longest name of a rule, without the number that tells two apart.
const NAME_LETTERS_MAX: usize = 56;
/// In the time of so many evaluations a rule is read and checked for one tool; each suggestion is loaded with all rules there are.
const LOADED: u64 = 16;

/// What people always approved: calls of one tool by one agent in one workspace, none of them refused, edited or sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Habit {
    /// Where.
    pub workspace: WorkspaceId,
    /// Which agent.
    pub agent: String,
    /// Which tool.
    pub tool: String,
    /// How often it was approved.
    pub approved: usize,
    /// The decisions that held what was approved then, by name.
    pub decisions: BTreeSet<String>,
}

/// A rule for people to think about.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The rule's name.
    pub id: String,
    /// What people did.
    pub habit: Habit,
    /// The rule as Cedar text.
    pub rule: String,
    /// How many of the approved calls it would have let run without asking.
    pub covers: usize,
    /// What it would have changed of the decisions on record for this tool.
    pub backtest: Backtest,
}

/// What was suggested.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggested {
    /// The rules, in the order of the habits.
    pub suggestions: Vec<Suggestion>,
    /// Whether the effort was spent before all habits were looked at: of the rest nothing is said.
    pub unfinished: bool,
}

/// A rule for each habit that one can be written for, and that changes nothing but what people were asked for.
pub fn suggest(rules: &Rules, tools: &[ToolSpec], habits: &[Habit], recorded: &[Recorded]) -> Result<Vec<Suggestion>, RulesError> {
    suggest_within(&Effort::unbounded(), rules, tools, habits, recorded).map(|suggested| suggested.suggestions)
}

/// The same as far as this effort goes.
pub fn suggest_within(effort: &Effort, rules: &Rules, tools: &[ToolSpec], habits: &[Habit], recorded: &[Recorded]) -> Result<Suggested, RulesError> {
    let mut taken: BTreeSet<String> = rules.list().iter().map(|rule| rule.id.clone()).collect();
    let loading = 1 + rules.0.tools.values().map(|tool| tool.slice.fixed.weight + tool.slice.open.weight).sum::<u64>();
    let mut suggestions = Vec::new();
    for habit in habits {
        let Some(tool) = tools.iter().find(|tool| tool.name == habit.tool && SUGGESTED.contains(&tool.effect)) else { continue };
        let approved: Vec<&Facts> = recorded.iter().filter(|one| habit.decisions.contains(&one.name)).filter_map(|one| one.facts.as_ref()).collect();
        let Some(conditions) = conditions(tool, &approved) else { continue };
        if !effort.spend(loading.saturating_mul(LOADED)) {
            break;
        }
        let id = name_for(habit, &taken);
        let rule = text(&id, habit, &conditions);
        let mut files = rules.files().to_vec();
        files.push(RuleFile { name: format!("rules/99-{id}.cedar"), text: rule.clone() });
        // What the language of the rules has no words for is not suggested.
        let with = match Rules::load(&files, tools) {
            Ok(with) => with,
            Err(RulesError::Broken(_) | RulesError::TooMuch { .. }) => continue,
            Err(other) => return Err(other),
        };
        // What the rules as they are allow already needs no other.
        let covers = approved.iter().filter(|facts| allows(effort, &with, facts) && !allows(effort, rules, facts)).count();
        let of_tool = || recorded.iter().filter(|one| one.facts.as_ref().is_some_and(|facts| facts.tool == habit.tool));
        if covers == 0 || of_tool().any(|one| is_unblocked(effort, (rules, &with), one)) {
            continue;
        }
        let backtest = backtest_within(effort, &with, of_tool().cloned());
        // What was looked at by halves is no suggestion: the rest may be what speaks against it.
        if effort.is_spent() {
            break;
        }
        taken.insert(id.clone());
        suggestions.push(Suggestion { id, habit: habit.clone(), rule, covers, backtest });
    }
    Ok(Suggested { suggestions, unfinished: effort.is_spent() })
}

/// Whether these rules allow it; not where the effort is spent.
fn allows(effort: &Effort, by: &Rules, facts: &Facts) -> bool {
    judge_within(effort, by, facts).is_some_and(|judgement| judgement.verdict() == Verdict::Allow)
}

/// Whether what was blocked, and would be today, would run with the rule.
fn is_unblocked(effort: &Effort, (rules, with): (&Rules, &Rules), one: &Recorded) -> bool {
    let Some(facts) = one.facts.as_ref().filter(|_| one.verdict == Verdict::Block) else { return false };
    allows(effort, with, facts) && !allows(effort, rules, facts)
}

/// The conditions that all of the approved calls meet; none when a rule would have to be wider than what people saw.
fn conditions(tool: &ToolSpec, approved: &[&Facts]) -> Option<Vec<String>> {
    let first = approved.first()?;
    if approved.iter().any(|facts| facts.leak || facts.content_actionable || facts.uninvited || !facts.class_asked) {
        return None;
    }
    let mut all = vec!["context.class_asked && !context.uninvited && !context.leak && !context.content_actionable".to_owned()];
    if approved.iter().all(|facts| !facts.tainted) {
        all.push("!context.tainted".to_owned());
    }
    if approved.iter().all(|facts| facts.channel == first.channel) {
        all.push(format!("context.run.channel == {:?}", first.channel));
    }
    let least = |level: fn(&Facts) -> Integrity| approved.iter().map(|facts| level(facts)).min();
    for (class, name, level) in [
        (ArgumentClass::Dest, "dest", least(|facts| facts.dest)?),
        (ArgumentClass::Ref, "ref", least(|facts| facts.reference)?),
        (ArgumentClass::Value, "value", least(|facts| facts.value)?),
    ] {
        match level {
            Integrity::Outside => all.extend(named_values(tool, class, approved)?),
            known => all.push(format!("context.{name} >= {}", known.level())),
        }
    }
    Some(all)
}

/// The very values that were approved of each argument of a class; none when they cannot all be named.
fn named_values(tool: &ToolSpec, class: ArgumentClass, approved: &[&Facts]) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for (name, _) in tool.roles.iter().filter(|(_, role)| role.class() == class) {
        // What lies deeper than an argument of its own cannot be named by a rule.
        if name.starts_with('/') || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return None;
        }
        let given: Vec<&Value> = approved.iter().filter_map(|facts| facts.arguments.get(name)).filter(|value| !value.is_null()).collect();
        if given.is_empty() {
            all.push(format!("!(context.args has {name})"));
            continue;
        }
        let is_list = given.iter().all(|value| value.is_array());
        let mut values = BTreeSet::new();
        for value in &given {
            match value {
                Value::String(text) if !is_list => drop(values.insert(text.as_str())),
                Value::Array(items) if is_list => {
                    for item in items {
                        values.insert(item.as_str()?);
                    }
                }
                _ => return None,
            }
        }
        if values.is_empty() || values.len() > VALUES_MAX {
            return None;
        }
        let listed = values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
        let within = if is_list { format!("[{listed}].containsAll(context.args.{name})") } else { format!("[{listed}].contains(context.args.{name})") };
        all.push(if given.len() == approved.len() {
            format!("context.args has {name} && {within}")
        } else {
            format!("(!(context.args has {name}) || {within})")
        });
    }
    // Steered by text from outside, and no argument of the class to name: nothing holds it.
    (!all.is_empty()).then_some(all)
}

fn text(id: &str, habit: &Habit, conditions: &[String]) -> String {
    format!(
        "// Suggested from what people did: approved {} times, never refused, edited or sent back. Read it before you keep it.\n\
         @id({id:?})\n@reason(\"People have always approved this.\")\n\
         permit (principal == Agent::{:?}, action == Action::{:?}, resource)\nwhen {{\n  principal.workspace == Workspace::{:?} &&\n  {}\n}};\n",
        habit.approved,
        habit.agent,
        habit.tool,
        habit.workspace.to_string(),
        conditions.join(" &&\n  ")
    )
}

/// A name that no other rule has.
fn name_for(habit: &Habit, taken: &BTreeSet<String>) -> String {
    let letters = format!("approved-{}-{}", habit.tool, habit.agent).to_lowercase();
    let letters: String = letters.chars().map(|letter| if letter.is_ascii_lowercase() || letter.is_ascii_digit() { letter } else { '-' }).collect();
    let name: String = letters.chars().take(NAME_LETTERS_MAX).collect();
    let mut names = std::iter::once(name.clone()).chain((2..1_000).map(|number| format!("{name}-{number}")));
    names.find(|name| !taken.contains(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests;
