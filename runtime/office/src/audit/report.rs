//! What a check of an audit log found: each problem says what is wrong and where. Entries are counted from 0, as in the tree.

use steward_core::{DecisionId, Digest};
use uuid::Uuid;

/// The most problems told one by one.
pub(super) const PROBLEMS_MAX: usize = 100;

/// Something that is not as it was signed or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes of an entry are not those that were hashed.
    #[error("entry {index} was changed: its bytes do not have the hash in the tree")]
    Changed {
        /// Its place.
        index: u64,
    },
    /// A column says something else than the bytes.
    #[error("entry {index} was changed: its column `{column}` says something else than its bytes")]
    Column {
        /// Its place.
        index: u64,
        /// Which column.
        column: &'static str,
    },
    /// An entry is gone.
    #[error("entry {index} was removed")]
    Removed {
        /// Its place.
        index: u64,
    },
    /// An entry has a place that no sequencer gave it.
    #[error("an entry stands at place {index}, beyond the end of the log of {size}")]
    Beyond {
        /// That place.
        index: u64,
        /// How long the log is.
        size: u64,
    },
    /// The log is shorter than what was signed.
    #[error("the log is cut off: entries {from} to {last} are missing of the {signed} that were signed", last = signed - 1)]
    CutOff {
        /// The first missing one.
        from: u64,
        /// The signed size.
        signed: u64,
    },
    /// A file of entries cannot be taken apart.
    #[error("the entries from {index} on cannot be read: the file has another form")]
    Form {
        /// The first place.
        index: u64,
    },
    /// An entry is not one of ours.
    #[error("entry {index} is not an audit entry of this organisation")]
    Foreign {
        /// Its place.
        index: u64,
    },
    /// A tile is not the one of the tree.
    #[error("tile {number} of level {level} does not belong to the tree")]
    Tile {
        /// Its level.
        level: u8,
        /// Its number.
        number: u64,
    },
    /// The tree is not what was signed.
    #[error("the entries {good} to {last} are not those that were signed: the tree of {size} has the root {found} and not {signed}", last = size - 1)]
    Root {
        /// The signed size.
        size: u64,
        /// The size up to which everything is as it was signed.
        good: u64,
        /// The root of these entries.
        found: Digest,
        /// The signed root.
        signed: Digest,
    },
    /// A checkpoint that is none.
    #[error("the checkpoint `{name}` does not count: {why}")]
    Checkpoint {
        /// Where it lies.
        name: String,
        /// Why.
        why: String,
    },
    /// Two signed roots for one size.
    #[error("the log was shown in two forms: there are two signed checkpoints of {size} entries with different roots (`{one}` and `{other}`)")]
    Split {
        /// Their size.
        size: u64,
        /// Where the first lies.
        one: String,
        /// Where the second lies.
        other: String,
    },
    /// A writer's number is missing.
    #[error("an entry is missing that never came into the tree: writer {writer} has no number {missing}, but later ones from entry {index} on")]
    Gap {
        /// Which writer.
        writer: Uuid,
        /// The missing number.
        missing: i64,
        /// The first entry after the gap.
        index: u64,
    },
    /// A writer's number stands twice.
    #[error("entry {index} has the number {seq} of writer {writer}, which another entry has already")]
    Repeat {
        /// Its place.
        index: u64,
        /// Which writer.
        writer: Uuid,
        /// The number.
        seq: i64,
    },
    /// A row that an entry speaks of is not the one it spoke of.
    #[error("{what} was {how}: it is not what entry {index} says of it")]
    Bound {
        /// The entry.
        index: u64,
        /// The row, by name and id.
        what: String,
        /// changed or removed.
        how: &'static str,
    },
    /// A verdict that was put in past the log.
    #[error("the decision `{decision}` was put in: no entry speaks of it")]
    Unrecorded {
        /// Its id.
        decision: DecisionId,
    },
}

/// A call that was started and of which no outcome is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The entry of its start.
    pub index: u64,
    /// Run and call, `run_…/call_…`.
    pub call: String,
}

/// A call that a run of its own serves, which is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOn {
    /// The entry of its start.
    pub index: u64,
    /// Run and call, `run_…/call_…`.
    pub call: String,
    /// The run that serves it.
    pub run: String,
}

/// The result of a check.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Entries looked at.
    pub entries: u64,
    /// Signed checkpoints compared.
    pub checkpoints: usize,
    /// Writers whose numbers were counted.
    pub writers: usize,
    /// Entries that wait for their place; only a check of the database knows.
    pub waiting: u64,
    /// The root of all entries looked at.
    pub root: Option<Digest>,
    /// Calls without an outcome, in the order in which they were started. One that is under way is among them; one that waits for a run of its
    /// own is not.
    pub attempts: Vec<Attempt>,
    /// Calls that wait for a run of their own, in the order in which they were started: nothing is amiss with them.
    pub handed_on: Vec<HandedOn>,
    /// What is wrong, in the order in which it was found, at most a hundred.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl Report {
    /// Whether everything is as it was signed and written.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.more += 1;
        }
    }
}
