//! Who gets a sandbox: so many calls run at once, and no organisation keeps the others out.
//!
//! A call takes as many slots as its plugin weighs. One organisation has at most half of the slots, whoever else is there; of those who wait and
//! may have theirs, the one whose organisation has fewest goes first, and of equals who came first. Invariant: nobody goes past whose turn it is,
//! or a heavy call would wait for ever; and whose turn it is waits only while too few are free.

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
    weight: usize,
    /// Who waits is given the slot itself, so that it comes back when nobody is there to take it any more.
    give: oneshot::Sender<Slot>,
}

/// What one call takes of the slots, until this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    tenant: TenantId,
    weight: usize,
    of: Slots,
}

/// Who stops waiting may have been the one whose turn it was: then it is the next one's.
struct Served<'a>(&'a Slots);

impl Drop for Served<'_> {
    fn drop(&mut self) {
        self.0.serve();
    }
}

impl Slots {
    pub(crate) fn new(most: usize) -> Self {
        let state = State { free: most, of_one: (most / 2).max(1), held: HashMap::new(), waiting: Vec::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many slots for a call of this organisation, at least one and at most what one organisation may have; it waits for them. Who stops
    /// waiting loses nobody a slot.
    pub(crate) async fn acquire(&self, tenant: TenantId, weight: usize) -> Slot {
        // Declared first, so that it is dropped after what waits.
        let _served = Served(self);
        let (give, given) = oneshot::channel();
        {
            let mut state = self.state();
            let weight = weight.clamp(1, state.of_one);
            state.waiting.push(Waiting { tenant, weight, give });
        }
        self.serve();
        match given.await {
            Ok(slot) => slot,
            // Who would give it is only dropped with the slots themselves, of which this holds some.
            Err(_) => std::future::pending().await,
        }
    }

    /// Gives slots to those whose turn it is, as long as there are enough.
    fn serve(&self) {
        loop {
            let next = self.state().next();
            let Some(Waiting { tenant, weight, give }) = next else { return };
            // Whoever went away in this moment gives it back by dropping it.
            drop(give.send(Slot { tenant, weight, of: self.clone() }));
        }
    }
}

impl State {
    fn held(&self, tenant: TenantId) -> usize {
        self.held.get(&tenant).copied().unwrap_or(0)
    }

    fn may(&self, tenant: TenantId, weight: usize) -> bool {
        self.held(tenant) + weight <= self.of_one
    }

    fn give_back(&mut self, tenant: TenantId, weight: usize) {
        self.free += weight;
        if let Some(held) = self.held.get_mut(&tenant) {
            *held -= weight;
            if *held == 0 {
                self.held.remove(&tenant);
            }
        }
    }

    /// Whose turn it is, taken for them; nobody while too few are free for them.
    fn next(&mut self) -> Option<Waiting> {
        self.waiting.retain(|one| !one.give.is_closed());
        let turns = self.waiting.iter().enumerate().filter(|(_, one)| self.may(one.tenant, one.weight));
        // The first of those that are equal is the one that came first.
        let (at, turn) = turns.min_by_key(|(_, one)| self.held(one.tenant))?;
        if turn.weight > self.free {
            return None;
        }
        let next = self.waiting.remove(at);
        self.free -= next.weight;
        *self.held.entry(next.tenant).or_insert(0) += next.weight;
        Some(next)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.of.state().give_back(self.tenant, self.weight);
        self.of.serve();
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
        weighing(slots, number, 1)
    }

    fn weighing(slots: &Slots, number: u32, weight: usize) -> Option<Slot> {
        now(pin!(slots.acquire(tenant(number), weight)))
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
        let mut gone = Box::pin(slots.acquire(tenant(3), 1));
        let (mut full, mut many) = (pin!(slots.acquire(tenant(2), 1)), pin!(slots.acquire(tenant(1), 1)));
        let (mut few, mut later) = (pin!(slots.acquire(tenant(3), 1)), pin!(slots.acquire(tenant(3), 1)));
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
            let mut waits = pin!(slots.acquire(tenant(2), 1));
            assert!(now(waits.as_mut()).is_none());
            drop(held);
            // It is given, and nobody looks.
            assert!(at_once(&slots, 3).is_none());
        }
        assert!(at_once(&slots, 3).is_some());
    }

    #[test]
    fn a_heavy_call_takes_as_many_as_it_weighs_and_never_more_than_one_organisation_may_have() {
        let slots = Slots::new(8);
        let three = weighing(&slots, 1, 3).expect("slots");
        assert!(weighing(&slots, 1, 2).is_none(), "three and two are more than half");
        let one = at_once(&slots, 1).expect("a slot");
        assert!(at_once(&slots, 1).is_none());
        // Half is the most that anything weighs, so that all can run.
        let others = weighing(&slots, 2, 50).expect("slots");
        assert!(at_once(&slots, 3).is_none(), "all are taken");
        drop(three);
        let third = weighing(&slots, 3, 3).expect("what the three had");
        assert!(at_once(&slots, 4).is_none());
        drop((one, others, third));
        assert!(weighing(&slots, 4, 4).is_some());
    }

    #[test]
    fn nobody_goes_past_a_heavy_call_whose_turn_it_is_and_all_go_on_when_it_goes_away() {
        let slots = Slots::new(8);
        let mut held: Vec<Slot> = [1, 1, 1, 1, 2, 2].into_iter().map(|number| at_once(&slots, number).expect("a slot")).collect();
        let mut heavy = Box::pin(slots.acquire(tenant(3), 3));
        let mut light = pin!(slots.acquire(tenant(4), 1));
        assert!(now(heavy.as_mut()).is_none() && now(light.as_mut()).is_none(), "two are free, and the first of those who have none wants three");
        // One that may not have theirs is nobody's turn.
        assert!(now(pin!(slots.acquire(tenant(1), 1))).is_none());
        drop(held.pop());
        let three = now(heavy.as_mut()).expect("three are free");
        assert!(now(light.as_mut()).is_none());
        drop(three);
        assert!(now(light.as_mut()).is_some());
        let _again = at_once(&slots, 2);
        let _more = at_once(&slots, 3);
        let mut heavy = Box::pin(slots.acquire(tenant(5), 3));
        let mut light = pin!(slots.acquire(tenant(6), 1));
        assert!(now(heavy.as_mut()).is_none() && now(light.as_mut()).is_none());
        drop(heavy);
        assert!(now(light.as_mut()).is_some(), "it waited for nothing but the one that went away");
    }
}
