//! Languages that are read more simply than English, German and Spanish: Arabic, French and Nepali; and whether a text is of any that is known.
//!
//! Here a plain order is asked for, and no more: where a sentence asks or denies anything, and where an order stands elsewhere than orders do, it
//! is in doubt, and a person is asked. Letters are compared without the marks that people write or leave out. Which language a text is of is
//! told by its commonest words; of one that is of none, and says nothing that is known, nobody can tell what it asks for.

use super::Entry;
use super::phrase::{List, is_one};
use super::question::quoted;
use crate::labels::Words;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use steward_core::Effect;
use unicode_normalization::UnicodeNormalization as _;

const TABLE: &str = include_str!("languages.json");
/// One word in so many is one of a language's commonest in a text of that language, at least.
const COMMON_EVERY: usize = 4;
/// From how many words on a text in Latin letters is of some language: "Max Weber." is of none.
const WORDS_MIN: usize = 3;
/// How many rows of words stand before an order at most: "please", "can you".
const LEADS_MAX: usize = 8;
/// How many words refuse what was said before at most: "Non, attends."
const REFUSAL_MAX: usize = 3;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Languages {
    /// The commonest words of the languages of the other table.
    known: BTreeMap<String, Vocabulary>,
    /// Those that are read here.
    plain: BTreeMap<String, Language>,
}

/// Words of one kind, as they are compared here.
#[derive(Deserialize)]
#[serde(from = "Vec<String>")]
struct Vocabulary(List);

/// Words in a row, each in its forms.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Row(Vec<Vec<String>>);

/// Rows with any words between them. `^` before the first: it counts where an order begins.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Phrase {
    is_led: bool,
    first: Row,
    rest: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    /// Whether it has the letters of the languages of the other table: its words may be theirs then.
    #[serde(default)]
    latin: bool,
    /// Letters that are written onto the word behind them, as "and" is in Arabic.
    #[serde(default)]
    clitics: Vec<String>,
    /// Its commonest words.
    common: Vocabulary,
    /// What has something read, shown or found, and asks for no effect.
    looks: Vocabulary,
    /// What begins a question within another.
    wonders: Vocabulary,
    /// What denies.
    denies: Vocabulary,
    /// What denies nothing although it has such a word: "do not forget".
    exempts: Vec<Row>,
    /// What may stand before an order.
    leads: Vec<Row>,
    /// What begins another clause.
    joins: Vec<Row>,
    /// What makes an order of a question.
    begs: Vec<Row>,
    asks: Vec<Entry<Phrase>>,
    /// What its phrases begin with.
    #[serde(skip)]
    firsts: List,
}

static LANGUAGES: LazyLock<Languages> = LazyLock::new(|| {
    // A broken table asks for nothing, and no language is known; a test reads it.
    let mut languages: Languages = serde_json::from_str(TABLE).unwrap_or_default();
    for language in languages.plain.values_mut() {
        let phrases = language.asks.iter().flat_map(|entry| &entry.phrases);
        let firsts: Vec<String> = phrases.filter_map(|phrase| phrase.first.0.first()).flatten().cloned().collect();
        language.firsts = List::from(firsts);
    }
    languages
});

impl From<Vec<String>> for Vocabulary {
    fn from(words: Vec<String>) -> Self {
        Self(List::from(words.iter().map(|word| plain(word)).collect::<Vec<_>>()))
    }
}

impl From<String> for Row {
    fn from(text: String) -> Self {
        Self(text.split_whitespace().map(|word| word.split('|').map(plain).collect()).collect())
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        let (is_led, text) = text.strip_prefix('^').map_or((false, text.as_str()), |rest| (true, rest));
        let mut parts = text.split("..").map(|part| Row::from(part.to_owned()));
        Self { is_led, first: parts.next().unwrap_or_else(|| Row(Vec::new())), rest: parts.collect() }
    }
}

/// What a text asks for, as far as it is read here.
#[derive(Default)]
pub(super) struct Read {
    /// What is asked for.
    pub(super) asked: BTreeSet<(Effect, Option<String>)>,
    /// What is in doubt.
    pub(super) doubted: BTreeSet<(Effect, Option<String>)>,
    /// Whether it is of one of these languages: of what the other table finds in it, that table does not know whether it is denied.
    pub(super) is_home: bool,
    /// Whether it is of no known language, and nothing is said in it that is known.
    pub(super) is_unread: bool,
}

