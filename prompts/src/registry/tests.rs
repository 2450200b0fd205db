//! Files as people write them, wrong ones first.

use super::*;
use std::error::Error as _;

fn file(name: &str, version: u32, variables: &str, text: &str) -> String {
    format!("+++\nname = \"{name}\"\nversion = {version}\ndescription = \"A test.\"\nvariables = [{variables}]\n+++\n{text}\n")
}

fn moves(list: &[(&str, u32)]) -> String {
    list.iter().map(|(label, version)| format!("[[move]]\nlabel = \"{label}\"\nversion = {version}\non = 2026-03-01\nwhy = \"A test.\"\n")).collect()
}

fn refused(files: &[(&str, &str)], expect: &str) {
    let error = Registry::load(files.iter().copied()).expect_err(expect);
    let chain = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    assert!(chain.contains(expect), "`{chain}` does not say `{expect}`");
}

#[test]
fn a_bad_file_refuses_the_set_and_is_named() {
    let good = file("a", 1, "", "Text.");
    for path in ["v1.md", "a/1.md", "a/v1.txt", "a/v0.md", "a/v01.md", "A/v1.md", "a/b/v1.md", "../a/v1.md", "a/"] {
        refused(&[(path, &good)], &format!("`{path}` is neither a prompt nor its labels"));
    }
    refused(&[("a/v1.md", "Text.")], "`a/v1.md` has no front matter");
    refused(&[("a/v1.md", "+++\nname = \"a\"\n")], "`a/v1.md` has no front matter");
    refused(&[("a/v1.md", "+++\nname = \n+++\nText.")], "`a/v1.md` cannot be read");
    refused(&[("a/v1.md", &good.replace("version", "versoin"))], "versoin");
    refused(&[("a/v2.md", &good)], "`a/v2.md` says it is `a@1`");
    refused(&[("b/v1.md", &good)], "`b/v1.md` says it is `a@1`");
    refused(&[("a/v1.md", &file("a", 1, "", "  \n"))], "`a/v1.md` has no text");
    refused(&[("a/v1.md", &file("a", 1, "", "Hello {{who}}."))], "uses `who`, which its front matter does not list");
    refused(&[("a/v1.md", &file("a", 1, "\"who\"", "Hello."))], "lists `who` and does not use it");
    refused(&[("a/v1.md", &file("a", 1, "", "Hello {{ who }}."))], "write `{{name}}`");
    refused(&[("a/v1.md", &file("a", 1, "", &"x".repeat(70_000)))], "at most 65536 bytes");
    refused(&[("a/v1.md", &file("a", 1, "", &"x\n".repeat(2_001)))], "at most 2000 lines");
    refused(&[("a/v1.md", &good), ("a/v1.md", &good)], "version 1 of prompt `a` is there twice");
}

#[test]
fn a_label_points_to_a_version_that_exists() {
    let good = file("a", 1, "", "Text.");
    refused(&[("a/v1.md", &good), ("a/labels.toml", &moves(&[("production", 2)]))], "label `production` of prompt `a` points to version 2");
    refused(&[("a/labels.toml", &moves(&[("production", 1)]))], "points to version 1, which does not exist");
    refused(&[("a/v1.md", &good), ("a/labels.toml", &moves(&[("7", 1)]))], "`7` cannot be a label of prompt `a`");
    refused(&[("a/v1.md", &good), ("a/labels.toml", "production = 1")], "`a/labels.toml` cannot be read");
}

#[test]
fn what_is_not_there_is_missing_and_says_what_is() {
    let files = [("a/v1.md", file("a", 1, "", "One.")), ("a/v2.md", file("a", 2, "", "Two.")), ("a/labels.toml", moves(&[("production", 1)]))];
    let all = Registry::load(files.iter().map(|(path, text)| (*path, text.as_str()))).unwrap();
    for (reference, expect) in [
        ("a@3", "there is no prompt `a@3`; `a` has versions 1, 2 and labels production"),
        ("a@canary", "there is no prompt `a@canary`; `a` has versions 1, 2 and labels production"),
        ("b@1", "there is no prompt `b@1`; prompts are: a"),
        ("a", "`a` names no prompt; write `<name>@<label>` or `<name>@<version>`, for example `assistant@production` or `assistant@3`"),
    ] {
        assert_eq!(all.resolve(reference).expect_err(reference).to_string(), expect);
    }
}

#[test]
fn the_last_move_of_a_label_counts_and_history_stays() {
    let labels = moves(&[("production", 1), ("canary", 2), ("production", 2), ("production", 1)]);
    let files = [("a/v2.md", file("a", 2, "", "Two.")), ("a/labels.toml", labels), ("a/v1.md", file("a", 1, "", "One."))];
    let all = Registry::load(files.iter().map(|(path, text)| (*path, text.as_str()))).unwrap();
    let text = |reference: &str| all.resolve(reference).unwrap().text.as_str();
    assert_eq!([text("a@production"), text("a@canary"), text("a@1"), text("a@2")], ["One.", "Two.", "One.", "Two."]);
    assert_eq!(all.history("a").iter().map(|one| one.version).collect::<Vec<_>>(), [1, 2, 2, 1]);
    assert_eq!(all.list().map(Prompt::reference).collect::<Vec<_>>(), ["a@1", "a@2"]);
    assert_ne!(all.get("a", 1).unwrap().digest, all.get("a", 2).unwrap().digest);
}
