//! What is remembered of MCP clients while the process lives: whose a session is, where their calls are noted, and how much they ask.

use super::offer::Basis;
use rmcp::RoleServer;
use rmcp::service::Peer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steward_core::{Actor, ActorKind, ConversationId, PersonId, RunId, TenantId, WorkspaceId};

/// The most sessions that are open with one token.
const SESSIONS_MAX: usize = 32;
/// The most calls under way with one token, those that wait for people included.
const CALLS_MAX: usize = 16;
/// The most requests with one token in a minute.
const REQUESTS_PER_MINUTE_MAX: u32 = 600;
const MINUTE_MS: i64 = 60_000;
/// The most tokens and conversations kept in mind; beyond it, what is not in use is forgotten.
const KEPT_MAX: usize = 10_000;

/// By what somebody is here: this token or this session of the web, of this person in this organisation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    tenant: TenantId,
    person: Option<PersonId>,
    by: String,
}

impl Owner {
    /// Of the actor of a request.
    pub(super) fn of(actor: &Actor) -> Self {
        let by = match &actor.kind {
            ActorKind::Token { token, .. } => token.to_string(),
            ActorKind::Person { session, .. } => session.map(|session| session.to_string()).unwrap_or_default(),
            ActorKind::Agent { .. } | ActorKind::Worker => String::new(),
        };
        Self { tenant: actor.tenant, person: actor.person, by }
    }

    /// A text that tells owners apart.
    pub(super) fn text(&self) -> String {
        format!("{} {} {}", self.tenant, self.person.map(|person| person.to_string()).unwrap_or_default(), self.by)
    }
}

/// Where calls are noted: one conversation for each of these.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) owner: Owner,
    /// None where the protocol has no sessions.
    pub(super) session: Option<String>,
    pub(super) agent: String,
    pub(super) workspace: WorkspaceId,
}

/// The book. Nothing in it is needed after the process: what must not be forgotten is in the database.
#[derive(Debug, Default)]
pub(super) struct Book {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    sessions: HashMap<String, Session>,
    counts: HashMap<Owner, Counts>,
    /// How many calls wait for each run.
    waiting: HashMap<RunId, usize>,
    conversations: HashMap<Place, ConversationId>,
    /// Whom to tell that the tools are others: clients that said hello and have a session.
    listening: Vec<Peer<RoleServer>>,
}

/// A session, and whether anything of it goes on.
#[derive(Debug)]
struct Session {
    owner: Owner,
    /// Its client, and what its list of tools was made from; none before it asked for one.
    listed: Option<(Peer<RoleServer>, Basis)>,
    /// Requests that are not answered to their end, streams that the client listens to among them, and calls under way.
    busy: usize,
    used_at_ms: i64,
}

#[derive(Debug, Default)]
struct Counts {
    since_ms: i64,
    requests: u32,
    calls: usize,
}

impl Book {
    /// Notes a client that is to be told when the tools are others; those that are gone are forgotten.
    pub(super) fn listens(&self, peer: Peer<RoleServer>) {
        let mut kept = self.kept();
        kept.listening.retain(|peer| !peer.is_transport_closed());
        kept.listening.push(peer);
    }

    /// The clients that are to be told and are still there.
    pub(super) fn listening(&self) -> Vec<Peer<RoleServer>> {
        let mut kept = self.kept();
        kept.listening.retain(|peer| !peer.is_transport_closed());
        kept.listening.clone()
    }

