//! One exchange over one fresh connection: names are resolved once, every address is checked, and the one that was checked is dialled.
//!
//! No proxy, no pool, no cookie, no second resolution. Only HTTP/1.1, so that what goes over the wire is one request.

use super::address::is_public;
use super::lookups::{Lookups, longest};
use super::rule::Scheme;
use super::target::Target;
use super::{EgressOptions, Refusal, Resolver};
use crate::budget::RunBudget;
use bytes::Bytes;
use http::header::HeaderMap;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long one address may take to accept a connection, and to agree on TLS, in milliseconds.
const CONNECT_MS: u64 = 3_000;
/// Addresses of one host that are looked at; a name with more is refused.
const ADDRESSES_MAX: usize = 32;
/// Of them, those that are tried.
const TRIES_MAX: usize = 3;
/// What the head of a response may take, in bytes, and how many headers it may have.
const HEAD_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 64;

/// A response, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there is none, and whether the request may have reached the other side.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) why: Refusal,
    pub(crate) sent: bool,
}

impl From<Refusal> for Failed {
    fn from(why: Refusal) -> Self {
        Self { why, sent: false }
    }
}

/// What may come back of one exchange, counted as it comes: for the call, and for its run where there is one.
#[derive(Debug)]
pub(crate) struct Intake<'a> {
    /// The largest body that is taken, in bytes.
    pub(crate) most: u64,
    /// The most that is taken of all exchanges that count together, in bytes.
    pub(crate) call_most: u64,
    pub(crate) call: &'a mut u64,
    pub(crate) run: Option<&'a RunBudget>,
}

impl Intake<'_> {
    /// Counts a head, or the headers behind a body: they are given to the plugin as a body is.
    pub(super) fn take_headers(&mut self, host: &str, headers: &HeaderMap) -> Result<(), Failed> {
        self.count(host, headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum())
    }

    /// Counts what comes after so much of a body.
    pub(super) fn take(&mut self, host: &str, before: usize, bytes: usize) -> Result<(), Failed> {
        self.count(host, bytes)?;
        if (before + bytes) as u64 > self.most {
            return Err(too_large(host, &format!("{} bytes", self.most)));
        }
        Ok(())
    }

    fn count(&mut self, host: &str, bytes: usize) -> Result<(), Failed> {
        *self.call = self.call.saturating_add(bytes as u64);
        if self.run.is_some_and(|run| run.take_received(bytes as u64).is_err()) {
            return Err(too_large(host, "the plugins of this run may still take together"));
        }
        if *self.call > self.call_most {
            return Err(too_large(host, &format!("is left of the {} bytes of one call", self.call_most)));
        }
        Ok(())
    }
}

fn too_large(host: &str, most: &str) -> Failed {
    Failed { why: Refusal::TooLarge(format!("`{host}` answered with more than {most}; ask for less at once")), sent: true }
}

/// What reaches others on behalf of all plugins.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) options: EgressOptions,
    /// What names stand for; none for one that stands for nothing.
    lookups: Lookups<Arc<[IpAddr]>>,
    tls: OnceLock<Option<Arc<ClientConfig>>>,
}

impl Dialer {
    pub(crate) fn new(options: EgressOptions) -> Self {
        let lookups = Lookups::keeping(options.names_kept);
        Self { options, lookups, tls: OnceLock::new() }
    }

    /// Where a host is, if all that its name stands for may be dialled. One that may not is no slip: who names both is up to something.
    /// Whoever asks is told before their own deadline that the name was not found in time. `plugin` is whom the operator's exceptions are for, and
    /// `asker` in whose line the name is looked up: of one asker's so many are at once, and no other waits for them.
    pub(crate) async fn addresses(&self, plugin: &str, asker: &str, target: &Target, deadline: Option<Instant>) -> Result<Vec<SocketAddr>, Refusal> {
        let Target { host, port, .. } = target;
        let unknown = || Refusal::Unreachable(format!("`{host}` has no address"));
        let (resolver, name, at) = (self.options.resolver.clone(), host.clone(), *port);
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let look = move || resolver.addresses(&name, at).ok().filter(|found| !found.is_empty()).map(Arc::from);
        let found: Arc<[IpAddr]> = self.lookups.find(longest(left), asker, host, at, look).await?.ok_or_else(unknown)?;
        let may = |address: IpAddr| (target.scheme == Scheme::Https && is_public(address)) || self.options.is_named(plugin, host, address);
        if found.iter().any(|address| !may(*address)) {
            let what = match target.scheme {
                Scheme::Https => "has an address that is not of the public internet",
                Scheme::Http => "is asked without TLS, at an address that the operator did not name",
            };
            return Err(Refusal::Denied(format!("`{host}` {what}; whoever runs Steward may name it under [[plugins.private_hosts]]")));
        }
        if found.len() > ADDRESSES_MAX {
            return Err(unknown());
        }
        Ok(found.iter().map(|address| SocketAddr::new(*address, *port)).collect())
    }

