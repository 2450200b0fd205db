//! What would be accepted of a plugin or a server, in words: all of what is new, and of what was there before both sides of each place that
//! differs.

use crate::cli::definitions::difference;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, one_line};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use steward_host::installed::{Candidate, PluginFacts};
use steward_host::mcp::{self, Definition, Difference};
use steward_host::{EgressRule, PluginLimits};

/// The same of a plugin for programs: as it was accepted, as it would be, and which of its tools differ.
pub(super) fn plugin_json(before: Option<&Candidate>, after: &Candidate) -> Value {
    let none = Default::default();
    let changes = mcp::differences(before.map_or(&none, |before| &before.tools), &after.tools);
    json!({ "plugin": after.name, "is_accepted": before.is_some_and(|before| before.digest() == after.digest()), "before": before, "after": after, "changes": changes })
}

/// The same of a server's tools, by name.
pub(super) fn server_json(name: &str, changes: &[Difference], (before, offered): (&BTreeMap<String, Definition>, &[Definition])) -> Value {
    let after: BTreeMap<&str, &Definition> = offered.iter().map(|one| (one.name.as_str(), one)).collect();
    json!({ "server": name, "is_accepted": changes.is_empty(), "before": before, "after": after, "changes": changes })
}

/// What a plugin is and may do, and what is other than before.
pub(super) fn plugin(output: &Output, before: Option<&Candidate>, after: &Candidate) -> Result<(), CliError> {
    let lines = |plugin: &Candidate| {
        let PluginFacts { version, language, digest, signed_by, imports, egress, limits, kv } = &plugin.facts;
        let PluginLimits { memory_mb, fuel, deadline_ms, output_kb } = limits;
        vec![
            ("version", format!("{version}, written in {language}")),
            ("digest", digest.to_string()),
            ("signed by", signed_by.clone().unwrap_or_else(|| "nobody".to_owned())),
            ("reaches", if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") }),
            ("asks outside", said_of(egress)),
            ("keeps", kv.map_or_else(|| "nothing".to_owned(), |kv| format!("at most {} bytes in {} entries a workspace", kv.bytes_max, kv.entries_max))),
            ("a call uses", format!("at most {memory_mb} MiB, {fuel} fuel, {deadline_ms} ms, {output_kb} KiB of result")),
        ]
    };
    output.line(output.tone(Tone::Strong, &after.name))?;
    let was = before.map(lines).unwrap_or_default();
    for (index, (what, is)) in lines(after).into_iter().enumerate() {
        match was.get(index).filter(|(_, was)| *was != is) {
            Some((_, was)) => output.line(format!("  {what:<12} {}\n  {:<12} {}", output.tone(Tone::Bad, was), "now", output.tone(Tone::Good, &is)))?,
            None => output.line(format!("  {what:<12} {is}"))?,
        }
    }
    let none = Default::default();
    let tools_before = before.map_or(&none, |before| &before.tools);
    for change in mcp::differences(tools_before, &after.tools) {
        output.line(one_line(&change.to_string(), 400))?;
        let Some(definition) = change_of(&change).and_then(|tool| after.tools.get(tool)) else { continue };
        // What its manifest says counts, so it comes first and whole.
        let tool_before = tools_before.get(&definition.name);
        let was = tool_before.and_then(|tool| tool.annotations.as_ref());
        for (what, is) in counts(definition, was) {
            let whole = |value: &Value| one_line(&value.to_string(), usize::MAX);
            let line = match was.map(|was| was.get(what).unwrap_or(&Value::Null)).filter(|was| *was != is) {
                Some(was) => format!("{} → {}", whole(was), output.tone(Tone::Bad, &whole(is))),
                None => whole(is),
            };
            output.line(format!("  {what:<13} {line}"))?;
        }
        words(output, tool_before, definition)?;
    }
    Ok(())
}

/// What a plugin's manifest says of a tool, what it does to the world first; and what it said before and says no more, as nothing.
fn counts<'a>(definition: &'a Definition, before: Option<&'a Value>) -> Vec<(&'a str, &'a Value)> {
    const FIRST: [&str; 2] = ["effect", "reversible"];
    let now = definition.annotations.as_ref();
    let said = |counts: Option<&'a Value>| counts.and_then(Value::as_object).into_iter().flatten();
    let (mut first, rest): (Vec<_>, Vec<_>) = said(now).map(|(what, is)| (what.as_str(), is)).partition(|(what, _)| FIRST.contains(what));
    first.extend(rest);
    let gone = said(before).filter(|(what, _)| now.is_none_or(|now| now.get(what.as_str()).is_none()));
    first.extend(gone.map(|(what, _)| (what.as_str(), &Value::Null)));
    first
}

/// Whom a plugin may ask outside, in one line.
pub(super) fn said_of(egress: &[EgressRule]) -> String {
    if egress.is_empty() { "nobody".to_owned() } else { egress.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ") }
}

/// What a server offers otherwise than it was accepted.
pub(super) fn server(output: &Output, changes: &[Difference], (before, offered): (&BTreeMap<String, Definition>, &[Definition])) -> Result<(), CliError> {
    for change in changes {
        output.line(one_line(&change.to_string(), 400))?;
        let Some(definition) = change_of(change).and_then(|tool| offered.iter().find(|one| one.name == *tool)) else { continue };
        let tool_before = before.get(&definition.name);
        words(output, tool_before, definition)?;
        // The hints decide nothing.
        match (tool_before, &definition.annotations) {
            (Some(before), hints) => difference(output, "hints", before.annotations.as_ref(), hints.as_ref())?,
            (None, Some(hints)) => output.line(format!("  hints {}", one_line(&hints.to_string(), usize::MAX)))?,
            (None, None) => {}
        }
    }
    Ok(())
}

/// The tool that is new or other than before.
fn change_of(change: &Difference) -> Option<&String> {
    match change {
        Difference::New { tool, .. } | Difference::Changed { tool, .. } => Some(tool),
        Difference::Gone { .. } => None,
    }
}

/// What a model is told of a tool and what comes of it: whole of a new one, of another both sides of what differs. It is read by who accepts it,
/// so nothing of it is cut.
fn words(output: &Output, before: Option<&Definition>, after: &Definition) -> Result<(), CliError> {
    let Some(before) = before else {
        output.line(format!("  {}", one_line(&after.description, usize::MAX)))?;
        for (part, schema) in [("arguments", Some(&after.input)), ("result", after.output.as_ref())] {
            schema.map_or(Ok(()), |schema| output.line(format!("  {part} {}", one_line(&schema.to_string(), usize::MAX))))?;
        }
        return Ok(());
    };
    let said = |definition: &Definition| Value::String(definition.description.clone());
    difference(output, "description", Some(&said(before)), Some(&said(after)))?;
    difference(output, "arguments", Some(&before.input), Some(&after.input))?;
    Ok(difference(output, "result", before.output.as_ref(), after.output.as_ref())?)
}
