//! A server on a database of its own, asked without a socket.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use steward_agent::agents::{Agent, Agents};
use steward_agent::live::Live;
use steward_agent::models::{Listed, Price, Provider};
use steward_agent::rules::SharedRules;
use steward_api::meters::Meters;
use steward_api::notices::Ways;
use steward_api::oauth::ClientDocuments;
use steward_api::oidc::{Oidc, OidcSettings};
use steward_api::{AppState, Parts, PolicyFiles, SharedFiles, Site, Web};
use steward_core::{Clock, EnvelopeKey, Ids, RunLimits};
use steward_host::{Allocation, EgressOptions, Host, HostOptions};
use steward_office::Office;
use steward_office::audit::note::Signer;
use steward_office::audit::sequence::Sequencer;
use steward_office::kept::Keeper;
use steward_office::people::Passwords;
use steward_policies::{Rules, sample_tools, shipped_cases, shipped_properties, shipped_rules};
use steward_store::testing::TestDatabase;
use time::macros::datetime;
use tower::ServiceExt as _;

/// Where the tests' server says that it is.
pub(crate) const URL: &str = "http://127.0.0.1:7700";

/// What browsers subscribe with here.
pub(crate) const PUSH_KEY: &str = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";

/// The server with everything a test may want to look at.
pub(crate) struct Server {
    pub(crate) database: TestDatabase,
    pub(crate) state: AppState,
    /// A new link voids the person's earlier ones: making and using one goes one after the other.
    pub(crate) links: tokio::sync::Mutex<()>,
    router: Router,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|err| panic!("{err}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The secret in the session cookie that was set.
    pub(crate) fn cookie(&self) -> SecretString {
        let header = self.header("set-cookie").expect("a cookie");
        SecretString::from(header.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair").1)
    }

    /// Status, headers and a body of JSON, without the id that each request has of its own.
    pub(crate) fn lasting(&self) -> (u16, Vec<(String, String)>, String) {
        let headers = self.headers.iter().filter(|(name, _)| *name != "x-request-id");
        let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned())).collect();
        headers.sort();
        let mut body = self.json();
        body["request_id"] = Value::Null;
        if let Some(error) = body.get_mut("error") {
            error["request_id"] = Value::Null;
        }
        (self.status, headers, body.to_string())
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }
}

/// A request being put together.
#[derive(Clone)]
pub(crate) struct Ask<'a> {
    server: &'a Server,
    method: &'static str,
    path: String,
    headers: BTreeMap<&'static str, String>,
    body: Vec<u8>,
}

