//! `steward mcp`, the real binary, between a program and a served installation.

use super::client::Served;
use rmcp::RoleClient;
use rmcp::model::CallToolRequestParams;
use rmcp::service::serve_client;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::{Value, json};
use std::process::Stdio;
use steward_core::Scope;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

fn bridge(arguments: &[&str], token: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    command.arg("mcp").args(arguments).env_clear().env("STEWARD_TOKEN", token).current_dir(std::env::temp_dir()).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary")
}

/// Everything it says to these lines until it ends: status, standard output, standard error.
async fn said(arguments: &[&str], token: &str, lines: &str) -> (Option<i32>, String, String) {
    let mut child = bridge(arguments, token);
    let mut stdin = child.stdin.take().expect("stdin");
    stdin.write_all(lines.as_bytes()).await.expect("written");
    drop(stdin);
    let (mut out, mut err) = (String::new(), String::new());
    let (mut stdout, mut stderr) = (child.stdout.take().expect("stdout"), child.stderr.take().expect("stderr"));
    let (read_out, read_err) = tokio::join!(stdout.read_to_string(&mut out), stderr.read_to_string(&mut err));
    read_out.expect("output");
    read_err.expect("errors");
    (child.wait().await.expect("an end").code(), out, err)
}

#[tokio::test]
async fn the_bridge_says_what_is_missing_and_keeps_tokens_off_the_wire() {
    let served = Served::with(&[]).await;
    let url = served.url();
    for (arguments, token, words) in [
        (vec!["--url", url.as_str()], "", "there is no token"),
        (vec!["--url", "http://steward.example.com/mcp"], "stw_x", "would send the token in the clear"),
        (vec!["--url", "nowhere"], "stw_x", "is no address"),
        (vec!["--url", url.as_str(), "--token-file", "/nowhere/token"], "", "cannot read the token file"),
    ] {
        let (code, out, err) = said(&arguments, token, "").await;
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains(words) && !err.contains("stw_x"), "{err}");
    }
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "raw", "version": "1" } } });
    let (code, out, err) = said(&["--url", &url], "stw_wrong", &format!("{hello}\n")).await;
    assert_eq!(code, Some(1), "{out} {err}");
    assert!(out.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{out}");
    assert!(err.contains("token is valid") && !err.contains("stw_wrong"), "{err}");
}

#[tokio::test]
async fn the_bridge_passes_calls_on_and_its_output_is_frames_only() {
    let served = Served::with(&[]).await;
    let (url, token) = (served.url(), served.token(&Scope::ALL).await);
    let mut child = bridge(&["--url", &url], &token);
    let transport = AsyncRwTransport::<RoleClient, _, _>::new(child.stdout.take().expect("stdout"), child.stdin.take().expect("stdin"));
    let client = serve_client((), transport).await.expect("a session");
    let tools = client.peer().list_all_tools().await.expect("tools");
    assert!(tools.iter().any(|tool| tool.name == "crm.find_contacts"));
    let Value::Object(arguments) = json!({ "query": "Lena" }) else { panic!("an object") };
    let result = client.peer().call_tool(CallToolRequestParams::new("crm.find_contacts").with_arguments(arguments)).await.expect("a result");
    assert_eq!(result.structured_content.expect("a value")["contacts"], json!([]));
    client.cancel().await.expect("closed");
    assert!(child.wait().await.expect("an end").success());

    let frames = [
        "this is no frame\n".to_owned(),
        "{\"jsonrpc\":\"2.0\"}\n".to_owned(),
        format!(
            "{}\n",
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "raw", "version": "1" } } })
        ),
    ];
    let (code, out, err) = said(&["--url", &url], &token, &frames.concat()).await;
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("a frame")).collect();
    assert_eq!(code, Some(0), "{err}");
    let codes: Vec<&Value> = answers.iter().map(|answer| &answer["error"]["code"]).collect();
    assert_eq!(codes, [&json!(-32700), &json!(-32600), &Value::Null], "{out}");
    assert_eq!(answers[2]["result"]["serverInfo"]["name"], "steward");
}
