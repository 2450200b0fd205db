//! The same way out by `wasi:http`, tried by a plugin that asks, waits and leaves off in every way that WASI has: it gets no further than by
//! `http`, its host holds no more for it than it may, and there is nothing else of WASI.

use super::world::{Reply, Server, TOKEN, World, answer};
use crate::support::{Folder, options};
use serde_json::json;
use std::time::{Duration, Instant};
use steward_core::{FailureClass, Origin, Outcome, PluginWork};
use steward_host::testing::GuestFiles;
use steward_host::{Host, PluginError, RunBudget};
use tokio::time::timeout;

fn roaming(port: u16) -> World {
    World::of(GuestFiles::roamer(), port, |egress| egress)
}

async fn quiet() -> Server {
    Server::start(|_| answer("200 OK", "", "hello")).await
}

const DENIED: &str = "refused: ErrorCode::HttpRequestDenied";

#[tokio::test]
async fn by_wasi_only_what_the_manifest_allows_is_asked() {
    let server = quiet().await;
    let world = roaming(server.port);
    world.names.then("cloud.asker.test", &["1.1.1.1", "169.254.169.254"]);
    let api = |path: &str| world.url("api", path);
    let literal = |host: &str| format!("http://{host}:{}/v1/a", server.port);
    for (tool, arguments, expect) in [
        ("look", json!({ "url": "http://evil.test/v1/a" }), DENIED),
        ("look", json!({ "url": format!("http://the-salary-is-4711.asker.test:{}/v1/a", server.port) }), DENIED),
        ("look", json!({ "url": literal("127.0.0.1") }), DENIED),
        ("look", json!({ "url": literal("0x7f.1") }), DENIED),
        ("look", json!({ "url": literal("[::ffff:127.0.0.1]") }), DENIED),
        ("look", json!({ "url": "http://169.254.169.254/latest/meta-data/" }), DENIED),
        ("look", json!({ "url": "http://localhost/v1/a" }), DENIED),
        ("look", json!({ "url": format!("http://user:word@api.asker.test:{}/v1/a", server.port) }), DENIED),
        ("look", json!({ "url": format!("http://api.asker.test:{}@evil.test/v1/a", server.port) }), DENIED),
        ("look", json!({ "url": format!("https://api.asker.test:{}/v1/a", server.port) }), DENIED),
        ("look", json!({ "url": format!("ftp://api.asker.test:{}/v1/a", server.port) }), DENIED),
        ("look", json!({ "url": "/v1/a" }), "authority: ()"),
        ("look", json!({ "url": format!("http://api.asker.test:{}?q=/v1/a", server.port) }), "authority: ()"),
        ("send", json!({ "url": api("/v1/a"), "method": "DELETE" }), DENIED),
        ("send", json!({ "url": api("/v1/a"), "method": "get" }), DENIED),
        ("send", json!({ "url": api("/v1/a"), "method": "CONNECT" }), DENIED),
        ("send", json!({ "url": api("/v1/a"), "method": "GET / HTTP/1.1\r\nX: y" }), "method: ()"),
        ("send", json!({ "url": world.url("other", "/v1/a"), "method": "POST" }), DENIED),
        ("look", json!({ "url": api("/v2/the-salary-is-4711") }), DENIED),
        ("look", json!({ "url": api("/v1/../v2/a") }), DENIED),
        ("look", json!({ "url": api("/v1/%2e%2e/v2/a") }), DENIED),
        ("look", json!({ "url": api("/v1/..;/v2/a") }), DENIED),
        ("look", json!({ "url": api("/v1/a#b") }), DENIED),
        ("look", json!({ "url": api("/v1/a b") }), DENIED),
        ("look", json!({ "url": api("/v1/a\r\nx: y") }), DENIED),
        ("look", json!({ "url": api("/v1/a"), "body": "x" }), DENIED),
        ("look", json!({ "url": api("/v1/a"), "headers": ["host: evil.test"] }), "headers: HeaderError::Forbidden"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["Transfer-Encoding: chunked"] }), "headers: HeaderError::Forbidden"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["x-a: b\r\nx-c: d"] }), "headers: HeaderError::InvalidSyntax"),
        ("look", json!({ "url": api("/v1/a"), "headers": ["Transfer_Encoding: chunked"] }), DENIED),
        ("look", json!({ "url": api("/v1/a"), "headers": ["X-HTTP-Method-Override: DELETE"] }), DENIED),
        ("look", json!({ "url": api("/v1/a"), "headers": ["x-original-url: /v2/admin"] }), DENIED),
        ("look", json!({ "url": api("/v1/a"), "headers": ["authorization: Bearer {{asker_token}}"] }), DENIED),
        ("look", json!({ "url": api("/open/a"), "headers": ["Cookie: a=b"] }), DENIED),
        (
            "send",
            json!({ "url": api("/open/a"), "method": "POST", "body": "x", "headers": ["content-length: 7"] }),
            "refused: ErrorCode::HttpRequestBodySize(Some(1))",
        ),
        // What an effect does not say is not done.
        ("peek", json!({ "url": api("/open/a") }), DENIED),
        ("look", json!({ "url": api("/open/a"), "method": "POST", "body": "x" }), DENIED),
        // One of its addresses is that of a cloud's metadata.
        ("look", json!({ "url": "https://cloud.asker.test/v1/a" }), DENIED),
    ] {
        let said = world.ask(&format!("roamer.{tool}"), arguments.clone()).await;
        assert_eq!(said, expect, "{arguments}");
    }
    assert!(server.seen().is_empty(), "{:?}", server.seen());
    assert_eq!(*world.names.asked.lock().expect("asked"), ["cloud.asker.test"], "no name was looked up that is not asked");
    let said = world.ask("roamer.look", json!({ "url": api("/v1/a?q=1"), "headers": ["x-id: b", "Content-Length: 0"] })).await;
    assert_eq!(said, "200 (5 bytes) \nhello");
    let seen = server.seen();
    // What it answers is judged as what comes from others.
    let tool = world.host.tool("roamer.look").expect("a tool");
    assert_eq!((tool.spec().reaches_out, tool.spec().result_labels.get("/text")), (true, Some(&Origin::Fact)));
    assert!(seen[0].starts_with("GET /v1/a?q=1 ") && seen[0].contains("x-id: b\r\n") && !seen[0].contains("x-late"), "{seen:?}");
}

