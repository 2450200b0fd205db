//! Phrases of the table, and where a sentence says one.
//!
//! A phrase is words in a row, in parts. `..` between two parts stands for any words of the same sentence, `..3` for three at most, none of
//! which begins another thought. `*` is any end of a word, `a|b` either word. `$` at the end of a part is where a thing is named in full:
//! "the deposit", and not "the deposit slip". `^` before a phrase: an order begins with it. `^!`: it would begin a question just as well. `~`:
//! its first word is a verb, and a noun behind an article: "zahle", and not "die Zahl".

mod aside;
mod asked;
mod before;
mod colon;
mod denied;
mod doubted;
mod kinds;
mod list;

use super::question::{Questions, quoted};
use aside::in_brackets;
use asked::Asked;
use before::Before;
pub(super) use colon::Reach;
use denied::{Denials, Denied};
pub(super) use kinds::Kinds;
pub(super) use list::{List, is_one};
use list::{Row, Rows, Word, ending};
use serde::Deserialize;
use std::collections::BTreeSet;

/// How far behind "of" a number stands at most: "the difference of an additional 20 %".
const NUMBER_WITHIN: usize = 3;

/// What is written with a full stop and ends no sentence. "No." is an answer.
const SHORT: [&str; 17] = ["dr", "mr", "mrs", "ms", "prof", "hr", "fr", "sr", "sra", "st", "nr", "bzw", "ca", "z", "z.b", "e.g", "i.e"];
/// How the months of German dates begin: "der 3. Mai".
const MONTHS: [&str; 13] = ["jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez", "jän"];

/// A phrase, read.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Phrase {
    begins: Begins,
    /// Whether its first word is a noun behind an article.
    is_twin: bool,
    parts: Vec<Part>,
}

/// Where a phrase may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    Anywhere,
    Clause,
    /// A clause, and of a question only behind a word that begs: "do the tasks" begins an order or a question, "can you do" an order.
    Order,
}

struct Part {
    /// The most words before it; none is any number.
    within: Option<usize>,
    words: Vec<Word>,
    /// Whether a thing is named in full by it.
    ends: bool,
}

/// Words by which an order is told from a question, and a thing from what is only said about it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grammar {
    /// What may stand before an order: "please", "i want you to".
    leads: Rows,
    /// What begins another clause: "and", "then".
    joins: Rows,
    /// Of those, what makes an order of a clause behind a question without its mark: "…, please send …".
    pleas: Rows,
    /// What somebody does whose words follow: a plea behind it is theirs, as in "did Bob write, please send …".
    sayings: List,
    /// What makes an order of a question: "can you".
    begs: Rows,
    /// What asks for something without a word that begs: "can we", "why not".
    wishes: Rows,
    /// What begins an order behind a question, by its answer: "if not".
    answers: Rows,
    /// Whoever is spoken to, behind a verb: "schickst *du*".
    addressed: List,
    /// What begins a question, or is asked with another.
    wonders: List,
    /// What else begins something that is only told: "whether".
    subordinates: List,
    /// What may not stand in a gap that is counted: something else is spoken of behind it.
    apart: List,
    /// What may follow on a thing that is named in full.
    after: List,
    /// Of those, what names another thing unless a number follows: "the difference of 20", and not "of the two drafts".
    of: List,
    /// What is said behind an order and makes no question of it: "…, ok?".
    tags: List,
    /// What a question hangs on that is none by itself: "tell me, do the tasks make sense".
    reports: Rows,
    /// What says that something is not to be done.
    denials: Denials,
    /// What the phrases that ask for an effect begin with.
    #[serde(skip)]
    orders: List,
    /// What tells a question without its mark.
    questions: Questions,
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        let (begins, text) = match (text.strip_prefix("^!"), text.strip_prefix('^')) {
            (Some(rest), _) => (Begins::Order, rest),
            (None, Some(rest)) => (Begins::Clause, rest),
            (None, None) => (Begins::Anywhere, text.as_str()),
        };
        let (is_twin, text) = text.strip_prefix('~').map_or((false, text), |text| (true, text));
        Self { begins, is_twin, parts: text.split("..").map(Part::of).collect() }
    }
}

impl Grammar {
    /// Knows what these phrases begin with.
    pub(super) fn learn<'a>(&mut self, phrases: impl Iterator<Item = &'a Phrase>) {
        let firsts = phrases.filter_map(|phrase| phrase.parts.first()?.words.first()).flat_map(Word::forms);
        let openings = &self.denials.openings;
        self.orders = List::from(firsts.filter(|word| !is_one(openings, word)).collect::<Vec<_>>());
    }

    /// Whether a phrase that asks for an effect begins with this word.
    pub(super) fn is_order(&self, word: &str) -> bool {
        is_one(&self.orders, word)
    }

    /// Whether a folded text has such a word, whatever it says of it.
    pub(super) fn has_an_order(&self, folded: &str) -> bool {
        folded.split(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '_').any(|word| self.is_order(word))
    }
}

