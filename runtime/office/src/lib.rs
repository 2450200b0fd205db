//! The business: people, contacts, conversations, holds, audit, budgets. Rules live here, SQL lives in the store.
//!
//! Nothing here speaks HTTP, asks a model or knows of wasm. Every change is audited in its own transaction.

pub mod actions;
pub mod audit;
pub mod budgets;
pub mod changes;
pub mod conversations;
pub mod crm;
pub mod documents;
mod error;
pub mod grants;
pub mod holds;
pub mod import;
pub mod kept;
pub mod notices;
pub mod people;
pub mod policies;
pub mod progress;
pub mod questions;
pub mod rewrap;
pub mod runs;
pub mod schedules;
pub mod secrets;
pub mod sub_runs;
pub mod usage;

pub use error::OfficeError;

use steward_core::{Clock, EnvelopeKey, Ids};

/// Time, chance and the audit writer: what business functions need besides a transaction.
#[derive(Debug, Clone)]
pub struct Office {
    /// The time.
    pub clock: Clock,
    /// New ids.
    pub ids: Ids,
    /// Numbers the audit entries of this process.
    pub audit: audit::Writer,
    /// Seals personal details of audit entries.
    pub personal: audit::personal::Personal,
    /// The HTTP request on whose behalf things happen, written into audit entries that name none themselves.
    pub request_id: Option<String>,
    /// Seals held actions and what people say of them; without it nothing can be approved.
    pub key: Option<EnvelopeKey>,
    /// Whether everybody has to have a second factor.
    pub requires_second_factor: bool,
}

impl Office {
    /// An office with a fresh audit writer. What it seals can be opened as long as it lives: an installation brings its own key.
    pub fn new(clock: Clock, ids: Ids) -> Self {
        let audit = audit::Writer::new(&ids);
        Self { clock, ids, audit, personal: audit::personal::Personal::passing(), request_id: None, key: None, requires_second_factor: false }
    }

    /// The same office, sealing with the installation's key.
    #[must_use]
    pub fn sealing(self, personal: audit::personal::Personal) -> Self {
        Self { personal, ..self }
    }

    /// The same office with the key that seals approvals.
    #[must_use]
    pub fn with_key(self, key: EnvelopeKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The same office, which asks everybody for a second factor, or only those who have one.
    #[must_use]
    pub fn requiring_second_factor(self, requires_second_factor: bool) -> Self {
        Self { requires_second_factor, ..self }
    }

    /// The same office, acting for one HTTP request.
    #[must_use]
    pub fn for_request(&self, request_id: impl Into<String>) -> Self {
        Self { request_id: Some(request_id.into()), ..self.clone() }
    }
}
