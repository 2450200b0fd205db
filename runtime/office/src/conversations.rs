//! Conversations: a person's message becomes a run, in one transaction.

mod answers;

pub use answers::{Behind, behind};

use crate::Office;
use crate::audit::{self, Entry, bound};
use crate::error::OfficeError;
use serde_json::{Value, json};
use steward_core::event::{Given, LaterCall, Pins, Recorded, Turn, Used};
use steward_core::limits::{LEASE_MS, MESSAGE_BYTES_MAX};
use steward_core::{
    ActorKind, CallId, ConversationId, Digest, DocumentId, Event, Integrity, MessageId, Mode, Permission, PersonId, Readers, RunId, RunLimits, ToolCall,
    WorkspaceId,
};
use steward_store::conversation::{self, Conversation, Message};
use steward_store::run::{Forked, NewRun, RunRow};
use steward_store::{Page, Tx, journal, run};
use time::Duration;

/// The most earlier messages a run takes along.
const HISTORY_MESSAGES_MAX: i64 = 40;
/// The most bytes of earlier messages a run takes along.
const HISTORY_BYTES_MAX: usize = 64 * 1024;
/// The most events of a run that others go on from.
const FORK_EVENTS_MAX: i32 = 10_000;
/// The longest name of a program outside, in letters.
const CLIENT_LETTERS_MAX: usize = 80;
/// How much of a call of a program outside the conversation shows, in letters.
const SHOWN_LETTERS_MAX: usize = 2_000;
/// The longest title, in letters.
const TITLE_LETTERS_MAX: usize = 80;

/// The agent a run is pinned to.
#[derive(Debug, Clone)]
pub struct AgentPins {
    /// Its name.
    pub agent: String,
    /// `name@version` of its prompt.
    pub prompt: String,
    /// Digest of the prompt's text.
    pub prompt_digest: Digest,
    /// The named model.
    pub model: String,
    /// How closely it is watched.
    pub mode: Mode,
    /// Bounds.
    pub limits: RunLimits,
}

/// What a message became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// The message.
    pub message: MessageId,
    /// The run it started.
    pub run: RunId,
}

/// Begins a conversation.
pub async fn create(tx: &mut Tx, office: &Office, agent: &str, workspace: WorkspaceId, title: &str) -> Result<Conversation, OfficeError> {
    let person = converse(tx)?;
    let now = office.clock.now();
    let new =
        Conversation { conversation_id: office.ids.make(), workspace, person, agent: agent.to_owned(), title: titled(title), created_at: now, changed_at: now };
    if !tx.actor().workspaces.sees(workspace) {
        return Err(OfficeError::Missing("workspace"));
    }
    conversation::insert(tx, &new).await?;
    let detail = json!({ "agent": agent, "workspace": workspace });
    audit::record(tx, office, Entry { action: "conversation.create", object: new.conversation_id.to_string(), outcome: "done", detail, request_id: None })
        .await?;
    Ok(new)
}

/// The actor's own conversations, newest first.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<Conversation>, OfficeError> {
    let person = converse(tx)?;
    Ok(conversation::list(tx, person, page).await?)
}

/// One of the actor's own conversations.
pub async fn get(tx: &mut Tx, id: ConversationId) -> Result<Conversation, OfficeError> {
    let person = converse(tx)?;
    conversation::find(tx, id).await?.filter(|found| found.person == person).ok_or(OfficeError::Missing("conversation"))
}

/// Messages of one of the actor's own conversations, oldest first.
pub async fn messages(tx: &mut Tx, id: ConversationId, page: &Page) -> Result<Vec<Message>, OfficeError> {
    get(tx, id).await?;
    Ok(conversation::messages(tx, id, page).await?)
}

/// The same, newest first.
pub async fn newest_messages(tx: &mut Tx, id: ConversationId, page: &Page) -> Result<Vec<Message>, OfficeError> {
    get(tx, id).await?;
    Ok(conversation::last_messages(tx, id, page.after_uuid().map(MessageId::from_uuid), page.fetch()).await?)
}