    /// Counts a request; refused when there were too many within a minute.
    pub(super) fn count_request(&self, owner: &Owner, now_ms: i64) -> Result<(), &'static str> {
        let mut kept = self.kept();
        if kept.counts.len() >= KEPT_MAX {
            kept.counts.retain(|_, counts| counts.calls > 0 || now_ms - counts.since_ms < MINUTE_MS);
        }
        let counts = kept.counts.entry(owner.clone()).or_default();
        // A clock that went backwards begins anew too.
        if !(0..MINUTE_MS).contains(&(now_ms - counts.since_ms)) {
            (counts.since_ms, counts.requests) = (now_ms, 0);
        }
        if counts.requests >= REQUESTS_PER_MINUTE_MAX {
            return Err("too many MCP requests with this token within a minute: wait a little");
        }
        counts.requests += 1;
        Ok(())
    }

    /// Counts a call as under way until what is returned is dropped. None when too many are.
    pub(super) fn begin_call(self: &Arc<Self>, owner: &Owner, session: Option<&str>) -> Option<UnderWay> {
        let using = session.map(|session| self.using(session, None));
        let mut kept = self.kept();
        let counts = kept.counts.entry(owner.clone()).or_default();
        if counts.calls >= CALLS_MAX {
            return None;
        }
        counts.calls += 1;
        Some(UnderWay { book: Arc::clone(self), owner: owner.clone(), _using: using })
    }

    /// Notes that one more call waits for a run: the same call may have come again while the one before it still waits.
    pub(super) fn awaits(&self, run: RunId) {
        *self.kept().waiting.entry(run).or_default() += 1;
    }

    /// Notes that one waits no more, and says whether it was the last.
    pub(super) fn leaves(&self, run: RunId) -> bool {
        let mut kept = self.kept();
        let left = kept.waiting.get(&run).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            kept.waiting.remove(&run);
        } else {
            kept.waiting.insert(run, left);
        }
        left == 0
    }

    /// Whether the session is this owner's.
    pub(super) fn owns(&self, owner: &Owner, session: &str) -> bool {
        self.kept().sessions.get(session).is_some_and(|found| found.owner == *owner)
    }

    /// Counts something of a session as going on until what is returned is dropped; with a time, the session was used then.
    pub(super) fn using(self: &Arc<Self>, session: &str, now_ms: Option<i64>) -> Using {
        if let Some(found) = self.kept().sessions.get_mut(session) {
            found.busy += 1;
            found.used_at_ms = now_ms.unwrap_or(found.used_at_ms);
        }
        Using { book: Arc::clone(self), session: session.to_owned() }
    }

    /// Gives a new session to its owner. Where too many of theirs are open, the one in which nothing goes on and that was used longest ago is
    /// forgotten for it and returned, to be ended; where something goes on in each of them, the new one is nobody's.
    pub(super) fn bind(&self, owner: Owner, session: String, now_ms: i64) -> Result<Option<String>, TooMany> {
        let mut kept = self.kept();
        let theirs = kept.sessions.iter().filter(|(_, session)| session.owner == owner);
        let oldest = if theirs.clone().count() < SESSIONS_MAX {
            None
        } else {
            let idle = theirs.filter(|(_, session)| session.busy == 0);
            Some(idle.min_by_key(|(_, session)| session.used_at_ms).map(|(id, _)| id.clone()).ok_or(TooMany)?)
        };
        if let Some(oldest) = &oldest {
            kept.sessions.remove(oldest);
        }
        kept.sessions.insert(session, Session { owner, listed: None, busy: 0, used_at_ms: now_ms });
        Ok(oldest)
    }

    /// Notes what the list of tools was made from that a session's client is given.
    pub(super) fn listed(&self, session: &str, client: Peer<RoleServer>, basis: Basis) {
        if let Some(found) = self.kept().sessions.get_mut(session) {
            found.listed = Some((client, basis));
        }
    }

    /// The client of a session whose list of tools would be made from something else now than it was; none where it would not, or where there was
    /// no list. It counts as told from then on.
    pub(super) fn outdated(&self, session: &str, now: Basis) -> Option<Peer<RoleServer>> {
        let mut kept = self.kept();
        let (client, basis) = kept.sessions.get_mut(session)?.listed.as_mut()?;
        (std::mem::replace(basis, now.clone()) != now).then(|| client.clone())
    }

    /// The sessions of an owner.
    pub(super) fn sessions_of(&self, owner: &Owner) -> Vec<String> {
        self.kept().sessions.iter().filter(|(_, session)| session.owner == *owner).map(|(id, _)| id.clone()).collect()
    }

    /// A session that was ended.
    pub(super) fn forget(&self, session: &str) {
        self.kept().sessions.remove(session);
    }

    /// Where calls are noted, if any was.
    pub(super) fn conversation(&self, place: &Place) -> Option<ConversationId> {
        self.kept().conversations.get(place).copied()
    }

    /// Notes further calls there.
    pub(super) fn note(&self, place: Place, conversation: ConversationId) {
        let mut kept = self.kept();
        if kept.conversations.len() >= KEPT_MAX {
            kept.conversations.clear();
        }
        kept.conversations.insert(place, conversation);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many sessions as may be are open, and something goes on in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

/// A call under way, until dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    book: Arc<Book>,
    owner: Owner,
    _using: Option<Using>,
}

/// Something of a session that goes on, until dropped.
#[derive(Debug)]
pub(super) struct Using {
    book: Arc<Book>,
    session: String,
}

