//! An MCP server over HTTP whose one tool asks the person before it answers, by the stream of the call.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use steward_core::Effect;
use steward_host::mcp::{self, McpServer, McpToolRules, McpTransport};

/// How long the server waits for what it is told.
const PATIENCE: Duration = Duration::from_secs(60);

/// A form with a field of each kind that matters here.
pub(crate) fn form() -> Value {
    json!({
        "message": "Which day to Bern?",
        "requestedSchema": { "type": "object", "required": ["day"], "properties": {
            "class": { "type": "string", "enum": ["first", "second"], "default": "second" },
            "day": { "type": "string" },
            "seats": { "type": "integer", "minimum": 1, "maximum": 8 },
        } },
    })
}

#[derive(Default)]
struct State {
    told: Mutex<Option<Value>>,
    heard: Condvar,
    calls: AtomicU32,
    words: AtomicU32,
}

pub(crate) struct Peer {
    address: SocketAddr,
    state: Arc<State>,
}

impl Peer {
    /// Serves on the loopback address, one connection a thread, until the test ends.
    pub(crate) fn start(form: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let address = listener.local_addr().expect("address");
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (state, form) = (Arc::clone(&shared), form.clone());
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().expect("clone"));
                    let mut writer = stream;
                    while let Some((is_post, message)) = request(&mut reader) {
                        if is_post && message["method"] == "tools/call" {
                            // The stream of the call: first the question, and once that was answered, the result.
                            let _ = call(&mut writer, &message["id"], &form, &state);
                            return;
                        }
                        let said = if is_post { answer(&message, &state) } else { "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n".to_owned() };
                        if writer.write_all(said.as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, state }
    }

    /// What it was told last; null before that.
    pub(crate) fn told(&self) -> Value {
        self.state.told.lock().expect("told").clone().unwrap_or_default()
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// How often its tool was called, and how often it was told something.
    pub(crate) fn heard(&self) -> (u32, u32) {
        (self.state.calls.load(Ordering::SeqCst), self.state.words.load(Ordering::SeqCst))
    }

    /// Its tool, accepted, and that it may ask.
    pub(crate) async fn accepted(&self, folder: &Folder, timeout_ms: u64) -> (Vec<McpServer>, PathBuf) {
        let rules =
            McpToolRules { effect: Some(Effect::Read), roles: [("about".to_owned(), "query".parse().expect("role"))].into(), ..McpToolRules::default() };
        let server = McpServer {
            name: "trips".to_owned(),
            transport: McpTransport::Url { url: self.url(), bearer: None },
            timeout_ms,
            output_kb: 64,
            asks: true,
            tools: BTreeMap::from([("book".to_owned(), rules)]),
        };
        let lock = folder.0.join("mcp.lock.json");
        mcp::accept(&lock, &server, &mcp::offered(&server).await.expect("offered"), &[]).expect("accepted");
        (vec![server], lock)
    }
}

fn call(writer: &mut impl Write, id: &Value, form: &Value, state: &State) -> std::io::Result<()> {
    *state.told.lock().expect("told") = None;
    state.calls.fetch_add(1, Ordering::SeqCst);
    write!(writer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")?;
    write!(writer, "event: message\ndata: {}\n\n", json!({ "jsonrpc": "2.0", "id": "ask", "method": "elicitation/create", "params": form }))?;
    writer.flush()?;
    let told = state.told.lock().expect("told");
    let (told, _) = state.heard.wait_timeout_while(told, PATIENCE, |told| told.is_none()).expect("told");
    let action = told.as_ref().map_or("nothing", |told| told["action"].as_str().unwrap_or("an error"));
    let result = json!({ "content": [{ "type": "text", "text": format!("told: {action}") }] });
    write!(writer, "event: message\ndata: {}\n\n", json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

fn answer(message: &Value, state: &State) -> String {
    let result = match message["method"].as_str() {
        Some("initialize") => json!({ "protocolVersion": "2025-06-18", "capabilities": { "tools": {} }, "serverInfo": { "name": "trips", "version": "1" } }),
        Some("tools/list") => json!({ "tools": [{
            "name": "book", "description": "Books a trip.",
            "inputSchema": { "type": "object", "properties": { "about": { "type": "string" } }, "required": ["about"] },
        }] }),
        Some("ping") => json!({}),
        Some(_) => return "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned(),
        None => {
            let said = if message["error"].is_object() { &message["error"] } else { &message["result"] };
            *state.told.lock().expect("told") = Some(said.clone());
            state.words.fetch_add(1, Ordering::SeqCst);
            state.heard.notify_all();
            return "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned();
        }
    };
    let body = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// The next request of a connection: whether it is a POST, and the message in it; none when the connection is over.
pub(crate) fn request(reader: &mut impl BufRead) -> Option<(bool, Value)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head.starts_with("POST "), serde_json::from_slice(&body).unwrap_or_default()))
}

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn make() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let dir = std::env::temp_dir().join(format!("stw-questions-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(&dir).expect("folder");
        Self(dir)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
