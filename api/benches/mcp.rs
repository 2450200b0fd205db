//! What a tool call over MCP takes a client of ours, beyond the same call to a bare server: the real program, asked at `/mcp` with a token, looks
//! into its own records through the gate, with the run, its journal, its decision and the log in PostgreSQL.
//!
//! Both are asked over HTTP by the same client of the protocol, one call after the other. The bare server is one of the library alone, in this
//! process, and says what the program said. What a call to a server of others takes us is measured in `tools/host`.

#![expect(clippy::indexing_slicing, reason = "JSON that has what is looked for, or gives nothing; as many figures as were measured")]

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig, ClientRequest, Implementation,
    ServerCapabilities, ServerConfig, ServerResult,
};
use rmcp::service::{PeerRequestOptions, RequestContext, RunningService, serve_client};
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransport, StreamableHttpClientTransportConfig};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleClient, RoleServer, ServerHandler};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// Calls of a round, of which the median counts.
const CALLS: usize = 300;
/// Calls before them that do not count. Together with a round's they are fewer than a token may make in a minute.
const WARM_UP: usize = 30;
/// Rounds, of which the middle one counts.
const ROUNDS: usize = 3;
/// People in the records.
const PEOPLE: usize = 200;

/// A client of the protocol with a session.
type Client = RunningService<RoleClient, ClientConfig>;

/// A running program, at its first start.
struct Program {
    child: Child,
    port: u16,
    /// The secret of the link that lets the owner in.
    link: String,
}

impl Program {
    fn start(dir: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_steward"))
            .args(["up", "--listen", &format!("127.0.0.1:{port}")])
            .current_dir(dir)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start");
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines().map_while(Result::ok);
        // The link is printed once it listens.
        let link = lines.find_map(|line| line.split_once("#token=").map(|(_, secret)| secret.trim().to_owned()));
        let link = link.expect("it ended before it said how to sign in");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port, link }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is there");
        assert!(self.child.wait().expect("it ends").success(), "it stops cleanly");
    }
}

/// The owner, signed in as in a browser.
struct Owner<'a> {
    program: &'a Program,
    http: reqwest::Client,
    cookie: String,
}

impl<'a> Owner<'a> {
    async fn of(program: &'a Program) -> Self {
        let mut owner = Self { program, http: http(), cookie: String::new() };
        let signed_in = owner.posted("/api/v1/session", "application/json", json!({ "link": program.link }).to_string()).await;
        let cookie = signed_in.headers().get("set-cookie").and_then(|set| set.to_str().ok()).expect("a cookie");
        owner.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        owner
    }

    async fn posted(&self, path: &str, kind: &str, body: String) -> reqwest::Response {
        let asked = self.http.post(self.program.url(path)).header("origin", self.program.url("")).header("cookie", &self.cookie);
        let answer = asked.header("content-type", kind).body(body).send().await.expect("answered");
        assert_eq!(answer.status().as_u16(), 201, "{path}");
        answer
    }

    /// A token that looks.
    async fn token(&self) -> String {
        let made = self.posted("/api/v1/tokens", "application/json", json!({ "name": "bench", "scopes": ["converse", "read"] }).to_string()).await;
        let made: Value = made.json().await.expect("JSON");
        made["secret"].as_str().expect("a token").to_owned()
    }
}

/// A server of the library alone: it says what it was given.
#[derive(Clone)]
struct Bare(CallToolResult);

impl ServerHandler for Bare {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build()).with_server_info(Implementation::new("bare", "1"))
    }

    async fn call_tool(&self, _: CallToolRequestParams, _: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        Ok(self.0.clone().into())
    }
}

/// Serves it until the process ends; where.
async fn serve_bare(bare: Bare) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let service = StreamableHttpService::new(move || Ok(bare.clone()), Arc::new(LocalSessionManager::default()), StreamableHttpServerConfig::default());
    let router = axum::Router::new().route_service("/mcp", service);
    tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    url
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

async fn client(url: &str, token: &str) -> Client {
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
    let about = ClientConfig::new(ClientCapabilities::default(), Implementation::new("bench", "1"));
    serve_client(about, StreamableHttpClientTransport::with_client(http(), config)).await.expect("a session")
}

/// One call: what was answered, and how long it took in microseconds.
async fn call(client: &Client) -> (CallToolResult, f64) {
    let arguments = json!({ "query": "person7@example.org" });
    let params = CallToolRequestParams::new("crm.find_contacts".to_owned()).with_arguments(arguments.as_object().cloned().unwrap_or_default());
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
    let began = Instant::now();
    let handle = client.peer().send_cancellable_request(request, PeerRequestOptions::no_options()).await.expect("sent");
    let answer = handle.await_response().await.expect("answered");
    let us = began.elapsed().as_secs_f64() * 1e6;
    let ServerResult::CallToolResult(result) = answer else { unreachable!("a call is answered with a result") };
    let found = result.structured_content.as_ref().and_then(|found| found["contacts"].as_array()).map_or(0, Vec::len);
    assert!(result.is_error != Some(true) && found > 0, "{result:?}");
    (result, us)
}

async fn p50_us(client: &Client) -> f64 {
    for _ in 0..WARM_UP {
        call(client).await;
    }
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        took.push(call(client).await.1);
    }
    took.sort_by(f64::total_cmp);
    took[CALLS / 2]
}

/// What the program takes a round, and what the bare server does, in microseconds a call.
async fn measured(program: &Program) -> Vec<(f64, f64)> {
    let owner = Owner::of(program).await;
    let people: String = (0..PEOPLE).map(|number| format!("Person {number},person{number}@example.org\n")).collect();
    owner.posted("/api/v1/contacts/import", "text/csv", format!("Name,Email\n{people}")).await;
    let address = program.url("/mcp");
    let (answered, _) = call(&client(&address, &owner.token().await).await).await;
    let bare = client(&serve_bare(Bare(answered)).await, "none").await;
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        // How many requests there may be in a minute is counted by token.
        let served = client(&address, &owner.token().await).await;
        let bare_us = p50_us(&bare).await;
        rounds.push((p50_us(&served).await, bare_us));
    }
    rounds
}

fn main() {
    // `cargo test --benches` must not measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir: PathBuf = std::env::temp_dir().join(format!("stw-mcp-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("scratch directory");
    // PostgreSQL runs as somebody else where this is run by the administrator.
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("scratch permissions");
    let program = Program::start(&dir);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let mut rounds = runtime.block_on(measured(&program));
    // Its clients go first: a server waits for streams that are still read.
    drop(runtime);
    program.stop();
    rounds.sort_by(|(served, bare), (other, other_bare)| (served - bare).total_cmp(&(other - other_bare)));
    let (served, bare) = rounds[ROUNDS / 2];
    // What lies between the two is worked out where the table is made.
    println!("mcp/served_us_p50 {served:.1}");
    println!("mcp/served_bare_us_p50 {bare:.1}");
    fs::remove_dir_all(&dir).expect("scratch directory");
}
