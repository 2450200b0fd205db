//! Crates depend on each other only as drawn in `docs/ARCHITECTURE.md`, and heavy dependencies stay in their room.

use crate::tree::{ending, none, text};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Where a dependency may stand that is heavy to build or that would move a duty to another room. Development
/// dependencies count as well.
const ROOMS: &[(&str, &str)] = &[
    ("sqlx", "steward-store"),
    ("wasmtime", "steward-host"),
    ("wasmtime-wasi-io", "steward-host"),
    ("axum", "steward-api"),
    ("async-openai", "steward-agent"),
    ("cedar-policy", "steward-policies"),
    ("cedar-policy-symcc", "steward-policies"),
];

/// Which crates each may use, by the part of the package name after `steward-`.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// One dependency of a manifest.
struct Dependency {
    /// The package, whatever name it is used under.
    package: String,
    /// Whether its version stands in the root manifest.
    from_workspace: bool,
}

/// The drawing: a fenced block `arrows` with lines `crate -> those it may use`.
fn drawn(architecture: &str) -> Arrows {
    let block = architecture.split("```arrows\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block `arrows` in docs/ARCHITECTURE.md");
    let line = |line: &str| {
        let (from, to) = line.split_once("->").unwrap_or_else(|| panic!("`{line}` is no arrow"));
        (from.trim().to_owned(), to.split_whitespace().map(str::to_owned).collect())
    };
    block.lines().filter(|one| !one.trim().is_empty()).map(line).collect()
}

/// Every dependency table of a manifest: normal, development, build, and those for one target.
fn dependencies(manifest: &Table) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut tables = vec![manifest];
    if let Some(Value::Table(targets)) = manifest.get("target") {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in table.get(kind).and_then(Value::as_table).into_iter().flatten() {
                let package = value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned();
                found.push(Dependency { package, from_workspace: value.get("workspace").and_then(Value::as_bool) == Some(true) });
            }
        }
    }
    found
}

/// What a manifest has against the drawing.
fn complaints(package: &str, manifest: &Table, drawing: &Arrows) -> Vec<String> {
    let own = package.trim_start_matches("steward-");
    let Some(allowed) = drawing.get(own) else {
        return vec![format!("`{package}` is not drawn; a new crate needs a reason in docs/decisions and a line in the arrows of docs/ARCHITECTURE.md")];
    };
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for dependency in dependencies(manifest) {
        let name = dependency.package.as_str();
        if name == package {
            continue; // A crate's tests turn its own features on.
        }
        if !dependency.from_workspace {
            found.push(format!("`{package}` gives `{name}` a version of its own; put the version into the root manifest and write `workspace = true`"));
        }
        if let Some((_, room)) = ROOMS.iter().find(|(heavy, room)| *heavy == name && *room != package) {
            found.push(format!("`{package}` uses `{name}`, which lives in `{room}` only; ask that crate instead"));
        }
        if let Some(other) = name.strip_prefix("steward-") {
            used.insert(other.to_owned());
            if !allowed.contains(other) {
                found.push(format!("`{package}` uses `{name}`, an arrow that is not drawn in docs/ARCHITECTURE.md"));
            }
        }
    }
    found.extend(
        allowed.difference(&used).map(|other| format!("docs/ARCHITECTURE.md draws an arrow from `{package}` to `steward-{other}` that no manifest has")),
    );
    found
}

/// What every member inherits from the root.
fn inherits(package: &str, manifest: &Table) -> Vec<String> {
    let from_root = |value: Option<&Value>| value.and_then(|one| one.get("workspace")).and_then(Value::as_bool) == Some(true);
    let mut found = Vec::new();
    if manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool) != Some(true) {
        found.push(format!("`{package}` does not inherit the lints; add `[lints] workspace = true`"));
    }
    let own = manifest.get("package").and_then(Value::as_table).cloned().unwrap_or_default();
    for key in ["version", "edition", "rust-version", "license", "publish"] {
        if !from_root(own.get(key)) {
            found.push(format!("`{package}` sets `{key}` itself; write `{key}.workspace = true`"));
        }
    }
    if own.get("description").and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        found.push(format!("`{package}` has no description; say in one sentence what it is for"));
    }
    found
}

