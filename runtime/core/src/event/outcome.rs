//! How things end: a request to a model, a hold, a run.

use serde::{Deserialize, Serialize};

/// Why a model call brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskFailure {
    /// No connection, or it broke before the first byte.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// HTTP 429.
    RateLimited,
    /// HTTP 5xx.
    Server,
    /// HTTP 4xx: the request itself is refused; it is not repeated.
    Refused,
    /// The stream broke off in the middle.
    CutOff,
    /// The answer had neither text nor calls.
    Empty,
    /// The answer was longer than allowed and was stopped.
    TooLong,
    /// The answer is not of the provider's form.
    Malformed,
}

/// How a hold ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldOutcome {
    /// Enough people approved.
    Approved,
    /// Somebody refused.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// The run was cancelled.
    Cancelled,
    /// Somebody changed the arguments: another hold waits in its place.
    Edited,
    /// Somebody wants it done otherwise and said how.
    Revised,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// The agent replied.
    Replied,
    /// A person stopped it.
    Cancelled,
    /// It took as many steps as it may.
    StepLimit,
    /// It worked as long as it may.
    TimeLimit,
    /// It used as many tokens as it may.
    TokenLimit,
    /// A money limit or budget is reached.
    BudgetLimit,
    /// It kept repeating a denied call.
    Stubborn,
    /// No model answered.
    ModelFailed,
    /// Something of ours failed.
    Failed,
}

impl RunOutcome {
    /// The word in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replied => "replied",
            Self::Cancelled => "cancelled",
            Self::StepLimit => "step_limit",
            Self::TimeLimit => "time_limit",
            Self::TokenLimit => "token_limit",
            Self::BudgetLimit => "budget_limit",
            Self::Stubborn => "stubborn",
            Self::ModelFailed => "model_failed",
            Self::Failed => "failed",
        }
    }
}
