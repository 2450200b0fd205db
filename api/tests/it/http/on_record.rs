//! Every route that changes something writes it down in the same transaction; a refused request writes nothing and changes nothing.

use super::sample;
use super::world::World;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use steward_api::router::{Route, table};
use steward_core::{PersonId, Role};

/// A route that the tests here leave out: its name, the entry it writes where its parts are there, and the test that looks at that entry.
/// One without an entry changes nothing.
type LeftOut = (&'static str, Option<(&'static str, &'static str)>);

/// Routes whose sample succeeds at nothing here: a code of a second factor is made of a secret that no sample has, no provider is
/// configured, and no client was sent a code.
const ELSEWHERE: [LeftOut; 14] = [
    ("oauth::token", Some(("token.create", "a_clients_token_is_good_at_mcp_alone_and_for_an_hour"))),
    ("session::create", Some(("session.create", "what_second_factors_do_is_on_record_in_the_same_transaction"))),
    ("oidc::begin", None),
    ("oidc::answer", Some(("session.create", "somebody_known_is_bound_once_and_is_never_who_has_their_address_later"))),
    ("passkeys::add", Some(("factor.add", "a_passkey_is_registered_only_by_who_was_asked_on_a_page_of_ours_once"))),
    ("passkeys::remove", Some(("factor.remove", "where_there_is_a_passkey_a_link_alone_opens_nothing_and_it_goes_only_with_itself"))),
    ("passkeys::step_up", None),
    ("openai::complete", Some(("run.start", "a_completion_and_a_response_are_on_record_as_runs"))),
    ("openai::respond", Some(("run.start", "a_completion_and_a_response_are_on_record_as_runs"))),
    ("session::step_up", Some(("session.step_up", "what_second_factors_do_is_on_record_in_the_same_transaction"))),
    ("factors::enrol", Some(("factor.begin", "what_second_factors_do_is_on_record_in_the_same_transaction"))),
    ("factors::confirm", Some(("factor.add", "what_second_factors_do_is_on_record_in_the_same_transaction"))),
    ("factors::remove", Some(("factor.remove", "what_second_factors_do_is_on_record_in_the_same_transaction"))),
    ("factors::recovery", Some(("factor.recovery_codes", "what_second_factors_do_is_on_record_in_the_same_transaction"))),
];

/// Routes whose sample is refused here, as no tool and no run stands behind it, or that change nothing.
const WITHOUT_PARTS: [LeftOut; 12] = [
    ("oauth::allow", Some(("client.allow", "a_person_lets_a_client_in_or_not_and_it_hears_of_it"))),
    ("oauth::refuse", Some(("client.refuse", "a_person_lets_a_client_in_or_not_and_it_hears_of_it"))),
    ("oauth::register", None),
    ("oauth::revoke", Some(("token.revoke", "a_client_gives_its_token_back_by_either_secret_and_nobody_else_does"))),
    ("passkeys::challenge", None),
    ("passkeys::begin", None),
    ("holds::edit", Some(("hold.edit", "an_action_is_edited_and_approved_as_edited"))),
    ("grants::create", Some(("grant.give", "a_grant_is_given_shown_as_a_rule_and_taken_back"))),
    ("policies::backtest", None),
    ("tools::propose", Some(("change.propose", "a_changed_tool_stays_refused_until_another_person_accepts_it"))),
    ("mcp::post", Some(("run.start", "an_mcp_call_is_a_run_of_its_own_through_the_gate"))),
    ("mcp::close", None),
];

/// So many are left out, and so many of them change nothing: these only become fewer.
const LEFT_OUT_MAX: usize = 26;
const CHANGE_NOTHING_MAX: usize = 7;

/// What is kept beside: who was seen when, what a request was answered, tries that are counted whatever comes of them, who was told, and
/// the log's own order.
const BOOKKEEPING: [&str; 7] = ["announcement", "api_token", "audit_checkpoint", "audit_index", "idempotency", "session", "sign_in_failure"];

async fn entries(world: &World) -> i64 {
    world.server.database.number("select count(*) from audit_event").await
}

/// Everything a refused request might have touched: each table's rows, but for the bookkeeping of who was seen when.
pub(crate) async fn fingerprint(world: &World) -> Vec<String> {
    let tables = "select relname::text from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations' order by relname";
    let database = &world.server.database;
    let mut sql = Vec::new();
    for table in database.texts(&database.superuser_url, "", tables).await.expect("tables") {
        sql.push(format!("select '{table} ' || coalesce(md5(string_agg(md5((to_jsonb(t) - 'seen_at' - 'used_at')::text), '' order by md5((to_jsonb(t) - 'seen_at' - 'used_at')::text))), '') from {table} t"));
    }
    database.texts(&database.superuser_url, "", &sql.join(" union all ")).await.expect("fingerprint")
}

/// The same but for what signing in touches: sessions, links and the log.
pub(crate) fn but_sign_in(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| !["session ", "sign_in_link ", "audit_event "].iter().any(|table| line.starts_with(table))).collect()
}

/// Routes that may change something.
fn changing() -> impl Iterator<Item = &'static Route> {
    table().iter().filter(|route| route.method != "GET")
}

pub(crate) fn is_left_out(route: &Route) -> bool {
    ELSEWHERE.iter().chain(&WITHOUT_PARTS).any(|(name, _)| *name == route.name)
}

/// The number of the transaction that is next; what is written from now on has this one or a later one.
pub(super) async fn transaction(world: &World) -> i64 {
    world.server.database.number("select pg_current_xact_id()::text::bigint").await
}

