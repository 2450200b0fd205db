//! Documents name only what is there: files, verbs of the Makefile and of the command line, pages reachable from the index.

use crate::markdown::{fenced, has_two_sentences, links, prose, spans};
use crate::tree::{ending, exists, none, text, tree};
use crate::verbs::{make_verbs, steward_verbs, unknown};
use std::collections::BTreeSet;

/// Endings by which a name without a folder is taken for a file.
const ENDINGS: &[&str] = &[".rs", ".md", ".toml", ".sql", ".cedar", ".cedarschema", ".json", ".txt", ".wit", ".lock"];

/// Files of the user or of a plugin's author, not of this tree.
const THEIRS: &[&str] = &["steward.toml", "tool.toml", "*.cedar", "*.toml", "*.sql", "*.rs", "*.md", "*.json", "mod.rs", "postmaster.pid"];

/// Pages with a bound on their length.
fn lines_max(path: &str) -> Option<usize> {
    match path {
        "docs/ARCHITECTURE.md" => Some(150),
        "README.md" => Some(120),
        // A walk that is run as a test, with a check-list at its end.
        "docs/adding-a-tool.md" => Some(250),
        // A check-list of 15 steps, and below it what a server may ask a person.
        "docs/adding-an-mcp-server.md" => Some(70),
        _ => path.starts_with("docs/adding-").then_some(20),
    }
}

/// The pages people read. Prompts are for models, and pages of the plugin kit are checked like all others.
fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    ending(".md").filter(|(path, _)| !path.starts_with("prompts/"))
}

/// Whether a code span is meant as a path of the tree.
fn is_path(span: &str) -> bool {
    if span.is_empty()
        || span.starts_with(['/', '-', '$', '~', '<', '.']) && !span.starts_with(".ci/") && !span.starts_with(".cargo/") && !span.starts_with(".sqlx")
    {
        return false;
    }
    if span.contains("://") || !span.chars().all(|one| one.is_alphanumeric() || "._-/*<>".contains(one)) {
        return false;
    }
    match span.split_once('/') {
        Some((first, _)) => tree().keys().any(|file| file.starts_with(&format!("{first}/"))),
        None => ENDINGS.iter().any(|end| span.ends_with(end)) && !THEIRS.contains(&span),
    }
}

/// The tree's pattern for a path in a document: `<name>` and `NNNN` stand for any name.
fn pattern(span: &str) -> String {
    let mut pattern = String::new();
    let mut depth = 0;
    for one in span.chars() {
        match one {
            '<' => {
                depth += 1;
                pattern.push('*');
            }
            '>' => depth -= 1,
            _ if depth == 0 => pattern.push(one),
            _ => {}
        }
    }
    pattern.replace("NNNN", "*")
}

/// Whether a path of a document is there, from the root or from the document's own folder; a bare name may stand anywhere.
fn is_there(page: &str, span: &str) -> bool {
    let pattern = pattern(span);
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    exists(&pattern) || exists(&format!("{folder}/{pattern}")) || (!span.contains('/') && tree().keys().any(|file| file.ends_with(&format!("/{span}"))))
}

/// What follows a program's name, if a line of shell or a code span begins with it.
fn after<'a>(program: &str, line: &'a str) -> Option<&'a str> {
    line.trim_start().trim_start_matches("$ ").trim_start_matches("target/release/").strip_prefix(program)?.strip_prefix(' ')
}

