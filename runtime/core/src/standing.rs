//! What counts for something that is written again and again, and may be taken away.

use crate::label::Floor;

/// What stands beside an entry that a plugin keeps: what it counts for, and the best that it was written from since it was made.
///
/// Nothing stands beside what is gone. So no call takes an entry away that knows more than any that wrote it: a later call that knows as little
/// as that one would see that it is gone, without a word of what that was decided by. What the entry counts for now does not say who wrote it
/// before, so the best of all is kept too; who made that what it is never counts for less than the entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What it counts for when it is read.
    pub floor: Floor,
    /// The best in each: the highest integrity, and public if anything public was ever written.
    pub best: Floor,
}

impl Standing {
    /// Of an entry that was not there.
    #[must_use]
    pub const fn new(floor: Floor) -> Self {
        Self { floor, best: floor }
    }

    /// The same entry, written from something else.
    ///
    /// What is as good as all before takes the place of it. Anything else stands beside what was before, and that counts too: whether the entry
    /// can be taken away depends on it.
    #[must_use]
    pub fn written(self, floor: Floor) -> Self {
        let stands = if self.yields_to(floor) { floor } else { self.floor.join(floor) };
        Self { floor: stands, best: self.best.better(floor) }
    }

    /// Whether a call that knows this may take it away: nothing of what it was ever written from counts for more.
    #[must_use]
    pub fn yields_to(self, floor: Floor) -> bool {
        floor.join(self.best) == self.best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Integrity;

    const fn floor(integrity: Integrity, private: bool) -> Floor {
        Floor { integrity, private }
    }

    /// All that a call may know.
    fn all() -> Vec<Floor> {
        Integrity::ALL.into_iter().flat_map(|integrity| [floor(integrity, false), floor(integrity, true)]).collect()
    }

    #[test]
    fn what_was_public_or_the_owners_once_is_so_until_it_is_gone() {
        let (private, outside) = (floor(Integrity::Owner, true), floor(Integrity::Outside, false));
        for worse in [private, outside, private.join(outside)] {
            let set = Standing::new(Floor::CLEAN).written(worse);
            assert_eq!((set.floor, set.best), (worse, Floor::CLEAN));
            assert!(!set.yields_to(worse) && set.yields_to(Floor::CLEAN), "{worse:?}");
            // Whoever is as good as all before begins anew.
            assert_eq!(set.written(Floor::CLEAN), Standing::new(Floor::CLEAN));
            assert!(Standing::new(worse).yields_to(worse), "{worse:?}");
        }
        // Neither of two that are better and worse at once takes away what both wrote, and what is told of that is of both.
        for (one, other) in [(private, outside), (outside, private)] {
            let both = Standing::new(one).written(other);
            assert_eq!((both.floor, both.best), (floor(Integrity::Outside, true), Floor::CLEAN));
            assert!(!both.yields_to(one) && !both.yields_to(other));
        }
    }

    #[test]
    fn what_decides_whether_it_may_go_never_counts_for_less_than_what_is_told() {
        let all = all();
        let mut begun: Vec<(Standing, Vec<Floor>)> = all.iter().map(|floor| (Standing::new(*floor), vec![*floor])).collect();
        for _ in 0..2 {
            let mut longer = Vec::new();
            for (set, by) in &begun {
                for floor in &all {
                    let mut by = by.clone();
                    by.push(*floor);
                    longer.push((set.written(*floor), by));
                }
            }
            begun = longer;
            for (set, by) in &begun {
                for taker in &all {
                    // It goes where nobody who wrote it knew less than who takes it away, in either way.
                    let knew_less = by.iter().any(|floor| taker.join(*floor) != *floor);
                    assert!(!knew_less || !set.yields_to(*taker), "{by:?} {taker:?}");
                    // Whoever is told the floor of what stands may know of each write that made a difference to that.
                    let without = |skip: usize| {
                        let mut rest = by.iter().enumerate().filter(|(at, _)| *at != skip).map(|(_, floor)| *floor);
                        rest.next().map(|first| rest.fold(Standing::new(first), Standing::written))
                    };
                    for (at, floor) in by.iter().enumerate() {
                        let differs = without(at).is_some_and(|other| other.yields_to(*taker) != set.yields_to(*taker));
                        assert!(!differs || set.floor.join(*floor) == set.floor, "{by:?} {at} {taker:?}");
                    }
                }
            }
        }
    }
}
