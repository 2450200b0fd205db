//! What of a sentence is said not to be done: "do not reply", "antworte ihr nicht", "sin cambiar nada".
//!
//! A sentence is read in pieces, from one comma, "and", "but" or "if" to the next. What denies in a piece denies all that the piece orders,
//! on either side of it, and whatever kind of effect is denied is asked for nowhere else in that sentence or line. What it orders all the same is
//! in doubt (`doubted.rs`), and a person is asked.
//! One form alone denies nothing, because it can be told by its words: "to Max, not to Lena" names another receiver by the same preposition.
//! Each word is looked at once.

use super::colon::{Colon, Reach};
use super::list::{List, Row, ending, endings, is_one};
use super::{Begins, Part, Phrase, Sentence};
use serde::Deserialize;
use std::collections::BTreeSet;

/// How many words before an "or" a verb of a denied list has at most: "do not change, *move or* delete it".
const VERB_MAX: usize = 2;
/// How many words name another receiver at most: "not to *Lena Petrova*".
const RECEIVER_MAX: usize = 6;

/// Words by which something is denied.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Denials {
    /// What denies the whole of a piece: "not", "kein".
    negations: Vec<Row>,
    /// What denies only what follows in it: "without", "forbidden".
    forwards: Vec<Row>,
    /// What denies a thing that follows, and is an answer by itself: "no".
    pub(super) nones: List,
    /// What is no thing behind those: "no *later*".
    bounds: List,
    /// What stands beside a negation that denies nothing: "do not *forget*", "*if* not".
    exempts: List,
    /// What may stand between those and a negation: "vergessen *Sie* nicht".
    fillers: List,
    /// What may stand before a negation that denies the next piece, or the one before: "*but please* don't, ever, reply".
    pub(super) openings: List,
    /// What may stand behind it: "do not *ever*, reply".
    pub(super) between: List,
    /// What begins another piece: "but".
    pub(super) breaks: List,
    /// What begins a piece that is only told: "if".
    pub(super) tolds: List,
    /// What begins a piece that a denial goes on in: "ich will nicht, *dass* du antwortest".
    pub(super) tells: List,
    /// What goes on with a denial: "do not reply *or* forward it".
    pub(super) ors: List,
    /// What names another receiver where its preposition stood before: "to Max, *not to* Lena".
    pub(super) contrasts: Vec<Row>,
    /// What is no receiver behind it: "not to *anybody*".
    pub(super) indefinites: List,
    /// What may name something else instead of what is denied: "nothing *but*", "*sondern*".
    pub(super) insteads: List,
    /// Who the owner is: "I".
    pub(super) owners: List,
    /// Whom the owner gives rules: "the agent".
    pub(super) agents: List,
    /// What makes another of those: "*our* agent".
    pub(super) possessives: List,
    /// What tells what was or is so: "Lena *has* not answered".
    pub(super) states: List,
    /// What tells it directly behind who or what it is told of: "Lena *can* not come".
    pub(super) facts: List,
    /// The same with nothing behind it: "Lena *kommt* nicht".
    pub(super) acts: List,
    /// What says that somebody wants, allows or has to, and does not only tell: "Max does not *want*".
    pub(super) wills: List,
    /// What may name what follows on a colon: "this".
    pub(super) points: List,
    /// What names it: "the following".
    pub(super) follows: Vec<Row>,
    /// What an order is about: "no *mail*".
    pub(super) things: List,
    /// What is said behind an order and ends it: "nothing else".
    pub(super) closings: Vec<Row>,
    /// What is denied beside an order and is nothing of it: "keine *Eile*".
    pub(super) besides: List,
    /// What bounds an order before "than": "not *more* than".
    pub(super) limits: List,
}

/// What a sentence denies, word by word.
#[derive(Default)]
pub(super) struct Denied {
    words: Vec<bool>,
    /// Of those, the ones that may be ordered all the same.
    pub(super) doubts: Vec<bool>,
    /// Whether anything of it is denied.
    pub(super) denies: bool,
    /// The places of those that may begin an order and are not only told, as in "if they do not reply".
    orders: Vec<usize>,
    /// The line of each word, where one that goes on with a denial belongs to the line before.
    lines: Vec<usize>,
    /// What its last line denies of what follows on a colon.
    colon: Colon,
    /// How much of what was said before it is denied by it: "No.", "Don't."
    refuses: Reach,
}

