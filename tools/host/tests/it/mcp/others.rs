//! Servers that are not ours: the protocol's own example server, as a child process and over HTTP, and its server for files.

use super::asks::the_example_server_asks;
use super::{ask, failure, host, office, result, rules};
use crate::support::{Folder, Gate, context};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use steward_core::{Effect, FailureClass};
use steward_host::mcp::{McpServer, McpToolRules, McpTransport, accept, offered};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A third-party program of `tests/peers`.
fn program(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/node_modules/.bin").join(name);
    assert!(path.exists(), "{} is missing: run `make peers`, which installs the third-party servers", path.display());
    path.to_str().expect("a path").to_owned()
}

#[expect(clippy::disallowed_methods, reason = "the servers are run by node, wherever it is")]
fn started(command: Vec<String>) -> McpTransport {
    let path = std::env::var("PATH").expect("where node is");
    McpTransport::Command { command, environment: BTreeMap::from([("PATH".to_owned(), path)]), dir: PathBuf::from("/") }
}

fn server(transport: McpTransport, tools: &[(&str, McpToolRules)]) -> McpServer {
    let tools = tools.iter().map(|(name, rules)| ((*name).to_owned(), rules.clone())).collect();
    McpServer { name: "other".to_owned(), transport, timeout_ms: 20_000, output_kb: 256, asks: false, tools }
}

fn example(transport: McpTransport) -> McpServer {
    let hurried = McpToolRules { timeout_ms: Some(300), ..rules(Effect::Read, &[("duration", "value"), ("steps", "value")]) };
    server(
        transport,
        &[
            ("echo", rules(Effect::Read, &[("message", "query")])),
            ("get_sum", rules(Effect::Read, &[("a", "value"), ("b", "value")])),
            ("get_structured_content", rules(Effect::Read, &[("location", "query")])),
            ("get_tiny_image", rules(Effect::Read, &[])),
            ("trigger_long_running_operation", hurried),
            ("resources_list", rules(Effect::Read, &[("cursor", "query")])),
            ("resources_read", rules(Effect::Fetch, &[("uri", "url")])),
            ("prompts_get", rules(Effect::Read, &[("name", "query"), ("/arguments/*/name", "query"), ("/arguments/*/value", "content")])),
        ],
    )
}

/// The example server over HTTP, stopped when dropped.
struct Http {
    url: String,
    _child: Child,
}

impl Http {
    async fn start() -> Self {
        // A free port may be taken by another before the server takes it; then it says so and ends, and another is tried.
        loop {
            let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
            let mut child = Command::new(program("mcp-server-everything"))
                .arg("streamableHttp")
                .env("PORT", port.to_string())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .expect("node, which runs the server");
            let mut lines = BufReader::new(child.stderr.take().expect("its output")).lines();
            while let Some(line) = lines.next_line().await.expect("its output") {
                if line.contains("listening on port") {
                    // Whatever else it says is read, so that it never waits for us.
                    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                    return Self { url: format!("http://127.0.0.1:{port}/mcp"), _child: child };
                }
            }
        }
    }
}

