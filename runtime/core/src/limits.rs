//! Named bounds. Every loop, queue, page, body and retry takes its number from here or from configuration.

use crate::money::Micros;
use serde::{Deserialize, Serialize};

/// The longest message a person may send, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The largest JSON body of an ordinary route, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The largest file that becomes a document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How many documents one person may have put into one workspace.
pub const DOCUMENTS_MAX: i64 = 2_000;
/// How large the files of these may be together, in bytes.
pub const DOCUMENTS_BYTES_MAX: i64 = 512 * 1024 * 1024;
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
/// The deepest nesting of what a tool answers: it is written into the journal, and has to be read back from there.
pub const RESULT_DEPTH_MAX: usize = 64;
/// The most calls taken from one answer; those beyond are refused to the model.
pub const CALLS_PER_STEP_MAX: usize = 32;
/// How often an identical denied call is answered before the run stops.
pub const DENIED_REPEATS_MAX: u32 = 3;
/// In how many answers a run may be refused, or fail, in the same way before it stops.
pub const SAME_KIND_STEPS_MAX: usize = 8;
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
/// The most evaluations of all that one proof by enumeration looks at: beyond it, what is left is not proved. It bounds what a set of rules that
/// somebody proposes can keep busy; what ships takes a small part of it.
pub const PROVE_EVALUATIONS_MAX: u64 = 4_000_000;
/// The most evaluations of rules in which one set is compared with another, tried on what is on record and on its cases: beyond it, what is left is
/// not looked at, and the set may not be approved. Two hundred rules and ten thousand decisions take a small part of it.
pub const COMPARE_EVALUATIONS_MAX: u64 = 40_000_000;
/// The most evaluations of rules in which rules are suggested from what people approved: beyond it, the rest of what they approved is not looked at.
pub const SUGGEST_EVALUATIONS_MAX: u64 = 40_000_000;
/// How long a password given in a session proves who is there, in hours.
pub const PROOF_HOURS: i64 = 4;
/// How long after signing in, or after giving the password, one may set up a first second factor or set a secret, in minutes.
pub const FRESH_MINUTES: i64 = 10;
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
    /// What its plugins may take, all calls together. Runs that were begun before there was such a bound have the usual one.
    #[serde(default = "PluginWork::usual")]
    pub plugins: PluginWork,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { steps: 40, seconds: 600, tokens: 1_000_000, cost: Micros(1_000_000), plugins: PluginWork::usual() }
    }
}

/// What the plugins of one run took, all their calls together, or what they may take. Of tools of other servers only those know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PluginWork {
    /// Requests to others, redirects counted.
    pub requests: u32,
    /// Questions to the office and to others, answered or not. The time and a line in the log cost fuel and nothing else.
    pub questions: u32,
    /// Bytes that were sent to others and that came back: addresses, headers and bodies.
    pub egress_bytes: u64,
    /// What was computed: about one for each instruction.
    pub fuel: u64,
}

impl PluginWork {
    /// The bound where nothing is said.
    pub const fn usual() -> Self {
        Self { requests: 100, questions: 5_000, egress_bytes: 32 << 20, fuel: 50_000_000_000 }
    }

    /// Whether it is nothing at all.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The smaller of two, bound by bound.
    #[must_use]
    pub fn least(&self, other: &Self) -> Self {
        Self {
            requests: self.requests.min(other.requests),
            questions: self.questions.min(other.questions),
            egress_bytes: self.egress_bytes.min(other.egress_bytes),
            fuel: self.fuel.min(other.fuel),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            questions: self.questions.saturating_add(other.questions),
            egress_bytes: self.egress_bytes.saturating_add(other.egress_bytes),
            fuel: self.fuel.saturating_add(other.fuel),
        }
    }

    /// What is left when this much is taken out.
    #[must_use]
    pub fn without(&self, taken: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(taken.requests),
            questions: self.questions.saturating_sub(taken.questions),
            egress_bytes: self.egress_bytes.saturating_sub(taken.egress_bytes),
            fuel: self.fuel.saturating_sub(taken.fuel),
        }
    }

    /// An equal part of it for one of so many.
    #[must_use]
    pub fn part(&self, of: u32) -> Self {
        let (of, wide) = (of.max(1), u64::from(of.max(1)));
        Self { requests: self.requests / of, questions: self.questions / of, egress_bytes: self.egress_bytes / wide, fuel: self.fuel / wide }
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
            plugins: self.plugins.least(&other.plugins),
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
            plugins: self.plugins.without(&taken.plugins),
        }
    }

    /// An equal part of it for one of so many.
    #[must_use]
    pub fn part(&self, of: u32) -> Self {
        let of = of.max(1);
        Self {
            steps: self.steps / of,
            seconds: self.seconds / of,
            tokens: self.tokens / u64::from(of),
            cost: Micros(self.cost.0 / i64::from(of)),
            plugins: self.plugins.part(of),
        }
    }

    /// Whether one of the bounds leaves no room at all. A run whose plugins may take nothing more can still answer.
    pub const fn is_used_up(&self) -> bool {
        self.steps == 0 || self.seconds == 0 || self.tokens == 0 || self.cost.0 <= 0
    }
}
