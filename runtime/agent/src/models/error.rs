//! Why a model brought no answer, with what to charge for it and whether to try again.

use steward_core::event::AskFailure;
use steward_core::{HasKind, Kind, Micros, Usage};

/// A question without an answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct AskError {
    /// How it failed.
    pub failure: AskFailure,
    /// One sentence, bounded, without keys.
    pub message: String,
    /// How long the provider asks us to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// What was used all the same.
    pub usage: Usage,
    /// What that costs.
    pub cost: Micros,
    /// Whether the same question may be answered on another try, here or by another model.
    pub retry: bool,
}

impl HasKind for AskError {
    fn kind(&self) -> Kind {
        match self.failure {
            AskFailure::Refused => Kind::Invalid,
            AskFailure::TooLong => Kind::Limit,
            AskFailure::Unreachable
            | AskFailure::Timeout
            | AskFailure::RateLimited
            | AskFailure::Server
            | AskFailure::CutOff
            | AskFailure::Empty
            | AskFailure::Malformed => Kind::Away,
        }
    }
}

/// Whether another try can end better: not when the request itself is refused, nor when the answer outgrew its bound.
pub(super) const fn worth_retrying(failure: AskFailure) -> bool {
    match failure {
        AskFailure::Refused | AskFailure::TooLong => false,
        AskFailure::Unreachable
        | AskFailure::Timeout
        | AskFailure::RateLimited
        | AskFailure::Server
        | AskFailure::CutOff
        | AskFailure::Empty
        | AskFailure::Malformed => true,
    }
}

/// A failure on its way up, before it is charged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// How.
    pub(super) failure: AskFailure,
    /// What to say after the model's name.
    pub(super) message: String,
    /// How long to wait.
    pub(super) retry_after_ms: Option<u64>,
}

impl Fault {
    pub(super) fn new(failure: AskFailure, message: impl Into<String>) -> Self {
        Self { failure, message: message.into(), retry_after_ms: None }
    }
}
