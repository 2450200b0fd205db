//! What one proof may still take: rules and properties are written by whoever may propose them, and the proof is to end whatever they wrote.

use std::cell::Cell;

/// Evaluations that are left to a proof, whoever of its parts takes them.
#[derive(Debug)]
pub(super) struct Effort {
    left: Cell<u64>,
}

impl Effort {
    /// So many and no more.
    pub(super) fn of(evaluations: u64) -> Self {
        Self { left: Cell::new(evaluations) }
    }

    /// Takes so many. False where fewer are left: then nothing is, and what was to be looked at is not.
    pub(super) fn spend(&self, evaluations: u64) -> bool {
        let left = self.left.get().checked_sub(evaluations);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether nothing is left, so that nothing more is looked at.
    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_any_more_ends_it() {
        let effort = Effort::of(10);
        assert!(effort.spend(4) && !effort.is_spent());
        assert!(!effort.spend(7) && effort.is_spent());
        assert!(!effort.spend(1) && effort.spend(0));
    }
}