/// Reads a text. `is_ours` says of a word whether a phrase of the other table begins with it.
pub(super) fn read(text: &str, is_ours: impl Fn(&str) -> bool) -> Read {
    let (mut sentences, mut words) = (Vec::new(), Vec::new());
    for line in text.split('\n') {
        let line = unquoted(&plain(line));
        words.extend(bare(&line).map(str::to_owned));
        sentences.extend(parts(&line).into_iter().map(Said::of).filter(|said| !said.words.is_empty()));
    }
    let most = LANGUAGES.known.values().map(|common| words.iter().filter(|word| is_one(&common.0, word)).count()).max().unwrap_or_default();
    let is_of = |hits: usize| hits * COMMON_EVERY >= words.len();
    let (mut read, mut is_understood) = (Read::default(), is_of(most));
    for language in LANGUAGES.plain.values() {
        let looks = words.iter().filter(|word| language.has(&language.looks, word)).count();
        let hits = words.iter().filter(|word| language.has(&language.common, word) || language.has(&language.looks, word)).count();
        let is_home = hits > most || language.is_denied_by_its_letters(&sentences);
        read.is_home |= is_home;
        is_understood |= is_of(hits) && (looks > 0 || sentences.iter().any(|said| said.asks));
        // Words of another language with the same letters are told by the company they keep.
        let is_mixed = language.latin && !is_home;
        if !(is_mixed && hits < most) {
            language.read(&sentences, &|word: &str| is_mixed && is_ours(word), &mut read);
        }
    }
    let is_text = words.len() >= WORDS_MIN || words.iter().any(|word| word.chars().any(is_beyond_latin));
    read.is_unread = is_text && !is_understood && read.asked.is_empty() && read.doubted.is_empty();
    read
}

impl Language {
    /// Takes in what these sentences ask for. `is_others`: a word is taken for another language's.
    fn read(&self, sentences: &[Said], is_others: &dyn Fn(&str) -> bool, read: &mut Read) {
        let is_denied: Vec<bool> = sentences.iter().map(|said| self.is_denied(said)).collect();
        let mut is_below = false;
        for (index, said) in sentences.iter().enumerate() {
            let is_own = is_denied.get(index) == Some(&true);
            let is_refused = is_denied.get(index + 1) == Some(&true) && sentences.get(index + 1).is_some_and(|next| next.words.len() <= REFUSAL_MAX);
            let in_doubt = is_own || is_refused || is_below || (said.asks && !self.is_begged(said));
            // What is denied before a colon may be all that stands below.
            is_below |= is_own && said.opens;
            let is_first = |at: &usize| said.words.get(*at).is_some_and(|word| self.has_first(word) && !is_others(word));
            let firsts: Vec<usize> = (0..said.words.len()).filter(is_first).collect();
            if firsts.is_empty() {
                continue;
            }
            for entry in &self.asks {
                let found = entry.phrases.iter().filter_map(|phrase| self.finds(phrase, said, &firsts)).max();
                if let Some(is_order) = found {
                    let kind = (entry.effect, entry.of.clone());
                    let into = if is_order && !in_doubt { &mut read.asked } else { &mut read.doubted };
                    into.insert(kind);
                }
            }
        }
    }

    /// Whether a sentence says a phrase, and then, whether where an order does.
    fn finds(&self, phrase: &Phrase, said: &Said, firsts: &[usize]) -> Option<bool> {
        // From the end: where what follows on the first row begins at the latest.
        let mut until = said.words.len();
        for row in phrase.rest.iter().rev() {
            until = (0..=until.checked_sub(row.0.len())?).rev().find(|at| self.stands(row, said, *at))?;
        }
        let mut places = firsts.iter().filter(|at| **at + phrase.first.0.len() <= until && self.stands(&phrase.first, said, **at)).peekable();
        places.peek()?;
        Some(!phrase.is_led || places.any(|at| self.begins(said, *at)))
    }

    /// Whether a row stands at this word; its first word may have letters written onto it.
    fn stands(&self, row: &Row, said: &Said, at: usize) -> bool {
        let fits = |want: &[String], word: &str| want.iter().any(|want| want.strip_suffix('*').map_or_else(|| word == want, |start| word.starts_with(start)));
        !row.0.is_empty()
            && row.0.iter().enumerate().all(|(index, want)| {
                let Some(word) = said.words.get(at + index) else { return false };
                fits(want, word) || (index == 0 && self.without_clitic(word).any(|rest| fits(want, rest)))
            })
    }

