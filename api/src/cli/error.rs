//! What a command says when it fails: one or two lines, with what to do.

use crate::config::ConfigError;
use crate::wiring::AssembleError;
use crate::wiring::audit_key::AuditKeyError;
use crate::wiring::data_key::DataKeyError;
use crate::wiring::database::DatabaseError;
use crate::wiring::keys::KeyError;
use crate::wiring::policies::PoliciesError;
use crate::wiring::push_key::PushKeyError;
use crate::wiring::serve::ServeError;
use std::error::Error;
use steward_agent::driver::DriveError;
use steward_core::{HasKind, Kind, RunId};
use steward_evals::EvalError;
use steward_kit::KitError;
use steward_office::OfficeError;
use steward_office::audit::sequence::SequenceError;
use steward_office::audit::verify::VerifyError;
use steward_office::import::ImportError;
use steward_office::people::PeopleError;
use steward_store::StoreError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Said by the command itself.
    #[error("{0}")]
    Said(String),
    /// The person left, twice asked to stop, before the run had.
    #[error("left run {0} as it stands; it goes on when Steward runs")]
    Left(RunId),
    /// A message was taken, and what came of it not seen to its end here.
    #[error("run {run} was not seen to its end; where it has not ended, it goes on when Steward runs")]
    Unseen {
        /// The message's run.
        run: RunId,
        /// What came in between.
        #[source]
        source: Box<CliError>,
    },
    /// Something else than UTF-8 was typed.
    #[error("that line is no text in UTF-8; it was not taken")]
    NotText,
    /// A run could not be driven on.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// There is no envelope key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no key for the audit log.
    #[error(transparent)]
    AuditKey(#[from] AuditKeyError),
    /// There is no key to sign messages to browsers with.
    #[error(transparent)]
    PushKey(#[from] PushKeyError),
    /// There is no key to seal personal details with.
    #[error(transparent)]
    DataKey(#[from] DataKeyError),
    /// The audit log cannot be checked.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The audit log cannot be ordered or written.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// The rules are wrong.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// The parts do not fit together.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// A business function refused.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// A function on people refused.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// A file cannot be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An exam could not be held.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A plugin could not be made, built, tried or packed.
    #[error(transparent)]
    Kit(#[from] KitError),
    /// The server does not listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Standard output cannot be written.
    #[error("the output cannot be written")]
    Output(#[from] std::io::Error),
}

impl CliError {
    /// An error in the command's own words.
    pub fn said(message: impl Into<String>) -> Self {
        Self::Said(message.into())
    }

    /// The same once a message was taken: its run is named. Who left named it themselves, and where nothing can be shown, nothing is said.
    pub fn behind_message(self, run: RunId) -> Self {
        if matches!(self, Self::Left(_) | Self::Output(_)) { self } else { Self::Unseen { run, source: Box::new(self) } }
    }

    /// Whether a talk goes on after it: one message was not taken, or its run was not seen to its end, and the next may be.
    pub fn is_of_one_message(&self) -> bool {
        if let Self::Unseen { source, .. } = self {
            return source.is_of_one_message();
        }
        !matches!(self, Self::Left(_) | Self::Output(_)) && matches!(self.kind(), Kind::Invalid | Kind::Conflict | Kind::Limit | Kind::Away)
    }

    /// Whether the reader of our output just went away, as `head` does: that is no failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(err) if err.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

impl HasKind for CliError {
    fn kind(&self) -> Kind {
        match self {
            Self::Said(_) | Self::NotText => Kind::Invalid,
            Self::Unseen { source, .. } => source.kind(),
            Self::Drive(err) => err.kind(),
            Self::Left(_) => Kind::Conflict,
            Self::Config(err) => err.kind(),
            Self::Database(err) => err.kind(),
            Self::Key(err) => err.kind(),
            Self::AuditKey(err) => err.kind(),
            Self::DataKey(err) => err.kind(),
            Self::PushKey(err) => err.kind(),
            Self::Verify(_) => Kind::Invalid,
            Self::Sequence(err) => err.kind(),
            Self::Policies(err) => err.kind(),
            Self::Assemble(err) => err.kind(),
            Self::Office(err) => err.kind(),
            Self::People(err) => err.kind(),
            Self::Import(err) => err.kind(),
            Self::Store(err) => err.kind(),
            Self::Eval(err) => err.kind(),
            Self::Kit(err) => err.kind(),
            Self::Serve(err) => err.kind(),
            Self::Output(_) => Kind::Away,
        }
    }
}

/// An error with its causes, each once, in one line for each line of the first.
pub fn chain(err: &dyn Error) -> String {
    let mut text = err.to_string();
    let mut next = err.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        // Wrappers that repeat their cause add nothing.
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_talk_goes_on_after_what_one_message_did() {
        assert!(CliError::said("the message is empty").is_of_one_message());
        assert!(CliError::Office(OfficeError::Conflict("somebody was faster".to_owned())).is_of_one_message());
        assert!(!CliError::Office(OfficeError::Denied("not yours".to_owned())).is_of_one_message());
        assert!(!CliError::Store(StoreError::Corrupt { what: "run" }).is_of_one_message());
        assert!(!CliError::Output(std::io::Error::other("the terminal is gone")).is_of_one_message());
        assert!(!CliError::Left(RunId::from_uuid(uuid::Uuid::from_u128(1))).is_of_one_message());
    }

    #[test]
    fn a_run_that_was_not_seen_to_its_end_is_named_and_what_is_broken_ends_the_talk() {
        let run = RunId::from_uuid(uuid::Uuid::from_u128(1));
        let drive = |source: StoreError| CliError::Drive(DriveError::Journal { run, source: source.into() });
        assert!(!drive(StoreError::Corrupt { what: "run_event.body" }).is_of_one_message(), "the next message may be broken in the same way");
        assert!(!drive(StoreError::Corrupt { what: "run_event.body" }).behind_message(run).is_of_one_message());
        let unseen = CliError::said("the server took no answer").behind_message(run);
        assert!(unseen.is_of_one_message());
        let text = chain(&unseen);
        assert!(text.starts_with(&format!("run {run} was not seen to its end")) && text.ends_with("when Steward runs: the server took no answer"), "{text}");
        assert!(matches!(CliError::Left(run).behind_message(run), CliError::Left(_)));
        let closed = CliError::Output(std::io::ErrorKind::BrokenPipe.into()).behind_message(run);
        assert!(closed.is_closed_pipe() && !closed.is_of_one_message());
    }

    #[test]
    fn causes_are_named_once() {
        let inner = std::io::Error::other("disk on fire");
        let err = CliError::Database(DatabaseError::Lock(crate::wiring::lock::LockError::File { path: "/d/steward.lock".into(), source: inner }));
        let text = chain(&err);
        assert_eq!(text.matches("disk on fire").count(), 1, "{text}");
        assert!(text.starts_with("`/d/steward.lock` cannot be locked"), "{text}");
    }
}