impl Part {
    fn of(text: &str) -> Self {
        let words = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let within = text.strip_suffix(words).and_then(|number| number.parse().ok());
        let (words, ends) = words.trim_end().strip_suffix('$').map_or((words, false), |words| (words, true));
        Self { within, words: Row::from(words.to_owned()).0, ends }
    }
}

/// The sentences of a folded text: a full stop ends one only before white space, so that file names stay whole.
pub(super) fn sentences(folded: &str) -> Vec<String> {
    folded.split_inclusive(['.', '!', '?', ';', ':']).fold(Vec::new(), |mut sentences: Vec<String>, part| {
        match sentences.last_mut() {
            Some(last) if !part.starts_with(' ') || is_shortened(last, part) => last.push_str(part),
            _ => sentences.push(part.to_owned()),
        }
        sentences
    })
}

/// Whether the full stop of a text ends no sentence: behind a title, before a month, and where words are left out.
fn is_shortened(text: &str, next: &str) -> bool {
    let Some(text) = text.strip_suffix('.') else { return false };
    let last = text.rsplit(' ').next().unwrap_or_default();
    let is_day = last.len() <= 2 && !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let is_month = || MONTHS.iter().any(|month| next.trim_start().starts_with(month));
    (last.ends_with("..") && leaves_out(text, next)) || SHORT.contains(&last) || text.ends_with("z. b") || (is_day && is_month())
}

/// Whether the sentence goes on behind dots: where they stand alone, or behind a negation. "No... she is on leave" answers.
fn leaves_out(text: &str, next: &str) -> bool {
    let said = text.trim_end_matches('.');
    let last = said.split_whitespace().next_back().unwrap_or_default();
    let last = last.rsplit(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '\'' | '’')).next().unwrap_or_default();
    if matches!(last, "no" | "nein" | "nope") {
        // "No … responder" goes on.
        let next = next.split_whitespace().next().unwrap_or_default();
        let next = next.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        return next.ends_with("ar") || next.ends_with("er") || next.ends_with("ir");
    }
    let is_negation = matches!(last, "not" | "never" | "cannot" | "dont" | "nicht" | "nie" | "niemals" | "nunca" | "jamás" | "sin" | "ohne" | "without");
    said.is_empty() || said.ends_with(' ') || is_negation || last.ends_with("n't") || last.ends_with("n’t")
}

/// A folded sentence, in words.
pub(super) struct Sentence<'a> {
    grammar: &'a Grammar,
    words: Vec<&'a str>,
    /// Each of them once, in order.
    sorted: Vec<&'a str>,
    /// The words as they stand, with nothing in the place of each that stands in quotes.
    said: Vec<&'a str>,
    /// The first words of what stands between commas.
    clauses: BTreeSet<usize>,
    /// Whether a question mark ends it.
    marked: bool,
    /// Whether it asks.
    asks: bool,
    /// Whether it asks by the order of its words alone.
    inverts: bool,
    /// Whether a clause of it begins with a word that begs.
    begs: bool,
    /// What stands before each word, and before the end.
    before: Vec<Before>,
    /// The first word of a question in it.
    wonder: Option<usize>,
    /// Whether it may ask, whatever follows.
    may_ask: bool,
    /// Of what it asks, what is asked for.
    asked: Asked,
    /// The first words of its lines.
    lines: BTreeSet<usize>,
    /// What stands in brackets and denies a thing, and an answer that such begin with.
    brackets: Vec<(usize, usize)>,
    /// What stands in brackets and denies nothing.
    asides: BTreeSet<usize>,
    /// What of it is denied.
    denied: Denied,
}

