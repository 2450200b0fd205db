//! Whether what a question says is asked for: "could you reply to Lena?" asks for a reply, "did Max reply to Lena?" for an answer.
//!
//! In doubt it is a question, as with what is left to a text; but what only its mark makes a question, and begins as an order does, is one.

use super::{Begins, Phrase, Sentence, ending, is_one};

impl Sentence<'_> {
    /// Whether it says a phrase as something that is to be done.
    pub(in crate::intent) fn asks_for(&self, phrase: &Phrase) -> bool {
        // A phrase that begins an order looks for its beginning itself.
        self.says_where(phrase, |at| phrase.begins != Begins::Anywhere || self.is_asked_for(at))
    }

    fn is_asked_for(&self, at: usize) -> bool {
        if !self.asks || self.is_begged(at) || self.is_pleaded(at) {
            return true;
        }
        let before = self.before(at);
        let Some(asked) = self.asked_from() else {
            // Nothing but its mark makes a question of it.
            let questions = &self.grammar.questions;
            let is_told = self.words.first().is_some_and(|first| questions.is_subject(first));
            // "Schickst du ihr die Notiz?" asks the one who reads it to.
            let is_addressed = || self.words.get(at + 1).is_some_and(|next| is_one(&self.grammar.addressed, next));
            return before.begins && !is_told && (is_addressed() || !questions.asks_like_an_order(self.clause(at).0));
        };
        // "What a day, send Max the note" has no mark, and a comma.
        at < asked || (!self.marked && !self.inverts && before.begins && before.left > 0 && self.clauses.contains(&before.left))
    }

    /// Where what is asked begins; nowhere if no clause begins as a question does.
    fn asked_from(&self) -> Option<usize> {
        if self.inverts {
            return Some(0);
        }
        let opens = |from: &&usize| {
            let (clause, _) = self.clause(**from);
            let clause = clause.get(self.grammar.questions.opening(clause)..).unwrap_or_default();
            self.grammar.questions.opens(clause) || clause.first().is_some_and(|first| is_one(&self.grammar.wonders, first))
        };
        self.clauses.iter().find(opens).copied()
    }

    /// Whether a word that begs or wishes stands before it, and speaks of it.
    fn is_begged(&self, at: usize) -> bool {
        let begins = self.before(at).begins;
        let rows = [&self.grammar.begs, &self.grammar.wishes];
        let is_begged_by = |end: usize| {
            let mut found = rows.iter().filter_map(|rows| ending(self.words.get(..end).unwrap_or_default(), rows));
            found.any(|taken| self.is_own(end - taken) && (begins || !self.is_told_of(end, at)))
        };
        (0..=at).any(is_begged_by)
    }

    /// Whether what is said from here is the speaker's own wish: not "what can you send", not "did Max ask, can you send it".
    fn is_own(&self, at: usize) -> bool {
        let from = self.clauses.range(..=at).next_back().copied().unwrap_or_default();
        let before = self.words.get(from..at).unwrap_or_default();
        let is_others = |word: &&str| is_one(&self.grammar.wonders, word) || is_one(&self.grammar.sayings, word);
        !before.iter().any(is_others) && !self.grammar.questions.may_ask(before)
    }

    /// Whether between here and there begins what is only told, or asked within: "can you tell me *who* should reply".
    fn is_told_of(&self, from: usize, to: usize) -> bool {
        let begins = |at: usize| self.clauses.contains(&at) || ending(self.words.get(..at).unwrap_or_default(), &self.grammar.reports).is_some();
        (from..to).any(|at| {
            let word = self.words.get(at..=at).unwrap_or_default();
            let is_one_of = |word: &&str| is_one(&self.grammar.wonders, word) || is_one(&self.grammar.subordinates, word);
            word.iter().any(is_one_of) || (begins(at) && self.grammar.questions.may_ask(word))
        })
    }

    /// Whether a plea stands before it or in its first word: "…, please forward it", "…, please note it".
    fn is_pleaded(&self, at: usize) -> bool {
        [at, at + 1].into_iter().map(|at| self.before(at)).any(|before| {
            let says = self.words.get(..before.left).and_then(<[&str]>::last).is_some_and(|word| is_one(&self.grammar.sayings, word));
            before.pleads && before.begins && !says
        })
    }
}