#[tokio::test]
async fn by_wasi_a_redirect_is_a_request_like_any_other() {
    let server = Server::start(|request| match request.lines().next().and_then(|line| line.split_once("?to=")) {
        Some((_, rest)) => answer("302 Found", &format!("location: {}\r\n", rest.split(' ').next().unwrap_or_default()), "elsewhere"),
        None => answer("200 OK", "", "arrived"),
    })
    .await;
    let world = roaming(server.port);
    world.names.then("cloud.asker.test", &["169.254.169.254"]);
    for to in ["http://169.254.169.254/latest/meta-data/", "//[::1]/", "https://cloud.asker.test/latest", "http://evil.test/", "/v2/a", "file:///etc/passwd"] {
        let before = server.seen().len();
        assert_eq!(world.ask("roamer.look", json!({ "url": world.url("api", &format!("/v1/a?to={to}")) })).await, DENIED, "{to}");
        assert_eq!(server.seen().len(), before + 1, "{to}");
    }
    let away = world.ask("roamer.look", json!({ "url": world.url("api", &format!("/v1/a?to={}", world.url("other", "/v1/b"))) })).await;
    let last = server.seen().pop().expect("a request");
    assert!(away.ends_with("arrived") && !last.contains("authorization") && !last.contains("x-key"), "{last}");
}

