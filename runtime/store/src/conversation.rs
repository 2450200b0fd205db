//! Conversations and their messages.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::event::Region;
use steward_core::{ConversationId, Integrity, MessageId, PersonId, Readers, RunId, WorkspaceId};
use time::OffsetDateTime;

/// A conversation between one person and one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub conversation_id: ConversationId,
    /// Where it belongs.
    pub workspace: WorkspaceId,
    /// Whose it is.
    pub person: PersonId,
    /// With which agent.
    pub agent: String,
    /// The first words of its first message, or a name given later.
    pub title: String,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When something was last said.
    pub changed_at: OffsetDateTime,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub message_id: MessageId,
    /// The run it started or ended.
    pub run: Option<RunId>,
    /// By the agent, else by the person.
    pub by_agent: bool,
    /// The text.
    pub text: String,
    /// The lowest integrity of what it was written from.
    pub integrity: Integrity,
    /// Who may read what it was written from.
    pub readers: Readers,
    /// When.
    pub created_at: OffsetDateTime,
}

/// What organisation, workspace and person are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The organisation.
    pub organisation: String,
    /// The workspace.
    pub workspace: String,
    /// The person.
    pub person: String,
    /// How the person reads and by whose clock.
    pub region: Region,
}

/// The names behind a workspace and a person of the actor's organisation.
pub async fn names(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<Names, StoreError> {
    let row = sqlx::query!(
        "select tenant.name as organisation, workspace.name as workspace, person.display_name as person, person.locale, person.time_zone
           from tenant join workspace using (tenant_id) join person using (tenant_id)
          where workspace_id = $1 and person_id = $2",
        workspace.uuid(),
        person.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    let usual = Region::default();
    let region = Region { locale: row.locale.unwrap_or(usual.locale), time_zone: row.time_zone.unwrap_or(usual.time_zone) };
    Ok(Names { organisation: row.organisation, workspace: row.workspace, person: row.person, region })
}

/// Stores a new conversation.
pub async fn insert(tx: &mut Tx, new: &Conversation) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into conversation (tenant_id, conversation_id, workspace_id, person_id, agent, title, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        new.conversation_id.uuid(),
        new.workspace.uuid(),
        new.person.uuid(),
        new.agent,
        new.title,
        new.created_at,
        new.changed_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One conversation.
pub async fn find(tx: &mut Tx, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    let row = sqlx::query!(
        "select conversation_id, workspace_id, person_id, agent, title, created_at, changed_at from conversation where conversation_id = $1",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Conversation {
        conversation_id: ConversationId::from_uuid(row.conversation_id),
        workspace: WorkspaceId::from_uuid(row.workspace_id),
        person: PersonId::from_uuid(row.person_id),
        agent: row.agent,
        title: row.title,
        created_at: row.created_at,
        changed_at: row.changed_at,
    }))
}

/// A person's conversations, newest first by when they began.
pub async fn list(tx: &mut Tx, person: PersonId, page: &Page) -> Result<Vec<Conversation>, StoreError> {
    let rows = sqlx::query!(
        "select conversation_id, workspace_id, person_id, agent, title, created_at, changed_at
           from conversation
          where person_id = $1 and ($2::uuid is null or conversation_id < $2)
          order by conversation_id desc limit $3",
        person.uuid(),
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Conversation {
            conversation_id: ConversationId::from_uuid(row.conversation_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            person: PersonId::from_uuid(row.person_id),
            agent: row.agent,
            title: row.title,
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
        .collect())
}

/// Notes that something was said.
pub async fn touch(tx: &mut Tx, id: ConversationId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update conversation set changed_at = greatest(changed_at, $2) where conversation_id = $1", id.uuid(), at).execute(tx.conn()).await?;
    Ok(())
}

/// Stores a message.
pub async fn insert_message(tx: &mut Tx, conversation: ConversationId, workspace: WorkspaceId, new: &Message) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into message (tenant_id, message_id, workspace_id, conversation_id, run_id, by_agent, text, integrity, readers, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        new.message_id.uuid(),
        workspace.uuid(),
        conversation.uuid(),
        new.run.map(RunId::uuid),
        new.by_agent,
        new.text,
        new.integrity as i16,
        stored_readers(&new.readers),
        new.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Messages of a conversation, oldest first.
pub async fn messages(tx: &mut Tx, conversation: ConversationId, page: &Page) -> Result<Vec<Message>, StoreError> {
    let rows = sqlx::query!(
        "select message_id, run_id, by_agent, text, integrity, readers, created_at from message
          where conversation_id = $1 and ($2::uuid is null or message_id > $2)
          order by message_id limit $3",
        conversation.uuid(),
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Message {
                message_id: MessageId::from_uuid(row.message_id),
                run: row.run_id.map(RunId::from_uuid),
                by_agent: row.by_agent,
                text: row.text,
                integrity: integrity(row.integrity)?,
                readers: readers(row.by_agent, row.integrity, row.readers.as_deref())?,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// The last messages of a conversation, or the last before one of them, newest first.
pub async fn last_messages(tx: &mut Tx, conversation: ConversationId, before: Option<MessageId>, most: i64) -> Result<Vec<Message>, StoreError> {
    let rows = sqlx::query!(
        "select message_id, run_id, by_agent, text, integrity, readers, created_at from message
          where conversation_id = $1 and ($2::uuid is null or message_id < $2)
          order by message_id desc limit $3",
        conversation.uuid(),
        before.map(MessageId::uuid),
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Message {
                message_id: MessageId::from_uuid(row.message_id),
                run: row.run_id.map(RunId::from_uuid),
                by_agent: row.by_agent,
                text: row.text,
                integrity: integrity(row.integrity)?,
                readers: readers(row.by_agent, row.integrity, row.readers.as_deref())?,
                created_at: row.created_at,
            })
        })
        .collect()
}

pub(crate) fn integrity(stored: i16) -> Result<Integrity, StoreError> {
    usize::try_from(stored).ok().and_then(|level| Integrity::ALL.get(level)).copied().ok_or(StoreError::Corrupt { what: "message.integrity" })
}

/// The most bytes of the list of a message's readers; a longer one is kept as empty, which tells nobody more than it may.
const READERS_BYTES_MAX: usize = 65_536;

/// The readers as they are stored: none for anybody.
pub(crate) fn stored_readers(readers: &Readers) -> Option<String> {
    let Readers::Only(names) = readers else { return None };
    let text = serde_json::Value::from_iter(names.iter().map(String::as_str)).to_string();
    Some(if text.len() > READERS_BYTES_MAX { "[]".to_owned() } else { text })
}

/// What a person says is for anybody they say it to. What only stands in their place was written by an agent and has readers as its answers do.
fn readers(by_agent: bool, integrity: i16, stored: Option<&str>) -> Result<Readers, StoreError> {
    match stored.filter(|_| by_agent || integrity < Integrity::Owner as i16) {
        None => Ok(Readers::Public),
        Some(text) => serde_json::from_str(text).map(Readers::Only).map_err(|_| StoreError::Corrupt { what: "message.readers" }),
    }
}
