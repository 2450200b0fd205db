//! A server of this machine that the operator named, names made up, and a plugin that asks whatever it is told to.

use crate::support::{Folder, Gate, context, options, tenant, text};
use base64::Engine as _;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use steward_host::mcp::{Nobody, Secret};
use steward_host::testing::{GuestFiles, MadeUp, MemoryOffice};
use steward_host::{CallContext, CallReport, EgressOptions, Host, HostOptions, OwnSecrets, Preview, PrivateHost, Resolver, Roots, RunBudget};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What the operator set; it must never be seen by a plugin.
pub(crate) const TOKEN: &str = "s3cr3t/T0ken+of=the-house";

/// What a server does with one request.
pub(crate) enum Reply {
    /// Sends this and closes.
    Bytes(Vec<u8>),
    /// Sends this and says nothing more.
    Stall(Vec<u8>),
    /// Sends this, then the same for ever.
    Endless(Vec<u8>),
}

/// A whole answer with these lines of head.
pub(crate) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

/// A server that keeps what it was asked.
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(reply, None).await
    }

    /// The same with TLS, as `tls.asker.test`.
    pub(crate) async fn secure(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der(include_str!("leaf.key"))));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
        let config = builder.with_single_cert(vec![CertificateDer::from(der(include_str!("leaf.pem")))], key).expect("a certificate");
        Self::listen(reply, Some(tokio_rustls::TlsAcceptor::from(Arc::new(config)))).await
    }

    /// One that answers in the clear before it is asked.
    pub(crate) async fn blunt() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
            }
        });
        port
    }

    async fn listen(reply: impl Fn(&str) -> Reply + Send + Sync + 'static, tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (reply, heard) = (Arc::new(reply), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (reply, heard, tls) = (Arc::clone(&reply), Arc::clone(&heard), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &*reply, &heard).await,
                        Some(tls) => {
                            // Who does not like the certificate goes away.
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &*reply, &heard).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, seen }
    }

    /// What it was asked so far, whole.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("seen").clone()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, reply: &(impl Fn(&str) -> Reply + ?Sized), seen: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()).unwrap_or(0);
            if body.len() >= length {
                break;
            }
        }
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => request.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Ok(_) | Err(_) => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let done = reply(&request);
    seen.lock().expect("seen").push(request);
    match done {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Reply::Endless(bytes) => while stream.write_all(&bytes).await.is_ok() {},
    }
}

/// The bytes of a PEM text.
fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

/// The authority that signed the certificate of `tls.asker.test`.
pub(crate) fn authority() -> Roots {
    Roots::Only(der(include_str!("ca.pem")))
}

/// What names stand for, and how often each was asked for.
#[derive(Clone, Default)]
pub(crate) struct Names {
    answers: Arc<Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    /// What a name stands for the next time; the last counts from then on. Without, it is this machine.
    pub(crate) fn then(&self, host: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
        self.answers.lock().expect("names").entry(host.to_owned()).or_default().push(addresses);
    }

    fn resolver(&self) -> Resolver {
        let names = self.clone();
        Resolver::Made(MadeUp(Arc::new(move |host| {
            names.asked.lock().expect("asked").push(host.to_owned());
            match names.answers.lock().expect("names").get_mut(host) {
                Some(left) if left.len() > 1 => left.remove(0),
                Some(left) => left.first().cloned().unwrap_or_default(),
                None => vec!["127.0.0.1".parse().expect("an address")],
            }
        })))
    }
}

/// The host with one plugin, `asker` where nothing else is said, which may ask the server at this port as the hosts of its manifest.
pub(crate) struct World {
    pub(crate) host: Host,
    pub(crate) names: Names,
    port: u16,
    gate: Gate,
}

impl World {
    pub(crate) fn at(port: u16) -> Self {
        Self::with(port, |manifest| manifest, |egress| egress)
    }

    pub(crate) fn with(port: u16, manifest: impl Fn(String) -> String, operator: impl Fn(EgressOptions) -> EgressOptions) -> Self {
        let asker = GuestFiles::asker();
        Self::of(GuestFiles { manifest: manifest(asker.manifest.replace("8080", &port.to_string())), ..asker }, port, operator)
    }

    /// The same with another plugin, whose manifest names the same hosts.
    pub(crate) fn of(files: GuestFiles, port: u16, operator: impl Fn(EgressOptions) -> EgressOptions) -> Self {
        let names = Names::default();
        let named = |host: &str| PrivateHost { plugin: files.name.clone(), host: host.to_owned(), networks: vec!["127.0.0.1".parse().expect("an address")] };
        let secret = |name: &str, value: &str| ((files.name.clone(), name.to_owned()), Secret::new(value));
        let egress = operator(EgressOptions {
            private: ["api.asker.test", "other.asker.test", "tls.asker.test"].into_iter().map(named).collect(),
            secrets: [secret("asker_token", TOKEN), secret("other_token", "the-key-of-the-other")].into(),
            resolver: names.resolver(),
            roots: authority(),
            ..EgressOptions::default()
        });
        let host = Host::new(HostOptions { egress, ..options() }).expect("host");
        let files = GuestFiles { manifest: files.manifest.replace("8080", &port.to_string()), ..files };
        let folder = Folder::new();
        files.write(folder.path()).expect("written");
        host.load_dir(folder.path()).expect("the plugin");
        let gate = Gate::new(&host);
        Self { host, names, port, gate }
    }

    /// An address of the server, as one of the hosts.
    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}.asker.test:{}{path}", self.port)
    }

    pub(crate) async fn report(&self, tool: &str, arguments: Value) -> CallReport {
        self.report_within(tool, arguments, RunBudget::default()).await
    }

    pub(crate) async fn report_within(&self, tool: &str, arguments: Value, run: RunBudget) -> CallReport {
        let arguments = self.host.tool(tool).expect("a tool").check_arguments(&arguments).expect("arguments");
        let permit = self.gate.permit(&self.host, tool, arguments);
        self.host.call(permit, CallContext { run, ..context("key") }, Arc::new(MemoryOffice::default())).await
    }

    /// The same for an organisation that has these secrets.
    pub(crate) async fn report_of(&self, tool: &str, arguments: Value, secrets: Arc<dyn OwnSecrets>) -> CallReport {
        let arguments = self.host.tool(tool).expect("a tool").check_arguments(&arguments).expect("arguments");
        let permit = self.gate.permit(&self.host, tool, arguments);
        self.host.call_for(permit, context("key"), Arc::new(MemoryOffice::default()), Arc::new(Nobody), secrets).await
    }

    /// What the plugin says that a call would do, for an organisation that has these secrets.
    pub(crate) async fn shown_of(&self, tool: &str, arguments: Value, secrets: Arc<dyn OwnSecrets>) -> Preview {
        let arguments = self.host.tool(tool).expect("a tool").check_arguments(&arguments).expect("arguments");
        let shown = self.host.preview_for(tenant(1), tool, &arguments, context("key"), Arc::new(MemoryOffice::default()), secrets);
        shown.await.expect("a preview")
    }

    /// What the plugin was answered.
    pub(crate) async fn ask(&self, tool: &str, arguments: Value) -> String {
        text(&self.report(tool, arguments).await)
    }
}