impl Ask<'_> {
    /// With a session's cookie, and the origin a browser would send along.
    pub(crate) fn cookie(mut self, secret: &SecretString) -> Self {
        self.headers.insert("cookie", format!("theme=dark; stw={}", secret.expose_secret()));
        self.headers.entry("origin").or_insert_with(|| URL.to_owned());
        self
    }

    pub(crate) fn token(self, token: &SecretString) -> Self {
        let value = format!("Bearer {}", token.expose_secret());
        self.header("authorization", value)
    }

    pub(crate) fn query(mut self, query: &str) -> Self {
        self.path = format!("{}?{query}", self.path);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    pub(crate) fn bytes(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.insert("content-type", kind.to_owned());
        self.body = body.into();
        self
    }

    pub(crate) async fn send(self) -> Reply {
        let (parts, body) = self.open().await.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.expect("body").to_vec();
        Reply { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    /// The answer, whose body is still to be read.
    pub(crate) async fn open(self) -> Response<Body> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        self.server.router.clone().oneshot(request.body(Body::from(self.body)).expect("request")).await.expect("answer")
    }
}

/// The shipped cases and properties.
pub(crate) fn shipped_files() -> SharedFiles {
    SharedFiles::new(PolicyFiles { cases: shipped_cases(), properties: shipped_properties() })
}

/// A web of three pages, one of them for every held action.
fn sample_web() -> Web {
    let files = [("index.html", "<p>home</p><script>go()</script>"), ("404.html", "<p>nothing here</p>"), ("holds/_.html", "<p>any held action</p>")];
    Web::of(files.map(|(name, text)| (name.to_owned(), bytes::Bytes::from(text))))
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_at(URL).await
    }

    pub(crate) async fn start_at(url: &str) -> Self {
        Self::make(url, sample_web(), false, None, EgressOptions::default(), |_| {}).await
    }

    pub(crate) async fn start_with(web: Web) -> Self {
        Self::make(URL, web, false, None, EgressOptions::default(), |_| {}).await
    }

    /// A server where everybody has to have a second factor.
    pub(crate) async fn start_strict() -> Self {
        Self::make(URL, sample_web(), true, None, EgressOptions::default(), |_| {}).await
    }

    /// A server where people may sign in at an OpenID provider.
    pub(crate) async fn start_with_provider(settings: OidcSettings) -> Self {
        Self::make(URL, sample_web(), false, Some(settings), EgressOptions::default(), |_| {}).await
    }

    /// A server that finds documents of clients by these.
    pub(crate) async fn start_with_clients(options: EgressOptions) -> Self {
        Self::make(URL, sample_web(), false, None, options, |_| {}).await
    }

    /// A server whose parts are others in something.
    pub(crate) async fn start_changed(change: impl FnOnce(&mut Parts)) -> Self {
        Self::make(URL, sample_web(), false, None, EgressOptions::default(), change).await
    }

    async fn make(
        url: &str,
        web: Web,
        requires_second_factor: bool,
        provider: Option<OidcSettings>,
        documents: EgressOptions,
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let database = TestDatabase::make().await;
        let prompts = steward_prompts::shipped().expect("prompts");
        let prompt = prompts.resolve("assistant@production").expect("prompt");
        let assistant = Agent {
            name: "assistant".to_owned(),
            prompt: prompt.reference(),
            prompt_digest: prompt.digest,
            prompt_label: Some("production".to_owned()),
            model: "strong".to_owned(),
            tools: vec!["crm.*".to_owned(), "documents.*".to_owned()],
            mode: steward_core::Mode::default(),
            limits: RunLimits::default(),
            within: Vec::new(),
        };
        let clock = Clock::manual(datetime!(2026-03-01 09:00 UTC));
        let oidc = provider.map(|settings| Oidc::new(settings, clock.clone()).expect("a client"));
        let clients = ClientDocuments::new(documents, clock.clone());
        let mut parts = Parts {
            store: database.app.clone(),
            keeper: Keeper::new(database.worker.clone()),
            office: Office::new(clock, Ids::System).with_key(EnvelopeKey::from_bytes([7; 32])).requiring_second_factor(requires_second_factor),
            passwords: Passwords::new(2).expect("argon"),
            site: Site::new(url, false).expect("site"),
            host: Host::new(HostOptions { slots: 1, allocation: Allocation::OnDemand, ..HostOptions::default() }).expect("host"),
            mcp: Vec::new().into(),
            mcp_lock: std::path::PathBuf::from("/nowhere/mcp.lock.json"),
            rules: SharedRules::new(Rules::load(&shipped_rules(), &sample_tools().expect("tools")).expect("rules")),
            policy_files: shipped_files(),
            agents: Arc::new(Agents::from([("assistant".to_owned(), assistant)])),
            models: vec![Listed {
                name: "strong".to_owned(),
                model: "gpt-4o-mini".to_owned(),
                provider: Provider::OpenAi,
                price: Price { input: 150_000, cached: Some(75_000), output: 600_000 },
                is_price_known: true,
                fallback: Vec::new(),
            }],
            oidc,
            clients,
            approvals: Arc::default(),
            notices: Ways { mail: true, push_key: Some(PUSH_KEY.to_owned()) },
            prompts: Arc::new(prompts),
            live: Live::default(),
            meters: Arc::new(Meters::default()),
            audit: Some(Arc::new(sequencer())),
            web: Arc::new(web),
        };
        change(&mut parts);
        Self::of(database, AppState::new(parts))
    }

    /// A server of these parts.
    pub(crate) fn of(database: TestDatabase, state: AppState) -> Self {
        Self { database, links: tokio::sync::Mutex::default(), router: steward_api::router(state.clone()), state }
    }

    pub(crate) fn ask(&self, method: &'static str, path: impl Into<String>) -> Ask<'_> {
        Ask { server: self, method, path: path.into(), headers: BTreeMap::new(), body: Vec::new() }
    }

    /// Turns the clock.
    pub(crate) fn pass_minutes(&self, minutes: i64) {
        self.state.office.clock.advance_ms(minutes * 60_000);
    }
}

/// What signs an audit log of which no copies lie outside the database.
pub(crate) fn sequencer() -> Sequencer {
    Sequencer::new(Signer::from_secret(&[7; 32]).expect("a key"), "/nowhere/audit", Clock::System)
}
