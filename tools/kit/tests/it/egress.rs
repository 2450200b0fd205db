//! What a plugin asks others is answered from its case, after everything that the manifest and the host have to say.

use crate::support::Folder;
use serde_json::{Value, json};
use steward_host::testing::GuestFiles;
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
async fn a_recorded_redirect_is_a_request_like_any_other() {
    let (from, to) = ("http://api.asker.test:8080/v1/a", "http://other.asker.test:8080/v1/b");
    let redirect = |location: &str| json!({ "call": "http.fetch", "with": { "method": "GET", "url": from }, "answer": { "status": 302, "headers": { "location": location } } });
    let result = run(asks("asker.look", json!({ "url": from }), json!([redirect("http://elsewhere.test/v1/b")]))).await;
    assert!(text(&result).starts_with("denied: "), "{result:?}");
    let arrived = json!({ "call": "http.fetch", "with": { "method": "GET", "url": to }, "answer": { "status": 200, "body": "there" } });
    let result = run(asks("asker.look", json!({ "url": from }), json!([redirect(to), arrived]))).await;
    assert!(text(&result).ends_with("there") && result.problems.len() == 1, "{result:?}");
}
