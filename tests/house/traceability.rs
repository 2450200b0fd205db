//! `docs/traceability.md` says of each feature where it is: route or command, table or job, test. All of them exist.

use crate::markdown::{cells, prose, spans};
use crate::tree::{ending, none, text, tree};
use crate::verbs::{steward_verbs, unknown};
use std::collections::BTreeSet;

/// What the tree offers to be named.
struct There {
    features: BTreeSet<String>,
    routes: BTreeSet<String>,
    commands: BTreeSet<String>,
    tables: BTreeSet<String>,
    jobs: BTreeSet<String>,
    tests: BTreeSet<String>,
}

/// Ids of the list of features: the first cell of each row.
fn features(page: &str) -> BTreeSet<String> {
    let id = |one: &str| one.starts_with(|first: char| first.is_ascii_uppercase()) && one[1..].bytes().all(|byte| byte.is_ascii_digit()) && one.len() > 1;
    prose(page).iter().filter_map(|one| cells(one.line)).filter_map(|cells| cells.first().copied()).filter(|one| id(one)).map(str::to_owned).collect()
}

/// `METHOD /path` of every operation of an OpenAPI document.
fn routes(openapi: &str) -> BTreeSet<String> {
    let document: serde_json::Value = serde_json::from_str(openapi).expect("api/openapi.json is JSON");
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let methods = ["get", "post", "put", "patch", "delete"];
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().cloned().unwrap_or_default();
            item.into_iter()
                .map(|(method, _)| method)
                .filter(|method| methods.contains(&method.as_str()))
                .map(|method| format!("{} {path}", method.to_uppercase()))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// `METHOD /path` of every line of the router's table.
fn routes_of_table(router: &str) -> BTreeSet<String> {
    let route = |line: &str| {
        let (method, rest) = line.trim().split_once(' ')?;
        let path = rest.trim_start().strip_prefix('"')?.split('"').next()?;
        (method.bytes().all(|byte| byte.is_ascii_uppercase()) && path.starts_with('/')).then(|| format!("{method} {path}"))
    };
    router.lines().filter_map(route).collect()
}

/// Names of the functions that carry a test attribute.
fn tests_of(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") && (line.contains("test]") || line.contains("test(")) {
            is_test = true;
        } else if let Some(rest) = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ") {
            if is_test {
                found.extend(rest.split(['(', '<']).next().map(str::to_owned));
            }
            is_test = false;
        } else if line.starts_with("proptest!") {
            continue;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            is_test = false;
        }
    }
    found
}

/// Titles of tests that a browser runs: `test('…', …)`.
fn titles_of(source: &str) -> Vec<String> {
    source.lines().filter_map(|line| line.trim_start().strip_prefix("test('")?.split_once("', ")).map(|(title, _)| title.to_owned()).collect()
}

fn there() -> There {
    let stem = |folder: &'static str| tree().keys().filter_map(move |path| path.strip_prefix(folder)?.strip_suffix(".rs")).map(str::to_owned);
    There {
        features: features(text("docs/features.md")),
        routes: routes(text("api/openapi.json")).union(&routes_of_table(text("api/src/router.rs"))).cloned().collect(),
        commands: steward_verbs().clone(),
        tables: ending(".sql")
            .flat_map(|(_, sql)| sql.lines().filter_map(|line| line.strip_prefix("create table steward.")).filter_map(|rest| rest.split_whitespace().next()))
            .map(str::to_owned)
            .collect(),
        jobs: stem("api/src/jobs/").collect(),
        tests: ending(".rs").flat_map(|(_, source)| tests_of(source)).chain(ending(".ts").flat_map(|(_, source)| titles_of(source))).collect(),
    }
}

/// What a traceability table has against the tree. Columns: feature, what stands, route or command, table or job, test.
fn complaints(page: &str, there: &There) -> Vec<String> {
    let mut found = Vec::new();
    let mut rows = BTreeSet::new();
    for one in prose(page) {
        let Some(row) = cells(one.line) else { continue };
        let [feature, _, outside, inside, tests] = row.as_slice() else {
            found.push(format!("line {}: a row has five cells", one.number));
            continue;
        };
        if *feature == "feature" {
            continue;
        }
        let mut complain = |what: String| found.push(format!("`{feature}`: {what}"));
        if !there.features.contains(*feature) {
            complain("is no feature of docs/features.md".to_owned());
        }
        if !rows.insert((*feature).to_owned()) {
            complain("has two rows".to_owned());
        }
        for span in spans(outside) {
            let known = match span.strip_prefix("steward ") {
                Some(command) => unknown(command, &there.commands).is_none(),
                None => there.routes.contains(span),
            };
            if !known {
                complain(format!("there is no route or command `{span}`"));
            }
        }
        for span in spans(inside).into_iter().filter(|span| !there.tables.contains(*span) && !there.jobs.contains(*span) && !tree().contains_key(*span)) {
            complain(format!("there is no table, job or file `{span}`"));
        }
        for span in spans(tests).into_iter().filter(|span| !there.tests.contains(*span)) {
            complain(format!("there is no test `{span}`"));
        }
        if spans(tests).is_empty() {
            complain("a row without a test proves nothing".to_owned());
        }
    }
    found
}

