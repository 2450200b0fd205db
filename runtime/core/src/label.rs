//! Labels: where a value comes from and who may read it. Set by the host, never by the model.
//!
//! Labels form a semilattice under [`Label::join`]: lowest integrity, intersection of readers, union of sources.
//! Nothing in this module raises a label.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far a value may steer an effect, from third-party text to the owner's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// Text written by a third party.
    Outside = 0,
    /// A structured field, authenticated but chosen by somebody.
    Fact = 1,
    /// A field of a record the owner named.
    Anchored = 2,
    /// Curated data: contacts, payees, catalogue.
    Directory = 3,
    /// The owner's words, or made by the runtime itself.
    Owner = 4,
}

impl Integrity {
    /// Every level, lowest first; each stands at its own number.
    pub const ALL: [Self; 5] = [Self::Outside, Self::Fact, Self::Anchored, Self::Directory, Self::Owner];

    /// The number policies compare, 0 to 4.
    pub const fn level(self) -> i64 {
        self as i64
    }
}

/// The word a tool manifest uses for a result field's origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Made by the runtime: ids, counts, times.
    System,
    /// From a curated directory.
    Directory,
    /// Written by the owner.
    Owner,
    /// A structured field chosen by somebody.
    Fact,
    /// Third-party text; what is not annotated is this.
    Outside,
}

impl Origin {
    /// The integrity a field of this origin has.
    pub const fn integrity(self) -> Integrity {
        match self {
            Self::System | Self::Owner => Integrity::Owner,
            Self::Directory => Integrity::Directory,
            Self::Fact => Integrity::Fact,
            Self::Outside => Integrity::Outside,
        }
    }
}

/// How closely an agent's calls are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Labels only: a value counts for what it equals, and after outside text every effect asks.
    #[default]
    Open,
    /// Each argument is traced to the owner's words or to a record the owner named, and the owner must have asked for the effect.
    Traced,
}

/// Who may read a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Readers {
    /// Anyone.
    #[default]
    Public,
    /// Only these principals or groups.
    Only(BTreeSet<String>),
}

impl Readers {
    /// Who may read both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Public, readers) | (readers, Self::Public) => readers.clone(),
            (Self::Only(a), Self::Only(b)) => Self::Only(a.intersection(b).cloned().collect()),
        }
    }
}

/// One place a value came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Source {
    /// The owner's message, by byte span.
    Message {
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
    },
    /// A field of an earlier tool result.
    Result {
        /// The call that returned it.
        call: String,
        /// The tool.
        tool: String,
        /// JSON pointer into the result.
        path: String,
    },
    /// The curated directory.
    Directory {
        /// Which record.
        record: String,
    },
    /// The model wrote it; nothing it equals was found.
    Model,
    /// The runtime itself.
    Runtime,
}

/// Integrity, readers and sources of one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Lowest integrity of all that went in.
    pub integrity: Integrity,
    /// Who may read all that went in.
    pub readers: Readers,
    /// Everything that went in.
    pub sources: BTreeSet<Source>,
}

impl Label {
    /// A public label from one source.
    pub fn from_source(integrity: Integrity, source: Source) -> Self {
        Self { integrity, readers: Readers::Public, sources: BTreeSet::from([source]) }
    }

    /// The label of a value made of both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self {
            integrity: self.integrity.min(other.integrity),
            readers: self.readers.join(&other.readers),
            sources: self.sources.union(&other.sources).cloned().collect(),
        }
    }
}
