//! The one way out for a plugin: the gate that every request to others passes, whatever interface it came by.
//!
//! What is asked must be in the manifest's list, in one normal form; where it goes is resolved and checked here and dialled as checked; the
//! manifest's secret is filled in here, towards that rule only, and taken out of what comes back: the operator's, else the organisation's own.
//! A redirect is a request like any other.
//! There is no other network code in this crate that a plugin can reach.

mod address;
mod courier;
mod headers;
mod lookups;
mod own;
mod reader;
mod recorded;
mod rule;
mod scrub;
mod target;
mod wire;

pub use address::{Network, NetworkError};
pub use courier::{COURIER_BYTES_MAX, Courier, CourierError, Delivered};
pub(crate) use headers::is_connections;
pub(crate) use own::gate_for;
pub use own::{NoSecrets, OWN_SECRET_BYTES_MAX, OwnSecrets, SecretsAway};
pub use reader::{Document, Reader, ReaderError};
pub use recorded::{Answers, Recorded, RecordedAnswer, SentRequest, Witness};
pub(crate) use rule::RULES_MAX;
#[cfg(feature = "testing")]
pub(crate) use rule::find as find_rule;
pub use rule::{EgressRule, EgressSecret, Scheme};
pub use scrub::SECRET_BYTES_MIN;
pub(crate) use scrub::{Scrubber, Turn, Unread};
#[cfg(all(test, feature = "testing"))]
pub(crate) use scrub::{line_max, no_place};
#[cfg(feature = "testing")]
pub(crate) use target::Target as ReadTarget;
pub(crate) use wire::{Dialer, Failed};

use crate::budget::{RunBudget, RunSpent};
use crate::mcp::Secret;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap, LOCATION};
use http_body_util::Full;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use steward_core::{CallUse, Effect, TenantId};
use target::Target;
use tokio::time::timeout;
use wire::{Answer, Intake};

/// The longest secret that is taken, in bytes.
pub const SECRET_BYTES_MAX: usize = 4 << 10;
/// Requests of one call, redirects counted.
pub(crate) const CALL_REQUESTS_MAX: u32 = 8;
/// Redirects of one request.
const REDIRECTS_MAX: u32 = 3;
/// The largest body that leaves, in bytes; all that leaves with one call, with addresses and headers.
pub(crate) const REQUEST_BYTES_MAX: usize = 256 << 10;
const CALL_SENT_BYTES_MAX: u64 = 1 << 20;
/// The largest body that is taken, in bytes; all that comes back of one call, with headers.
const RESPONSE_BYTES_MAX: u64 = 1 << 20;
const CALL_RECEIVED_BYTES_MAX: u64 = 4 << 20;
/// Both together.
pub(crate) const CALL_EGRESS_BYTES_MAX: u64 = CALL_SENT_BYTES_MAX + CALL_RECEIVED_BYTES_MAX;
/// How long one request may take with its redirects, in milliseconds; the call's own deadline holds too.
const REQUEST_MS: u64 = 10_000;

/// How long what a name stands for counts: for the requests of one call, and less than anybody waits for a change of it. No resolver of a
/// machine tells how long it may.
pub const NAMES_KEPT: Duration = Duration::from_secs(2);

/// What the operator says about requests to others.
#[derive(Debug, Clone, Default)]
pub struct EgressOptions {
    /// Addresses of the operator's own network that a plugin may reach, by the host they are reached as.
    pub private: Vec<PrivateHost>,
    /// Values of the secrets that manifests name, by plugin and name, for every organisation.
    pub secrets: BTreeMap<(String, String), Secret>,
    /// How names become addresses.
    pub resolver: Resolver,
    /// Whose certificates count.
    pub roots: Roots,
    /// Who answers: whoever is there, or a recording.
    pub answers: Answers,
    /// How long what a name stands for counts, from when it was looked up; [`NAMES_KEPT`] but where each request should look. Whether an address
    /// may be dialled is asked for each request all the same.
    pub names_kept: Duration,
}

impl EgressOptions {
    fn is_named(&self, plugin: &str, host: &str, address: IpAddr) -> bool {
        let here = self.private.iter().filter(|one| one.plugin == plugin && one.host == host);
        here.flat_map(|one| &one.networks).any(|network| network.has(address))
    }
}

