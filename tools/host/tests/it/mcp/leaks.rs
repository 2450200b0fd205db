//! A server that tells what it was given: none of its words is told with it, whatever kind of word it is and however it is reached.

use super::{failure, host, office, result, rules, server};
use crate::support::{Ear, Folder, Gate, context};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use steward_core::{Effect, FailureClass, Outcome};
use steward_host::mcp::{AskedPerson, Definition, McpServer, McpTransport, People, PersonSaid, Secret, accept, offered};
use steward_host::office::BoxFuture;
use steward_host::{Host, HostOptions, NoSecrets};

/// The variable that the server is given, and what it holds.
const GIVEN: &str = "MCP_GIVEN";
const VALUE: &str = "ghv_v4lue-0f-the-server";
const MARK: &str = "[MCP_GIVEN]";

/// The server of the child process: everything it says has the value of its variable.
#[derive(Default)]
pub(super) struct Leaky {
    asks: Value,
}

impl Leaky {
    pub(super) fn handle(&mut self, message: &Value) -> Vec<Value> {
        let value = std::env::var_os(GIVEN).unwrap_or_default().to_string_lossy().into_owned();
        let id = message["id"].clone();
        let answer = |result: Value| vec![json!({ "jsonrpc": "2.0", "id": id, "result": result })];
        let say = |text: String| json!({ "content": [{ "type": "text", "text": text }] });
        match message["method"].as_str() {
            Some("initialize") => answer(json!({
                "protocolVersion": "2025-06-18", "capabilities": { "tools": {}, "resources": {}, "prompts": {}, "logging": {} },
                "serverInfo": { "name": "leaky", "version": "1" }, "instructions": format!("Use {value}."),
            })),
            Some("notifications/initialized") => {
                let params = json!({ "level": "info", "data": format!("begun with {value}") });
                vec![json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": params })]
            }
            Some("tools/list") => answer(json!({ "tools": [{
                "name": "leak", "description": format!("Works with {value}."), "annotations": { "title": format!("Leak {value}") },
                "inputSchema": { "type": "object", "required": ["how"], "properties": { "how": { "type": "string", "description": format!("not {value}") } } },
            }] })),
            Some("tools/call") => match message.pointer("/params/arguments/how").and_then(Value::as_str).unwrap_or_default() {
                "fail" => answer(json!({ "isError": true, "content": [{ "type": "text", "text": format!("401 for {value}") }] })),
                "refuse" => {
                    vec![json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32603, "message": format!("refused {value}"), "data": { "sent": value } } })]
                }
                "ask" => {
                    self.asks = id;
                    let form = json!({ "type": "object", "properties": { "day": { "type": "string", "description": format!("as in {value}") } } });
                    let params = json!({ "message": format!("Which day, {value}?"), "requestedSchema": form });
                    vec![json!({ "jsonrpc": "2.0", "id": "e0", "method": "elicitation/create", "params": params })]
                }
                "escaped" => answer(say(json!({ "inner": json!({ "given": value }).to_string() }).to_string())),
                "at length" => answer(say(format!("{} {value}", "x".repeat(100 << 10)))),
                _ => answer(say(format!("it is {value}"))),
            },
            Some("resources/list") => answer(json!({ "resources": [{ "uri": format!("x://{value}"), "name": "one" }] })),
            Some("resources/read") => answer(json!({ "contents": [{ "uri": "x://1", "text": format!("kept: {value}") }] })),
            Some("prompts/list") => answer(json!({ "prompts": [{ "name": "one", "description": format!("of {value}") }] })),
            Some("prompts/get") => {
                let message = json!({ "role": "user", "content": { "type": "text", "text": format!("say {value}") } });
                answer(json!({ "messages": [message] }))
            }
            Some(_) => Vec::new(),
            None => vec![json!({ "jsonrpc": "2.0", "id": self.asks.take(), "result": say(format!("asked with {value}")) })],
        }
    }
}

