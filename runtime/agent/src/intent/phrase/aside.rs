//! Pieces of a sentence that deny nothing of what stands beside them, or all of it: "no rush", "Lena has not answered", "at least not today".

use super::denied::Found;
use super::{Sentence, is_one};

impl Sentence<'_> {
    /// Whether a piece tells what is so or was not done, by which nothing that follows is denied: "Lena has not answered", "I have no time".
    pub(super) fn is_stated(&self, first: usize, to: usize, found: &[Found]) -> bool {
        let denials = &self.grammar.denials;
        let Some(last) = found.last() else { return false };
        let is_number = last.at > first && last.at + 1 == to && is_one(&denials.nones, self.said(last.at));
        let states = |at: usize| is_one(&denials.states, self.said(at));
        let is_yours = |at: usize| self.said(at) == "you" || is_one(&self.grammar.addressed, self.said(at));
        is_number || (last.at > first && (first + 1..=last.at).any(states) && !(first..to).any(is_yours)) || (states(last.at) && last.at > first)
    }

    /// Whether a piece orders something, or what stands below: "please do them".
    pub(super) fn orders_below(&self, from: usize, to: usize) -> bool {
        let is_do = |word: &str| matches!(word, "do" | "tu" | "tue" | "mach" | "mache" | "erledige" | "erledigen" | "haz" | "hazlo" | "hazlas");
        (from..to).any(|at| self.before(at).begins && (is_one(&self.grammar.orders, self.said(at)) || is_do(self.said(at))))
    }

    /// Whether a piece is said beside an order and denies nothing of it: "no rush", "keine Eile", "nothing else", "mehr nicht".
    pub(super) fn is_aside_of_an_order(&self, (start, first, to): (usize, usize, usize), found: &[Found]) -> bool {
        let denials = &self.grammar.denials;
        let is_led = |at: &usize| {
            let word = self.said(*at);
            is_one(&denials.openings, word) || self.grammar.questions.is_preposition(word) || self.grammar.questions.is_link(word)
        };
        let from = (first..to).find(|at| !is_led(at)).unwrap_or(to);
        let rest = self.said.get(from..to).unwrap_or_default();
        let is_closing = denials.closings.iter().any(|row| row.begins(rest) && row.0.len() == rest.len());
        let is_of_order = |at: usize| {
            let word = self.said(at);
            // "Keine Antwort" is of "antworte".
            self.is_verb(word) || self.grammar.orders.has_beginning(word) || is_one(&denials.between, word) || self.denial(at, at, to).is_some()
        };
        let is_apart = || start > 0 && [start, to].iter().all(|at| self.clauses.contains(at) || *at == self.said.len());
        let is_noun = || {
            rest.len() == 2
                && is_apart()
                && self.said(from).starts_with("kein")
                && !(from + 1..to).any(is_of_order)
                && !is_one(&denials.indefinites, self.said(from + 1))
        };
        !found.is_empty() && (is_closing || is_noun())
    }

    /// Whether a piece has no order and ends in what denies, which is then of what stands before: "at least not today", "diese Woche nicht".
    pub(super) fn ends_in_its_denial(&self, first: usize, to: usize, found: &Found) -> bool {
        let denials = &self.grammar.denials;
        let is_end = |at: usize| [&denials.openings, &denials.between].iter().any(|list| is_one(list, self.said(at)));
        let is_order = |at: usize| is_one(&self.grammar.orders, self.said(at));
        // "She can not" says something of her; "I'd rather not" does not.
        let is_subject = |at: usize| self.grammar.questions.is_nominal(self.said(at));
        let is_wish = |at: usize| matches!(self.said(at), "rather" | "lieber" | "better" | "besser" | "mejor");
        let is_said = !(first..found.at).any(is_subject) || (first..found.at).any(is_wish);
        let is_known = |at: usize| {
            let (word, questions) = (self.said(at), &self.grammar.questions);
            let is_bound = questions.is_determiner(word) || questions.is_preposition(word) || questions.is_link(word) || questions.is_moment(word);
            is_bound || is_end(at) || matches!(word, "least" | "time" | "moment" | "week" | "month" | "tomorrow" | "later" | "soon" | "thing")
        };
        // "Max kommt nicht" says something of him; "vorerst nicht" does not.
        let is_statement = !(first..found.at).any(is_wish) && (first..found.at).filter(|at| !is_known(*at)).count() > 1;
        let is_told = is_one(&denials.tells, self.said(first)) || is_statement;
        !is_told && is_said && (found.at + found.taken..to).all(is_end) && !(first..to).any(is_order)
    }
}
