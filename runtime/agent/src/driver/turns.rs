//! Whose turn it is where several models may answer a step: in their order, each as often as the others, and none before the time it named.

use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// What is known of the models of one step, by their place in the order. Gone with the process: who takes the run up asks from the start.
#[derive(Debug, Default)]
pub(super) struct Turns {
    step: u32,
    /// From when each may be asked again, of those that failed.
    free_at: BTreeMap<usize, Instant>,
    /// Who was waited for, and at which attempt that one is asked.
    chosen: Option<(u32, usize)>,
}

/// One try that came to nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    /// The step.
    pub(super) step: u32,
    /// Which try at it, from 1.
    pub(super) attempt: u32,
    /// The place of the model in the order.
    pub(super) place: usize,
    /// How many there are.
    pub(super) of: usize,
}

impl Turns {
    /// Whom to ask at this attempt, from 1, of so many.
    pub(super) fn place(&self, step: u32, attempt: u32, of: usize) -> usize {
        let chosen = self.chosen.filter(|(at, place)| self.step == step && *at == attempt && *place < of);
        chosen.map_or_else(|| turn(attempt, of), |(_, place)| place)
    }

    /// Notes that this model may be asked again after `wait`, and says how long to wait before the next attempt. None, when nobody may be asked
    /// again within `left`.
    pub(super) fn failed(&mut self, tried: Tried, wait: Duration, now: Instant, left: Duration) -> Option<Duration> {
        let Tried { step, attempt, place, of } = tried;
        if self.step != step {
            *self = Self { step, ..Self::default() };
        }
        self.free_at.insert(place, now + wait);
        let next = attempt.saturating_add(1);
        let first = turn(next, of);
        let until_free = |place: usize| self.free_at.get(&place).map_or(Duration::ZERO, |free_at| free_at.saturating_duration_since(now));
        let (place, wait) = (0..of).map(|more| (first + more) % of).map(|place| (place, until_free(place))).find(|(_, wait)| *wait <= left)?;
        self.chosen = Some((next, place));
        Some(wait)
    }
}

/// Whose turn an attempt is by the order alone.
fn turn(attempt: u32, of: usize) -> usize {
    usize::try_from(attempt.saturating_sub(1)).unwrap_or(0) % of.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The failures of a step, each with its attempt, its model, when it was, and the wait that was named; then who is asked next, and after how long.
    fn after(of: usize, left: u64, failures: &[(u32, usize, u64, u64)]) -> Option<(usize, u64)> {
        let (mut turns, begun, seconds) = (Turns::default(), Instant::now(), Duration::from_secs);
        let mut wait = None;
        for (attempt, place, at, named) in failures.iter().copied() {
            wait = turns.failed(Tried { step: 1, attempt, place, of }, seconds(named), begun + seconds(at), seconds(left));
        }
        let next = failures.last().map_or(1, |(attempt, ..)| attempt + 1);
        wait.map(|wait| (turns.place(1, next, of), wait.as_secs()))
    }

    #[test]
    fn who_was_not_asked_yet_is_asked_at_once() {
        assert_eq!(after(2, 300, &[(1, 0, 0, 30)]), Some((1, 0)));
        assert_eq!(after(3, 300, &[(1, 0, 0, 30), (2, 1, 1, 60)]), Some((2, 0)));
        assert_eq!(after(2, 300, &[(1, 0, 0, 999)]), Some((1, 0)), "however long the first is away");
    }

    #[test]
    fn a_wait_counts_from_when_it_was_named_and_is_kept_whole() {
        assert_eq!(after(1, 300, &[(1, 0, 0, 60)]), Some((0, 60)));
        assert_eq!(after(2, 300, &[(1, 0, 0, 30), (2, 1, 12, 30)]), Some((0, 18)));
        assert_eq!(after(2, 300, &[(1, 0, 0, 5), (2, 1, 12, 30)]), Some((0, 0)), "it is over already");
        assert_eq!(after(2, 300, &[(1, 0, 0, 30), (2, 1, 0, 30), (3, 0, 30, 60)]), Some((1, 0)));
    }

    #[test]
    fn who_names_a_time_that_is_too_late_is_passed_over() {
        assert_eq!(after(1, 300, &[(1, 0, 0, 301)]), None);
        assert_eq!(after(2, 300, &[(1, 0, 0, 900), (2, 1, 1, 4)]), Some((1, 4)));
        assert_eq!(after(2, 300, &[(1, 0, 0, 900), (2, 1, 1, 900)]), None);
        assert_eq!(after(2, 300, &[(1, 0, 0, 900), (2, 1, 1, 4), (3, 1, 700, 8)]), Some((1, 8)), "the turn is the second's");
    }

    #[test]
    fn another_step_begins_with_the_first() {
        let mut turns = Turns::default();
        let (now, long) = (Instant::now(), Duration::from_secs(900));
        assert_eq!(turns.failed(Tried { step: 1, attempt: 2, place: 1, of: 2 }, long, now, long), Some(Duration::ZERO));
        assert_eq!((turns.place(2, 1, 2), turns.place(2, 2, 2)), (0, 1));
        assert_eq!(turns.failed(Tried { step: 2, attempt: 1, place: 0, of: 2 }, long, now, Duration::ZERO), Some(Duration::ZERO), "nothing is kept");
    }
}