fn with_value(kind: &str) -> McpServer {
    let mut peer = McpServer { asks: true, ..server(kind) };
    if let McpTransport::Command { environment, .. } = &mut peer.transport {
        environment.insert(GIVEN.to_owned(), VALUE.to_owned());
    }
    peer.tools = [
        ("leak", rules(Effect::Read, &[("how", "query")])),
        ("resources_list", rules(Effect::Read, &[("cursor", "query")])),
        ("resources_read", rules(Effect::Fetch, &[("uri", "url")])),
        ("prompts_list", rules(Effect::Read, &[("cursor", "query")])),
        ("prompts_get", rules(Effect::Read, &[("name", "query"), ("/arguments/*/name", "query"), ("/arguments/*/value", "content")])),
    ]
    .map(|(name, rules)| (name.to_owned(), rules))
    .into();
    peer
}

/// Somebody who notes what they are asked, and says nothing.
#[derive(Default)]
struct Noting(Mutex<Vec<AskedPerson>>);

impl People for Noting {
    fn ask<'a>(&'a self, asked: AskedPerson) -> BoxFuture<'a, PersonSaid> {
        self.0.lock().expect("asked").push(asked);
        Box::pin(std::future::ready(PersonSaid::Declined))
    }
}

#[tokio::test]
async fn no_word_of_a_server_is_told_with_what_the_server_was_given() {
    let ear = Ear::default();
    let _hearing = tracing::subscriber::set_default(ear.clone());
    let folder = Folder::new();
    let peer = with_value("leaks");
    let definitions = offered(&peer).await.expect("offered");
    let shown = serde_json::to_string(&definitions).expect("JSON");
    assert!(!shown.contains(VALUE) && shown.matches(MARK).count() == 3, "description, hints and schema: {shown}");
    let host = host(&folder, &peer, &peer).await;
    let people = Arc::new(Noting::default());
    let ask = async |tool: &str, arguments: Value| -> Outcome {
        let permit = Gate::new(&host).permit(&host, tool, arguments);
        host.call_for(permit, context("key"), office(), Arc::clone(&people) as _, Arc::new(NoSecrets)).await.outcome
    };
    for (tool, arguments) in [
        ("peer.leak", json!({ "how": "plainly" })),
        ("peer.leak", json!({ "how": "escaped" })),
        ("peer.leak", json!({ "how": "at length" })),
        ("peer.leak", json!({ "how": "fail" })),
        ("peer.leak", json!({ "how": "refuse" })),
        ("peer.leak", json!({ "how": "ask" })),
        ("peer.resources_list", json!({})),
        ("peer.resources_read", json!({ "uri": "x://1" })),
        ("peer.prompts_list", json!({})),
        ("peer.prompts_get", json!({ "name": "one" })),
    ] {
        let told = format!("{:?}", ask(tool, arguments.clone()).await);
        assert!(!told.contains(VALUE) && told.contains(MARK), "{tool} {arguments}: {told}");
    }
    let asked = format!("{:?}", people.0.lock().expect("asked"));
    assert!(!asked.contains(VALUE) && asked.matches(MARK).count() == 2, "{asked}");
    let heard = ear.heard();
    assert!(heard.contains(&format!("begun with {MARK}")), "the test listens, and what a server logs has its mark");
    assert_eq!(heard.lines().find(|line| line.contains(VALUE)), None);
}

#[tokio::test]
async fn what_was_accepted_in_a_servers_own_words_is_still_accepted_and_shown_without_what_it_was_given() {
    let folder = Folder::new();
    let lock = folder.path().join("mcp.lock.json");
    let peer = with_value("leaks");
    let cleaned = offered(&peer).await.expect("offered");
    // As they were accepted by a program that took nothing out of them.
    let words = serde_json::to_string(&cleaned).expect("JSON").replace(MARK, VALUE);
    let whole: Vec<Definition> = serde_json::from_str(&words).expect("definitions");
    assert_ne!(whole, cleaned);
    for (accepted, works) in [(whole, true), (cleaned, true), (of_another_value(&words), false)] {
        accept(&lock, &peer, &accepted, &[]).expect("accepted");
        let host = Host::new(HostOptions::default()).expect("host");
        host.load_mcp(std::slice::from_ref(&peer), &lock).expect("loaded");
        let permit = Gate::new(&host).permit(&host, "peer.leak", json!({ "how": "plainly" }));
        let outcome = host.call_for(permit, context("key"), office(), Arc::new(Noting::default()) as _, Arc::new(NoSecrets)).await.outcome;
        if works {
            assert_eq!(result(outcome), json!({ "text": format!("it is {MARK}") }));
        } else {
            assert_eq!(failure(outcome).class, FailureClass::Denied, "other words than were accepted");
        }
        let shown = format!("{:?}", host.tool("peer.leak").expect("accepted").spec());
        assert!(!shown.contains(VALUE), "{shown}");
    }
}

