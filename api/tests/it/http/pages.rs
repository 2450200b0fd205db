//! The server's own pages load nothing but themselves, and let exactly their own script run.

use super::server::Server;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    text.split_once(open)?.1.split_once(close).map(|(inner, _)| inner)
}

#[tokio::test]
async fn pages_ask_nobody_else() {
    let server = Server::start().await;
    let reply = server.ask("GET", "/docs").send().await.expect(200);
    let (html, policy) = (reply.text(), reply.header("content-security-policy").expect("policy").to_owned());
    for foreign in ["src=", "<link", "@import", "url(", "http://", "onclick", "onload", "style=", "<script"] {
        let found = html.replace("http://localhost", "").contains(foreign);
        assert!(!found, "{foreign}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("script-src"), "{policy}");
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    assert!(policy.contains(&format!("style-src {}", hash(between(&html, "<style>", "</style>").expect("style")))));
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">") && html.contains("<title>") && html.contains("<main"));
}

#[tokio::test]
async fn only_people_get_pages_where_nothing_is() {
    let server = Server::start().await;
    let browser = "text/html,application/xhtml+xml";
    for (path, accept, status, kind) in [
        ("/nothing", browser, 404, "text/html; charset=utf-8"),
        ("/holds/a/b", browser, 404, "text/html; charset=utf-8"),
        ("/nothing", "*/*", 404, "application/problem+json"),
        ("/api/v1/nothing", browser, 404, "application/problem+json"),
        ("/webhooks/x", browser, 404, "application/problem+json"),
        ("/v1/nothing", browser, 404, "application/json"),
        ("/", "*/*", 200, "text/html; charset=utf-8"),
        ("/holds/hold_01", "*/*", 200, "text/html; charset=utf-8"),
    ] {
        let reply = server.ask("GET", path).header("accept", accept).send().await;
        assert_eq!((reply.status, reply.header("content-type")), (status, Some(kind)), "{path} {accept}");
    }
    let posted = server.ask("POST", "/holds/hold_01").header("accept", browser).send().await;
    assert_eq!((posted.status, posted.header("content-type")), (404, Some("application/problem+json")), "pages are read only");
}

/// Paths that decision 0052 keeps free. One that comes leaves this list, and its row there.
#[tokio::test]
async fn paths_that_are_kept_free_are_not_there_for_any_method() {
    let server = Server::start().await;
    let nouns = ["activities", "ads", "deliveries", "evals", "events", "jobs", "mail", "payees", "payout-batches", "payouts", "reconciliation", "sequences"];
    let paths = nouns.into_iter().chain(["templates", "voice", "payouts/payout_01/release"]).map(|noun| format!("/api/v1/{noun}"));
    for path in paths.chain(["/webhooks/stripe".to_owned()]) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let reply = server.ask(method, path.as_str()).header("accept", "text/html").send().await;
            assert_eq!((reply.status, reply.header("content-type")), (404, Some("application/problem+json")), "{method} {path}");
            assert_eq!(reply.json()["code"], "missing", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_page_of_the_web_lets_exactly_its_own_scripts_run() {
    let reply = Server::start().await.ask("GET", "/").send().await.expect(200);
    let policy = reply.header("content-security-policy").expect("policy");
    let hash = STANDARD.encode(Sha256::digest(b"go()"));
    assert!(policy.contains(&format!("script-src 'self' 'sha256-{hash}'; style-src 'self';")) && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    assert_eq!((reply.header("x-frame-options"), reply.header("cache-control")), (Some("DENY"), Some("no-cache")));
}

#[tokio::test]
async fn without_a_web_the_server_says_how_to_build_one() {
    let server = Server::start_with(steward_api::Web::default()).await;
    for (path, accept) in [("/", "*/*"), ("/sign-in", "*/*"), ("/holds/hold_01", "text/html")] {
        let reply = server.ask("GET", path).header("accept", accept).send().await.expect(200);
        assert!(reply.text().contains("make up") && reply.text().contains("Node.js 20"), "{path}");
        assert!(reply.header("content-security-policy").expect("policy").starts_with("default-src 'none'"), "{path}");
    }
    server.ask("GET", "/holds/hold_01").send().await.expect(404);
}

#[tokio::test]
async fn the_reference_shows_every_route() {
    let server = Server::start().await;
    let html = server.ask("GET", "/docs").send().await.text();
    for route in steward_api::router::table() {
        assert!(html.contains(&format!("<span class=\"verb\">{}</span> <code>{}</code>", route.method, route.path)), "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn counters_count_routes_and_not_paths() {
    let server = Server::start().await;
    server.ask("GET", "/healthz").send().await.expect(200);
    server.ask("GET", "/api/v1/people/person_00000000000000000000000001").send().await.expect(401);
    server.ask("GET", "/secret-name").send().await.expect(404);
    server.ask("GET", "/holds/secret-name").send().await.expect(200);
    let text = server.ask("GET", "/metrics").send().await.expect(200).text();
    for line in [
        "steward_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1",
        "steward_http_requests_total{method=\"GET\",route=\"/api/v1/people/{id}\",status=\"401\"} 1",
        "steward_http_requests_total{method=\"GET\",route=\"unknown\",status=\"404\"} 1",
        "steward_http_requests_total{method=\"GET\",route=\"web\",status=\"200\"} 1",
    ] {
        assert!(text.lines().any(|have| have == line), "{line}\n{text}");
    }
    assert!(!text.contains("secret-name"));
}
