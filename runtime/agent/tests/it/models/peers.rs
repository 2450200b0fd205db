//! A third party's mock server, aimock, in each protocol: a model server that is not ours has the same outcomes.

use super::{MODES, Mode, ask, model, models, request};
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use steward_agent::models::{AskError, AskRequest, ModelMessage};
use steward_core::Usage;
use steward_core::event::AskFailure;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The mock, stopped when dropped.
pub(crate) struct Mock {
    pub(crate) base_url: String,
    _child: Child,
}

impl Mock {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with more flags.
    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/node_modules/.bin/llmock");
        assert!(peers.exists(), "{} is missing: run `make peers`, which installs the third-party mock servers", peers.display());
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/models/peers.json");
        let mut child = Command::new(peers)
            .args(["--port", "0", "--strict", "--validate-on-load", "--fixtures"])
            .arg(fixtures)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("node, which runs the mock");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        while let Some(line) = lines.next_line().await.expect("its output") {
            if let Some((_, url)) = line.split_once("listening on ") {
                let base_url = format!("{}/v1", url.trim());
                // Whatever else it says is read, so that it never waits for us.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Self { base_url, _child: child };
            }
        }
        unreachable!("the mock ended before it listened");
    }
}

fn saying(text: &str) -> AskRequest {
    AskRequest { messages: vec![ModelMessage::Person { text: text.to_owned() }], ..request() }
}

async fn fails(mock: &Mock, mode: Mode, text: &str) -> AskError {
    let mut config = model(&mock.base_url, mode);
    (config.timeout_ms, config.silence_ms) = if text == "slow" { (150, 150) } else { (10_000, 10_000) };
    ask(&models(config), mode, &saying(text)).await.0.expect_err(text)
}

#[tokio::test]
async fn its_faults_have_the_outcomes_of_the_table() {
    let mock = Mock::start().await;
    for mode in MODES {
        let case = async |text: &str, failure: AskFailure| {
            let error = fails(&mock, mode, text).await;
            assert_eq!(error.failure, failure, "{mode:?} {text}: {error}");
            error
        };
        let refused = case("refuse", AskFailure::Refused).await;
        assert!(refused.message.contains("`that model is not yours`") && !refused.retry, "{refused}");
        case("nothing fits this", AskFailure::Server).await;
        assert!(case("limit", AskFailure::RateLimited).await.retry_after_ms.is_some(), "{mode:?}");
        case("drop", AskFailure::Server).await;
        case("malformed", AskFailure::Malformed).await;
        case("disconnect", AskFailure::Unreachable).await;
        case("slow", AskFailure::Timeout).await;
        case("long", AskFailure::TooLong).await;
        if mode.streamed {
            let cut = case("truncate", AskFailure::CutOff).await;
            assert!(cut.usage.input > 0 && cut.usage.output > 0, "{mode:?}: charged for what came: {:?}", cut.usage);
        }
    }
}

#[tokio::test]
async fn a_conversation_with_calls_goes_there_and_back() {
    let mock = Mock::start().await;
    for mode in MODES {
        let models = models(model(&mock.base_url, mode));
        let mut request = saying("Find Ada.");
        let (outcome, streamed) = ask(&models, mode, &request).await;
        let answer = outcome.expect("calls");
        assert_eq!(answer.text, "Looking.", "{mode:?}");
        assert_eq!(streamed, if mode.streamed { "Looking." } else { "" }, "{mode:?}");
        let calls: Vec<_> = answer.calls.iter().map(|call| (call.provider_id.as_str(), call.tool.as_str(), call.arguments.clone())).collect();
        assert_eq!(
            calls,
            [("call_ada", "crm.find_contacts", json!({ "query": "Ada", "limit": 3 })), ("call_mail", "mail.send", json!({ "to": "ada@example.org" }))],
            "{mode:?}"
        );
        assert_eq!(answer.usage, Usage { input: 321, cached: 0, output: 21 }, "{mode:?}");

        let result = |id: &str, tool: &str, text: &str| ModelMessage::ToolResult { provider_id: id.to_owned(), tool: tool.to_owned(), text: text.to_owned() };
        request.messages.push(ModelMessage::Agent { text: answer.text, calls: answer.calls });
        request.messages.push(result("call_mail", "mail.send", "held: waits for a person"));
        request.messages.push(result("call_ada", "crm.find_contacts", "[{\"name\":\"Ada Lovelace\"}]"));
        let (outcome, streamed) = ask(&models, mode, &request).await;
        let answer = outcome.expect("a text");
        assert_eq!((answer.text.as_str(), answer.calls.len()), ("Ada Lovelace, née Byron — 1 contact.", 0), "{mode:?}");
        assert_eq!(streamed, if mode.streamed { answer.text.as_str() } else { "" }, "{mode:?}");
        assert!(answer.usage.input > 0 && answer.usage.output > 5, "{mode:?}: what it leaves out is counted: {:?}", answer.usage);
    }
}
