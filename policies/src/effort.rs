//! What one proof or comparison may still take: rules, properties and cases are written by whoever may propose them, and looking at them is to end
//! whatever they wrote.

use crate::facts::Facts;
use crate::fold::folded_value;
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;

/// So many bytes of a rule or a question are evaluated in the time of one evaluation of a plain one.
const TEXT_BYTES: usize = 1024;

/// In the time of how many evaluations of a plain rule or question this text is evaluated.
pub(crate) fn weight(text: &str) -> u64 {
    1 + (text.len() / TEXT_BYTES) as u64
}

/// How much there is to read in a value, in bytes or so.
pub(crate) fn size(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len() as u64,
        Value::Array(items) => 1 + items.iter().map(size).sum::<u64>(),
        Value::Object(fields) => 1 + fields.iter().map(|(name, inner)| name.len() as u64 + size(inner)).sum::<u64>(),
    }
}

/// How long the texts of a call are that a pattern may be held against, in bytes or so.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a> {
    /// Of each argument, by name.
    arguments: BTreeMap<&'a str, u64>,
    /// All of them, and who acts and through what.
    all: u64,
}

impl<'a> Texts<'a> {
    /// Of these facts. As written or folded, whichever is longer: a letter may be folded into many.
    pub(crate) fn of(facts: &'a Facts) -> Self {
        let longest = |value: &Value| size(value).max(folded_value(value).as_ref().map_or(0, size));
        let arguments: BTreeMap<&str, u64> = facts.arguments.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), longest(value))).collect();
        let all = arguments.values().sum::<u64>() + (facts.agent.len() + facts.channel.len()) as u64;
        Self { arguments, all }
    }

    /// Of one argument; nought where the call has none of the name.
    pub(crate) fn of_argument(&self, name: &str) -> u64 {
        self.arguments.get(name).copied().unwrap_or(0)
    }

    /// All of them together.
    pub(crate) const fn all(&self) -> u64 {
        self.all
    }
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

    /// How many are left.
    #[cfg(test)]
    pub(crate) fn left(&self) -> u64 {
        self.left.get()
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
