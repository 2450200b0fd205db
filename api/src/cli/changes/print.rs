//! Changes of what governs in words.

use crate::cli::definitions::{difference, text};
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, one_line};
use crate::policy_set::UNFINISHED;
use serde_json::{Value, json};

/// Letters of a reason in a list.
const REASON_LETTERS: usize = 60;
/// Letters of a line of a prompt.
const LINE_LETTERS: usize = 400;

/// A list of changes.
pub(super) fn list(output: &Output, items: &Value) -> Result<(), CliError> {
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rows: Vec<Vec<String>> = items
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            let is = |name: &str| item.get(name) == Some(&Value::Bool(true));
            let state = match (is("is_stale"), is("sound"), item.get("version").and_then(Value::as_i64)) {
                (true, _, _) => "stale".to_owned(),
                (false, false, _) => format!("{}, not sound", text(item, "state")),
                (false, true, Some(version)) => format!("version {version}"),
                (false, true, None) => text(item, "state"),
            };
            let what = match text(item, "kind").as_str() {
                "policy" => "rules".to_owned(),
                kind => format!("{kind} {}", text(item, "subject")),
            };
            vec![text(item, "governance_change_id"), what, state, text(item, "proposed_at"), one_line(&text(item, "reason"), REASON_LETTERS)]
        })
        .collect();
    Ok(output.table(&["CHANGE", "OF", "STATE", "PROPOSED", "WHY"], &rows)?)
}

/// One change in words.
pub(super) fn one(output: &Output, shown: &Value) -> Result<(), CliError> {
    let field = |name: &str| shown.get(name).map(text).unwrap_or_default();
    let stale = if shown.get("is_stale") == Some(&Value::Bool(true)) { ", and stale: something else is in force by now" } else { "" };
    output.line(format!("{} is {}{stale}", field("governance_change_id"), field("state")))?;
    output.line(format!("proposed by {} at {}: {}", field("proposed_by"), field("proposed_at"), field("reason")))?;
    match field("kind").as_str() {
        "prompt_label" => label(output, shown)?,
        "grant" => wish(output, shown)?,
        "tool" => tools(output, shown)?,
        _ => rules(output, shown)?,
    }
    if shown.get("state") == Some(&json!("proposed")) {
        output.line(format!(
            "Somebody else approves it with `steward changes approve {} --digest {}`.",
            field("governance_change_id"),
            field("content_digest")
        ))?;
    }
    Ok(())
}

fn found<'a>(shown: &'a Value, pointer: &str) -> &'a [Value] {
    shown.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// How a prompt differs.
fn label(output: &Output, shown: &Value) -> Result<(), CliError> {
    let version = |pointer: &str| shown.pointer(pointer).and_then(Value::as_u64).map_or("nowhere".to_owned(), |version| format!("version {version}"));
    let subject = shown.get("subject").map(text).unwrap_or_default();
    output.line(format!("`{subject}` from {} to {}", version("/report/from_version"), version("/content/version")))?;
    for line in found(shown, "/report/lines") {
        let words = line.get("text").map(text).unwrap_or_default();
        let (sign, tone) = if line.get("change") == Some(&json!("added")) { ("+", Tone::Good) } else { ("-", Tone::Bad) };
        output.line(output.tone(tone, &format!("{sign} {}", one_line(&words, LINE_LETTERS))))?;
    }
    Ok(())
}

/// What an agent asks for.
fn wish(output: &Output, shown: &Value) -> Result<(), CliError> {
    let of = |pointer: &str| shown.pointer(pointer).map(text).unwrap_or_default();
    let (agent, person, tool) = (of("/content/agent"), of("/content/person_id"), of("/content/tool"));
    output.line(format!(
        "calls of `{tool}` by `{agent}` for {person}, {} times in {} days from the approval on:",
        of("/content/uses_max"),
        of("/content/days")
    ))?;
    for (argument, range) in shown.pointer("/content/ranges").and_then(Value::as_object).into_iter().flatten() {
        output.line(format!("  {argument}: {}", one_line(&text(range), LINE_LETTERS)))?;
    }
    Ok(output.line(format!("Of {} calls on record it would have let {} through that waited for people.", of("/report/judged"), of("/report/newly_allowed")))?)
}

