//! Facts as a case: what a person pastes into `cases/`, so that what was found is never allowed again.

use crate::cases::approvers;
use crate::facts::Facts;
use crate::rules::{Governed, Rules};
use crate::sample;
use serde_json::{Map, Value};
use steward_core::{ArgumentClass, Integrity, ToolSpec};

/// The classes whose level counts, with their levels in these facts.
fn levels(facts: &Facts) -> [(ArgumentClass, Integrity); 3] {
    [(ArgumentClass::Dest, facts.dest), (ArgumentClass::Ref, facts.reference), (ArgumentClass::Value, facts.value)]
}

/// An argument of a class: one that is there, else one that could be.
fn argument_of<'a>(spec: &'a ToolSpec, class: ArgumentClass, facts: &Facts) -> Option<&'a str> {
    let all =
        || spec.roles.iter().filter(|(_, role)| role.class() == class).map(|(place, _)| place.trim_start_matches('/').split('/').next().unwrap_or_default());
    all().find(|name| facts.arguments.get(name).is_some_and(|value| !value.is_null())).or_else(|| all().next())
}

/// Gives the call the arguments that its labels speak of: what is not there has no level.
pub(super) fn complete(facts: &mut Facts, tool: &Governed, spec: &ToolSpec) {
    for (class, _) in levels(facts).into_iter().filter(|(_, level)| *level != Integrity::Owner) {
        let Some(argument) = argument_of(spec, class, facts) else { continue };
        if facts.arguments.get(argument).is_none_or(Value::is_null)
            && let Some(fields) = facts.arguments.as_object_mut()
        {
            fields.insert(argument.to_owned(), crate::args::blank_field(&tool.arguments, argument).unwrap_or_else(|| "x".into()));
        }
    }
}

/// The case, with a head that says which tools it speaks of when the tool is not installed.
pub(super) fn text(name: &str, rules: &Rules, spec: &ToolSpec, facts: &Facts, of_sample: bool) -> String {
    let plain = sample::facts(&spec.name);
    let mut facts = facts.clone();
    if let Some(tool) = rules.0.tools.get(&spec.name) {
        complete(&mut facts, tool, spec);
    }
    let mut from = Map::new();
    for (class, level) in levels(&facts).into_iter().filter(|(_, level)| *level != Integrity::Owner) {
        if let Some(argument) = argument_of(spec, class, &facts) {
            from.insert(argument.to_owned(), word(level));
        }
    }
    let arguments = facts.arguments.as_object().cloned().unwrap_or_default();
    let mut said = Map::new();
    let switches = [
        ("leak", facts.leak, plain.leak),
        ("content_actionable", facts.content_actionable, plain.content_actionable),
        ("class_asked", facts.class_asked, plain.class_asked),
        ("uninvited", facts.uninvited, plain.uninvited),
        ("tainted", facts.tainted, plain.tainted),
        ("within_budget", facts.within_budget, plain.within_budget),
    ];
    said.extend(switches.into_iter().filter(|(_, is, usual)| is != usual).map(|(name, is, _)| (name.to_owned(), is.into())));
    if facts.roles != plain.roles {
        said.insert("roles".to_owned(), words(&facts.roles));
    }
    let words_of = [
        ("agent", facts.agent.clone(), plain.agent),
        ("person", facts.person.to_string(), plain.person.to_string()),
        ("workspace", facts.workspace.to_string(), plain.workspace.to_string()),
        ("channel", facts.channel.clone(), plain.channel),
    ];
    said.extend(words_of.into_iter().filter(|(_, is, usual)| is != usual).map(|(name, is, _)| (name.to_owned(), is.into())));
    if facts.step != plain.step {
        said.insert("step".to_owned(), facts.step.into());
    }
    if facts.approvals.people != approvers(&facts.approvals.roles) {
        said.insert("people".to_owned(), words(&facts.approvals.people));
    }
    if facts.now_ms != plain.now_ms {
        said.insert("now_ms".to_owned(), facts.now_ms.into());
    }
    if !facts.counts.is_empty() {
        said.insert("counts".to_owned(), facts.counts.iter().map(|(name, count)| (name.clone(), Value::from(*count))).collect::<Map<_, _>>().into());
    }
    said.extend(facts.facts.clone());
    let mut lines = Vec::new();
    if of_sample {
        lines.push("tools = \"sample\"\n".to_owned());
    }
    lines.push("[[case]]".to_owned());
    lines.push(format!("name = {}", inline(&name.into())));
    lines.push(format!("tool = {}", inline(&spec.name.as_str().into())));
    for (key, map) in [("arguments", arguments), ("from", from), ("facts", said)] {
        if !map.is_empty() {
            lines.push(format!("{key} = {}", inline(&Value::Object(map))));
        }
    }
    if !facts.approvals.roles.is_empty() {
        lines.push(format!("approvals = {}", inline(&words(&facts.approvals.roles))));
    }
    lines.push("expect = \"refused\"".to_owned());
    lines.join("\n") + "\n"
}

fn word(level: Integrity) -> Value {
    serde_json::to_value(level).unwrap_or_default()
}

fn words<T: ToString>(list: impl IntoIterator<Item = T>) -> Value {
    list.into_iter().map(|one| Value::from(one.to_string())).collect()
}

/// A value as TOML on one line. TOML has no null; a case that leaves it out says the same.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().filter(|item| !item.is_null()).map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{} = {}", inline(&name.as_str().into()), inline(value));
            format!("{{ {} }}", fields.iter().filter(|(_, value)| !value.is_null()).map(field).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
