//! Pages of the web that a role may not see are nowhere for it: a role × page table, who counts as having a role at all, and what is kept
//! of such an answer on the way.

use super::server::{Reply, Server};
use super::world::World;
use bytes::Bytes;
use secrecy::SecretString;
use serde_json::json;
use steward_api::Web;
use steward_core::{Role, Scope};
use steward_store::Store;

/// Every place, in the order in which the web shows them.
const PLACES: [&str; 23] = [
    "chat",
    "holds",
    "blocked",
    "actions",
    "runs",
    "schedules",
    "budgets",
    "usage",
    "contacts",
    "companies",
    "deals",
    "documents",
    "policies",
    "changes",
    "suggestions",
    "grants",
    "tools",
    "prompts",
    "agents",
    "audit",
    "people",
    "health",
    "settings",
];

/// What each role may not see.
const KEPT: [(Role, &[&str]); 5] = [
    (Role::Support, &["blocked", "actions", "budgets", "usage", "suggestions", "audit", "people"]),
    (Role::Auditor, &["chat", "schedules"]),
    (Role::Finance, &["audit", "people"]),
    (Role::Manager, &["audit"]),
    (Role::Owner, &[]),
];

/// What browsers ask for when a page is gone to.
const BROWSER: &str = "text/html,application/xhtml+xml";
/// A secret as sessions have them, which none has.
const SECRET_OF_NOBODY: &str = "org_00000000000000000000000001.0000000000000000000000000000000000000000000000000000";
const EVERYWHERE: &str = "public, max-age=31536000, immutable";

/// The files an export has of each place, and some of no place.
fn export() -> Web {
    let of_none = ["index.html", "404.html", "sign-in.html", "oauth/authorize.html", "_next/static/a.js"].map(str::to_owned);
    let of = |place: &&str| ["*.html", "*.txt", "*/__next._tree.txt", "*/_.html", "*/_.txt", "*/_/__next._tree.txt"].map(|file| file.replace('*', place));
    let files = of_none.into_iter().chain(PLACES.iter().flat_map(of));
    Web::of(files.map(|name| {
        let body = Bytes::from(format!("what stands in {name}"));
        (name, body)
    }))
}

/// Every way to ask for something of a place.
fn ways(place: &str) -> [String; 10] {
    ["/*", "/*/", "//*", "/*.html", "/*.txt", "/*?show=all", "/*/__next._tree.txt", "/*/one_01", "/*/one_01.txt", "/*/one_01/__next._tree.txt"]
        .map(|way| way.replace('*', place))
}

async fn world() -> World {
    World::on(Server::start_with(export()).await).await
}

/// A page as a browser with this session gets it.
async fn get(server: &Server, path: impl Into<String>, session: &SecretString) -> Reply {
    server.ask("GET", path).header("accept", BROWSER).cookie(session).send().await
}

/// All of an answer but the request's own id.
fn told(reply: &Reply) -> (u16, Vec<(String, String)>, &[u8]) {
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned())).collect();
    headers.sort();
    (reply.status, headers, reply.bytes.as_slice())
}

#[tokio::test]
async fn what_a_role_may_not_see_looks_like_what_is_nowhere() {
    let world = world().await;
    let server = &world.server;
    for (role, kept) in KEPT {
        let session = world.session(role).await.secret;
        let nowhere = get(server, "/no-such-page", &session).await.expect(404);
        assert_eq!(nowhere.text(), "what stands in 404.html");
        for place in kept {
            for way in ways(place) {
                let reply = get(server, way.as_str(), &session).await;
                assert_eq!(told(&reply), told(&nowhere), "{role} at {way}");
            }
            // What is asked for by a script, as the parts of a page are, is a problem document: there, too, like any address that is nowhere.
            for way in [format!("/{place}"), format!("/{place}.txt")] {
                let part = server.ask("GET", way.as_str()).header("accept", "*/*").cookie(&session).send().await.expect(404);
                assert_eq!(part.header("content-type"), Some("application/problem+json"), "{role} at {way}");
                assert_eq!(part.header("cache-control"), Some("no-store"), "{role} at {way}");
            }
        }
        for place in PLACES.iter().filter(|place| !kept.contains(*place)) {
            let reply = get(server, format!("/{place}"), &session).await.expect(200);
            assert_eq!(reply.text(), format!("what stands in {place}.html"), "{role}");
        }
    }
}

#[tokio::test]
async fn one_is_told_of_those_places_that_one_finds() {
    let world = world().await;
    for (role, kept) in KEPT {
        let session = world.session(role).await.secret;
        let me = world.server.ask("GET", "/api/v1/me").cookie(&session).send().await.expect(200).json();
        let places: Vec<&str> = PLACES.into_iter().filter(|place| !kept.contains(place)).collect();
        assert_eq!(me["places"], json!(places), "{role}");
    }
}

