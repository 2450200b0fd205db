//! A suite's tools as an MCP server offers them, and its annotations in the shape of an `[[mcp]]` table.

use super::annotations::{Note, Row};
use super::suite::Suite;
use crate::stage::{RESULT, Toolbox, result_schema};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use steward_core::{ArgumentRole, Effect, Origin, RecordPattern};
use steward_host::mcp::{McpToolRules, safe_name};

/// The name of a suite's server.
pub(super) fn server_name(suite: &str) -> String {
    let safe = safe_name(suite).unwrap_or_else(|| "suite".to_owned());
    safe.chars().take(24).collect()
}

/// The name the product gives a tool.
pub(super) fn full_name(suite: &str, tool: &str) -> String {
    format!("{}.{}", server_name(suite), safe_name(tool).unwrap_or_else(|| tool.to_owned()))
}

/// The tools of a suite: what its server offers, and what is configured of them.
pub fn toolbox(suite: &Suite) -> Toolbox {
    let mut toolbox = Toolbox { server: server_name(&suite.name), ..Toolbox::default() };
    for tool in &suite.tools {
        // A tool that nobody annotated stays unconfigured: it is treated as the strictest.
        let rules = suite.note(&tool.name).map(|note| rules(suite, &tool.name, note, &tool.parameters));
        let (labels, records) = (rules.iter().flat_map(|rules| rules.result_labels.keys()), rules.iter().flat_map(|rules| &rules.records));
        let (parameters, result) = (&tool.parameters, result_schema(labels, records));
        toolbox.offered.push(json!({ "name": tool.name, "description": tool.description, "inputSchema": parameters, "outputSchema": result }));
        toolbox.configured.extend(safe_name(&tool.name).zip(rules));
    }
    toolbox
}

fn rules(suite: &Suite, tool: &str, note: &Note, parameters: &Value) -> McpToolRules {
    // A tool that can reach others is judged as one that does.
    let effect = note.effect_if.values().chain([&note.effect]).map(|word| effect(word)).max().unwrap_or(Effect::Admin);
    let arguments = parameters.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys());
    // An argument that nobody annotated is taken for one that steers.
    let class = |argument: &String| note.args.get(argument).map_or("value", String::as_str);
    let mut roles = BTreeMap::new();
    for argument in arguments {
        let role = role(suite, effect, argument, class(argument));
        let schema = parameters.pointer("/properties").and_then(|fields| fields.get(argument));
        if schema.is_some_and(has_open_object) {
            // Its fields stand in no schema: an operator names those that its description speaks of, and its calls have.
            let given = suite.arguments_of(tool).into_iter().filter_map(|arguments| arguments.get(argument));
            roles.extend(given.flat_map(|value| places(value, &format!("/{argument}"))).map(|place| (place, role.clone())));
        }
        roles.insert(argument.clone(), role);
    }
    let (result_labels, records) = labels(suite, note);
    McpToolRules { effect: Some(effect), roles, result_labels, records, private: note.private, ..McpToolRules::default() }
}

/// Whether an object in this schema names no fields.
fn has_open_object(schema: &Value) -> bool {
    let is_open = schema.get("type").is_some_and(|kind| kind == "object") && schema.get("properties").is_none();
    let inner = schema.get("items").into_iter().chain(["anyOf", "oneOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten());
    is_open || inner.into_iter().any(has_open_object)
}

/// The fields inside of a value, as JSON pointers with `*` for places of a list.
fn places(value: &Value, at: &str) -> BTreeSet<String> {
    match value {
        Value::Object(map) => map.iter().flat_map(|(key, inner)| places(inner, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")))).collect(),
        Value::Array(list) => list.iter().flat_map(|inner| places(inner, &format!("{at}/*"))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => BTreeSet::from([at.to_owned()]),
    }
}

fn effect(word: &str) -> Effect {
    Effect::ALL.into_iter().find(|effect| effect.name() == word).unwrap_or(Effect::Admin)
}

fn role(suite: &Suite, effect: Effect, argument: &str, class: &str) -> ArgumentRole {
    match class {
        "dest" if effect == Effect::Money => ArgumentRole::Payee,
        "dest" if effect == Effect::Fetch => ArgumentRole::Url,
        "dest" if effect == Effect::Member => ArgumentRole::Member,
        "dest" => ArgumentRole::Recipient,
        "ref" => suite.ref_types.get(argument).map_or(ArgumentRole::Path, |of| ArgumentRole::Id(of.clone())),
        "value" => ArgumentRole::Value,
        "query" => ArgumentRole::Query,
        "mode" => ArgumentRole::Mode,
        _ => ArgumentRole::Content,
    }
}

fn origin(word: &str) -> Origin {
    match word {
        "system" => Origin::System,
        "directory" => Origin::Directory,
        "owner" => Origin::Owner,
        "fact" => Origin::Fact,
        // Who is the owner is not told by a manifest: whatever is theirs only sometimes is somebody's text.
        _ => Origin::Outside,
    }
}

/// Who stands in a field that the platform vouches for has the record: all fields but the id, what anybody wrote, and what it is called by.
fn readers(row: &Row) -> Vec<String> {
    let vouched =
        |(field, word): &(&String, &String)| matches!(word.as_str(), "system" | "fact") && !row.anchors.contains(field) && row.key.as_ref() != Some(*field);
    row.fields.iter().filter(vouched).map(|(field, _)| field.clone()).collect()
}

/// A result is a record, a list of them, or plain.
fn labels(suite: &Suite, note: &Note) -> (BTreeMap<String, Origin>, Vec<RecordPattern>) {
    if let Some(word) = note.out.as_str() {
        let deeper = ["", "/*", "/*/*", "/*/*/*"];
        return (deeper.iter().map(|deeper| (format!("/{RESULT}{deeper}"), origin(word))).collect(), Vec::new());
    }
    let own = note.out.get("row").and_then(|row| serde_json::from_value::<Row>(row.clone()).ok());
    let row = own.or_else(|| suite.notes.rows.get(note.out.get("rowref")?.as_str()?).cloned()).unwrap_or_default();
    let mut labels = BTreeMap::new();
    let mut records = Vec::new();
    for at in [format!("/{RESULT}"), format!("/{RESULT}/*")] {
        for (field, word) in &row.fields {
            for deeper in ["", "/*", "/*/*"] {
                labels.insert(format!("{at}/{field}{deeper}"), origin(word));
            }
        }
        records.push(RecordPattern {
            at,
            of: row.of.clone().unwrap_or_else(|| "row".to_owned()),
            key: row.key.clone(),
            anchors: row.anchors.clone(),
            made: note.out.get("made") == Some(&Value::Bool(true)),
            readers: readers(&row),
            public: false,
        });
    }
    (labels, records)
}