/// Rows of tables whose first column is called so, for example `attack`: what is said of it is tried by a test that exists.
fn untried(page: &str, first: &str, there: &There) -> Vec<String> {
    let (mut found, mut inside, mut rows) = (Vec::new(), false, 0);
    for one in prose(page) {
        // The line under a table's head has no cells and ends nothing.
        inside &= one.line.trim_start().starts_with('|');
        let Some(row) = cells(one.line) else { continue };
        if row.first() == Some(&first) {
            inside = true;
            continue;
        }
        if !inside {
            continue;
        }
        rows += 1;
        let tests = row.last().map(|tests| spans(tests)).unwrap_or_default();
        if tests.is_empty() {
            found.push(format!("line {}: no test tries this {first}", one.number));
        }
        found.extend(tests.into_iter().filter(|test| !there.tests.contains(*test)).map(|test| format!("line {}: there is no test `{test}`", one.number)));
    }
    if rows == 0 {
        found.push(format!("there is no table of what is called `{first}`"));
    }
    found
}

#[test]
fn an_attack_that_nobody_tries_is_seen() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let none = BTreeSet::new;
    let there = There { features: none(), routes: none(), commands: none(), tables: none(), jobs: none(), tests: names(&["it_ends"]) };
    let check = |rows: &str, expect: &[&str]| {
        let found =
            untried(&format!("| what | stands |\n|---|---|\n| a | b |\n\n| attack | what refuses it | test |\n|---|---|---|\n{rows}"), "attack", &there);
        assert_eq!(found.len(), expect.len(), "{found:?}");
        assert!(found.iter().zip(expect).all(|(one, part)| one.contains(part)), "{found:?}");
    };
    check("| loops | fuel | `it_ends` |", &[]);
    check("| loops | fuel | `it_goes_on`, `it_ends` |", &["no test `it_goes_on`"]);
    check("| loops | `fuel` | by hand |", &["no test tries this attack"]);
    check("", &["no table of what is called `attack`"]);
}

/// What has to be tried, with the first cell of the row of `docs/hostile-plugins.md` that tries it.
const ATTACKS: [(&str, &str); 18] = [
    ("spin", "computes for ever"),
    ("allocate", "takes memory until there is none"),
    ("recurse", "recurses without end"),
    ("table bomb", "grows its tables"),
    ("output bomb", "answers with more than anybody reads"),
    ("log bomb", "floods the log"),
    ("host-call flood", "floods its host with questions"),
    ("read outside memory", "reads outside its memory"),
    ("import not declared", "imports what it was not granted"),
    ("forge a result for another call", "forges the result of another call"),
    ("exfiltrate by DNS name", "tells by the name of a host"),
    ("exfiltrate by URL path", "tells by a path"),
    ("exfiltrate by error text", "tells by the text of an error"),
    ("redirect to metadata address", "is led to the metadata of a cloud by a redirect or a name"),
    ("zip-slip in a package", "leads out of its folder by the names in its package"),
    ("manifest and wasm that disagree", "says something else in its manifest than in its code"),
    ("a component compiled by a newer toolchain", "uses what a newer toolchain writes"),
    ("precompiled cache file tampered with", "lies in the cache as machine code"),
];

/// Exfiltration by the timing of allowed calls is not refused: the page has to say so, in these words.
const TIMING: &str = "can tell it something by which of the allowed requests it makes, in what order and when";

/// Attacks that a page of hostile plugins has no row for, and what it has to own up to and does not.
fn unlisted(page: &str) -> Vec<String> {
    let lines = prose(page);
    let rows: BTreeSet<&str> = lines.iter().filter_map(|one| cells(one.line)?.first().copied()).collect();
    let mut found: Vec<String> =
        ATTACKS.iter().filter(|(_, row)| !rows.contains(row)).map(|(attack, row)| format!("no row `{row}` for the attack `{attack}`")).collect();
    let mut open = lines.iter().skip_while(|one| one.line != "## What is not refused");
    if !open.any(|one| one.line.contains(TIMING)) {
        found.push("what is not refused has no word on the timing of allowed calls".to_owned());
    }
    found
}

