//! The official clients of OpenAI, for Node.js and Python, as they are installed by `make peers`.

use super::service::Service;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use steward_agent::testing::{Reply, ScriptedModel, World};

const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/peers");
const TEXT: &str = "Nobody of that name is among the contacts.";

/// Runs a client's script to its end and reads the line it prints.
fn run(program: PathBuf, needs: &str, script: &str, service: &Service) -> tokio::task::JoinHandle<Value> {
    let needs = Path::new(PEERS).join(needs);
    assert!(needs.exists(), "{} is missing: run `make peers`, which installs the official clients", needs.display());
    let mut command = Command::new(program);
    command.arg(Path::new(PEERS).join(script)).args([service.base_url().as_str(), service.token.as_str(), "Who is Lena?"]);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    tokio::task::spawn_blocking(move || {
        let output = command.output().unwrap_or_else(|err| panic!("{command:?}: {err}: run `make peers`"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("a line of JSON")
    })
}

async fn check(program: PathBuf, needs: &str, script: &str) {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("crm.find_contacts", json!({ "query": "Lena" })),
        _ => Reply::text(TEXT),
    })
    .await;
    let service = Service::of(World::scripted(&model).await).await;
    let said = run(program, needs, script, &service).await.expect("the client");
    assert_eq!((&said["models"], &said["model"]), (&json!(["assistant"]), &json!("assistant")));
    assert_eq!((&said["whole"], &said["whole_finish"]), (&json!(TEXT), &json!("stop")));
    assert_eq!((&said["streamed"], &said["finish"]), (&json!(TEXT), &json!("stop")));
    // The first, the text, the last: in how many pieces the text comes is up to how quick this machine is.
    assert!(said["chunks"].as_u64().is_some_and(|chunks| chunks >= 3), "{said}");
    assert_eq!((&said["steward"]["outcome"], &said["usage"]["total_tokens"]), (&json!("replied"), &json!(240)));
    assert_eq!((&said["response"], &said["response_streamed"]), (&json!(TEXT), &json!(TEXT)));
    assert_eq!(said["unknown_model"], json!({ "status": 404, "code": "model_not_found" }));
    assert_eq!(service.world.db.number("select count(*) from run where outcome = 'replied'").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_for_node_talks_with_an_agent() {
    check("node".into(), "node_modules/openai", "chat.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_for_python_talks_with_an_agent() {
    check(Path::new(PEERS).join(".venv/bin/python"), ".venv/bin/python", "chat.py").await;
}
