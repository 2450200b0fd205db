//! The way out for plugins, tried by one that asks whatever it is told to, against a real server: what must not leave does not, what must
//! not be reached is not, and what is secret does not come back.

mod lookups;
mod own;
mod wasi;
pub(crate) mod world;

use crate::support::Ear;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use steward_core::{Effect, FailureClass, Origin, Outcome, PluginWork};
use steward_host::testing::MemoryOffice;
use steward_host::{EgressOptions, NoSecrets, Roots, RunBudget};
use tokio::time::timeout;
use world::{Reply, Server, TOKEN, World, answer};

async fn quiet() -> Server {
    Server::start(|_| answer("200 OK", "", "hello")).await
}

#[tokio::test]
async fn only_what_the_manifest_allows_is_asked() {
    let server = quiet().await;
    let world = World::at(server.port);
    let api = |path: &str| world.url("api", path);
    let literal = |host: &str| format!("http://{host}:{}/v1/a", server.port);
    for (tool, arguments, expect) in [
        ("look", json!({ "url": "http://evil.test/v1/a" }), "no host that tool.toml allows"),
        // What is told by the name alone is not looked up either.
        ("look", json!({ "url": format!("http://the-salary-is-4711.asker.test:{}/v1/a", server.port) }), "no host that tool.toml allows"),
        ("look", json!({ "url": format!("http://x.api.asker.test:{}/v1/a", server.port) }), "no host that tool.toml allows"),
        ("look", json!({ "url": literal("127.0.0.1") }), "the host is an address"),
        ("look", json!({ "url": literal("0x7f.1") }), "the host is an address"),
        ("look", json!({ "url": literal("2130706433") }), "the host is an address"),
        ("look", json!({ "url": literal("[::ffff:127.0.0.1]") }), "the host is an address"),
        ("look", json!({ "url": "http://169.254.169.254/latest/meta-data/" }), "the host is an address"),
        ("look", json!({ "url": "http://localhost/v1/a" }), "no host that tool.toml allows"),
        ("look", json!({ "url": format!("http://api.asker.test:{}/v1/a", server.port ^ 1) }), "is allowed at"),
        ("look", json!({ "url": format!("https://api.asker.test:{}/v1/a", server.port) }), "is allowed at"),
        ("look", json!({ "url": "http://api.asker.test/v1/a" }), "is allowed at"),
        ("look", json!({ "url": format!("ftp://api.asker.test:{}/v1/a", server.port) }), "must begin with `https://`"),
        ("look", json!({ "url": "file:///etc/passwd" }), "must begin with `https://`"),
        ("send", json!({ "url": api("/v1/a"), "method": "DELETE" }), "allows no `DELETE`"),
        ("send", json!({ "url": api("/v1/a"), "method": "get" }), "allows no `get`"),
        ("send", json!({ "url": api("/v1/a"), "method": "GET / HTTP/1.1\r\nX: y" }), "allows no"),
        ("send", json!({ "url": api("/v1/a"), "method": "CONNECT" }), "allows no `CONNECT`"),
        ("send", json!({ "url": world.url("other", "/v1/a"), "method": "POST" }), "allows no `POST`"),
        ("look", json!({ "url": api("/") }), "does not allow this path"),
        ("look", json!({ "url": api("/v2/the-salary-is-4711") }), "does not allow this path"),
        ("look", json!({ "url": api("/v1/../v2/a") }), "the path has"),
        ("look", json!({ "url": api("/v1/%2e%2e/v2/a") }), "the path has"),
        ("look", json!({ "url": api("/v1/%252e%252e/v2/a") }), "the path has"),
        ("look", json!({ "url": api("/v1//a") }), "the path has"),
        ("look", json!({ "url": api("/v1/..;/v2/a") }), "the path has"),
        ("look", json!({ "url": api("/v1/people/..;x/..;/v2") }), "the path has"),
        ("look", json!({ "url": api("/v1/.;x/a") }), "the path has"),
        ("look", json!({ "url": api("/v1/;/a") }), "the path has"),
        ("look", json!({ "url": api("/v1/..%3B/v2") }), "the path has"),
        ("look", json!({ "url": api("/v1/..%2fv2") }), "the path has"),
        ("look", json!({ "url": api("/v1\\..\\v2") }), "control characters or `\\`"),
        ("look", json!({ "url": format!("http://user:word@api.asker.test:{}/v1/a", server.port) }), "has a user"),
        ("look", json!({ "url": format!("http://api.asker.test:{}@evil.test/v1/a", server.port) }), "has a user"),
        ("look", json!({ "url": api("/v1/a#b") }), "has a fragment"),
        ("look", json!({ "url": api("/v1/a"), "body": "x" }), "has no body"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["host: evil.test"] }), "the host's to set"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["Accept-Encoding: gzip"] }), "the host's to set"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["range: bytes=0-3"] }), "the host's to set"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["transfer-encoding: chunked"] }), "the host's to set"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["Transfer_Encoding: chunked"] }), "the host's to set"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["X-HTTP-Method-Override: DELETE"] }), "tool.toml must allow"),
        ("send", json!({ "url": api("/v1/a"), "method": "POST", "headers": ["x-http-method: DELETE"] }), "tool.toml must allow"),
        ("send", json!({ "url": api("/v1/a"), "method": "POST", "headers": ["x-method-override: DELETE"] }), "tool.toml must allow"),
        ("send", json!({ "url": api("/v1/a"), "method": "POST", "headers": ["X_HTTP_Method_Override: DELETE"] }), "tool.toml must allow"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["x-original-url: /v2/admin"] }), "tool.toml must allow"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["x-rewrite-url: /v2/admin"] }), "tool.toml must allow"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["x-forwarded-host: evil.test"] }), "tool.toml must allow"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["X-Forwarded-Proto: http"] }), "tool.toml must allow"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["x-forwarded-prefix: /v2"] }), "tool.toml must allow"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["x-real-ip: 127.0.0.1"] }), "tool.toml must allow"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["authorization: Bearer mine"] }), "is for credentials"),
        ("look", json!({ "url": world.url("other", "/v1/a"), "headers": ["X_Key: mine"] }), "is for credentials"),
        ("look", json!({ "url": api("/open/a"), "headers": ["Cookie: a=b"] }), "is for credentials"),
        ("look", json!({ "url": world.url("other", "/v1/a"), "headers": ["x-key: mine"] }), "is for credentials"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["x-a: b\r\nx-c: d"] }), "header's name or value"),
        ("look", json!({ "url": "" }), "must begin with `https://`"),
    ] {
        let said = world.ask(&format!("asker.{tool}"), arguments.clone()).await;
        assert!(said.starts_with("denied: ") && said.contains(expect), "{arguments}: {said}");
    }
    assert!(server.seen().is_empty(), "{:?}", server.seen());
    assert!(world.names.asked.lock().expect("asked").is_empty(), "no name was looked up that is not asked");
    // What is allowed gets through, in any spelling of the same host.
    for url in [api("/v1/a"), api("/v1/a/b?q=../c"), format!("HTTP://API.Asker.TEST.:{}/v1/c", server.port)] {
        assert!(world.ask("asker.look", json!({ "url": url })).await.starts_with("200 (5 bytes)"), "{url}");
    }
    // What only looks like it does, too.
    let harmless = json!({ "url": api("/v1/a;x=1/b"), "headers": ["x-method-note: a", "x-request-id: b", "x-originally: c"] });
    assert!(world.ask("asker.look", harmless).await.starts_with("200 (5 bytes)"));
    let seen = server.seen();
    assert!(seen[3].starts_with("GET /v1/a;x=1/b ") && seen[3].contains("x-request-id: b"), "{seen:?}");
    assert!(seen.len() == 4 && seen.iter().all(|one| one.contains(&format!("host: api.asker.test:{}\r\n", server.port))), "{seen:?}");
}

