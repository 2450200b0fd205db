//! The official clients of the protocol for Python and TypeScript, as they are installed by `make peers`, against the real server.

use super::client::{Served, hold_in};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use steward_core::Scope;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/peers");
/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets a client list, look, make a call that is approved while it waits, and take one back.
async fn check(program: PathBuf, needs: &str, script: &str) {
    let needs = Path::new(PEERS).join(needs);
    assert!(needs.exists(), "{} is missing: run `make peers`, which installs the official clients", needs.display());
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    let mut command = Command::new(program);
    command.arg(Path::new(PEERS).join(script)).args([served.url(), token]).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("the client");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let (mut holds, mut end) = (Vec::new(), Value::Null);
    while let Some(line) = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("a line in time").expect("a line") {
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let Some(waits) = said["waits"].as_str() else {
            end = said;
            continue;
        };
        let hold = hold_in(waits);
        if holds.contains(&hold) {
            continue;
        }
        // The second is taken back by the client itself.
        if holds.is_empty() {
            assert_eq!(served.number("select count(*) from contact").await, 0, "nothing happens before a person decides");
            assert_eq!(served.approve(&hold).await, 200);
        }
        holds.push(hold);
    }
    let mut errors = String::new();
    child.stderr.take().expect("its errors").read_to_string(&mut errors).await.expect("text");
    assert!(child.wait().await.expect("ended").success(), "{errors}");

    assert!(end["protocol"].as_str().is_some_and(|version| version >= "2025-06-18"), "{end}");
    assert!(end["tools"].as_array().is_some_and(|tools| tools.contains(&json!("crm.find_contacts")) && tools.len() == 13), "{end}");
    assert_eq!(end["found"]["contacts"], json!([]), "{end}");
    assert_eq!((&end["wrong"]["error"]["class"], &end["wrong"]["error"]["denial"]), (&json!("denied"), &json!("invalid_arguments")), "{end}");
    assert!(["denied", "protocol"].contains(&end["unknown"]["error"]["class"].as_str().unwrap_or_default()), "{end}");
    assert_eq!((&end["made"]["name"], &end["cancelled"], holds.len()), (&json!("Lena Petrova"), &json!(true), 2), "{end}");
    // What was taken back cannot be approved any more, and only the approved one was made.
    let owner = served.working.world.owner().await;
    let state = || async {
        let shown = served.working.ask("GET", format!("/api/v1/holds/{}", holds[1])).cookie(&owner).send().await.expect(200).json();
        (shown["state"].as_str().unwrap_or_default().to_owned(), shown["run_id"].as_str().unwrap_or_default().to_owned())
    };
    let (_, run) = state().await;
    served.end_of(&run).await;
    assert_eq!(state().await.0, "cancelled");
    assert_eq!(served.number("select count(*) from contact").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_mcp_client_for_python_uses_the_tools() {
    check(Path::new(PEERS).join(".venv/bin/python"), ".venv/bin/python", "mcp_client.py").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_mcp_client_for_typescript_uses_the_tools() {
    check("node".into(), "node_modules/@modelcontextprotocol/sdk", "mcp_client.mjs").await;
}
