//! Named bounds. Every loop, queue, page, body and retry takes its number from here or from configuration.

use crate::money::Micros;
use serde::{Deserialize, Serialize};

/// The longest message a person may send, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The largest JSON body of an ordinary route, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The largest file that becomes a document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The most documents that go with one message.
pub const ATTACHMENTS_MAX: usize = 10;
/// The largest file an import takes, in bytes.
pub const IMPORT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most rows an import takes.
pub const IMPORT_ROWS_MAX: usize = 200_000;
/// The largest arguments object of one call, in bytes of JSON.
pub const ARGUMENT_BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting of one call's arguments.
pub const ARGUMENT_DEPTH_MAX: usize = 32;
/// The most calls taken from one answer; those beyond are refused to the model.
pub const CALLS_PER_STEP_MAX: usize = 32;
/// How often an identical denied call is answered before the run stops.
pub const DENIED_REPEATS_MAX: u32 = 3;
/// In how many answers a run may be refused, or fail, in the same way before it stops.
pub const SAME_KIND_STEPS_MAX: usize = 8;
/// How many requests to others the tools of one run may make, redirects counted.
pub const RUN_REQUESTS_MAX: u32 = 100;
/// The default and the largest page of a list.
pub const PAGE_DEFAULT: u32 = 50;
/// The largest page of a list.
pub const PAGE_MAX: u32 = 200;
/// How long a run's lease lasts without a heartbeat, in milliseconds.
pub const LEASE_MS: i64 = 15_000;
/// How often a lease is renewed, in milliseconds.
pub const HEARTBEAT_MS: u64 = 5_000;
/// How many schedules a person may have that are still to be due.
pub const SCHEDULES_MAX: i64 = 50;
/// The least time between two moments of one schedule, in minutes.
pub const SCHEDULE_EVERY_MINUTES_MIN: i64 = 15;
/// How far below the run that a person began a sub-run may stand.
pub const SUB_RUN_DEPTH_MAX: usize = 3;
/// How many sub-runs one run may have, those of its sub-runs counted.
pub const SUB_RUNS_MAX: i64 = 8;
/// The longest answer that a sub-run gives back, in bytes; what is beyond is cut off.
pub const SUB_RUN_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long a held action waits for people, in hours.
pub const HOLD_HOURS: i64 = 72;
/// The most that one person without the role for it lets a run go over a budget, at once.
pub const BREAK_GLASS_MICROS_MAX: Micros = Micros(5_000_000);
/// The same within a day.
pub const BREAK_GLASS_DAY_MICROS_MAX: Micros = Micros(20_000_000);
/// For how long such a run may go on, in hours.
pub const BREAK_GLASS_HOURS: i64 = 4;
/// How long a password given in a session proves who is there, in hours.
pub const PROOF_HOURS: i64 = 4;
/// How long a second factor given anew can be used for what it was given for, in minutes.
pub const STEP_UP_MINUTES: i64 = 5;
/// The least that is set aside at once, in millionths of a US dollar: most runs need one reservation.
pub const RESERVATION_LEAST: Micros = Micros(50_000);
/// How long a reservation lives without being settled, in minutes.
pub const RESERVATION_MINUTES: i64 = 15;
/// How many questions a server may ask the person in one call, and one at a time.
pub const QUESTIONS_PER_CALL_MAX: u32 = 3;
/// The most fields of one question.
pub const QUESTION_FIELDS_MAX: usize = 20;
/// The most that one field lets choose from.
pub const QUESTION_OPTIONS_MAX: usize = 100;
/// The largest answer to a question, in bytes of JSON.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024;
/// The most times one step may be asked of a model before the run stops.
pub const ASK_ATTEMPTS_MAX: u32 = 4;

/// The bounds of one run. All of them always apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunLimits {
    /// Model answers.
    pub steps: u32,
    /// Wall time while the run works, waiting for people not counted, in seconds.
    pub seconds: u32,
    /// Model tokens, read and written.
    pub tokens: u64,
    /// Model cost.
    pub cost: Micros,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { steps: 40, seconds: 600, tokens: 1_000_000, cost: Micros(1_000_000) }
    }
}

impl RunLimits {
    /// The smaller of two, bound by bound.
    #[must_use]
    pub fn least(&self, other: &Self) -> Self {
        Self {
            steps: self.steps.min(other.steps),
            seconds: self.seconds.min(other.seconds),
            tokens: self.tokens.min(other.tokens),
            cost: self.cost.min(other.cost),
        }
    }

    /// What is left when this much is taken out.
    #[must_use]
    pub fn without(&self, taken: &Self) -> Self {
        Self {
            steps: self.steps.saturating_sub(taken.steps),
            seconds: self.seconds.saturating_sub(taken.seconds),
            tokens: self.tokens.saturating_sub(taken.tokens),
            cost: Micros(self.cost.0.saturating_sub(taken.cost.0).max(0)),
        }
    }

    /// An equal part of it for one of so many.
    #[must_use]
    pub fn part(&self, of: u32) -> Self {
        let of = of.max(1);
        Self { steps: self.steps / of, seconds: self.seconds / of, tokens: self.tokens / u64::from(of), cost: Micros(self.cost.0 / i64::from(of)) }
    }

    /// Whether one of the bounds leaves no room at all.
    pub const fn is_used_up(&self) -> bool {
        self.steps == 0 || self.seconds == 0 || self.tokens == 0 || self.cost.0 <= 0
    }
}