#[tokio::test]
async fn what_an_effect_does_not_say_is_not_done() {
    let server = quiet().await;
    let world = World::at(server.port);
    let url = world.url("open-is-not-this", "/");
    for (tool, method, expect) in [
        ("asker.peek", "GET", "a tool with the effect `read` asks nobody outside"),
        ("asker.note", "GET", "a tool with the effect `write` asks nobody outside"),
        ("asker.note", "POST", "a tool with the effect `write` asks nobody outside"),
        ("asker.look", "POST", "may GET and HEAD"),
    ] {
        for url in [&url, &world.url("api", "/open/a")] {
            let said = world.ask(tool, json!({ "url": url, "method": method })).await;
            assert!(said.contains(expect), "{tool}: {said}");
        }
    }
    // Nor while a person is shown what a call would do.
    let arguments = json!({ "url": world.url("api", "/open/a") });
    let shown = world
        .host
        .preview(crate::support::tenant(1), "asker.send", &arguments, crate::support::context("key"), Arc::new(MemoryOffice::default()))
        .await
        .expect("a preview");
    assert!(shown.title.contains("nobody outside is asked here"), "{shown:?}");
    assert!(server.seen().is_empty());
    assert!(world.ask("asker.send", json!({ "url": world.url("api", "/open/a"), "method": "POST", "body": "x" })).await.starts_with("200"));
}

