//! `steward mcp`, the real binary, between a program and a served installation.

use super::client::{Client, Served, answer_of, value};
use crate::cli::proxy;
use rmcp::RoleClient;
use rmcp::model::CallToolRequestParams;
use rmcp::service::serve_client;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::{Value, json};
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Duration;
use steward_core::Scope;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// How long the end of a bridge that has nothing to wait for may take. It would wait ten seconds for an answer.
const END: Duration = Duration::from_secs(8);

fn bridge(arguments: &[&str], token: &str) -> Child {
    bridge_with(arguments, token, &[])
}

/// The same with more in its environment.
fn bridge_with(arguments: &[&str], token: &str, variables: &[(&str, String)]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    command.arg("mcp").args(arguments).env_clear().env("STEWARD_TOKEN", token).current_dir(std::env::temp_dir()).kill_on_drop(true);
    command.envs(variables.iter().map(|(name, value)| (*name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary")
}

/// A client that has a session through a bridge, and the bridge.
async fn through(served: &Served, token: &str, arguments: &[&str]) -> (Client, Child) {
    let url = served.url();
    let mut all = vec!["--url", url.as_str()];
    all.extend_from_slice(arguments);
    of(bridge(&all, token)).await
}

/// A client of this bridge.
async fn of(mut child: Child) -> (Client, Child) {
    let transport = AsyncRwTransport::<RoleClient, _, _>::new(child.stdout.take().expect("stdout"), child.stdin.take().expect("stdin"));
    (Client::over(transport).await, child)
}

/// Closes the client's end; the bridge ends by itself, and well.
async fn end(client: Client, mut child: Child) {
    client.service.cancel().await.expect("closed");
    let status = tokio::time::timeout(END, child.wait()).await.expect("an end in time").expect("an end");
    assert!(status.success(), "{status}");
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
async fn the_bridge_takes_its_token_through_no_proxy_of_the_environment() {
    let served = Served::with(&[]).await;
    let (url, token) = (served.url(), served.token(&Scope::ALL).await);
    let (variables, heard) = proxy();
    let (client, child) = of(bridge_with(&["--url", &url], &token, &variables)).await;
    assert!(client.tools().await.contains(&"crm.find_contacts".to_owned()));
    end(client, child).await;
    assert_eq!(heard.load(Ordering::SeqCst), 0);
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

#[tokio::test]
async fn the_bridge_passes_progress_approvals_and_what_is_taken_back() {
    let served = Served::with(&[]).await;
    let (mut client, child) = through(&served, &served.token(&Scope::ALL).await, &[]).await;
    let contacts = "select count(*) from contact";
    let call = client.begin("crm.create_contact", json!({ "name": "Lena Petrova" }), json!({})).await;
    let hold = client.hold_of(&call).await;
    assert_eq!(served.number(contacts).await, 0, "nothing happens before people decide");
    assert_eq!(served.approve(&hold).await, 200);
    assert_eq!(value(&answer_of(call).await)["name"], "Lena Petrova");

    let call = client.begin("crm.create_contact", json!({ "name": "Max Meier" }), json!({})).await;
    let hold = client.hold_of(&call).await;
    let run = served.run_of(&hold).await;
    call.cancel(Some("changed my mind".to_owned())).await.expect("cancelled");
    assert_eq!(served.end_of(&run).await, "cancelled");
    assert_eq!(served.approve(&hold).await, 409);
    assert_eq!((served.number(contacts).await, served.number("select count(*) from hold where state = 'cancelled'").await), (1, 1));
    // What is taken back has no answer, and the bridge waits for none.
    end(client, child).await;
}

#[tokio::test]
async fn the_bridge_says_when_the_tools_are_others() {
    let served = Served::with(&[]).await;
    let (mut client, child) = through(&served, &served.token(&Scope::ALL).await, &[]).await;
    let before = client.tools().await;
    served.gains_tools();
    client.changed().await;
    assert_eq!(client.tools().await, before);
    end(client, child).await;
}

#[tokio::test]
async fn the_bridge_says_which_agent_or_workspace_is_not_there() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    let (home, elsewhere) = (served.working.world.home.workspace.to_string(), served.working.world.other.workspace.to_string());
    for (arguments, words) in [
        (["--agent", "nobody"], "there are: assistant"),
        (["--workspace", "ws_1"], "no such workspace"),
        (["--workspace", elsewhere.as_str()], "no such workspace"),
    ] {
        let (client, child) = through(&served, &token, &arguments).await;
        let call = client.begin("crm.find_contacts", json!({ "query": "" }), json!({})).await;
        let refused = call.await_response().await.expect_err("refused").to_string();
        assert!(refused.contains(words), "{arguments:?}: {refused}");
        end(client, child).await;
    }
    assert_eq!(served.number("select count(*) from run").await, 0);

    let (client, child) = through(&served, &token, &["--agent", "assistant", "--workspace", &home]).await;
    assert_eq!(value(&client.call("crm.find_contacts", json!({ "query": "" })).await)["contacts"], json!([]));
    end(client, child).await;
}