/// The page leads them to the door, and then to where they wanted.
#[tokio::test]
async fn whoever_is_in_no_session_gets_the_page_as_before() {
    let world = world().await;
    let server = &world.server;
    let ask = || server.ask("GET", "/audit").header("accept", BROWSER);
    let support = world.session(Role::Support).await;
    ask().cookie(&support.secret).send().await.expect(404);

    let token = world.token(&support.actor, &[Scope::Converse, Scope::Read]).await.secret;
    let (expired, revoked) = (world.session(Role::Support).await, world.session(Role::Support).await);
    for (session, column) in [(&expired, "expires_at"), (&revoked, "revoked_at")] {
        let id = session.session.session_id.uuid();
        server.database.raw(&format!("update session set {column} = '2026-01-01' where session_id = '{id}'")).await;
    }
    let unknown = SecretString::from(SECRET_OF_NOBODY);
    for (who, ask) in [
        ("nobody", ask()),
        ("a secret that is none", ask().cookie(&SecretString::from("x"))),
        ("a secret nobody has", ask().cookie(&unknown)),
        ("a session that ran out", ask().cookie(&expired.secret)),
        ("a session that was ended", ask().cookie(&revoked.secret)),
        ("a token", ask().token(&token)),
    ] {
        let reply = ask.send().await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "what stands in audit.html"), "{who}");
    }
    // What else a request brings does not hide whose session it comes in.
    ask().token(&token).cookie(&support.secret).send().await.expect(404);
    ask().token(&SecretString::from("x")).cookie(&support.secret).send().await.expect(404);
    // Half an hour without a use.
    server.pass_minutes(31);
    ask().cookie(&support.secret).send().await.expect(200);
}

#[tokio::test]
async fn an_answer_for_one_person_is_not_kept_for_another() {
    let world = world().await;
    let server = &world.server;
    let (owner, support) = (world.owner().await, world.session(Role::Support).await.secret);
    let page = get(server, "/audit", &owner).await.expect(200);
    let missing = get(server, "/audit", &support).await.expect(404);
    for reply in [&page, &missing] {
        assert_eq!((reply.header("cache-control"), reply.header("vary")), (Some("private, no-cache"), Some("accept-encoding, cookie")));
    }
    let tag = |reply: &Reply| reply.header("etag").expect("a tag").to_owned();
    let again = |session: &SecretString, tag: String| server.ask("GET", "/audit").header("accept", BROWSER).header("if-none-match", tag).cookie(session);
    // Whoever brings the tag of the page does not learn by it that the page is there.
    let brought = again(&support, tag(&page)).send().await;
    assert_eq!(told(&brought), told(&missing));
    assert_eq!(told(&again(&support, tag(&missing)).send().await), told(&missing));
    assert_eq!(told(&again(&owner, tag(&missing)).send().await), told(&page));
    let known = again(&owner, tag(&page)).send().await.expect(304);
    assert!(known.bytes.is_empty());
    assert_eq!((known.header("cache-control"), known.header("vary")), (Some("private, no-cache"), Some("accept-encoding, cookie")));
    // What is the same for everybody is kept as it always was.
    for (path, cache) in [("/settings", "no-cache"), ("/", "no-cache"), ("/sign-in", "no-cache"), ("/_next/static/a.js", EVERYWHERE)] {
        let reply = get(server, path, &support).await.expect(200);
        assert_eq!((reply.header("cache-control"), reply.header("vary")), (Some(cache), Some("accept-encoding")), "{path}");
    }
}

#[tokio::test]
async fn head_is_answered_like_get() {
    let world = world().await;
    let sessions = [world.owner().await, world.session(Role::Support).await.secret];
    for session in &sessions {
        for path in ["/audit", "/audit.txt", "/audit/one_01", "/settings", "/no-such-page"] {
            for accept in [BROWSER, "*/*"] {
                let ask = |method| world.server.ask(method, path).header("accept", accept).cookie(session);
                let (get, head) = (ask("GET").send().await, ask("HEAD").send().await);
                let plain = |reply: &Reply| {
                    ["content-type", "cache-control", "vary", "etag", "content-security-policy"].map(|name| reply.header(name).map(str::to_owned))
                };
                assert_eq!((head.status, plain(&head)), (get.status, plain(&get)), "{path} {accept}");
                assert!(head.bytes.is_empty(), "{path} {accept}");
            }
        }
    }
}

/// A session that is looked up counts as used, which is seen in the database.
#[tokio::test]
async fn who_asks_is_looked_up_for_kept_pages_alone() {
    let world = world().await;
    let server = &world.server;
    let signed_in = world.session(Role::Support).await;
    let sql = format!("select extract(epoch from seen_at)::bigint from session where session_id = '{}'", signed_in.session.session_id.uuid());
    let seen = server.database.number(&sql).await;
    server.pass_minutes(5);
    for path in ["/_next/static/a.js", "/", "/sign-in", "/oauth/authorize", "/settings", "/runs/run_01", "/no-such-page", "/_next/static/b.js"] {
        get(server, path, &signed_in.secret).await;
    }
    assert_eq!(server.database.number(&sql).await, seen);
    get(server, "/audit", &signed_in.secret).await.expect(404);
    assert_eq!(server.database.number(&sql).await, seen + 300);
}

#[tokio::test]
async fn where_the_database_is_away_a_page_comes_and_says_so_itself() {
    let server = Server::start_changed(|parts| parts.store = Store::nowhere()).await;
    let session = SecretString::from(SECRET_OF_NOBODY);
    let page = get(&server, "/holds/hold_01", &session).await.expect(200);
    assert_eq!((page.text().as_str(), page.header("cache-control")), ("<p>any held action</p>", Some("private, no-cache")));
    server.ask("GET", "/api/v1/me").cookie(&session).send().await.expect(503);
}
