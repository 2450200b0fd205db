//! What Anthropic's and Google's own protocols say as no other does: places, headers, the way back of calls, waits, what was read.

use super::{ANTHROPIC, ANTHROPIC_STREAM, GEMINI, GEMINI_STREAM, Mode, ask, model, models, request, strong, told};
use serde_json::{Value, json};
use steward_agent::models::{ModelMessage, Provider};
use steward_agent::testing::{Raw, Reply, ScriptedModel};
use steward_core::event::AskFailure;

const OWN: [Mode; 4] = [ANTHROPIC, ANTHROPIC_STREAM, GEMINI, GEMINI_STREAM];

#[tokio::test]
async fn each_is_asked_at_its_place_in_its_version_and_with_no_other_key() {
    for mode in OWN {
        let server = ScriptedModel::start(vec![Reply::text("ok")]).await;
        ask(&models(model(&server.base_url(), mode)), mode, &request()).await.0.expect("an answer");
        let seen = &server.requests()[0];
        let version = seen.headers.get("anthropic-version").and_then(|version| version.to_str().ok());
        if mode.provider == Provider::Anthropic {
            assert_eq!((seen.path.as_str(), version, &seen.body["stream"]), ("/v1/messages", Some("2023-06-01"), &json!(mode.streamed)), "{mode:?}");
        } else {
            let verb = if mode.streamed { "streamGenerateContent" } else { "generateContent" };
            assert_eq!((seen.path.as_str(), version), (format!("/v1beta/models/gpt-4o-mini:{verb}").as_str(), None), "{mode:?}");
            assert!(seen.body.get("model").is_none() && seen.body.get("stream").is_none(), "{mode:?}: {}", seen.body);
        }
        assert!(!seen.headers.contains_key("authorization"), "{mode:?}");
    }
    for (provider, place) in [(Provider::Anthropic, "https://api.anthropic.com/v1"), (Provider::Gemini, "https://generativelanguage.googleapis.com/v1beta")] {
        assert_eq!(provider.base_url(), place);
    }
}

#[tokio::test]
async fn what_became_of_a_call_finds_its_call() {
    for mode in OWN {
        let server = ScriptedModel::start_with(|seen| match seen.tool_results().as_slice() {
            [] => Reply::Calls(vec![("crm.find_contacts".to_owned(), json!({ "query": "Ada" })), ("mail.send".to_owned(), json!({}))]),
            results => Reply::text(results.join(" and ")),
        })
        .await;
        let models = models(model(&server.base_url(), mode));
        let mut request = request();
        let answer = ask(&models, mode, &request).await.0.expect("calls");
        let results = answer.calls.iter().zip(["1 contact", "held"]).map(|(call, text)| ModelMessage::ToolResult {
            provider_id: call.provider_id.clone(),
            tool: call.tool.clone(),
            text: text.to_owned(),
        });
        let results: Vec<_> = results.collect();
        request.messages.push(ModelMessage::Agent { text: answer.text, calls: answer.calls });
        request.messages.extend(results);
        assert_eq!(ask(&models, mode, &request).await.0.expect("a text").text, "1 contact and held", "{mode:?}");
        let body = &server.requests()[1].body;
        // One turn of the person's side has both, with the ids of the two calls.
        let ids = |turn: &str, id: &str| -> Vec<Value> {
            let parts = body.pointer(turn).and_then(Value::as_array).into_iter().flatten();
            parts.map(|part| part.pointer(id).cloned().unwrap_or_default()).collect()
        };
        let (calls, results) = if mode.provider == Provider::Anthropic {
            (ids("/messages/1/content", "/id"), ids("/messages/2/content", "/tool_use_id"))
        } else {
            assert_eq!(body["contents"][1]["parts"][0]["thoughtSignature"], "skip_thought_signature_validator", "{mode:?}");
            (ids("/contents/1/parts", "/functionCall/id"), ids("/contents/2/parts", "/functionResponse/id"))
        };
        assert_eq!((calls.len(), &calls), (2, &results), "{mode:?}: {body}");
    }
}

#[tokio::test]
async fn what_each_piece_says_of_an_end_ends_no_answer_before_its_stream() {
    let piece = |text: &str, reason: &str| json!({ "candidates": [{ "content": { "parts": [{ "text": text }] }, "finishReason": reason }] }).to_string();
    let first = format!("data: {}\n\n", piece("Hel", "STOP")).len();
    let reply = || Box::new(Raw::data([piece("Hel", "STOP"), piece("lo", "STOP")]));
    let hung = async |bytes: usize, reply: Box<Reply>| {
        let server = ScriptedModel::start(vec![Reply::HangAfter(bytes, reply)]).await;
        let mut config = model(&server.base_url(), GEMINI_STREAM);
        config.silence_ms = 1_500;
        ask(&models(config), GEMINI_STREAM, &request()).await.0.expect_err("no end")
    };
    for bytes in [first, first + 9] {
        let error = told(Reply::CutAfter(bytes, reply()), GEMINI_STREAM).await.expect_err("cut");
        assert_eq!(error.failure, AskFailure::CutOff, "after {bytes}: {error}");
    }
    let error = hung(first, reply()).await;
    assert!(error.failure == AskFailure::Timeout && error.usage.output > 0, "{error}");
    assert_eq!(told(*reply(), GEMINI_STREAM).await.expect("an answer").text, "Hello");
    // What a filter says is said once.
    let error = hung(usize::MAX, Box::new(Raw::data([piece("Hel", "SAFETY")]))).await;
    assert_eq!(error.failure, AskFailure::Refused, "{error}");
}

#[tokio::test]
async fn the_wait_that_stands_in_an_error_is_passed_on() {
    let body = json!({ "error": {
        "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your current quota.",
        "details": [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "27s" }],
    } });
    for mode in [GEMINI, GEMINI_STREAM] {
        let error = told(Reply::Status(429, Vec::new(), body.to_string()), mode).await.expect_err("a limit");
        assert_eq!((error.failure, error.retry_after_ms), (AskFailure::RateLimited, Some(27_000)), "{mode:?}: {error}");
    }
    let overloaded = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } });
    for mode in [ANTHROPIC, ANTHROPIC_STREAM] {
        let error = told(Reply::Status(529, Vec::new(), overloaded.to_string()), mode).await.expect_err("overloaded");
        assert!(error.failure == AskFailure::Server && error.retry && error.message.contains("(HTTP 529): `Overloaded`"), "{mode:?}: {error}");
    }
}

#[tokio::test]
async fn a_cut_stream_is_charged_what_its_beginning_reported_and_what_came() {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(10);
    let server = ScriptedModel::start(vec![Reply::CutAfter(4_000, Box::new(Reply::text(text)))]).await;
    let models = models(model(&server.base_url(), ANTHROPIC_STREAM));
    let (outcome, streamed) = ask(&models, ANTHROPIC_STREAM, &request()).await;
    let error = outcome.expect_err("cut");
    let words = streamed.split_whitespace().count() as u64;
    assert_eq!((error.failure, error.usage.input), (AskFailure::CutOff, 100), "{error}");
    assert!(words > 5 && error.usage.output.abs_diff(words) <= words / 4 + 2, "{} tokens for {words} words", error.usage.output);
    assert_eq!(error.cost, models.estimate(strong(&models), 100, error.usage.output));
}
