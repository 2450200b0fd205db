//! Plugin manifests name files that are there: every schema exists and is a schema of an object. A README says what its manifest says.

use crate::markdown::{cells, spans};
use crate::tree::{ending, none, text, tree};
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

/// Whoever begins with an older one is stopped by cargo at their first build.
#[test]
fn the_page_of_a_first_plugin_asks_for_the_cargo_that_its_sdk_needs() {
    let manifest: Table = text("tools/sdk/Cargo.toml").parse().unwrap();
    let needs = manifest.get("package").and_then(|package| package.get("rust-version")).and_then(Value::as_str).unwrap();
    let page = text("docs/adding-a-tool.md");
    assert!(page.contains(&format!("| Rust | cargo {needs} or newer, ")), "the page does not ask for cargo {needs}");
}

/// What a README leaves out of a manifest, or has that the manifest has not.
fn unsaid(path: &str, manifest: &str, readme: Option<&str>) -> Vec<String> {
    let Some(readme) = readme else { return vec![format!("`{path}` has no README.md beside it")] };
    let manifest: Table = manifest.parse().unwrap_or_default();
    let name = manifest.get("plugin").and_then(|plugin| plugin.get("name")).and_then(Value::as_str).unwrap_or_default();
    let mut found = Vec::new();
    if !readme.starts_with(&format!("# {name}\n")) {
        found.push(format!("the README of `{path}` does not begin with `# {name}`"));
    }
    let named: Vec<&str> = readme.lines().flat_map(spans).collect();
    let granted = manifest.get("imports").and_then(Value::as_table).into_iter().flatten().filter(|(_, granted)| granted.as_bool() == Some(true));
    found.extend(
        granted.filter(|(grant, _)| !named.contains(&grant.as_str())).map(|(grant, _)| format!("the README of `{path}` does not say that it has `{grant}`")),
    );
    let tools = manifest.get("tool").and_then(Value::as_array).cloned().unwrap_or_default();
    let word = |tool: &Value, key: &str| format!("`{}`", tool.get(key).and_then(Value::as_str).unwrap_or("?"));
    let mut rows: Vec<Vec<&str>> =
        readme.lines().filter_map(cells).filter(|row| row.first().is_some_and(|first| first.starts_with(&format!("`{name}.")))).collect();
    for tool in &tools {
        let before = rows.len();
        rows.retain(|row| row.first() != Some(&word(tool, "name").as_str()) || row.get(1) != Some(&word(tool, "effect").as_str()));
        if rows.len() == before {
            found.push(format!("the README of `{path}` has no row for {} with its effect {}", word(tool, "name"), word(tool, "effect")));
        }
    }
    found.extend(rows.iter().map(|row| format!("the README of `{path}` has a row for {}, which the manifest has not so", row.first().unwrap_or(&"?"))));
    found
}

#[test]
fn a_readme_that_says_something_else_is_seen() {
    let manifest = "[plugin]\nname = \"p\"\n[imports]\ncrm = true\nlog = false\n[[tool]]\nname = \"p.a\"\neffect = \"read\"\n";
    let check = |readme: Option<&str>, expect: &[&str]| {
        let found = unsaid("p/tool.toml", manifest, readme);
        assert_eq!(found.len(), expect.len(), "{found:?}");
        assert!(found.iter().zip(expect).all(|(one, expect)| one.contains(expect)), "{found:?}");
    };
    check(None, &["no README.md"]);
    check(Some("# p\n\n| `p.a` | `read` | x |\n\nBy `crm`.\n"), &[]);
    check(Some("# q\n| `p.a` | `read` | x |\n"), &["does not begin", "`crm`"]);
    check(Some("# p\n| `p.a` | `write` | x |\n`crm`\n"), &["no row for `p.a` with its effect `read`", "a row for `p.a`"]);
    check(Some("# p\n| `p.a` | `read` | x |\n| `p.b` | `read` | x |\n`crm`\n"), &["a row for `p.b`"]);
}

#[test]
fn the_readme_of_each_shipped_plugin_says_what_its_manifest_says() {
    let manifests: Vec<_> = ending("/tool.toml").filter(|(path, _)| path.starts_with("tools/plugins/")).collect();
    assert!(manifests.len() >= 2, "{}", manifests.len());
    none(manifests.into_iter().flat_map(|(path, text)| unsaid(path, text, tree().get(&path.replace("tool.toml", "README.md")).map(String::as_str))).collect());
}