    fn without_clitic<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        self.clitics.iter().filter_map(move |clitic| word.strip_prefix(clitic.as_str())).filter(|rest| !rest.is_empty())
    }

    fn has(&self, vocabulary: &Vocabulary, word: &str) -> bool {
        is_one(&vocabulary.0, word) || self.without_clitic(word).any(|rest| is_one(&vocabulary.0, rest))
    }

    fn has_first(&self, word: &str) -> bool {
        is_one(&self.firsts, word) || self.without_clitic(word).any(|rest| is_one(&self.firsts, rest))
    }

    /// Whether an order begins at this word: first in a clause, behind a word that joins, or behind what may stand before an order.
    fn begins(&self, said: &Said, at: usize) -> bool {
        let mut left = at;
        for _ in 0..LEADS_MAX {
            let ends = |rows: &[Row]| {
                let row = rows.iter().find(|row| left.checked_sub(row.0.len()).is_some_and(|from| self.stands(row, said, from)));
                row.map(|row| row.0.len()).filter(|taken| *taken > 0)
            };
            if left == 0 || said.clauses.contains(&left) || ends(&self.joins).is_some() {
                return true;
            }
            let Some(taken) = ends(&self.leads) else {
                // "And" is written onto it.
                return said.words.get(left).is_some_and(|word| self.without_clitic(word).next().is_some());
            };
            left -= taken;
        }
        false
    }

    /// Whether a sentence denies anything.
    fn is_denied(&self, said: &Said) -> bool {
        let mut at = 0;
        while let Some(word) = said.words.get(at) {
            let exempt = self.exempts.iter().find(|row| self.stands(row, said, at)).map_or(0, |row| row.0.len());
            if exempt == 0 && self.has(&self.denies, word) {
                return true;
            }
            at += exempt.max(1);
        }
        false
    }

    /// Whether these sentences have a word that denies in letters which no other language here has.
    fn is_denied_by_its_letters(&self, sentences: &[Said]) -> bool {
        let denies = |word: &String| word.chars().next().is_some_and(|first| first > '\u{24f}') && self.has(&self.denies, word);
        !self.latin && sentences.iter().flat_map(|said| &said.words).any(denies)
    }

    /// Whether a question asks for something to be done, and within it nothing is asked.
    fn is_begged(&self, said: &Said) -> bool {
        let begs = |at: usize| self.begs.iter().any(|row| self.stands(row, said, at));
        (0..said.words.len()).any(begs) && !said.words.iter().any(|word| self.has(&self.wonders, word))
    }
}

/// One sentence, in words.
struct Said {
    words: Vec<String>,
    /// The first words of what stands between commas or in brackets.
    clauses: BTreeSet<usize>,
    /// Whether a question mark ends it.
    asks: bool,
    /// Whether a colon does.
    opens: bool,
}

impl Said {
    fn of(sentence: &str) -> Self {
        let (mut words, mut clauses) = (Vec::new(), BTreeSet::new());
        for clause in sentence.split([',', '(', ')', '–', '—']) {
            let first = words.len();
            words.extend(clause.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned));
            if words.len() > first {
                clauses.insert(first);
            }
        }
        let end = sentence.trim_end_matches(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '?' | ':'));
        Self { words, clauses, asks: end.ends_with('?'), opens: end.ends_with(':') }
    }
}

/// The sentences of a line. A full stop or a colon ends one only before white space, so that names of files stay whole.
fn parts(line: &str) -> Vec<&str> {
    let (mut found, mut from) = (Vec::new(), 0);
    for (at, mark) in line.match_indices(['.', '!', '?', ';', ':']) {
        let end = at + mark.len();
        let rest = line.get(end..).unwrap_or_default();
        if matches!(mark, "!" | "?" | ";") || rest.is_empty() || rest.starts_with(' ') {
            found.extend(line.get(from..end));
            from = end;
        }
    }
    found.extend(line.get(from..));
    found
}

/// A line without what stands in quotes: a name may have any words.
fn unquoted(line: &str) -> String {
    let (mut out, mut from) = (String::with_capacity(line.len()), 0);
    for (start, end) in quoted(line) {
        out.push_str(line.get(from..start).unwrap_or_default());
        // The mark that closes it parts the words around it.
        from = end;
    }
    out.push_str(line.get(from..).unwrap_or_default());
    out
}

/// The words of a line that are of its language: none of an address, a link or the name of a file, and no number.
fn bare(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).contains(['@', '/', '_', '.']);
    let words = line.split_whitespace().filter(move |word| !is_name(word)).flat_map(|word| word.split(|letter: char| !letter.is_alphanumeric()));
    words.filter(|word| word.contains(char::is_alphabetic) && !word.contains(char::is_numeric))
}

/// A text as it is compared here: folded, without accents, vowel marks and signs that are written or left out at will, and with one letter for
/// those that are taken for one another.
fn plain(text: &str) -> String {
    Words::fold(text).nfd().filter(|letter| !is_left_out(*letter)).map(one_of_alike).collect()
}

/// Accents; the vowel marks of Arabic, its hamza on another letter and the stroke that makes words longer; the nasal signs, the nukta and the
/// virama of Devanagari, without which no two words of the table are the same.
const fn is_left_out(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{901}'..='\u{902}' | '\u{93c}' | '\u{94d}')
}

const fn one_of_alike(letter: char) -> char {
    match letter {
        // Alef wasla, the two forms of yeh, kaf as Persian keyboards write it, and teh marbuta.
        '\u{671}' => '\u{627}',
        '\u{649}' | '\u{6cc}' => '\u{64a}',
        '\u{6a9}' => '\u{643}',
        '\u{629}' => '\u{647}',
        // Long and short i and u of Nepali, which few people tell apart in writing.
        '\u{908}' => '\u{907}',
        '\u{90a}' => '\u{909}',
        '\u{940}' => '\u{93f}',
        '\u{942}' => '\u{941}',
        // Marks.
        '\u{61f}' => '?',
        '\u{61b}' => ';',
        '\u{60c}' => ',',
        '\u{964}' | '\u{965}' | '\u{6d4}' => '.',
        other => other,
    }
}

const fn is_beyond_latin(letter: char) -> bool {
    letter > '\u{24f}'
}
