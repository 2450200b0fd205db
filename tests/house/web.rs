//! What the web writes of the server by hand. A word that it does not have is shown raw or not at all, and an address that nothing checks is asked in vain.

use crate::tree::{ending, none, text};
use std::collections::BTreeSet;

/// What stands between the first of one text and the next of another.
fn between<'a>(source: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = source.split_once(from).unwrap_or_else(|| panic!("`{from}` is missing"));
    rest.split_once(to).unwrap_or_else(|| panic!("`{to}` is missing after `{from}`")).0
}

/// Texts between these marks.
fn quoted(source: &str, mark: char) -> BTreeSet<&str> {
    source.split(mark).skip(1).step_by(2).collect()
}

/// The words of an enum: the arms of one of its functions.
fn arms<'a>(source: &'a str, of: &str, function: &str) -> BTreeSet<&'a str> {
    let own = between(source, &format!("\nimpl {of} {{\n"), "\n}\n");
    quoted(between(own, &format!("fn {function}(self) -> &'static str {{"), "\n    }"), '"')
}

/// The words of a constant.
fn listed<'a>(source: &'a str, name: &str) -> BTreeSet<&'a str> {
    quoted(between(source, &format!("\npub const {name}: ["), ";\n").split_once('=').map_or("", |(_, list)| list), '"')
}

/// The names of a table that a macro takes: in each line the first text.
fn names<'a>(source: &'a str, table: &str) -> BTreeSet<&'a str> {
    let table = between(source, &format!("\n{table}! {{\n"), "\n}\n");
    table.lines().filter(|line| !line.trim_start().starts_with("//")).filter_map(|line| line.split('"').nth(1)).collect()
}

/// The words of a list of the web.
fn known<'a>(source: &'a str, name: &str) -> BTreeSet<&'a str> {
    quoted(between(source, &format!("const {name} = ["), "] as const;"), '\'')
}

/// What a list of the web has against the server's, of which there are so many at least.
fn complaints(what: &str, least: usize, server: &BTreeSet<&str>, web: &BTreeSet<&str>) -> Vec<String> {
    let mut found: Vec<String> = server.difference(web).map(|word| format!("{what}: the server says `{word}`, and the web does not know it")).collect();
    found.extend(web.difference(server).map(|word| format!("{what}: the web knows `{word}`, and the server does not say it")));
    if server.len() < least {
        found.push(format!("{what}: {} words were read where there are {least} at least", server.len()));
    }
    found
}

#[test]
fn a_word_that_one_side_does_not_know_is_seen() {
    let rust = "\nimpl Role {\n    const fn name(self) -> &'static str {\n        match self {\n            Self::Owner => \"owner\",\n            Self::Guest => \"guest\",\n        }\n    }\n\n    const fn past(self) -> &'static str {\n        \"x\"\n    }\n}\n";
    let server = arms(rust, "Role", "name");
    assert_eq!(server, ["guest", "owner"].into());
    let check = |web: &str, least: usize, expect: &[&str]| {
        let found = complaints("roles", least, &server, &known(web, "ROLES"));
        assert_eq!(found.len(), expect.len(), "{found:?}");
        assert!(found.iter().zip(expect).all(|(one, part)| one.contains(part)), "{found:?}");
    };
    check("export const ROLES = ['owner', 'guest'] as const;", 2, &[]);
    check("const ROLES = ['owner'] as const;", 2, &["the server says `guest`"]);
    check("const ROLES = ['owner', 'guest', 'host'] as const;", 2, &["the web knows `host`"]);
    check("const ROLES = ['owner', 'visitor'] as const;", 2, &["the server says `guest`", "the web knows `visitor`"]);
    check("const ROLES = ['owner', 'guest'] as const;", 3, &["2 words were read where there are 3"]);
    let table = "\npermissions! {\n    /// See \"all\" runs.\n    RunsRead = \"runs:read\", Some(Scope::Read), [Owner];\n    Break = \"a:b\", None, [];\n}\n";
    assert_eq!(names(table, "permissions"), ["a:b", "runs:read"].into());
    assert_eq!(listed("\npub const STATES: [&str; 2] = [\"held\", \"done\"];\n", "STATES"), ["done", "held"].into());
}

#[test]
fn the_web_knows_every_permission() {
    let web = quoted(between(text("admin/src/lib/me.ts"), "export type Permission =", ";"), '\'');
    none(complaints("admin/src/lib/me.ts, permissions", 26, &names(text("runtime/core/src/permission.rs"), "permissions"), &web));
}

/// A program's request to be let in says by itself who may allow it, so that page is no place that a role may or may not see.
const NO_PLACE: &str = "oauth";

/// The first part of a page's address; none for what is no page of somebody signed in, and for the page at the bare address.
fn place_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("admin/src/app/(inside)/")?.strip_suffix("/page.tsx")?;
    inside.split('/').find(|part| !part.starts_with('('))
}

