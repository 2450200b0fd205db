//! What a sentence both orders and denies: "pay all bills not yet paid", "nicht an Max, sondern an Lena".
//!
//! It is not asked for, and yet no text put it there: a person is asked. What is only denied is not in doubt. It is told by form: an order that
//! stands outside of every denial, something that is named instead, or a denial that is of a thing and not of the order.

use super::denied::Found;
use super::{Phrase, Sentence, is_one};

/// How many words behind a denial its bound stands at most: "do not send it *later than* Friday".
const LIMIT_WITHIN: usize = 8;

impl Sentence<'_> {
    /// Whether it says a phrase as an order although the kind is denied, in a line that counts.
    pub(in crate::intent) fn doubts(&self, phrase: &Phrase, counts: impl Fn(usize) -> bool) -> bool {
        if !self.denied.denies {
            return false;
        }
        let is_doubted = |at: usize| self.denied.doubts.get(at) == Some(&true);
        let is_free = |at: usize| !self.is_denied(at) || is_doubted(at);
        // A noun, as in "read the reply", orders nothing beside a denial.
        let follows_a_break = |at: usize| at.checked_sub(1).is_some_and(|last| is_one(&self.grammar.denials.breaks, self.said(last)));
        let is_order = |at: usize| is_doubted(at) || self.before(at).begins || follows_a_break(at) || self.is_begged(at) || self.is_last_infinitive(at);
        self.says_where(phrase, |at| self.may_ask_for(phrase, at) && is_free(at) && is_order(at) && counts(self.line(at)), &is_free)
    }

    /// Whether something is named instead of what is denied: in this piece, or, if it denies nothing, by it in place of what stands before.
    pub(super) fn names_instead(&self, from: usize, to: usize, found: &[Found]) -> bool {
        let denials = &self.grammar.denials;
        let start = found.last().map_or(from, |found| found.at + found.taken);
        let until = if found.is_empty() { to.min(from + 1) } else { to };
        let Some(at) = (start..until).find(|at| is_one(&denials.insteads, self.said(*at))) else { return false };
        let is_any = at.checked_sub(1).is_some_and(|last| is_one(&denials.indefinites, self.said(last)));
        let first = (at..to).find(|at| !is_one(&denials.insteads, self.said(*at))).unwrap_or(to);
        let (word, questions) = (self.said(first), &self.grammar.questions);
        let acts = |at: usize| {
            let word = self.said(at);
            let is_noun = at > first && questions.is_determiner(self.said(at - 1));
            (!is_noun && self.is_verb(word))
                || questions.is_finite(word)
                || questions.is_subject(word)
                || is_one(&denials.tolds, word)
                || is_one(&denials.tells, word)
        };
        // "Sondern einen Entwurf anlegen" is another order, and so is "sondern prüfen".
        let is_infinitive = || to > first + 2 && questions.is_article(word) && self.said(to - 1).ends_with('n');
        let is_receiver = || first + 1 < to && denials.contrasts.iter().filter_map(|row| row.0.last()).any(|last| last.fits(word));
        let is_thing = || first + 1 < to && questions.is_determiner(word) && !is_infinitive();
        let is_name = || is_any && word.starts_with(char::is_alphabetic) && !questions.is_preposition(word) && !questions.is_link(word);
        (is_receiver() || is_thing() || is_name()) && !(first..to).any(acts)
    }

    /// Where in a piece with denials orders may stand all the same: each denial is of a thing, or of what is only told.
    pub(super) fn doubted_from(&self, (from, first, to): (usize, usize, usize), found: &[Found]) -> Option<usize> {
        let [one, ..] = found else { return None };
        if is_one(&self.grammar.denials.tolds, self.said(first)) {
            // "If they do not answer send a reminder": what follows directly is told, and what stands further behind may be the order.
            let last = one.at.checked_sub(1)?;
            let is_do = self.said(last) == "do";
            let is_statement = if is_do { last > first && self.is_nominal(last - 1) } else { self.is_nominal(last) || self.is_finite(last) };
            return (found.len() == 1 && is_statement).then_some(one.at + one.taken + 1);
        }
        if let Some(at) = self.names_before_an_order((first, to), one).filter(|_| found.len() == 1) {
            return Some(at);
        }
        // Looked for once: a piece may have any number of denials.
        let ordered = (first..to).find(|at| is_one(&self.grammar.orders, self.said(*at)) && self.before(*at).begins);
        found.iter().all(|found| self.is_of_a_thing((first, to), found, ordered)).then_some(from)
    }

    /// Where the order begins behind a thing it is not of: "statt des Entwurfs *schick* Max die Notiz".
    fn names_before_an_order(&self, (first, to): (usize, usize), found: &Found) -> Option<usize> {
        let (questions, end) = (&self.grammar.questions, found.at + found.taken);
        let is_instead = found.at == first && matches!(self.said(first), "statt" | "anstatt" | "instead" | "en");
        let is_order = |at: &usize| {
            let before = self.said(*at - 1);
            is_one(&self.grammar.orders, self.said(*at)) && before != "zu" && !questions.is_determiner(before)
        };
        let at = (end + 1..to).find(is_order);
        at.filter(|_| is_instead && questions.is_determiner(self.said(end)))
    }

    /// Whether a denial is of a thing, in a piece where the first order begins at `ordered`: "die nicht bezahlten Rechnungen", "bills not yet paid", "files no one uses", "not more than 50".
    fn is_of_a_thing(&self, (first, to): (usize, usize), found: &Found, ordered: Option<usize>) -> bool {
        let (denials, questions, end) = (&self.grammar.denials, &self.grammar.questions, found.at + found.taken);
        let is_limit = |at: usize| is_one(&denials.limits, self.said(at)) && matches!(self.said(at + 1), "than" | "als");
        if (end..to.min(end + LIMIT_WITHIN)).any(is_limit) {
            return true;
        }
        let Some(last) = found.at.checked_sub(1).filter(|last| *last >= first) else { return false };
        let (before, word) = (self.said(last), self.said(found.at));
        let is_bound = |word: &str| questions.is_determiner(word) || questions.is_preposition(word) || questions.is_link(word) || questions.is_moment(word);
        let is_ordered = || ordered.is_some_and(|at| at < last);
        if word == "no" && ordered.is_some_and(|at| self.closes_an_order((at, to), found)) {
            return true;
        }
        match word {
            "nicht" => {
                let at = (end..to).find(|at| !matches!(self.said(*at), "mehr" | "zu")).unwrap_or(to);
                let next = self.said(at);
                let ends = |endings: &[&str]| endings.iter().any(|ending| next.ends_with(ending));
                let is_led = questions.is_determiner(before) || before == "noch";
                let is_bent = (is_led && ends(&["e", "en", "er", "es", "em"])) || (is_one(&self.grammar.orders, before) && ends(&["te", "ten"]));
                at + 1 < to && is_bent && !is_bound(next) && !self.is_verb(next)
            }
            "not" => end < to && is_ordered() && !self.is_finite(last) && !questions.is_subject(before),
            "nobody" | "no" | "none" => {
                let at = if word == "no" && self.said(end) == "one" { end + 1 } else { end };
                let is_one_who = word != "no" || at > end;
                is_one_who && at < to && is_ordered() && !questions.is_preposition(before) && self.said(at).len() > 3 && self.said(at).ends_with(['s', 'd'])
            }
            _ => false,
        }
    }

    /// Whether a denial is said at the end of an order that is whole without it: "refund him *no questions asked*", "send Max the note *no rush*".
    fn closes_an_order(&self, (ordered, to): (usize, usize), found: &Found) -> bool {
        let (questions, end) = (&self.grammar.questions, found.at + found.taken);
        let names = |at: usize| questions.is_determiner(self.said(at)) || questions.is_preposition(self.said(at));
        let is_known = || self.closes(found.at, to) && (ordered + 1..found.at.saturating_sub(1)).any(names);
        found.at > ordered + 1 && ((to == end + 2 && self.said(end).ends_with('s') && questions.is_participle(self.said(end + 1))) || is_known())
    }

    fn is_finite(&self, at: usize) -> bool {
        self.grammar.questions.is_finite(self.said(at))
    }

    fn is_nominal(&self, at: usize) -> bool {
        self.grammar.questions.is_nominal(self.said(at))
    }
}
