//! A server over time: connected when it is first needed, again after it died, never more often than its backoff allows.
//!
//! After every connection, every minute, and before every call that does more than read, what it offers is compared with what was accepted. The
//! last is that call's own affair: where a connection is open, no other call waits for the look or hears of its failure.

use super::beside::{self, Beside};
use super::definition::Definition;
use super::error::McpError;
use super::link::Link;
use super::lock::{Definitions, Difference, differences};
use super::{McpServer, TOOLS_MAX};
use crate::error::tidy;
use crate::slots::{Slot, Slots};
use rmcp::ServiceError;
use rmcp::model::{ClientRequest, ListToolsRequest, PaginatedRequestParams, ServerResult};
use rmcp::service::PeerRequestOptions;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use steward_core::{Digest, TenantId};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Starting, saying hello and listing, all together: a server that is fetched at its start takes its time.
const CONNECT_MS: u64 = 30_000;
/// How old a look at a server's tools may be for a call that only reads.
const LOOK_MS: u64 = 60_000;
/// A server that has not listed its tools for so long hangs, and so does one whose list so many calls in a row did not live to see: it is reached
/// anew by the next call. A call has often less time than a look may take, and would find the same connection again and again.
const HANGS_MS: u64 = 5_000;
const CUT_OFF_MAX: u32 = 3;
/// The first pause after a failed connection, doubled each time.
const BACKOFF_MS: u64 = 250;
const BACKOFF_MS_MAX: u64 = 30_000;
const PAGES_MAX: usize = 100;
/// How many calls of a server that may ask have a connection at once, those of one organisation half of them, and how many connections wait for
/// the next.
const LENT_MAX: usize = 16;
const IDLE_MAX: usize = 2;

/// A configured server.
pub(crate) struct Server {
    pub(crate) config: McpServer,
    accepted: Definitions,
    /// One connects, or looks for all; the others wait for it.
    turn: Semaphore,
    state: Mutex<State>,
    /// Calls that have a connection for themselves, where the server may ask: they last as long as people think.
    places: Slots,
}

#[derive(Default)]
struct State {
    link: Option<Looked>,
    /// Connections that no call has, where each has one for itself.
    idle: Vec<Looked>,
    failures: u32,
    not_before: Option<Instant>,
}

/// Which look at a server's tools is good enough for a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    /// One of the last minute.
    Lately,
    /// One that began no earlier: a server may change what a tool does without a word.
    Since(Instant),
}

/// A connection and what the server offered when it was last asked.
#[derive(Clone)]
struct Looked {
    link: Arc<Link>,
    offered: Arc<BTreeMap<String, Digest>>,
    /// When the look began; none once the server said that what it offers is other.
    at: Option<Instant>,
}

impl Looked {
    /// Whether it is open and was looked at as this asks for.
    fn is_fresh(&mut self, look: Look) -> bool {
        if self.link.take_stale() {
            self.at = None;
        }
        let is_good = |at: Instant| match look {
            Look::Lately => at.elapsed() < Duration::from_millis(LOOK_MS),
            Look::Since(asked) => at >= asked,
        };
        self.link.is_open() && self.at.is_some_and(is_good)
    }
}

/// A connection that one call has for itself. It ends with the call unless it is given back.
pub(crate) struct Lent<'a> {
    server: &'a Server,
    looked: Looked,
    _place: Slot,
}

impl Lent<'_> {
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.looked.link
    }

    /// The server answered and has nothing more to ask in this call: the next may have the connection.
    pub(crate) fn give_back(self) {
        let mut state = self.server.state();
        if self.looked.link.is_open() && state.idle.len() < IDLE_MAX {
            state.idle.push(self.looked);
        }
    }
}

/// A look at what a server offers, until it is answered. Where it is dropped before, its call had no more time to wait.
struct Looking<'a> {
    server: &'a Server,
    link: Option<Arc<Link>>,
    begun: Instant,
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        let Some(link) = self.link.take() else { return };
        if link.note_cut_off() >= CUT_OFF_MAX || self.begun.elapsed() >= Duration::from_millis(HANGS_MS) {
            self.server.forget(&link);
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.config.name)
    }
}

impl Server {
    pub(crate) fn new(config: McpServer, accepted: Definitions) -> Self {
        Self { config, accepted, turn: Semaphore::new(1), state: Mutex::default(), places: Slots::new(LENT_MAX) }
    }

