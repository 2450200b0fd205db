//! The vocabulary every other crate speaks: ids, money, labels, actors, calls, envelopes, events.
//!
//! Nothing here does I/O, is async, or reads the environment; time and chance arrive as [`Clock`] and [`Ids`].

pub mod actor;
pub mod call;
pub mod canonical;
pub mod clock;
pub mod envelope;
pub mod event;
pub mod id;
pub mod kind;
pub mod label;
pub mod limits;
pub mod money;
pub mod permission;
pub mod question;
pub mod room;
pub mod standing;
pub mod tool;
pub mod verdict;

pub use actor::{Actor, ActorKind, AuthMethod, Role, Scope, Workspaces};
pub use call::{CallId, CallUse, Failure, FailureClass, Outcome, ToolCall};
pub use canonical::{Digest, canonical_json, canonical_value, is_deeper};
pub use clock::{Clock, Ids};
pub use envelope::{Circumstances, Envelope, EnvelopeId, EnvelopeKey, Principal, Terms};
pub use event::{Event, Pins, RunOutcome};
pub use id::*;
pub use kind::{HasKind, Kind};
pub use label::{EndorsementRule, Floor, Integrity, Label, Mode, ModeError, Origin, Readers, Source};
pub use limits::{PluginWork, RunLimits};
pub use money::{Currency, Micros, Money, Usage};
pub use permission::Permission;
pub use question::{AnswerError, PutQuestion, Question, QuestionField, QuestionFormat, QuestionInput, QuestionOption, QuestionOutcome};
pub use room::NoRoom;
pub use standing::Standing;
pub use tool::{ArgumentClass, ArgumentRole, Effect, RecordPattern, ToolSpec};
pub use verdict::{ApprovalSet, Approvals, BlockClass, Denial, Needs, Verdict};
