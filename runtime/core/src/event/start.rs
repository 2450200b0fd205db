//! What a run begins with: what it is pinned to, what was said before, what came along.

use super::LaterCall;
use crate::call::CallId;
use crate::canonical::Digest;
use crate::id::{ConversationId, DocumentId, MessageId, PersonId, RunId, WorkspaceId};
use crate::label::{Integrity, Mode, Readers};
use crate::limits::RunLimits;
use serde::{Deserialize, Serialize};

/// What a run is pinned to from its first event on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    /// The agent's name.
    pub agent: String,
    /// The person it acts for.
    pub person: PersonId,
    /// Where it works.
    pub workspace: WorkspaceId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The message that started it.
    pub message: MessageId,
    /// How it came in: chat, api, terminal, schedule, mcp, delegated.
    pub channel: String,
    /// `name@version` of the prompt.
    pub prompt: String,
    /// Digest of the prompt's text.
    pub prompt_digest: Digest,
    /// The named model of the configuration.
    pub model: String,
    /// How closely it is watched, from its first step to its last; `open` in journals from before this was kept.
    #[serde(default)]
    pub mode: Mode,
    /// Bounds.
    pub limits: RunLimits,
    /// How its person reads and by whose clock, as they had said it when the run began. Tools are told, so it is part of what a repeat needs.
    #[serde(default, skip_serializing_if = "Region::is_usual")]
    pub region: Region,
    /// What it serves, where another run began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Above>,
}

#[cfg(any(test, feature = "testing"))]
impl Pins {
    /// A run of `assistant` in a conversation of its own; tests say what else they are about.
    pub fn sample(ids: &crate::Ids) -> Self {
        Self {
            agent: "assistant".to_owned(),
            person: ids.make(),
            workspace: ids.make(),
            conversation: ids.make(),
            message: ids.make(),
            channel: "chat".to_owned(),
            prompt: "assistant@1".to_owned(),
            prompt_digest: Digest::of(b"prompt"),
            model: "strong".to_owned(),
            mode: Mode::Traced,
            limits: RunLimits::default(),
            region: Region::default(),
            above: None,
        }
    }
}

/// How somebody reads and by whose clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// A BCP 47 tag, such as `de-CH`.
    pub locale: String,
    /// An IANA name, such as `Europe/Zurich`.
    pub time_zone: String,
}

/// What counts where nobody said anything. Invariant: it stays so, since journals leave it out.
impl Default for Region {
    fn default() -> Self {
        Self { locale: "en".to_owned(), time_zone: "UTC".to_owned() }
    }
}

impl Region {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a sub-run stands below other runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Above {
    /// The run that began it.
    pub parent: RunId,
    /// The call there whose result its answer is.
    pub call_id: CallId,
    /// The run at the top, which nobody delegated.
    pub root: RunId,
    /// The agents of all runs above it, from the top: it may use no tool that one of them may not.
    pub agents: Vec<String>,
    /// What the run that the one above goes on from has wanted since, where it goes on from another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<LaterCall>,
}

impl Above {
    /// How far below the top, from 1.
    pub fn depth(&self) -> usize {
        self.agents.len()
    }
}

/// One earlier message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// True for the agent's words, false for the person's.
    pub by_agent: bool,
    /// The text.
    pub text: String,
    /// The lowest integrity of what it was written from: an agent's words may repeat what it had read.
    pub integrity: Integrity,
    /// Who may read what the agent's words were written from; nobody else where a journal from before this was kept does not say.
    #[serde(default = "Readers::nobody")]
    pub readers: Readers,
}

/// A document that a person gave along with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The document.
    pub document_id: DocumentId,
    /// What it is called. Whoever made the file chose that.
    pub name: String,
    /// What it is, for example `text/markdown`.
    pub media_type: String,
    /// How large the file was, in bytes.
    pub bytes: u64,
    /// How far its name is to be trusted.
    pub integrity: Integrity,
    /// Who may read it.
    pub readers: Readers,
    /// Whether it came with an earlier message of the conversation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub earlier: bool,
}
