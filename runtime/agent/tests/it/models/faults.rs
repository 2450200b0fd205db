//! The table of failures: each ends in a stated outcome with its charge, in each protocol, whole and streamed.

use super::{
    ANTHROPIC, ANTHROPIC_STREAM, CHAT, CHAT_STREAM, GEMINI, GEMINI_STREAM, KEY, MODES, Mode, RESPONSES, RESPONSES_STREAM, STREAMS, ask, model, models, request,
    strong, told,
};
use std::time::Duration;
use steward_agent::models::AskError;
use steward_agent::testing::{Raw, Reply, Said, ScriptedModel};
use steward_core::event::AskFailure;
use steward_core::{HasKind, Kind, Micros, Usage};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// What a failure is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charge {
    /// No model spoke.
    Nothing,
    /// What was sent.
    Input,
    /// What was sent and what came.
    Both,
}

#[track_caller]
fn check(error: &AskError, mode: Mode, failure: AskFailure, says: &str, charge: Charge) {
    assert_eq!(error.failure, failure, "{mode:?}: {error}");
    assert!(error.message.contains(says), "{mode:?}: {error}");
    assert!(error.message.starts_with("model `strong/gpt-4o-mini` ") && error.message.chars().count() < 500, "{mode:?}: {error}");
    assert!(!error.message.contains("canary"), "{mode:?}: {error}");
    assert_eq!(error.retry, !matches!(failure, AskFailure::Refused | AskFailure::TooLong), "{mode:?}");
    let charged = match (error.usage.input > 0, error.usage.output > 0) {
        (false, false) => Charge::Nothing,
        (true, false) => Charge::Input,
        _ => Charge::Both,
    };
    assert_eq!(charged, charge, "{mode:?}: {:?}", error.usage);
    assert_eq!(error.cost > Micros(0), charge != Charge::Nothing, "{mode:?}: {:?}", error.cost);
}

async fn status(code: u16, headers: &[(&str, &str)], body: &str, mode: Mode) -> AskError {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    told(Reply::Status(code, headers, body.to_owned()), mode).await.expect_err("a status is no answer")
}