/// A denial found in a piece.
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) taken: usize,
    is_forward: bool,
}

impl Denied {
    pub(super) fn of(sentence: &Sentence<'_>) -> Self {
        let denials = &sentence.grammar.denials;
        let count = sentence.said.len();
        let mut denied = Self { words: vec![false; count], doubts: vec![false; count], lines: vec![0; count], ..Self::default() };
        let has_order = (0..count).any(|at| is_one(&sentence.grammar.orders, sentence.said(at)));
        let starts: Vec<usize> = (0..count).filter(|at| sentence.begins_piece(*at)).collect();
        let listed = sentence.listed(&starts);
        // Where this line and the one before begin, up to where all is denied already, and what is named in this line.
        let mut told = BTreeSet::new();
        let (mut line, mut line_from, mut before_from, mut marked, mut named) = (0, 0, 0, 0, Vec::new());
        // Whether the piece before is denied, and whether its denial is of what follows it.
        let (mut is_carried, mut is_open) = (false, false);
        // Whether something was told that a denial at the end may be of.
        let mut tells = false;
        for (index, &from) in starts.iter().enumerate() {
            let to = starts.get(index + 1).copied().unwrap_or(count);
            let first = (from..to).find(|at| !is_mark(sentence.said(*at))).unwrap_or(from);
            let word = sentence.said(first);
            let is_line = sentence.lines.contains(&from);
            let is_or = is_one(&denials.ors, word) || from.checked_sub(1).is_some_and(|last| is_one(&denials.ors, sentence.said(last)));
            let is_listed = || !is_line && (listed.get(index) == Some(&true) || sentence.joins_an_infinitive(from, to));
            let goes_on = is_or || is_one(&denials.tells, word) || is_listed();
            let inherits = is_open || (is_carried && goes_on);
            if is_line && !inherits {
                (line, before_from, line_from) = (line + 1, line_from, from);
                named.clear();
                denied.colon = Colon::default();
            }
            let mut found = sentence.denials_in(first, to, &mut named);
            let has_denial = !found.is_empty();
            let is_beside = sentence.is_aside_of_an_order((from, first, to), &found);
            if is_beside {
                found.clear();
            }
            let is_told = !inherits && is_one(&denials.tolds, word);
            let is_bare = !found.is_empty() && sentence.is_bare(first, to, &found);
            // "Reply to her, at least not today."
            let is_last = found.first().is_some_and(|found| !is_told && sentence.ends_in_its_denial(first, to, found));
            if let Some(found) = found.first().filter(|_| index > 0 && !inherits && (is_bare || !is_line)) {
                let is_led = (first..found.at).all(|at| is_one(&denials.openings, sentence.said(at)));
                let is_of_all = is_led && found.taken == 1 && !sentence.has_own_order(found.at + 1, to);
                // "Send the mail that Max wrote to nobody."
                let is_nobody = !sentence.clauses.contains(&from) && found.at > first && sentence.grammar.questions.is_preposition(sentence.said(found.at - 1));
                let is_back = !found.is_forward || is_one(&denials.nones, sentence.said(found.at));
                let is_of_before = is_back && (is_bare || is_of_all || is_nobody || is_last || sentence.answers_in_brackets(found));
                if is_of_before || sentence.leaves_out_a_thing((from, first, to), found) {
                    // "Pay it, or rather not", "reply to her, never", "antworte ihr\nnicht".
                    let since = if is_line { before_from } else { line_from };
                    let said_before = denied.words.iter_mut().zip(&mut denied.doubts).take(from).skip(since.max(marked));
                    // "Reply to her, not him" orders, and names another.
                    said_before.for_each(|(word, doubt)| *doubt = ((!std::mem::replace(word, true) && !is_nobody) || *doubt) && !is_bare);
                    marked = from;
                }
            }
            let own = found.iter().map(|found| if found.is_forward { found.at } else { from }).min();
            let begin = if inherits { Some(from) } else { own };
            for at in from..to {
                if let (Some(word), Some(of_line)) = (denied.words.get_mut(at), denied.lines.get_mut(at)) {
                    *word = begin.is_some_and(|begin| at >= begin) || (is_carried && sentence.has_zu(from, at));
                    *of_line = line;
                }
            }
            if let Some(since) = sentence.names_instead(from, to, &found).then_some(if found.is_empty() { line_from } else { from }) {
                denied.doubts.iter_mut().take(to).skip(since).for_each(|doubt| *doubt = true);
            }
            let doubted = sentence.doubted_from((from, first, to), &found).or_else(|| sentence.denies_in_brackets(&found).then_some(from));
            if let Some(since) = doubted.filter(|_| !inherits) {
                denied.doubts.iter_mut().take(to).skip(since).for_each(|doubt| *doubt = true);
            }
            told.extend((from..to).filter(|_| is_told));
            if begin.is_some() && !is_told {
                denied.colon.deny(sentence.told((first, to), &found), is_bare && sentence.is_answer(first, to));
            } else {
                denied.colon.go_on(sentence.orders_below(from, to), begin.is_some() && sentence.asks_what(first, to));
            }
            denied.colon.point(sentence.names_what_follows(first, to), sentence.ends_in_this(first, to));
            let is_later = || is_last && found.first().is_some_and(|found| (first..found.at).all(|at| sentence.says_when(at)));
            if is_bare && index == 0 {
                denied.refuses = Reach::Whole;
            } else if to == count && !has_order && (is_bare || is_later()) {
                // "I can come, but not today" may be of what it tells.
                let is_of_it = found.first().is_some_and(|found| tells && sentence.names_a_time(first, to, found));
                denied.refuses = denied.refuses.max(if is_of_it || !is_bare { Reach::Doubt } else { Reach::Whole });
            }
            tells |= !is_bare && sentence.tells_something(first, to);
            // "I want you to not" in one line, and "reply" in the next.
            let is_cut = sentence.lines.contains(&to)
                && found.last().is_some_and(|found| found.at + found.taken == to)
                && !(from..to).any(|at| is_one(&sentence.grammar.orders, sentence.said(at)));
            is_open = is_cut || (is_bare && !sentence.is_answer(first, to)) || (is_open && (has_denial || sentence.is_aside(first, to)));
            is_carried = begin.is_some() || (is_beside && is_carried);
        }
        let is_order = |at: &usize| denied.words.get(*at) == Some(&true) && !told.contains(at) && is_one(&sentence.grammar.orders, sentence.said(*at));
        denied.denies = denied.words.contains(&true);
        denied.orders = (0..count).filter(is_order).collect();
        denied
    }
}

