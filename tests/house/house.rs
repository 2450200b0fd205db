//! The front door: a Makefile whose verbs explain themselves, a changelog of the agreed form, lint rules with reasons.

use crate::tree::{none, text, tree};
use toml::Table;

#[test]
fn every_verb_of_the_makefile_explains_itself() {
    let verbs: Vec<(&str, &str)> = text("Makefile")
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        .collect();
    for must in ["up", "test", "check", "fmt", "sqlx", "help"] {
        assert!(verbs.iter().any(|(name, _)| *name == must), "the Makefile has no verb `{must}`");
    }
    none(
        verbs
            .into_iter()
            .filter(|(_, rest)| !rest.contains("## "))
            .map(|(name, _)| format!("verb `{name}` has no `## ` and a sentence that `make help` can show"))
            .collect(),
    );
}

#[test]
fn the_changelog_keeps_its_form() {
    let changelog = text("CHANGELOG.md");
    assert!(changelog.contains("\n## [Unreleased]\n"), "CHANGELOG.md has no `## [Unreleased]`");
    let known = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    none(
        changelog
            .lines()
            .filter_map(|line| line.strip_prefix("### "))
            .filter(|kind| !known.contains(kind))
            .map(|kind| format!("CHANGELOG.md: `{kind}` is none of {known:?}"))
            .collect(),
    );
}

#[test]
fn forbidden_methods_say_why() {
    let clippy: Table = text("clippy.toml").parse().unwrap();
    let methods = clippy["disallowed-methods"].as_array().unwrap();
    none(methods.iter().filter(|one| one.get("reason").is_none()).map(|one| format!("clippy.toml: {one} has no reason")).collect());
}

#[test]
fn every_folder_of_the_house_is_drawn() {
    let architecture = text("docs/ARCHITECTURE.md");
    let folders: std::collections::BTreeSet<&str> =
        tree().keys().filter_map(|path| path.split_once('/')).map(|(folder, _)| folder).filter(|folder| !folder.starts_with('.')).collect();
    none(
        folders
            .into_iter()
            .filter(|folder| !architecture.contains(&format!("`{folder}")))
            .map(|folder| format!("docs/ARCHITECTURE.md does not mention `{folder}`"))
            .collect(),
    );
}
