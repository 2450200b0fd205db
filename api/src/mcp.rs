//! The MCP server at `/mcp`: the house's tools for programs of other houses, each call a run of its own through the very gate of every run.
//!
//! What a client says is text from outside, whoever's token it has: most clients are driven by a model (`docs/decisions/0021`). Nothing here
//! decides on a call, and nothing here carries one out.

mod answer;
mod begun;
mod book;
mod call;
mod handler;
mod offer;
mod wait;

use crate::auth::Caller;
use crate::error::{ApiError, ProblemCode};
use crate::follow::seen_again;
use crate::site::Site;
use crate::web::OwnPage;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use begun::{Beginning, Ending, Telling};
use book::{Book, Owner, TooMany};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use handler::Handler;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use http_body_util::BodyExt as _;
use offer::Basis;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use std::sync::Arc;
use std::time::Duration;
use steward_core::limits::BODY_BYTES_MAX;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// The header that names a session.
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// How long a session lives that nobody uses, in seconds.
const SESSION_IDLE_SECONDS: u64 = 60 * 60;
/// How long one client may take to be told something that is no answer, in milliseconds.
const TELL_MS: u64 = 1_000;
/// How runs of this surface came in, for rules that tell.
const CHANNEL: &str = "mcp";

/// The server, made once a process. Its sessions live in memory: a client whose session is gone begins another.
pub(crate) struct Front {
    service: StreamableHttpService<Handler, Telling>,
    sessions: Arc<LocalSessionManager>,
    book: Arc<Book>,
}

impl Front {
    /// A server that answers under the names of this site, and under those the machine has for itself.
    pub(crate) fn new(site: &Site) -> Self {
        let mut sessions = LocalSessionManager::default();
        sessions.session_config.keep_alive = Some(Duration::from_secs(SESSION_IDLE_SECONDS));
        let sessions = Arc::new(sessions);
        let book = Arc::new(Book::default());
        let mut config = StreamableHttpServerConfig::default().with_allowed_hosts(site.hosts()).with_allowed_origins(site.origins_with_port());
        config.max_request_body_bytes = BODY_BYTES_MAX;
        let of_sessions = Arc::clone(&book);
        let service = StreamableHttpService::new(move || Ok(Handler::new(Arc::clone(&of_sessions))), Arc::new(Telling::new(Arc::clone(&sessions))), config);
        Self { service, sessions, book }
    }

    /// Answers a request of somebody who may be here. A session is its owner's alone: to all others it is not there.
    pub(crate) async fn answer(&self, caller: &Caller, request: Request) -> Result<Response, ApiError> {
        let owner = Owner::of(caller.actor());
        let now_ms = caller.office().clock.now_ms();
        self.book.count_request(&owner, now_ms).map_err(too_many)?;
        let session = session_of(request.headers());
        if let Some(id) = &session
            && !self.book.owns(&owner, id)
        {
            return Err(ApiError::missing());
        }
        let ends = *request.method() == Method::DELETE;
        let listens = *request.method() == Method::GET;
        let using = session.as_ref().map(|id| self.book.using(id, Some(now_ms)));
        // A session that this begins is this request's until it is in the book: the client may be gone at any moment.
        let beginning = Beginning::new(&self.sessions);
        // A session is used until its answer has been read to the end.
        let mut response = beginning.during(self.service.handle(request)).await.map(|body| match using {
            Some(using) => Body::new(body.map_frame(move |frame| {
                let _using = &using;
                frame
            })),
            None => Body::new(body),
        });
        if listens {
            // A stream outlives the request that opened it; a call under way looks to itself.
            let attended = attended(Arc::clone(&self.book), caller.clone(), session.clone());
            response = response.map(|body| Body::from_stream(body.into_data_stream().take_until(attended)));
        }
        match &session {
            Some(id) if ends && response.status().is_success() => {
                self.book.forget(id);
                *response.status_mut() = StatusCode::NO_CONTENT;
            }
            Some(_) => {}
            None => {
                if let (Some(id), Some(begun)) = (session_of(response.headers()), beginning.session()) {
                    self.admit(owner, id, begun, now_ms).await?;
                }
            }
        }
        // Refusals of the protocol have its own form, which clients read.
        response.extensions_mut().insert(OwnPage);
        Ok(response)
    }

    /// Tells every client with a session that the tools are others, each time they are; ends with `stop`.
    pub(crate) async fn tell_of_changes(&self, mut changes: watch::Receiver<u64>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                changed = changes.changed() => if changed.is_err() { return },
            }
            join_all(self.book.listening().into_iter().map(async |peer| tell(peer.notify_tool_list_changed()).await)).await;
        }
    }

    /// Takes in a session that was just begun: where too many of somebody's live, the one that was idle longest ends. Refused, and ended at once,
    /// when in each of them something goes on.
    ///
    /// Whether a request begins one stands in its body, so it is counted here and not before; of many at once, each is counted alone.
    async fn admit(&self, owner: Owner, session: String, begun: Ending, now_ms: i64) -> Result<(), ApiError> {
        // Those that ended by themselves take nobody's room. Noted before it is asked who lives: what is begun meanwhile is left alone.
        let noted = self.book.sessions_of(&owner);
        {
            let alive = self.sessions.sessions.read().await;
            noted.iter().filter(|id| !alive.contains_key(id.as_str())).for_each(|id| self.book.forget(id));
        }
        match self.book.bind(owner, session, now_ms) {
            Ok(idle) => {
                begun.keep();
                if let Some(idle) = idle {
                    Ending::of(&self.sessions, idle.into()).now().await;
                }
                Ok(())
            }
            Err(TooMany) => {
                begun.now().await;
                Err(too_many("too many MCP sessions are in use with this token: end some"))
            }
        }
    }
}

/// Tells a client something, for as long as that may take: one that takes nothing in keeps nobody waiting. Who does not hear of it asks again some
/// time, or is gone.
async fn tell<T>(telling: impl Future<Output = T>) {
    let _ = timeout(Duration::from_millis(TELL_MS), telling).await;
}

/// Resolves when somebody who listens may no longer ask here. Until then their client is told when its list of tools would be made from something
/// else than it was: other rules, or other roles or workspaces of theirs.
async fn attended(book: Arc<Book>, caller: Caller, session: Option<String>) -> ApiError {
    loop {
        let actor = match seen_again(&caller).await {
            Ok(Some(actor)) => actor,
            Ok(None) => continue,
            Err(err) => return err,
        };
        let outdated = session.as_deref().and_then(|session| book.outdated(session, Basis::of(caller.state(), &actor)));
        if let Some(client) = outdated {
            tell(client.notify_tool_list_changed()).await;
        }
    }
}

fn session_of(headers: &HeaderMap) -> Option<String> {
    headers.get(SESSION).map(|value| value.to_str().unwrap_or_default().to_owned())
}

fn too_many(detail: &'static str) -> ApiError {
    let mut err = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ProblemCode::Limit, detail);
    err.retry_after_s = Some(30);
    err
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[tokio::test]
    async fn a_client_that_takes_nothing_in_keeps_nobody_waiting() {
        let told = timeout(Duration::from_secs(30), tell(pending::<()>())).await;
        assert!(told.is_ok(), "whoever tells it goes on");
    }
}