/// Addresses that are not of the public internet, named for one plugin and one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateHost {
    /// The plugin.
    pub plugin: String,
    /// The host, as its manifest names it.
    pub host: String,
    /// What that name may stand for.
    pub networks: Vec<Network>,
}

/// How names become addresses.
#[derive(Debug, Clone, Default)]
pub enum Resolver {
    /// As everywhere on this machine.
    #[default]
    System,
    /// By a function, for tests.
    #[cfg(feature = "testing")]
    Made(MadeUp),
}

/// What a name stands for, made up.
#[cfg(feature = "testing")]
#[derive(Clone)]
#[expect(clippy::type_complexity, reason = "one function")]
pub struct MadeUp(pub Arc<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>);

#[cfg(feature = "testing")]
impl std::fmt::Debug for MadeUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MadeUp")
    }
}

/// Whose certificates count.
#[derive(Debug, Clone, Default)]
pub enum Roots {
    /// Whoever this machine trusts.
    #[default]
    Platform,
    /// One authority, in DER, for tests.
    #[cfg(feature = "testing")]
    Only(Vec<u8>),
}

/// Why a request was not made or brought nothing. The texts are for the plugin and the model: no address, nothing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    Denied(String),
    TooLarge(String),
    TooMany(String),
    Timeout,
    Unreachable(String),
}

impl Refusal {
    /// The same with its reason without what `clean` takes out.
    pub(crate) fn scrubbed(self, clean: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Denied(why) => Self::Denied(clean(why)),
            Self::TooLarge(why) => Self::TooLarge(clean(why)),
            Self::TooMany(why) => Self::TooMany(clean(why)),
            Self::Timeout => Self::Timeout,
            Self::Unreachable(why) => Self::Unreachable(clean(why)),
        }
    }
}

/// A request as a plugin asks for it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout_ms: Option<u32>,
    /// The organisation of the call that asks.
    pub(crate) tenant: TenantId,
    /// When the call that asks ends.
    pub(crate) deadline: Option<Instant>,
}

/// A response as the plugin gets it.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Whether a tool of this effect may ask anybody outside. A call that was judged as a look, or as a change of our own records, was not judged as
/// something that others learn of.
fn asks_others(effect: Effect) -> bool {
    match effect {
        Effect::Read | Effect::Write => false,
        Effect::Fetch | Effect::Send | Effect::Destroy | Effect::Money | Effect::Credential | Effect::Member | Effect::Admin => true,
    }
}

/// Whether a request of this method only looks: it may be repeated, and redirected.
pub(crate) fn only_looks(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}

/// What leaves with a request, in bytes: an address and a header tell as much as a body does. The secret is the host's own and not
/// counted: what is still let through does not tell how long it is. A server that repeats it does, by how much comes back.
fn size(target: &Target, headers: &HeaderMap, body: &Bytes) -> u64 {
    let address = target.path_and_query().len();
    let told: usize = headers.iter().filter(|(_, value)| !value.is_sensitive()).map(|(name, value)| name.as_str().len() + value.len()).sum();
    (address + told + body.len()) as u64
}

/// The gate of one plugin.
#[derive(Debug)]
pub(crate) struct Egress {
    plugin: String,
    rules: Vec<EgressRule>,
    secrets: BTreeMap<String, Secret>,
    scrubber: Scrubber,
    dialer: Arc<Dialer>,
}

