//! What one proof or comparison may still take: rules, properties and cases are written by whoever may propose them, and looking at them is to end
//! whatever they wrote.

use std::cell::Cell;

/// So many bytes of a rule or a question are evaluated in the time of one evaluation of a plain one.
const TEXT_BYTES: usize = 1024;

/// In the time of how many evaluations of a plain rule or question this text is evaluated.
pub(crate) fn weight(text: &str) -> u64 {
    1 + (text.len() / TEXT_BYTES) as u64
}

/// Evaluations that are left to a proof or a comparison, whoever of its parts takes them.
#[derive(Debug)]
pub struct Effort {
    left: Cell<u64>,
}

impl Effort {
    /// As many as it takes: for one's own rules, at one's own terminal.
    pub(crate) fn unbounded() -> Self {
        Self::of(u64::MAX)
    }

    /// So many and no more.
    pub fn of(evaluations: u64) -> Self {
        Self { left: Cell::new(evaluations) }
    }

    /// Takes so many. False where fewer are left: then nothing is, and what was to be looked at is not.
    pub(crate) fn spend(&self, evaluations: u64) -> bool {
        let left = self.left.get().checked_sub(evaluations);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether nothing is left, so that nothing more is looked at.
    pub fn is_spent(&self) -> bool {
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