#[test]
fn every_attack_of_the_list_is_tried() {
    let page = text("docs/hostile-plugins.md");
    none(untried(page, "attack", &there()));
    none(unlisted(page));
}

#[test]
fn an_attack_that_is_taken_off_the_list_is_seen() {
    let page = text("docs/hostile-plugins.md");
    for (attack, row) in ATTACKS {
        let without = page.replace(&format!("| {row} |"), "| something else |");
        assert_eq!(unlisted(&without), [format!("no row `{row}` for the attack `{attack}`")]);
    }
    assert_eq!(unlisted(&page.replace(TIMING, "may do as it likes")), ["what is not refused has no word on the timing of allowed calls"]);
}

/// What has to be tried, as the first cells of the page name it.
const BAD_INPUT: [&str; 27] = [
    "an unknown tool",
    "arguments that are not JSON",
    "an argument of the wrong type",
    "a field too many",
    "arguments of 10 MB",
    "arguments 200 levels deep",
    "NUL in a name or a value",
    "lone surrogates",
    "a policy file with a syntax error",
    "a policy file with a type error",
    "a policy file that is empty",
    "a plugin that loops",
    "a plugin that allocates without end",
    "a plugin that recurses",
    "a plugin that returns 1 GB",
    "a plugin that returns invalid JSON",
    "a plugin that traps",
    "a plugin that was truncated on disk",
    "a plugin with the wrong WIT version",
    "500 calls at once",
    "a denied call again and again",
    "a model that never stops",
    "PostgreSQL gone in the middle of a step",
    "a full disk",
    "two `steward up` on one data directory",
    "a port that is taken",
    "a clock that goes backwards",
];

#[test]
fn every_bad_input_is_tried_and_says_what_becomes_of_the_run() {
    let page = text("docs/bad-input.md");
    none(untried(page, "input", &there()));
    let rows: Vec<Vec<&str>> = prose(page).iter().filter_map(|one| cells(one.line)).collect();
    none(rows.iter().filter(|row| row.len() != 4 || row.iter().any(|cell| cell.is_empty())).map(|row| format!("a row has four cells: {row:?}")).collect());
    let missing = BAD_INPUT.iter().filter(|name| !rows.iter().any(|row| row.first() == Some(name)));
    none(missing.map(|name| format!("docs/bad-input.md has no row `{name}`")).collect());
}

#[test]
fn a_row_about_nothing_is_seen() {
    let one = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let there = There {
        features: one(&["A1", "A2"]),
        routes: one(&["GET /a/{id}"]),
        commands: one(&["chat"]),
        tables: one(&["contact"]),
        jobs: one(&["expire"]),
        tests: one(&["it_works"]),
    };
    let check = |rows: &str, expect: &[&str]| {
        let found = complaints(&format!("| feature | what | route or command | table or job | test |\n|---|---|---|---|---|\n{rows}"), &there);
        assert_eq!(found.len(), expect.len(), "{found:?}");
        assert!(found.iter().zip(expect).all(|(one, part)| one.contains(part)), "{found:?}");
    };
    check("| A1 | x | `GET /a/{id}`, `steward chat --json` | `contact`, `expire` | `it_works` |", &[]);
    check("| A9 | x | — | — | `it_works` |", &["no feature"]);
    check("| A1 | x | — | — | `it_works` |\n| A1 | x | — | — | `it_works` |", &["two rows"]);
    check("| A1 | x | `GET /b` | — | `it_works` |", &["no route or command `GET /b`"]);
    check("| A1 | x | `steward nothing` | — | `it_works` |", &["no route or command `steward nothing`"]);
    check("| A1 | x | — | `nothing` | `it_works` |", &["no table, job or file `nothing`"]);
    check("| A1 | x | — | — | `it_fails` |", &["no test `it_fails`"]);
    check("| A1 | x | — | — | — |", &["proves nothing"]);
    check("| A1 | x |", &["five cells"]);
    assert_eq!(features("| id | feature |\n|---|---|\n| A1 | x |\n| P12 | y |\n| what | z |"), one(&["A1", "P12"]));
    assert_eq!(routes(r#"{"paths": {"/a": {"get": {}, "parameters": [], "post": {}}}}"#), one(&["GET /a", "POST /a"]));
    assert_eq!(
        tests_of("#[test]\nfn a() {}\n#[tokio::test(flavor = \"x\")]\nasync fn b() {}\nfn c() {}\n#[test]\n#[expect(x)]\n/// Why.\nfn d() {}"),
        ["a", "b", "d"]
    );
}

#[test]
fn traceability_names_only_what_exists() {
    none(complaints(text("docs/traceability.md"), &there()));
}