/// How a server's tools differ.
fn tools(output: &Output, shown: &Value) -> Result<(), CliError> {
    let of = |value: &Value, pointer: &str| value.pointer(pointer).map(text).unwrap_or_default();
    output.line(format!("tools of `{}` at {}", of(shown, "/subject"), one_line(&of(shown, "/report/place"), LINE_LETTERS)))?;
    for (field, is) in shown.pointer("/report/plugin_after").and_then(Value::as_object).into_iter().flatten() {
        let was = shown.pointer(&format!("/report/plugin_before/{field}"));
        let (was, is) = (was.map(entries), entries(is));
        let gone: Vec<&String> = was.iter().flatten().filter(|one| !is.contains(one)).collect();
        for one in gone {
            output.line(output.tone(Tone::Bad, &format!("  - {field} {one}")))?;
        }
        for one in &is {
            let sign = if was.as_ref().is_some_and(|was| !was.contains(one)) { "+" } else { " " };
            output.line(format!("  {sign} {field} {one}"))?;
        }
    }
    for tool in found(shown, "/report/tools") {
        let parts: Vec<String> = found(tool, "/parts").iter().map(text).collect();
        let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        let undone = if tool.get("reversible") == Some(&Value::Bool(true)) { ", can be undone" } else { "" };
        output.line(format!("{} {} ({}{undone}){parts}", of(tool, "/change"), one_line(&of(tool, "/name"), LINE_LETTERS), of(tool, "/effect")))?;
        for part in ["description", "arguments", "result", "hints"] {
            let side = |side: &str| tool.pointer(&format!("/{side}/{part}")).filter(|words| !words.is_null());
            difference(output, part, side("before"), side("after"))?;
        }
    }
    Ok(())
}

/// A fact of a plugin, one text for each of a list. Nothing is cut: a difference may stand at the end.
fn entries(value: &Value) -> Vec<String> {
    let whole = |value: &Value| one_line(&text(value), usize::MAX);
    match value {
        Value::Array(all) if all.is_empty() => vec!["—".to_owned()],
        Value::Array(all) => all.iter().map(whole).collect(),
        other => vec![whole(other)],
    }
}

/// How rules differ, and what the checks found.
fn rules(output: &Output, shown: &Value) -> Result<(), CliError> {
    for (word, pointer) in [("new", "/report/changes/added"), ("gone", "/report/changes/removed"), ("changed", "/report/changes/changed")] {
        for rule in found(shown, pointer) {
            output.line(format!("rule {word}: {}", text(rule)))?;
        }
    }
    for cell in found(shown, "/report/changes/cells") {
        let part = |name: &str| cell.get(name).map(text).unwrap_or_default();
        let tone = if cell.get("looser") == Some(&Value::Bool(true)) { Tone::Bad } else { Tone::Good };
        output.line(format!("{}: {} ({}): {} -> {}", part("situation"), part("tool"), part("column"), part("was"), output.tone(tone, &part("now"))))?;
    }
    for rule in found(shown, "/report/changes/left_out") {
        output.line(output.tone(Tone::Bad, &format!("rule {} names more than are compared; for the rest the rules may be looser", text(rule))))?;
    }
    if shown.pointer("/report/changes/unfinished") == Some(&json!(true)) {
        output.line(output.tone(Tone::Bad, UNFINISHED))?;
    }
    for property in found(shown, "/report/properties").iter().filter(|property| property.get("status") != Some(&json!("proved"))) {
        let part = |name: &str| property.get(name).map(text).unwrap_or_default();
        output.line(format!("{} {}", output.tone(Tone::Warning, &part("status")), part("property")))?;
    }
    for case in found(shown, "/report/failed_cases") {
        let part = |name: &str| case.get(name).map(text).unwrap_or_default();
        output.line(format!("{} {}: {}", output.tone(Tone::Bad, "failed"), part("file"), part("name")))?;
    }
    for problem in found(shown, "/report/problems") {
        output.line(text(problem))?;
    }
    let of = |name: &str| shown.pointer(&format!("/report/changes/decisions/{name}")).map(text).unwrap_or_default();
    output.line(format!(
        "{} decisions judged again: {} newly allowed, {} newly held, {} newly blocked.",
        of("judged"),
        of("newly_allowed"),
        of("newly_held"),
        of("newly_blocked")
    ))?;
    Ok(())
}