/// What the example server offers is taken and called, or refused, in the same way however it is reached.
async fn the_example_server(peer: McpServer) {
    let folder = Folder::new();
    let host = host(&folder, &peer, &peer).await;

    // What nobody configured is the worst it can be, and arguments nobody gave a role are judged as content.
    let environment = host.tool("other.get_env").expect("accepted").spec().clone();
    assert_eq!(environment.effect, Effect::Admin);
    let refused = |tool: &str, arguments: Value| host.tool(tool).expect("tool").check_arguments(&arguments).expect_err("refused").to_string();
    assert!(refused("other.echo", json!({})).contains("/message: is missing"));
    assert!(refused("other.get_structured_content", json!({ "location": "Paris" })).contains("/location: "));

    assert_eq!(result(ask(&host, "other.echo", json!({ "message": "a \u{202e} b" })).await), json!({ "text": "Echo: a \u{202e} b" }));
    assert_eq!(result(ask(&host, "other.get_sum", json!({ "a": 2, "b": 3.5 })).await), json!({ "text": "The sum of 2 and 3.5 is 5.5." }));
    let weather = result(ask(&host, "other.get_structured_content", json!({ "location": "Chicago" })).await);
    assert!(weather.get("temperature").is_some_and(Value::is_number) && weather.get("text").is_none(), "{weather}");
    let picture = result(ask(&host, "other.get_tiny_image", json!({})).await).to_string();
    assert!(picture.contains("a picture of type `image/png`") && !picture.contains("iVBOR"), "{picture}");

    what_it_has_beside_tools(&host).await;
    // It was told that nobody here is asked for a completion, a form or a folder, so it offers no tool that does.
    let asks = |name: &str| ["sampling", "elicit", "roots"].into_iter().any(|word| name.contains(word));
    assert!(host.specs().iter().all(|spec| !asks(&spec.name)), "{:?}", host.specs().iter().map(|spec| &spec.name).collect::<Vec<_>>());

    // It is told that nobody waits any more, and serves the next call.
    let late = failure(ask(&host, "other.trigger_long_running_operation", json!({ "duration": 60, "steps": 60 })).await);
    assert_eq!(late.class, FailureClass::Timeout, "{late:?}");
    assert_eq!(result(ask(&host, "other.echo", json!({ "message": "still here" })).await), json!({ "text": "Echo: still here" }));
}

/// Its resources and prompts are read, and are text from outside like everything it says.
async fn what_it_has_beside_tools(host: &steward_host::Host) {
    for tool in ["other.resources_list", "other.resources_read", "other.prompts_get"] {
        let tool = host.tool(tool).expect("accepted").spec().clone();
        assert!(tool.result_labels.is_empty() && !tool.description.is_empty(), "{tool:?}");
    }
    assert_eq!(host.tool("other.prompts_list").expect("accepted").spec().effect, Effect::Admin, "what nobody configured is the worst it can be");
    let read = async |tool: &str, arguments: Value| {
        let read = result(ask(host, tool, arguments).await);
        (read.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(), read.to_string())
    };
    let (listed, _) = read("other.resources_list", json!({})).await;
    let uri = listed.split(" \u{2013} ").next().expect("an address");
    assert!(uri.contains("://"), "{listed}");
    let (text, whole) = read("other.resources_read", json!({ "uri": uri })).await;
    assert!(!text.is_empty() || whole.contains("a file of type"), "{whole}");
    let (templates, _) = read("other.resources_templates_list", json!({})).await;
    assert!(templates.contains("demo://resource/dynamic/text/{"), "{templates}");
    let missing = failure(ask(host, "other.resources_read", json!({ "uri": "demo://resource/none/at/all" })).await);
    assert!(matches!(missing.class, FailureClass::NotFound | FailureClass::InvalidArguments | FailureClass::Failed), "{missing:?}");
    let (prompts, _) = read("other.prompts_list", json!({})).await;
    let simple = prompts.lines().find(|line| !line.contains("takes")).and_then(|line| line.split(" \u{2013} ").next()).expect("one that takes nothing");
    let (text, whole) = read("other.prompts_get", json!({ "name": simple })).await;
    assert!(text.starts_with("user:\n") && text.len() > 10, "{whole}");
}

#[tokio::test]
async fn the_example_server_of_the_protocol_is_used_as_a_child_process() {
    the_example_server(example(started(vec![program("mcp-server-everything"), "stdio".to_owned()]))).await;
}

#[tokio::test]
async fn the_example_server_of_the_protocol_is_used_over_http() {
    let running = Http::start().await;
    the_example_server(example(McpTransport::Url { url: running.url.clone(), bearer: None })).await;
}

fn asking(transport: McpTransport) -> McpServer {
    McpServer { asks: true, ..server(transport, &[("trigger_elicitation_request", rules(Effect::Read, &[]))]) }
}

