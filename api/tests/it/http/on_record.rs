//! Every route that changes something writes it down in the same transaction; a refused request writes nothing and changes nothing.

use super::sample;
use super::world::World;
use steward_api::router::{Route, table};
use steward_core::{PersonId, Role};

/// Routes whose sample succeeds at nothing here: a code of a second factor is made of a secret that no sample has, no provider is
/// configured, and no client was sent a code. Each has tests of its own; the list only shrinks.
const ELSEWHERE: [&str; 14] = [
    "oauth::token",
    "session::create",
    "oidc::begin",
    "oidc::answer",
    "passkeys::add",
    "passkeys::remove",
    "passkeys::step_up",
    "openai::complete",
    "openai::respond",
    "session::step_up",
    "factors::enrol",
    "factors::confirm",
    "factors::remove",
    "factors::recovery",
];

/// Routes whose sample is refused here, as no tool and no run stands behind it, or that change nothing. What they write down is tested with
/// the real parts: `an_action_is_edited_and_approved_as_edited`, `a_grant_is_given_shown_as_a_rule_and_taken_back`,
/// `a_changed_tool_stays_refused_until_another_person_accepts_it`, `a_merge_loses_nothing_and_takes_deals_and_notes_along`,
/// `an_mcp_call_is_a_run_of_its_own_through_the_gate`, `a_person_lets_a_client_in_or_not_and_it_hears_of_it`,
/// `a_client_gives_its_token_back_by_either_secret_and_nobody_else_does`.
const WITHOUT_PARTS: [&str; 13] = [
    "oauth::allow",
    "oauth::refuse",
    "oauth::register",
    "oauth::revoke",
    "passkeys::challenge",
    "passkeys::begin",
    "holds::edit",
    "grants::create",
    "policies::backtest",
    "tools::propose",
    "contacts::merge",
    "mcp::post",
    "mcp::close",
];

async fn entries(world: &World) -> i64 {
    world.server.database.number("select count(*) from audit_event").await
}

/// Everything a refused request might have touched: each table's rows, but for the bookkeeping of who was seen when.
async fn fingerprint(world: &World) -> Vec<String> {
    let tables = "select relname::text from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations' order by relname";
    let database = &world.server.database;
    let mut sql = Vec::new();
    for table in database.texts(&database.superuser_url, "", tables).await.expect("tables") {
        sql.push(format!("select '{table} ' || coalesce(md5(string_agg(md5((to_jsonb(t) - 'seen_at' - 'used_at')::text), '' order by md5((to_jsonb(t) - 'seen_at' - 'used_at')::text))), '') from {table} t"));
    }
    database.texts(&database.superuser_url, "", &sql.join(" union all ")).await.expect("fingerprint")
}

fn changes(route: &Route) -> bool {
    route.method != "GET" && !ELSEWHERE.contains(&route.name)
}

#[tokio::test]
async fn a_refused_request_changes_nothing_at_all() {
    let world = World::make().await;
    let auditor: PersonId = world.person(Role::Auditor, None).await;
    for route in table().iter().filter(|route| changes(route)) {
        let secret = world.home.session_of(&world.server, auditor).await.secret;
        let owners = sample::target(&world, &world.home, world.home.owner, route).await;
        let before = fingerprint(&world).await;
        // Once without the right to, once without coming from a page of ours.
        let by_role = sample::ask(&world, route, owners.as_deref()).cookie(&secret).send().await.status;
        if by_role != 403 && by_role != 404 {
            assert!((200..300).contains(&by_role), "{} {}: {by_role}", route.method, route.path);
            continue;
        }
        let owner = world.owner().await;
        let after_sign_in = fingerprint(&world).await;
        let by_origin = sample::ask(&world, route, owners.as_deref()).cookie(&owner).header("origin", "https://evil.example").send().await.status;
        assert_eq!(by_origin, 403, "{} {}", route.method, route.path);
        assert_eq!(fingerprint(&world).await, after_sign_in, "{} {} from another site", route.method, route.path);
        // Signing the owner in touched sessions, links and the log; everything else is as before the first refusal.
        let but_sign_in = |lines: Vec<String>| {
            lines.into_iter().filter(|line| !["session ", "sign_in_link ", "audit_event "].iter().any(|table| line.starts_with(table))).collect::<Vec<_>>()
        };
        assert_eq!(but_sign_in(after_sign_in), but_sign_in(before), "{} {} as auditor", route.method, route.path);
    }
}

#[tokio::test]
async fn every_change_is_written_down() {
    let world = World::make().await;
    for route in table().iter().filter(|route| changes(route) && !WITHOUT_PARTS.contains(&route.name)) {
        let owner = world.owner().await;
        let id = sample::target(&world, &world.home, world.home.owner, route).await;
        let before = entries(&world).await;
        let reply = sample::ask(&world, route, id.as_deref()).cookie(&owner).send().await;
        assert!((200..300).contains(&reply.status), "{} {}: {} {}", route.method, route.path, reply.status, reply.text());
        assert!(entries(&world).await > before, "{} {} changes something and writes nothing down", route.method, route.path);
        let named =
            world.server.database.number("select count(*) from audit_event where request_id like 'req\\_%' and at = (select max(at) from audit_event)").await;
        assert!(named > 0, "{} {} does not say on which request's behalf", route.method, route.path);
    }
}
