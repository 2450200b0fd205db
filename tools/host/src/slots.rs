//! Who gets a sandbox: so many calls run at once, and no organisation keeps the others out.
//!
//! One organisation has at most half of the slots, whoever else is there; of those who wait, the one that has fewest goes first, and of one
//! organisation who came first. Invariant: while a slot is free, nobody waits who may have it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steward_core::TenantId;
use tokio::sync::oneshot;

/// The slots of one host. Clones are the same slots.
#[derive(Debug, Clone)]
pub(crate) struct Slots(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    /// How many one organisation may have.
    of_one: usize,
    held: HashMap<TenantId, usize>,
    /// In the order in which they came.
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    tenant: TenantId,
    /// Who waits is given the slot itself, so that it comes back when nobody is there to take it any more.
    give: oneshot::Sender<Slot>,
}

/// A slot that is taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    tenant: TenantId,
    of: Slots,
}

impl Slots {
    pub(crate) fn new(most: usize) -> Self {
        let state = State { free: most, of_one: (most / 2).max(1), held: HashMap::new(), waiting: Vec::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a call of this organisation; it waits for one. Who stops waiting loses nobody a slot.
    pub(crate) async fn acquire(&self, tenant: TenantId) -> Slot {
        let (give, given) = oneshot::channel();
        {
            let mut state = self.state();
            if state.free > 0 && state.may(tenant) {
                state.take(tenant);
                return Slot { tenant, of: self.clone() };
            }
            state.waiting.push(Waiting { tenant, give });
        }
        match given.await {
            Ok(slot) => slot,
            // Who would give it is only dropped with the slots themselves, of which this holds some.
            Err(_) => std::future::pending().await,
        }
    }
}

impl State {
    fn held(&self, tenant: TenantId) -> usize {
        self.held.get(&tenant).copied().unwrap_or(0)
    }

    fn may(&self, tenant: TenantId) -> bool {
        self.held(tenant) < self.of_one
    }

    fn take(&mut self, tenant: TenantId) {
        self.free -= 1;
        *self.held.entry(tenant).or_insert(0) += 1;
    }

    /// Takes a slot back, and gives it to whose turn it is.
    fn give_back(&mut self, tenant: TenantId) -> Option<Waiting> {
        self.free += 1;
        if let Some(held) = self.held.get_mut(&tenant) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&tenant);
            }
        }
        self.waiting.retain(|one| !one.give.is_closed());
        let turns = self.waiting.iter().enumerate().filter(|(_, one)| self.may(one.tenant));
        // The first of those that are equal is the one that came first.
        let (at, _) = turns.min_by_key(|(_, one)| self.held(one.tenant))?;
        let next = self.waiting.remove(at);
        self.take(next.tenant);
        Some(next)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let next = self.of.state().give_back(self.tenant);
        if let Some(Waiting { tenant, give }) = next {
            // Whoever went away in this moment gives it back by dropping it.
            drop(give.send(Slot { tenant, of: self.of.clone() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    fn tenant(number: u32) -> TenantId {
        format!("org_{number:026}").parse().expect("an id")
    }

    fn now(acquired: Pin<&mut impl Future<Output = Slot>>) -> Option<Slot> {
        match acquired.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(slot) => Some(slot),
            Poll::Pending => None,
        }
    }

    fn at_once(slots: &Slots, number: u32) -> Option<Slot> {
        now(pin!(slots.acquire(tenant(number))))
    }

    #[test]
    fn one_organisation_has_at_most_half_and_the_rest_is_there_for_others() {
        let slots = Slots::new(4);
        let (one, _two) = (at_once(&slots, 1).expect("a slot"), at_once(&slots, 1).expect("a slot"));
        assert!(at_once(&slots, 1).is_none(), "half is the most");
        let _others = (at_once(&slots, 2).expect("a slot"), at_once(&slots, 3).expect("a slot"));
        assert!(at_once(&slots, 4).is_none(), "all are taken");
        drop(one);
        let again = at_once(&slots, 1);
        assert!(again.is_some() && at_once(&slots, 4).is_none());
        // Where there is one slot, it is anybody's.
        let single = Slots::new(1);
        let only = at_once(&single, 1);
        assert!(only.is_some() && at_once(&single, 2).is_none());
        drop(only);
        assert!(at_once(&single, 2).is_some());
    }

    #[test]
    fn of_those_who_wait_who_has_fewest_goes_first_and_who_went_away_is_passed_over() {
        let slots = Slots::new(6);
        let mut held: Vec<Slot> = [1, 1, 2, 2, 2, 3].into_iter().map(|number| at_once(&slots, number).expect("a slot")).collect();
        let mut gone = Box::pin(slots.acquire(tenant(3)));
        let (mut full, mut many) = (pin!(slots.acquire(tenant(2))), pin!(slots.acquire(tenant(1))));
        let (mut few, mut later) = (pin!(slots.acquire(tenant(3))), pin!(slots.acquire(tenant(3))));
        assert!(now(gone.as_mut()).is_none() && now(full.as_mut()).is_none() && now(many.as_mut()).is_none());
        assert!(now(few.as_mut()).is_none() && now(later.as_mut()).is_none());
        drop(gone);
        // One of the second's: it has two now and the first as many, the third has one.
        drop(held.remove(2));
        let third = now(few.as_mut());
        assert!(third.is_some() && now(full.as_mut()).is_none() && now(many.as_mut()).is_none() && now(later.as_mut()).is_none());
        // All have two: who came first.
        drop(held.remove(4));
        assert!(now(later.as_mut()).is_some(), "the third has one again, and so goes before both");
    }

    #[test]
    fn a_slot_that_is_given_to_who_went_away_comes_back() {
        let slots = Slots::new(1);
        let held = at_once(&slots, 1).expect("a slot");
        {
            let mut waits = pin!(slots.acquire(tenant(2)));
            assert!(now(waits.as_mut()).is_none());
            drop(held);
            // It is given, and nobody looks.
            assert!(at_once(&slots, 3).is_none());
        }
        assert!(at_once(&slots, 3).is_some());
    }
}
