//! Answers that are too much: stopped, charged, and the connection dropped.

use super::{ANTHROPIC, CHAT, GEMINI, MODES, RESPONSES, STREAMS, ask, model, models, request, told};
use serde_json::json;
use steward_agent::models::AskRequest;
use steward_agent::testing::{Raw, Reply, ScriptedModel};
use steward_core::event::AskFailure;

#[tokio::test]
async fn an_answer_without_end_is_stopped_and_its_connection_dropped() {
    for mode in MODES {
        let server = ScriptedModel::start(vec![Reply::Endless]).await;
        let request = AskRequest { output_tokens_max: Some(200), ..request() };
        let (outcome, streamed) = ask(&models(model(&server.base_url(), mode)), mode, &request).await;
        let error = outcome.expect_err("no end");
        assert_eq!((error.failure, error.retry), (AskFailure::TooLong, false), "{mode:?}: {error}");
        assert!(error.message.contains("it was stopped"), "{mode:?}: {error}");
        if mode.streamed {
            assert!(error.usage.output >= 200 && error.usage.output < 3_000, "{mode:?}: charged for what came: {:?}", error.usage);
            assert!(streamed.len() < 16 * 1024, "{mode:?}: {} bytes shown", streamed.len());
        }
        server.dropped(1).await;
    }
}

#[tokio::test]
async fn a_chunk_beyond_all_bounds_is_stopped_before_it_is_read() {
    let huge = "x".repeat(8 * 1024 * 1024);
    for mode in MODES {
        let reply =
            if mode.streamed { Raw::data([format!("{{\"pad\":\"{huge}\"}}")]) } else { Raw::body("application/json", format!("{{\"pad\":\"{huge}\"}}")) };
        let error = told(reply, mode).await.expect_err("too much");
        assert_eq!(error.failure, AskFailure::TooLong, "{mode:?}: {error}");
    }
    // A large one within the bounds is an answer.
    let text = "word ".repeat(600);
    for mode in MODES {
        let answer =
            told(Reply::Said(steward_agent::testing::Said { text: text.clone(), piece: usize::MAX, ..Default::default() }), mode).await.expect("an answer");
        assert_eq!(answer.text, text, "{mode:?}");
    }
}

#[tokio::test]
async fn five_hundred_calls_at_once_all_come_back() {
    let calls: Vec<_> = (0..500).map(|number| ("crm.find_contacts".to_owned(), json!({ "n": number }))).collect();
    for mode in MODES {
        let server = ScriptedModel::start(vec![Reply::Calls(calls.clone())]).await;
        let mut config = model(&server.base_url(), mode);
        config.output_tokens_max = 50_000;
        let answer = ask(&models(config), mode, &AskRequest { output_tokens_max: None, ..request() }).await.0.expect("calls");
        assert_eq!(answer.calls.len(), 500, "{mode:?}");
        assert!(answer.calls.iter().enumerate().all(|(number, call)| call.arguments == json!({ "n": number })), "{mode:?}");
    }
}

#[tokio::test]
async fn calls_without_number_are_stopped() {
    let calls: Vec<_> = (0..5_000).map(|_| json!({ "function": { "name": "a", "arguments": "{}" } })).collect();
    let answer = json!({ "choices": [{ "message": { "tool_calls": calls } }] }).to_string();
    let error = told(Raw::body("application/json", answer), CHAT).await.expect_err("too many");
    assert_eq!(error.failure, AskFailure::TooLong, "{error}");
    let items: Vec<_> = (0..5_000).map(|number| json!({ "type": "function_call", "call_id": number.to_string(), "name": "a", "arguments": "{}" })).collect();
    let error = told(Raw::body("application/json", json!({ "output": items }).to_string()), RESPONSES).await.expect_err("too many");
    assert_eq!(error.failure, AskFailure::TooLong, "{error}");
    let blocks: Vec<_> = (0..5_000).map(|number| json!({ "type": "tool_use", "id": number.to_string(), "name": "a", "input": {} })).collect();
    let error = told(Raw::body("application/json", json!({ "type": "message", "content": blocks }).to_string()), ANTHROPIC).await.expect_err("too many");
    assert_eq!(error.failure, AskFailure::TooLong, "{error}");
    let parts: Vec<_> = (0..5_000).map(|_| json!({ "functionCall": { "name": "a" } })).collect();
    let answer = json!({ "candidates": [{ "content": { "parts": parts } }] }).to_string();
    let error = told(Raw::body("application/json", answer), GEMINI).await.expect_err("too many");
    assert_eq!(error.failure, AskFailure::TooLong, "{error}");
}

#[tokio::test]
async fn the_models_own_bound_holds_when_the_request_asks_for_more() {
    for mode in MODES {
        let server = ScriptedModel::start(vec![Reply::text("ok")]).await;
        let mut config = model(&server.base_url(), mode);
        config.output_tokens_max = 77;
        ask(&models(config), mode, &request()).await.0.expect("an answer");
        let body = &server.requests()[0].body;
        let asked = [&body["max_tokens"], &body["max_output_tokens"], &body["generationConfig"]["maxOutputTokens"]];
        assert_eq!(asked.into_iter().filter(|asked| **asked == 77).count(), 1, "{mode:?}: {body}");
    }
}

#[tokio::test]
async fn dropping_the_question_drops_the_request() {
    for mode in MODES {
        let replies = vec![if mode.streamed { Reply::HangAfter(700, Box::new(Reply::text("word ".repeat(100)))) } else { Reply::Hang }];
        let server = ScriptedModel::start(replies).await;
        let models = models(model(&server.base_url(), mode));
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let request = request();
        {
            let asking = models.ask(super::strong(&models), &request, mode.streamed.then_some(&sender));
            tokio::pin!(asking);
            // Until the answer has begun, or else until the server has the request.
            let begun = async {
                if mode.streamed {
                    receiver.recv().await;
                } else {
                    while server.requests().is_empty() {
                        tokio::task::yield_now().await;
                    }
                }
            };
            tokio::select! {
                biased;
                outcome = &mut asking => panic!("{mode:?}: {outcome:?}"),
                () = begun => {}
            }
        }
        server.dropped(1).await;
    }
}

#[tokio::test]
async fn a_listener_that_is_gone_does_not_stop_the_answer() {
    for mode in STREAMS {
        let server = ScriptedModel::start(vec![Reply::text("word ".repeat(50))]).await;
        let models = models(model(&server.base_url(), mode));
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        drop(receiver);
        let answer = models.ask(super::strong(&models), &request(), Some(&sender)).await.expect("an answer");
        assert_eq!(answer.text.len(), 250);
    }
}