fn complaints(page: &str, content: &str) -> Vec<String> {
    let mut found = Vec::new();
    for one in prose(content) {
        let mut complain = |what: String| found.push(format!("`{page}`, line {}: {what}", one.number));
        for span in spans(one.line).into_iter().filter(|span| is_path(span) && !is_there(page, span)) {
            complain(format!("`{span}` does not exist"));
        }
        let folder = page.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        for link in links(one.line).into_iter().filter(|link| !exists(&resolve(&format!("{folder}{link}")))) {
            complain(format!("the link to `{link}` leads nowhere"));
        }
        if has_two_sentences(one.line) {
            complain("one sentence a line".to_owned());
        }
    }
    // The list of features names what is yet to be built as well.
    let is_promise = page == "docs/features.md";
    for line in prose(content).into_iter().flat_map(|one| spans(one.line)).chain(fenced(content)).filter(|_| !is_promise) {
        let verb = after("make", line).and_then(|rest| rest.split_whitespace().next());
        if let Some(verb) = verb.filter(|verb| verb.bytes().all(|byte| byte.is_ascii_lowercase()) && !make_verbs().contains(verb)) {
            found.push(format!("`{page}`: the Makefile has no verb `{verb}`"));
        }
        if let Some(verb) = after("steward", line).and_then(|rest| unknown(rest, steward_verbs())) {
            found.push(format!("`{page}`: the command line has no verb `{verb}`"));
        }
    }
    let count = content.lines().count();
    found.extend(lines_max(page).filter(|most| count > *most).map(|most| format!("`{page}` has {count} lines; {most} is the end")));
    found
}

/// A path without `..`.
fn resolve(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/').filter(|part| *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[test]
fn a_name_of_nothing_is_seen() {
    let check = |content: &str, expect: &[&str]| {
        let found = complaints("docs/x.md", content);
        assert_eq!(found.len(), expect.len(), "{content}: {found:?}");
        assert!(found.iter().zip(expect).all(|(one, part)| one.contains(part)), "{found:?}");
    };
    check("See `runtime/core`, `tests/house/docs.rs`, `docs.rs`, `prompts/<name>/v<number>.md` and `migrations/NNNN_*.sql`.", &[]);
    check("See `runtime/nowhere`.", &["`runtime/nowhere` does not exist"]);
    check("See `prompts/<name>/x<number>.md`.", &["does not exist"]);
    check("See `nowhere.rs`.", &["`nowhere.rs` does not exist"]);
    check("`GET /api/v1/x`, `/api/v1/x`, `application/json`, `steward.toml`, `a.b`, `core::Kind`.", &[]);
    check("[a](../README.md) [b](nowhere.md)", &["the link to `nowhere.md` leads nowhere"]);
    check("One sentence. And another.", &["one sentence a line"]);
    check("Call `make test`, then `make nothing`.", &["no verb `nothing`"]);
    check("```\nsteward nothing --json\n$ make test\n```", &["no verb `nothing`"]);
    assert_eq!(complaints("docs/adding-a-x.md", &"x\n".repeat(21)).len(), 1);
}

#[test]
fn documents_name_only_what_exists() {
    none(pages().flat_map(|(path, content)| complaints(path, content)).collect());
}

#[test]
fn every_page_is_reachable_from_the_index() {
    let index = text("docs/index.md");
    let named: BTreeSet<String> = prose(index).iter().flat_map(|one| links(one.line)).map(|link| resolve(&format!("docs/{link}"))).collect();
    none(
        pages()
            .filter(|(path, _)| path.starts_with("docs/") && *path != "docs/index.md" && !named.contains(*path))
            .map(|(path, _)| format!("`docs/index.md` has no link to `{path}`"))
            .collect(),
    );
}

/// `make test` does not run again for a changed page what reads none (`tests/house/examples/unchanged.rs`).
#[test]
fn no_program_reads_a_page_but_the_walk() {
    let is_read = |line: &&str| line.contains("../docs/") && !line.trim_start().starts_with("//") && !line.contains("../docs/adding-a-tool.md");
    let sources = ending(".rs").filter(|(source, _)| !source.starts_with("tests/house/"));
    none(sources.flat_map(|(source, said)| said.lines().filter(is_read).map(move |line| format!("{source} reads another page: {line}"))).collect());
}

/// What is proved to be understood is what the page shows.
#[test]
fn the_properties_that_the_page_shows_are_those_of_the_test() {
    let shown = fenced(text("docs/proofs.md"));
    let first = shown.iter().take(3).map(|line| format!("{line}\n")).collect::<String>();
    assert!(first.starts_with("never ") && text("policies/src/prove/tests.rs").contains(&format!("\"\\\n{first}\"")), "{first}");
}
