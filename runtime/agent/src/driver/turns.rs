//! Whose turn it is where several models may answer a step: the one that is free soonest, in their order where several are, each as often as
//! the others, none before the time it named, and none that refused or answered at too great length.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use steward_core::limits::ASK_ATTEMPTS_MAX;
use tokio::time::Instant;

/// What is known of the models of one step, by their place in the order. Kept where the run hands its place back, and else gone with the process:
/// who takes the run up then asks from the start, and is refused once more where somebody refused.
#[derive(Debug, Default)]
pub(super) struct Turns {
    step: u32,
    /// From when each may be asked again, of those that failed.
    free_at: BTreeMap<usize, Instant>,
    /// How often each failed.
    failures: BTreeMap<usize, u32>,
    /// Who refused, or answered at too great length: the same question would fare no better there.
    refused: BTreeSet<usize>,
    /// Who was waited for, and at which attempt that one is asked.
    chosen: Option<(u32, usize)>,
    /// How the run was left alone, where it was.
    pub(super) left: Option<Left>,
}

/// After which event, and until when, a run was to be left alone. What follows until somebody takes it up is no time of the run's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Left {
    /// The run's last event.
    pub(super) after_seq: u32,
    /// Unix milliseconds.
    pub(super) until_ms: i64,
}

impl Left {
    /// For how long a run with this last event has waited for a worker alone, in milliseconds. After any other event it was taken up before.
    pub(super) fn idle_ms(self, last_seq: u32, now_ms: i64) -> u64 {
        if self.after_seq == last_seq { u64::try_from(now_ms.saturating_sub(self.until_ms)).unwrap_or(0) } else { 0 }
    }
}

/// The same as it is kept beside a run that is left alone. Times are Unix milliseconds, and count from when it was written.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    at_ms: i64,
    step: u32,
    free_at_ms: BTreeMap<usize, i64>,
    failures: BTreeMap<usize, u32>,
    refused: BTreeSet<usize>,
    chosen: Option<(u32, usize)>,
    left: Option<Left>,
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

/// Who is asked after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Somebody, after this wait.
    After(Duration),
    /// Somebody could be asked again, but too late.
    TooLate,
    /// Nobody: each refused, answered at too great length, or was asked as often as it may be.
    Nobody,
}

