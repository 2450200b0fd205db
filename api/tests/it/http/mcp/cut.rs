//! Lines that break in the protocol without sessions, which takes them for a call taken back, and calls that more than one waits for.

use super::client::{Client, Served, answer_of, error, hold_in, value};
use serde_json::{Value, json};
use steward_core::Scope;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CONTACTS: &str = "select count(*) from contact";
const NEWEST: &str = "2026-07-28";

fn lena() -> Value {
    json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })
}

fn keyed(seconds: u64) -> Value {
    json!({ "steward/idempotency_key": "lena", "steward/wait_seconds": seconds })
}

/// Makes the call over a line of its own, and comes back with the line when people have to decide, and on what.
async fn waits(served: &Served, token: &str) -> (TcpStream, String) {
    let mut meta = keyed(600);
    for (name, value) in [("protocolVersion", json!(NEWEST)), ("clientCapabilities", json!({})), ("clientInfo", json!({ "name": "raw", "version": "1" }))] {
        meta[format!("io.modelcontextprotocol/{name}")] = value;
    }
    meta["progressToken"] = json!("p");
    let params = json!({ "name": "crm.create_contact", "arguments": lena(), "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params }).to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n\
         MCP-Protocol-Version: {NEWEST}\r\nMcp-Method: tools/call\r\nMcp-Name: crm.create_contact\r\nContent-Length: {}\r\n\r\n",
        served.address,
        body.len()
    );
    let mut line = TcpStream::connect(served.address).await.expect("a line");
    line.write_all(format!("{head}{body}").as_bytes()).await.expect("sent");
    let mut said = Vec::new();
    loop {
        let read = line.read_buf(&mut said).await.expect("read");
        let text = String::from_utf8_lossy(&said);
        assert!(read > 0, "it ended: {text}");
        // The link is whole once something stands behind it.
        if text.split_once("/holds/").is_some_and(|(_, rest)| rest.contains('"')) {
            return (line, hold_in(&text));
        }
    }
}

#[tokio::test]
async fn without_sessions_a_cut_line_takes_the_call_back_and_the_call_made_again_begins_anew() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    let (line, hold) = waits(&served, &token).await;
    let run = served.run_of(&hold).await;
    drop(line);
    assert_eq!(served.end_of(&run).await, "cancelled");
    assert_eq!(served.approve(&hold).await, 409);

    // Nothing was done, so the key still stands for a call that can be done once; and one that is not waited for has no line to lose.
    let client = Client::without_session(&served.url(), &token).await;
    let held = error(&client.call_with("crm.create_contact", lena(), keyed(0)).await);
    assert_eq!(held["class"], "held", "{held}");
    let next = held["hold_id"].as_str().expect("a hold").to_owned();
    assert_ne!(next, hold);
    assert_eq!(served.approve(&next).await, 200);
    for _ in 0..2 {
        assert_eq!(value(&client.call_with("crm.create_contact", lena(), keyed(60)).await)["name"], "Lena Petrova");
    }
    assert_eq!(served.number(CONTACTS).await, 1);
}

#[tokio::test]
async fn a_call_that_another_still_waits_for_is_not_taken_back() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    let (line, hold) = waits(&served, &token).await;
    // Its client has come again before the server saw that the line is gone.
    let mut client = Client::without_session(&served.url(), &token).await;
    let again = client.begin("crm.create_contact", lena(), keyed(600)).await;
    assert_eq!(client.hold_of(&again).await, hold, "the very same call");
    drop(line);
    // A request of its own, so that the server had its turn.
    assert!(client.tools().await.contains(&"crm.create_contact".to_owned()));
    assert_eq!(served.approve(&hold).await, 200);
    assert_eq!(value(&answer_of(again).await)["name"], "Lena Petrova");
    assert_eq!((served.number(CONTACTS).await, served.number("select count(*) from hold").await), (1, 1));
}
