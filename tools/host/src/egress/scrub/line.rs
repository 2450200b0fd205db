//! Places for what takes long, given to those who wait: one organisation after another, and of one organisation who came first.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steward_core::TenantId;
use tokio::sync::oneshot;

/// So many places, and who waits for them. Clones are the same line.
#[derive(Clone)]
pub(super) struct Line(Arc<Mutex<State>>);

struct State {
    free: usize,
    /// How many of one organisation may wait.
    waiting_max: usize,
    /// In the order of their turns. Invariant: of each organisation in it somebody waits, and it is in it once.
    waiting: VecDeque<(TenantId, VecDeque<oneshot::Sender<Place>>)>,
}

/// By hand: who waits is nobody's matter.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

/// A place, until this is dropped.
#[derive(Debug)]
pub(super) struct Place(Line);

impl Line {
    pub(super) fn new(places: usize, waiting_max: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: places, waiting_max, waiting: VecDeque::new() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for something of this organisation's, when its turn comes; none at once where too many of its own wait. Who stops waiting
    /// loses nobody a place.
    pub(super) async fn acquire(&self, tenant: TenantId) -> Option<Place> {
        let most = self.state().waiting_max;
        self.stand(tenant, most).await
    }

    /// The same, however many of its own wait.
    pub(super) async fn acquire_unbounded(&self, tenant: TenantId) -> Option<Place> {
        self.stand(tenant, usize::MAX).await
    }

    async fn stand(&self, tenant: TenantId, most: usize) -> Option<Place> {
        let (give, given) = oneshot::channel();
        let may_wait = self.state().join(tenant, give, most);
        if !may_wait {
            return None;
        }
        self.serve();
        given.await.ok()
    }

    /// Gives places to those whose turn it is, as long as there are any.
    fn serve(&self) {
        loop {
            let next = self.state().next();
            let Some(give) = next else { return };
            // Whoever went away in this moment gives it back by dropping it.
            drop(give.send(Place(self.clone())));
        }
    }
}

impl State {
    /// Whether this organisation may have one more that waits beside fewer than `most`, who does then.
    fn join(&mut self, tenant: TenantId, give: oneshot::Sender<Place>, most: usize) -> bool {
        self.forget_gone();
        match self.waiting.iter_mut().find(|(other, _)| *other == tenant) {
            None => self.waiting.push_back((tenant, [give].into())),
            Some((_, own)) if own.len() < most => own.push_back(give),
            Some(_) => return false,
        }
        true
    }

    /// Who is next, with a place taken for them; nobody while none is free.
    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        self.forget_gone();
        if self.free == 0 {
            return None;
        }
        let (tenant, mut own) = self.waiting.pop_front()?;
        let next = own.pop_front()?;
        if !own.is_empty() {
            self.waiting.push_back((tenant, own));
        }
        self.free -= 1;
        Some(next)
    }

    fn forget_gone(&mut self) {
        self.waiting.retain_mut(|(_, own)| {
            own.retain(|give| !give.is_closed());
            !own.is_empty()
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.state().free += 1;
        self.0.serve();
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

    type Acquired = Pin<Box<dyn Future<Output = Option<Place>>>>;

    fn waits(line: &Line, number: u32) -> Acquired {
        let line = line.clone();
        let mut acquired: Acquired = Box::pin(async move { line.acquire(tenant(number)).await });
        assert!(polled(&mut acquired).is_none(), "it waits");
        acquired
    }

    /// What came of it so far; none while it waits.
    fn polled(acquired: &mut Acquired) -> Option<Option<Place>> {
        match acquired.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => Some(place),
            Poll::Pending => None,
        }
    }

    fn at_once(line: &Line, number: u32) -> Option<Place> {
        match pin!(line.acquire(tenant(number))).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => place,
            Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn organisations_take_turns_however_many_of_one_came_before() {
        let line = Line::new(1, 10);
        let mut held = at_once(&line, 1);
        let mut all: Vec<(u32, Acquired)> = [1, 1, 1, 2, 2, 3].into_iter().map(|number| (number, waits(&line, number))).collect();
        let mut turns = Vec::new();
        while !all.is_empty() {
            drop(held.take());
            let at = all.iter_mut().position(|(_, acquired)| {
                held = polled(acquired).flatten();
                held.is_some()
            });
            turns.push(all.remove(at.expect("somebody's turn")).0);
        }
        assert_eq!(turns, [1, 2, 3, 1, 2, 1]);
    }

    #[test]
    fn so_many_of_one_organisation_wait_and_no_more() {
        let line = Line::new(1, 2);
        let held = at_once(&line, 1);
        let (first, _second) = (waits(&line, 1), waits(&line, 1));
        assert!(at_once(&line, 1).is_none(), "two wait");
        let _other = waits(&line, 2);
        let beyond = {
            let line = line.clone();
            let mut beyond: Acquired = Box::pin(async move { line.acquire_unbounded(tenant(1)).await });
            assert!(polled(&mut beyond).is_none(), "it waits all the same");
            beyond
        };
        // Who went away waits no longer.
        drop((first, beyond));
        let _third = waits(&line, 1);
        assert!(at_once(&line, 1).is_none(), "two wait again");
        drop(held);
    }

    #[test]
    fn a_place_that_nobody_takes_is_the_next_ones() {
        let line = Line::new(1, 2);
        let held = at_once(&line, 1);
        let (gone, given) = (waits(&line, 2), waits(&line, 3));
        let mut last = waits(&line, 4);
        drop(gone);
        drop(held);
        // It was given to the third, who goes away before looking.
        assert!(polled(&mut last).is_none());
        drop(given);
        assert!(polled(&mut last).flatten().is_some());
        drop(last);
        assert!(at_once(&line, 1).is_some(), "it came back");
    }
}
