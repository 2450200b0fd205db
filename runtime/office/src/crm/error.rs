//! Why a contact, company, deal or note was not written or found.

use steward_core::{CompanyId, ContactId, DealId, HasKind, Integrity, Kind, WorkspaceId};
use steward_store::StoreError;

/// A failure of the business with contacts.
#[derive(Debug, thiserror::Error)]
pub enum CrmError {
    /// A field cannot be stored as it is.
    #[error("`{field}` {problem}")]
    Field {
        /// Which field, for example `emails[1]`.
        field: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A change would undo what others did to a record, and is refused in words that stand there.
    #[error("`{field}` {problem}")]
    Undoes {
        /// Which field.
        field: String,
        /// What it would undo and what to do.
        problem: String,
        /// The id of the record.
        record: String,
        /// Lowest integrity of the texts that it was written from.
        integrity: Integrity,
    },
    /// There is no such contact here.
    #[error("there is no contact `{0}` here")]
    NoContact(ContactId),
    /// There is no such company here.
    #[error("there is no company `{0}` here")]
    NoCompany(CompanyId),
    /// There is no such deal here.
    #[error("there is no deal `{0}` here")]
    NoDeal(DealId),
    /// There is no such workspace here.
    #[error("there is no workspace `{0}` here")]
    NoWorkspace(WorkspaceId),
    /// Another contact of the workspace has this address.
    #[error("contact `{contact}` already has the address `{address}`; change that one instead")]
    AddressTaken {
        /// The address.
        address: String,
        /// Whose it is.
        contact: ContactId,
    },
    /// It was merged into another contact, and stays as it was.
    #[error("contact `{contact}` was merged into `{into}`; use that one")]
    Merged {
        /// Which record.
        contact: ContactId,
        /// Which one stands for it.
        into: ContactId,
    },
    /// It was merged into another company, and stays as it was.
    #[error("company `{company}` was merged into `{into}`; use that one")]
    CompanyMerged {
        /// Which entry.
        company: CompanyId,
        /// Which one stands for it.
        into: CompanyId,
    },
    /// Another company of the workspace has this name.
    #[error("company `{company}` already has the name `{name}`; use that one")]
    NameTaken {
        /// The name.
        name: String,
        /// Whose it is.
        company: CompanyId,
    },
    /// Somebody changed it since it was read.
    #[error("`{object}` is at version {now}, not {given}; read it again and repeat the change")]
    Stale {
        /// Which record.
        object: String,
        /// The version the change was made for.
        given: i32,
        /// The version there is.
        now: i32,
    },
    /// The idempotency key was used for another request.
    #[error("the key `{key}` was already used for another request; use a new key")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CrmError {
    pub(super) fn field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Field { field: field.into(), problem: problem.into() }
    }
}

impl HasKind for CrmError {
    fn kind(&self) -> Kind {
        match self {
            Self::Field { .. } | Self::Undoes { .. } => Kind::Invalid,
            Self::NoContact(_) | Self::NoCompany(_) | Self::NoDeal(_) | Self::NoWorkspace(_) => Kind::Missing,
            Self::AddressTaken { .. }
            | Self::Merged { .. }
            | Self::CompanyMerged { .. }
            | Self::NameTaken { .. }
            | Self::Stale { .. }
            | Self::KeyReused { .. } => Kind::Conflict,
            Self::Store(err) => err.kind(),
        }
    }
}