#[tokio::test]
async fn the_example_server_asks_the_person_as_a_child_process() {
    the_example_server_asks(asking(started(vec![program("mcp-server-everything"), "stdio".to_owned()]))).await;
}

#[tokio::test]
async fn the_example_server_asks_the_person_over_http() {
    let running = Http::start().await;
    the_example_server_asks(asking(McpTransport::Url { url: running.url.clone(), bearer: None })).await;
}

#[tokio::test]
async fn a_server_for_files_reads_and_writes_where_it_may_and_starts_again_after_it_died() {
    let folder = Folder::new();
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).expect("folder");
    // The server compares real paths.
    let shared = shared.canonicalize().expect("a real path");
    std::fs::write(shared.join("plan.txt"), "Harvest in May.").expect("file");
    std::fs::write(folder.path().join("secret.txt"), "1234").expect("file");
    let peer = server(
        started(vec![program("mcp-server-filesystem"), shared.to_str().expect("a path").to_owned()]),
        &[
            ("read_text_file", rules(Effect::Read, &[("path", "path"), ("head", "value"), ("tail", "value")])),
            ("write_file", rules(Effect::Write, &[("path", "path"), ("content", "content")])),
        ],
    );
    let host = host(&folder, &peer, &peer).await;
    let at = |name: &str| shared.join(name).to_str().expect("a path").to_owned();
    let read = async |path: String| ask(&host, "other.read_text_file", json!({ "path": path })).await;

    assert_eq!(result(read(at("plan.txt")).await), json!({ "content": "Harvest in May." }));
    let refused = failure(read(at("../secret.txt")).await);
    assert!(refused.class == FailureClass::Failed && refused.message.contains("outside allowed directories"), "{refused:?}");
    result(ask(&host, "other.write_file", json!({ "path": at("note.txt"), "content": "Seen." })).await);
    assert_eq!(std::fs::read_to_string(shared.join("note.txt")).expect("written"), "Seen.");
    let refused = host.tool("other.write_file").expect("tool").check_arguments(&json!({ "path": at("a.txt") })).expect_err("refused").to_string();
    assert!(refused.contains("/content: is missing"), "{refused}");

    // Killed from outside between two calls: the next one starts it again and asks anew what it offers.
    let killed = std::process::Command::new("pkill").args(["-KILL", "-f", shared.to_str().expect("a path")]).status().expect("pkill");
    assert!(killed.success(), "there was a process to kill");
    let mut again = read(at("note.txt")).await;
    for _ in 0..50 {
        match &again {
            steward_core::Outcome::Failed { failure } if failure.retryable => again = read(at("note.txt")).await,
            _ => break,
        }
    }
    assert_eq!(result(again), json!({ "content": "Seen." }));
}

#[tokio::test]
async fn an_offer_of_another_kind_is_not_taken_for_the_accepted_one() {
    let folder = Folder::new();
    let lock = folder.path().join("mcp.lock.json");
    let files = server(started(vec![program("mcp-server-filesystem"), folder.path().to_str().expect("a path").to_owned()]), &[]);
    let example = example(started(vec![program("mcp-server-everything"), "stdio".to_owned()]));
    accept(&lock, &example, &offered(&example).await.expect("offered"), &["echo".to_owned()]).expect("accepted");
    // The same name in the configuration, another program behind it.
    let host = steward_host::Host::new(steward_host::HostOptions::default()).expect("host");
    host.load_mcp(&[files], &lock).expect("loaded");
    let gate = Gate::new(&host);
    let permit = gate.permit(&host, "other.echo", json!({ "message": "a" }));
    let refused = failure(host.call(permit, context("key"), office()).await.outcome);
    assert_eq!(refused.class, FailureClass::Denied, "{refused:?}");
    assert!(refused.message.contains("no longer offers it"), "{refused:?}");
}