/// Takes a message and starts a run for it. With `lease`, that worker drives the run from the start; without, it is queued.
pub async fn post(
    tx: &mut Tx,
    office: &Office,
    id: ConversationId,
    text: &str,
    channel: &str,
    pins: AgentPins,
    lease: Option<&str>,
) -> Result<Posted, OfficeError> {
    post_with(tx, office, id, text, &[], channel, pins, lease).await
}

/// The same with documents that come along: those of the conversation's workspace that the person may read.
#[expect(clippy::too_many_arguments, reason = "a message with everything that bears on its run")]
pub async fn post_with(
    tx: &mut Tx,
    office: &Office,
    id: ConversationId,
    text: &str,
    documents: &[DocumentId],
    channel: &str,
    pins: AgentPins,
    lease: Option<&str>,
) -> Result<Posted, OfficeError> {
    let conversation = get(tx, id).await?;
    check_text(text)?;
    let history = history(tx, id).await?;
    start(tx, office, conversation, Incoming { text, documents, channel, history, lease, taken: None, called: None, given: None }, pins).await
}

/// Takes a message together with earlier ones that a client kept, oldest first, and queues a run for it.
///
/// The earlier ones go into the run's journal, which is what the model is shown. They do not become messages of the conversation:
/// a client says that they were said; nobody said them here. Of many, the last count, as in a conversation.
pub async fn post_with_history(
    tx: &mut Tx,
    office: &Office,
    id: ConversationId,
    text: &str,
    earlier: Vec<Turn>,
    channel: &str,
    pins: AgentPins,
) -> Result<Posted, OfficeError> {
    let conversation = get(tx, id).await?;
    check_text(text)?;
    if earlier.iter().any(|turn| turn.text.contains('\0')) {
        return Err(OfficeError::Invalid("an earlier message contains a NUL character".to_owned()));
    }
    let history = last_turns(earlier.into_iter().rev().take(usize::try_from(HISTORY_MESSAGES_MAX).unwrap_or_default()));
    start(tx, office, conversation, Incoming { text, documents: &[], channel, history, lease: None, taken: None, called: None, given: None }, pins).await
}

/// One call that a program outside asks for.
#[derive(Debug, Clone)]
pub struct CallFromOutside<'a> {
    /// What the program calls itself.
    pub client: &'a str,
    /// Which tool.
    pub tool: &'a str,
    /// Its arguments, an object.
    pub arguments: Value,
}

/// Takes a call of a program outside and queues a run about it: no model is asked in it, and all else is as in any other run.
///
/// The program's words are nobody's here: the run has no owner's message, and what the conversation shows of the call counts as text
/// from outside, in case somebody goes on talking there.
pub async fn call(
    tx: &mut Tx,
    office: &Office,
    id: ConversationId,
    wanted: CallFromOutside<'_>,
    channel: &str,
    pins: AgentPins,
) -> Result<Posted, OfficeError> {
    let conversation = get(tx, id).await?;
    let shown = |text: &str, letters_max| text.chars().filter(|letter| !letter.is_control()).take(letters_max).collect::<String>();
    let client = shown(wanted.client, CLIENT_LETTERS_MAX);
    let text = shown(&format!("{} {}", wanted.tool, wanted.arguments), SHOWN_LETTERS_MAX);
    let call = ToolCall {
        call_id: CallId { step: 1, index: 0 },
        provider_id: String::new(),
        tool: wanted.tool.to_owned(),
        arguments: wanted.arguments,
        broken: None,
        provenance: Value::Null,
    };
    let incoming = Incoming { text: &text, documents: &[], channel, history: Vec::new(), lease: None, taken: None, called: Some((client, call)), given: None };
    start(tx, office, conversation, incoming, pins).await
}