impl Turns {
    /// As text, at this moment.
    pub(super) fn kept(&self, now: Instant, now_ms: i64) -> String {
        let at = |free_at: &Instant| now_ms.saturating_add(i64::try_from(free_at.saturating_duration_since(now).as_millis()).unwrap_or(i64::MAX));
        let kept = Kept {
            at_ms: now_ms,
            step: self.step,
            free_at_ms: self.free_at.iter().map(|(place, free_at)| (*place, at(free_at))).collect(),
            failures: self.failures.clone(),
            refused: self.refused.clone(),
            chosen: self.chosen,
            left: self.left,
        };
        // Numbers always have a form as text.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// What was kept, at this moment; none where the text is no such thing. A clock that was put back shortens no wait and lengthens none.
    pub(super) fn of_kept(text: &str, now: Instant, now_ms: i64) -> Option<Self> {
        let Kept { at_ms, step, free_at_ms, failures, refused, chosen, left } = serde_json::from_str(text).ok()?;
        let since_ms = now_ms.max(at_ms);
        let free_at = |(place, at_ms): (usize, i64)| {
            let wait = Duration::from_millis(u64::try_from(at_ms.saturating_sub(since_ms)).unwrap_or(0));
            Some((place, now.checked_add(wait)?))
        };
        Some(Self { step, free_at: free_at_ms.into_iter().filter_map(free_at).collect(), failures, refused, chosen, left })
    }

    /// Whom to ask at this attempt, from 1, of so many.
    pub(super) fn place(&self, step: u32, attempt: u32, of: usize) -> usize {
        let chosen = self.chosen.filter(|(at, place)| self.step == step && *at == attempt && *place < of);
        chosen.map_or_else(|| turn(attempt, of), |(_, place)| place)
    }

    /// Notes that this model may be asked again after `wait`, or never where there is none, and says who is next of those that are free within
    /// `left`.
    pub(super) fn failed(&mut self, tried: Tried, wait: Option<Duration>, now: Instant, left: Duration) -> Turn {
        let Tried { step, attempt, place, of } = tried;
        if self.step != step {
            *self = Self { step, ..Self::default() };
        }
        *self.failures.entry(place).or_default() += 1;
        match wait {
            Some(wait) => {
                self.free_at.insert(place, now + wait);
            }
            None => {
                self.refused.insert(place);
            }
        }
        let next = attempt.saturating_add(1);
        let first = turn(next, of);
        let may_be_asked = |place: &usize| !self.refused.contains(place) && self.failures.get(place).is_none_or(|failures| *failures < ASK_ATTEMPTS_MAX);
        let until_free = |place: usize| self.free_at.get(&place).map_or(Duration::ZERO, |free_at| free_at.saturating_duration_since(now));
        let in_turn = (0..of).map(|more| (first + more) % of).filter(may_be_asked);
        // Of equals the first is found, which is the one whose turn it is.
        match in_turn.map(|place| (place, until_free(place))).min_by_key(|(_, wait)| *wait) {
            None => Turn::Nobody,
            Some((_, wait)) if wait > left => Turn::TooLate,
            Some((place, wait)) => {
                self.chosen = Some((next, place));
                Turn::After(wait)
            }
        }
    }
}

/// Whose turn an attempt is by the order alone.
fn turn(attempt: u32, of: usize) -> usize {
    usize::try_from(attempt.saturating_sub(1)).unwrap_or(0) % of.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A failure of a step: its attempt, its model, when it was, and the wait that was named, or none of a refusal; times in seconds.
    type Failure = (u32, usize, u64, Option<u64>);

    /// Who is asked after these failures, and after how long.
    fn after(of: usize, left: u64, failures: &[Failure]) -> Result<(usize, u64), Turn> {
        let (mut turns, begun, seconds) = (Turns::default(), Instant::now(), Duration::from_secs);
        let mut turn = Turn::Nobody;
        for (attempt, place, at, named) in failures.iter().copied() {
            turn = turns.failed(Tried { step: 1, attempt, place, of }, named.map(seconds), begun + seconds(at), seconds(left));
        }
        let next = failures.last().map_or(1, |(attempt, ..)| attempt + 1);
        match turn {
            Turn::After(wait) => Ok((turns.place(1, next, of), wait.as_secs())),
            Turn::TooLate | Turn::Nobody => Err(turn),
        }
    }

    #[test]
    fn who_was_not_asked_yet_is_asked_at_once() {
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(30))]), Ok((1, 0)));
        assert_eq!(after(3, 300, &[(1, 0, 0, Some(30)), (2, 1, 1, Some(60))]), Ok((2, 0)));
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(999))]), Ok((1, 0)), "however long the first is away");
    }

    #[test]
    fn a_wait_counts_from_when_it_was_named_and_is_kept_whole() {
        assert_eq!(after(1, 300, &[(1, 0, 0, Some(60))]), Ok((0, 60)));
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(30)), (2, 1, 12, Some(30))]), Ok((0, 18)));
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(5)), (2, 1, 12, Some(30))]), Ok((0, 0)), "it is over already");
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(30)), (2, 1, 0, Some(30)), (3, 0, 30, Some(60))]), Ok((1, 0)));
    }

    #[test]
    fn who_is_free_soonest_is_asked_and_of_equals_the_one_whose_turn_it_is() {
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(290)), (2, 1, 0, Some(1))]), Ok((1, 1)), "nobody sits before a long wait for nothing");
        assert_eq!(after(3, 300, &[(1, 0, 0, Some(9)), (2, 1, 0, Some(5)), (3, 2, 0, Some(7))]), Ok((1, 5)));
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(4)), (2, 1, 0, Some(4))]), Ok((0, 4)));
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(1)), (2, 1, 0, Some(1)), (3, 0, 9, Some(0))]), Ok((1, 0)));
    }

    #[test]
    fn who_names_a_time_that_is_too_late_is_passed_over() {
        assert_eq!(after(1, 300, &[(1, 0, 0, Some(301))]), Err(Turn::TooLate));
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(900)), (2, 1, 1, Some(4))]), Ok((1, 4)));
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(900)), (2, 1, 1, Some(900))]), Err(Turn::TooLate));
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(900)), (2, 1, 1, Some(4)), (3, 1, 700, Some(8))]), Ok((1, 8)));
    }

    #[test]
    fn who_refused_is_not_asked_again_and_the_others_are() {
        assert_eq!(after(1, 300, &[(1, 0, 0, None)]), Err(Turn::Nobody));
        assert_eq!(after(2, 300, &[(1, 0, 0, None), (2, 1, 0, Some(1))]), Ok((1, 1)), "not the first, which would refuse again");
        assert_eq!(after(2, 300, &[(1, 0, 0, Some(5)), (2, 1, 0, None)]), Ok((0, 5)), "the first may still answer");
        assert_eq!(after(2, 300, &[(1, 0, 0, None), (2, 1, 0, None)]), Err(Turn::Nobody));
        assert_eq!(after(2, 300, &[(1, 0, 0, None), (2, 1, 0, Some(301))]), Err(Turn::TooLate));
    }

    #[test]
    fn each_is_asked_as_often_as_the_others() {
        let mut failures: Vec<Failure> = vec![(1, 0, 0, Some(290))];
        failures.extend((0..ASK_ATTEMPTS_MAX).map(|more| (more + 2, 1, u64::from(more), Some(1))));
        assert_eq!(after(2, 300, &failures), Ok((0, 287)), "whoever is free sooner has had its tries");
        failures[0].3 = None;
        assert_eq!(after(2, 300, &failures), Err(Turn::Nobody));
    }

    #[test]
    fn what_is_no_such_text_is_not_taken_up() {
        for text in ["", "{}", "null", "[]", r#"{"at_ms":0}"#, r#"{"at_ms":0,"step":1,"free_at_ms":{"a":1},"failures":{},"refused":[],"chosen":null}"#] {
            assert!(Turns::of_kept(text, Instant::now(), 0).is_none(), "{text}");
        }
    }

    #[test]
    fn who_takes_a_run_up_asks_whoever_was_waited_for_and_the_others_no_earlier_than_they_said() {
        let (begun, seconds, left) = (Instant::now(), Duration::from_secs, Duration::from_secs(300));
        let tried = |attempt, place| Tried { step: 4, attempt, place, of: 3 };
        let mut turns = Turns::default();
        assert_eq!(turns.failed(tried(1, 0), Some(seconds(50)), begun, left), Turn::After(Duration::ZERO));
        assert_eq!(turns.failed(tried(2, 1), None, begun, left), Turn::After(Duration::ZERO));
        assert_eq!(turns.failed(tried(3, 2), Some(seconds(20)), begun, left), Turn::After(seconds(20)));
        let kept = turns.kept(begun, 1_000_000);

        // Twenty seconds later by the clock of another process.
        let elsewhere = begun + seconds(7);
        let mut taken = Turns::of_kept(&kept, elsewhere, 1_020_000).expect("what was kept");
        assert_eq!(taken.place(4, 4, 3), 2, "not the first, whose turn it would be by the order");
        assert_eq!(taken.failed(tried(4, 2), Some(seconds(40)), elsewhere, left), Turn::After(seconds(30)), "the second refused");
        assert_eq!(taken.place(4, 5, 3), 0);
        for attempt in 5..=7 {
            taken.failed(tried(attempt, 2), Some(seconds(1)), elsewhere, left);
        }
        assert_eq!(taken.failed(tried(8, 0), None, elsewhere, left), Turn::Nobody, "tries from before count");

        // Long after, and with the clock put back.
        for (now_ms, wait) in [(9_000_000, Duration::ZERO), (5_000, seconds(50))] {
            let mut taken = Turns::of_kept(&kept, elsewhere, now_ms).expect("what was kept");
            assert_eq!(taken.failed(tried(4, 2), Some(seconds(60)), elsewhere, left), Turn::After(wait), "at {now_ms}");
        }
        assert_eq!(Turns::of_kept(&kept, elsewhere, 1_020_000).expect("what was kept").place(5, 1, 3), 0, "another step begins with the first");
    }

    #[test]
    fn only_time_behind_the_wait_is_idle_and_only_until_the_run_went_on() {
        let left = Left { after_seq: 7, until_ms: 10_000 };
        let turns = Turns { left: Some(left), ..Turns::default() };
        assert_eq!(Turns::of_kept(&turns.kept(Instant::now(), 4_000), Instant::now(), 9_000).expect("what was kept").left, Some(left));
        for (last_seq, now_ms, idle_ms) in [(7, 9_999, 0), (7, 10_000, 0), (7, 10_250, 250), (8, 10_250, 0), (6, 10_250, 0), (7, i64::MIN, 0)] {
            assert_eq!(left.idle_ms(last_seq, now_ms), idle_ms, "after {last_seq} at {now_ms}");
        }
    }

    #[test]
    fn another_step_begins_with_the_first() {
        let mut turns = Turns::default();
        let (now, long) = (Instant::now(), Duration::from_secs(900));
        assert_eq!(turns.failed(Tried { step: 1, attempt: 2, place: 1, of: 2 }, None, now, long), Turn::After(Duration::ZERO));
        assert_eq!((turns.place(2, 1, 2), turns.place(2, 2, 2)), (0, 1));
        let tried = Tried { step: 2, attempt: 1, place: 0, of: 2 };
        assert_eq!(turns.failed(tried, Some(long), now, Duration::ZERO), Turn::After(Duration::ZERO), "nothing is kept, and the second is asked");
    }
}
