//! Plugin manifests name files that are there: every schema exists and is a schema of an object.

use crate::tree::{ending, none, tree};
use toml::{Table, Value};

/// What a manifest has against the files beside it.
fn complaints(path: &str, manifest: &str, file: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let manifest: Table = match manifest.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("`{path}` is no TOML: {error}")],
    };
    let tools = manifest.get("tool").and_then(Value::as_array).cloned().unwrap_or_default();
    if tools.is_empty() {
        return vec![format!("`{path}` offers no tool")];
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for tool in &tools {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or("?");
        for key in ["arguments", "result"] {
            let Some(schema) = tool.get(key).and_then(Value::as_str) else {
                found.push(format!("`{path}`: `{name}` names no schema for its {key}"));
                continue;
            };
            let full = format!("{folder}/{schema}");
            let Some(text) = file(&full) else {
                found.push(format!("`{path}`: `{name}` names `{schema}`, which does not exist"));
                continue;
            };
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(read) if read.get("type").and_then(serde_json::Value::as_str) == Some("object") => {}
                Ok(_) => found.push(format!("`{full}` is not the schema of an object")),
                Err(error) => found.push(format!("`{full}` is no JSON: {error}")),
            }
        }
    }
    found
}

#[test]
fn a_manifest_without_its_schema_is_seen() {
    let file = |path: &str| match path {
        "p/a.json" => Some(r#"{"type": "object"}"#.to_owned()),
        "p/b.json" => Some(r#"{"type": "string"}"#.to_owned()),
        "p/c.json" => Some("{".to_owned()),
        _ => None,
    };
    let check = |arguments: &str, expect: Option<&str>| {
        let found = complaints("p/tool.toml", &format!("[[tool]]\nname = \"x\"\nresult = \"a.json\"\n{arguments}"), file);
        assert_eq!(found.len(), usize::from(expect.is_some()), "{found:?}");
        assert!(found.first().is_none_or(|one| one.contains(expect.unwrap_or_default())), "{found:?}");
    };
    check("arguments = \"a.json\"", None);
    check("arguments = \"b.json\"", Some("not the schema of an object"));
    check("arguments = \"c.json\"", Some("no JSON"));
    check("arguments = \"d.json\"", Some("does not exist"));
    check("", Some("names no schema for its arguments"));
    assert_eq!(complaints("p/tool.toml", "", file).len(), 1);
    assert_eq!(complaints("p/tool.toml", "[", file).len(), 1);
}

#[test]
fn plugin_manifests_name_schemas_that_exist() {
    let manifests: Vec<_> = ending("/tool.toml").filter(|(path, _)| path.starts_with("tools/plugins/")).collect();
    assert!(!manifests.is_empty(), "there is no plugin");
    none(manifests.into_iter().flat_map(|(path, text)| complaints(path, text, |schema| tree().get(schema).cloned())).collect());
}
