//! Documents: files that people put in, for agents to look into and for people to see what an answer was taken from.
//!
//! [`read`] turns a file into text and the text into pieces, and touches nothing else; [`put`] stores it. What a file says is text from
//! outside, whoever put it in: it never counts for its owner's words. Who may read one is row security's word, in every question of this
//! module and of the store below it.

mod chunk;
mod error;
mod html;
mod kind;
mod name;
mod text;

pub use chunk::{CHUNK_CHARS_MAX, Piece};
pub use error::DocumentError;
pub use kind::ENDINGS;

use crate::audit::{self, Entry};
use crate::crm::text::fold;
use crate::{Office, OfficeError};
use serde_json::json;
use steward_core::event::{Attachment, ChunkRef};
use steward_core::limits::{ATTACHMENTS_MAX, DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX};
use steward_core::{ActorKind, ConversationId, Digest, DocumentId, Integrity, MessageId, Permission, Readers, Role, WorkspaceId};
use steward_store::document::{self as store, ChunkRow, DocumentRow};
use steward_store::{Page, Tx};

/// The most pieces a search gives.
pub const HITS_MAX: u32 = 20;
/// The most pieces that are read at once.
pub const CHUNKS_READ_MAX: u32 = 20;
/// The longest text to look for, in characters.
pub const QUERY_CHARS_MAX: usize = 500;
/// The most documents of a conversation that a run is told of.
const TOLD_MAX: i64 = 20;

/// A file, read: its text in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// What it is called, cleaned.
    pub name: String,
    /// What it is.
    pub media_type: &'static str,
    /// How large it was, in bytes.
    pub bytes: usize,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// How long its text is, in characters.
    pub characters: u32,
    /// All of its text, piece by piece.
    pub pieces: Vec<Piece>,
}

/// Reads a file that came under this name and, where the name does not say what it is, with this media type.
///
/// Pure, and for a large page busy for a second: call it on a thread that may wait.
///
/// # Errors
/// [`DocumentError`], which says what to send instead.
pub fn read(bytes: &[u8], name: &str, declared: &str) -> Result<ReadFile, DocumentError> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(DocumentError::TooLarge { bytes: bytes.len() });
    }
    let name = name::clean(name);
    let kind = kind::tell(bytes, &name, declared)?;
    let text = text::of(bytes, kind)?;
    let pieces = chunk::cut(&text, kind);
    let characters = pieces.last().map_or(0, |piece| piece.end);
    if characters == 0 {
        return Err(DocumentError::Empty);
    }
    Ok(ReadFile { name, media_type: kind.media_type(), bytes: bytes.len(), sha256: Digest::of(bytes), characters, pieces })
}

/// For whom a document is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// For whoever puts it in, and nobody else.
    Me,
    /// For everybody who sees the workspace.
    Workspace,
}

/// Where a document goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The conversation it is given into, one's own and of that workspace.
    pub conversation: Option<ConversationId>,
    /// Who may read it.
    pub readers: For,
}

