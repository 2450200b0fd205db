//! How things end: a request to a model, a hold, a run.

use crate::room::NoRoom;
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
    /// What is stored of it was changed past us. The decision that follows names what, and nothing is carried out.
    Changed,
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

/// Why a run ended without a reply, as a code for readers of other languages. An outcome that says it all has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// No model of the agent's is configured.
    ModelMissing,
    /// No model answered in as many tries as there are.
    ModelTries,
    /// The model could not be reached.
    ModelUnreachable,
    /// The model did not answer in time.
    ModelTimeout,
    /// The model's provider takes no more questions for now.
    ModelRateLimited,
    /// The model's provider has a fault.
    ModelServer,
    /// The model's provider refused the question.
    ModelRefused,
    /// The model's answer broke off.
    ModelCutOff,
    /// The model's answer was empty.
    ModelEmpty,
    /// The model's answer was longer than it may be.
    ModelTooLong,
    /// The model's answer was not of its provider's form.
    ModelMalformed,
    /// It kept repeating an action that was denied.
    DeniedAgain,
    /// Calls of one tool ended in the same way too often.
    SameEnd,
    /// A budget has no room, and there is nobody to ask.
    Budget,
    /// The run cost as much as it may, and there is nobody to ask.
    Run,
    /// The time is over for which a person let the run cost more, and there is nobody to ask.
    RunOver,
    /// A person did not let it go on beyond its budgets.
    MoneyRefused,
    /// Nobody let it go on beyond its budgets in time.
    MoneyUnanswered,
    /// The agent is no longer configured, or its prompt is not what it was.
    AgentGone,
    /// The agent is watched in another way than when the run began.
    ModeChanged,
    /// A record of ours could not be written.
    RecordUnwritten,
    /// The run's own records contradict each other.
    RecordsContradict,
    /// It was taken up too often without coming to an end.
    TakenUpTooOften,
    /// A counter of the rules moved on each time the run was judged.
    CounterMoved,
    /// The person it acts for was shut out, or is no longer let into its workspace.
    PersonGone,
}

impl From<AskFailure> for EndReason {
    fn from(failure: AskFailure) -> Self {
        match failure {
            AskFailure::Unreachable => Self::ModelUnreachable,
            AskFailure::Timeout => Self::ModelTimeout,
            AskFailure::RateLimited => Self::ModelRateLimited,
            AskFailure::Server => Self::ModelServer,
            AskFailure::Refused => Self::ModelRefused,
            AskFailure::CutOff => Self::ModelCutOff,
            AskFailure::Empty => Self::ModelEmpty,
            AskFailure::TooLong => Self::ModelTooLong,
            AskFailure::Malformed => Self::ModelMalformed,
        }
    }
}

impl From<NoRoom> for EndReason {
    fn from(limit: NoRoom) -> Self {
        match limit {
            NoRoom::Budget => Self::Budget,
            NoRoom::Run => Self::Run,
            NoRoom::RunOver => Self::RunOver,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;

    #[test]
    fn an_end_without_a_code_is_read_and_one_with_a_code_keeps_it() {
        let old = r#"{"kind":"ended","outcome":"failed","message":"m"}"#;
        let event: Event = serde_json::from_str(old).expect("an end");
        assert_eq!(event, Event::Ended { outcome: RunOutcome::Failed, reason: None, message: "m".to_owned() });
        assert_eq!(serde_json::to_string(&event).expect("JSON"), old, "nothing is written where there is nothing");
        let new = r#"{"kind":"ended","outcome":"model_failed","reason":"model_cut_off","message":"m"}"#;
        let event: Event = serde_json::from_str(new).expect("an end");
        assert_eq!(event, Event::Ended { outcome: RunOutcome::ModelFailed, reason: Some(AskFailure::CutOff.into()), message: "m".to_owned() });
        assert_eq!(serde_json::to_string(&event).expect("JSON"), new);
    }
}
