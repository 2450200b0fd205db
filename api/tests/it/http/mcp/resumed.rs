//! A stream that broke is heard on from where it broke, within the session: `Last-Event-ID`, as the protocol has it.

use super::client::{Client, Served, hold_in};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use steward_core::Scope;

/// A session of a client that speaks HTTP by hand.
struct Raw<'a> {
    served: &'a Served,
    token: &'a str,
    session: String,
}

impl<'a> Raw<'a> {
    async fn open(served: &'a Served, token: &'a str) -> Self {
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "raw", "version": "1" } } });
        let mut raw = Self { served, token, session: String::new() };
        let answer = raw.post(&hello).send().await.expect("an answer");
        raw.session = answer.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()).expect("a session").to_owned();
        let heard = raw.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).send().await.expect("an answer");
        assert_eq!(heard.status(), 202);
        raw
    }

    fn ask(&self, method: Method) -> RequestBuilder {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ask = reqwest::Client::new().request(method, self.served.url()).bearer_auth(self.token);
        let ask = ask.header("accept", "application/json, text/event-stream").header("mcp-protocol-version", "2025-06-18");
        if self.session.is_empty() { ask } else { ask.header("mcp-session-id", &self.session) }
    }

    fn post(&self, body: &Value) -> RequestBuilder {
        self.ask(Method::POST).header("content-type", "application/json").body(body.to_string())
    }

    /// Listens on from after this event.
    fn after(&self, event: &str) -> RequestBuilder {
        self.ask(Method::GET).header("last-event-id", event)
    }
}

/// Reads a stream up to a message that has what is looked for; gives the message with the id of its event.
async fn heard(stream: &mut Response, wanted: impl Fn(&Value) -> bool) -> (String, Value) {
    let mut text = String::new();
    loop {
        let events: Vec<&str> = text.split_inclusive("\n\n").filter(|event| event.ends_with("\n\n")).collect();
        for event in events {
            let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let message: Value = line("data:").and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
            if wanted(&message) {
                return (line("id:").expect("an id to come back with").to_owned(), message);
            }
        }
        let more = stream.chunk().await.expect("a stream").expect("more of it");
        text.push_str(&String::from_utf8_lossy(&more).replace("\r\n", "\n"));
    }
}

#[tokio::test]
async fn a_stream_that_broke_is_heard_on_within_its_session_and_by_nobody_else() {
    let served = Served::with(&[]).await;
    let (token, another) = (served.token(&Scope::ALL).await, served.token(&Scope::ALL).await);
    let raw = Raw::open(&served, &token).await;
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {
        "name": "crm.create_contact", "arguments": { "name": "Lena Petrova" }, "_meta": { "progressToken": "p", "steward/wait_seconds": 600 } } });
    let mut stream = raw.post(&call).send().await.expect("a stream");
    let (event, waits) = heard(&mut stream, |message| message["method"] == "notifications/progress").await;
    let hold = hold_in(waits["params"]["message"].as_str().expect("words with a link"));
    // The line is cut. That takes no call back.
    drop(stream);

    // Nobody else hears of it, with whatever session.
    let elsewhere = Raw { served: &served, token: &another, session: raw.session.clone() };
    assert_eq!(elsewhere.after(&event).send().await.expect("an answer").status(), 404);

    let mut stream = raw.after(&event).send().await.expect("a stream");
    assert_eq!(stream.status(), 200);
    assert_eq!(served.number("select count(*) from hold where state = 'cancelled'").await, 0, "it waits on");
    assert_eq!(served.approve(&hold).await, 200);
    let (_, done) = heard(&mut stream, |message| message["id"] == 7).await;
    assert_eq!(done["result"]["structuredContent"]["name"], "Lena Petrova", "{done}");
    assert_eq!((served.number("select count(*) from run").await, served.number("select count(*) from contact").await), (1, 1));
    // Whose session is gone makes the call again.
    let again = Client::open(&served.url(), &token).await;
    assert!(again.tools().await.contains(&"crm.create_contact".to_owned()));
}