#[tokio::test]
async fn a_status_is_no_answer_and_costs_nothing() {
    let echo = format!(r#"{{"error":{{"message":"bad key {KEY}, see docs","type":"invalid_request_error"}}}}"#);
    for mode in MODES {
        let case = async |code, body: &str, failure, says| check(&status(code, &[], body, mode).await, mode, failure, says, Charge::Nothing);
        case(400, r#"{"error":{"message":"too many tokens"}}"#, AskFailure::Refused, "refuses the request (HTTP 400): `too many tokens`").await;
        case(401, &echo, AskFailure::Refused, "does not accept the key; check api_key_env (HTTP 401): `bad key [key], see docs`").await;
        case(403, "", AskFailure::Refused, "(HTTP 403)").await;
        case(404, r#"{"error":"no such model"}"#, AskFailure::Refused, "`no such model`").await;
        case(422, r#"{"detail":"bad field"}"#, AskFailure::Refused, "`bad field`").await;
        case(429, r#"{"error":{"message":"slow down"}}"#, AskFailure::RateLimited, "asks to wait (HTTP 429): `slow down`").await;
        case(500, "oops", AskFailure::Server, "fails (HTTP 500): `oops`").await;
        case(503, "<html><body>down</body></html>", AskFailure::Server, "fails (HTTP 503)").await;
        case(529, &"x".repeat(100_000), AskFailure::Server, "fails (HTTP 529)").await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_our_key() {
    let elsewhere = ScriptedModel::start(vec![Reply::text("stolen")]).await;
    let target = format!("{}/chat/completions", elsewhere.base_url());
    for mode in MODES {
        let error = status(307, &[("location", &target)], "", mode).await;
        check(&error, mode, AskFailure::Refused, "elsewhere", Charge::Nothing);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn the_wait_a_provider_asks_for_is_passed_on() {
    for mode in MODES {
        let wait = async |headers: &[(&str, &str)]| status(429, headers, "{}", mode).await.retry_after_ms;
        assert_eq!(wait(&[]).await, None);
        assert_eq!(wait(&[("retry-after", "7")]).await, Some(7_000));
        assert_eq!(wait(&[("retry-after", "Sun, 01 Mar 2026 09:00:30 GMT")]).await, Some(30_000));
        assert_eq!(wait(&[("retry-after-ms", "1250"), ("retry-after", "2")]).await, Some(1_250));
        assert_eq!(status(503, &[("retry-after", "3")], "", mode).await.retry_after_ms, Some(3_000));
    }
}

#[tokio::test]
async fn each_failure_is_one_request() {
    for mode in MODES {
        let overloaded = Reply::Status(503, Vec::new(), String::new());
        let server = ScriptedModel::start(vec![overloaded, Reply::HangUp, Reply::text("third")]).await;
        let models = models(model(&server.base_url(), mode));
        for expect in [AskFailure::Server, AskFailure::Unreachable] {
            let error = ask(&models, mode, &request()).await.0.expect_err("a failure");
            assert_eq!(error.failure, expect, "{mode:?}: nothing is retried here");
        }
        assert_eq!(ask(&models, mode, &request()).await.0.expect("the third").text, "third");
        assert_eq!(server.requests().len(), 3, "{mode:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_free() {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    for mode in MODES {
        let error = ask(&models(model(&format!("http://{gone}/v1"), mode)), mode, &request()).await.0.expect_err("nobody");
        check(&error, mode, AskFailure::Unreachable, &format!("cannot be reached at `{gone}`"), Charge::Nothing);
        assert_eq!(error.kind(), Kind::Away);
        let error = told(Reply::HangUp, mode).await.expect_err("hung up");
        check(&error, mode, AskFailure::Unreachable, "closed the connection before it answered", Charge::Nothing);
        // A certificate nobody can have: the other side speaks no TLS.
        let plain = ScriptedModel::start(Vec::new()).await;
        let error = ask(&models(model(&plain.base_url().replace("http:", "https:"), mode)), mode, &request()).await.0.expect_err("no TLS");
        check(&error, mode, AskFailure::Unreachable, "cannot be reached", Charge::Nothing);
    }
}

#[tokio::test]
async fn a_connection_nobody_accepts_times_out() {
    // A queue of one that is full: the kernel answers no further handshake.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let full = socket.listen(1).expect("a queue");
    let address = full.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    for mode in MODES {
        let config = steward_agent::models::ModelsConfig {
            models: [("strong".to_owned(), model(&format!("http://{address}/v1"), mode))].into(),
            connect_timeout_ms: 100,
            ..Default::default()
        };
        let models = steward_agent::models::Models::new(config, steward_core::Clock::System).expect("models");
        let error = ask(&models, mode, &request()).await.0.expect_err("nobody accepts");
        check(&error, mode, AskFailure::Timeout, "does not take the connection in time", Charge::Nothing);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_times_out_and_its_question_is_charged() {
    for mode in MODES {
        let server = ScriptedModel::start(vec![Reply::Hang]).await;
        let mut config = model(&server.base_url(), mode);
        config.timeout_ms = 120;
        let error = ask(&models(config), mode, &request()).await.0.expect_err("nothing comes");
        check(&error, mode, AskFailure::Timeout, "did not answer within 120 ms", Charge::Input);
        server.dropped(1).await;
    }
    for mode in STREAMS {
        // Before the headers, before the first byte, and in the middle.
        for (reply, charge) in [
            (Reply::Hang, Charge::Input),
            (Reply::HangAfter(0, Box::new(Reply::text("never"))), Charge::Input),
            (Reply::HangAfter(900, Box::new(Reply::text("words ".repeat(100)))), Charge::Both),
        ] {
            let server = ScriptedModel::start(vec![reply]).await;
            let mut config = model(&server.base_url(), mode);
            config.silence_ms = 120;
            let error = ask(&models(config), mode, &request()).await.0.expect_err("silence");
            check(&error, mode, AskFailure::Timeout, "is silent for 120 ms", charge);
            server.dropped(1).await;
        }
    }
}

#[tokio::test]
async fn an_answer_cut_anywhere_is_no_answer() {
    let reply = || Reply::Said(Said { text: "Grüße, Ada — 你好".to_owned(), piece: 1, ..Said::default() });
    for mode in MODES {
        // Gemini's streams have no mark at their end: one that breaks behind its last piece was broken off, too.
        let has_mark = mode.streamed && mode != GEMINI_STREAM;
        let whole = told(reply(), mode).await.expect("whole");
        assert_eq!(whole.text, "Grüße, Ada — 你好");
        let mut cuts = 0;
        // A prime step meets events, JSON strings and letters at every kind of place.
        for bytes in (1..).step_by(if mode.streamed { 41 } else { 7 }) {
            match told(Reply::CutAfter(bytes, Box::new(reply())), mode).await {
                Ok(answer) => {
                    assert!(has_mark, "{mode:?}: a whole answer has no end but its end");
                    assert_eq!(answer.text, whole.text, "{mode:?} after {bytes}: the answer was complete");
                    break;
                }
                Err(error) => {
                    let charge = if error.usage.output > 0 { Charge::Both } else { Charge::Input };
                    check(&error, mode, AskFailure::CutOff, "", charge);
                    cuts += 1;
                    if !has_mark && cuts > 80 {
                        break;
                    }
                }
            }
        }
        assert!(cuts > 10, "{mode:?}: {cuts} cuts");
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_and_politely_is_cut_off_too() {
    let cases: [(&str, &[u8]); 4] = [
        ("after an event", b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n"),
        ("inside JSON", b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\ndata: {\"choi"),
        ("inside a letter", b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\xc3"),
        ("with done but no end", b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\ndata: [DONE]\n\n"),
    ];
    for (name, bytes) in cases {
        let server = ScriptedModel::start(vec![Raw::events(bytes)]).await;
        let (outcome, streamed) = ask(&models(model(&server.base_url(), CHAT_STREAM)), CHAT_STREAM, &request()).await;
        check(&outcome.expect_err(name), CHAT_STREAM, AskFailure::CutOff, "ended its answer in the middle", Charge::Both);
        assert_eq!(streamed, "Hel", "{name}: what came was shown");
    }
    for (mode, line) in [
        (RESPONSES_STREAM, r#"{"type":"response.output_text.delta","delta":"Hel"}"#),
        (ANTHROPIC_STREAM, r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#),
        (GEMINI_STREAM, r#"{"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}"#),
    ] {
        let error = told(Raw::data([line]), mode).await.expect_err("no end");
        check(&error, mode, AskFailure::CutOff, "ended its answer in the middle", Charge::Both);
    }
}

#[tokio::test]
async fn what_is_no_answer_at_all_is_malformed() {
    for mode in MODES {
        let page = Raw::body("text/html; charset=utf-8", "<!doctype html><title>Login</title>");
        check(&told(page, mode).await.expect_err("a page"), mode, AskFailure::Malformed, "web page", Charge::Nothing);
        let kind = if mode.streamed { "text/plain" } else { "application/json" };
        check(&told(Raw::body(kind, "hello"), mode).await.expect_err("words"), mode, AskFailure::Malformed, "base_url", Charge::Nothing);
        let latin = Raw::body("application/json", b"{\"a\":\"\xe9\"}".to_vec());
        check(&told(latin, mode).await.expect_err("no UTF-8"), mode, AskFailure::Malformed, "no JSON", Charge::Nothing);
    }
    for mode in [CHAT, RESPONSES, ANTHROPIC, GEMINI] {
        let cut = Raw::body("application/json", r#"{"choices":[{"mess"#);
        check(&told(cut, mode).await.expect_err("cut"), mode, AskFailure::Malformed, "no JSON", Charge::Nothing);
    }
    let empty = Raw::body("application/json", "{}");
    check(&told(empty, CHAT).await.expect_err("nothing in it"), CHAT, AskFailure::Empty, "neither text nor calls", Charge::Input);
    for (mode, other) in [
        (CHAT, r#"{"choices":"none"}"#),
        (ANTHROPIC, r#"{"type":"message","content":"none"}"#),
        (GEMINI, r#"{"candidates":"none"}"#),
        // Text, and no word of an end.
        (GEMINI, r#"{"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}"#),
    ] {
        let error = told(Raw::body("application/json", other), mode).await.expect_err("another form");
        let charge = if error.usage.output > 0 { Charge::Both } else { Charge::Input };
        check(&error, mode, AskFailure::Malformed, "not the API's", charge);
    }
    for mode in STREAMS {
        let bad_event = Raw::data(["{\"x\":1}", "{\"choices\":[{\"delta\":", "{}"]);
        check(&told(bad_event, mode).await.expect_err("no JSON"), mode, AskFailure::Malformed, "an event that is no JSON", Charge::Input);
        let bad_bytes = Raw::events(b"data: {\"x\":1}\n\ndata: {\"a\":\"\xff\xfe\"}\n\ndata: {}\n\n".to_vec());
        check(&told(bad_bytes, mode).await.expect_err("no UTF-8"), mode, AskFailure::Malformed, "", Charge::Input);
    }
}

#[tokio::test]
async fn an_error_with_a_good_status_is_an_error() {
    let refused = r#"{"error":{"message":"context too long","type":"invalid_request_error"}}"#;
    let limited = r#"{"error":{"message":"slow","code":"rate_limit_exceeded"}}"#;
    for mode in MODES {
        let whole = |text: &str| Raw::body("application/json", text);
        check(&told(whole(refused), mode).await.expect_err("refused"), mode, AskFailure::Refused, "`context too long`", Charge::Nothing);
        check(&told(whole(limited), mode).await.expect_err("limited"), mode, AskFailure::RateLimited, "`slow`", Charge::Nothing);
        check(&told(whole(r#"{"error":"worker died"}"#), mode).await.expect_err("died"), mode, AskFailure::Server, "`worker died`", Charge::Nothing);
    }
    let midway = Raw::data([r#"{"choices":[{"delta":{"content":"Hel"}}]}"#, r#"{"error":{"message":"overloaded","code":502}}"#]);
    check(&told(midway, CHAT_STREAM).await.expect_err("midway"), CHAT_STREAM, AskFailure::Server, "`overloaded`", Charge::Both);
    let failed = r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"gpu lost"}}}"#;
    check(&told(Raw::data([failed]), RESPONSES_STREAM).await.expect_err("failed"), RESPONSES_STREAM, AskFailure::Server, "`gpu lost`", Charge::Input);
    let begun = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#;
    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#;
    let error = told(Raw::data([begun, overloaded]), ANTHROPIC_STREAM).await.expect_err("overloaded");
    check(&error, ANTHROPIC_STREAM, AskFailure::Server, "`Overloaded`", Charge::Both);
    let begun = r#"{"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}"#;
    let away = r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#;
    let error = told(Raw::data([begun, away]), GEMINI_STREAM).await.expect_err("away");
    check(&error, GEMINI_STREAM, AskFailure::Server, "`The model is overloaded.`", Charge::Both);
    let event = r#"{"type":"error","code":"server_error","message":"gone","param":null,"sequence_number":3}"#;
    check(&told(Raw::data([event]), RESPONSES_STREAM).await.expect_err("an event"), RESPONSES_STREAM, AskFailure::Server, "`gone`", Charge::Input);
}

#[tokio::test]
async fn an_empty_answer_and_a_stopped_one_are_no_answers_and_are_charged_as_reported() {
    let used = Usage { input: 100, cached: 0, output: 20 };
    for mode in MODES {
        for text in ["", " \n\t "] {
            let error = told(Reply::text(text), mode).await.expect_err("empty");
            check(&error, mode, AskFailure::Empty, "neither text nor calls", Charge::Both);
            assert_eq!(error.usage, used, "{mode:?}");
        }
        let stopped = |finish: &str| Reply::Said(Said { text: "Once upon".to_owned(), finish: Some(finish.to_owned()), ..Said::default() });
        let error = told(stopped("length"), mode).await.expect_err("too long");
        check(&error, mode, AskFailure::TooLong, "reached the bound of 1000 tokens", Charge::Both);
        assert_eq!((error.usage, error.kind()), (used, Kind::Limit), "{mode:?}");
        let error = told(stopped("content_filter"), mode).await.expect_err("withheld");
        check(&error, mode, AskFailure::Refused, "filter", Charge::Both);
        assert_eq!(error.kind(), Kind::Invalid);
    }
}

#[tokio::test]
async fn a_cut_stream_is_charged_once_and_by_our_own_count() {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(10);
    for mode in [CHAT_STREAM, RESPONSES_STREAM] {
        let server = ScriptedModel::start(vec![Reply::CutAfter(4_000, Box::new(Reply::text(text.clone())))]).await;
        let models = models(model(&server.base_url(), mode));
        let (outcome, streamed) = ask(&models, mode, &request()).await;
        let error = outcome.expect_err("cut");
        let candidate = strong(&models);
        assert_eq!(error.usage.input, models.count_tokens(candidate, &request()));
        let words = streamed.split_whitespace().count() as u64;
        assert!(words > 5 && error.usage.output.abs_diff(words) <= words / 4 + 2, "{} tokens for {words} words", error.usage.output);
        assert_eq!(error.cost, models.estimate(candidate, error.usage.input, error.usage.output));
    }
}
