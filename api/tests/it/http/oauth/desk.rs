//! A host with documents of clients on it, reached over TLS under a name that is made up, and a person at the page.

use super::super::server::{Reply, Server};
use super::super::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use steward_api::oauth::ClientDocuments;
use steward_host::testing::MadeUp;
use steward_host::{EgressOptions, Resolver, Roots};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The name that the certificate of `tests/peers/tls` is for.
pub(super) const HOST: &str = "push.peer.test";
/// Where the sample client wants its answers.
pub(super) const BACK: &str = "http://127.0.0.1:53211/back";
/// What is given at `/mcp` of the tests' server.
pub(super) const RESOURCE: &str = "http://127.0.0.1:7700/mcp";
/// What the sample client's challenge is made of.
pub(super) const VERIFIER: &str = "a-verifier-of-at-least-forty-three-letters.~_";

fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(text).expect("base64")
}

/// A path's answer: head after the status line, and body.
type Files = Arc<Mutex<BTreeMap<String, (String, String)>>>;

/// The host. It stops when it is dropped.
pub(super) struct Host {
    port: u16,
    files: Files,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Host {
    pub(super) async fn start() -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der(include_str!("../../../../../tests/peers/tls/leaf.key"))));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
        let certificate = CertificateDer::from(der(include_str!("../../../../../tests/peers/tls/leaf.pem")));
        let tls = tokio_rustls::TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).expect("a certificate")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let files = Files::default();
        let shared = Arc::clone(&files);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, files) = (tls.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    let Ok(mut stream) = tls.accept(stream).await else { return };
                    let (mut request, mut piece) = (Vec::new(), [0; 2048]);
                    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                        match stream.read(&mut piece).await {
                            Ok(count) if count > 0 => request.extend_from_slice(&piece[..count]),
                            Ok(_) | Err(_) => return,
                        }
                    }
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                    let found = files.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
                    let (head, body) = found.unwrap_or_else(|| ("404 Not Found\r\ncontent-type: application/json".to_owned(), "{}".to_owned()));
                    let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, files, task }
    }

    /// The address of a path here.
    pub(super) fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }

    /// Answers a path with this head and body from now on.
    pub(super) fn answer(&self, path: &str, head: &str, body: impl Into<String>) -> String {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), (head.to_owned(), body.into()));
        self.url(path)
    }

    /// A client's document; `more` takes the place of its fields.
    pub(super) fn document(&self, path: &str, more: &Value) -> String {
        let mut document =
            json!({ "client_id": self.url(path), "client_name": "Example", "redirect_uris": ["http://127.0.0.1/back", "https://app.example/back"] });
        for (name, value) in more.as_object().expect("an object") {
            document[name] = value.clone();
        }
        self.answer(path, "200 OK\r\ncontent-type: application/json", document.to_string())
    }
}

/// How the server finds documents: every name stands for this machine, which the operator named for those hosts.
pub(super) fn options(named: &[&str]) -> EgressOptions {
    let own: IpAddr = "127.0.0.1".parse().expect("an address");
    let private = named.iter().map(|host| ClientDocuments::private((*host).to_owned(), vec!["127.0.0.1".parse().expect("a network")])).collect();
    let roots = Roots::Only(der(include_str!("../../../../../tests/peers/tls/ca.pem")));
    EgressOptions { private, resolver: Resolver::Made(MadeUp(Arc::new(move |_| vec![own]))), roots, ..EgressOptions::default() }
}

/// Names and values as after a `?`.
pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    let one = |text: &str| -> String {
        text.bytes()
            .map(|byte| if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    pairs.iter().map(|(name, value)| format!("{}={}", one(name), one(value))).collect::<Vec<_>>().join("&")
}

/// What stands after the `?` of an address.
pub(super) fn parts(url: &str) -> BTreeMap<String, String> {
    let uri: http::Uri = url.parse().expect("an address");
    axum::extract::Query::try_from_uri(&uri).expect("pairs").0
}

pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Two organisations, the host of a client, and its document.
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) host: Host,
    /// The sample client.
    pub(super) client: String,
}

impl Desk {
    pub(super) async fn open() -> Self {
        let host = Host::start().await;
        let world = World::on(Server::start_with_clients(options(&[HOST])).await).await;
        let client = host.document("/client.json", &json!({}));
        Self { world, host, client }
    }

