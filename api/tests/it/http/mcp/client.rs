//! A server on a real socket, and the official client for Rust.

use super::super::working::{Listening, Working};
use super::super::world::House;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ClientRequest, Implementation, ProgressNotificationParam,
    ProtocolVersion, RequestMetaObject, ServerResult,
};
use rmcp::service::{ClientLifecycleMode, NotificationContext, PeerRequestOptions, RequestHandle, RunningService, serve_client, serve_client_with_lifecycle};
use rmcp::transport::IntoTransport;
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransport, StreamableHttpClientTransportConfig};
use rmcp::{ClientHandler, RoleClient};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_api::wiring::serve::serve;
use steward_core::Scope;
use steward_host::EgressOptions;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

async fn nobody() -> ScriptedModel {
    ScriptedModel::start_with(|_| Reply::text("nobody should have asked")).await
}

/// An installation that is served. No model is ever asked: it would fail the test.
pub(super) struct Served {
    pub(super) working: Working,
    pub(super) address: SocketAddr,
    _stop: DropGuard,
}

impl Served {
    pub(super) async fn with(rules: &[&str]) -> Self {
        Self::of(Working::with(nobody().await, rules).await).await
    }

    /// The same with an agent in mode `sealed`.
    pub(super) async fn sealed() -> Self {
        Self::of(Working::sealed(nobody().await).await).await
    }

    /// One that people come to where it listens, so that its own pages are those of this address.
    pub(super) async fn at_home() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        Self::on(listener, Working::at(&url, nobody().await, EgressOptions::default()).await)
    }

    async fn of(working: Working) -> Self {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).await.expect("port"), working)
    }

    fn on(listener: TcpListener, working: Working) -> Self {
        let address = listener.local_addr().expect("address");
        let stop = CancellationToken::new();
        tokio::spawn(steward_api::jobs::tell_mcp_clients::run(working.world.server.state.clone(), stop.clone()));
        tokio::spawn(serve(listener, steward_api::router(working.world.server.state.clone()), stop.clone()));
        Self { working, address, _stop: stop.drop_guard() }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// A token of the home organisation's owner.
    pub(super) async fn token(&self, scopes: &[Scope]) -> String {
        self.token_of(&self.working.world.home, scopes).await
    }

    pub(super) async fn token_of(&self, house: &House, scopes: &[Scope]) -> String {
        self.working.world.token(&house.actor, scopes).await.secret.expose_secret().to_owned()
    }

    /// A client with a session and every scope.
    pub(super) async fn client(&self) -> Client {
        self.client_with(&Scope::ALL).await
    }

    pub(super) async fn client_with(&self, scopes: &[Scope]) -> Client {
        Client::open(&self.url(), &self.token(scopes).await).await
    }

    pub(super) async fn number(&self, sql: &str) -> i64 {
        self.working.world.server.database.number(sql).await
    }

    /// Answers a held action as the owner; the status of the answer.
    pub(super) async fn decide(&self, hold: &str, verb: &str, body: impl FnOnce(&Value) -> Value) -> u16 {
        let owner = self.working.world.owner().await;
        let shown = self.working.ask("GET", format!("/api/v1/holds/{hold}")).cookie(&owner).send().await.expect(200).json();
        let body = body(&shown);
        self.working.ask("POST", format!("/api/v1/holds/{hold}/{verb}")).cookie(&owner).json(&body).send().await.status
    }

    pub(super) async fn approve(&self, hold: &str) -> u16 {
        self.decide(hold, "approve", |shown| json!({ "envelope_id": shown["envelope_id"] })).await
    }

    /// Has one more plugin than before: the set of tools is another.
    pub(super) fn gains_tools(&self) {
        let folder = std::env::temp_dir().join(format!("steward-mcp-{}", self.working.world.home.tenant));
        steward_host::testing::GuestFiles::hostile().write(&folder).expect("files");
        self.working.world.server.state.host.load_dir(&folder).expect("a plugin");
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    /// The run that a held action belongs to.
    pub(super) async fn run_of(&self, hold: &str) -> String {
        let owner = self.working.world.owner().await;
        let shown = self.working.ask("GET", format!("/api/v1/holds/{hold}")).cookie(&owner).send().await.expect(200).json();
        shown["run_id"].as_str().expect("a run").to_owned()
    }

    /// Waits until a run is over; its outcome.
    pub(super) async fn end_of(&self, run: &str) -> String {
        let owner = self.working.world.owner().await;
        let mut stream = Listening::open(self.working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
        let ended = stream.until("run.ended").await.pop().expect("an event");
        ended.data["outcome"].as_str().expect("an outcome").to_owned()
    }
}

/// Hears of progress.
pub(super) struct Hearing {
    progress: mpsc::UnboundedSender<ProgressNotificationParam>,
    changes: mpsc::UnboundedSender<()>,
}

impl ClientHandler for Hearing {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("test-client", "1.0"))
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let _ = self.progress.send(params);
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        let _ = self.changes.send(());
    }
}