#[tokio::test]
async fn by_wasi_a_secret_is_filled_in_by_the_host_alone_and_never_comes_back() {
    let server = Server::start(|request| answer("200 OK", &format!("x-said: {TOKEN}\r\nset-cookie: a=b\r\n"), request)).await;
    let world = roaming(server.port);
    for tell in ["result", "backwards"] {
        let said = world.ask("roamer.look", json!({ "url": world.url("api", "/v1/a"), "tell": tell })).await;
        let said = if tell == "backwards" { said.chars().rev().collect() } else { said };
        assert!(said.contains("x-said: [asker_token]") && said.contains("authorization: Bearer [asker_token]"), "{said}");
        assert!(!said.contains(TOKEN) && !said.contains("set-cookie"), "{said}");
    }
    assert!(server.seen().iter().all(|seen| seen.contains(&format!("authorization: Bearer {TOKEN}\r\n"))));
    // What looks like its name is text, wherever the plugin writes it.
    let written = json!({ "url": world.url("api", "/open/{{asker_token}}?q={{asker_token}}"), "method": "POST", "body": "{{asker_token}}", "headers": ["x-a: {{asker_token}}"] });
    assert!(world.ask("roamer.send", written).await.starts_with("200"));
    let seen = server.seen().pop().expect("a request");
    assert!(seen.contains("x-a: {{asker_token}}\r\n") && seen.ends_with("\r\n\r\n{{asker_token}}") && !seen.contains(TOKEN), "{seen}");
}

#[tokio::test]
async fn by_wasi_a_request_leaves_whole_or_not_at_all() {
    let server = Server::start(|request| answer("200 OK", "", request.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())).await;
    let world = roaming(server.port);
    let post = |way: &str, body: &str| json!({ "url": world.url("api", "/open/a"), "method": "POST", "body": body, "way": way });
    for (way, expect) in [
        ("dropped", "refused: ErrorCode::InternalError(Some(\"its body was dropped before it was finished, and nobody was asked\"))"),
        ("waits", "refused: ErrorCode::InternalError(Some(\"the request waits for its body to be finished, and nobody was asked\"))"),
        ("unasked", "left off"),
    ] {
        let report = world.report("roamer.send", post(way, "half of it")).await;
        assert_eq!((crate::support::text(&report).as_str(), report.used.requests), (expect, 0), "{way}");
    }
    let said = world.ask("roamer.send", post("trails", "whole")).await;
    assert!(said.contains("nothing is sent behind a body") && said.ends_with("and nobody was asked\"))"), "{said}");
    assert!(server.seen().is_empty(), "{:?}", server.seen());
    for way in ["plain", "early"] {
        let report = world.report("roamer.send", post(way, "whole")).await;
        assert_eq!(crate::support::text(&report), "200 (5 bytes) \nwhole", "{way}");
        assert_eq!((report.used.requests, report.used.questions), (1, 1), "{way}");
    }
    assert_eq!(world.ask("roamer.send", post("unread", "whole")).await, "200 unread");
    let head = json!({ "url": world.url("api", "/v1/a"), "method": "HEAD" });
    assert_eq!(world.ask("roamer.look", head).await.lines().next(), Some("200 (0 bytes) "));
    // A call that fails after it changed something elsewhere says so.
    let crashed = json!({ "url": world.url("api", "/open/a"), "method": "POST", "body": "x", "way": "early", "tell": "crash" });
    let Outcome::Failed { failure } = world.report("roamer.send", crashed).await.outcome else { panic!("a failure") };
    assert!(failure.message.contains("it had made one change before, which stands"), "{}", failure.message);
}