    /// A request of the sample client, with these in the place of what it says; an empty value leaves it out.
    pub(super) fn asked(&self, other: &[(&str, &str)]) -> String {
        let challenge = challenge(VERIFIER);
        let usual = [
            ("response_type", "code"),
            ("client_id", self.client.as_str()),
            ("redirect_uri", BACK),
            ("scope", "converse read write"),
            ("state", "s t&te"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("resource", RESOURCE),
        ];
        let said = usual.into_iter().map(|(name, value)| (name, other.iter().find(|(one, _)| *one == name).map_or(value, |(_, value)| *value)));
        let said: Vec<_> = said.filter(|(_, value)| !value.is_empty()).collect();
        form(&said)
    }

    /// Looks at a request as somebody.
    pub(super) async fn look(&self, who: &SecretString, asked: &str) -> Reply {
        self.world.server.ask("GET", "/api/v1/oauth/request").query(&form(&[("asked", asked)])).cookie(who).send().await
    }

    /// Says yes as somebody.
    pub(super) async fn allow_with(&self, who: &SecretString, body: &Value) -> Reply {
        self.world.server.ask("POST", "/api/v1/oauth/allow").cookie(who).json(body).send().await
    }

    /// The owner says yes to everything; the code.
    pub(super) async fn code(&self) -> String {
        self.code_for(&self.asked(&[]), &["converse", "read", "write"]).await
    }

    pub(super) async fn code_for(&self, asked: &str, scopes: &[&str]) -> String {
        let owner = self.world.owner().await;
        let body = json!({ "asked": asked, "agent": "assistant", "scopes": scopes });
        let back = self.allow_with(&owner, &body).await.expect(201).json()["return_to"].as_str().expect("an address").to_owned();
        parts(&back)["code"].clone()
    }

    /// Brings something to where tokens are given.
    pub(super) async fn bring(&self, pairs: &[(&str, &str)]) -> Reply {
        let body = form(&pairs.iter().copied().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>());
        self.world.server.ask("POST", "/oauth/token").bytes("application/x-www-form-urlencoded", body).send().await
    }

    /// Brings a code as the sample client does, with these in the place of what it says.
    pub(super) async fn exchange(&self, code: &str, other: &[(&str, &str)]) -> Reply {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", self.client.as_str()),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("resource", RESOURCE),
        ];
        let said: Vec<_> =
            usual.into_iter().map(|(name, value)| (name, other.iter().find(|(one, _)| *one == name).map_or(value, |(_, value)| *value))).collect();
        self.bring(&said).await
    }

    /// Brings a renewal secret as the sample client does.
    pub(super) async fn renew(&self, secret: &str, other: &[(&str, &str)]) -> Reply {
        let usual = [("grant_type", "refresh_token"), ("refresh_token", secret), ("client_id", self.client.as_str()), ("resource", RESOURCE), ("scope", "")];
        let said: Vec<_> =
            usual.into_iter().map(|(name, value)| (name, other.iter().find(|(one, _)| *one == name).map_or(value, |(_, value)| *value))).collect();
        self.bring(&said).await
    }

    /// What the sample client has in the end: a token and what renews it.
    pub(super) async fn tokens(&self) -> (String, String) {
        pair(&self.exchange(&self.code().await, &[]).await.expect(200).json())
    }

    /// Says hello at `/mcp` with a token; the answer.
    pub(super) async fn hello(&self, token: &str) -> Reply {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "raw", "version": "1" } } });
        let ask = self.world.server.ask("POST", "/mcp").header("accept", "application/json, text/event-stream").header("host", "127.0.0.1:7700");
        ask.header("authorization", format!("Bearer {token}")).json(&body).send().await
    }

    pub(super) async fn number(&self, sql: &str) -> i64 {
        self.world.server.database.number(sql).await
    }

    /// What the log says of clients and tokens, oldest first.
    pub(super) async fn log(&self) -> Vec<String> {
        let sql = "select action || ' ' || outcome from audit_event where action like 'client.%' or action like 'token.%' order by audit_id";
        let database = &self.world.server.database;
        database.texts(&database.superuser_url, "set search_path = steward", sql).await.expect("the log")
    }
}

/// The token and what renews it, of an answer.
pub(super) fn pair(answer: &Value) -> (String, String) {
    let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
    (text("access_token"), text("refresh_token"))
}
