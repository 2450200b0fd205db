//! The server's own pages load nothing but themselves, and let exactly their own script run.

use super::server::Server;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    text.split_once(open)?.1.split_once(close).map(|(inner, _)| inner)
}

#[tokio::test]
async fn pages_ask_nobody_else_and_name_their_script_by_hash() {
    let server = Server::start().await;
    for (path, has_script) in [("/sign-in", true), ("/docs", false)] {
        let reply = server.ask("GET", path).send().await.expect(200);
        let (html, policy) = (reply.text(), reply.header("content-security-policy").expect("policy").to_owned());
        for foreign in ["src=", "<link", "@import", "url(", "http://", "onclick", "onload", "style="] {
            let found = html.replace("http://localhost", "").contains(foreign);
            assert!(!found, "{path} has {foreign}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
        assert!(policy.contains(&format!("style-src {}", hash(between(&html, "<style>", "</style>").expect("style")))), "{path}");
        let script = between(&html, "<script>", "</script>");
        assert_eq!(script.is_some(), has_script, "{path}");
        if let Some(script) = script {
            assert!(policy.contains(&format!("script-src {}", hash(script))), "{path}");
        }
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">") && html.contains("<title>") && html.contains("<main"), "{path}");
    }
}

#[tokio::test]
async fn every_field_of_the_door_has_a_label() {
    let html = Server::start().await.ask("GET", "/sign-in").send().await.text();
    for field in ["email", "password", "current", "new"] {
        assert!(html.contains(&format!("<label for=\"{field}\">")) && html.contains(&format!("<input id=\"{field}\"")), "{field}");
    }
    assert_eq!(Server::start().await.ask("GET", "/").send().await.expect(303).header("location"), Some("/sign-in"));
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
    let text = server.ask("GET", "/metrics").send().await.expect(200).text();
    for line in [
        "steward_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1",
        "steward_http_requests_total{method=\"GET\",route=\"/api/v1/people/{id}\",status=\"401\"} 1",
        "steward_http_requests_total{method=\"GET\",route=\"unknown\",status=\"404\"} 1",
    ] {
        assert!(text.lines().any(|have| have == line), "{line}\n{text}");
    }
    assert!(!text.contains("secret-name"));
}