/// Where a new run goes on from, and what it takes from there.
#[derive(Debug, Clone)]
pub struct Fork {
    /// The other run.
    pub from: RunId,
    /// The first step that is the new run's own, from 1.
    pub step: u32,
    /// Events of the other run's earlier steps. They keep their times.
    pub events: Vec<Recorded>,
    /// What the other run had used for them.
    pub used: Used,
    /// What the other run has wanted since.
    pub later: Vec<LaterCall>,
    /// The message.
    pub text: String,
    /// Earlier messages, as the other run had them.
    pub history: Vec<Turn>,
    /// Documents that the other run was told of. Those that are gone since are left out.
    pub documents: Vec<DocumentId>,
}

/// A run that the actor may fork; to be asked before anything of it is read.
///
/// Only one's own, and none that somebody else stopped: going on from it would undo that.
pub async fn may_fork(tx: &mut Tx, id: RunId) -> Result<RunRow, OfficeError> {
    let found = crate::runs::get(tx, id).await?;
    let person = converse(tx)?;
    if found.person != person {
        return Err(OfficeError::Denied("only the person whose run it is may fork it: what it has read it read with that person's rights".to_owned()));
    }
    if found.cancel_at.is_some() && found.cancel_by != Some(person) {
        return Err(OfficeError::Conflict("somebody else stopped this run, so nothing goes on from it; ask them, or start a new one".to_owned()));
    }
    if found.last_seq > FORK_EVENTS_MAX {
        return Err(OfficeError::Conflict(format!("the run has more than {FORK_EVENTS_MAX} events, which is too much to go on from; start a new one")));
    }
    Ok(found)
}

/// Begins a run that goes on from one of the actor's own, in a conversation of its own, and queues it.
///
/// Only one's own: what a run has read it read with the rights of whom it acts for.
pub async fn fork(tx: &mut Tx, office: &Office, fork: Fork, channel: &str, pins: AgentPins) -> Result<(ConversationId, Posted), OfficeError> {
    let from = may_fork(tx, fork.from).await?;
    check_text(&fork.text)?;
    let conversation = create(tx, office, &pins.agent, from.workspace, &fork.text).await?;
    let (id, prompt, model) = (conversation.conversation_id, pins.prompt.clone(), pins.model.clone());
    let Fork { from, step, events, used, later, text, history, documents } = fork;
    let documents = crate::documents::still_there(tx, conversation.workspace, documents).await?;
    let until_seq = until_seq(&events);
    let taken = Some(Taken { from, step, events, used, later });
    let posted =
        start(tx, office, conversation, Incoming { text: &text, documents: &documents, channel, history, lease: None, taken, called: None, given: None }, pins)
            .await?;
    // Bound to the log as they are stored: what was taken has no entries of its own in this run.
    let digest = bound::of_taken(tx, posted.run, until_seq).await?;
    let detail = json!({ "from": from, "step": step, "until_seq": until_seq, "digest": digest, "prompt": prompt, "model": model });
    audit::record(tx, office, Entry { action: "run.fork", object: posted.run.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok((id, posted))
}

/// The number of the last event that is taken: before the first stand what the run is and where it goes on from.
fn until_seq(taken: &[Recorded]) -> u32 {
    u32::try_from(taken.len()).unwrap_or(u32::MAX).saturating_add(2)
}

/// A message on its way in.
struct Incoming<'a> {
    text: &'a str,
    documents: &'a [DocumentId],
    channel: &'a str,
    history: Vec<Turn>,
    lease: Option<&'a str>,
    /// What is taken from another run's record.
    taken: Option<Taken>,
    /// What a program outside asks for, with its name; then the text is only what the conversation shows of it.
    called: Option<(String, ToolCall)>,
    /// What it is where the person does not say it now; then the text is only what the conversation shows of it.
    given: Option<Given>,
}

/// A run that nobody asks for just now: what it is about was said earlier.
pub(crate) struct Outset<'a> {
    /// For whom.
    pub(crate) person: PersonId,
    /// Where.
    pub(crate) workspace: WorkspaceId,
    /// In which of that person's conversations; a new one without it.
    pub(crate) conversation: Option<ConversationId>,
    /// What is said.
    pub(crate) text: &'a str,
    /// How it comes in.
    pub(crate) channel: &'a str,
    /// For how much it counts, where it is not the person's own words.
    pub(crate) given: Option<Given>,
}