impl Egress {
    /// The gate with the operator's secrets.
    ///
    /// # Errors
    /// Away where they could not be found again in what comes back.
    pub(crate) fn new(plugin: &str, rules: Vec<EgressRule>, dialer: Arc<Dialer>) -> Result<Self, SecretsAway> {
        let named: Vec<&str> = rules.iter().filter_map(|rule| rule.secret.as_ref()).flat_map(|secret| secret.names()).collect();
        let known = |name: &str| dialer.options.secrets.get(&(plugin.to_owned(), name.to_owned())).cloned();
        let secrets: BTreeMap<String, Secret> = named.into_iter().filter_map(|name| Some((name.to_owned(), known(name)?))).collect();
        let scrubber = Scrubber::of(secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose())))?;
        Ok(Self { plugin: plugin.to_owned(), rules, secrets, scrubber, dialer })
    }

    /// A text of any length that the plugin tells in a call of this organisation's, without the secrets it may not know.
    ///
    /// # Errors
    /// Failed where it broke off; Busy at once where its turn is bounded and too many wait.
    pub(crate) async fn scrub_long(&self, text: String, tenant: TenantId, turn: Turn) -> Result<String, Unread> {
        self.scrubber.long_text(text, tenant, turn).await
    }

    /// Several texts of the plugin's, of so many bytes together, in one turn: `look` is given what takes the secrets out of each.
    ///
    /// # Errors
    /// Like [`Egress::scrub_long`].
    pub(crate) async fn scrub_all<T: Send + 'static>(
        &self,
        bytes: usize,
        tenant: TenantId,
        turn: Turn,
        look: impl FnOnce(&dyn Fn(String) -> String) -> T + Send + 'static,
    ) -> Result<T, Unread> {
        self.scrubber.through(bytes, tenant, turn, move |scrubber| look(&|text: String| scrubber.text(text))).await
    }

    /// A short text of the plugin's without the secrets it may not know.
    pub(crate) fn scrub(&self, text: String) -> String {
        self.scrubber.text(text)
    }

    /// Asks others once, and follows where a GET or HEAD is sent. What it takes is added to `used`, whatever comes of it.
    /// `leaving` is set right before something may reach the other side: while it waits for its name, for example, nothing has.
    pub(crate) async fn fetch(&self, asked: Asked, effect: Effect, used: &mut CallUse, run: &RunBudget, leaving: &AtomicBool) -> Result<Given, Failed> {
        let tenant = asked.tenant;
        let within = asked.timeout_ms.map_or(REQUEST_MS, |wanted| u64::from(wanted).min(REQUEST_MS));
        let answered = timeout(Duration::from_millis(within), Box::pin(self.follow(asked, effect, used, run, leaving))).await;
        let answer = answered.unwrap_or_else(|_elapsed| Err(Failed { why: Refusal::Timeout, sent: leaving.load(Ordering::SeqCst) }))?;
        self.give(answer, tenant).await
    }

    async fn follow(&self, asked: Asked, effect: Effect, used: &mut CallUse, run: &RunBudget, leaving: &AtomicBool) -> Result<Answer, Failed> {
        let Asked { method, url, headers: wanted, body, timeout_ms: _, tenant: _, deadline } = asked;
        if !asks_others(effect) {
            return Err(Refusal::Denied(format!("a tool with the effect `{effect}` asks nobody outside; its manifest must say `fetch` or `send`")).into());
        }
        if effect == Effect::Fetch && !only_looks(&method) {
            return Err(Refusal::Denied("a tool with the effect `fetch` may GET and HEAD; its manifest must say `send` for more".to_owned()).into());
        }
        if only_looks(&method) && !body.is_empty() {
            return Err(Refusal::Denied(format!("a `{method}` has no body")).into());
        }
        let too_large = || {
            let most =
                format!("a request's body takes at most {REQUEST_BYTES_MAX} bytes; all requests of a call, with addresses and headers, {CALL_SENT_BYTES_MAX}");
            Failed::from(Refusal::TooLarge(most))
        };
        if body.len() > REQUEST_BYTES_MAX {
            return Err(too_large());
        }
        let denied = |why: String| Failed::from(Refusal::Denied(why));
        let first = Target::parse(&url).map_err(denied)?;
        let plugins = headers::of_plugin(&wanted, rule::find(&self.rules, &method, &first).map_err(denied)?).map_err(denied)?;
        let body = Bytes::from(body);
        let (mut target, mut is_away) = (first.clone(), false);
        for _ in 0..=REDIRECTS_MAX {
            let rule = rule::find(&self.rules, &method, &target).map_err(denied)?;
            let headers = headers::of_request(&plugins, rule, &self.secrets, &target, is_away).map_err(denied)?;
            let leaves = size(&target, &headers, &body);
            if used.sent_bytes.saturating_add(leaves) > CALL_SENT_BYTES_MAX {
                return Err(too_large());
            }
            if used.requests >= CALL_REQUESTS_MAX {
                return Err(Refusal::TooMany(format!("one call makes at most {CALL_REQUESTS_MAX} requests, redirects counted")).into());
            }
            let spent = |why: RunSpent| Failed::from(Refusal::TooMany(why.to_string()));
            let mut request = http::Request::new(Full::new(body.clone()));
            *request.method_mut() = method.parse().map_err(|_| denied("the method is none".to_owned()))?;
            *request.uri_mut() = target.path_and_query().parse().map_err(|_| denied("the address is none".to_owned()))?;
            *request.headers_mut() = headers;
            // From here on it counts, for the call as for the run: that its name is looked up takes something already, and who asks may not wait for it.
            run.take_request(leaves).map_err(spent)?;
            used.requests += 1;
            used.sent_bytes += leaves;
            // A recording is asked in the place of the network, after everything that the manifest has to say.
            let addresses = match self.dialer.options.answers {
                Answers::Network | Answers::Witnessed(_) => self.dialer.addresses(&self.plugin, &self.plugin, &target, deadline).await?,
                Answers::Recorded(_) => Vec::new(),
            };
            let intake = Intake { most: RESPONSE_BYTES_MAX, call_most: CALL_RECEIVED_BYTES_MAX, call: &mut used.received_bytes, run: Some(run) };
            leaving.store(true, Ordering::SeqCst);
            let answer = match &self.dialer.options.answers {
                Answers::Network => self.exchange(&target, &addresses, request, intake).await?,
                Answers::Witnessed(_) => {
                    let witness = self.to_witness(request.method(), &target, request.headers(), &body);
                    let answered = self.exchange(&target, &addresses, request, intake).await;
                    if let Some((witness, sent)) = witness {
                        witness.saw(sent, answered.as_ref().ok().map(|answer| self.seen(answer)));
                    }
                    answered?
                }
                Answers::Recorded(recorded) => self.recall(recorded.as_ref(), request.method(), &target, request.headers(), &body, intake)?,
            };
            if answer.headers.get(CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
                let why = format!("`{}` answered compressed, though it was asked not to", target.host);
                return Err(Failed { why: Refusal::Unreachable(why), sent: true });
            }
            let location = answer.headers.get(LOCATION).filter(|_| only_looks(&method) && matches!(answer.status, 301 | 302 | 303 | 307 | 308));
            let Some(location) = location.and_then(|location| location.to_str().ok()) else { return Ok(answer) };
            let next = target.follow(location).map_err(|why| denied(format!("`{}` redirects to where nobody is asked: {why}", target.host)))?;
            // Once away, always away: the way back is another's choice too.
            is_away |= !next.is_same_origin(&first);
            target = next;
        }
        Err(denied(format!("`{}` was redirected more than {REDIRECTS_MAX} times", first.host)))
    }

    /// Asks once. Where nobody is at these addresses, the next request has the name looked up anew.
    async fn exchange(&self, target: &Target, addresses: &[SocketAddr], request: http::Request<Full<Bytes>>, intake: Intake<'_>) -> Result<Answer, Failed> {
        let answered = self.dialer.exchange(target, addresses, request, intake).await;
        if matches!(&answered, Err(failed) if !failed.sent) {
            self.dialer.forget(&self.plugin, target);
        }
        answered
    }

    async fn give(&self, answer: Answer, tenant: TenantId) -> Result<Given, Failed> {
        let Answer { status, headers, body } = answer;
        let headers = headers::of_response(&headers);
        let headers = headers.into_iter().map(|(name, value)| (self.scrubber.text(name), self.scrubber.text(value))).collect();
        let unread = |_unread| Failed { why: Refusal::Unreachable("what came back could not be looked through for secrets".to_owned()), sent: true };
        // It was asked already, so it waits for as long as the call may; no more do than have a sandbox.
        let body = self.scrubber.body(body, tenant, Turn::Unbounded).await.map_err(unread)?;
        Ok(Given { status, headers, body })
    }
}
