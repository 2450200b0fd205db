//! A call the model proposes, and what became of it.

use crate::limits::PluginWork;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The place of a call in its run: model step and position in the answer. Shown as `call_3_0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId {
    /// The step whose answer proposed it, from 1.
    pub step: u32,
    /// Its position in that answer, from 0.
    pub index: u16,
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call_{}_{}", self.step, self.index)
    }
}

/// A text that is no call id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a call id of the form `call_3_0`")]
pub struct CallIdError;

impl FromStr for CallId {
    type Err = CallIdError;
    fn from_str(text: &str) -> Result<Self, CallIdError> {
        let (step, index) = text.strip_prefix("call_").and_then(|rest| rest.split_once('_')).ok_or(CallIdError)?;
        Ok(Self { step: step.parse().map_err(|_| CallIdError)?, index: index.parse().map_err(|_| CallIdError)? })
    }
}

impl Serialize for CallId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CallId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A call as the model proposed it. Nothing about it is trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Our id.
    pub call_id: CallId,
    /// The provider's id, sent back with the result.
    pub provider_id: String,
    /// The name the model used.
    pub tool: String,
    /// The arguments, or null when they were not JSON.
    pub arguments: serde_json::Value,
    /// Why the arguments could not be read, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// Where each argument came from, for whoever watches: leaves with their labels, as when the model answered. The gate finds out anew.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub provenance: serde_json::Value,
}

/// What kind of failure a call ended in. The model sees the class and can tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The tool refuses the arguments; other arguments may work.
    InvalidArguments,
    /// The tool found nothing of that name.
    NotFound,
    /// Refused by policy, by a person, or for lack of a right.
    Denied,
    /// Something behind the tool does not answer; a later try may work.
    Unavailable,
    /// The tool took longer than it may.
    Timeout,
    /// The tool computed more than it may.
    Fuel,
    /// The tool wanted more memory than it may have.
    Memory,
    /// The tool recursed too deep.
    StackOverflow,
    /// The tool crashed.
    Trap,
    /// The tool answered more than it may.
    OutputTooLarge,
    /// The tool's answer is not what its schema says.
    BadOutput,
    /// The plugins of the run have taken together what they may; no other call of this kind works in it.
    RunLimit,
    /// Whether the effect happened is not known; a person looks into it.
    Unknown,
    /// Any other failure the tool reports.
    Failed,
}

/// A failure as a value: for the model, the record and the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind.
    pub class: FailureClass,
    /// One sentence, bounded, nothing secret.
    pub message: String,
    /// Whether the same call may work later.
    pub retryable: bool,
}

/// What a call took, beside fuel and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallUse {
    /// The most memory its sandbox held, in bytes.
    pub memory_bytes: u64,
    /// The deepest its stack was when it asked its host, when its memory grew and at each tick, in bytes; the bound itself where it was ended for its depth.
    /// A sample: in between it may have been deeper, within that bound.
    pub stack_bytes: u64,
    /// How often it asked its host for something: records, the time, a line in the log, a request.
    pub host_calls: u32,
    /// Of these, how often it asked the office or others.
    pub questions: u32,
    /// Requests that were sent to others, redirects counted.
    pub requests: u32,
    /// Requests that were refused: to nobody its manifest names, or one too many.
    pub refused: u32,
    /// Bytes that were sent: addresses (path and query), names and values of headers but not the operator's secret, and bodies.
    pub sent_bytes: u64,
    /// Bytes that came back: names and values of headers, and bodies, whether they were taken or not.
    pub received_bytes: u64,
    /// Bytes of its answer: the result and the line for people, whether they were taken or not.
    pub output_bytes: u64,
    /// The most elements its tables held, all together.
    pub table_elements: u64,
    /// Lines for the log that were cut, or left out.
    pub logs_cut: u32,
}

impl CallUse {
    /// Whether nothing was taken: no sandbox ran.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What of it counts for the run, with the fuel that the call used.
    pub const fn work(&self, fuel: u64) -> PluginWork {
        PluginWork { requests: self.requests, questions: self.questions, egress_bytes: self.sent_bytes.saturating_add(self.received_bytes), fuel }
    }
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It answered; the result matches its schema.
    Ok {
        /// The result.
        result: serde_json::Value,
        /// One line for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<String>,
    },
    /// It failed, or was not allowed.
    Failed {
        /// How.
        failure: Failure,
    },
}

impl Outcome {
    /// A failure of this class.
    pub fn failed(class: FailureClass, message: impl Into<String>) -> Self {
        let retryable = matches!(class, FailureClass::Unavailable | FailureClass::Timeout);
        Self::Failed { failure: Failure { class, message: message.into(), retryable } }
    }
}
