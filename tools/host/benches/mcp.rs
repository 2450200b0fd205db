//! What a tool call by MCP costs through the gate, beyond a bare one: the same server, once by the library alone.
//!
//! `mediated` less `bare` is the gate: decision, permit, schema, and the check of what was accepted. The server is this program started again.

#![expect(clippy::indexing_slicing, reason = "JSON that has what is looked for, or gives nothing")]

use criterion::{Criterion, criterion_group};
use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest, Implementation};
use rmcp::service::{PeerRequestOptions, RoleClient, serve_client};
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use steward_core::Effect;
use steward_host::mcp::{McpServer, McpToolRules, McpTransport, accept, offered};
use steward_host::testing::MemoryOffice;
use steward_host::{Host, HostOptions};

#[path = "../tests/it/support.rs"]
#[expect(dead_code, clippy::panic, reason = "shared with the tests, which use more of it")]
mod support;

const PEER: &str = "--peer";

/// A server with one tool that gives a text back.
fn serve() {
    let text = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let result = match message["method"].as_str() {
            Some("initialize") => {
                json!({ "protocolVersion": "2025-06-18", "capabilities": { "tools": {} }, "serverInfo": { "name": "peer", "version": "1" } })
            }
            Some("tools/list") => json!({ "tools": [{ "name": "echo", "description": "Gives the text back.", "inputSchema": text }] }),
            Some("tools/call") => json!({ "content": [{ "type": "text", "text": message["params"]["arguments"]["text"] }] }),
            Some(_) | None => continue,
        };
        writeln!(out, "{}", json!({ "jsonrpc": "2.0", "id": message["id"], "result": result })).expect("written");
        out.flush().expect("written");
    }
}

fn command() -> Vec<String> {
    vec![std::env::current_exe().expect("this program").display().to_string(), PEER.to_owned()]
}

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let rules = McpToolRules { effect: Some(Effect::Read), roles: [("text".to_owned(), "query".parse().expect("role"))].into(), ..McpToolRules::default() };
    let transport = McpTransport::Command { command: command(), environment: BTreeMap::new(), dir: PathBuf::from("/") };
    let tools = BTreeMap::from([("echo".to_owned(), rules)]);
    let server = McpServer { name: "peer".to_owned(), transport, timeout_ms: 20_000, output_kb: 256, asks: false, tools };
    let folder = support::Folder::new();
    let lock = folder.path().join("mcp.lock.json");
    let host = runtime.block_on(async {
        accept(&lock, &server, &offered(&server).await.expect("offered"), &[]).expect("accepted");
        let host = Host::new(HostOptions::default()).expect("host");
        host.load_mcp(std::slice::from_ref(&server), &lock).expect("loaded");
        host
    });
    let gate = support::Gate::new(&host);
    let office = Arc::new(MemoryOffice::default());
    let mut child = runtime.block_on(async {
        let mut command = command().into_iter();
        let mut child = tokio::process::Command::new(command.next().expect("a program"));
        child.args(command).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("started")
    });
    let bare = runtime.block_on(async {
        let transport = AsyncRwTransport::<RoleClient, _, _>::new(child.stdout.take().expect("out"), child.stdin.take().expect("in"));
        let client = ClientConfig::new(ClientCapabilities::default(), Implementation::new("bare", "1"));
        serve_client(client, transport).await.expect("connected")
    });
    let arguments = json!({ "text": "hello" });
    let mut group = criterion.benchmark_group("mcp");
    group.bench_function("bare", |bench| {
        bench.to_async(&runtime).iter(|| async {
            let params = CallToolRequestParams::new("echo".to_owned()).with_arguments(arguments.as_object().cloned().unwrap_or_default());
            let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
            let handle = bare.peer().send_cancellable_request(request, PeerRequestOptions::no_options()).await.expect("sent");
            black_box(handle.await_response().await.expect("answered"))
        });
    });
    group.bench_function("mediated", |bench| {
        bench.to_async(&runtime).iter(|| async {
            let permit = gate.permit(&host, "peer.echo", arguments.clone());
            black_box(host.call(permit, support::context("key"), Arc::clone(&office) as _).await)
        });
    });
    group.finish();
}

criterion_group!(benches, calls);

fn main() {
    if std::env::args().any(|argument| argument == PEER) {
        return serve();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
