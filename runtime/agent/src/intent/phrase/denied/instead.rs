//! Where a denial is of something else than what a phrase does: another thing is named instead, one is left out, or it says what a thing is.

use super::{Sentence, is_one};

/// How far behind a phrase something is named instead at most.
const INSTEAD_WITHIN: usize = 16;
/// The shortest word that may be a German participle: "gelesene".
const PARTICIPLE_MIN: usize = 7;
/// How German participles and some adjectives begin and end.
const PARTICIPLE_STARTS: [&str; 16] = ["ge", "be", "ver", "er", "ent", "zer", "an", "ab", "auf", "aus", "ein", "mit", "vor", "zu", "unter", "über"];
const PARTICIPLE_ENDS: [&str; 13] = ["te", "ten", "ter", "tes", "tem", "ene", "enen", "ener", "enes", "ende", "enden", "ender", "endes"];
const ADJECTIVE_ENDS: [&str; 5] = ["e", "en", "er", "es", "em"];

impl Sentence<'_> {
    /// Whether behind the phrase that begins here something is named for which it is to be done: "not to Max but to Lena", "to nobody but Max".
    pub(super) fn is_corrected(&self, from: usize) -> bool {
        let denials = &self.grammar.denials;
        let end = self.clauses.range(from + 1..).next().copied().unwrap_or(self.said.len());
        // Its own clause, and the word with which the next begins.
        (from + 1..=end.min(from + INSTEAD_WITHIN)).any(|at| {
            let (before, this, next) = (self.said(at - 1), self.said(at), self.said(at + 1));
            let is_there = || (from..at).any(|at| self.said(at) == next);
            let is_like = || is_there() || (self.is_article(next) && (from..at).any(|at| self.is_article(self.said(at))));
            let is_thing = || self.is_article(next) || self.grammar.questions.is_link(next);
            let is_named = || !next.is_empty() && !self.grammar.questions.is_order(next) && !is_one(&denials.breaks, next);
            // "No responder, sino leer" says what else to do, and nothing of the answer.
            let is_verb = this == "sino" && ["ar", "er", "ir"].iter().any(|end| next.ends_with(end));
            (is_one(&denials.corrects, this) && !next.is_empty() && !is_verb && (!is_one(&denials.lasts, before) || is_thing()))
                || (is_one(&denials.others, this) && is_like())
                || (is_one(&denials.excepts, this) && is_one(&denials.indefinites, before) && is_named())
                || (is_one(&denials.excluding, this) && is_named())
        })
    }

    /// Whether words behind a negation leave one thing out: "nothing *but the report*", "nobody *else but Max*".
    pub(super) fn is_excepted(&self, behind: &[&str]) -> bool {
        let denials = &self.grammar.denials;
        let mut words = behind.iter().skip_while(|word| is_one(&denials.indefinites, word));
        // "Nothing but tell me" orders something else and leaves nothing out.
        let is_named = |next: &&str| !self.grammar.questions.is_order(next) && !is_one(&denials.breaks, next);
        words.next().is_some_and(|word| is_one(&denials.excepts, word) || is_one(&denials.excluding, word)) && words.next().is_some_and(is_named)
    }

    /// Whether a negation is of what is said of a thing: "die noch *nicht* bezahlten Rechnungen", "*nicht* mehr benötigte Dateien".
    pub(super) fn is_said_of_a_thing(&self, from: usize, at: usize) -> bool {
        let (denials, questions) = (&self.grammar.denials, &self.grammar.questions);
        let still = (from..at).rev().take_while(|at| is_one(&denials.still, self.said(*at))).count();
        let before = (at - still).checked_sub(1).filter(|before| *before >= from).map_or("", |before| self.said(before));
        let is_of_degree = is_one(&denials.degrees, self.said(at + 1));
        let (what, thing) = if is_of_degree { (at + 2, at + 3) } else { (at + 1, at + 2) };
        let is_here = !(at + 1..=thing).any(|at| self.clauses.contains(&at));
        let (what, thing) = (self.said(what), self.said(thing));
        let is_thing = is_here && thing.starts_with(char::is_alphabetic) && !questions.is_link(thing) && !is_one(&denials.breaks, thing);
        let is_participle = what.chars().count() >= PARTICIPLE_MIN
            && PARTICIPLE_STARTS.iter().any(|start| what.starts_with(start))
            && PARTICIPLE_ENDS.iter().any(|end| what.ends_with(end));
        let is_adjective = || ADJECTIVE_ENDS.iter().any(|end| what.ends_with(end));
        let is_next_here = !self.clauses.contains(&(at + 1));
        (!is_of_degree && is_next_here && questions.tells_a_thing(before, self.said(at + 1)))
            || (is_thing && (is_participle || (is_of_degree && questions.is_article(before) && is_adjective())))
    }

    /// Whether nobody does something of their own there: "the files *nobody uses*", and not "to nobody" or "send nobody the file".
    pub(super) fn has_own_verb(&self, from: usize, at: usize, rest: &[&str]) -> bool {
        let (denials, questions) = (&self.grammar.denials, &self.grammar.questions);
        let before = self.said(at.saturating_sub(1));
        let is_own = |next: &str| {
            next.starts_with(char::is_alphabetic) && !is_one(&denials.indefinites, next) && !self.is_article(next) && !is_one(&self.grammar.apart, next)
        };
        let person = denials.nobodies.iter().find(|row| row.begins(rest));
        at > from
            && !questions.is_preposition(before)
            && !questions.is_link(before)
            && person.is_some_and(|row| rest.get(row.0.len()).is_some_and(|next| is_own(next)))
    }

    /// Whether another thing is named for contrast: "schick Max *den* Bericht nicht *den* Entwurf".
    pub(super) fn is_contrast(&self, from: usize, at: usize) -> bool {
        let questions = &self.grammar.questions;
        let next = self.said(at + 1);
        let is_named = |article: &usize| self.said(*article) == next && *article + 1 < at;
        // Behind a comma it says something of the thing: "das Geld nicht, das ist Betrug".
        self.said(at) == "nicht" && !self.clauses.contains(&(at + 1)) && questions.is_article(next) && (from..at).any(|at| is_named(&at))
    }

    /// Whether it is what something is changed to: "change the answer *to nothing*".
    pub(super) fn is_value(&self, from: usize, at: usize, rest: &[&str]) -> bool {
        let is_nobody = self.grammar.denials.nobodies.iter().any(|row| row.begins(rest));
        !is_nobody && at > from + 1 && rest.len() == 1 && self.grammar.questions.is_preposition(self.said(at - 1))
    }

    /// Whether a negation only says from when on: "nicht vor Freitag".
    pub(super) fn is_until(&self, rest: &[&str]) -> bool {
        matches!(rest, [_, "vor", when, ..] if self.grammar.questions.is_moment(when) || when.starts_with(|letter: char| letter.is_ascii_digit()))
    }

    pub(super) fn is_article(&self, word: &str) -> bool {
        is_one(&self.grammar.denials.articles, word) || self.grammar.questions.is_article(word)
    }
}
