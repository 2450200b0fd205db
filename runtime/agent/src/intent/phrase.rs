//! Phrases of the table, and where a sentence says one.
//!
//! A phrase is words in a row, in parts. `..` between two parts stands for any words of the same sentence, `..3` for three at most, none of
//! which begins another thought. `*` is any end of a word, `a|b` either word. `$` at the end of a part is where a thing is named in full:
//! "the deposit", and not "the deposit slip". `^` before a phrase: an order begins with it. `^!`: it would begin a question just as well.

mod asked;
mod denied;

use super::question::{Questions, quoted};
use denied::Denials;
use serde::Deserialize;
use std::collections::BTreeSet;

/// How far behind "of" a number stands at most: "the difference of an additional 20 %".
const NUMBER_WITHIN: usize = 3;

/// A phrase, read.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Phrase {
    begins: Begins,
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

/// One word in each of its forms.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Word(Vec<String>);

/// Words in a row.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Row(Vec<Word>);

/// Words by which an order is told from a question, and a thing from what is only said about it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grammar {
    /// What may stand before an order: "please", "i want you to".
    leads: Vec<Row>,
    /// What begins another clause: "and", "then".
    joins: Vec<Row>,
    /// Of those, what makes an order of a clause behind a question without its mark: "…, please send …".
    pleas: Vec<Row>,
    /// What somebody does whose words follow: a plea behind it is theirs, as in "did Bob write, please send …".
    sayings: Vec<Word>,
    /// What makes an order of a question: "can you".
    begs: Vec<Row>,
    /// What asks for something without a word that begs: "can we", "why not".
    wishes: Vec<Row>,
    /// Whoever is spoken to, behind a verb: "schickst *du*".
    addressed: Vec<Word>,
    /// What begins a question, or is asked with another.
    wonders: Vec<Word>,
    /// What else begins something that is only told: "whether".
    subordinates: Vec<Word>,
    /// What may not stand in a gap that is counted: something else is spoken of behind it.
    apart: Vec<Word>,
    /// What may follow on a thing that is named in full.
    after: Vec<Word>,
    /// Of those, what names another thing unless a number follows: "the difference of 20", and not "of the two drafts".
    of: Vec<Word>,
    /// What is said behind an order and makes no question of it: "…, ok?".
    tags: Vec<Word>,
    /// What a question hangs on that is none by itself: "tell me, do the tasks make sense".
    reports: Vec<Row>,
    /// What says that something is not to be done.
    denials: Denials,
    /// What tells a question without its mark.
    questions: Questions,
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self(text.split('|').map(str::to_owned).collect())
    }
}

impl From<String> for Row {
    fn from(text: String) -> Self {
        Self(row(&text))
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        let (begins, text) = match (text.strip_prefix("^!"), text.strip_prefix('^')) {
            (Some(rest), _) => (Begins::Order, rest),
            (None, Some(rest)) => (Begins::Clause, rest),
            (None, None) => (Begins::Anywhere, text.as_str()),
        };
        Self { begins, parts: text.split("..").map(Part::of).collect() }
    }
}

impl Part {
    fn of(text: &str) -> Self {
        let words = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let within = text.strip_suffix(words).and_then(|number| number.parse().ok());
        let (words, ends) = words.trim_end().strip_suffix('$').map_or((words, false), |words| (words, true));
        Self { within, words: row(words), ends }
    }
}

impl Row {
    /// Whether these words begin with it.
    fn begins(&self, words: &[&str]) -> bool {
        !self.0.is_empty() && words.len() >= self.0.len() && words.iter().zip(&self.0).all(|(word, want)| want.fits(word))
    }
}

fn row(text: &str) -> Vec<Word> {
    text.split_whitespace().map(|word| Word::from(word.to_owned())).collect()
}

impl Word {
    fn fits(&self, word: &str) -> bool {
        self.0.iter().any(|want| want.strip_suffix('*').map_or_else(|| word == want, |start| word.starts_with(start)))
    }
}

/// The sentences of a folded text: a full stop ends one only before white space, so that file names stay whole.
pub(super) fn sentences(folded: &str) -> Vec<String> {
    folded.split_inclusive(['.', '!', '?', ';', ':']).fold(Vec::new(), |mut sentences: Vec<String>, part| {
        match sentences.last_mut() {
            Some(last) if !part.starts_with(' ') => last.push_str(part),
            _ => sentences.push(part.to_owned()),
        }
        sentences
    })
}

/// A folded sentence, in words.
pub(super) struct Sentence<'a> {
    grammar: &'a Grammar,
    words: Vec<&'a str>,
    /// The same with nothing in the place of each word that stands in quotes.
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
}

/// What stands before a word, when leads are taken away.
struct Before {
    /// How many words are left.
    left: usize,
    /// Whether a word that begs was among the leads.
    begs: bool,
    /// Whether a plea was.
    pleads: bool,
    /// Whether a clause begins here.
    begins: bool,
}

