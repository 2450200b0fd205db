//! Sessions on their way into the book: one belongs to the request that began it until it stands there, and ends with that request where its
//! client goes away in between. Nobody would count it otherwise, and it would live until it was idle for long enough.

use futures_util::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

type Slot = Arc<Mutex<Option<SessionId>>>;

tokio::task_local! {
    /// Where the request that is being answered notes the session that it began.
    static SLOT: Slot;
}

/// Keeps sessions, and tells the request that begins one which it is in the very moment: nothing that is taken back stands in between.
pub(super) struct Telling {
    sessions: Arc<LocalSessionManager>,
}

impl Telling {
    pub(super) const fn new(sessions: Arc<LocalSessionManager>) -> Self {
        Self { sessions }
    }
}

impl SessionManager for Telling {
    type Error = <LocalSessionManager as SessionManager>::Error;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let (id, transport) = self.sessions.create_session().await?;
        // Outside of a request nobody asks for one.
        let _ = SLOT.try_with(|slot| *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.clone()));
        Ok((id, transport))
    }

    async fn initialize_session(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.sessions.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.sessions.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.sessions.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.sessions.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.sessions.accept_message(id, message).await
    }

    async fn create_standalone_stream(&self, id: &SessionId) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.sessions.create_standalone_stream(id).await
    }

    async fn resume(&self, id: &SessionId, last_event_id: String) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.sessions.resume(id, last_event_id).await
    }
}

/// A request that may begin a session.
pub(super) struct Beginning {
    sessions: Arc<LocalSessionManager>,
    slot: Slot,
}

impl Beginning {
    pub(super) fn new(sessions: &Arc<LocalSessionManager>) -> Self {
        Self { sessions: Arc::clone(sessions), slot: Slot::default() }
    }

    /// Answers the request. What it begins is noted here.
    pub(super) async fn during<T>(&self, answering: impl Future<Output = T>) -> T {
        SLOT.scope(Arc::clone(&self.slot), answering).await
    }

    /// The session that it began, if it did: it ends unless it is kept.
    pub(super) fn session(&self) -> Option<Ending> {
        let begun = self.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        begun.map(|id| Ending::of(&self.sessions, id))
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        drop(self.session());
    }
}

/// A session that ends when this is dropped, whatever became of whoever was to end it.
pub(super) struct Ending {
    sessions: Arc<LocalSessionManager>,
    id: Option<SessionId>,
}

impl Ending {
    pub(super) fn of(sessions: &Arc<LocalSessionManager>, id: SessionId) -> Self {
        Self { sessions: Arc::clone(sessions), id: Some(id) }
    }

    /// It stands in the book, and lives on.
    pub(super) fn keep(mut self) {
        self.id = None;
    }

    /// Ends it, and comes back when it has ended.
    pub(super) async fn now(mut self) {
        if let Some(id) = self.id.clone() {
            // That it is gone already is as good.
            let _ = self.sessions.close_session(&id).await;
            self.id = None;
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let sessions = Arc::clone(&self.sessions);
        // Whoever waited for it is gone, so it is a task of its own; a server that stops has no sessions either.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                let _ = sessions.close_session(&id).await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::yield_now;

    async fn is_alive(sessions: &LocalSessionManager, id: &SessionId) -> bool {
        sessions.has_session(id).await.expect("asked")
    }

    /// Comes back when it is gone.
    async fn gone(sessions: &LocalSessionManager, id: &SessionId) {
        while is_alive(sessions, id).await {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_session_whose_client_goes_away_before_its_answer_lives_in_no_book_and_not_at_all() {
        let sessions = Arc::new(LocalSessionManager::default());
        let telling = Telling::new(Arc::clone(&sessions));
        // While it is answered: the request is dropped where the handshake waits.
        let beginning = Beginning::new(&sessions);
        let mut begun = None;
        {
            let answering = beginning.during(async {
                begun = Some(telling.create_session().await.expect("a session"));
                std::future::pending::<()>().await;
            });
            tokio::select! {
                biased;
                () = answering => panic!("nobody answers"),
                () = yield_now() => {}
            }
        }
        let (id, _transport) = begun.expect("begun");
        assert!(is_alive(&sessions, &id).await);
        drop(beginning);
        gone(&sessions, &id).await;
        // Behind the answer, before it stands in the book.
        let beginning = Beginning::new(&sessions);
        let (id, _transport) = beginning.during(telling.create_session()).await.expect("a session");
        let session = beginning.session().expect("begun");
        drop(beginning);
        yield_now().await;
        assert!(is_alive(&sessions, &id).await, "it is with whoever brings it there");
        drop(session);
        gone(&sessions, &id).await;
    }

    #[tokio::test]
    async fn a_session_that_stands_in_the_book_lives_on() {
        let sessions = Arc::new(LocalSessionManager::default());
        let telling = Telling::new(Arc::clone(&sessions));
        let beginning = Beginning::new(&sessions);
        assert!(beginning.session().is_none());
        let (id, _transport) = beginning.during(telling.create_session()).await.expect("a session");
        beginning.session().expect("begun").keep();
        drop(beginning);
        // A task that ends it would have had its turn.
        yield_now().await;
        assert!(is_alive(&sessions, &id).await);
        Ending::of(&sessions, id.clone()).now().await;
        assert!(!is_alive(&sessions, &id).await);
    }
}