/// Tables in which something was written since then by a transaction that wrote no entry of the log.
pub(super) async fn without_an_entry(world: &World, since: i64) -> Vec<String> {
    let tables =
        "select relname::text from pg_class where relnamespace = 'steward'::regnamespace and relkind = 'r' and relname <> '_sqlx_migrations' order by relname";
    let database = &world.server.database;
    let tables = database.texts(&database.superuser_url, "", tables).await.expect("tables");
    let of = |table: &String| {
        let loose = format!("select from {table} where xmin::text::bigint >= {since} and xmin::text::bigint not in (select written_xid from audit_event)");
        format!("select '{table}'::text where exists ({loose})")
    };
    let sql: Vec<String> = tables.iter().filter(|table| !BOOKKEEPING.contains(&table.as_str())).map(of).collect();
    database.texts(&database.superuser_url, "", &sql.join(" union all ")).await.expect("rows")
}

/// The body of a test of this folder.
fn body_of(test: &str) -> Option<String> {
    fn down(dir: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(dir).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                down(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(fs::read_to_string(&path).expect("file"));
            }
        }
    }
    let mut files = Vec::new();
    down(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/http"), &mut files);
    let head = format!("\nasync fn {test}() {{\n");
    files.iter().find_map(|file| Some(file.split_once(&head)?.1.split("\n}\n").next()?.to_owned()))
}

#[test]
fn what_is_left_out_has_a_test_that_looks_at_its_entry_and_the_list_only_shrinks() {
    let (routes, left_out) = (table(), ELSEWHERE.iter().chain(&WITHOUT_PARTS));
    for (name, entry) in left_out.clone() {
        assert!(routes.iter().any(|route| route.name == *name && route.method != "GET"), "`{name}` is no route that changes something: take it off");
        let Some((action, test)) = entry else { continue };
        let body = body_of(test).unwrap_or_else(|| panic!("`{name}` is left out for the test `{test}`, which is not there"));
        assert!(body.contains(action) && body.contains("assert"), "`{test}` says nothing of `{action}`");
    }
    let names: BTreeSet<&str> = left_out.clone().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), left_out.clone().count(), "a route stands there twice");
    assert!(names.len() <= LEFT_OUT_MAX, "a new route has a sample that succeeds, and is not left out");
    assert!(left_out.filter(|(_, entry)| entry.is_none()).count() <= CHANGE_NOTHING_MAX);
}

#[tokio::test]
async fn what_is_left_out_as_it_changes_nothing_changes_nothing() {
    let world = World::make().await;
    let is_left_out = |route: &&Route| ELSEWHERE.iter().chain(&WITHOUT_PARTS).any(|(name, entry)| *name == route.name && entry.is_none());
    for route in table().iter().filter(is_left_out) {
        let owner = world.owner().await;
        let id = sample::target(&world, &world.home, world.home.owner, route).await;
        let before = fingerprint(&world).await;
        let status = sample::ask(&world, route, id.as_deref()).cookie(&owner).send().await.status;
        assert!(status < 500, "{} {}: {status}", route.method, route.path);
        assert_eq!(fingerprint(&world).await, before, "{} {} ({status})", route.method, route.path);
    }
}

#[tokio::test]
async fn a_refused_request_changes_nothing_at_all() {
    let world = World::make().await;
    let auditor: PersonId = world.person(Role::Auditor, None).await;
    for route in changing() {
        let secret = world.home.session_of(&world.server, auditor).await.secret;
        let owners = sample::target(&world, &world.home, world.home.owner, route).await;
        let before = fingerprint(&world).await;
        // Once without the right to, once without coming from a page of ours.
        let by_role = sample::ask(&world, route, owners.as_deref()).cookie(&secret).send().await.status;
        let (is_refused, is_done) = (matches!(by_role, 403 | 404), (200..300).contains(&by_role));
        assert!(is_refused || is_done || is_left_out(route), "{} {}: {by_role}", route.method, route.path);
        let owner = world.owner().await;
        let after_sign_in = fingerprint(&world).await;
        let by_origin = sample::ask(&world, route, owners.as_deref()).cookie(&owner).header("origin", "https://evil.example").send().await.status;
        assert_eq!(by_origin, 403, "{} {}", route.method, route.path);
        assert_eq!(fingerprint(&world).await, after_sign_in, "{} {} from another site", route.method, route.path);
        if is_refused {
            // Signing the owner in is all that happened since the first refusal.
            assert_eq!(but_sign_in(after_sign_in), but_sign_in(before), "{} {} as auditor", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn every_change_is_written_down() {
    let world = World::make().await;
    for route in changing().filter(|route| !is_left_out(route)) {
        let owner = world.owner().await;
        let id = sample::target(&world, &world.home, world.home.owner, route).await;
        let (before, since) = (entries(&world).await, transaction(&world).await);
        let reply = sample::ask(&world, route, id.as_deref()).cookie(&owner).send().await;
        assert!((200..300).contains(&reply.status), "{} {}: {} {}", route.method, route.path, reply.status, reply.text());
        assert!(entries(&world).await > before, "{} {} changes something and writes nothing down", route.method, route.path);
        let named =
            world.server.database.number("select count(*) from audit_event where request_id like 'req\\_%' and at = (select max(at) from audit_event)").await;
        assert!(named > 0, "{} {} does not say on which request's behalf", route.method, route.path);
        let loose = without_an_entry(&world, since).await;
        assert!(loose.is_empty(), "{} {} changes {loose:?} in a transaction that writes nothing down", route.method, route.path);
    }
}
