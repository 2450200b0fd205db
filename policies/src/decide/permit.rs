//! The permit: the only thing the executor acts on. Made by [`decide`](super::decide) and nowhere else, spent by value.
//!
//! Invariant: nothing outside this module's parent can make one, and nothing can copy one.
//!
//! ```compile_fail,E0451
//! // Its fields are private.
//! fn forge(envelope: steward_core::Envelope, envelope_id: steward_core::EnvelopeId) -> steward_policies::Permit {
//!     steward_policies::Permit { envelope: Box::new(envelope), envelope_id }
//! }
//! ```
//! ```compile_fail,E0624
//! // Its constructor is private.
//! fn forge(proposal: steward_policies::Proposal) -> steward_policies::Permit {
//!     steward_policies::Permit::mint(proposal)
//! }
//! ```
//! ```compile_fail,E0599
//! // It cannot be copied: one permit, one effect.
//! fn twice(permit: steward_policies::Permit) -> (steward_policies::Permit, steward_policies::Permit) {
//!     (permit.clone(), permit)
//! }
//! ```
//! ```compile_fail,E0382
//! // It is spent by value.
//! fn twice(permit: steward_policies::Permit) {
//!     permit.into_envelope();
//!     permit.into_envelope();
//! }
//! ```

use super::Proposal;
use std::fmt;
use steward_core::{Envelope, EnvelopeId};

/// Leave to carry out exactly one proposal, once.
#[must_use = "a permit that is dropped was decided for nothing"]
pub struct Permit {
    // Boxed, for a decision is moved about and mostly something smaller.
    envelope: Box<Envelope>,
    envelope_id: EnvelopeId,
}

impl Permit {
    pub(super) fn mint(proposal: Proposal) -> Self {
        Self { envelope: Box::new(proposal.envelope), envelope_id: proposal.envelope_id }
    }

    /// What may be carried out.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Its name.
    pub const fn envelope_id(&self) -> EnvelopeId {
        self.envelope_id
    }

    /// Spends the permit.
    pub fn into_envelope(self) -> Envelope {
        *self.envelope
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The arguments may be private; a log line needs no more than the name.
        write!(f, "Permit({})", self.envelope_id)
    }
}
