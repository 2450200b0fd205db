//! What comes in with a dependency: licences, bans and sources of `deny.toml`, checked without any tool but cargo.

use crate::tree::{ending, none, root, text};
use std::collections::BTreeSet;
use std::process::Command;
use toml::{Table, Value};

fn deny() -> Table {
    text("deny.toml").parse().unwrap()
}

/// Whether a licence expression can be met with allowed licences alone. `A/B` is an old way to write `A OR B`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let result = any_of(&mut words, allowed);
    result && words.next().is_none()
}

type Words<'a, 'b> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    let mut result = all_of(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        let other = all_of(words, allowed);
        result |= other;
    }
    result
}

fn all_of(words: &mut Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    let mut result = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        let other = one(words, allowed);
        result &= other;
    }
    result
}

fn one(words: &mut Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some("(") => {
            let inner = any_of(words, allowed);
            words.next_if_eq(&")").is_some() && inner
        }
        Some(name) if words.next_if_eq(&"WITH").is_some() => allowed.contains(&format!("{name} WITH {}", words.next().unwrap_or_default())),
        Some(name) => allowed.contains(name),
        None => false,
    }
}

#[test]
fn licence_expressions_are_read() {
    let allowed = ["MIT", "ISC", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for (expression, expect) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0 OR MIT", true),
        ("MIT AND GPL-3.0", false),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0 / MIT", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0 WITH LLVM-exception", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", false),
        ("MIT MIT", false),
        ("(MIT", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expect, "{expression}");
    }
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let allowed: BTreeSet<String> = deny()["licenses"]["allow"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect();
    // Only what this machine builds: the rest need not be here, and nothing is fetched.
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(version.stdout).unwrap().lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned)).unwrap();
    let output =
        Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host]).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "cargo names only {} packages", packages.len());
    let ours = |package: &&serde_json::Value| package["source"].is_null();
    let bad = packages.iter().filter(|package| !ours(package)).filter(|package| !is_allowed(package["license"].as_str().unwrap_or_default(), &allowed));
    none(bad.map(|package| format!("`{}` is under `{}`, which deny.toml does not allow", package["name"], package["license"])).collect());
}

#[test]
fn banned_dependencies_are_not_there() {
    let lock: Table = text("Cargo.lock").parse().unwrap();
    let names: BTreeSet<&str> = lock["package"].as_array().unwrap().iter().filter_map(|one| one.get("name").and_then(Value::as_str)).collect();
    let banned = deny()["bans"]["deny"].as_array().unwrap().clone();
    none(
        banned
            .iter()
            .filter_map(|one| one["crate"].as_str())
            .filter(|one| names.contains(one))
            .map(|one| format!("`{one}` is banned by deny.toml and is in Cargo.lock; `cargo tree -i {one}` says who brings it"))
            .collect(),
    );
}

/// The one registry that dependencies come from.
const REGISTRY: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// Packages of a lock file that come from elsewhere, or whose bytes are not pinned.
fn unpinned(lock: &str) -> Vec<String> {
    let lock: Table = lock.parse().unwrap();
    let field = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
    // A package without a source is our own.
    let bad = lock["package"].as_array().unwrap().iter().filter_map(|one| {
        let source = field(one, "source")?;
        let name = field(one, "name").unwrap_or_default();
        if source != REGISTRY {
            return Some(format!("`{name}` comes from `{source}`"));
        }
        field(one, "checksum").is_none().then(|| format!("`{name}` has no checksum"))
    });
    bad.collect()
}

#[test]
fn every_dependency_comes_from_the_one_registry_by_its_checksum() {
    assert_eq!(deny()["sources"]["unknown-registry"].as_str(), Some("deny"));
    assert_eq!(deny()["sources"]["unknown-git"].as_str(), Some("deny"));
    let locks: Vec<_> = ending("Cargo.lock").collect();
    assert!(locks.len() >= 3, "only {} lock files", locks.len());
    none(locks.iter().flat_map(|(path, lock)| unpinned(lock).into_iter().map(move |what| format!("{path}: {what}"))).collect());
}

#[test]
fn a_dependency_from_elsewhere_is_seen() {
    let package = |source: &str, more: &str| format!("[[package]]\nname = \"one\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n{more}");
    assert_eq!(unpinned(&package(REGISTRY, "checksum = \"00\"\n")), [""; 0]);
    assert_eq!(unpinned(&package(REGISTRY, "")), ["`one` has no checksum"]);
    assert_eq!(unpinned(&package("git+https://example.org/one#0", "")), ["`one` comes from `git+https://example.org/one#0`"]);
    assert_eq!(unpinned(&package("registry+https://example.org/index", "checksum = \"00\"\n")), ["`one` comes from `registry+https://example.org/index`"]);
}

/// A panic is caught where it must cost one plugin, one request or one run; a program that aborts catches none.
#[test]
fn no_profile_aborts_on_a_panic() {
    let aborts = |manifest: &str| {
        let manifest: Table = manifest.parse().unwrap();
        let profiles = manifest.get("profile").and_then(Value::as_table).cloned().unwrap_or_default();
        profiles.into_iter().filter(|(_, profile)| profile.get("panic").is_some()).map(|(name, _)| name).collect::<Vec<String>>()
    };
    assert_eq!(aborts("[profile.release]\npanic = \"abort\""), ["release"]);
    let files = ["Cargo.toml", ".cargo/config.toml"];
    none(files.into_iter().flat_map(|file| aborts(text(file))).map(|name| format!("profile `{name}` says what a panic does; it must unwind")).collect());
}
