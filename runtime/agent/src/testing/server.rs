//! The server: takes requests, writes them down, and answers from the script.

#![expect(clippy::indexing_slicing, reason = "JSON made a line above, or a field that may be missing, which reads as null")]

use super::reply::{Reply, Said};
use super::wire::{ScriptBody, Then, event};
use super::{anthropic, chat, gemini, responses};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Which protocol a request was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Chat completions.
    Chat,
    /// The responses API.
    Responses,
    /// Anthropic's Messages.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
}

impl Api {
    /// By the end of the path.
    fn at(path: &str) -> Option<Self> {
        let ends = |end: &str| path.ends_with(end);
        [
            (Self::Chat, ends("/chat/completions")),
            (Self::Responses, ends("/responses")),
            (Self::Anthropic, ends("/messages")),
            (Self::Gemini, ends(":generateContent") || ends(":streamGenerateContent")),
        ]
        .into_iter()
        .find_map(|(api, is_it)| is_it.then_some(api))
    }
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its place in the order of requests, from 0.
    pub number: usize,
    /// The protocol.
    pub api: Api,
    /// Whether it asks for a stream.
    pub streamed: bool,
    /// The path, with what stands before `/chat/completions` or the like.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Value,
}

impl Seen {
    /// The texts of the tool results it carries, in order.
    pub fn tool_results(&self) -> Vec<&str> {
        let list = |field: &str| self.body.get(field).and_then(Value::as_array).into_iter().flatten();
        let chat = list("messages").filter(|message| message["role"] == "tool").filter_map(|message| message["content"].as_str());
        let responses = list("input").filter(|item| item["type"] == "function_call_output").filter_map(|item| item["output"].as_str());
        let blocks = list("messages").filter_map(|message| message["content"].as_array()).flatten();
        let anthropic = blocks.filter(|block| block["type"] == "tool_result").filter_map(|block| block["content"].as_str());
        let parts = list("contents").filter_map(|content| content["parts"].as_array()).flatten();
        let gemini = parts.filter_map(|part| part.pointer("/functionResponse/response/output").and_then(Value::as_str));
        chat.chain(responses).chain(anthropic).chain(gemini).collect()
    }

    /// The names of the tools it offers, as they are on the wire.
    pub fn tools(&self) -> Vec<&str> {
        let tools = self.body.get("tools").and_then(Value::as_array).into_iter().flatten();
        let declared = self.body.pointer("/tools/0/functionDeclarations").and_then(Value::as_array).into_iter().flatten();
        tools.chain(declared).filter_map(|tool| tool.pointer("/function/name").or_else(|| tool.get("name")).and_then(Value::as_str)).collect()
    }

    /// The model it asks, by its body or its path.
    pub fn model(&self) -> &str {
        let in_path = self.path.rsplit('/').next().and_then(|last| last.split(':').next()).filter(|_| self.api == Api::Gemini);
        in_path.or_else(|| self.body["model"].as_str()).unwrap_or("scripted")
    }

    /// What a script's tool is called in this request: as it is offered, or as it is.
    fn wire_name(&self, tool: &str) -> String {
        let folded: String = tool.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect();
        let offered = self.tools();
        if !offered.contains(&tool) && offered.contains(&folded.as_str()) { folded } else { tool.to_owned() }
    }
}

type Decide = Box<dyn Fn(&Seen) -> Reply + Send + Sync>;

enum Script {
    Steps(Mutex<VecDeque<Reply>>),
    Decides(Decide),
}

struct State {
    script: Script,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    dropped: watch::Sender<usize>,
}

/// A test double: a model server that answers from a script. It stops when it is dropped.
pub struct ScriptedModel {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl ScriptedModel {
    /// Answers the first request with the first reply, and so on; with HTTP 500 when the script is at its end.
    pub async fn start(script: Vec<Reply>) -> Self {
        Self::run(Script::Steps(Mutex::new(script.into()))).await
    }

    /// Answers each request with what this decides.
    pub async fn start_with(decide: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::run(Script::Decides(Box::new(decide))).await
    }

    #[expect(clippy::expect_used, reason = "a test without its loopback port may stop")]
    async fn run(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port");
        let address = listener.local_addr().expect("its address");
        let state = State { script, seen: Mutex::default(), connections: AtomicUsize::new(0), dropped: watch::Sender::new(0) };
        let state = Arc::new(state);
        let server = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, server }
    }

    /// What to configure as `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The requests so far, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many answers were dropped by the client before their end.
    pub async fn dropped(&self, answers: usize) {
        let mut dropped = self.state.dropped.subscribe();
        // The sender lives as long as this borrow.
        let _ = dropped.wait_for(|count| *count >= answers).await;
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.fetch_add(1, Ordering::SeqCst);
        open.spawn(serve(stream, Arc::clone(&state)));
        while open.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, Arc::clone(&state)));
    // A broken connection is often what the script asks for.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, state: Arc<State>) -> Result<Response<ScriptBody>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Some(api) = Api::at(&path) else {
        return Ok(plain(404, &[], json!({ "error": { "message": format!("there is no {path} here") } }).to_string(), &state));
    };
    let pieces = path.ends_with(":streamGenerateContent");
    if pieces && parts.uri.query() != Some("alt=sse") {
        return Ok(plain(400, &[], json!({ "error": { "message": "no event stream was asked for" } }).to_string(), &state));
    }
    let bytes = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
        return Ok(plain(400, &[], json!({ "error": { "message": "the body is no JSON" } }).to_string(), &state));
    };
    let seen = {
        let mut all = state.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = Seen { number: all.len(), api, streamed: pieces || body["stream"] == true, path, headers: parts.headers, body };
        all.push(seen.clone());
        seen
    };
    let reply = match &state.script {
        Script::Decides(decide) => decide(&seen),
        Script::Steps(steps) => steps.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_else(|| {
            Reply::Status(500, Vec::new(), json!({ "error": { "message": format!("the script has no step {}", seen.number + 1) } }).to_string())
        }),
    };
    play(reply, &seen, &state).await
}

