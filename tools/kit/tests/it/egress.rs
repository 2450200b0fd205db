//! What a plugin asks others is answered from its case, after everything that the manifest and the host have to say.

use crate::support::Folder;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use steward_host::mcp::Secret;
use steward_host::testing::{GuestFiles, MadeUp};
use steward_host::{EgressOptions, PrivateHost, Resolver};
use steward_kit::build::build;
use steward_kit::cases::{Case, CaseResult, Runner};

const TOKEN: &str = "Bearer [asker_token]";

async fn run(case: Value) -> CaseResult {
    let folder = Folder::of(&GuestFiles::asker());
    let runner = Runner::load(&folder.project()).expect("loaded");
    let case: Case = serde_json::from_value(case).expect("a case");
    runner.run(&case).await.expect("run")
}

/// The text that the tool gives.
fn text(result: &CaseResult) -> String {
    result.got.result.as_ref().and_then(|result| result["text"].as_str()).unwrap_or_else(|| panic!("{result:?}")).to_owned()
}

fn asks(tool: &str, arguments: Value, host: Value) -> Value {
    json!({ "name": "a", "tool": tool, "arguments": arguments, "host": host, "expect": { "result": {} } })
}

#[tokio::test]
async fn a_request_that_is_forbidden_is_refused_in_a_case_as_in_the_field() {
    let look = |url: &str| json!({ "url": url });
    for (tool, arguments, says) in [
        ("asker.look", look("http://elsewhere.test:8080/v1/a"), "denied: "),
        ("asker.look", look("http://api.asker.test:8080/secret"), "denied: "),
        ("asker.look", look("http://api.asker.test:9090/v1/a"), "denied: "),
        ("asker.look", look("https://api.asker.test:8080/v1/a"), "denied: "),
        ("asker.look", look("http://api.asker.test:8080/v1/../secret"), "denied: the path has"),
        ("asker.look", look("http://127.0.0.1:8080/v1/a"), "denied: the host is an address"),
        ("asker.look", json!({ "url": "http://api.asker.test:8080/v1/a", "method": "POST" }), "denied: a tool with the effect `fetch`"),
        ("asker.peek", look("http://api.asker.test:8080/v1/a"), "denied: a tool with the effect `read` asks nobody outside"),
        ("asker.look", json!({ "url": "http://api.asker.test:8080/v1/a", "headers": ["authorization: mine"] }), "denied: the header `authorization`"),
    ] {
        // Its answer lies ready: that it is never asked for is what is shown.
        let host = json!([{ "call": "http.fetch", "with": { "method": "GET", "url": arguments["url"] }, "answer": { "status": 200, "body": "in" } }]);
        let result = run(asks(tool, arguments.clone(), host)).await;
        assert!(text(&result).starts_with(says), "{arguments}: {result:?}");
        assert!(result.problems[0].starts_with("host[0]: expected the question") && result.problems[0].ends_with("got none"), "{result:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_allowed_is_answered_from_the_case_and_shows_no_secret() {
    let url = "http://api.asker.test:8080/v1/a?b=c";
    let with = json!({ "method": "GET", "url": url, "headers": { "Authorization": TOKEN } });
    let answer = json!({ "status": 201, "headers": { "x-seen": "yes" }, "json": { "found": 1 } });
    let result = run(asks("asker.look", json!({ "url": url }), json!([{ "call": "http.fetch", "with": with, "answer": answer }]))).await;
    let said = text(&result);
    assert!(said.starts_with("201 (11 bytes)") && said.contains("x-seen: yes") && said.ends_with("{\"found\":1}"), "{said}");
    assert_eq!(result.problems.len(), 1, "only what it expects is other: {result:?}");

    // Sent with a body, and sent otherwise than the case says.
    let sent = |body: &str| json!([{ "call": "http.fetch", "with": { "method": "POST", "url": "http://api.asker.test:8080/open/a", "body": body }, "answer": { "status": 204 } }]);
    let arguments = json!({ "url": "http://api.asker.test:8080/open/a", "method": "POST", "body": "hello" });
    assert!(text(&run(asks("asker.send", arguments.clone(), sent("hello"))).await).starts_with("204"));
    let result = run(asks("asker.send", arguments, sent("other"))).await;
    assert!(text(&result).starts_with("unreachable"), "{result:?}");
    assert!(result.problems[0].contains("\"body\":\"other\"") && result.problems[0].contains("\"body\":\"hello\""), "{result:?}");

    // Nobody answers, and nothing was recorded.
    let nobody = json!([{ "call": "http.fetch", "with": { "method": "GET", "url": url }, "error": "unavailable" }]);
    assert!(text(&run(asks("asker.look", json!({ "url": url }), nobody)).await).starts_with("unreachable"));
    let result = run(asks("asker.look", json!({ "url": url }), json!([]))).await;
    assert!(result.problems[0].contains("expected no further question") && result.problems[0].contains(TOKEN), "{result:?}");
    assert!(!result.problems[0].contains("value-of-asker_token"), "{result:?}");
}

#[tokio::test]
async fn a_request_by_wasi_is_answered_from_the_case_like_any_other() {
    let folder = Folder::of(&GuestFiles::roamer());
    let runner = Runner::load(&folder.project()).expect("loaded");
    let url = "http://api.asker.test:8080/v1/a?b=c";
    let with = json!({ "method": "GET", "url": url, "headers": { "Authorization": TOKEN } });
    let host = json!([{ "call": "http.fetch", "with": with, "answer": { "status": 201, "headers": { "x-seen": "yes" }, "body": "found" } }]);
    for (asked, expect) in [(url, "201 (5 bytes)"), ("http://api.asker.test:8080/secret", "refused: ErrorCode::HttpRequestDenied")] {
        let case: Case = serde_json::from_value(asks("roamer.look", json!({ "url": asked }), host.clone())).expect("a case");
        let result = runner.run(&case).await.expect("run");
        assert!(text(&result).starts_with(expect), "{result:?}");
    }
}

#[test]
fn the_kit_makes_nothing_that_asks_by_wasi_in_a_language_that_does_not() {
    let good = GuestFiles::roamer();
    for language in ["python", "c"] {
        let manifest = good.manifest.replace("language = \"rust\"", &format!("language = \"{language}\""));
        let folder = Folder::of(&GuestFiles { manifest, ..good.clone() });
        let refused = build(&folder.project(), &mut |_| {}).expect_err(language).to_string();
        assert!(refused.contains("put `http = true` in the place of `wasi-http = true`"), "{refused}");
    }
}

#[tokio::test]
async fn a_recorded_redirect_is_a_request_like_any_other() {
    let (from, to) = ("http://api.asker.test:8080/v1/a", "http://other.asker.test:8080/v1/b");
    let redirect = |location: &str| json!({ "call": "http.fetch", "with": { "method": "GET", "url": from }, "answer": { "status": 302, "headers": { "location": location } } });
    let result = run(asks("asker.look", json!({ "url": from }), json!([redirect("http://elsewhere.test/v1/b")]))).await;
    assert!(text(&result).starts_with("denied: "), "{result:?}");
    let arrived = json!({ "call": "http.fetch", "with": { "method": "GET", "url": to }, "answer": { "status": 200, "body": "there" } });
    let result = run(asks("asker.look", json!({ "url": from }), json!([redirect(to), arrived]))).await;
    assert!(text(&result).ends_with("there") && result.problems.len() == 1, "{result:?}");
}

/// Somebody who answers on this machine: the asker's host on another port, and what it was asked.
struct Others {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Others {
    fn start(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
                let mut head = String::new();
                while reader.read_line(&mut head).is_ok_and(|bytes| bytes > 2) {}
                heard.lock().expect("asked").push(head);
                let _ = stream.write_all(answer);
            }
        });
        Self { port, asked }
    }

    /// The asker with its hosts on this port, where the developer names this machine for them.
    fn asker(&self, named: &[&str]) -> (Folder, EgressOptions) {
        let mut guest = GuestFiles::asker();
        guest.manifest = guest.manifest.replace("8080", &self.port.to_string());
        let network = || vec!["127.0.0.1".parse().expect("a network")];
        let private = named.iter().map(|host| PrivateHost { plugin: "asker".to_owned(), host: (*host).to_owned(), networks: network() }).collect();
        let secrets = [(("asker".to_owned(), "asker_token".to_owned()), Secret::new("the-developers-own"))].into();
        let here = "127.0.0.1".parse().expect("an address");
        let resolver = Resolver::Made(MadeUp(Arc::new(move |_: &str| vec![here])));
        (Folder::of(&guest), EgressOptions { private, secrets, resolver, ..EgressOptions::default() })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("asked").clone()
    }
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Sun, 01 Mar 2026 00:00:00 GMT\r\nx-seen: the-developers-own\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"found\":1}";

#[tokio::test]
async fn live_is_held_to_the_manifest_and_to_the_hosts_that_the_developer_names() {
    let others = Others::start(ANSWER);
    let at = |path: &str| format!("http://api.asker.test:{}{path}", others.port);
    let run = async |named: &[&str], tool: &str, arguments: Value| {
        let (folder, egress) = others.asker(named);
        let live = Runner::load_live(&folder.project(), egress).expect("loaded");
        let case: Case = serde_json::from_value(asks(tool, arguments, json!([]))).expect("a case");
        live.run_live(&case).await.expect("run")
    };
    // An address of this machine that nobody named, what the manifest does not allow, and an effect that asks nobody.
    for (named, tool, arguments) in [
        (&[] as &[&str], "asker.look", json!({ "url": at("/v1/a") })),
        (&["other.asker.test"], "asker.look", json!({ "url": at("/v1/a") })),
        (&["api.asker.test"], "asker.look", json!({ "url": at("/secret") })),
        (&["api.asker.test"], "asker.look", json!({ "url": at("/v1/a"), "method": "POST" })),
        (&["api.asker.test"], "asker.peek", json!({ "url": at("/v1/a") })),
    ] {
        let (result, heard) = run(named, tool, arguments.clone()).await;
        assert!(text(&result).starts_with("denied: "), "{arguments}: {result:?}");
        assert_eq!(heard, [], "nothing left, so nothing is written down");
    }
    assert_eq!(others.asked(), [] as [String; 0]);
}

#[tokio::test]
async fn what_others_answer_is_written_down_without_secrets_and_comes_to_the_same_again() {
    let others = Others::start(ANSWER);
    let url = format!("http://api.asker.test:{}/v1/a?b=c", others.port);
    let (folder, egress) = others.asker(&["api.asker.test"]);
    let live = Runner::load_live(&folder.project(), egress).expect("loaded");
    let case: Case = serde_json::from_value(asks("asker.look", json!({ "url": url }), json!([]))).expect("a case");
    let (result, heard) = live.run_live(&case).await.expect("run");
    assert!(text(&result).starts_with("200 (11 bytes)") && text(&result).ends_with("{\"found\":1}"), "{result:?}");
    assert!(result.problems[0].contains("host[0]: expected the question\n    none"), "the case knows of no question: {result:?}");
    let asked = others.asked();
    assert!(asked.len() == 1 && asked[0].to_lowercase().contains("authorization: bearer the-developers-own"), "{asked:?}");
    let [one] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((one.call.as_str(), &one.with["url"], &one.with["headers"]["authorization"]), ("http.fetch", &json!(url), &json!(TOKEN)));
    let answer = one.answer.clone().expect("an answer");
    assert_eq!((&answer["status"], &answer["json"]), (&json!(200), &json!({ "found": 1 })));
    assert_eq!(
        (answer["headers"].get("date"), &answer["headers"]["x-seen"]),
        (None, &json!("[asker_token]")),
        "what changes is left out, and no secret is kept"
    );
    assert!(!serde_json::to_string(&heard).expect("JSON").contains("the-developers-own"));

    // As a case it passes without anybody being asked, and live again it is as it says.
    let recorded = Runner::load(&folder.project()).expect("loaded");
    let replayed = recorded.call(&Case { host: heard.clone(), ..case.clone() }).await.expect("run");
    let written = Case { host: heard, expect: Some(replayed.got.clone()), fuel: replayed.fuel, ..case };
    assert_eq!(recorded.run(&written).await.expect("run").problems, [] as [String; 0]);
    assert_eq!(others.asked().len(), 1);
    let (again, _) = live.run_live(&written).await.expect("run");
    assert_eq!(others.asked().len(), 2);
    assert!(again.problems.len() <= 1, "only what changes each time is other: {again:?}");
}

#[tokio::test]
async fn what_is_no_text_cannot_be_written_down_and_that_nobody_answers_can() {
    for (bytes, is_error, is_fit) in [(&b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n\xff\xfe"[..], false, false), (b"", true, true)] {
        let others = Others::start(bytes);
        let (folder, egress) = others.asker(&["api.asker.test"]);
        let live = Runner::load_live(&folder.project(), egress).expect("loaded");
        let arguments = json!({ "url": format!("http://api.asker.test:{}/v1/a", others.port) });
        let case: Case = serde_json::from_value(asks("asker.look", arguments, json!([]))).expect("a case");
        let (result, heard) = live.run_live(&case).await.expect("run");
        let [one] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((one.answer.is_some(), one.error.is_some()), (false, is_error), "{heard:?}");
        assert_eq!(!result.problems.iter().any(|problem| problem.contains("is no text")), is_fit, "{result:?}");
    }
}
