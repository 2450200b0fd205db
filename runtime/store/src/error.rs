//! What can go wrong with storage, told apart by what the caller can do about it.

use steward_core::{HasKind, Kind};

/// SQLSTATE of `write_step` when the run has moved on.
const STALE: &str = "STW05";
/// SQLSTATE of `count_calls` when a counter has moved.
const MOVED: &str = "STW12";
/// SQLSTATE of `set_aside` when a budget has no room.
const NO_ROOM: &str = "STW18";

/// SQLSTATE of a disk without room. The rest of its class are other things the server is short of, such as memory and locks.
const DISK_FULL: &str = "53100";

/// SQLSTATEs of a transaction that the server took back whole because others were in its way: a serialisation failure, a deadlock.
const COLLIDED: [&str; 2] = ["40001", "40P01"];

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer.
    #[error("the database does not answer")]
    Away(#[source] sqlx::Error),
    /// A unique constraint or a foreign key stands against it.
    #[error("the record conflicts with another (`{constraint}`)")]
    Conflict {
        /// The constraint's name.
        constraint: String,
    },
    /// A rule inside the database refused it.
    #[error("refused by the database: {message}")]
    Refused {
        /// The SQLSTATE, for example `STW03`.
        code: String,
        /// The database's words.
        message: String,
    },
    /// The row is not there, or not for this actor.
    #[error("no such record")]
    Missing,
    /// Somebody else changed it first.
    #[error("the record was changed meanwhile")]
    Stale,
    /// A counter has moved since the decision that was made on it: judge anew.
    #[error("a counter has moved since it was read")]
    Moved,
    /// A budget has no room for what was to be set aside.
    #[error("a budget has no room")]
    NoRoom,
    /// Two transactions stood in each other's way, and this one was taken back: it can be tried again as it is.
    #[error("another change of the same records came in between; nothing was written, try again")]
    Collided(#[source] sqlx::Error),
    /// The server is short of memory, locks or what else it hands out: it may have some in a moment.
    #[error("the database is short of memory or of something else it needs; nothing was written, try again")]
    Short(#[source] sqlx::Error),
    /// The disk of the database is full.
    #[error("the disk of the database is full; make room and try again, nothing was written")]
    Full(#[source] sqlx::Error),
    /// Anything else: our fault.
    #[error("the database refused a statement")]
    Statement(#[source] sqlx::Error),
    /// A stored value cannot be read back.
    #[error("the stored value of `{what}` cannot be read")]
    Corrupt {
        /// Which value.
        what: &'static str,
    },
    /// Something that belongs to the record and is kept outside the database, a key or a list, cannot be used.
    #[error("what is kept outside the database cannot be used: {0}")]
    Outside(String),
    /// A migration failed.
    #[error("the database could not be brought to this version")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl From<sqlx::Error> for StoreError {
    fn from(err: sqlx::Error) -> Self {
        match &err {
            sqlx::Error::RowNotFound => Self::Missing,
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => Self::Away(err),
            sqlx::Error::Database(db) => {
                let code = db.code().unwrap_or_default().into_owned();
                if db.is_unique_violation() || db.is_foreign_key_violation() {
                    Self::Conflict { constraint: db.constraint().unwrap_or_default().to_owned() }
                } else if code == STALE {
                    Self::Stale
                } else if code == MOVED {
                    Self::Moved
                } else if code == NO_ROOM {
                    Self::NoRoom
                } else if COLLIDED.contains(&code.as_str()) {
                    Self::Collided(err)
                } else if code.starts_with("STW") {
                    Self::Refused { code, message: db.message().to_owned() }
                } else if code == DISK_FULL {
                    Self::Full(err)
                } else if code.starts_with("53") && code != "53300" {
                    Self::Short(err)
                } else if code.starts_with("08") || code.starts_with("57P") || code == "53300" {
                    Self::Away(err)
                } else {
                    Self::Statement(err)
                }
            }
            _ => Self::Statement(err),
        }
    }
}

impl HasKind for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Away(_) => Kind::Away,
            Self::Collided(_) | Self::Short(_) | Self::Full(_) | Self::Outside(_) => Kind::Away,
            Self::Conflict { .. } | Self::Stale | Self::Moved | Self::NoRoom => Kind::Conflict,
            Self::Refused { .. } => Kind::Denied,
            Self::Missing => Kind::Missing,
            Self::Statement(_) | Self::Corrupt { .. } | Self::Migration(_) => Kind::Bug,
        }
    }
}
