//! Whether a phrase is said not to be done: "do not reply", "antworte ihr nicht", "sin cambiar nada".
//!
//! What denies stands before a phrase in English and Spanish, and on either side of it in German. It reaches over the few words that may stand
//! between, and over "or"; what a condition denies is not what follows on the condition.

use super::{Row, Sentence, Word, ending, is_one};
use serde::Deserialize;

/// How many words before "or" something is denied at most that the "or" goes on with.
const OR_WITHIN: usize = 5;
/// How many words behind a phrase it is denied at most: "schick Lena die Notiz bitte nicht".
const BEHIND_MAX: usize = 5;
/// The same of a word that denies a thing, and with it what is done to it: "send Max no mail".
const NONE_WITHIN: usize = 2;

/// Words by which something is denied.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Denials {
    /// What denies what follows: "not", "no need to".
    negations: Vec<Row>,
    /// What denies what follows at once, and nothing further on: "without", "ohne zu".
    lacks: Vec<Row>,
    /// What may stand between a negation and what it denies: "not *to* reply".
    between: Vec<Word>,
    /// What goes on with a denial: "do not reply *or* forward it".
    ors: Vec<Word>,
    /// What stands beside a negation that denies nothing of it: "do not *forget*", "*if* not".
    exempts: Vec<Word>,
    /// What denies the phrase it stands behind: "change *nothing*", "antworte *nicht*".
    nothings: Vec<Row>,
    /// What does so before a thing: "send *no* mail".
    nones: Vec<Word>,
    /// What is no thing behind them: "no *later*".
    bounds: Vec<Word>,
    /// What begins another thought behind a phrase.
    breaks: Vec<Word>,
    /// What belongs to a negation: "*noch* nicht".
    still: Vec<Word>,
    /// What says what is to be done instead: "nicht an Max *sondern* an Lena".
    corrects: Vec<Word>,
}

impl Sentence<'_> {
    /// Whether the words of a phrase from here to there are denied.
    pub(super) fn is_denied(&self, from: usize, to: usize) -> bool {
        self.is_denied_before(from) || self.is_denied_behind(to)
    }

    /// Whether a further part of a phrase is denied here by the word before it: "write it down but do not *mail* it".
    pub(super) fn is_denied_here(&self, at: usize) -> bool {
        let clause = self.clause_of(at);
        self.denies(clause, at) || self.lacks(clause, at)
    }

    fn is_denied_before(&self, at: usize) -> bool {
        let denials = &self.grammar.denials;
        let clause = self.clause_of(at);
        if self.lacks(clause, at) {
            return true;
        }
        let mut end = at;
        loop {
            if self.denies(clause, end) {
                return true;
            }
            if end == clause || !is_one(&denials.between, self.said(end - 1)) {
                break;
            }
            end -= 1;
        }
        if end == clause || !is_one(&denials.ors, self.said(end - 1)) {
            return false;
        }
        let or = end - 1;
        let is_exempt = |from: usize, to: usize| (from..to).any(|at| is_one(&denials.exempts, self.said(at)));
        if (clause.max(or.saturating_sub(OR_WITHIN))..=or).any(|end| self.denies(clause, end) && !is_exempt(end, or)) {
            return true;
        }
        // "do not change, move or delete it"; "do not call Lena, move or delete it" says to move it.
        clause > 0 && or - clause <= 1 && self.denies(self.clause_of(clause - 1), clause - 1) && !is_exempt(clause - 1, clause)
    }

    fn is_denied_behind(&self, from: usize) -> bool {
        let denials = &self.grammar.denials;
        let end = self.clauses.range(from..).next().copied().unwrap_or(self.said.len());
        for at in from..end.min(from + BEHIND_MAX) {
            let (this, next) = (self.said(at), if at + 1 < end { self.said(at + 1) } else { "" });
            if is_one(&denials.breaks, this) {
                return false;
            }
            let rest = self.said.get(at..end).unwrap_or_default();
            if denials.nothings.iter().any(|row| row.begins(rest)) {
                let still = self.said.get(from..at).unwrap_or_default().iter().rev().take_while(|word| is_one(&denials.still, word)).count();
                // "die noch nicht bezahlten Rechnungen" says which ones.
                let is_of_a_thing = at - still > from && self.grammar.questions.tells_a_thing(self.said(at - still - 1), next);
                return !is_of_a_thing && !is_one(&denials.exempts, next) && !self.said.iter().skip(at).any(|word| is_one(&denials.corrects, word));
            }
            let is_thing = || next.starts_with(char::is_alphabetic) && !is_one(&denials.bounds, next) && !is_one(&self.grammar.apart, next);
            if at < from + NONE_WITHIN && is_one(&denials.nones, this) && is_thing() {
                return true;
            }
        }
        false
    }

    /// Whether a negation of this clause ends here.
    fn denies(&self, clause: usize, end: usize) -> bool {
        let words = self.said.get(clause..end).unwrap_or_default();
        let before = |taken: usize| words.len().checked_sub(taken + 1).and_then(|at| words.get(at));
        let is_exempt = |taken: usize| before(taken).is_some_and(|word| is_one(&self.grammar.denials.exempts, word));
        ending(words, &self.grammar.denials.negations).is_some_and(|taken| !is_exempt(taken))
    }

    fn lacks(&self, clause: usize, end: usize) -> bool {
        ending(self.said.get(clause..end).unwrap_or_default(), &self.grammar.denials.lacks).is_some()
    }

    /// Where the clause of a word begins.
    fn clause_of(&self, at: usize) -> usize {
        self.clauses.range(..=at).next_back().copied().unwrap_or_default()
    }

    /// A word, and nothing in the place of one in quotes.
    fn said(&self, at: usize) -> &str {
        self.said.get(at).copied().unwrap_or_default()
    }
}