#[tokio::test]
async fn by_wasi_what_is_too_large_too_slow_or_too_much_is_not_taken() {
    let big = Server::start(|_| answer("200 OK", "", vec![b'x'; (1 << 20) + 1])).await;
    let endless = Server::start(|_| Reply::Endless(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec())).await;
    let silent = Server::start(|_| Reply::Stall(Vec::new())).await;
    let slow = Server::start(|_| Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234".to_vec())).await;
    let cut = Server::start(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234".to_vec())).await;
    for (server, expect) in [
        (&big, "refused: ErrorCode::HttpResponseBodySize(None)"),
        (&endless, "refused: ErrorCode::"),
        (&silent, "refused: ErrorCode::HttpResponseTimeout"),
        (&slow, "refused: ErrorCode::HttpResponseTimeout"),
        (&cut, "refused: ErrorCode::ConnectionTerminated"),
    ] {
        let world = roaming(server.port);
        let asked = world.ask("roamer.look", json!({ "url": world.url("api", "/open/a"), "timeout_ms": 1000 }));
        let said = timeout(Duration::from_secs(60), asked).await.expect("an end");
        assert!(said.starts_with(expect), "{expect}: {said}");
    }
    let world = roaming(1);
    assert_eq!(world.ask("roamer.look", json!({ "url": world.url("api", "/open/a") })).await, "refused: ErrorCode::DestinationUnavailable");

    let server = quiet().await;
    let world = roaming(server.port);
    let send = |way: &str, bytes: usize| json!({ "url": world.url("api", "/open/a"), "method": "POST", "body_bytes": bytes, "way": way });
    assert_eq!(world.ask("roamer.send", send("plain", 256 << 10)).await.lines().next(), Some("200 (5 bytes) "));
    assert_eq!(server.seen().len(), 1);
    assert_eq!(world.ask("roamer.send", send("plain", (256 << 10) + 1)).await, "body: Some(ErrorCode::HttpRequestBodySize(Some(262144)))");
    let said = world.ask("roamer.send", send("endless", 0)).await;
    assert_eq!(said, "body: Some(ErrorCode::HttpRequestBodySize(Some(262144))), then refused: ErrorCode::HttpRequestBodySize(None)");
    let said = world.ask("roamer.look", json!({ "url": world.url("api", "/open/a"), "headers": [format!("x-long: {}", "x".repeat(9000))] })).await;
    assert_eq!(said, DENIED);
    assert_eq!(server.seen().len(), 1);
    // What it has the host hold is bounded, also where it asks for nothing.
    let said = world.ask("roamer.send", send("bodies", 0)).await;
    assert!(said.ends_with("are held, body: Some(ErrorCode::HttpRequestBodySize(Some(262144)))"), "{said}");
    for arguments in [send("hoards", 0), json!({ "url": world.url("api", "/open/a"), "headers": [format!("x-long: {}", "x".repeat(20_000))] })] {
        let Outcome::Failed { failure } = world.report("roamer.send", arguments).await.outcome else { panic!("a failure") };
        assert_eq!(failure.class, FailureClass::Failed);
        assert!(failure.message.contains("had its host hold more than"), "{}", failure.message);
    }
}

#[tokio::test]
async fn by_wasi_a_call_and_its_run_ask_so_often_and_no_more() {
    let server = quiet().await;
    let world = roaming(server.port);
    let at_once = |times: u32| json!({ "url": world.url("api", "/open/a"), "way": "together", "times": times });
    let report = world.report("roamer.look", at_once(9)).await;
    let told = crate::support::text(&report);
    let (first, rest) = told.split_once("; ").expect("several");
    assert_eq!((first, rest.matches("200 (5 bytes)").count()), ("refused: ErrorCode::ConnectionLimitReached", 8), "{told}");
    let sent = 8 * server.seen().first().map_or(0, |one| {
        let lines = one.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, value)| name.len() + value.len());
        "/open/a".len() + lines.sum::<usize>()
    }) as u64;
    assert_eq!((server.seen().len(), report.used.requests, report.used.refused, report.used.sent_bytes), (8, 8, 1, sent));
    assert_eq!(report.used.received_bytes, 8 * "content-length5hello".len() as u64);
    let left = RunBudget::of(PluginWork { requests: 1, ..PluginWork::usual() });
    let report = world.report_within("roamer.look", at_once(2), left).await;
    assert_eq!((report.used.requests, report.used.refused), (1, 1));
    let Outcome::Failed { failure } = world.report("roamer.look", json!({ "url": "http://evil.test/", "times": 1000 })).await.outcome else {
        panic!("stopped")
    };
    assert!(failure.message.contains("more than 200 times"), "{}", failure.message);
}

