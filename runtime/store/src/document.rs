//! Documents, their pieces, and which message they came with.
//!
//! Who may read a document is the database's word: documents and their pieces have a second policy beside that of the organisation and the workspace,
//! which looks at the person of the transaction. So no statement in this file, and none that is written later, can leave it out.

use crate::contact::{read_integrity, write_integrity};
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use std::collections::BTreeSet;
use steward_core::{ConversationId, Digest, DocumentId, Integrity, MessageId, PersonId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A document without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its id.
    pub document_id: DocumentId,
    /// Where it belongs.
    pub workspace: WorkspaceId,
    /// The conversation it was given into, if any.
    pub conversation: Option<ConversationId>,
    /// Who put it in.
    pub person: PersonId,
    /// What it is called.
    pub name: String,
    /// What it is, for example `text/markdown`.
    pub media_type: String,
    /// How large the file was, in bytes.
    pub bytes: i64,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// How long its text is, in characters.
    pub characters: i32,
    /// How many pieces it has.
    pub chunks: i32,
    /// How far its name is to be trusted.
    pub integrity: Integrity,
    /// Who may read it; none for whoever sees the workspace.
    pub readers: Option<BTreeSet<PersonId>>,
    /// When it was put in.
    pub created_at: OffsetDateTime,
}

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkRow {
    /// Which, from 1.
    pub number: i32,
    /// What it says.
    pub text: String,
    /// Its first character in the document's text, from 0.
    pub start_at: i32,
    /// One past its last character.
    pub end_at: i32,
    /// The heading above it.
    pub heading: Option<String>,
    /// How far it is to be trusted.
    pub integrity: Integrity,
}

struct Raw {
    document_id: Uuid,
    workspace_id: Uuid,
    conversation_id: Option<Uuid>,
    person_id: Uuid,
    name: String,
    media_type: String,
    bytes: i64,
    sha256: Vec<u8>,
    characters: i32,
    chunks: i32,
    integrity: i16,
    readers: Option<Vec<Uuid>>,
    created_at: OffsetDateTime,
}

impl TryFrom<Raw> for DocumentRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let sha256 = raw.sha256.try_into().map_err(|_| StoreError::Corrupt { what: "document.sha256" })?;
        Ok(Self {
            document_id: DocumentId::from_uuid(raw.document_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            conversation: raw.conversation_id.map(ConversationId::from_uuid),
            person: PersonId::from_uuid(raw.person_id),
            name: raw.name,
            media_type: raw.media_type,
            bytes: raw.bytes,
            sha256: Digest::from_bytes(sha256),
            characters: raw.characters,
            chunks: raw.chunks,
            integrity: read_integrity(raw.integrity)?,
            readers: raw.readers.map(|readers| readers.into_iter().map(PersonId::from_uuid).collect()),
            created_at: raw.created_at,
        })
    }
}

fn readers(row: &DocumentRow) -> Option<Vec<Uuid>> {
    row.readers.as_ref().map(|readers| readers.iter().map(|person| person.uuid()).collect())
}

/// How many documents a person has put into a workspace, and how large their files are together. Locked until the end of the transaction: of two
/// that put in at once, one counts the other's.
pub async fn count_of_person(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<(i64, i64), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('steward documents ' || $1::uuid::text, 0))", person.uuid()).execute(tx.conn()).await?;
    let row = sqlx::query!(
        r#"select count(*) as "count!", coalesce(sum(bytes), 0)::bigint as "bytes!" from document where workspace_id = $1 and person_id = $2"#,
        workspace.uuid(),
        person.uuid()
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.count, row.bytes))
}

