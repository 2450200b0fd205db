//! What a plugin keeps from one call to the next: entries of its own, of one workspace, with the floor of what they were written from.
//!
//! The plugin sees neither the floor nor anybody else's entries. A change carries the call's key and its ordinal, as changes of records do.

use serde::{Deserialize, Serialize};
use steward_core::Floor;

/// The longest name of an entry, in bytes of UTF-8.
pub const KV_KEY_BYTES_MAX: usize = 256;
/// The largest value, in bytes.
pub const KV_VALUE_BYTES_MAX: usize = 64 << 10;

/// How much a plugin may keep in one workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KvQuota {
    /// Bytes of all names and values together.
    pub bytes_max: u64,
    /// Entries.
    pub entries_max: u64,
}

impl KvQuota {
    /// The lower of both in each.
    #[must_use]
    pub fn within(self, cap: Self) -> Self {
        Self { bytes_max: self.bytes_max.min(cap.bytes_max), entries_max: self.entries_max.min(cap.entries_max) }
    }
}

/// Whose entries, and how many there may be. The workspace is the run's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvSpace {
    /// The plugin's name.
    pub plugin: String,
    /// What it may keep.
    pub quota: KvQuota,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvEntry {
    /// What was kept.
    pub value: Vec<u8>,
    /// Another after every change of it, also when it was deleted and made again. It follows from the call that made it and from nothing else.
    pub version: u64,
    /// Of what it was written from; where that was neither better nor worse than what it was written from before, of both.
    pub floor: Floor,
}

/// The name of an entry in a list. A name tells something too, so it has the entry's floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvName {
    /// Its name.
    pub name: String,
    /// Of what the entry was written from.
    pub floor: Floor,
}

/// A change of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KvChange {
    /// Makes or replaces it.
    Set {
        /// What to keep.
        value: Vec<u8>,
        /// The version that must stand there, 0 for none; without it whatever stands there is replaced.
        expect: Option<u64>,
    },
    /// Takes it away, unless it counts for more than all that the call knows, or ever did since it was made: nothing stands beside what is gone.
    Delete,
}

/// What became of a change. All of it is kept, so that a repeat of the call hears the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KvChanged {
    /// It is this version now.
    Version(u64),
    /// It is gone; if it was there, the floor that it had.
    Deleted(Option<Floor>),
    /// Another version stands there than was expected; nothing was changed. If one stands there, its floor.
    Conflict(Option<Floor>),
    /// It counts for more than what would take it away, or did once; nothing was changed. Its floor.
    Better(Floor),
    /// The space has no room for it; nothing was changed. The floor of all that takes the room.
    OverQuota(Option<Floor>),
}

impl KvChanged {
    /// Whether anything is other than before.
    pub fn is_change(self) -> bool {
        matches!(self, Self::Version(_) | Self::Deleted(Some(_)))
    }
}
