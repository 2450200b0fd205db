//! One loopback address that is both the puppet, as a model behind chat completions, and the MCP server of a tool set.
//!
//! The real clients speak to it: nothing of the product is bypassed. It answers only what the scene has, and keeps what was called.

use crate::error::EvalError;
use crate::puppet::{self, Answer, Line, Said};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steward_host::mcp::safe_name;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const PROTOCOL: &str = "2025-06-18";

/// What is played now.
#[derive(Default)]
struct Scene {
    /// What the MCP server offers.
    tools: Value,
    place: Place,
    /// Tool and arguments of what was really called.
    called: Vec<(String, Value)>,
}

/// Where a run's script is.
#[derive(Default)]
pub(crate) struct Place {
    /// What the puppet says.
    script: Arc<[Line]>,
    /// The line it said last.
    at: Option<usize>,
    /// What a reader is to give, asked next.
    wanted: Option<Value>,
}

/// The address. It stops when it is dropped.
pub(crate) struct Loopback {
    address: SocketAddr,
    scene: Arc<Mutex<Scene>>,
    server: JoinHandle<()>,
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Loopback {
    /// Opens a port on which these tools are offered.
    pub(crate) async fn open(tools: Vec<Value>) -> Result<Self, EvalError> {
        let failed = |err: std::io::Error| EvalError::Stage(format!("no loopback port: {err}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let scene = Arc::new(Mutex::new(Scene { tools: Value::Array(tools), ..Scene::default() }));
        let server = tokio::spawn(accept(listener, Arc::clone(&scene)));
        Ok(Self { address, scene, server })
    }

    /// Forgets what was called.
    pub(crate) fn begin(&self) {
        lock(&self.scene).called.clear();
    }

    /// Puts the script of another run in place. What it gives back brings the run before to where it was.
    pub(crate) fn enter(&self, script: Arc<[Line]>) -> Place {
        self.go_back(Place { script, at: None, wanted: None })
    }

    /// Puts a script in place where it was left.
    pub(crate) fn go_back(&self, to: Place) -> Place {
        let mut scene = lock(&self.scene);
        std::mem::replace(&mut scene.place, to)
    }

    /// What was really called since.
    pub(crate) fn called(&self) -> Vec<(String, Value)> {
        lock(&self.scene).called.clone()
    }

    /// Where the model is.
    pub(crate) fn model_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where the tools are.
    pub(crate) fn mcp_url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }
}

fn lock(scene: &Mutex<Scene>) -> MutexGuard<'_, Scene> {
    scene.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, scene: Arc<Mutex<Scene>>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Without it every small answer waits for the other side's acknowledgement.
        let _ = stream.set_nodelay(true);
        let scene = Arc::clone(&scene);
        tokio::spawn(async move {
            let service = service_fn(move |request| handle(request, Arc::clone(&scene)));
            // A connection that breaks is the client's to notice.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn handle(request: Request<Incoming>, scene: Arc<Mutex<Scene>>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let message = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    Ok(match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/v1/chat/completions") => {
            let mut scene = lock(&scene);
            let place = &mut scene.place;
            let (answer, said) = puppet::answer(&message, &place.script, place.wanted.as_ref());
            match said {
                Said::Line(at, wanted) => (place.at, place.wanted) = (Some(at), wanted),
                Said::Take(wanted) => place.wanted = Some(wanted),
                Said::Nothing => {}
            }
            reply(StatusCode::OK, &answer)
        }
        (&Method::POST, "/mcp") => match speak(&message, &mut lock(&scene)) {
            Some(answer) => reply(StatusCode::OK, &answer),
            None => status(StatusCode::ACCEPTED),
        },
        (_, "/mcp") => status(StatusCode::METHOD_NOT_ALLOWED),
        _ => status(StatusCode::NOT_FOUND),
    })
}

/// The MCP server. Nothing is answered to a notification.
fn speak(message: &Value, scene: &mut Scene) -> Option<Value> {
    let id = message.get("id")?;
    let result = match message.get("method").and_then(Value::as_str).unwrap_or_default() {
        "initialize" => json!({ "protocolVersion": PROTOCOL, "capabilities": { "tools": {} }, "serverInfo": { "name": "suite", "version": "1" } }),
        "tools/list" => json!({ "tools": scene.tools }),
        "tools/call" => call(message, scene),
        "ping" => json!({}),
        other => return Some(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": format!("no method {other}") } })),
    };
    Some(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

/// The recorded answer of the line that the puppet said, if it is that tool which is called.
fn call(message: &Value, scene: &mut Scene) -> Value {
    let name = message.pointer("/params/name").and_then(Value::as_str).unwrap_or_default();
    scene.called.push((name.to_owned(), message.pointer("/params/arguments").cloned().unwrap_or_default()));
    let failed = |why: &str| json!({ "isError": true, "content": [{ "type": "text", "text": why }] });
    let line = scene.place.at.and_then(|at| scene.place.script.get(at));
    let is_meant = |line: &&Line| line.tool.split_once('.').is_some_and(|(_, tool)| Some(tool) == safe_name(name).as_deref());
    match line.filter(is_meant).map(|line| &line.answer) {
        Some(Answer::Result(result)) => json!({ "content": [], "structuredContent": { "result": result } }),
        Some(Answer::Error(why)) => failed(why),
        None => failed("nothing is recorded for this call"),
    }
}

fn reply(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
