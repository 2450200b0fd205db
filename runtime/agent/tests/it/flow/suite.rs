//! Reads suites and their annotations, and makes tools of them: effect, argument roles, result labels, records.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use steward_core::{ArgumentRole, Digest, Effect, Origin, RecordPattern, ToolSpec};

/// One suite: its data and its tools.
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) data: Value,
    pub(super) tools: BTreeMap<String, Arc<ToolSpec>>,
}

/// All suites of a folder that its annotations speak of.
pub(super) fn load(dir: &Path) -> Vec<Suite> {
    let read = |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).expect("file")).expect("json") };
    let annotations = read(&dir.join("annotations.json"));
    let mut suites = Vec::new();
    for (name, notes) in annotations["suites"].as_object().expect("suites") {
        let path = dir.join(format!("{name}.json"));
        if path.is_file() {
            let data = read(&path);
            let tools = data["tools"].as_array().expect("tools").iter().map(|tool| spec(tool, notes, &annotations["ref_types"])).collect();
            suites.push(Suite { name: name.clone(), data, tools });
        }
    }
    suites
}

/// The name the product gives a tool.
pub(super) fn full_name(tool: &str) -> String {
    format!("suite.{tool}")
}

fn spec(tool: &Value, notes: &Value, types: &Value) -> (String, Arc<ToolSpec>) {
    let short = tool["name"].as_str().expect("name");
    let note = &notes["tools"][short];
    let mut effects: Vec<Effect> = note["effect_if"].as_object().into_iter().flat_map(Map::values).map(effect).collect();
    effects.push(effect(&note["effect"]));
    // A tool that can reach others is judged as one that does.
    let effect = effects.into_iter().max().expect("effect");
    let mut parameters = tool["parameters"].clone();
    parameters["additionalProperties"] = json!(false);
    let mut roles = BTreeMap::new();
    for (argument, class) in note["args"].as_object().into_iter().flatten() {
        roles.insert(argument.clone(), role(effect, argument, class.as_str().expect("class"), types));
    }
    let (result_labels, records) = labels(&note["out"], notes);
    let spec = ToolSpec {
        name: full_name(short),
        plugin: "suite@1.0.0".into(),
        description: tool["description"].as_str().unwrap_or_default().to_owned(),
        effect,
        reversible: false,
        idempotent: false,
        arguments: json!({"type": "object"}),
        result: json!({}),
        roles,
        result_labels,
        anchors: Vec::new(),
        records,
        private: note["private"] == json!(true),
        facts: Vec::new(),
        timeout_ms: 1000,
        plugin_digest: Digest::of(b"suite"),
        schema_digest: Digest::of(parameters.to_string().as_bytes()),
    };
    (spec.name.clone(), Arc::new(spec))
}

fn effect(word: &Value) -> Effect {
    serde_json::from_value(word.clone()).unwrap_or(Effect::Admin)
}

fn role(effect: Effect, argument: &str, class: &str, types: &Value) -> ArgumentRole {
    match class {
        "dest" if effect == Effect::Money => ArgumentRole::Payee,
        "dest" if effect == Effect::Fetch => ArgumentRole::Url,
        "dest" if effect == Effect::Member => ArgumentRole::Member,
        "dest" => ArgumentRole::Recipient,
        "ref" => types[argument].as_str().map_or(ArgumentRole::Path, |of| ArgumentRole::Id(of.to_owned())),
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
fn readers(row: &Value) -> Vec<String> {
    let anchors: Vec<&str> = row["anchors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let vouched = |(field, word): (&String, &Value)| {
        let counts = matches!(word.as_str(), Some("system" | "fact")) && !anchors.contains(&field.as_str()) && row["key"].as_str() != Some(field);
        counts.then(|| field.clone())
    };
    row["fields"].as_object().into_iter().flatten().filter_map(vouched).collect()
}

/// A result is a record, a list of them, or plain.
fn labels(out: &Value, notes: &Value) -> (BTreeMap<String, Origin>, Vec<RecordPattern>) {
    if let Some(word) = out.as_str() {
        let patterns = ["", "/*", "/*/*", "/*/*/*"];
        return (patterns.iter().map(|pattern| ((*pattern).to_owned(), origin(word))).collect(), Vec::new());
    }
    let row = out["rowref"].as_str().map_or(&out["row"], |name| &notes["rows"][name]);
    let mut labels = BTreeMap::new();
    let mut records = Vec::new();
    for at in ["", "/*"] {
        for (field, word) in row["fields"].as_object().into_iter().flatten() {
            for deeper in ["", "/*", "/*/*"] {
                labels.insert(format!("{at}/{field}{deeper}"), origin(word.as_str().unwrap_or_default()));
            }
        }
        records.push(RecordPattern {
            at: at.to_owned(),
            of: row["type"].as_str().unwrap_or("row").to_owned(),
            key: row["key"].as_str().map(str::to_owned),
            anchors: row["anchors"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            made: out["made"] == json!(true),
            readers: readers(row),
        });
    }
    (labels, records)
}
