//! What is served for which path, and with which headers.

use super::*;

fn web() -> Web {
    let files: [(&str, &[u8]); 10] = [
        ("index.html", b"<p>home</p><script>go()</script>"),
        ("404.html", b"<p>nothing here</p>"),
        ("runs.html", b"<p>runs</p>"),
        ("runs/_.html", b"<p>any run</p>"),
        ("runs/_.txt", b"any run, for the router"),
        ("runs/_/__next.page.txt", b"a part of it"),
        ("_next/static/a.js", b"go"),
        ("_next/static/a.js.br", b"compressed"),
        ("favicon.ico", b"icon"),
        ("sw.js", b"work()"),
    ];
    Web::of(files.map(|(name, bytes)| (name.to_owned(), Bytes::from_static(bytes))))
}

fn ask(path: &str, headers: &[(&'static str, &'static str)]) -> Response {
    let headers: HeaderMap = headers.iter().map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
    web().answer(path, &headers).expect("an answer")
}

async fn body(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1_000).await.expect("body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    for path in ["/nothing", "/runs/a/b", "/404", "/404.html", "/../runs", "/runs.html/x", "/_next/static/b.js", "/_/_", "//", "/runs/"] {
        let response = ask(path, &[]);
        let expect = if matches!(path, "//" | "/runs/") { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(response.status(), expect, "{path}");
    }
    assert_eq!(body(ask("/nothing", &[])).await, "<p>nothing here</p>");
}

#[tokio::test]
async fn one_page_answers_for_every_id() {
    for (path, expect) in [
        ("/", "<p>home</p><script>go()</script>"),
        ("/runs", "<p>runs</p>"),
        ("/runs/run_01", "<p>any run</p>"),
        ("/runs/run_01.txt", "any run, for the router"),
        ("/runs/run_01/__next.page.txt", "a part of it"),
        ("/runs/_", "<p>any run</p>"),
    ] {
        let response = ask(path, &[]);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(body(response).await, expect, "{path}");
    }
}

#[test]
fn pages_are_asked_for_anew_and_named_files_are_kept() {
    let header = |response: &Response, name| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let page = ask("/runs/x", &[]);
    assert_eq!(header(&page, header::CACHE_CONTROL).as_deref(), Some("no-cache"));
    assert!(header(&page, header::CONTENT_SECURITY_POLICY).expect("policy").starts_with("default-src 'none'; script-src 'self';"));
    let script = ask("/_next/static/a.js", &[("accept-encoding", "gzip, br;q=1")]);
    assert_eq!(header(&script, header::CACHE_CONTROL).as_deref(), Some("public, max-age=31536000, immutable"));
    assert_eq!(header(&script, header::CONTENT_ENCODING).as_deref(), Some("br"));
    for refuses in ["gzip", "br;q=0", ""] {
        let plain = ask("/_next/static/a.js", &[("accept-encoding", refuses)]);
        assert_eq!(header(&plain, header::CONTENT_ENCODING), None, "{refuses}");
    }
}

#[tokio::test]
async fn a_browser_that_has_the_page_gets_none() {
    let etag = ask("/runs", &[]).headers().get(header::ETAG).cloned().expect("etag");
    let mut headers = HeaderMap::new();
    headers.insert(header::IF_NONE_MATCH, etag);
    let again = web().answer("/runs", &headers).expect("an answer");
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(body(again).await, "");
    assert_eq!(web().answer("/", &headers).expect("an answer").status(), StatusCode::OK, "another page has another tag");
}

#[test]
fn a_program_without_a_web_knows_it() {
    assert!(web().is_built() && !Web::default().is_built());
    assert!(Web::default().answer("/", &HeaderMap::new()).is_none());
}

#[test]
fn the_worker_may_ask_this_server_and_nobody_else() {
    let worker = ask("/sw.js", &[]);
    let policy = worker.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'; connect-src 'self';"), "{policy}");
    assert!(!policy.contains("script-src") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(worker.headers()[header::CACHE_CONTROL], "no-cache", "a new one is found at once");
    assert!(!ask("/_next/static/a.js", &[]).headers().contains_key(header::CONTENT_SECURITY_POLICY), "other files have none of their own");
}