async fn play(reply: Reply, seen: &Seen, state: &State) -> Result<Response<ScriptBody>, std::io::Error> {
    let (frames, kind, then) = match reply {
        Reply::Status(status, headers, body) => return Ok(plain(status, &headers, body, state)),
        Reply::HangUp => return Err(std::io::Error::other("the script hangs up here")),
        Reply::Hang => {
            // Dropped with the connection: that is what the client's cancelling looks like from here.
            let _guard = ScriptBody::new(Vec::new(), Then::Hang, state.dropped.clone());
            match std::future::pending::<Infallible>().await {}
        }
        Reply::CutAfter(bytes, reply) => {
            let (frames, kind) = compose(*reply, seen);
            (ScriptBody::cut(frames, bytes), kind, Then::Break)
        }
        Reply::HangAfter(bytes, reply) => {
            let (frames, kind) = compose(*reply, seen);
            (ScriptBody::cut(frames, bytes), kind, Then::Hang)
        }
        Reply::Endless => {
            // The piece with the text, again and again; a whole answer never gets to its end either.
            let again = match (seen.api, seen.streamed) {
                (Api::Chat, true) => event(None, &json!({ "choices": [{ "index": 0, "delta": { "content": "and so on " }, "finish_reason": null }] })),
                (Api::Responses, true) => {
                    event(Some("response.output_text.delta"), &json!({ "type": "response.output_text.delta", "output_index": 0, "delta": "and so on " }))
                }
                (Api::Anthropic, true) => event(
                    Some("content_block_delta"),
                    &json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "and so on " } }),
                ),
                (Api::Gemini, true) => {
                    event(None, &json!({ "candidates": [{ "index": 0, "content": { "role": "model", "parts": [{ "text": "and so on " }] } }] }))
                }
                (Api::Chat | Api::Responses | Api::Anthropic | Api::Gemini, false) => Bytes::from(vec![b' '; 4096]),
            };
            let (_, kind) = compose(Reply::text(""), seen);
            (Vec::new(), kind, Then::Repeat(again))
        }
        reply => {
            let (frames, kind) = compose(reply, seen);
            (frames, kind, Then::End)
        }
    };
    let mut response = Response::new(ScriptBody::new(frames, then, state.dropped.clone()));
    if let Ok(kind) = http::HeaderValue::from_str(&kind) {
        response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    }
    Ok(response)
}

/// The frames of a reply and their content type. A fault inside a fault is played as an empty answer.
fn compose(reply: Reply, seen: &Seen) -> (Vec<Bytes>, String) {
    let mut said = match reply {
        Reply::Raw(raw) => return (raw.frames.into_iter().map(Bytes::from).collect(), raw.content_type),
        Reply::Said(said) => said,
        Reply::Text(text) => Said { text, ..Said::default() },
        Reply::Calls(calls) => Said::from(calls),
        Reply::Status(..) | Reply::CutAfter(..) | Reply::HangAfter(..) | Reply::Hang | Reply::HangUp | Reply::Endless => Said::default(),
    };
    for call in &mut said.calls {
        call.tool = seen.wire_name(&call.tool);
    }
    let model = seen.model();
    let include_usage = seen.body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true));
    match (seen.api, seen.streamed) {
        (Api::Chat, true) => (chat::stream(&said, model, include_usage), "text/event-stream".to_owned()),
        (Api::Responses, true) => (responses::stream(&said, model), "text/event-stream".to_owned()),
        (Api::Anthropic, true) => (anthropic::stream(&said, model), "text/event-stream".to_owned()),
        (Api::Gemini, true) => (gemini::stream(&said, model), "text/event-stream".to_owned()),
        (Api::Chat, false) => (vec![chat::whole(&said, model)], "application/json".to_owned()),
        (Api::Responses, false) => (vec![responses::whole(&said, model)], "application/json".to_owned()),
        (Api::Anthropic, false) => (vec![anthropic::whole(&said, model)], "application/json".to_owned()),
        (Api::Gemini, false) => (vec![gemini::whole(&said, model)], "application/json".to_owned()),
    }
}

fn plain(status: u16, headers: &[(String, String)], body: String, state: &State) -> Response<ScriptBody> {
    let mut response = Response::new(ScriptBody::new(vec![Bytes::from(body)], Then::End, state.dropped.clone()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let header = |(name, value): &(String, String)| Some((http::HeaderName::from_bytes(name.as_bytes()).ok()?, http::HeaderValue::from_str(value).ok()?));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response.headers_mut().extend(headers.iter().filter_map(header));
    response
}