/// Stores a file as a document.
pub async fn put(tx: &mut Tx, office: &Office, place: Place, file: ReadFile) -> Result<DocumentRow, OfficeError> {
    may(tx, Permission::DocumentsWrite, "put documents in")?;
    let person = tx.actor().person.ok_or_else(|| OfficeError::Denied("only a person, or a program with a person's token, puts documents in".to_owned()))?;
    if let Some(id) = place.conversation {
        let conversation = crate::conversations::get(tx, id).await.map_err(|err| match err {
            OfficeError::Missing(_) => OfficeError::Invalid("there is no such conversation of yours".to_owned()),
            other => other,
        })?;
        if conversation.workspace != place.workspace {
            return Err(OfficeError::Invalid("the conversation belongs to another workspace: put the document in there".to_owned()));
        }
    }
    // A name that a person chose is a fact; one that a program brought may be anybody's text.
    let integrity = match tx.actor().kind {
        ActorKind::Person { .. } => Integrity::Fact,
        ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => Integrity::Outside,
    };
    let ReadFile { name, media_type, bytes, sha256, characters, pieces } = file;
    let (there_are, together) = store::count_of_person(tx, place.workspace, person).await?;
    if there_are >= DOCUMENTS_MAX || together.saturating_add(i64::try_from(bytes).unwrap_or(i64::MAX)) > DOCUMENTS_BYTES_MAX {
        return Err(OfficeError::Conflict(format!(
            "you have put {there_are} documents of {} MiB into this workspace, and {DOCUMENTS_MAX} of {} MiB are the most; take one away first",
            together >> 20,
            DOCUMENTS_BYTES_MAX >> 20
        )));
    }
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let row = DocumentRow {
        document_id: office.ids.make(),
        workspace: place.workspace,
        conversation: place.conversation,
        person,
        name,
        media_type: media_type.to_owned(),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        sha256,
        characters: i32::try_from(characters).unwrap_or(i32::MAX),
        chunks: count(pieces.len()),
        integrity,
        readers: match place.readers {
            For::Me => Some([person].into()),
            For::Workspace => None,
        },
        created_at: office.clock.now(),
    };
    let chunks: Vec<(ChunkRow, String)> = (1..).zip(pieces).map(|(number, piece)| chunk_row(number, piece)).collect();
    store::insert(tx, &row, &chunks).await?;
    // Neither its name nor a digest of what it says: the log outlives the document.
    let detail = json!({
        "workspace": row.workspace, "conversation": row.conversation, "media_type": row.media_type, "bytes": row.bytes, "chunks": row.chunks,
        "for": if row.readers.is_some() { "me" } else { "workspace" },
    });
    audit::record(tx, office, Entry { action: "document.put", object: row.document_id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(row)
}

fn chunk_row(number: i32, piece: Piece) -> (ChunkRow, String) {
    let at = |place: u32| i32::try_from(place).unwrap_or(i32::MAX);
    let Piece { text, start, end, heading } = piece;
    let folded = fold(&format!("{} {text}", heading.as_deref().unwrap_or_default()));
    // What a file says is anybody's text.
    let row = ChunkRow { number, text, start_at: at(start), end_at: at(end), heading, integrity: Integrity::Outside };
    (row, folded)
}

/// Documents the actor may read, newest first; of one conversation alone, if one is named.
pub async fn list(tx: &mut Tx, conversation: Option<ConversationId>, page: &Page) -> Result<Vec<DocumentRow>, OfficeError> {
    may(tx, Permission::DocumentsRead, "see documents")?;
    Ok(store::list(tx, conversation, page).await?)
}

/// One document with its pieces from this number on, and whether more follow.
pub async fn get(tx: &mut Tx, id: DocumentId, from: u32, most: u32) -> Result<(DocumentRow, Vec<ChunkRow>, bool), OfficeError> {
    may(tx, Permission::DocumentsRead, "see documents")?;
    let row = store::find(tx, id).await?.ok_or(OfficeError::Missing("document"))?;
    let (chunks, more) = from_number(tx, id, from, most).await?;
    Ok((row, chunks, more))
}

async fn from_number(tx: &mut Tx, id: DocumentId, from: u32, most: u32) -> Result<(Vec<ChunkRow>, bool), OfficeError> {
    let from = i32::try_from(from.max(1)).unwrap_or(i32::MAX);
    let mut chunks = store::chunks(tx, id, from, i64::from(most) + 1).await?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = chunks.len() > most;
    chunks.truncate(most);
    Ok((chunks, more))
}

/// Takes a document away, with its pieces. Whoever put it in may; one for the workspace may be taken away by an owner or a manager too.
pub async fn remove(tx: &mut Tx, office: &Office, id: DocumentId) -> Result<(), OfficeError> {
    may(tx, Permission::DocumentsWrite, "take documents away")?;
    let row = store::find(tx, id).await?.ok_or(OfficeError::Missing("document"))?;
    let is_own = tx.actor().person == Some(row.person);
    if !is_own && !tx.actor().roles.iter().any(|role| matches!(role, Role::Owner | Role::Manager)) {
        return Err(OfficeError::Denied("somebody else put this document in; they, an owner or a manager can take it away".to_owned()));
    }
    if !store::delete(tx, id).await? {
        return Err(OfficeError::Missing("document"));
    }
    let detail = json!({ "workspace": row.workspace, "bytes": row.bytes, "chunks": row.chunks });
    audit::record(tx, office, Entry { action: "document.remove", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(())
}

/// Notes what comes with a message of a conversation in this workspace, and gives what a run of it is told of: these, then earlier ones.
pub(crate) async fn attach(
    tx: &mut Tx,
    conversation: ConversationId,
    workspace: WorkspaceId,
    message: MessageId,
    documents: &[DocumentId],
) -> Result<Vec<Attachment>, OfficeError> {
    if documents.len() > ATTACHMENTS_MAX {
        return Err(OfficeError::Invalid(format!("{} documents are too many for one message; give at most {ATTACHMENTS_MAX}", documents.len())));
    }
    let earlier = store::of_conversation(tx, conversation, TOLD_MAX).await?;
    let mut told = Vec::new();
    for (at, id) in documents.iter().enumerate() {
        if documents.iter().take(at).any(|before| before == id) {
            return Err(OfficeError::Invalid(format!("`{id}` stands there twice")));
        }
        // One that there is not, and one that the person may not read, are the same.
        let row = store::find(tx, *id).await?.filter(|row| row.workspace == workspace);
        let row = row.ok_or_else(|| OfficeError::Invalid(format!("there is no document `{id}` in this workspace, or you may not read it; put it in first")))?;
        told.push(attachment(tx, row, false).await?);
    }
    if !documents.is_empty() {
        store::attach(tx, message, workspace, documents).await?;
    }
    for row in earlier.into_iter().filter(|row| !documents.contains(&row.document_id)) {
        told.push(attachment(tx, row, true).await?);
    }
    Ok(told)
}

/// Whether a document belongs to this workspace and the actor may read it, so that it can go along with a message.
pub async fn may_go_along(tx: &mut Tx, workspace: WorkspaceId, id: DocumentId) -> Result<bool, OfficeError> {
    Ok(store::find(tx, id).await?.is_some_and(|row| row.workspace == workspace))
}

/// Those of these documents that are still there, may be read and belong to this workspace; as many as go with one message.
pub(crate) async fn still_there(tx: &mut Tx, workspace: WorkspaceId, documents: Vec<DocumentId>) -> Result<Vec<DocumentId>, OfficeError> {
    let mut there = Vec::new();
    for id in documents.into_iter().take(ATTACHMENTS_MAX) {
        if !there.contains(&id) && store::find(tx, id).await?.is_some_and(|row| row.workspace == workspace) {
            there.push(id);
        }
    }
    Ok(there)
}

async fn attachment(tx: &mut Tx, row: DocumentRow, earlier: bool) -> Result<Attachment, OfficeError> {
    let readers = label_readers(tx, &row).await?;
    let DocumentRow { document_id, name, media_type, bytes, integrity, .. } = row;
    Ok(Attachment { document_id, name, media_type, bytes: bytes.unsigned_abs(), integrity, readers, earlier })
}

/// What came with these messages, in order; none in place of a document that is no longer there.
pub async fn of_messages(tx: &mut Tx, messages: &[MessageId]) -> Result<Vec<(MessageId, Option<DocumentRow>)>, OfficeError> {
    if messages.is_empty() { Ok(Vec::new()) } else { Ok(store::of_messages(tx, messages).await?) }
}

/// Who may be told what a document says, as labels have it: its readers by their addresses. One for the workspace has none of its own; that
/// it is for the organisation, the tool's manifest says.
async fn label_readers(tx: &mut Tx, row: &DocumentRow) -> Result<Readers, OfficeError> {
    match &row.readers {
        None => Ok(Readers::Public),
        Some(people) => Ok(Readers::Only(store::addresses(tx, people).await?)),
    }
}

/// Pieces of one document, as an agent is given them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The document.
    pub document: DocumentRow,
    /// Who may be told what it says, where those are fewer than the organisation.
    pub readers: Readers,
    /// The pieces.
    pub chunks: Vec<ChunkRow>,
}

impl Found {
    /// Where a piece stands, for a citation.
    pub fn reference(&self, chunk: &ChunkRow) -> ChunkRef {
        ChunkRef {
            document_id: self.document.document_id,
            number: chunk.number.unsigned_abs(),
            name: self.document.name.clone(),
            start: chunk.start_at.unsigned_abs(),
            end: chunk.end_at.unsigned_abs(),
        }
    }
}

/// Looks for words in a workspace's documents, or in one of them; documents in the order of their best pieces. For agents, on behalf of the
/// transaction's person: what the gate allowed them.
pub async fn search(tx: &mut Tx, workspace: WorkspaceId, query: &str, document: Option<DocumentId>, most: u32) -> Result<Vec<Found>, OfficeError> {
    let query = query.trim();
    if query.is_empty() {
        return Err(OfficeError::Invalid("say what to look for: words that stand in the document".to_owned()));
    }
    if query.chars().count() > QUERY_CHARS_MAX || query.contains('\0') {
        return Err(OfficeError::Invalid(format!("look for at most {QUERY_CHARS_MAX} characters of text")));
    }
    if let Some(id) = document {
        in_workspace(tx, workspace, id).await?;
    }
    let hits = store::search(tx, workspace, &fold(query), document, i64::from(most.clamp(1, HITS_MAX))).await?;
    let mut found: Vec<Found> = Vec::new();
    for (id, chunk) in hits {
        match found.iter_mut().find(|known| known.document.document_id == id) {
            Some(known) => known.chunks.push(chunk),
            None => {
                let Some(row) = store::find(tx, id).await? else { continue };
                let readers = label_readers(tx, &row).await?;
                found.push(Found { document: row, readers, chunks: vec![chunk] });
            }
        }
    }
    Ok(found)
}

/// Reads a document of a workspace from a piece on. Gives the number of the piece that follows, if one does. For agents, as [`search`].
pub async fn look_into(tx: &mut Tx, workspace: WorkspaceId, id: DocumentId, from: u32, most: u32) -> Result<(Found, Option<u32>), OfficeError> {
    let row = in_workspace(tx, workspace, id).await?;
    let (chunks, more) = from_number(tx, id, from, most.clamp(1, CHUNKS_READ_MAX)).await?;
    let next = chunks.last().filter(|_| more).map(|last| last.number.unsigned_abs() + 1);
    let readers = label_readers(tx, &row).await?;
    Ok((Found { document: row, readers, chunks }, next))
}

async fn in_workspace(tx: &mut Tx, workspace: WorkspaceId, id: DocumentId) -> Result<DocumentRow, OfficeError> {
    store::find(tx, id).await?.filter(|row| row.workspace == workspace).ok_or(OfficeError::Missing("document"))
}

fn may(tx: &Tx, permission: Permission, what: &str) -> Result<(), OfficeError> {
    if tx.actor().may(permission) { Ok(()) } else { Err(OfficeError::Denied(format!("you may not {what} here"))) }
}