#[tokio::test]
async fn by_wasi_nobody_learns_how_late_it_is_or_how_long_anything_took() {
    let world = roaming(1);
    let begun = Instant::now();
    let said = world.ask("roamer.look", json!({ "way": "clocks" })).await;
    assert_eq!(said, "0 3600000000000 7200000000000 [1] true", "two hours passed, and the time of the call stood still");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

fn load(files: &GuestFiles) -> Result<(), PluginError> {
    let folder = Folder::new();
    files.write(folder.path()).expect("written");
    Host::new(options()).expect("host").load_dir(folder.path()).map(|_| ())
}

#[test]
fn of_wasi_there_is_what_http_needs_and_for_whom_it_was_granted() {
    let good = GuestFiles::roamer();
    load(&good).expect("the good one");
    let manifest = |from: &str, to: &str| GuestFiles { manifest: good.manifest.replace(from, to), ..good.clone() };
    let import = |name: &str| {
        let text = format!("(component (import \"{name}\" (instance)))");
        GuestFiles { component: wat::parse_str(text).expect("wat"), ..good.clone() }
    };
    // Names in a component carry their length, so a version of the same length can take the place of another.
    let version = |to: &[u8; 7]| {
        let mut component = good.component.clone();
        let places: Vec<usize> = component.windows(7).enumerate().filter(|(_, window)| *window == b"@0.2.12").map(|(at, _)| at).collect();
        assert!(!places.is_empty());
        places.into_iter().for_each(|at| component[at..at + 7].copy_from_slice(to));
        GuestFiles { component, ..good.clone() }
    };
    let not_offered = "which this host does not offer";
    let cases = [
        ("no grant", manifest("wasi-http = true", "http = true"), "imports `wasi-http` without a grant; add `wasi-http = true`"),
        ("no grant for the time", manifest("clock = true\n", ""), "imports `clock` without a grant"),
        (
            "a grant too many",
            GuestFiles { manifest: GuestFiles::asker().manifest.replace("http = true", "http = true\nwasi-http = true"), ..GuestFiles::asker() },
            "is granted `wasi-http` but does not import it",
        ),
        ("nobody to ask", manifest("allow = [", "allow = []\nnone = ["), "unknown field `none`"),
        ("another version", version(b"@0.3.12"), not_offered),
        ("sockets", import("wasi:sockets/tcp@0.2.0"), "imports `wasi:sockets/tcp@0.2.0`, which this host does not offer"),
        ("names", import("wasi:sockets/ip-name-lookup@0.2.12"), not_offered),
        ("files", import("wasi:filesystem/types@0.2.12"), not_offered),
        ("folders", import("wasi:filesystem/preopens@0.2.12"), not_offered),
        ("environment", import("wasi:cli/environment@0.2.12"), not_offered),
        ("standard streams", import("wasi:cli/stdout@0.2.12"), not_offered),
        ("randomness", import("wasi:random/random@0.2.12"), not_offered),
        ("randomness of less worth", import("wasi:random/insecure-seed@0.2.12"), not_offered),
        ("time zones", import("wasi:clocks/timezone@0.2.12"), not_offered),
        ("an interface without its version", import("wasi:http/types"), not_offered),
        ("streams alone", import("wasi:io/streams@0.2.12"), "is granted `log` but does not import it"),
        (
            "streams without the grant",
            GuestFiles { manifest: GuestFiles::crm().manifest, component: import("wasi:io/streams@0.2.12").component, ..GuestFiles::crm() },
            "imports `wasi-http` without a grant",
        ),
    ];
    for (what, files, expect) in cases {
        let refused = load(&files).expect_err(what).to_string();
        assert!(refused.contains(expect), "{what}: {refused}");
    }
    let manifest = good.manifest.split("[egress]").next().expect("a head").to_owned() + "[[tool]]" + good.manifest.split("[[tool]]").nth(1).expect("a tool");
    let refused = load(&GuestFiles { manifest, ..good.clone() }).expect_err("nobody to ask").to_string();
    assert!(refused.contains("`wasi-http` stands under [imports], and [egress] allows nobody to be asked"), "{refused}");
    // Whoever was built with an older one of the same is taken.
    load(&version(b"@0.2.10")).expect("another 0.2");
}
