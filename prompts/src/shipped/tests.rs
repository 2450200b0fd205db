//! The shipped files as they stand in the folder: all listed, all loading, none changed after its release.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use steward_core::Digest;

const LOCK: &str = "released.lock";

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Path and digest of every released version, in the form `sha256sum` prints.
fn lock() -> BTreeMap<String, Digest> {
    let text = std::fs::read_to_string(folder().join(LOCK)).unwrap();
    text.lines().map(|line| line.split_once("  ").unwrap()).map(|(digest, path)| (path.to_owned(), digest.parse().unwrap())).collect()
}

fn versions() -> impl Iterator<Item = (&'static str, Digest)> {
    SHIPPED.iter().filter(|(path, _)| path.ends_with(".md")).map(|(path, text)| (*path, Digest::of(text.as_bytes())))
}

/// `UPDATE=1` adds what is new. What is there already stays, so that it cannot hide a change.
#[test]
#[expect(clippy::disallowed_methods, reason = "the switch of every golden test")]
fn a_released_prompt_never_changes() {
    let mut lock = lock();
    for (path, digest) in &lock {
        let now = versions().find(|(shipped, _)| shipped == path).map(|(_, digest)| digest);
        assert_eq!(now, Some(*digest), "`{path}` is released and must stay as it was; put the change into a new version");
    }
    let new: Vec<_> = versions().filter(|(path, _)| !lock.contains_key(*path)).collect();
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        lock.extend(new.into_iter().map(|(path, digest)| (path.to_owned(), digest)));
        let text: String = lock.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect();
        std::fs::write(folder().join(LOCK), text).unwrap();
    } else {
        assert!(new.is_empty(), "not in `prompts/{LOCK}` yet: {new:?}; run the test again with UPDATE=1 to release them");
    }
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir() && entry.file_name() != "src") {
        let name = entry.file_name().into_string().unwrap();
        found.extend(std::fs::read_dir(entry.path()).unwrap().map(|file| format!("{name}/{}", file.unwrap().file_name().into_string().unwrap())));
    }
    assert_eq!(found, SHIPPED.iter().map(|(path, _)| (*path).to_owned()).collect());
}

#[test]
fn every_shipped_prompt_has_a_production_version_and_renders() {
    let all = shipped().unwrap();
    for prompt in all.list() {
        let production = all.resolve(&format!("{}@production", prompt.name)).unwrap();
        assert!(production.version <= all.list().filter(|one| one.name == prompt.name).count().try_into().unwrap(), "versions have gaps");
        let rendered = prompt.render(&prompt.variables.iter().map(|name| (name.as_str(), "Nadia")).collect()).unwrap();
        assert!(!rendered.contains("{{") && rendered.contains("Nadia"), "{}", prompt.reference());
    }
    assert_eq!(all.resolve("assistant@production").unwrap().name, "assistant");
}