/// Starts a run for a person, by whoever may do that; what that person may is to be asked before.
pub(crate) async fn set_out(tx: &mut Tx, office: &Office, outset: Outset<'_>, pins: AgentPins) -> Result<Posted, OfficeError> {
    let Outset { person, workspace, conversation, text, channel, given } = outset;
    let (conversation, history) = match conversation {
        Some(id) => {
            let found = conversation::find(tx, id).await?.filter(|found| found.person == person && found.workspace == workspace);
            (found.ok_or(OfficeError::Missing("conversation"))?, history(tx, id).await?)
        }
        None => {
            let now = office.clock.now();
            let (conversation_id, agent) = (office.ids.make(), pins.agent.clone());
            let new = Conversation { conversation_id, workspace, person, agent, title: titled(text), created_at: now, changed_at: now };
            conversation::insert(tx, &new).await?;
            (new, Vec::new())
        }
    };
    start(tx, office, conversation, Incoming { text, documents: &[], channel, history, lease: None, taken: None, called: None, given }, pins).await
}

struct Taken {
    from: RunId,
    step: u32,
    events: Vec<Recorded>,
    used: Used,
    later: Vec<LaterCall>,
}

async fn start(tx: &mut Tx, office: &Office, conversation: Conversation, incoming: Incoming<'_>, pins: AgentPins) -> Result<Posted, OfficeError> {
    let Incoming { text, documents, channel, history, lease, taken, called, given } = incoming;
    let (id, person) = (conversation.conversation_id, conversation.person);
    let now = office.clock.now();
    let posted = Posted { message: office.ids.make(), run: office.ids.make() };
    let names = conversation::names(tx, conversation.workspace, person).await?;
    let variables = [
        ("agent", pins.agent.clone()),
        ("organisation", names.organisation),
        ("person", names.person),
        ("workspace", names.workspace),
        ("now", now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()),
    ];
    // The first event says what the run is, the second where it goes on from.
    let forked = taken.as_ref().map(|taken| Forked { from: taken.from, step: taken.step, until_seq: until_seq(&taken.events) });
    let lease_until = now + Duration::milliseconds(LEASE_MS);
    run::insert(
        tx,
        &NewRun {
            run_id: posted.run,
            workspace: conversation.workspace,
            conversation: id,
            person,
            agent: pins.agent.clone(),
            channel: channel.to_owned(),
            lease_owner: lease.map(str::to_owned),
            lease_until: lease.map(|_| lease_until),
            created_at: now,
            forked,
        },
    )
    .await?;
    // Whose words they are not, they are not in a later run of the conversation either.
    let (integrity, readers) = match &given {
        Some(given) => (given.integrity.min(Integrity::Fact), given.readers.clone()),
        None => (if called.is_some() { Integrity::Outside } else { Integrity::Owner }, Readers::Public),
    };
    // Of a call from outside, and of what was written earlier, the person says no word now.
    let owners = if called.is_some() || given.is_some() { String::new() } else { text.to_owned() };
    let message = Message { message_id: posted.message, run: Some(posted.run), by_agent: false, text: text.to_owned(), integrity, readers, created_at: now };
    conversation::insert_message(tx, id, conversation.workspace, &message).await?;
    conversation::touch(tx, id, now).await?;
    // A program outside is told of nothing: what it says is about one call.
    let attachments = if called.is_some() { Vec::new() } else { crate::documents::attach(tx, id, conversation.workspace, posted.message, documents).await? };
    let started = Event::Started {
        pins: Pins {
            agent: pins.agent,
            person,
            workspace: conversation.workspace,
            conversation: id,
            message: posted.message,
            channel: channel.to_owned(),
            prompt: pins.prompt,
            prompt_digest: pins.prompt_digest,
            model: pins.model,
            mode: pins.mode,
            limits: pins.limits,
            region: names.region,
            above: None,
        },
        text: owners,
        history,
        variables: variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        attachments,
    };
    let at_ms = office.clock.now_ms();
    let mut first = vec![Recorded::new(1, at_ms, started)];
    if let Some(Taken { from, step, events, used, later }) = taken {
        first.push(Recorded::new(2, at_ms, Event::Forked { from, step, taken: u32::try_from(events.len()).unwrap_or(u32::MAX), used, later }));
        first.extend((3..).zip(events).map(|(seq, taken)| Recorded::new(seq, taken.at_ms, taken.event)));
    }
    let steps = if called.is_some() { 1 } else { forked.map_or(0, |forked| forked.step.saturating_sub(1)) };
    if let Some((client, call)) = called {
        first.push(Recorded::new(2, at_ms, Event::Called { client, call }));
    }
    let is_given = given.is_some();
    if let Some(given) = given {
        first.push(Recorded::new(2, at_ms, Event::Given { given }));
    }
    journal::append(tx, posted.run, conversation.workspace, &first).await?;
    run::begun(tx, posted.run, first.len(), steps).await?;
    // What a run is about counts by whose word it is, so neither is changed unseen. What a fork took has an entry of its own.
    let began = match first.as_slice() {
        [started, ..] if !is_given => json!({ "started": { "event": started.seq, "digest": bound::of_one(started)? } }),
        all => json!({ "until_seq": all.len(), "digest": bound::of_recorded(all)? }),
    };
    let mut detail = json!({ "conversation": id, "message": posted.message, "channel": channel });
    if let (Some(detail), serde_json::Value::Object(began)) = (detail.as_object_mut(), began) {
        detail.extend(began);
    }
    audit::record(tx, office, Entry { action: "run.start", object: posted.run.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(posted)
}

async fn history(tx: &mut Tx, id: ConversationId) -> Result<Vec<Turn>, OfficeError> {
    let newest_first = conversation::last_messages(tx, id, None, HISTORY_MESSAGES_MAX).await?;
    Ok(last_turns(newest_first.into_iter().map(|message| Turn {
        by_agent: message.by_agent,
        text: message.text,
        integrity: message.integrity,
        readers: message.readers,
    })))
}

/// As many of these as fit, oldest first.
fn last_turns(newest_first: impl Iterator<Item = Turn>) -> Vec<Turn> {
    let mut bytes = 0;
    let mut turns: Vec<Turn> = newest_first
        .take_while(|turn| {
            bytes += turn.text.len();
            bytes <= HISTORY_BYTES_MAX
        })
        .collect();
    turns.reverse();
    turns
}

/// The person of an actor that may converse.
pub(crate) fn converse(tx: &Tx) -> Result<PersonId, OfficeError> {
    let actor = tx.actor();
    // An agent must not talk itself into a new run.
    if matches!(actor.kind, ActorKind::Agent { .. } | ActorKind::Worker) || !actor.may(Permission::Converse) {
        return Err(OfficeError::Denied("you may not talk with agents here".to_owned()));
    }
    actor.person.ok_or_else(|| OfficeError::Denied("only a person may talk with agents".to_owned()))
}

pub(crate) fn check_text(text: &str) -> Result<(), OfficeError> {
    if text.trim().is_empty() {
        return Err(OfficeError::Invalid("the message is empty".to_owned()));
    }
    if text.len() > MESSAGE_BYTES_MAX {
        return Err(OfficeError::Invalid(format!("the message has {} bytes; {MESSAGE_BYTES_MAX} are allowed", text.len())));
    }
    if text.contains('\0') {
        return Err(OfficeError::Invalid("the message contains a NUL character".to_owned()));
    }
    Ok(())
}

fn titled(title: &str) -> String {
    let line: String = title.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(TITLE_LETTERS_MAX).collect();
    if line.trim().is_empty() { "New conversation".to_owned() } else { line.trim().to_owned() }
}