impl Sentence<'_> {
    /// Whether a word of a phrase is denied.
    pub(super) fn is_denied(&self, at: usize) -> bool {
        self.denied.words.get(at) == Some(&true)
    }

    /// The line of a word: what is denied in one is asked for nowhere in it.
    pub(in crate::intent) fn line(&self, at: usize) -> usize {
        self.denied.lines.get(at).copied().unwrap_or_default()
    }

    /// Its last line.
    pub(in crate::intent) fn last_line(&self) -> usize {
        self.denied.lines.last().copied().unwrap_or_default()
    }

    /// The lines in which a phrase is said not to be done.
    pub(in crate::intent) fn denies(&self, phrase: &Phrase) -> Vec<usize> {
        let Some((first, rest)) = phrase.parts.split_first() else { return Vec::new() };
        let (mut lines, mut seen) = (Vec::new(), None);
        for &at in &self.denied.orders {
            let line = self.line(at);
            let is_said = seen != Some(line) && self.stands(at, first) && !(phrase.is_twin && self.is_noun(at));
            if !is_said || (phrase.begins == Begins::Anywhere && !self.is_asked_for(at)) {
                continue;
            }
            // What follows on a later place of the line follows on its first as well.
            seen = Some(line);
            let end = self.denied.lines.partition_point(|of| *of <= line);
            let next = |from: usize, part: &Part| (from..end).find(|at| self.stands(*at, part)).map(|at| at + part.words.len());
            if rest.iter().try_fold(at + first.words.len(), next).is_some() {
                lines.push(line);
            }
        }
        lines
    }

    /// How much it denies of what follows on its colon: "do not do any of the following:". `is_below`: it stands in the lines below.
    pub(in crate::intent) fn reaches(&self, is_below: bool) -> Reach {
        self.denied.colon.reach(is_below)
    }

    /// How much it denies of what was said or asked before it: "Pay it? No."
    pub(in crate::intent) fn refuses(&self) -> Reach {
        self.denied.refuses
    }

    fn begins_piece(&self, at: usize) -> bool {
        let (word, next) = (self.said(at), self.said(at + 1));
        // "Send that to nobody" names a thing.
        let is_thing = || is_one(&self.grammar.denials.tells, word) && self.before(at - 1).begins && !self.grammar.questions.is_subject(next);
        at == 0 || self.clauses.contains(&at) || is_mark(word) || (self.begins_thought(at) && !is_thing())
    }

    /// Whether a word begins another thought.
    pub(super) fn begins_thought(&self, at: usize) -> bool {
        let denials = &self.grammar.denials;
        let word = self.said(at);
        [&denials.breaks, &denials.tolds, &denials.tells].iter().any(|list| is_one(list, word)) || ending(&[word], &self.grammar.joins).is_some()
    }

    /// For each piece, whether it is of a list with an "or", verb by verb: "change, move or delete it".
    fn listed(&self, starts: &[usize]) -> Vec<bool> {
        let mut listed = vec![false; starts.len()];
        let mut follows = false;
        for (index, &from) in starts.iter().enumerate().rev() {
            let to = starts.get(index + 1).copied().unwrap_or(self.said.len());
            let has_or = (from..to.min(from + VERB_MAX + 1)).any(|at| is_one(&self.grammar.denials.ors, self.said(at)));
            let is_one_of = has_or || (follows && !self.begins_thought(from));
            if let Some(listed) = listed.get_mut(index) {
                *listed = is_one_of;
            }
            follows = is_one_of && !self.lines.contains(&from);
        }
        listed
    }

    /// Whether a piece adds an infinitive without a comma: "keine Mails lesen *und beantworten*".
    fn joins_an_infinitive(&self, from: usize, to: usize) -> bool {
        let is_infinitive = |at: usize| is_one(&self.grammar.orders, self.said(at)) && self.said(at).ends_with(['n', 'r']);
        !self.clauses.contains(&from) && ending(&[self.said(from)], &self.grammar.joins).is_some() && (is_infinitive(from + 1) || is_infinitive(to - 1))
    }

    /// What denies between these words. `named`: the first order of this line, and the prepositions of receivers behind it.
    fn denials_in<'s>(&'s self, from: usize, to: usize, named: &mut Vec<&'s str>) -> Vec<Found> {
        let mut found = Vec::new();
        let mut at = from;
        while at < to {
            if let Some(one) = self.denial(from, at, to).filter(|_| !self.is_contrast(at, to, named)) {
                at += one.taken;
                found.push(one);
                continue;
            }
            let word = self.said(at);
            let is_preposition = || self.grammar.denials.contrasts.iter().filter_map(|row| row.0.last()).any(|last| last.fits(word));
            let is_behind = || !named.is_empty() && !named.contains(&word) && is_preposition() && !self.is_done_to(at + 1);
            if (named.is_empty() && is_one(&self.grammar.orders, word)) || is_behind() {
                named.push(word);
            }
            at += 1;
        }
        found
    }

    /// The denial that begins at this word of a piece.
    pub(super) fn denial(&self, from: usize, at: usize, to: usize) -> Option<Found> {
        let denials = &self.grammar.denials;
        let rest = self.said.get(at..to).unwrap_or_default();
        let row = |rows: &[Row]| rows.iter().find(|row| row.begins(rest)).map(|row| row.0.len());
        let (taken, is_forward) = if is_one(&denials.nones, self.said(at)) {
            let next = rest.get(1).copied().unwrap_or_default();
            if is_one(&denials.bounds, next) || is_number(next) {
                return None;
            }
            let is_answer = !next.starts_with(char::is_alphabetic) || is_one(&self.grammar.apart, next) || self.grammar.questions.is_preposition(next);
            // "Reply to her (no)."
            (1, is_answer && self.bracket(at).is_none())
        } else {
            row(&denials.negations).map(|taken| (taken, false)).or_else(|| row(&denials.forwards).map(|taken| (taken, true)))?
        };
        let is_filler = |at: &usize| is_one(&denials.fillers, self.said(*at));
        let next = (at + taken..).take(2).take_while(is_filler).count() + at + taken;
        let is_next =
            is_one(&denials.exempts, self.said(next)) && (next < to || (next == to && self.lines.contains(&to) && !is_one(&denials.tolds, self.said(next))));
        let before = at.checked_sub(1).map(|last| if is_filler(&last) { last.saturating_sub(1) } else { last });
        let is_exempt = is_next || before.is_some_and(|before| before >= from && is_one(&denials.exempts, self.said(before)));
        (!is_exempt && !self.is_wished(at + taken, taken)).then_some(Found { at, taken, is_forward })
    }

    /// Whether a negation only names another receiver: "to Max, not to Lena". Its phrase has no verb and nobody who does something.
    fn is_contrast(&self, at: usize, to: usize, named: &[&str]) -> bool {
        let denials = &self.grammar.denials;
        let is_named = denials.contrasts.iter().any(|row| row.begins(self.said.get(at..to).unwrap_or_default())) && named.contains(&self.said(at + 1));
        let questions = &self.grammar.questions;
        let is_name = |at: usize| {
            let word = self.said(at);
            let acts = || self.is_verb(word) || questions.is_subject(word) || questions.may_ask(&[word]);
            !acts() && !is_one(&denials.indefinites, word) && self.denial(at, at, to).is_none()
        };
        is_named && (1..=RECEIVER_MAX).contains(&to.saturating_sub(at + 2)) && (at + 2..to).all(is_name)
    }

    /// Whether a word is a verb, and no name: "to mark *it*", and not "to Mark".
    fn is_done_to(&self, at: usize) -> bool {
        let next = self.said(at + 1);
        let is_object = || self.grammar.questions.is_determiner(next) || self.grammar.questions.is_nominal(next);
        self.is_verb(self.said(at)) && (is_object() || matches!(next, "him" | "her" | "them" | "us" | "me"))
    }

    pub(super) fn is_verb(&self, word: &str) -> bool {
        is_one(&self.grammar.orders, word) || self.grammar.questions.is_verb(word)
    }

    /// Whether a negation belongs to a question that begs: "¿no puedes enviarla?", "kannst du Lena nicht einfach antworten?"
    fn is_wished(&self, end: usize, taken: usize) -> bool {
        let is_wish = |end: usize| endings(self.said.get(..end).unwrap_or_default(), &self.grammar.wishes).any(|row| row >= taken);
        self.asks && self.marked && (is_wish(end) || is_wish(end + 1))
    }

    /// Whether a piece is no more than its denials: "but please don't", "under no circumstances".
    fn is_bare(&self, from: usize, to: usize, found: &[Found]) -> bool {
        let denials = &self.grammar.denials;
        let is_of_it = |at: usize| found.get(found.partition_point(|found| found.at + found.taken <= at)).is_some_and(|found| found.at <= at);
        let is_listed = |at: usize| [&denials.openings, &denials.between].iter().any(|list| is_one(list, self.said(at)));
        (from..to).all(|at| is_of_it(at) || is_mark(self.said(at)) || self.asides.contains(&at) || is_listed(at))
    }

    /// Whether a negation is of an order that follows on it: "never *reply*", "nicht an Max *schicken*".
    fn has_own_order(&self, from: usize, to: usize) -> bool {
        let first = (from..to).find(|at| !is_one(&self.grammar.denials.between, self.said(*at)));
        let is_order = |at: usize| is_one(&self.grammar.orders, self.said(at));
        first.is_some_and(is_order) || (from < to && is_order(to - 1) && self.said(to - 1).ends_with('n'))
    }

    /// A word, and nothing in the place of one in quotes.
    pub(super) fn said(&self, at: usize) -> &str {
        self.said.get(at).copied().unwrap_or_default()
    }
}

/// Whether a word is the number of something, as "17" and "re-2026-17", and no name with a digit, as "q3" and "b2b".
fn is_number(word: &str) -> bool {
    let is_digit = |letter: char| letter.is_ascii_digit();
    word.starts_with(is_digit) || word.split('-').skip(1).any(|part| part.starts_with(is_digit)) || word.matches(is_digit).count() > 1
}

/// Whether a word is a mark alone, as a dash.
fn is_mark(word: &str) -> bool {
    !word.is_empty() && !word.contains(char::is_alphanumeric)
}
