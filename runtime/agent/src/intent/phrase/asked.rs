//! Whether what a question says is asked for: "could you reply to Lena?" asks for a reply, "did Max reply to Lena?" for an answer.
//!
//! In doubt it is a question, as with what is left to a text; but what only its mark makes a question, and begins as an order does, is one.
//! What stands before a word is found once for the sentence, so that no word of a long message looks at all the others.

use super::list::endings;
use super::{Begins, Phrase, Sentence, ending, is_one};

/// Of a sentence that asks, what is asked for.
#[derive(Default)]
pub(super) struct Asked {
    /// Where what is asked begins; nowhere if no clause begins as a question does.
    from: Option<usize>,
    /// For each word and the end: where the last row that begs or wishes ends before it.
    begged: Vec<Option<usize>>,
    /// For each of them: the last word before it that begins what is only told, or asked within: "can you tell me *who* should reply".
    told: Vec<Option<usize>>,
    /// For each of them: the last word before it that joins: "and".
    joined: Vec<Option<usize>>,
    /// Whether its last word is a plea: "how much is it, and pay it please".
    pleads: bool,
}

impl Asked {
    pub(super) fn of(sentence: &Sentence<'_>) -> Self {
        let grammar = sentence.grammar;
        let words = |to: usize| sentence.words.get(..to).unwrap_or_default();
        let mut asked = Self { from: sentence.asked_from(), pleads: ending(&sentence.words, &grammar.pleas).is_some(), ..Self::default() };
        let (mut begged, mut told, mut joined) = (None, None, None);
        // Of the clause so far: whether others wonder or say something in it, and whether it begins as a question may.
        let (mut is_others, mut opens) = (false, None);
        let mut own = Vec::with_capacity(sentence.words.len() + 1);
        for at in 0..=sentence.words.len() {
            if sentence.clauses.contains(&at) {
                (is_others, opens) = (false, None);
            }
            // The speaker's own wish: not "what can you send", not "did Max ask can you send it", but "what is it, and can you send it".
            let is_joined = at > 0 && ending(words(at), &grammar.joins).is_some();
            own.push(is_joined || (!is_others && opens != Some(true)));
            for rows in [&grammar.begs, &grammar.wishes] {
                let is_own = |taken: &usize| at.checked_sub(*taken).and_then(|from| own.get(from)) == Some(&true);
                begged = endings(words(at), rows).find(is_own).map(|_| at).or(begged);
            }
            asked.begged.push(begged);
            asked.told.push(told);
            asked.joined.push(joined);
            let Some(word) = sentence.words.get(at) else { break };
            let word: &str = word;
            let is_or =
                || at > 0 && sentence.clauses.contains(&(at - 1)) && is_one(&grammar.denials.ors, sentence.words.get(at - 1).copied().unwrap_or_default());
            let reports = || sentence.clauses.contains(&at) || is_or() || ending(words(at), &grammar.reports).is_some();
            if is_one(&grammar.wonders, word) || is_one(&grammar.subordinates, word) || (reports() && grammar.questions.may_ask(&[word])) {
                told = Some(at);
            }
            if ending(words(at + 1), &grammar.joins).is_some() {
                joined = Some(at);
            }
            is_others |= is_one(&grammar.wonders, word) || is_one(&grammar.sayings, word);
            opens = opens.or_else(|| (!grammar.questions.is_opener(word)).then(|| grammar.questions.may_ask(&[word])));
        }
        asked
    }
}

impl Sentence<'_> {
    /// Whether it says a phrase as something that is to be done, in a line that counts.
    pub(in crate::intent) fn asks_for(&self, phrase: &Phrase, counts: impl Fn(usize) -> bool) -> bool {
        self.asks_at(phrase, counts).is_some()
    }

    /// The first place where it does.
    pub(in crate::intent) fn asks_at(&self, phrase: &Phrase, counts: impl Fn(usize) -> bool) -> Option<usize> {
        let is_free = |at: usize| !self.is_denied(at);
        self.said_at(phrase, |at| self.may_ask_for(phrase, at) && is_free(at) && counts(self.line(at)), &is_free)
    }

    /// Whether a place of a phrase is what is asked for. A phrase that begins an order looks for its beginning itself.
    pub(super) fn may_ask_for(&self, phrase: &Phrase, at: usize) -> bool {
        phrase.begins != Begins::Anywhere || self.is_asked_for(at)
    }

    pub(super) fn is_asked_for(&self, at: usize) -> bool {
        if !self.asks || self.is_begged(at) || self.is_pleaded(at) || self.is_answered(at) {
            return true;
        }
        let before = self.before(at);
        let Some(asked) = self.asked.from else {
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
    pub(super) fn is_begged(&self, at: usize) -> bool {
        let of = |found: &[Option<usize>]| found.get(at).copied().flatten();
        let Some(begged) = of(&self.asked.begged) else { return false };
        let is_told = of(&self.asked.told).is_some_and(|told| told >= begged);
        // German has the verb last: "kannst du nachsehen, ob sie schrieb, und ihr antworten".
        let is_joined = || self.is_last_infinitive(at) && of(&self.asked.joined) > of(&self.asked.told);
        !is_told || self.before(at).begins || is_joined()
    }

    /// Whether a word may be a German infinitive with which a clause ends.
    pub(super) fn is_last_infinitive(&self, at: usize) -> bool {
        let goes_on = |next: &str| !is_one(&self.grammar.tags, next) && !is_one(&self.grammar.denials.ors, next) && !self.begins_thought(at + 1);
        let is_last = self.clauses.contains(&(at + 1)) || !self.words.get(at + 1).is_some_and(|next| goes_on(next));
        is_last && self.words.get(at).is_some_and(|word| word.len() > 3 && word.ends_with('n'))
    }

    /// Whether a plea stands before it or in its first word, or ends the order: "…, please forward it", "…, please note it", "… and pay it please".
    fn is_pleaded(&self, at: usize) -> bool {
        let is_last = self.asked.pleads && !self.inverts && !self.may_ask && self.before(at).begins && self.before(at).left > 0;
        is_last
            || [at, at + 1].into_iter().map(|at| self.before(at)).any(|before| {
                let says = self.words.get(..before.left).and_then(<[&str]>::last).is_some_and(|word| is_one(&self.grammar.sayings, word));
                before.pleads && before.begins && !says
            })
    }

    /// Whether it is what follows on the answer: "did Lena reply, and if not, send her a reminder".
    fn is_answered(&self, at: usize) -> bool {
        let left = self.before(at).left;
        let taken = ending(self.words.get(..left).unwrap_or_default(), &self.grammar.answers);
        taken.and_then(|taken| left.checked_sub(taken)).is_some_and(|from| self.before(from).begins)
    }
}