impl Drop for Using {
    fn drop(&mut self) {
        if let Some(found) = self.book.kept().sessions.get_mut(&self.session) {
            found.busy = found.busy.saturating_sub(1);
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(counts) = self.book.kept().counts.get_mut(&self.owner) {
            counts.calls = counts.calls.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::Ids;

    fn owner(ids: &Ids, by: &str) -> Owner {
        Owner { tenant: ids.make(), person: Some(ids.make()), by: by.to_owned() }
    }

    #[test]
    fn requests_are_counted_by_the_minute_and_for_each_token_alone() {
        let (book, ids) = (Book::default(), Ids::counter());
        let (one, other) = (owner(&ids, "a"), owner(&ids, "a"));
        for _ in 0..REQUESTS_PER_MINUTE_MAX {
            book.count_request(&one, 1_000).expect("room");
        }
        assert!(book.count_request(&one, MINUTE_MS - 1).is_err());
        book.count_request(&other, MINUTE_MS - 1).expect("another's");
        book.count_request(&one, 1_000 + MINUTE_MS).expect("the next minute");
        book.count_request(&one, 0).expect("a clock that was set back");
    }

    #[test]
    fn a_session_is_its_owners_and_none_is_given_while_too_many_are_in_use() {
        let (book, ids) = (Arc::new(Book::default()), Ids::counter());
        let (one, other) = (owner(&ids, "a"), owner(&ids, "a"));
        let mut in_use: Vec<Using> = (0..SESSIONS_MAX)
            .map(|number| {
                assert_eq!(book.bind(one.clone(), number.to_string(), 0), Ok(None));
                book.using(&number.to_string(), Some(0))
            })
            .collect();
        assert_eq!(book.bind(one.clone(), "more".to_owned(), 1), Err(TooMany));
        assert!(!book.owns(&one, "more") && book.sessions_of(&one).len() == SESSIONS_MAX);
        assert_eq!(book.bind(other.clone(), "theirs".to_owned(), 1), Ok(None));
        assert!(book.owns(&one, "3") && !book.owns(&other, "3") && !book.owns(&one, "none") && book.owns(&other, "theirs"));
        in_use.pop();
        let last = (SESSIONS_MAX - 1).to_string();
        assert_eq!(book.bind(one.clone(), "more".to_owned(), 1), Ok(Some(last.clone())));
        assert!(book.owns(&one, "more") && !book.owns(&one, &last) && book.sessions_of(&one).len() == SESSIONS_MAX);
        book.forget("3");
        assert!(!book.owns(&one, "3"));
        assert_eq!(book.bind(one.clone(), "next".to_owned(), 1), Ok(None), "there is room without it");
    }

    #[test]
    fn the_session_that_was_idle_longest_gives_way_and_none_that_is_used_or_anothers() {
        let (book, ids) = (Arc::new(Book::default()), Ids::counter());
        let (one, other) = (owner(&ids, "a"), owner(&ids, "a"));
        assert_eq!(book.bind(other.clone(), "theirs".to_owned(), 0), Ok(None));
        let mut in_use = Vec::new();
        for number in 0..SESSIONS_MAX {
            let session = number.to_string();
            assert_eq!(book.bind(one.clone(), session.clone(), i64::try_from(number).expect("few")), Ok(None));
            in_use.extend((number > 2).then(|| book.using(&session, None)));
        }
        let listens = book.using("0", Some(0));
        drop(book.using("1", Some(99)));
        let call = book.begin_call(&one, Some("2"));
        let bind = |session: &str| book.bind(one.clone(), session.to_owned(), 100);
        assert_eq!(bind("a"), Ok(Some("1".to_owned())), "`0` listens, and a call of `2` is under way");
        in_use.push(book.using("a", None));
        assert_eq!(bind("b"), Err(TooMany));
        drop((listens, call));
        assert_eq!(bind("b"), Ok(Some("0".to_owned())));
        assert!(book.owns(&one, "2") && book.owns(&other, "theirs"));
        assert_eq!(bind("c"), Ok(Some("2".to_owned())));
    }

    #[test]
    fn the_last_call_that_waits_for_a_run_is_known() {
        let (book, ids) = (Book::default(), Ids::counter());
        let (run, other): (RunId, RunId) = (ids.make(), ids.make());
        for run in [run, run, other] {
            book.awaits(run);
        }
        assert_eq!((book.leaves(run), book.leaves(other), book.leaves(run)), (false, true, true));
        book.awaits(run);
        assert!(book.leaves(run), "it begins anew");
        assert!(book.kept().waiting.is_empty());
    }

    #[test]
    fn calls_under_way_are_bounded_and_end_when_dropped() {
        let (book, ids) = (Arc::new(Book::default()), Ids::counter());
        let one = owner(&ids, "a");
        let mut under_way: Vec<UnderWay> = (0..CALLS_MAX).map(|_| book.begin_call(&one, None).expect("room")).collect();
        assert!(book.begin_call(&one, None).is_none());
        under_way.pop();
        assert!(book.begin_call(&one, None).is_some());
    }
}
