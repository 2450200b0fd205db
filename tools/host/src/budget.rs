//! What the plugins of one run may still take, all their calls together. Calls that run side by side count here as they go, so together they
//! take no more than there is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steward_core::PluginWork;

/// What is left of a run's bounds on its plugins. Clones count together.
#[derive(Debug, Clone)]
pub struct RunBudget(Arc<Mutex<PluginWork>>);

/// Why nothing more is computed, asked or sent in a run. The words are for the plugin and the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RunSpent {
    #[error("the plugins of this run have computed together what they may; go on without them")]
    Fuel,
    #[error("the plugins of this run have asked together as often as they may; go on without them")]
    Questions,
    #[error("the plugins of this run have made together as many requests to others as they may; go on without asking others")]
    Requests,
    #[error("the plugins of this run have exchanged with others together as many bytes as they may; go on without asking others")]
    EgressBytes,
}

impl RunBudget {
    /// A run of which so much is left.
    pub fn of(left: PluginWork) -> Self {
        Self(Arc::new(Mutex::new(left)))
    }

    fn left(&self) -> MutexGuard<'_, PluginWork> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request that is about to be made, and the bytes that it sends: both or neither. Who may send so much and hear nothing of it may as
    /// well not send it.
    pub(crate) fn take_request(&self, bytes: u64) -> Result<(), RunSpent> {
        let mut left = self.left();
        let requests = left.requests.checked_sub(1).ok_or(RunSpent::Requests)?;
        let egress_bytes = left.egress_bytes.checked_sub(bytes).filter(|left| *left > 0).ok_or(RunSpent::EgressBytes)?;
        (left.requests, left.egress_bytes) = (requests, egress_bytes);
        Ok(())
    }

    pub(crate) fn take_question(&self) -> Result<(), RunSpent> {
        let mut left = self.left();
        left.questions = left.questions.checked_sub(1).ok_or(RunSpent::Questions)?;
        Ok(())
    }

    /// Takes what has come: it counts also where it was more than was left.
    pub(crate) fn take_received(&self, bytes: u64) -> Result<(), RunSpent> {
        let mut left = self.left();
        let rest = left.egress_bytes.checked_sub(bytes);
        left.egress_bytes = rest.unwrap_or(0);
        rest.map(|_| ()).ok_or(RunSpent::EgressBytes)
    }

    /// Takes fuel for a call, at most as much as its plugin may use; what it does not use is given back.
    pub(crate) fn take_fuel(&self, most: u64) -> Result<u64, RunSpent> {
        let mut left = self.left();
        let taken = most.min(left.fuel);
        left.fuel -= taken;
        if taken == 0 { Err(RunSpent::Fuel) } else { Ok(taken) }
    }

    pub(crate) fn give_fuel(&self, unused: u64) {
        let mut left = self.left();
        left.fuel = left.fuel.saturating_add(unused);
    }
}

impl Default for RunBudget {
    fn default() -> Self {
        Self::of(PluginWork::usual())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_is_refused_by_name_and_what_was_not_used_comes_back() {
        let budget = RunBudget::of(PluginWork { requests: 2, questions: 2, egress_bytes: 100, fuel: 50 });
        let together = budget.clone();
        assert_eq!((budget.take_question(), together.take_question(), budget.take_question()), (Ok(()), Ok(()), Err(RunSpent::Questions)));
        assert_eq!((budget.take_fuel(40), together.take_fuel(40), budget.take_fuel(1)), (Ok(40), Ok(10), Err(RunSpent::Fuel)));
        together.give_fuel(5);
        assert_eq!(budget.take_fuel(40), Ok(5));
        // A request that may not send its bytes is not made, and there for the next.
        assert_eq!((budget.take_request(100), together.take_request(60)), (Err(RunSpent::EgressBytes), Ok(())), "an answer needs room, too");
        assert_eq!((budget.take_request(0), together.take_request(0)), (Ok(()), Err(RunSpent::Requests)));
        assert_eq!((together.take_received(30), together.take_received(30)), (Ok(()), Err(RunSpent::EgressBytes)));
        assert_eq!(budget.take_received(0), Ok(()), "nothing is left, and nothing came");
        let left = RunBudget::of(PluginWork { egress_bytes: 0, ..PluginWork::usual() });
        assert_eq!((left.take_received(0), left.take_request(0)), (Ok(()), Err(RunSpent::EgressBytes)));
    }
}