    /// Where a host was found does not answer: whoever asks next has its name looked up anew.
    pub(crate) fn forget(&self, asker: &str, target: &Target) {
        self.lookups.forget(asker, &target.host, target.port);
    }

    /// Asks once, at the first of these addresses that answers, and takes so much of a body.
    pub(crate) async fn exchange(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        request: http::Request<Full<Bytes>>,
        intake: Intake<'_>,
    ) -> Result<Answer, Failed> {
        let stream = connect(&target.host, addresses).await?;
        match target.scheme {
            Scheme::Http => converse(stream, &target.host, request, intake).await,
            Scheme::Https => {
                let stream = self.secure(&target.host, stream).await?;
                converse(stream, &target.host, request, intake).await
            }
        }
    }

    async fn secure(&self, host: &str, stream: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Refusal> {
        let away = |reason: &str| Refusal::Unreachable(format!("`{host}` {reason}"));
        let config = self.tls.get_or_init(|| client(&self.options)).clone();
        let config = config.ok_or_else(|| away("cannot be asked: this machine has no certificates to verify it with"))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|_| away("is no name that a certificate can have"))?;
        match timeout(Duration::from_millis(CONNECT_MS), TlsConnector::from(config).connect(name, stream)).await {
            Err(_elapsed) => Err(Refusal::Timeout),
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(err)) => Err(away(if is_certificate(&err) { "has a certificate that does not count" } else { "does not speak TLS as it should" })),
        }
    }
}

impl Resolver {
    /// What a name stands for, cut where it is too much. It may take long, and keeps its thread so long.
    fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok((host, port).to_socket_addrs()?.map(|one| one.ip()).take(ADDRESSES_MAX + 1).collect()),
            #[cfg(feature = "testing")]
            Self::Made(answer) => Ok((answer.0)(host)),
        }
    }
}

fn client(options: &EgressOptions) -> Option<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let mut config = match &options.roots {
        super::Roots::Platform => builder.with_platform_verifier().ok()?.with_no_client_auth(),
        #[cfg(feature = "testing")]
        super::Roots::Only(certificate) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(certificate.clone().into()).ok()?;
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(Arc::new(config))
}

fn is_certificate(err: &io::Error) -> bool {
    let inner = err.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

async fn connect(host: &str, addresses: &[SocketAddr]) -> Result<TcpStream, Refusal> {
    let mut is_late = false;
    for address in addresses.iter().take(TRIES_MAX) {
        match timeout(Duration::from_millis(CONNECT_MS), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // One request, one answer: nothing is gained by waiting for more to send.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(_)) => is_late = false,
            Err(_elapsed) => is_late = true,
        }
    }
    Err(if is_late { Refusal::Timeout } else { Refusal::Unreachable(format!("`{host}` does not accept a connection")) })
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: &str,
    request: http::Request<Full<Bytes>>,
    mut intake: Intake<'_>,
) -> Result<Answer, Failed> {
    let broken = |sent: bool| Failed { why: Refusal::Unreachable(format!("`{host}` broke off, or does not speak HTTP/1.1 as it should")), sent };
    let shake = http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).max_header_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX).handshake(TokioIo::new(stream));
    let (mut sender, connection) = shake.await.map_err(|_| broken(false))?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(|_| broken(true))?;
        let (head, mut incoming) = response.into_parts();
        intake.take_headers(host, &head.headers)?;
        let mut body = Vec::new();
        while let Some(frame) = incoming.frame().await {
            match frame.map_err(|_| broken(true))?.into_data() {
                Ok(data) => {
                    intake.take(host, body.len(), data.len())?;
                    body.extend_from_slice(&data);
                }
                Err(frame) => frame.trailers_ref().map_or(Ok(()), |trailers| intake.take_headers(host, trailers))?,
            }
        }
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    };
    tokio::pin!(talk, connection);
    // Both in this task: when the call is dropped, so is the connection.
    tokio::select! {
        answer = &mut talk => answer,
        _ended = &mut connection => talk.await,
    }
}