    /// The definitions in force.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Definition> {
        self.accepted.values()
    }

    /// A connection, and the digest the server offers for a tool, if it offers it.
    pub(crate) async fn reach(&self, tool: &str, look: Look) -> Result<(Arc<Link>, Option<Digest>), McpError> {
        let answer = |looked: Looked| (Arc::clone(&looked.link), looked.offered.get(tool).copied());
        if let Some(looked) = self.current(look) {
            return Ok(answer(looked));
        }
        if let (Look::Since(_), Some(link)) = (look, self.open())
            && let Some(looked) = self.look_alone(&link).await?
        {
            self.note(&looked);
            return Ok(answer(looked));
        }
        let _turn = self.turn.acquire().await.map_err(|_| self.away("it is shut down"))?;
        // Of several that wait, who asked before this look began needs none of their own.
        if let Some(looked) = self.current(look) {
            return Ok(answer(looked));
        }
        let kept = self.open();
        let looked = self.connect(kept).await;
        self.state().link = looked.as_ref().ok().cloned();
        looked.map(answer)
    }

    /// A connection that one call of this organisation has for itself, and the digest the server offers for a tool, if it offers it: what the
    /// server asks on it is asked in that call.
    pub(crate) async fn lend(&self, tenant: TenantId, tool: &str, look: Look) -> Result<(Lent<'_>, Option<Digest>), McpError> {
        let place = self.places.acquire(tenant, 1).await;
        let mut kept = self.state().idle.pop();
        let is_fresh = kept.as_mut().is_some_and(|looked| looked.is_fresh(look));
        let looked = match (kept, look) {
            (Some(looked), _) if is_fresh => Some(looked),
            (Some(Looked { link, .. }), Look::Since(_)) if link.is_open() => self.look_alone(&link).await?,
            (Some(Looked { link, .. }), Look::Lately) if link.is_open() => Some(self.connect_in_turn(Some(link)).await?),
            (Some(_) | None, _) => None,
        };
        let looked = match looked {
            Some(looked) => looked,
            None => self.connect_in_turn(None).await?,
        };
        let offered = looked.offered.get(tool).copied();
        Ok((Lent { server: self, looked, _place: place }, offered))
    }

    /// Looks for one call over a connection that is open, which its caller bounds by the call's deadline: another waits for none of it, and a failure
    /// keeps nobody from connecting anew. None where the connection is gone by then.
    async fn look_alone(&self, link: &Arc<Link>) -> Result<Option<Looked>, McpError> {
        let looked = match timeout(Duration::from_millis(CONNECT_MS), self.look(Some(Arc::clone(link)))).await {
            Ok(looked) => looked,
            Err(_elapsed) => Err(self.away("it took too long to list its tools")),
        };
        match looked {
            Ok(looked) => Ok(Some(looked)),
            Err(err) => {
                // Whoever is next connects anew, in turn and as often as the pauses allow.
                self.forget(link);
                if !link.is_open() {
                    return Ok(None);
                }
                tracing::warn!(plugin.name = self.config.name, error = %err, "an MCP server does not list its tools before a call");
                Err(err)
            }
        }
    }

    /// Keeps a look for those who need none of their own. One that began before the newest, or before the server said that what it offers is other,
    /// is of no use to them.
    fn note(&self, looked: &Looked) {
        let mut state = self.state();
        if let Some(kept) = state.link.as_mut()
            && Arc::ptr_eq(&kept.link, &looked.link)
            && kept.at.is_some_and(|at| looked.at.is_some_and(|newer| at < newer))
        {
            *kept = looked.clone();
        }
    }

    /// The connection of all, if it is open.
    fn open(&self) -> Option<Arc<Link>> {
        self.state().link.as_ref().map(|looked| Arc::clone(&looked.link)).filter(|link| link.is_open())
    }

    async fn connect_in_turn(&self, kept: Option<Arc<Link>>) -> Result<Looked, McpError> {
        let _turn = self.turn.acquire().await.map_err(|_| self.away("it is shut down"))?;
        self.connect(kept).await
    }

    /// Connects, unless there is a connection, and looks at what is offered. Whoever has the turn does.
    async fn connect(&self, kept: Option<Arc<Link>>) -> Result<Looked, McpError> {
        if self.state().not_before.is_some_and(|at| at > Instant::now()) {
            return Err(self.away("it failed a moment ago and is not tried again yet"));
        }
        let looked = match timeout(Duration::from_millis(CONNECT_MS), self.look(kept)).await {
            Ok(looked) => looked,
            Err(_elapsed) => Err(self.away("it took too long to start and list its tools")),
        };
        let mut state = self.state();
        match looked {
            Ok(looked) => {
                (state.failures, state.not_before) = (0, None);
                Ok(looked)
            }
            Err(err) => {
                let pause = BACKOFF_MS.saturating_mul(1 << state.failures.min(10)).min(BACKOFF_MS_MAX);
                let failures = state.failures.saturating_add(1);
                (state.failures, state.not_before) = (failures, Some(Instant::now() + Duration::from_millis(pause)));
                tracing::warn!(plugin.name = self.config.name, error = %err, failures, "an MCP server cannot be used");
                Err(err)
            }
        }
    }

    /// Connects and lists, and keeps nothing.
    pub(crate) async fn list_once(&self) -> Result<Vec<Definition>, McpError> {
        let listed = async { self.list(&Link::open(&self.config).await?).await };
        timeout(Duration::from_millis(CONNECT_MS), listed).await.unwrap_or_else(|_elapsed| Err(self.away("it took too long to start and list its tools")))
    }

    /// The next call connects anew.
    pub(crate) fn forget(&self, lost: &Arc<Link>) {
        let mut state = self.state();
        if state.link.as_ref().is_some_and(|looked| Arc::ptr_eq(&looked.link, lost)) {
            state.link = None;
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, if it is open and was looked at as this asks for.
    fn current(&self, look: Look) -> Option<Looked> {
        let mut state = self.state();
        let looked = state.link.as_mut()?;
        looked.is_fresh(look).then(|| looked.clone())
    }

    async fn look(&self, kept: Option<Arc<Link>>) -> Result<Looked, McpError> {
        let link = match kept {
            Some(link) => link,
            None => Arc::new(Link::open(&self.config).await?),
        };
        let begun = Instant::now();
        let at = Some(begun);
        let mut looking = Looking { server: self, link: Some(Arc::clone(&link)), begun };
        let listed = self.list(&link).await;
        looking.link = None;
        link.note_answered();
        let offered: Vec<Definition> = listed?.into_iter().map(|one| self.as_accepted(&link, one)).collect();
        for difference in differences(&self.accepted, &offered) {
            self.tell(&difference);
        }
        let offered = offered.iter().map(|definition| (definition.name.clone(), definition.digest())).collect();
        Ok(Looked { link, offered: Arc::new(offered), at })
    }

    /// What was accepted, where the server offers just that, and what it may not tell was taken out of it since: a definition may have been accepted
    /// before anything was taken out, or before the value was configured.
    fn as_accepted(&self, link: &Link, offered: Definition) -> Definition {
        let sent = link.as_sent(&offered.digest());
        let same = sent.and_then(|(name, digest)| self.accepted.get(&name).filter(|accepted| accepted.digest() == digest));
        same.cloned().unwrap_or(offered)
    }

    fn tell(&self, difference: &Difference) {
        let server = &self.config.name;
        match difference {
            Difference::Changed { tool, .. } => {
                let tool = format!("{server}.{}", tidy(tool, 100));
                tracing::error!(tool.name = tool, reason = %difference, "an MCP server changed a tool after it was accepted; its calls are refused");
            }
            Difference::Gone { tool } => {
                let tool = format!("{server}.{}", tidy(tool, 100));
                tracing::error!(tool.name = tool, "an MCP server no longer offers a tool; its calls are refused");
            }
            Difference::New { tool, .. } => {
                let tool = format!("{server}.{}", tidy(tool, 100));
                tracing::info!(tool.name = tool, "an MCP server offers a tool that nobody accepted; it is not used");
            }
        }
    }

    /// Asks for every page; not by the library's own function, which may answer from a cache that the server rules.
    async fn list(&self, link: &Link) -> Result<Vec<Definition>, McpError> {
        let too_much = |reason: String| McpError::TooMuch { server: self.config.name.clone(), reason };
        let mut found = BTreeMap::new();
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let request = ClientRequest::ListToolsRequest(ListToolsRequest::with_param(params));
            let page = async {
                let handle = link.peer().send_cancellable_request(request, PeerRequestOptions::no_options()).await?;
                handle.await_response().await
            };
            let page = match page.await {
                Ok(ServerResult::ListToolsResult(page)) => page,
                Ok(_) => return Err(self.away("it answers something else than its tools")),
                Err(ServiceError::TransportClosed) if link.is_flooded() => return Err(too_much("its list is larger than one message may be".to_owned())),
                Err(err) => return Err(self.away(&link.explain(&err))),
            };
            if found.len() + page.tools.len() > TOOLS_MAX {
                return Err(too_much(format!("more than {TOOLS_MAX} tools")));
            }
            for tool in page.tools {
                let definition = Definition::of(&self.config.name, tool)?;
                // Whoever were called so would be taken for what we ask for ourselves.
                if Beside::named(&definition.name).is_some() {
                    return Err(too_much(format!("a tool called `{}`, which is no name of a server's", definition.name)));
                }
                if let Some(twice) = found.insert(definition.name.clone(), definition) {
                    return Err(too_much(format!("tool `{}` twice", tidy(&twice.name, 100))));
                }
            }
            cursor = page.next_cursor.filter(|cursor| !cursor.is_empty());
            if cursor.is_none() {
                let capabilities = link.peer().peer_info().map(|info| info.capabilities.clone()).unwrap_or_default();
                let beside = beside::offered_by(&capabilities, &found);
                return Ok(found.into_values().chain(beside).collect());
            }
        }
        Err(too_much(format!("more than {PAGES_MAX} pages of tools")))
    }

    fn away(&self, reason: &str) -> McpError {
        McpError::Away { server: self.config.name.clone(), reason: reason.to_owned() }
    }
}
