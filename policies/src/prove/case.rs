//! Facts as a case: what a person pastes into `cases/`, so that what was found is never allowed again.

use crate::cases::approvers;
use crate::facts::Facts;
use crate::rules::Rules;
use crate::sample;
use serde_json::{Map, Value};
use steward_core::{ArgumentClass, Integrity, ToolSpec};

/// The case, with a head that says which tools it speaks of when the tool is not installed.
pub(super) fn text(name: &str, rules: &Rules, spec: &ToolSpec, facts: &Facts, of_sample: bool) -> String {
    let plain = sample::facts(&spec.name);
    let mut arguments = facts.arguments.as_object().cloned().unwrap_or_default();
    let mut from = Map::new();
    let classes = [(ArgumentClass::Dest, facts.dest), (ArgumentClass::Ref, facts.reference), (ArgumentClass::Value, facts.value)];
    for (class, level) in classes.into_iter().filter(|(_, level)| *level != Integrity::Owner) {
        let Some((place, _)) = spec.roles.iter().find(|(_, role)| role.class() == class) else { continue };
        let argument = place.trim_start_matches('/').split('/').next().unwrap_or_default();
        from.insert(argument.to_owned(), word(level));
        // A label is of an argument that is there.
        if arguments.get(argument).is_none_or(Value::is_null) {
            let blank = rules.0.tools.get(&spec.name).and_then(|tool| crate::args::blank_field(&tool.arguments, argument));
            arguments.insert(argument.to_owned(), blank.unwrap_or_else(|| "x".into()));
        }
    }
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