fn parse(path: &str) -> Table {
    text(path).parse().unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// Package name and manifest of every member of the root workspace.
fn members() -> Vec<(String, Table)> {
    let root = parse("Cargo.toml");
    let list = root["workspace"]["members"].as_array().unwrap();
    let member = |folder: &Value| {
        let folder = folder.as_str().unwrap();
        let manifest = parse(&format!("{folder}/Cargo.toml"));
        let name = manifest["package"]["name"].as_str().unwrap().to_owned();
        assert_eq!(name, format!("steward-{}", folder.rsplit('/').next().unwrap()), "a package is named after its folder");
        (name, manifest)
    };
    list.iter().map(member).collect()
}

#[test]
fn a_wrong_arrow_is_seen() {
    let drawing = drawn("x\n```arrows\ncore ->\nstore -> core\noffice -> core store\n```\n");
    let check = |package: &str, manifest: &str, expect: &[&str]| {
        let found = complaints(package, &manifest.parse().unwrap(), &drawing);
        assert_eq!(found.len(), expect.len(), "{found:?}");
        assert!(found.iter().zip(expect).all(|(one, part)| one.contains(part)), "{found:?}");
    };
    let core = "[dependencies]\nsteward-core = { workspace = true }\n";
    check("steward-core", "", &[]);
    check("steward-store", core, &[]);
    check("steward-store", &format!("{core}[dev-dependencies]\nsteward-office.workspace = true"), &["arrow that is not drawn"]);
    check("steward-store", &format!("{core}[target.'cfg(unix)'.build-dependencies]\nsteward-office.workspace = true"), &["arrow that is not drawn"]);
    check("steward-store", &format!("{core}other = {{ package = \"steward-office\", workspace = true }}"), &["arrow that is not drawn"]);
    check("steward-store", &format!("{core}sqlx.workspace = true\naxum.workspace = true"), &["`axum`, which lives in `steward-api` only"]);
    check("steward-store", &format!("{core}serde = \"1\""), &["version of its own"]);
    check("steward-store", &format!("{core}[dev-dependencies]\nsteward-store = {{ path = \".\", features = [\"testing\"] }}"), &[]);
    check("steward-office", core, &["draws an arrow from `steward-office` to `steward-store`"]);
    check("steward-extra", "", &["is not drawn"]);
    assert_eq!(inherits("steward-core", &Table::new()).len(), 7);
}

#[test]
fn crates_use_each_other_only_as_drawn() {
    let drawing = drawn(text("docs/ARCHITECTURE.md"));
    none(members().iter().flat_map(|(package, manifest)| complaints(package, manifest, &drawing)).collect());
    let there: BTreeSet<String> = members().iter().map(|(package, _)| package.trim_start_matches("steward-").to_owned()).collect();
    assert_eq!(drawing.into_keys().collect::<BTreeSet<_>>(), there, "docs/ARCHITECTURE.md draws the crates there are");
}

#[test]
fn every_crate_inherits_from_the_root() {
    none(members().iter().flat_map(|(package, manifest)| inherits(package, manifest)).collect());
}

/// What runs in the sandbox knows the world only through the interfaces of `tools/wit`.
#[test]
fn guests_never_use_crates_of_the_host() {
    let ours: BTreeSet<String> = members().into_iter().map(|(package, _)| package).collect();
    let mut found = Vec::new();
    for (path, manifest) in
        ending("Cargo.toml").filter(|(path, _)| ["tools/sdk/", "tools/plugins/", "tools/hostile/"].iter().any(|folder| path.starts_with(folder)))
    {
        let manifest: Table = manifest.parse().unwrap_or_else(|error| panic!("`{path}`: {error}"));
        found.extend(
            dependencies(&manifest)
                .into_iter()
                .filter(|one| ours.contains(&one.package))
                .map(|one| format!("`{path}` uses `{}`, a crate of the host", one.package)),
        );
    }
    none(found);
}
