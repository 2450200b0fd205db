//! A server on a real socket with a worker behind it, and a client that shows every byte.

use super::super::server::shipped_files;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use steward_agent::testing::World;
use steward_agent::worker::work;
use steward_api::meters::Meters;
use steward_api::notices::Ways;
use steward_api::oauth::ClientDocuments;
use steward_api::wiring::serve::serve;
use steward_api::{AppState, Parts, Site};
use steward_core::Scope;
use steward_host::EgressOptions;
use steward_office::kept::Keeper;
use steward_office::people::{self, NewToken, Passwords};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The running parts. They stop when it is dropped.
pub(super) struct Service {
    pub(super) world: World,
    pub(super) state: AppState,
    pub(super) address: SocketAddr,
    pub(super) token: String,
    worker: JoinHandle<()>,
    _stop: DropGuard,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

impl Service {
    /// Serves an installation, and works for it.
    pub(super) async fn of(world: World) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
        let address = listener.local_addr().expect("address");
        let runtime = &world.runtime;
        let state = AppState::new(Parts {
            store: world.db.app.clone(),
            keeper: Keeper::new(world.db.worker.clone()),
            office: runtime.office.clone(),
            passwords: Passwords::new(1).expect("argon"),
            site: Site::new(&format!("http://{address}"), false).expect("site"),
            host: runtime.host.clone(),
            mcp: Vec::new().into(),
            mcp_lock: std::path::PathBuf::from("/nowhere/mcp.lock.json"),
            rules: runtime.rules.clone(),
            policy_files: shipped_files(),
            prompts: runtime.prompts.clone(),
            agents: runtime.agents.clone(),
            models: runtime.models.listed(),
            oidc: None,
            clients: ClientDocuments::new(EgressOptions::default(), runtime.office.clock.clone()),
            approvals: Default::default(),
            notices: Ways::default(),
            live: runtime.live.clone(),
            meters: Arc::new(Meters::default()),
            audit: None,
            web: Arc::default(),
        });
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        let new = NewToken { name: "client".to_owned(), scopes: [Scope::Converse].into(), expires_at: None };
        let token = people::make_token(&mut tx, &runtime.office, new).await.expect("token").secret.expose_secret().to_owned();
        tx.commit().await.expect("commit");
        let stop = CancellationToken::new();
        let worker = tokio::spawn(work(runtime.clone(), 4, stop.clone()));
        tokio::spawn(serve(listener, steward_api::router(state.clone()), stop.clone()));
        Self { world, state, address, token, worker, _stop: stop.drop_guard() }
    }

    /// Where clients are pointed at.
    pub(super) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Sends a question and hears its answer to the end.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Heard {
        self.post_with(path, "", body).await
    }

    /// The same with more header lines.
    pub(super) async fn post_with(&self, path: &str, headers: &str, body: &Value) -> Heard {
        let mut listening = self.open(path, headers, body).await;
        listening.finish().await;
        listening.heard()
    }

    /// Sends a question.
    pub(super) async fn open(&self, path: &str, headers: &str, body: &Value) -> Listening {
        let body = body.to_string();
        let mut stream = TcpStream::connect(self.address).await.expect("connect");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n",
            self.address,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("head");
        stream.write_all(body.as_bytes()).await.expect("body");
        Listening { stream, bytes: Vec::new() }
    }
}

/// An answer that is coming in.
pub(super) struct Listening {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Listening {
    /// Reads until this has come.
    pub(super) async fn until(&mut self, wanted: &str) {
        while !String::from_utf8_lossy(&self.bytes).contains(wanted) {
            let count = self.stream.read_buf(&mut self.bytes).await.expect("read");
            assert!(count > 0, "the answer ended without `{wanted}`: {}", String::from_utf8_lossy(&self.bytes));
        }
    }

    pub(super) async fn finish(&mut self) {
        self.stream.read_to_end(&mut self.bytes).await.expect("read");
    }

    /// What has come, which must be all of it.
    pub(super) fn heard(self) -> Heard {
        let text = String::from_utf8(self.bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("head");
        let head = head.to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("status");
        let body = if head.contains("transfer-encoding: chunked") { dechunked(body) } else { body.to_owned() };
        Heard { status, head, body }
    }
}

/// A chunked body that must come to its proper end: a broken one is no clean end of a stream.
fn dechunked(mut rest: &str) -> String {
    let mut text = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n").expect("a chunk's size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            return text;
        }
        text.push_str(after.get(..size).expect("a whole chunk"));
        rest = after.get(size + 2..).expect("the next chunk");
    }
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Heard {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|err| panic!("{err}: {}", self.body))
    }

    /// The `data:` of an event stream, in order; `[DONE]` is a string.
    #[track_caller]
    pub(super) fn events(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.body);
        assert!(self.head.contains("content-type: text/event-stream"), "{}", self.head);
        let data = self.body.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))).collect()
    }

    /// The text of a stream of chunks, put together.
    pub(super) fn streamed(&self) -> String {
        self.events().iter().filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str().map(str::to_owned)).collect()
    }
}
