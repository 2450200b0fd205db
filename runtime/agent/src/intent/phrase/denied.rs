//! Whether a phrase is said not to be done: "do not reply", "antworte ihr nicht", "sin cambiar nada".
//!
//! What denies stands before a phrase in English and Spanish, and on either side of it in German. It reaches over the few words that may stand
//! between, over "or", over all verbs of a list, and over the end of a clause in which nothing was denied yet. What a condition denies is not
//! what follows on the condition, and what is done to something else instead, or but for one exception, is not denied. Every look has a bound.

mod instead;

use super::Sentence;
use super::list::{List, Row, ending, endings, is_one};
use serde::Deserialize;

/// How many words before "or" something is denied at most that the "or" goes on with.
const OR_WITHIN: usize = 5;
/// How many words may stand between what denies and what is denied.
const BETWEEN_MAX: usize = 8;
/// How many words may stand aside before what is denied: "do not, for any reason, reply".
const ASIDE_MAX: usize = 4;
/// How many verbs a list has at most, and of how many words each is.
const LIST_MAX: usize = 8;
const VERB_MAX: usize = 2;
/// How many words behind a phrase it is denied at most: "schick Lena die Notiz bitte nicht".
const BEHIND_MAX: usize = 5;
/// The same where the negation ends its clause.
const CLAUSE_MAX: usize = 24;
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
    between: List,
    /// What goes on with a denial: "do not reply *or* forward it".
    pub(super) ors: List,
    /// What stands beside a negation that denies nothing of it: "do not *forget*", "*if* not".
    exempts: List,
    /// What may stand between those and a negation: "vergessen *Sie* nicht".
    fillers: List,
    /// What denies the phrase it stands behind: "change *nothing*", "antworte *nicht*".
    nothings: Vec<Row>,
    /// Of those, nobody: with a verb behind, "the files *nobody* uses".
    nobodies: Vec<Row>,
    /// What does so before a thing: "send *no* mail".
    nones: List,
    /// What is no thing behind them: "no *later*".
    bounds: List,
    /// What only bounds it: "nicht *mehr als*".
    limits: Vec<Row>,
    /// What begins another thought behind a phrase.
    pub(super) breaks: List,
    /// What belongs to a negation: "*noch* nicht".
    still: List,
    /// What stands between a negation and what is said of a thing: "nicht *mehr* benötigte Dateien".
    degrees: List,
    /// Negations before a verb that stands last, as in German: "bitte *nicht* die Datei löschen".
    lasts: List,
    /// What tells what is denied: "ich will nicht, *dass* du antwortest".
    tells: List,
    /// What denies what follows on a comma or in the next line: "do not,".
    opens: Vec<Row>,
    /// What may stand before such a word where it is one alone: "but *never*,".
    openings: List,
    /// What says what is to be done instead, whatever that is: "nicht an Max *sondern* an Lena".
    corrects: List,
    /// What does so before a thing like the one before: "not to Max *but* to Lena".
    others: List,
    /// What names what is left out: "to nobody *but* Max".
    excepts: List,
    /// What always does: "*except* Max".
    excluding: List,
    /// What they leave something out of: "anyone".
    indefinites: List,
    /// What begins a thing: "the".
    articles: List,
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
        let is_denied = || self.is_denied_at(at) || self.is_denied_in_a_list(at) || self.is_denied_as_told(at) || self.is_denied_at_last(at);
        self.lacks(self.clause_of(at), at) || (is_denied() && !self.is_corrected(at))
    }

    /// Whether a negation stands before it, with no more than may stand between, or before what "or" adds it to.
    fn is_denied_at(&self, at: usize) -> bool {
        let denials = &self.grammar.denials;
        let (mut end, mut clause) = (at, self.clause_of(at));
        for _ in 0..BETWEEN_MAX {
            if end > clause && self.denies(clause, end) {
                return true;
            }
            if end == 0 {
                return false;
            }
            if end == clause {
                let before = self.clause_of(end - 1);
                if self.is_left_open(before, end) || self.is_aside(before, end) {
                    return true;
                }
                // A clause may stand between as well: "don't, under any circumstances, reply".
                if end - before > BETWEEN_MAX || !(before..end).all(|at| is_one(&denials.between, self.said(at))) {
                    break;
                }
                (end, clause) = (before, before);
                continue;
            }
            let word = self.said(end - 1);
            // "No - reply" answers, "do not -- reply" denies.
            let is_answer = end > 1 && is_one(&denials.nones, self.said(end - 2));
            let is_mark = !word.is_empty() && !word.contains(char::is_alphanumeric) && !is_answer;
            if !is_mark && !is_one(&denials.between, word) {
                break;
            }
            end -= 1;
        }
        let Some(or) = end.checked_sub(1).filter(|or| is_one(&denials.ors, self.said(*or))) else { return false };
        // Where "or" begins a clause or a line, what was denied stands in the one before.
        let mut clause = self.clause_of(or);
        if or == clause && clause > 0 {
            clause = self.clause_of(clause - 1);
        }
        (clause.max(or.saturating_sub(OR_WITHIN))..=or).any(|end| self.denies(clause, end) && !self.is_exempt(end, or))
    }

    /// Whether it is a verb of a list that is denied as a whole: "do not change, move or delete it"; "do not call Lena, move or delete it" says
    /// to move it.
    fn is_denied_in_a_list(&self, at: usize) -> bool {
        let denials = &self.grammar.denials;
        let is_or = |at: usize| is_one(&denials.ors, self.said(at));
        let mut clause = self.clause_of(at);
        let is_or_before = at > clause && is_or(at - 1) && at - clause <= 2;
        // Verbs one by one, and an "or" before the last of them.
        let next_of = |clause: usize| self.clauses.range(clause + 1..).next().copied().unwrap_or(self.said.len());
        let clauses = std::iter::successors(Some(at), |clause| Some(next_of(*clause)).filter(|next| next - clause <= VERB_MAX)).take(LIST_MAX);
        let goes_on = || clauses.into_iter().any(|clause| is_or(clause) || is_or(clause + 1));
        let is_listed = is_or_before || (at == clause && goes_on());
        if !is_listed {
            return false;
        }
        for _ in 0..LIST_MAX {
            let Some(last) = clause.checked_sub(1) else { return false };
            let before = self.clause_of(last);
            if self.denies(before, last) {
                return !self.is_exempt(last, clause);
            }
            if clause - before > VERB_MAX {
                return false;
            }
            clause = before;
        }
        false
    }

    /// Whether it is told behind a denied wish: "ich will nicht, dass du antwortest".
    fn is_denied_as_told(&self, at: usize) -> bool {
        let clause = self.clause_of(at);
        let that = (clause.max(at.saturating_sub(BETWEEN_MAX))..at).rev().find(|at| is_one(&self.grammar.denials.tells, self.said(*at)));
        that.and_then(|that| that.checked_sub(1)).is_some_and(|last| self.denies(self.clause_of(last), last + 1))
    }

    /// Whether it stands last, as verbs do in German, and a negation before: "bitte nicht die Datei löschen".
    fn is_denied_at_last(&self, at: usize) -> bool {
        let denials = &self.grammar.denials;
        let clause = self.clause_of(at);
        if !self.is_last_infinitive(at) {
            return false;
        }
        // "Es ist nicht nötig, Lena zu antworten."
        let is_led = at > clause && is_one(&denials.between, self.said(at - 1));
        if is_led && clause > 0 && self.is_left_open(self.clause_of(clause - 1), clause) {
            return true;
        }
        let words = (clause.max(at.saturating_sub(BETWEEN_MAX))..at).rev().take_while(|at| !is_one(&denials.breaks, self.said(*at)));
        let mut negations = words.filter(|at| is_one(&denials.lasts, self.said(*at)));
        // "Kannst du Max nicht die Notiz schicken?" begs, and "kannst du Max bitte nicht …" does not.
        let is_begged = |at: usize| {
            let is_plea = at > clause && is_one(&denials.between, self.said(at - 1));
            self.asks && self.marked && self.is_article(self.said(at + 1)) && !is_plea
        };
        // "Keine alten Dateien" are no files, "nicht benötigte" are some.
        let is_of_a_thing = |at: usize| !self.said(at).starts_with("kein") && self.is_said_of_a_thing(clause, at);
        negations.any(|at| self.denies(clause, at + 1) && !is_one(&denials.exempts, self.said(at + 1)) && !is_of_a_thing(at) && !is_begged(at))
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
            if let Some(row) = denials.nothings.iter().find(|row| row.begins(rest)) {
                let behind = self.said.get(at + row.0.len()..end).unwrap_or_default();
                let is_bound = denials.limits.iter().any(|row| row.begins(rest)) || self.is_until(rest) || is_one(&denials.exempts, next);
                let is_other =
                    self.is_said_of_a_thing(from, at) || self.has_own_verb(from, at, rest) || self.is_contrast(from, at) || self.is_value(from, at, rest);
                return !is_bound && !is_other && !self.is_excepted(behind) && !self.is_wished(at + row.0.len(), row.0.len()) && !self.is_corrected(from);
            }
            let is_thing = || next.starts_with(char::is_alphabetic) && !is_one(&denials.bounds, next) && !self.names_no_thing(next);
            if at < from + NONE_WITHIN && is_one(&denials.nones, this) && is_thing() {
                // "no questions asked" tells how.
                let is_told = at + 3 == end && self.said(at + 2).ends_with("ed");
                return !is_told && !self.is_corrected(from);
            }
        }
        if self.is_denied_in_the_end(from, end) {
            return true;
        }
        // The next line may be no more than the negation.
        let after = self.clauses.range(end + 1..).next().copied().unwrap_or(self.said.len());
        end < after && end <= from + BEHIND_MAX && after - end == 1 && is_one(&denials.lasts, self.said(end))
    }

    /// Whether a clause that goes on from here ends in a negation, as in German: "lösche die Datei von gestern Abend nicht".
    fn is_denied_in_the_end(&self, from: usize, end: usize) -> bool {
        let denials = &self.grammar.denials;
        let is_near = end > from && end - from <= CLAUSE_MAX && is_one(&denials.lasts, self.said(end - 1));
        is_near && !(from..end).any(|at| is_one(&denials.breaks, self.said(at))) && !self.is_corrected(from)
    }

    /// Whether all of it is a denial of what follows: "do not:".
    pub(in crate::intent) fn denies_what_follows(&self) -> bool {
        let last = self.said.len();
        last > 0 && self.is_left_open(self.clause_of(last - 1), last)
    }

    /// Whether a negation of this clause ends here.
    fn denies(&self, clause: usize, end: usize) -> bool {
        let words = self.said.get(clause..end).unwrap_or_default();
        endings(words, &self.grammar.denials.negations).next().is_some_and(|taken| {
            let before = words.get(..words.len() - taken).unwrap_or_default();
            !self.exempts(before) && !self.is_wished(end, taken)
        })
    }

    /// Whether these words end in what lets a negation deny nothing, perhaps with a filler: "vergiss *bitte*".
    fn exempts(&self, before: &[&str]) -> bool {
        let denials = &self.grammar.denials;
        let mut last = before.iter().rev();
        last.next().is_some_and(|word| {
            is_one(&denials.exempts, word) || (is_one(&denials.fillers, word) && last.next().is_some_and(|word| is_one(&denials.exempts, word)))
        })
    }

    fn is_exempt(&self, from: usize, to: usize) -> bool {
        (from..to).any(|at| is_one(&self.grammar.denials.exempts, self.said(at)))
    }

    /// Whether a negation belongs to a question that begs: "¿no puedes enviarla?", "kannst du Lena nicht einfach antworten?"
    fn is_wished(&self, end: usize, taken: usize) -> bool {
        let is_wish = |end: usize| endings(self.said.get(..end).unwrap_or_default(), &self.grammar.wishes).any(|row| row >= taken);
        self.asks && self.marked && (is_wish(end) || is_wish(end + 1))
    }

    /// Whether the clause from here ends in a negation with nothing denied yet.
    fn is_left_open(&self, clause: usize, end: usize) -> bool {
        let denials = &self.grammar.denials;
        let words = self.said.get(clause..end).unwrap_or_default();
        endings(words, &denials.opens).any(|taken| {
            let before = words.get(..words.len() - taken).unwrap_or_default();
            let is_others = before.last().is_some_and(|last| self.grammar.questions.is_subject(last) && !is_one(&denials.fillers, last));
            let is_first = before.len() <= BETWEEN_MAX && before.iter().all(|word| is_one(&denials.openings, word));
            !self.exempts(before) && if taken > 1 { !is_others } else { is_first }
        })
    }

    fn names_no_thing(&self, word: &str) -> bool {
        is_one(&self.grammar.apart, word) || self.grammar.questions.is_preposition(word)
    }

    /// Whether a clause stands aside behind one that is left open: "do not, *for any reason*, reply".
    fn is_aside(&self, clause: usize, end: usize) -> bool {
        let questions = &self.grammar.questions;
        let first = self.said(clause);
        let is_one_of =
            questions.is_preposition(first) || questions.is_link(first) || questions.is_subject(first) || is_one(&self.grammar.denials.breaks, first);
        clause > 0 && end - clause <= ASIDE_MAX && is_one_of && self.is_left_open(self.clause_of(clause - 1), clause)
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