impl<'a> Sentence<'a> {
    pub(super) fn of(folded: &'a str, grammar: &'a Grammar) -> Self {
        let mut words = Vec::new();
        let mut clauses = BTreeSet::new();
        for clause in folded.split([',', '–', '—']) {
            let first = words.len();
            words.extend(clause.split(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '_').filter(|word| !word.is_empty()));
            if words.len() > first {
                clauses.insert(first);
            }
        }
        let end = folded.trim_end_matches(|letter: char| letter != '?' && !letter.is_alphanumeric());
        let marked = end.ends_with('?');
        let wonders = words.first().is_some_and(|first| is_one(&grammar.wonders, first));
        let in_quotes = quoted(folded);
        let is_quoted = |word: &str| {
            let at = (word.as_ptr() as usize).saturating_sub(folded.as_ptr() as usize);
            in_quotes.iter().any(|(from, to)| (*from..*to).contains(&at))
        };
        let said = words.iter().map(|word| if is_quoted(word) { "" } else { *word }).collect();
        let mut sentence = Self { grammar, words, said, clauses, marked, asks: wonders, inverts: false, begs: false };
        sentence.asks |= marked && !(sentence.clauses.len() > 1 && sentence.ends_in_a_tag());
        let opening = grammar.questions.opening(&sentence.said);
        let (clause, is_all) = sentence.clause(opening);
        sentence.inverts = !sentence.asks && grammar.questions.asks(clause, is_all);
        sentence.asks |= sentence.inverts;
        sentence.begs = sentence.asks && (0..=sentence.words.len()).map(|at| sentence.before(at)).any(|before| before.begs && before.begins);
        sentence
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
        self.says_where(phrase, |_| true)
    }

    /// The same, at a place that counts.
    fn says_where(&self, phrase: &Phrase, counts: impl Fn(usize) -> bool) -> bool {
        let Some((first, rest)) = phrase.parts.split_first() else { return false };
        let end = |at: usize| at + first.words.len();
        let stands = |at: usize| self.stands(at, first) && self.begins(at, phrase.begins) && !self.is_denied(at, end(at)) && counts(at);
        let places = (0..self.words.len()).filter(|at| stands(*at));
        places.take(places_before(rest)).any(|at| self.goes_on(end(at), rest))
    }

    /// Whether the other parts follow from here.
    fn goes_on(&self, from: usize, parts: &[Part]) -> bool {
        let Some((part, rest)) = parts.split_first() else { return true };
        let last = part.within.map_or(self.words.len(), |within| from.saturating_add(within).saturating_add(1)).min(self.words.len());
        let is_near = |at: &usize| part.within.is_none() || *at == from || (self.is_between(at.saturating_sub(1)) && !self.clauses.contains(at));
        let places = (from..last).take_while(is_near).filter(|at| self.stands(*at, part) && !self.is_denied_here(*at));
        places.take(places_before(rest)).any(|at| self.goes_on(at + part.words.len(), rest))
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

    /// Whether an order begins here.
    fn begins(&self, at: usize, begins: Begins) -> bool {
        if begins == Begins::Anywhere {
            return true;
        }
        let before = self.before(at);
        let says = self.words.get(..before.left).and_then(<[&str]>::last).is_some_and(|word| is_one(&self.grammar.sayings, word));
        let pleads = self.inverts && before.pleads && !says;
        if says && before.pleads && self.grammar.questions.may_ask(&self.words) {
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
        let begs = || before.begs || (self.begs && !self.words.iter().take(at).any(|word| is_one(&self.grammar.wonders, word)));
        before.begins && (!self.asks || pleads || begs() || (before.left == 0 && begins == Begins::Clause))
    }

    fn before(&self, at: usize) -> Before {
        let mut before = Before { left: at, begs: false, pleads: false, begins: true };
        while before.left > 0 && !self.clauses.contains(&before.left) {
            let words = self.words.get(..before.left).unwrap_or_default();
            let counts = |word: &&str| word.chars().any(char::is_alphabetic);
            if !words.last().is_some_and(counts) {
                before.left -= 1;
            } else if let Some(taken) = ending(words, &self.grammar.begs) {
                before.left -= taken;
                before.begs = true;
            } else if let Some(taken) = ending(words, &self.grammar.leads) {
                before.pleads |= ending(words, &self.grammar.pleas).is_some();
                before.left -= taken;
            } else {
                before.begins = ending(words, &self.grammar.joins).is_some();
                break;
            }
        }
        before
    }
}

/// How many places of a part have to be tried: what follows after any number of words follows on the first as well.
fn places_before(rest: &[Part]) -> usize {
    if rest.first().is_some_and(|next| next.within.is_some()) { usize::MAX } else { 1 }
}

pub(super) fn is_one(list: &[Word], word: &str) -> bool {
    list.iter().any(|one| one.fits(word))
}

/// How many words the first row has that these end with.
fn ending(words: &[&str], rows: &[Row]) -> Option<usize> {
    let ends = |row: &&Row| {
        let tail = words.len().checked_sub(row.0.len()).and_then(|from| words.get(from..));
        !row.0.is_empty() && tail.is_some_and(|tail| tail.iter().zip(&row.0).all(|(word, want)| want.fits(word)))
    };
    rows.iter().find(ends).map(|row| row.0.len())
}