#[test]
fn a_page_is_told_by_the_first_part_of_its_address() {
    for (path, expect) in [
        ("admin/src/app/(inside)/runs/page.tsx", Some("runs")),
        ("admin/src/app/(inside)/(office)/contacts/[id]/page.tsx", Some("contacts")),
        ("admin/src/app/(inside)/page.tsx", None),
        ("admin/src/app/(inside)/(office)/page.tsx", None),
        ("admin/src/app/(inside)/(office)/layout.tsx", None),
        ("admin/src/app/sign-in/page.tsx", None),
    ] {
        assert_eq!(place_of(path), expect, "{path}");
    }
}

/// A page that is missing from the list would be open to every role.
#[test]
fn every_page_of_the_web_is_a_place_that_the_server_knows() {
    let pages: BTreeSet<&str> = ending("/page.tsx").filter_map(|(path, _)| place_of(path)).filter(|place| *place != NO_PLACE).collect();
    none(complaints("api/src/web/places.rs, places", 23, &names(text("api/src/web/places.rs"), "places"), &pages));
}

#[test]
fn the_web_knows_every_role_effect_scope_state_and_verdict() {
    let (actor, tool) = (text("runtime/core/src/actor.rs"), text("runtime/core/src/tool.rs"));
    let (verdict, outcome) = (text("runtime/core/src/verdict.rs"), text("runtime/core/src/event/outcome.rs"));
    let (run, holds) = (text("runtime/store/src/run.rs"), text("runtime/office/src/holds.rs"));
    for (path, list, least, server) in [
        ("admin/src/components/role-names.ts", "ROLES", 5, arms(actor, "Role", "name")),
        ("admin/src/components/token-row.tsx", "SCOPES", 3, arms(actor, "Scope", "name")),
        ("admin/src/components/effect-badge.tsx", "EFFECTS", 9, arms(tool, "Effect", "name")),
        ("admin/src/lib/hold-filter.ts", "EFFECTS", 9, arms(tool, "Effect", "name")),
        ("admin/src/components/hold/state.tsx", "STATES", 11, listed(holds, "STATES")),
        ("admin/src/components/run/status.tsx", "STATUSES", 4, arms(run, "RunStatus", "name")),
        ("admin/src/components/run/status.tsx", "OUTCOMES", 9, arms(outcome, "RunOutcome", "name")),
        ("admin/src/components/verdict.tsx", "VERDICTS", 3, arms(verdict, "Verdict", "past")),
        ("admin/src/features/policies/checks.tsx", "VERDICTS", 3, arms(verdict, "Verdict", "name")),
        ("admin/src/features/actions/action-detail.tsx", "CLASSES", 9, arms(verdict, "BlockClass", "name")),
    ] {
        none(complaints(&format!("{path}, {list}"), least, &server, &known(text(path), list)));
    }
}

#[test]
fn the_web_knows_who_stands_for_everybody_of_the_organisation() {
    let server = between(text("runtime/core/src/label.rs"), "pub const HOUSE: &'static str = \"", "\";");
    assert_eq!(between(text("admin/src/components/label-badges.tsx"), "const HOUSE = '", "';"), server);
}

/// What stands before an address that the compiler holds to the document of the interface.
const CHECKED: [&str; 8] = ["api.GET('", "api.POST('", "api.PUT('", "api.PATCH('", "api.DELETE('", "addressOf('", "addressToPost('", "QueryOf<'"];

/// Lines of a file of the web with an address of the interface that nothing checks.
fn by_hand(source: &str) -> Vec<usize> {
    let is_unchecked = |line: &str| line.match_indices("/api/v1").any(|(at, _)| !CHECKED.iter().any(|before| line[..at].ends_with(before)));
    source.lines().zip(1..).filter(|(line, _)| is_unchecked(line)).map(|(_, number)| number).collect()
}

#[test]
fn an_address_that_nothing_checks_is_seen() {
    let check = |source: &str, expect: &[usize]| assert_eq!(by_hand(source), expect, "{source}");
    check("import { api } from '@/lib/api/client';\nanswer(api.GET('/api/v1/runs'));\n", &[]);
    check("fetch(addressOf('/api/v1/runs/{id}/events', { path: { id } }));\ntype Filters = QueryOf<'/api/v1/holds'>;\n", &[]);
    check("\nfetch(`/api/v1/runs/${id}/events`);\n", &[2]);
    check("const path = '/api/v1/runs';\n", &[1]);
    check("<ExportButton address=\"/api/v1/holds\" />\nanswer(api.GET('/api/v1/runs')); fetch('/api/v1/runs');\n", &[1, 2]);
}

#[test]
fn every_address_of_the_interface_in_the_web_is_one_that_the_compiler_checks() {
    let files = ending(".ts").chain(ending(".tsx")).filter(|(path, _)| path.starts_with("admin/src/"));
    let told = |path: &str, line: usize| format!("{path}, line {line}: an address is made by `addressOf`");
    none(files.flat_map(|(path, source)| by_hand(source).into_iter().map(move |line| told(path, line))).collect());
}
