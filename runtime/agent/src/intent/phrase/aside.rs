//! Pieces of a sentence that deny nothing of what stands beside them, or all of it: "no rush", "(no attachment)", "at least not today".

use super::denied::Found;
use super::{Sentence, is_one};

/// How many words before it a denied thing is looked for: "send Max the *note*, keine *note*".
const NAMED_WITHIN: usize = 16;

/// The words between each two brackets of a folded text.
pub(super) fn in_brackets(folded: &str, words: &[&str]) -> Vec<(usize, usize)> {
    let starts: Vec<usize> = words.iter().map(|word| (word.as_ptr() as usize).saturating_sub(folded.as_ptr() as usize)).collect();
    let index = |at: usize| starts.partition_point(|start| *start < at);
    let (mut found, mut open) = (Vec::new(), None);
    for (at, mark) in folded.match_indices(['(', ')']) {
        if mark == "(" {
            open = Some(at);
        } else if let Some(from) = open.take() {
            found.push((index(from), index(at)));
        }
    }
    found
}

impl Sentence<'_> {
    /// Whether a piece orders something, or what stands below: "please do them".
    pub(super) fn orders_below(&self, from: usize, to: usize) -> bool {
        let is_do = |word: &str| matches!(word, "do" | "tu" | "tue" | "mach" | "mache" | "erledige" | "erledigen" | "haz" | "hazlo" | "hazlas");
        (from..to).any(|at| self.before(at).begins && (is_one(&self.grammar.orders, self.said(at)) || is_do(self.said(at))))
    }

    /// Whether a piece is said beside an order and denies nothing of it: "no rush", "keine Eile", "nothing else", "mehr nicht".
    pub(super) fn is_aside_of_an_order(&self, (start, first, to): (usize, usize, usize), found: &[Found]) -> bool {
        let is_led = |at: &usize| {
            let word = self.said(*at);
            is_one(&self.grammar.denials.openings, word) || self.grammar.questions.is_preposition(word) || self.grammar.questions.is_link(word)
        };
        let from = (first..to).find(|at| !is_led(at)).unwrap_or(to);
        !found.is_empty() && (self.closes(from, to) || (start > 0 && self.is_apart(start, to) && self.is_beside(from, to)))
    }

    /// Whether these words are no more than a denied thing of a closed list that was not named before: "no rush", "keine Eile", "ninguna prisa".
    pub(super) fn is_beside(&self, from: usize, to: usize) -> bool {
        let denials = &self.grammar.denials;
        let is_tail = |at: usize| is_one(&denials.openings, self.said(at)) || is_one(&self.grammar.tags, self.said(at));
        let end = (from..to).rev().find(|at| !is_tail(*at)).map_or(from, |last| last + 1);
        let is_again = |at: usize| (at.saturating_sub(NAMED_WITHIN)..at).any(|before| self.said(before) == self.said(at));
        let is_listed = |at: usize| is_one(&denials.besides, self.said(at)) && !is_again(at);
        self.closes(from, end) || (end == from + 2 && self.is_none(from) && is_listed(from + 1))
    }

    /// Whether these words begin with a denied thing: "no emojis", and not "no way".
    pub(super) fn begins_with_a_denied_thing(&self, from: usize, to: usize) -> bool {
        let denials = &self.grammar.denials;
        let is_listed = |at: usize| [&denials.between, &denials.openings].iter().any(|list| is_one(list, self.said(at)));
        from + 1 < to && (self.said(from) == "no" || self.is_none(from)) && !is_listed(from + 1) && self.denial(from + 1, from + 1, to).is_none()
    }

    /// Whether what stands in brackets begins with an answer alone: "(no, keep them)".
    pub(super) fn begins_with_an_answer(&self, from: usize, to: usize) -> bool {
        is_one(&self.grammar.denials.nones, self.said(from)) && (self.clauses.contains(&(from + 1)) || self.is_answer(from, to))
    }

    /// Whether a word denies a thing behind it, and nothing else, as "no" does in Spanish.
    pub(super) fn is_none(&self, at: usize) -> bool {
        matches!(self.said(at), "kein" | "keine" | "keinen" | "keinem" | "keiner" | "keines" | "keinerlei" | "ningún" | "ninguna")
    }

    /// Whether these words are said behind an order and end it: "nothing else".
    pub(super) fn closes(&self, from: usize, to: usize) -> bool {
        let words = self.said.get(from..to).unwrap_or_default();
        self.grammar.denials.closings.iter().any(|row| row.begins(words) && row.0.len() == words.len())
    }

    /// Whether a word is what an order is about, or of its verb: "mail", "Antwort", "sharing".
    pub(super) fn is_of_an_order(&self, word: &str) -> bool {
        is_one(&self.grammar.denials.things, word) || self.is_verb_of_an_order(word)
    }

    /// Whether a word is the verb of an order in any form, and no name that begins as one, as "Markus" does: "pays", "sharing", "Antwort".
    pub(super) fn is_verb_of_an_order(&self, word: &str) -> bool {
        let is_verb = |word: &str| is_one(&self.grammar.orders, word);
        let is_stem = |stem: &str| is_verb(stem) || is_verb(&format!("{stem}e")) || is_verb(&format!("{stem}en"));
        ["", "s", "ed", "ing", "ung", "ungen"].iter().filter_map(|ending| word.strip_suffix(ending)).any(is_stem)
    }

    /// Whether a piece is "ohne Mail" or "sin respuesta" alone, by which what stands before it is in doubt.
    pub(super) fn leaves_out_a_thing(&self, (start, first, to): (usize, usize, usize), found: &Found) -> bool {
        let (word, thing) = (self.said(first), self.said(first + 1));
        let is_without = found.at == first && matches!(word, "without" | "ohne" | "sin") && to == first + 2;
        is_without && self.is_apart(start, to) && is_one(&self.grammar.denials.things, thing) && !is_one(&self.grammar.orders, thing)
    }

    /// Whether a piece answers, and denies nothing of what follows: "no", "nein".
    pub(super) fn is_answer(&self, from: usize, to: usize) -> bool {
        let denials = &self.grammar.denials;
        let is_listed = |at: usize| [&denials.nones, &denials.openings].iter().any(|list| is_one(list, self.said(at)));
        (from..to).all(|at| self.asides.contains(&at) || is_listed(at))
    }

    /// Whether a piece stands aside behind a denial of what follows: "do not, *for any reason*, reply".
    pub(super) fn is_aside(&self, from: usize, to: usize) -> bool {
        let (denials, questions, first) = (&self.grammar.denials, &self.grammar.questions, self.said(from));
        let is_empty = || (from..to).all(|at| [&denials.openings, &denials.between].iter().any(|list| is_one(list, self.said(at))));
        questions.is_preposition(first) || questions.is_link(first) || questions.is_subject(first) || is_one(&denials.tolds, first) || is_empty()
    }

    /// Whether a piece stands between commas, or at an end.
    fn is_apart(&self, from: usize, to: usize) -> bool {
        [from, to].iter().all(|at| self.clauses.contains(at) || *at == self.said.len())
    }

    /// Whether all these denials stand in brackets, and deny a thing: "(no emojis)", and not "(no)".
    pub(super) fn denies_in_brackets(&self, found: &[Found]) -> bool {
        !found.is_empty() && found.iter().all(|found| self.bracket(found.at).is_some_and(|(from, to)| from + 1 < to))
    }

    /// Whether a denial is an answer that brackets begin with: "(no, keep them)".
    pub(super) fn answers_in_brackets(&self, found: &Found) -> bool {
        self.bracket(found.at).is_some_and(|(from, to)| from + 1 == to)
    }

    /// Such brackets, or the answer in them, where a word stands in some.
    pub(super) fn bracket(&self, at: usize) -> Option<(usize, usize)> {
        self.brackets.get(self.brackets.partition_point(|(_, to)| *to <= at)).copied().filter(|(from, _)| *from <= at)
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
        // "Max kommt nicht" says something of him; "vorerst nicht" does not.
        let is_statement = !(first..found.at).any(is_wish) && (first..found.at).filter(|at| !self.says_when(*at)).count() > 1;
        let is_told = is_one(&denials.tells, self.said(first)) || is_statement;
        !is_told && is_said && (found.at + found.taken..to).all(is_end) && !(first..to).any(is_order)
    }

    /// Whether a piece tells something by itself, so that a denial behind it may be of that: "I can come, *but not today*".
    pub(super) fn tells_something(&self, first: usize, to: usize) -> bool {
        let questions = &self.grammar.questions;
        let is_statement = |at: usize| questions.is_nominal(self.said(at)) || questions.is_finite(self.said(at));
        (first..to).any(is_statement) || (first..to).filter(|at| !self.says_when(*at)).count() > 1
    }

    /// Whether a denial is of another time: "*but* not *today*".
    pub(super) fn names_a_time(&self, first: usize, to: usize, found: &Found) -> bool {
        let is_time = |word: &str| matches!(word, "now" | "today" | "tomorrow" | "yet" | "noch" | "todavía" | "aún");
        let is_led = (first..found.at).any(|at| is_one(&self.grammar.denials.insteads, self.said(at)));
        is_led && (first..to).any(|at| self.grammar.questions.is_moment(self.said(at)) || is_time(self.said(at)))
    }

    /// Whether an infinitive with "zu" stands here: "es ist verboten, Dateien *zu löschen*".
    pub(super) fn has_zu(&self, from: usize, at: usize) -> bool {
        let word = self.said(at);
        (at > from && self.said(at - 1) == "zu") || (word.ends_with('n') && word.find("zu").is_some_and(|at| at > 0))
    }

    /// Whether a word may stand before a denial of what stands before: "*at least* not", "*diese Woche* nicht".
    pub(super) fn says_when(&self, at: usize) -> bool {
        let (denials, questions, word) = (&self.grammar.denials, &self.grammar.questions, self.said(at));
        let is_bound = questions.is_determiner(word) || questions.is_preposition(word) || questions.is_link(word) || questions.is_moment(word);
        let is_known = || [&denials.openings, &denials.between].iter().any(|list| is_one(list, word));
        is_bound || is_known() || matches!(word, "least" | "time" | "moment" | "week" | "month" | "tomorrow" | "later" | "soon" | "thing")
    }
}