/// Stores a document with all of its pieces, each with its text in the form in which it is looked for. They have its readers.
pub async fn insert(tx: &mut Tx, new: &DocumentRow, chunks: &[(ChunkRow, String)]) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let readers = readers(new);
    sqlx::query!(
        "insert into document (tenant_id, document_id, workspace_id, conversation_id, person_id, name, media_type, bytes, sha256, characters, chunks,
                               integrity, readers, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tenant,
        new.document_id.uuid(),
        new.workspace.uuid(),
        new.conversation.map(ConversationId::uuid),
        new.person.uuid(),
        new.name,
        new.media_type,
        new.bytes,
        new.sha256.bytes().as_slice(),
        new.characters,
        new.chunks,
        write_integrity(new.integrity),
        readers.as_deref(),
        new.created_at,
    )
    .execute(tx.conn())
    .await?;
    let number: Vec<i32> = chunks.iter().map(|(chunk, _)| chunk.number).collect();
    let text: Vec<&str> = chunks.iter().map(|(chunk, _)| chunk.text.as_str()).collect();
    let start_at: Vec<i32> = chunks.iter().map(|(chunk, _)| chunk.start_at).collect();
    let end_at: Vec<i32> = chunks.iter().map(|(chunk, _)| chunk.end_at).collect();
    let heading: Vec<Option<&str>> = chunks.iter().map(|(chunk, _)| chunk.heading.as_deref()).collect();
    let integrity: Vec<i16> = chunks.iter().map(|(chunk, _)| write_integrity(chunk.integrity)).collect();
    let folded: Vec<&str> = chunks.iter().map(|(_, folded)| folded.as_str()).collect();
    sqlx::query!(
        "insert into document_chunk (tenant_id, document_id, number, workspace_id, text, start_at, end_at, heading, integrity, readers, words)
         select $1, $2, c.number, $3, c.text, c.start_at, c.end_at, c.heading, c.integrity, $4, to_tsvector('simple', c.folded)
           from unnest($5::integer[], $6::text[], $7::integer[], $8::integer[], $9::text[], $10::smallint[], $11::text[])
             as c (number, text, start_at, end_at, heading, integrity, folded)",
        tenant,
        new.document_id.uuid(),
        new.workspace.uuid(),
        readers.as_deref(),
        &number,
        &text as _,
        &start_at,
        &end_at,
        &heading as _,
        &integrity,
        &folded as _,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One document, if the actor may read it.
pub async fn find(tx: &mut Tx, id: DocumentId) -> Result<Option<DocumentRow>, StoreError> {
    let row = sqlx::query_as!(
        Raw,
        "select document_id, workspace_id, conversation_id, person_id, name, media_type, bytes, sha256, characters, chunks, integrity, readers, created_at
           from document where document_id = $1",
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(DocumentRow::try_from).transpose()
}

/// Documents that the actor may read, newest first; of one conversation alone, if one is named.
pub async fn list(tx: &mut Tx, conversation: Option<ConversationId>, page: &Page) -> Result<Vec<DocumentRow>, StoreError> {
    let rows = sqlx::query_as!(
        Raw,
        "select document_id, workspace_id, conversation_id, person_id, name, media_type, bytes, sha256, characters, chunks, integrity, readers, created_at
           from document
          where ($1::uuid is null or conversation_id = $1) and ($2::uuid is null or document_id < $2)
          order by document_id desc limit $3",
        conversation.map(ConversationId::uuid),
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(DocumentRow::try_from).collect()
}

/// Pieces of a document from this number on, in order.
pub async fn chunks(tx: &mut Tx, id: DocumentId, from: i32, most: i64) -> Result<Vec<ChunkRow>, StoreError> {
    let rows = sqlx::query!(
        "select number, text, start_at, end_at, heading, integrity from document_chunk where document_id = $1 and number >= $2 order by number limit $3",
        id.uuid(),
        from,
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let integrity = read_integrity(row.integrity)?;
            Ok(ChunkRow { number: row.number, text: row.text, start_at: row.start_at, end_at: row.end_at, heading: row.heading, integrity })
        })
        .collect()
}

/// Pieces of a workspace's documents, or of one of them, that hold any of these words, which are folded as the pieces were; the best first. Each with its document.
pub async fn search(
    tx: &mut Tx,
    workspace: WorkspaceId,
    words: &str,
    document: Option<DocumentId>,
    most: i64,
) -> Result<Vec<(DocumentId, ChunkRow)>, StoreError> {
    let rows = sqlx::query!(
        r#"with wanted as (select replace(plainto_tsquery('simple', $1)::text, '&', '|')::tsquery as query)
           select document_id, number, text, start_at, end_at, heading, integrity
             from document_chunk, wanted
            where workspace_id = $2 and ($3::uuid is null or document_id = $3) and words @@ wanted.query
            order by ts_rank(words, wanted.query, 1) desc, document_id desc, number
            limit $4"#,
        words,
        workspace.uuid(),
        document.map(DocumentId::uuid),
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let integrity = read_integrity(row.integrity)?;
            let chunk = ChunkRow { number: row.number, text: row.text, start_at: row.start_at, end_at: row.end_at, heading: row.heading, integrity };
            Ok((DocumentId::from_uuid(row.document_id), chunk))
        })
        .collect()
}

/// Takes a document away with its pieces. False where the actor may read none of this id.
pub async fn delete(tx: &mut Tx, id: DocumentId) -> Result<bool, StoreError> {
    let gone = sqlx::query!("delete from document where document_id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(gone.rows_affected() > 0)
}

/// The mail addresses of people, in lower case: by these receivers are told from readers.
pub async fn addresses(tx: &mut Tx, people: &BTreeSet<PersonId>) -> Result<BTreeSet<String>, StoreError> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.uuid()).collect();
    let rows = sqlx::query_scalar!(r#"select lower(email) as "email!" from person where person_id = any ($1)"#, &ids).fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().collect())
}

/// Notes which documents came with a message, in this order.
pub async fn attach(tx: &mut Tx, message: MessageId, workspace: WorkspaceId, documents: &[DocumentId]) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let ids: Vec<Uuid> = documents.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "insert into message_document (tenant_id, message_id, position, workspace_id, document_id)
         select $1, $2, d.position - 1, $3, d.document_id from unnest($4::uuid[]) with ordinality as d (document_id, position)",
        tenant,
        message.uuid(),
        workspace.uuid(),
        &ids,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What came with these messages, in order; none in place of a document that was taken away or that the actor may not read.
pub async fn of_messages(tx: &mut Tx, messages: &[MessageId]) -> Result<Vec<(MessageId, Option<DocumentRow>)>, StoreError> {
    let ids: Vec<Uuid> = messages.iter().map(|id| id.uuid()).collect();
    let links = sqlx::query!("select message_id, document_id from message_document where message_id = any ($1) order by message_id, position", &ids,)
        .fetch_all(tx.conn())
        .await?;
    let wanted: Vec<Uuid> = links.iter().filter_map(|link| link.document_id).collect();
    let rows = sqlx::query_as!(
        Raw,
        "select document_id, workspace_id, conversation_id, person_id, name, media_type, bytes, sha256, characters, chunks, integrity, readers, created_at
           from document where document_id = any ($1)",
        &wanted,
    )
    .fetch_all(tx.conn())
    .await?;
    let known = rows.into_iter().map(DocumentRow::try_from).collect::<Result<Vec<_>, _>>()?;
    let named = |id: Option<Uuid>| known.iter().find(|row| Some(row.document_id.uuid()) == id).cloned();
    Ok(links.into_iter().map(|link| (MessageId::from_uuid(link.message_id), named(link.document_id))).collect())
}

/// Documents that came with messages of a conversation, those of the newest message first.
pub async fn of_conversation(tx: &mut Tx, conversation: ConversationId, most: i64) -> Result<Vec<DocumentRow>, StoreError> {
    let rows = sqlx::query_as!(
        Raw,
        "select document_id, workspace_id, conversation_id, person_id, name, media_type, bytes, sha256, characters, chunks, integrity, readers, created_at
           from document
           join (select link.document_id, max(link.message_id::text) as newest from message_document link join message using (tenant_id, message_id)
                  where message.conversation_id = $1 and link.document_id is not null group by link.document_id) given using (document_id)
          order by given.newest desc, document_id limit $2",
        conversation.uuid(),
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(DocumentRow::try_from).collect()
}