#[tokio::test]
async fn an_address_that_is_not_public_is_dialled_only_where_the_operator_named_it() {
    let server = quiet().await;
    for (host, addresses, expect) in [
        ("api", &["10.0.0.1"][..], "at an address that the operator did not name"),
        ("api", &["127.0.0.2"], "at an address that the operator did not name"),
        ("api", &["::1"], "at an address that the operator did not name"),
        ("api", &["::ffff:127.0.0.1"], "at an address that the operator did not name"),
        ("api", &["127.0.0.1", "169.254.169.254"], "at an address that the operator did not name"),
        // Without TLS nobody of the public internet is asked.
        ("api", &["1.1.1.1"], "without TLS"),
        ("cloud", &["127.0.0.1"], "not of the public internet"),
        ("cloud", &["169.254.169.254"], "not of the public internet"),
        ("cloud", &["1.1.1.1", "169.254.169.254"], "not of the public internet"),
        ("cloud", &["fd00:ec2::254"], "not of the public internet"),
        ("cloud", &["::ffff:169.254.169.254"], "not of the public internet"),
        ("cloud", &["64:ff9b::a9fe:a9fe"], "not of the public internet"),
        ("cloud", &["2002:a9fe:a9fe::1"], "not of the public internet"),
        ("cloud", &["100.64.0.1"], "not of the public internet"),
        ("cloud", &["224.0.0.1"], "not of the public internet"),
        ("cloud", &["0.0.0.0"], "not of the public internet"),
        ("cloud", &[], "has no address"),
    ] {
        let world = World::at(server.port);
        world.names.then(&format!("{host}.asker.test"), addresses);
        let url = if host == "cloud" { "https://cloud.asker.test/v1/a".to_owned() } else { world.url(host, "/v1/a") };
        let said = world.ask("asker.look", json!({ "url": url })).await;
        assert!(said.contains(expect), "{host} {addresses:?}: {said}");
        assert!(!addresses.iter().any(|address| said.contains(address)), "the plugin learns no address: {said}");
    }
    // Named for another plugin or another host is not named.
    for (plugin, host) in [("other", "api.asker.test"), ("asker", "other.asker.test")] {
        let renamed = |egress: EgressOptions| {
            let private = egress.private.into_iter().take(1).map(|one| steward_host::PrivateHost { plugin: plugin.to_owned(), host: host.to_owned(), ..one });
            EgressOptions { private: private.collect(), ..egress }
        };
        let world = World::with(server.port, |manifest| manifest, renamed);
        let said = world.ask("asker.look", json!({ "url": world.url("api", "/v1/a") })).await;
        assert!(said.contains("at an address that the operator did not name"), "{said}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_what_was_checked_is_dialled() {
    let server = quiet().await;
    let world = World::at(server.port);
    world.names.then("api.asker.test", &["127.0.0.1"]);
    world.names.then("api.asker.test", &["169.254.169.254"]);
    // Whoever answers one thing to the check and another to the connection is not asked for the other.
    assert!(world.ask("asker.look", json!({ "url": world.url("api", "/v1/a") })).await.starts_with("200"));
    assert_eq!(world.names.asked.lock().expect("asked").len(), 1);
    let said = world.ask("asker.look", json!({ "url": world.url("api", "/v1/a") })).await;
    assert!(said.starts_with("denied: "), "{said}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_name_that_was_found_a_moment_ago_is_known_until_nobody_is_there() {
    let server = quiet().await;
    let lasting = |egress: EgressOptions| {
        let networks: Vec<steward_host::Network> = vec!["127.0.0.0/8".parse().expect("a network")];
        let private = egress.private.into_iter().map(|one| steward_host::PrivateHost { networks: networks.clone(), ..one });
        EgressOptions { private: private.collect(), names_kept: Duration::from_secs(3600), ..egress }
    };
    let world = World::with(server.port, |manifest| manifest, lasting);
    // Nobody listens at the first, and what the last stands for may not be dialled.
    for address in ["127.0.0.9", "127.0.0.1", "169.254.169.254"] {
        world.names.then("api.asker.test", &[address]);
    }
    let asked = || world.names.asked.lock().expect("asked").len();
    let ask = async || world.ask("asker.look", json!({ "url": world.url("api", "/v1/a") })).await;
    let said = ask().await;
    assert!(said.contains("does not accept a connection"), "{said}");
    for _ in 0..2 {
        assert!(ask().await.starts_with("200"));
        assert_eq!(asked(), 2, "it is known from the second time on");
    }
    // The other host is another name.
    assert!(world.ask("asker.look", json!({ "url": world.url("other", "/v1/a") })).await.starts_with("200"));
    assert_eq!((asked(), server.seen().len()), (3, 3));
}

/// Answers with a redirect to what stands behind `?to=`.
fn redirecting(request: &str) -> Reply {
    match request.lines().next().and_then(|line| line.split_once("?to=")) {
        Some((_, rest)) => answer("302 Found", &format!("location: {}\r\n", rest.split(' ').next().unwrap_or_default()), "elsewhere"),
        None => answer("200 OK", "", "arrived"),
    }
}

#[tokio::test]
async fn a_redirect_is_a_request_like_any_other() {
    let server = Server::start(redirecting).await;
    let world = World::at(server.port);
    world.names.then("cloud.asker.test", &["169.254.169.254"]);
    for (to, expect) in [
        ("http://169.254.169.254/latest/meta-data/".to_owned(), "the host is an address"),
        ("//[::1]/".to_owned(), "the host is an address"),
        ("https://cloud.asker.test/latest".to_owned(), "not of the public internet"),
        ("http://evil.test/".to_owned(), "no host that tool.toml allows"),
        ("/v2/a".to_owned(), "does not allow this path"),
        ("/v1/../v2".to_owned(), "redirects to where nobody is asked"),
        ("http://user:word@evil.test/".to_owned(), "redirects to where nobody is asked"),
        ("file:///etc/passwd".to_owned(), "redirects to where nobody is asked"),
    ] {
        let before = server.seen().len();
        let said = world.ask("asker.look", json!({ "url": world.url("api", &format!("/v1/a?to={to}")) })).await;
        assert!(said.starts_with("denied: ") && said.contains(expect), "{to}: {said}");
        assert_eq!(server.seen().len(), before + 1, "{to}");
    }
    let endless = Server::start(|_| answer("307 Temporary Redirect", "location: /v1/again\r\n", "")).await;
    let circling = World::at(endless.port);
    let said = circling.ask("asker.look", json!({ "url": circling.url("api", "/v1/a") })).await;
    assert!(said.contains("redirected more than 3 times"), "{said}");
    assert_eq!(endless.seen().len(), 4);
    // What may have changed something is not repeated at another place.
    let said = world.ask("asker.send", json!({ "url": world.url("api", "/v1/a?to=/v1/b"), "method": "POST", "body": "x" })).await;
    assert!(said.starts_with("302"), "{said}");
}

/// Whoever is asked knows the secret, and chooses the name of the host that they redirect to.
#[tokio::test]
async fn a_secret_in_the_host_of_a_redirect_is_not_in_the_reason_of_its_refusal() {
    let hex: String = TOKEN.bytes().map(|byte| format!("{byte:02x}")).collect();
    let server = Server::start(redirecting).await;
    let world = World::at(server.port);
    for (secret, name) in [(hex.as_str(), "[asker_token]"), ("the-key-of-the-other", "[other_token]"), ("THE-KEY-OF-THE-OTHER", "[other_token]")] {
        let url = world.url("api", &format!("/v1/a?to=http://{secret}.evil.test/"));
        // Told in a form that is not looked for in results: what the plugin itself was given.
        let told: String = world.ask("asker.look", json!({ "url": url, "tell": "backwards" })).await.chars().rev().collect();
        assert_eq!(told, format!("denied: `{name}.evil.test` is no host that tool.toml allows"), "{secret}");
    }
    assert_eq!(server.seen().len(), 3, "each was asked for once");
}

#[tokio::test]
async fn a_redirect_to_another_host_loses_the_credentials() {
    let server = Server::start(redirecting).await;
    let world = World::at(server.port);
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let ask = async |to: String| {
        let headers = json!(["x-session: mine", "accept: text/plain"]);
        let said = world.ask("asker.look", json!({ "url": world.url("api", &format!("/v1/a?to={to}")), "headers": headers })).await;
        assert!(said.starts_with("200") && said.ends_with("arrived"), "{said}");
        let seen = server.seen();
        seen.into_iter().next_back().expect("a request")
    };
    // Within the host the rule of the new path decides.
    let same = ask("/v1/b".to_owned()).await;
    assert!(same.contains(&bearer) && same.contains("x-session: mine"), "{same}");
    let open = ask("/open/b".to_owned()).await;
    assert!(!open.contains("authorization") && open.contains("x-session: mine"), "{open}");
    // The other host's own key is not lent to who sends a request there.
    let away = ask(world.url("other", "/v1/b")).await;
    assert!(!away.contains("authorization") && !away.contains("x-key") && !away.contains("x-session") && away.contains("accept: text/plain"), "{away}");
    let back = ask(world.url("other", &format!("/v1/b?to={}", world.url("api", "/v1/c")))).await;
    assert!(back.starts_with("GET /v1/c ") && !back.contains("authorization") && !back.contains("x-session"), "{back}");
}

#[tokio::test]
async fn a_secret_goes_to_its_rule_alone() {
    let server = quiet().await;
    let world = World::at(server.port);
    for (host, path, expect) in [
        ("api", "/v1/a", Some(format!("authorization: Bearer {TOKEN}\r\n"))),
        ("api", "/open/a", None),
        ("other", "/v1/a", Some("x-key: the-key-of-the-other\r\n".to_owned())),
    ] {
        assert!(world.ask("asker.look", json!({ "url": world.url(host, path) })).await.starts_with("200"));
        let seen = server.seen().pop().expect("a request");
        let carries = seen.contains(TOKEN) || seen.contains("the-key-of-the-other");
        assert_eq!((carries, expect.as_ref().is_none_or(|line| seen.contains(line))), (expect.is_some(), true), "{seen}");
    }
    // Of two entries for one path the method tells which, and with it which secret.
    let by_method = |manifest: String| {
        let only = |methods: &str| manifest.replacen(r#"methods = ["GET", "HEAD", "POST"]"#, methods, 1);
        let posts = format!(
            r#"allow = [
    {{ scheme = "http", host = "api.asker.test", port = {}, methods = ["POST"], paths = ["/v1/*"], secret = {{ header = "X-Key", value = "{{{{other_token}}}}" }} }},"#,
            server.port
        );
        only(r#"methods = ["GET"]"#).replacen("allow = [", &posts, 1)
    };
    let split = World::with(server.port, by_method, |egress| egress);
    for (tool, method, carries, never) in [
        ("asker.look", "GET", format!("authorization: Bearer {TOKEN}\r\n"), "x-key"),
        ("asker.send", "POST", "x-key: the-key-of-the-other\r\n".to_owned(), TOKEN),
    ] {
        assert!(split.ask(tool, json!({ "url": split.url("api", "/v1/a"), "method": method })).await.starts_with("200"), "{method}");
        let seen = server.seen().pop().expect("a request");
        assert!(seen.starts_with(method) && seen.contains(&carries) && !seen.contains(never), "{method}: {seen}");
    }
    let said = split.ask("asker.look", json!({ "url": split.url("api", "/v1/a"), "method": "HEAD" })).await;
    assert!(said.contains("tool.toml allows no `HEAD`"), "a method of neither has neither: {said}");
    assert_eq!(server.seen().len(), 5);
    // A secret of another plugin's is not this one's, and without its secret nothing leaves.
    let others = |egress: EgressOptions| {
        let secrets = egress.secrets.into_iter().map(|((_, name), value)| (("crm".to_owned(), name), value));
        EgressOptions { secrets: secrets.collect(), ..egress }
    };
    let without = World::with(server.port, |manifest| manifest, others);
    let said = without.ask("asker.look", json!({ "url": without.url("api", "/v1/a") })).await;
    assert!(said.contains("the secret `asker_token` is not set") && said.contains("in the settings") && said.contains("[[plugins.secrets]]"), "{said}");
    assert_eq!(server.seen().len(), 5);
}

fn percented(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn a_secret_that_comes_back_is_taken_out() {
    let hex: String = TOKEN.bytes().map(|byte| format!("{byte:02x}")).collect();
    let basic = STANDARD.encode(format!("Bearer {TOKEN}"));
    let forms = [
        TOKEN.to_owned(),
        TOKEN.to_uppercase(),
        STANDARD.encode(TOKEN),
        URL_SAFE_NO_PAD.encode(format!("ab{TOKEN}c")),
        basic,
        hex.clone(),
        hex.to_uppercase(),
        percented(TOKEN),
    ];
    for form in forms {
        let told = form.clone();
        let server = Server::start(move |_| {
            let headers = format!("x-you-sent: {told}\r\nset-cookie: session={told}\r\nset-cookie2: a\r\n");
            answer("200 OK", &headers, format!("{{\"headers\": {{\"authorization\": \"Bearer {told}\"}}}}"))
        })
        .await;
        let world = World::at(server.port);
        let said = world.ask("asker.look", json!({ "url": world.url("api", "/v1/a") })).await;
        assert!(server.seen()[0].contains(TOKEN), "it was sent");
        assert!(said.starts_with("200") && said.contains("x-you-sent: ") && said.matches("[asker_token]").count() == 2, "{form}: {said}");
        assert!(!said.contains(&form) && !said.contains("set-cookie") && !said.contains("session="), "{form}: {said}");
    }
    // Nobody was asked to compress it, so that it would not be found.
    let packed = Server::start(|_| answer("200 OK", "content-encoding: gzip\r\n", [0x1f, 0x8b])).await;
    let world = World::at(packed.port);
    let said = world.ask("asker.look", json!({ "url": world.url("api", "/v1/a") })).await;
    assert!(said.contains("answered compressed"), "{said}");
    assert!(packed.seen()[0].contains("accept-encoding: identity\r\n"));
}

#[tokio::test]
async fn a_line_that_is_too_long_to_be_looked_through_is_left_out_and_counted() {
    let ear = Ear::default();
    let _hearing = tracing::subscriber::set_default(ear.clone());
    // Within what the log shows in letters, and above what it shows in any case.
    for (letters, cut) in [(3000, 0), (5000, 1), (20_000, 1)] {
        let server = Server::start(move |_| answer("200 OK", &format!("x-long: {}\r\n", "y".repeat(letters)), "hello")).await;
        let report =
            World::at(server.port).report("asker.look", json!({ "url": format!("http://api.asker.test:{}/open/a", server.port), "tell": "log" })).await;
        assert_eq!(report.used.logs_cut, cut, "{letters}: {report:?}");
    }
    let heard = ear.heard();
    let lines: Vec<&str> = heard.lines().filter_map(|line| line.strip_prefix("message=plugin: ")).collect();
    assert!(lines.len() == 3 && lines[0].contains(&"y".repeat(3000)) && lines[1].contains(&"y".repeat(4000)), "{lines:?}");
    assert!(lines[2].starts_with("a line of 20") && lines[2].ends_with("bytes is too long for the log"), "{}", lines[2]);
}

/// However a plugin came by a secret, it is in nothing that it tells: not in a result, an error, a line for people or a line of log, and not in what
/// it says that a call would do.
#[tokio::test]
async fn what_a_plugin_tells_has_no_secret() {
    let ear = Ear::default();
    let _hearing = tracing::subscriber::set_default(ear.clone());
    let server = quiet().await;
    let world = World::at(server.port);
    for secret in [TOKEN.to_owned(), STANDARD.encode(TOKEN), percented(TOKEN)] {
        for tell in ["result", "error", "summary", "log"] {
            // The reason of the refusal repeats the method, and so has what it was given.
            let arguments = json!({ "url": world.url("api", "/v1/a"), "method": secret, "tell": tell });
            let told = match world.report("asker.send", arguments).await.outcome {
                Outcome::Ok { result, summary } => format!("{result} {summary:?}"),
                Outcome::Failed { failure } => failure.message,
            };
            assert!(told.contains("[asker_token]") && !told.contains(&secret), "{tell}: {told}");
        }
        // Where the line is cut, no half of it is left.
        let long = format!("{}{secret}", "x".repeat(100));
        let arguments = json!({ "url": world.url("api", "/v1/a"), "method": long, "tell": "summary" });
        let Outcome::Ok { summary, .. } = world.report("asker.send", arguments).await.outcome else { panic!("an answer") };
        assert!(!summary.expect("a line").contains(&secret[..8]));

        let preview = async |tell: &str, body: &str| {
            let arguments = json!({ "url": world.url("api", "/v1/a"), "body": body, "tell": tell });
            format!("{:?}", world.shown_of("asker.send", arguments, Arc::new(NoSecrets)).await)
        };
        // Joined by what is taken out of a text before it is shown, it would be found by whoever reads the card.
        let hidden: String = secret.chars().flat_map(|letter| [letter, '\u{200b}']).collect();
        for (tell, marks) in [("result", 1), ("line", 3), ("error", 1), ("log", 0)] {
            for body in [secret.as_str(), hidden.as_str()] {
                let told = preview(tell, body).await;
                assert!(told.matches("[asker_token]").count() == marks && !told.contains(&secret), "{tell}: {told}");
            }
            // So that a label, a title or a value is cut in the middle of it.
            for before in [15, 155, 955] {
                let told = preview(tell, &format!("{}{secret}", "x".repeat(before))).await;
                assert!(!told.contains(&secret[..8]), "{tell}, {before}: {told}");
            }
        }
    }
    let heard = ear.heard();
    assert!(heard.contains("plugin: denied") && heard.contains("a request to others was refused"), "{heard}");
    assert!(heard.contains("[asker_token]") && !heard.contains(TOKEN) && !heard.contains(&STANDARD.encode(TOKEN)), "{heard}");
    assert_eq!(heard.matches("plugin: denied: nobody outside is asked here [asker_token]").count(), 3, "{heard}");
}

#[tokio::test]
async fn what_is_too_large_too_slow_or_too_much_is_not_taken() {
    let big = Server::start(|_| answer("200 OK", "", vec![b'x'; (1 << 20) + 1])).await;
    let endless = Server::start(|_| Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n0123456789".repeat(100))).await;
    let head = Server::start(|_| Reply::Endless(b"x-header: 0123456789012345678901234567890123456789\r\n".repeat(100))).await;
    let long_head = Server::start(|_| Reply::Bytes(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100_000)).into_bytes())).await;
    let silent = Server::start(|_| Reply::Stall(Vec::new())).await;
    let slow = Server::start(|_| Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234".to_vec())).await;
    let cut = Server::start(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234".to_vec())).await;
    let other = Server::start(|_| Reply::Bytes(b"220 mail.asker.test ESMTP\r\n".to_vec())).await;
    for (server, expect) in [
        (&big, "too large: `api.asker.test` answered with more than 1048576 bytes"),
        (&endless, "too large: "),
        (&head, "unreachable: "),
        (&long_head, "unreachable: "),
        (&silent, "timeout"),
        (&slow, "timeout"),
        (&cut, "unreachable: `api.asker.test` broke off"),
        (&other, "unreachable: `api.asker.test` broke off"),
    ] {
        let world = World::at(server.port);
        let asked = world.ask("asker.look", json!({ "url": world.url("api", "/open/a"), "timeout_ms": 1000 }));
        let said = timeout(Duration::from_secs(60), asked).await.expect("an end");
        assert!(said.contains(expect), "{expect}: {said}");
    }
    let server = quiet().await;
    let world = World::at(server.port);
    let send = |bytes: usize| json!({ "url": world.url("api", "/open/a"), "method": "POST", "body_bytes": bytes });
    assert!(world.ask("asker.send", send((256 << 10) + 1)).await.starts_with("too large: "));
    assert!(server.seen().is_empty());
    assert!(world.ask("asker.send", send(200 << 10)).await.starts_with("200"));
    let Outcome::Failed { failure } = world.report("asker.send", send(4 << 20)).await.outcome else { panic!("a failure") };
    assert_eq!(failure.class, FailureClass::OutputTooLarge);
    // Nobody listens there.
    let world = World::at(1);
    assert!(world.ask("asker.look", json!({ "url": world.url("api", "/open/a") })).await.contains("does not accept a connection"));
}

#[tokio::test]
async fn a_call_and_its_run_ask_so_often_and_no_more() {
    let server = quiet().await;
    let world = World::at(server.port);
    let often = |times: u32| json!({ "url": world.url("api", "/open/a"), "times": times });
    let said = world.ask("asker.look", often(8)).await;
    assert!(said.starts_with("200"), "{said}");
    let said = world.ask("asker.look", often(9)).await;
    assert!(said.contains("one call makes at most 8 requests") && server.seen().len() == 16, "{said}");
    // Two calls of a run have what is left of it together.
    let left = RunBudget::of(PluginWork { requests: 3, ..PluginWork::usual() });
    let (one, two) = tokio::join!(world.report_within("asker.look", often(2), left.clone()), world.report_within("asker.look", often(2), left.clone()),);
    assert_eq!((one.used.requests + two.used.requests, one.used.refused + two.used.refused), (3, 1));
    let said = crate::support::text(&world.report_within("asker.look", often(1), left).await);
    assert!(said.contains("as many requests to others as they may"), "{said}");
    // So it is with bytes: what came in the middle of an answer that is too much counts too, and then nobody is asked any more.
    let once = world.report("asker.look", often(1)).await.used;
    let left = RunBudget::of(PluginWork { egress_bytes: 2 * once.sent_bytes + once.received_bytes + 8, ..PluginWork::usual() });
    let said = crate::support::text(&world.report_within("asker.look", often(2), left.clone()).await);
    assert!(said.contains("answered with more than the plugins of this run may still take together"), "{said}");
    let asked = server.seen().len();
    let said = crate::support::text(&world.report_within("asker.look", often(1), left).await);
    assert!(said.contains("as many bytes as they may") && server.seen().len() == asked, "{said}");
    let left = RunBudget::of(PluginWork { egress_bytes: 8, ..PluginWork::usual() });
    let large = json!({ "url": world.url("api", "/open/a"), "method": "POST", "body": "nine bytes" });
    let said = crate::support::text(&world.report_within("asker.send", large, left).await);
    assert!(said.contains("as many bytes as they may") && server.seen().len() == asked, "{said}");
    // And with questions: past the last the call ends.
    let left = RunBudget::of(PluginWork { questions: 3, ..PluginWork::usual() });
    let report = world.report_within("asker.look", often(4), left).await;
    assert!(matches!(&report.outcome, Outcome::Failed { failure } if failure.class == FailureClass::RunLimit && !failure.retryable), "{report:?}");
    assert_eq!((report.used.questions, server.seen().len()), (3, asked + 3));
    // A plugin that does not take no for an answer is stopped.
    let Outcome::Failed { failure } = world.report("asker.look", json!({ "url": "http://evil.test/", "times": 1000 })).await.outcome else { panic!("stopped") };
    assert!(failure.message.contains("more than 200 times"), "{}", failure.message);
}

/// What left with a request as it came over the wire: its address, its headers and its body, but neither the secret nor the length that HTTP adds.
fn left_with(request: &str) -> u64 {
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let address = lines.next().and_then(|line| line.split(' ').nth(1)).expect("an address");
    let headers = lines.filter_map(|line| line.split_once(": ")).filter(|(name, _)| !["authorization", "x-key", "content-length"].contains(name));
    (address.len() + headers.map(|(name, value)| name.len() + value.len()).sum::<usize>() + body.len()) as u64
}

/// An address and a header tell as much as a body does, whichever way they go.
#[tokio::test]
async fn addresses_and_headers_count_as_bytes_both_ways() {
    let head = format!("x-long: {}\r\n", "y".repeat(5000));
    let server = Server::start(move |request| match request.split(' ').nth(1).unwrap_or_default() {
        "/open/big" => answer("200 OK", "", vec![b'x'; 1 << 20]),
        "/open/away" => answer("302 Found", "location: /open/b\r\n", ""),
        "/open/trailed" => Reply::Bytes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n2\r\nhi\r\n0\r\nx-t: abcdef\r\n\r\n".to_vec()),
        _ => answer("200 OK", &head, "hello"),
    })
    .await;
    let world = World::at(server.port);
    let long = world.url("api", &format!("/v1/a?q={}", "z".repeat(4096)));
    let asked = json!({ "url": long, "headers": [format!("x-told: {}", "w".repeat(3000))] });
    let answered = ("content-length".len() + "5".len() + "x-long".len() + 5000 + "hello".len()) as u64;
    // What may not leave does not: of an address, of a header, of both.
    for bytes in [100, 4000, 7000] {
        let left = RunBudget::of(PluginWork { egress_bytes: bytes, ..PluginWork::usual() });
        let report = world.report_within("asker.look", asked.clone(), left).await;
        assert!(crate::support::text(&report).contains("as many bytes as they may"), "{report:?}");
        assert_eq!((report.used.requests, report.used.sent_bytes, report.used.received_bytes), (0, 0, 0));
    }
    assert!(server.seen().is_empty());
    let used = world.report("asker.look", asked.clone()).await.used;
    let seen = server.seen();
    assert!(seen[0].contains(TOKEN), "the secret went along");
    assert_eq!((used.sent_bytes, used.received_bytes), (left_with(&seen[0]), answered));
    assert!(used.sent_bytes > 7096);
    // A head that is more than the run has left is not taken, and counts as all that there was.
    let left = RunBudget::of(PluginWork { egress_bytes: used.sent_bytes + 5000, ..PluginWork::usual() });
    let report = world.report_within("asker.look", asked, left).await;
    assert!(crate::support::text(&report).contains("may still take together"), "{report:?}");
    assert_eq!((report.used.sent_bytes, report.used.received_bytes), (used.sent_bytes, answered - 5));
    // Each request of a redirect counts, and so does what stands behind a body.
    let used = world.report("asker.look", json!({ "url": world.url("api", "/open/away") })).await.used;
    let seen = server.seen();
    let (sent, away) = (seen.iter().rev().take(2).map(|one| left_with(one)).sum::<u64>(), "content-length0location/open/b".len() as u64);
    assert_eq!((used.requests, used.sent_bytes, used.received_bytes), (2, sent, away + answered));
    let used = world.report("asker.look", json!({ "url": world.url("api", "/open/trailed") })).await.used;
    assert_eq!(used.received_bytes, "transfer-encodingchunkedtrailerx-thix-tabcdef".len() as u64);
    // So bodies that would just fit do not, with what is around them.
    let full = json!({ "url": world.url("api", "/open/a"), "method": "POST", "body_bytes": 256 << 10, "times": 4 });
    let report = world.report("asker.send", full).await;
    assert!(crate::support::text(&report).contains("too large: a request's body takes at most"), "{report:?}");
    assert!(report.used.requests == 3 && report.used.sent_bytes > 3 * (256 << 10) && report.used.sent_bytes < 1 << 20, "{:?}", report.used);
    let report = world.report("asker.look", json!({ "url": world.url("api", "/open/big"), "times": 4 })).await;
    assert!(crate::support::text(&report).contains("is left of the 4194304 bytes of one call"), "{report:?}");
}

#[tokio::test]
async fn what_a_call_took_is_reported_however_it_ended() {
    let server = Server::start(|request| if request.contains("/open/slow") { Reply::Stall(Vec::new()) } else { answer("200 OK", "", "hello") }).await;
    let world = World::at(server.port);
    let received = 2 * ("content-length".len() + "5".len() + "hello".len()) as u64;
    let post = |tell: &str| json!({ "url": world.url("api", "/open/a"), "method": "POST", "body": "12345678", "times": 2, "tell": tell });
    for tell in ["result", "error", "crash"] {
        let report = world.report("asker.send", post(tell)).await;
        let used = report.used;
        let sent: u64 = server.seen().iter().rev().take(2).map(|request| left_with(request)).sum();
        assert_eq!((used.requests, used.refused, used.sent_bytes, used.received_bytes, used.host_calls), (2, 0, sent, received, 2), "{tell}");
        assert!(sent > 2 * ("/open/a".len() + "12345678".len()) as u64, "{tell}: {sent}");
        assert!(used.memory_bytes >= 64 << 10 && used.memory_bytes <= 16 << 20 && report.fuel > 0, "{tell}: {used:?}");
        assert!(used.stack_bytes >= 128 && used.stack_bytes < 64 << 10, "{tell}: {used:?}");
        assert!(used.questions == 2 && used.table_elements > 0 && used.logs_cut == 0, "{tell}: {used:?}");
        assert_eq!(used.output_bytes > 0, tell == "result", "{tell}: {used:?}");
    }
    let slow = world.report("asker.look", json!({ "url": world.url("api", "/open/slow"), "timeout_ms": 60_000 })).await;
    assert!(matches!(&slow.outcome, Outcome::Failed { failure } if failure.class == FailureClass::Timeout), "{slow:?}");
    assert_eq!((slow.used.requests, slow.used.host_calls), (1, 1));
    let refused = world.report("asker.look", json!({ "url": "http://evil.test/", "times": 3 })).await;
    assert_eq!((refused.used.requests, refused.used.refused), (0, 3));
}

#[tokio::test]
async fn a_request_that_changed_something_elsewhere_is_owned_up_to() {
    let server = Server::start(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/open/breaks" => Reply::Bytes(Vec::new()),
            "/open/fails" => answer("500 Internal Server Error", "", ""),
            "/open/refuses" => answer("422 Unprocessable Content", "", ""),
            _ => answer("201 Created", "", ""),
        }
    })
    .await;
    let world = World::at(server.port);
    for (path, class, says) in [
        ("/open/a", FailureClass::Trap, "it had made one change before, which stands"),
        ("/open/breaks", FailureClass::Unknown, "whether its last change was made is not known"),
        ("/open/fails", FailureClass::Unknown, "whether its last change was made is not known"),
        ("/open/refuses", FailureClass::Trap, "the tool crashed"),
        ("/nowhere", FailureClass::Trap, "the tool crashed"),
    ] {
        let arguments = json!({ "url": world.url("api", path), "method": "POST", "body": "x", "tell": "crash" });
        let Outcome::Failed { failure } = world.report("asker.send", arguments).await.outcome else { panic!("{path}") };
        assert_eq!(failure.class, class, "{path}: {}", failure.message);
        assert!(failure.message.contains(says) && (failure.message.contains("change") == (says != "the tool crashed")), "{path}: {}", failure.message);
    }
}

#[tokio::test]
async fn a_certificate_counts_when_it_is_of_the_host_and_of_somebody_known() {
    let server = Server::secure(|_| answer("200 OK", "", "hello")).await;
    let url = |host: &str| json!({ "url": format!("https://{host}.asker.test:{}/v1/a", server.port) });
    let other_name = |manifest: String| manifest.replace("tls.asker.test", "else.asker.test");
    let named = |egress: EgressOptions| {
        let private = egress.private.into_iter().map(|one| steward_host::PrivateHost { host: one.host.replace("tls.", "else."), ..one }).collect();
        EgressOptions { private, ..egress }
    };
    let stranger = World::with(server.port, other_name, named);
    let said = stranger.ask("asker.look", url("else")).await;
    assert!(said.contains("`else.asker.test` has a certificate that does not count"), "{said}");
    let of_nobody = World::with(server.port, |manifest| manifest, |egress| EgressOptions { roots: Roots::Platform, ..egress });
    let said = of_nobody.ask("asker.look", url("tls")).await;
    assert!(said.starts_with("unreachable: "), "{said}");
    assert!(server.seen().is_empty());
    let world = World::at(server.port);
    let said = world.ask("asker.look", url("tls")).await;
    assert!(said.starts_with("200 (5 bytes)"), "{said}");
    // Who answers in the clear where TLS is spoken is not listened to.
    let plain = Server::blunt().await;
    let world = World::at(plain);
    let said = world.ask("asker.look", json!({ "url": format!("https://tls.asker.test:{plain}/v1/a") })).await;
    assert!(said.contains("does not speak TLS"), "{said}");
}

#[tokio::test]
async fn a_plugin_with_a_way_out_is_judged_as_one() {
    let world = World::at(1);
    for (tool, effect, reaches_out, label) in [
        ("asker.look", Effect::Fetch, true, Origin::Fact),
        ("asker.send", Effect::Send, true, Origin::Fact),
        ("asker.peek", Effect::Read, false, Origin::System),
        ("asker.note", Effect::Write, false, Origin::Fact),
    ] {
        let tool = world.host.tool(tool).expect("a tool");
        let spec = tool.spec();
        assert_eq!((spec.effect, spec.reaches_out, spec.result_labels.get("/text")), (effect, reaches_out, Some(&label)), "{}", spec.name);
        assert!(!tool.stays_inside(), "{}: its plugin has a way to others", spec.name);
    }
    let info = world.host.plugins().pop().expect("the plugin");
    assert_eq!(info.egress.len(), 5);
    assert_eq!(info.egress[0].to_string(), "GET, HEAD, POST http://api.asker.test:1 /v1/* with `asker_token` in `Authorization`");
    let _: Value = serde_json::to_value(&info.egress).expect("what is shown");
}
