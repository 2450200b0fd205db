//! The one door: a sealed proposal and its facts go in, a [`Permit`] or a refusal comes out.
//!
//! Pure and total. The approvals among the facts must be for this very envelope; whoever collects facts sees to that,
//! and here it is checked that what would run is what the facts describe.

mod permit;

use crate::facts::Facts;
use crate::judge::{Judgement, judge};
use crate::rules::Rules;
pub use permit::Permit;
use steward_core::{BlockClass, Denial, Envelope, EnvelopeId, Needs, Verdict};

/// A sealed call that wants to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What would run.
    pub envelope: Envelope,
    /// Its name.
    pub envelope_id: EnvelopeId,
}

/// What the gate says.
#[derive(Debug)]
#[must_use = "a decision has to be recorded and acted upon"]
pub enum Decision {
    /// Runs now.
    Allow {
        /// Leave to run it, once.
        permit: Permit,
        /// The permits that matched.
        rules: Vec<String>,
        /// Why, for people.
        reason: String,
    },
    /// Waits for people.
    Hold {
        /// The smallest sets of roles still missing.
        needs: Needs,
        /// Forbids that approval would lift, then the permits that would match.
        rules: Vec<String>,
        /// Why it waits, for people.
        reason: String,
        /// What the model is told.
        tell: String,
    },
    /// Does not run, whoever approves.
    Block(Denial),
}

impl Decision {
    /// The verdict alone.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Allow { .. } => Verdict::Allow,
            Self::Hold { .. } => Verdict::Hold,
            Self::Block(_) => Verdict::Block,
        }
    }
}

/// Decides on a proposal.
pub fn decide(rules: &Rules, proposal: Proposal, facts: &Facts) -> Decision {
    if let Some(denial) = broken_seal(&proposal.envelope, facts) {
        return Decision::Block(denial);
    }
    match judge(rules, facts) {
        Judgement::Allow { rules, reason } => Decision::Allow { permit: Permit::mint(proposal), rules, reason },
        Judgement::Hold { needs, rules, reason, tell } => Decision::Hold { needs, rules, reason, tell },
        Judgement::Block(denial) => Decision::Block(denial),
    }
}

/// Why the facts do not speak of this envelope, if so.
fn broken_seal(envelope: &Envelope, facts: &Facts) -> Option<Denial> {
    let refuse =
        |class, reason: String, tell: &str| Some(Denial { class, rules: Vec::new(), reason, tell: tell.to_owned(), retryable: false, allowed_shape: None });
    let differs = [
        ("tool", envelope.tool != facts.tool),
        ("arguments", envelope.arguments != facts.arguments),
        ("agent", envelope.principal.agent != facts.agent),
        ("person", envelope.principal.person != facts.person),
    ];
    if let Some((what, _)) = differs.into_iter().find(|(_, differs)| *differs) {
        return refuse(
            BlockClass::Changed,
            format!("the {what} of what would run is not what was judged"),
            "What would run is not what was judged. It is not allowed.",
        );
    }
    let approved = !facts.approvals.roles.is_empty() || !facts.approvals.people.is_empty();
    if approved && facts.now_ms >= envelope.expires_at_ms {
        return refuse(BlockClass::Expired, "the approval came too late; propose the call again".to_owned(), "The approval came too late. It is not allowed.");
    }
    None
}

#[cfg(test)]
mod tests;