impl<'a> Sentence<'a> {
    pub(super) fn of(folded: &'a str, grammar: &'a Grammar) -> Self {
        let mut words = Vec::new();
        let (mut clauses, mut lines, mut is_line) = (BTreeSet::new(), BTreeSet::new(), false);
        for clause in folded.split([',', '–', '—']) {
            let first = words.len();
            is_line |= clause.trim().is_empty();
            words.extend(clause.split(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '_').filter(|word| !word.is_empty()));
            if words.len() > first {
                clauses.insert(first);
                lines.extend(std::mem::take(&mut is_line).then_some(first));
            }
        }
        let end = folded.trim_end_matches(|letter: char| letter != '?' && !letter.is_alphanumeric());
        let marked = end.ends_with('?');
        let in_quotes = quoted(folded);
        let is_quoted = |word: &str| {
            let at = (word.as_ptr() as usize).saturating_sub(folded.as_ptr() as usize);
            let next = in_quotes.partition_point(|(_, to)| *to <= at);
            in_quotes.get(next).is_some_and(|(from, _)| *from <= at)
        };
        // "Firma.no" and "no.reply@…" deny nothing.
        let is_in_address = |word: &str| {
            let at = (word.as_ptr() as usize).saturating_sub(folded.as_ptr() as usize);
            let before = folded.get(..at).and_then(|before| before.chars().next_back());
            let mut after = folded.get(at + word.len()..).unwrap_or_default().chars();
            let (next, second) = (after.next(), after.next());
            let is_dot = before == Some('.') || (next == Some('.') && second.is_some_and(char::is_alphanumeric));
            [before, next].contains(&Some('@')) || (is_one(&grammar.denials.nones, word) && (is_dot || [before, next].contains(&Some('/'))))
        };
        let said = words.iter().map(|word| if is_quoted(word) || is_in_address(word) { "" } else { *word }).collect();
        let before = Before::all(&words, &clauses, grammar);
        let mut sorted = words.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let wonder = words.iter().position(|word| is_one(&grammar.wonders, word));
        let may_ask = grammar.questions.may_ask(&words);
        let (asks, inverts, begs) = (wonder == Some(0), false, false);
        let mut sentence = Self {
            grammar,
            words,
            sorted,
            said,
            clauses,
            marked,
            asks,
            inverts,
            begs,
            before,
            wonder,
            may_ask,
            asked: Asked::default(),
            lines,
            brackets: Vec::new(),
            asides: BTreeSet::new(),
            denied: Denied::default(),
        };
        sentence.asks |= marked && !(sentence.clauses.len() > 1 && sentence.ends_in_a_tag());
        let opening = grammar.questions.opening(&sentence.said);
        let (clause, is_all) = sentence.clause(opening);
        sentence.inverts = !sentence.asks && grammar.questions.asks(clause, is_all);
        sentence.asks |= sentence.inverts;
        sentence.begs = sentence.asks && sentence.before.iter().any(|before| before.begs && before.begins);
        if sentence.asks {
            sentence.asked = Asked::of(&sentence);
        }
        sentence.read_brackets(folded);
        sentence.denied = Denied::of(&sentence);
        sentence
    }

    /// Takes away what stands in brackets and denies nothing of an order: "(no attachment)".
    fn read_brackets(&mut self, folded: &str) {
        for (from, to) in in_brackets(folded, &self.words) {
            if self.is_beside(from, to) {
                if let Some(said) = self.said.get_mut(from..to) {
                    said.fill("");
                }
                self.asides.extend(from..to);
            } else if from < to && self.begins_with_an_answer(from, to) {
                self.brackets.push((from, from + 1));
            } else if self.begins_with_a_denied_thing(from, to) {
                self.brackets.push((from, to));
            }
        }
    }

    /// Whether it says a phrase as an order: a question does not, unless it begs or a clause of it pleads.
    pub(super) fn orders(&self, phrase: &Phrase) -> bool {
        (!self.asks || self.begs || (self.inverts && phrase.begins != Begins::Anywhere)) && self.says(phrase)
    }

    /// Whether its mark makes a question of what stands before it too: "…, ok?" is none.
    pub(super) fn is_marked(&self) -> bool {
        self.marked && !self.ends_in_a_tag()
    }

    fn ends_in_a_tag(&self) -> bool {
        let last = self.clauses.last().and_then(|first| self.words.get(*first..)).unwrap_or_default();
        last.iter().all(|word| is_one(&self.grammar.tags, word))
    }

    /// Whether it asks, and nobody wrote its mark.
    pub(super) fn is_unmarked(&self) -> bool {
        self.inverts
    }

