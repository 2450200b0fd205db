//! What a run has from others: from the run it goes on from, and from whoever wrote what it is about.

use crate::call::CallId;
use crate::canonical::Digest;
use crate::id::{RunId, ScheduleId};
use crate::label::{Integrity, Readers, Source};
use crate::limits::PluginWork;
use crate::money::Micros;
use crate::verdict::Needs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a run had used up to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Used {
    /// Tokens, in and out.
    pub tokens: u64,
    /// Model cost.
    pub cost: Micros,
    /// Time spent working, in milliseconds.
    pub worked_ms: i64,
    /// Model answers of its sub-runs; its own are known by their numbers.
    #[serde(default, skip_serializing_if = "is_none_of_it")]
    pub below_steps: u32,
    /// What its plugins took, and those of its sub-runs.
    #[serde(default, skip_serializing_if = "PluginWork::is_nothing")]
    pub plugins: PluginWork,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none_of_it(count: &u32) -> bool {
    *count == 0
}

/// What became of a call in the run that another one goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It waits there for people, or was begun and nobody knows how it ended.
    Open,
    /// It was carried out there.
    Done,
    /// A person refused it there.
    Denied,
}

/// A call that the other run wanted at or after the step where one goes on from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaterCall {
    /// Digest of tool and arguments.
    pub call_digest: Digest,
    /// What became of it.
    pub fate: Fate,
    /// Which approvals it needed; nobody's when it needed none.
    #[serde(default)]
    pub needs: Needs,
}

/// Who wrote what a run is about, where it is not what the person it acts for says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum GivenBy {
    /// An agent in a run before, to be said now.
    Schedule {
        /// Which schedule.
        schedule_id: ScheduleId,
    },
    /// An agent in the run that this one serves.
    Run {
        /// Which run.
        run_id: RunId,
        /// The call there.
        call_id: CallId,
    },
}

/// What a run is about, where it is not what the person it acts for says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The text.
    pub text: String,
    /// The lowest integrity of what it was written from; never that of the person's own words.
    pub integrity: Integrity,
    /// Who may read all that it was written from.
    pub readers: Readers,
    /// Where it came from, as far as the run that wrote it could tell.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sources: BTreeSet<Source>,
    /// Whether whoever wrote it had text from outside at hand, shown or behind handles: then that may have asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exposed: bool,
    /// Who wrote it.
    pub by: GivenBy,
}