/// Definitions with another value in the place of what the server was given.
fn of_another_value(words: &str) -> Vec<Definition> {
    serde_json::from_str(&words.replace(VALUE, "an0ther-value-0f-it")).expect("definitions")
}

#[tokio::test]
async fn the_last_words_of_a_server_are_told_without_what_it_was_given() {
    let ear = Ear::default();
    let _hearing = tracing::subscriber::set_default(ear.clone());
    let begun = Instant::now();
    loop {
        let told = offered(&with_value("blurts")).await.expect_err("it is gone").to_string();
        assert!(!told.contains(VALUE) && !told.contains("0f-the-server"), "{told}");
        // What it said may be read only after its end was seen.
        if told.contains(MARK) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{told}");
    }
    assert_eq!(ear.heard().lines().find(|line| line.contains(VALUE) || line.contains("0f-the-server")), None);
}

/// Says its value at the end of a line that is too long to be read at once, so that its rest begins in the middle of it, then alone, and goes.
pub(super) fn blurt() -> ! {
    let value = std::env::var_os(GIVEN).unwrap_or_default().to_string_lossy().into_owned();
    eprintln!("{}{value}", "x".repeat((16 << 10) - 10));
    eprintln!("no such token: {value}");
    std::process::exit(3)
}

/// Answers every request over HTTP by repeating the token that it came with.
fn repeats_the_token() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = std::io::BufReader::new(stream.try_clone().expect("a clone"));
            let Some((head, _)) = super::peer::request(&mut reader) else { continue };
            let sent = head.lines().find_map(|line| line.to_lowercase().starts_with("authorization: bearer ").then(|| line.to_owned()));
            let body = format!("no: {}", sent.expect("a token"));
            let said = format!("HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(said.as_bytes());
        }
    });
    address
}

#[tokio::test]
async fn an_answer_over_http_and_an_address_are_told_without_what_they_carry() {
    let address = repeats_the_token();
    let at = |url: String| McpServer { transport: McpTransport::Url { url, bearer: Some(Secret::new(VALUE)) }, ..server("plain") };
    let told = offered(&at(format!("http://{address}/mcp?key=query-v4lue"))).await.expect_err("refused").to_string();
    assert!(told.contains("401") && !told.contains("ghv_") && !told.contains("query-v4lue"), "{told}");
    // Nobody listens there: the library's error names the address.
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let told = offered(&at(format!("http://{nobody}/mcp?key=query-v4lue"))).await.expect_err("away").to_string();
    assert!(told.contains("127.0.0.1") && !told.contains("query-v4lue"), "{told}");
}

#[tokio::test]
async fn what_every_server_has_stays_in_its_words() {
    let folder = Folder::new();
    let mut peer = server("plain");
    if let McpTransport::Command { environment, .. } = &mut peer.transport {
        environment.insert("HOME".to_owned(), "/srv/somebody".to_owned());
    }
    let host = host(&folder, &peer, &peer).await;
    let echo = async |text: &str| super::ask(&host, "peer.echo", json!({ "text": text })).await;
    assert_eq!(result(echo("/srv/somebody/plan.txt").await), json!({ "text": "/srv/somebody/plan.txt" }));
    assert_eq!(failure(super::ask(&host, "peer.refuse", json!({})).await).class, FailureClass::InvalidArguments);
}