    /// What is said from this word to the end of its clause, and whether no other clause follows.
    fn clause(&self, from: usize) -> (&[&'a str], bool) {
        let end = self.clauses.range(from + 1..).next().copied();
        (self.said.get(from..end.unwrap_or(self.said.len())).unwrap_or_default(), end.is_none())
    }

    /// Whether it says a phrase, and not that it is not to be done.
    pub(super) fn says(&self, phrase: &Phrase) -> bool {
        let is_free = |at: usize| !self.is_denied(at);
        self.says_where(phrase, is_free, &is_free)
    }

    /// The same, at a place that counts, with its other parts on words that are free.
    fn says_where(&self, phrase: &Phrase, counts: impl Fn(usize) -> bool, is_free: &dyn Fn(usize) -> bool) -> bool {
        self.said_at(phrase, counts, is_free).is_some()
    }

    /// The first such place.
    fn said_at(&self, phrase: &Phrase, counts: impl Fn(usize) -> bool, is_free: &dyn Fn(usize) -> bool) -> Option<usize> {
        if !self.has_words(phrase) {
            return None;
        }
        let (first, rest) = phrase.parts.split_first()?;
        let end = |at: usize| at + first.words.len();
        let stands = |at: usize| self.stands(at, first) && !(phrase.is_twin && self.is_noun(at)) && self.begins(at, phrase.begins) && counts(at);
        let places = (0..self.words.len()).filter(|at| stands(*at));
        places.take(places_before(rest)).find(|at| self.goes_on(end(*at), rest, is_free))
    }

    /// Whether each word of a phrase stands somewhere.
    fn has_words(&self, phrase: &Phrase) -> bool {
        phrase.parts.iter().flat_map(|part| &part.words).all(|word| word.is_among(&self.sorted))
    }

    /// Whether the other parts follow from here.
    fn goes_on(&self, from: usize, parts: &[Part], is_free: &dyn Fn(usize) -> bool) -> bool {
        let Some((part, rest)) = parts.split_first() else { return true };
        let last = part.within.map_or(self.words.len(), |within| from.saturating_add(within).saturating_add(1)).min(self.words.len());
        let is_near = |at: &usize| part.within.is_none() || *at == from || (self.is_between(at.saturating_sub(1)) && !self.clauses.contains(at));
        let places = (from..last).take_while(is_near).filter(|at| self.stands(*at, part) && is_free(*at));
        places.take(places_before(rest)).any(|at| self.goes_on(at + part.words.len(), rest, is_free))
    }

    /// Whether a word may stand in a gap that is counted.
    fn is_between(&self, at: usize) -> bool {
        self.words.get(at).is_some_and(|word| !is_one(&self.grammar.apart, word))
    }

    fn stands(&self, at: usize, part: &Part) -> bool {
        let to = at + part.words.len();
        let is_there = self.words.get(at..to).is_some_and(|words| words.iter().zip(&part.words).all(|(word, want)| want.fits(word)));
        let has_number = || self.words.iter().skip(to + 1).take(NUMBER_WITHIN).any(|word| word.contains(|letter: char| letter.is_ascii_digit()));
        let may_follow = |next: &&str| is_one(&self.grammar.after, next) && (!is_one(&self.grammar.of, next) || has_number());
        let is_full = || self.clauses.contains(&to) || self.words.get(to).is_none_or(may_follow);
        is_there && (!part.ends || is_full())
    }

    /// Whether a word that is a verb and a noun is the noun: behind an article, unless that is a pronoun, as in "kannst du das schreiben".
    fn is_noun(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).filter(|_| !self.clauses.contains(&at)) else { return false };
        let ends = || self.clauses.contains(&(at + 1)) || self.words.get(at + 1).is_none_or(|next| is_one(&self.grammar.after, next));
        let first = self.clauses.range(..=at).next_back().copied().unwrap_or_default();
        let is_led = || self.before(first + 1).left == first || self.words.get(first).is_some_and(|word| self.grammar.questions.is_subject(word));
        self.grammar.questions.is_article(self.words.get(before).copied().unwrap_or_default()) && !(ends() && (self.asks || is_led()))
    }

    /// Whether an order begins here.
    fn begins(&self, at: usize, begins: Begins) -> bool {
        if begins == Begins::Anywhere {
            return true;
        }
        let before = self.before(at);
        if !before.begins {
            return false;
        }
        let says = self.words.get(..before.left).and_then(<[&str]>::last).is_some_and(|word| is_one(&self.grammar.sayings, word));
        let pleads = self.inverts && before.pleads && !says;
        if says && before.pleads && self.may_ask {
            return false;
        }
        // Behind no more than a comma it may be what is asked, or told of, there.
        if begins == Begins::Order && before.left > 0 && self.clauses.contains(&before.left) {
            let words = self.words.get(..before.left).unwrap_or_default();
            if (self.asks && !before.begs && !pleads) || ending(words, &self.grammar.reports).is_some() {
                return false;
            }
        }
        let is_led = || self.words.get(before.left..at).is_some_and(|leads| leads.iter().any(|word| !self.grammar.questions.is_opener(word)));
        if begins == Begins::Order && !before.begs && !is_led() && self.grammar.questions.asks_like_an_order(self.clause(at).0) {
            return false;
        }
        let begs = || before.begs || (self.begs && self.wonder.is_none_or(|wonder| wonder >= at));
        !self.asks || pleads || begs() || (before.left == 0 && begins == Begins::Clause)
    }

    fn before(&self, at: usize) -> Before {
        self.before.get(at).copied().unwrap_or_default()
    }
}

/// How many places of a part have to be tried: what follows after any number of words follows on the first as well.
fn places_before(rest: &[Part]) -> usize {
    if rest.first().is_some_and(|next| next.within.is_some()) { usize::MAX } else { 1 }
}
