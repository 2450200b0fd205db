//! What stands before each word of a sentence: pleas and other leads, and whether a clause begins there.

use super::Grammar;
use super::list::ending;
use std::collections::BTreeSet;

/// What stands before a word, when leads are taken away.
#[derive(Clone, Copy, Default)]
pub(super) struct Before {
    /// How many words are left.
    pub(super) left: usize,
    /// Whether a word that begs was among the leads.
    pub(super) begs: bool,
    /// Whether a plea was.
    pub(super) pleads: bool,
    /// Whether a clause begins here.
    pub(super) begins: bool,
}

impl Before {
    /// For each word and the end, from the one before: a row of leads as long as the text is gone through once.
    pub(super) fn all(words: &[&str], clauses: &BTreeSet<usize>, grammar: &Grammar) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::with_capacity(words.len() + 1);
        for at in 0..=words.len() {
            let before = words.get(..at).unwrap_or_default();
            let behind = |taken: usize| at.checked_sub(taken).and_then(|at| all.get(at)).copied().unwrap_or_default();
            let is_mark = !before.last().is_some_and(|word| word.chars().any(char::is_alphabetic));
            all.push(if at == 0 || clauses.contains(&at) {
                Self { left: at, begins: true, ..Self::default() }
            } else if is_mark {
                behind(1)
            } else if let Some(taken) = ending(before, &grammar.begs) {
                Self { begs: true, ..behind(taken) }
            } else if let Some(taken) = ending(before, &grammar.leads) {
                let pleads = ending(before, &grammar.pleas).is_some();
                Self { pleads: pleads || behind(taken).pleads, ..behind(taken) }
            } else {
                Self { left: at, begins: ending(before, &grammar.joins).is_some(), ..Self::default() }
            });
        }
        all
    }
}