pub(super) struct Client {
    pub(super) service: RunningService<RoleClient, Hearing>,
    progress: mpsc::UnboundedReceiver<ProgressNotificationParam>,
    changes: mpsc::UnboundedReceiver<()>,
}

fn transport(url: &str, token: &str) -> StreamableHttpClientTransport<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
    StreamableHttpClientTransport::with_client(reqwest::Client::new(), config)
}

impl Client {
    /// One that opens a session.
    pub(super) async fn open(url: &str, token: &str) -> Self {
        Self::over(transport(url, token)).await
    }

    /// The same over whatever carries its messages.
    pub(super) async fn over<T, E, A>(transport: T) -> Self
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let ((sender, progress), (changed, changes)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let service = serve_client(Hearing { progress: sender, changes: changed }, transport).await.expect("a session");
        Self { service, progress, changes }
    }

    /// One of the newest protocol, which has no sessions.
    pub(super) async fn without_session(url: &str, token: &str) -> Self {
        let ((sender, progress), (changed, changes)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
        let service = serve_client_with_lifecycle(Hearing { progress: sender, changes: changed }, transport(url, token), mode).await.expect("a server");
        Self { service, progress, changes }
    }

    pub(super) async fn tools(&self) -> Vec<String> {
        let mut names: Vec<String> = self.service.peer().list_all_tools().await.expect("tools").into_iter().map(|tool| tool.name.to_string()).collect();
        names.sort_unstable();
        names
    }

    /// Makes a call and hears its answer.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> CallToolResult {
        self.call_with(tool, arguments, json!({})).await
    }

    pub(super) async fn call_with(&self, tool: &str, arguments: Value, meta: Value) -> CallToolResult {
        let handle = self.begin(tool, arguments, meta).await;
        answer_of(handle).await
    }

    /// Makes a call.
    pub(super) async fn begin(&self, tool: &str, arguments: Value, meta: Value) -> RequestHandle<RoleClient> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let meta: RequestMetaObject = serde_json::from_value(meta).expect("meta");
        let mut options = PeerRequestOptions::no_options();
        options.meta = Some(meta);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        self.service.peer().send_cancellable_request(request, options).await.expect("sent")
    }

    /// Waits until it is told that the tools are others.
    pub(super) async fn changed(&mut self) {
        tokio::time::timeout(PATIENCE, self.changes.recv()).await.expect("a word in time").expect("a word");
    }

    /// Whether it was told so already.
    pub(super) fn was_told(&mut self) -> bool {
        self.changes.try_recv().is_ok()
    }

    /// The held action that the next word of progress links to.
    pub(super) async fn hold(&mut self) -> String {
        hold_in(&self.told().await.message.expect("words"))
    }

    /// The held action that the next word of progress on this call links to.
    pub(super) async fn hold_of(&mut self, call: &RequestHandle<RoleClient>) -> String {
        loop {
            let told = self.told().await;
            if told.progress_token == call.progress_token {
                return hold_in(&told.message.expect("words"));
            }
        }
    }

    async fn told(&mut self) -> ProgressNotificationParam {
        tokio::time::timeout(PATIENCE, self.progress.recv()).await.expect("progress in time").expect("progress")
    }
}

/// The held action that a text links to.
pub(super) fn hold_in(text: &str) -> String {
    let (_, rest) = text.split_once("/holds/").unwrap_or_else(|| panic!("no link in: {text}"));
    rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}

pub(super) async fn answer_of(handle: RequestHandle<RoleClient>) -> CallToolResult {
    let answer = tokio::time::timeout(PATIENCE, handle.await_response()).await.expect("an answer in time").expect("an answer");
    let ServerResult::CallToolResult(result) = answer else { panic!("no result: {answer:?}") };
    result
}

/// What a result's `_meta` says to programs.
pub(super) fn steward(result: &CallToolResult) -> Value {
    result.meta.as_ref().and_then(|meta| meta.0.get("steward").cloned()).unwrap_or_default()
}

/// The typed error of a result, which its text says too.
#[track_caller]
pub(super) fn error(result: &CallToolResult) -> Value {
    assert_eq!(result.is_error, Some(true), "{result:?}");
    let said = result.structured_content.clone().expect("an error");
    let text = result.content.first().and_then(|block| block.as_text()).expect("a text");
    assert_eq!(serde_json::from_str::<Value>(&text.text).expect("JSON"), said);
    said["error"].clone()
}

/// The result of a call that was carried out.
#[track_caller]
pub(super) fn value(result: &CallToolResult) -> Value {
    assert_ne!(result.is_error, Some(true), "{result:?}");
    result.structured_content.clone().expect("a result")
}
