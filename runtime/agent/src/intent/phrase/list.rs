//! Words of the table, one by one and in rows.

use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// One word in each of its forms.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Word(Vec<Form>);

struct Form {
    text: String,
    /// Whether it is the beginning of a word.
    is_start: bool,
}

/// Words in a row.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Row(pub(super) Vec<Word>);

/// Rows that are looked for behind what they end: found by their last word, as each word of a long message is the last of what ends with it.
#[derive(Default, Deserialize)]
#[serde(from = "Vec<Row>")]
pub(super) struct Rows {
    rows: Vec<Row>,
    /// The rows that may end with a word, by their places, in order.
    by_last: HashMap<String, Vec<usize>>,
    /// Those whose last word is only begun, which any word may end.
    open: Vec<usize>,
}

/// Words of one kind, found at once: a long message asks for every word of it.
#[derive(Default, Deserialize)]
#[serde(from = "Vec<String>")]
pub(in crate::intent) struct List {
    whole: HashSet<String>,
    /// Beginnings of words.
    starts: Vec<String>,
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self(text.split('|').map(Form::of).collect())
    }
}

impl From<String> for Row {
    fn from(text: String) -> Self {
        Self(text.split_whitespace().map(|word| Word::from(word.to_owned())).collect())
    }
}

impl From<Vec<Row>> for Rows {
    fn from(rows: Vec<Row>) -> Self {
        let ends_open = |row: &Row| row.0.last().is_some_and(|last| last.0.iter().any(|form| form.is_start));
        let open: Vec<usize> = (0..).zip(&rows).filter(|(_, row)| ends_open(row)).map(|(at, _)| at).collect();
        let mut by_last = HashMap::<String, Vec<usize>>::new();
        for (at, row) in (0..).zip(&rows).filter(|(_, row)| !ends_open(row)) {
            for form in row.0.last().into_iter().flat_map(|last| &last.0) {
                by_last.entry(form.text.clone()).or_default().push(at);
            }
        }
        for places in by_last.values_mut() {
            places.extend(&open);
            places.sort_unstable();
            places.dedup();
        }
        Self { rows, by_last, open }
    }
}

impl From<Vec<String>> for List {
    fn from(words: Vec<String>) -> Self {
        let starts = words.iter().filter_map(|word| word.strip_suffix('*')).map(str::to_owned).collect();
        Self { starts, whole: words.into_iter().filter(|word| !word.ends_with('*')).collect() }
    }
}

impl Form {
    fn of(text: &str) -> Self {
        let start = text.strip_suffix('*');
        Self { text: start.unwrap_or(text).to_owned(), is_start: start.is_some() }
    }

    fn fits(&self, word: &str) -> bool {
        if self.is_start { word.starts_with(self.text.as_str()) } else { word == self.text }
    }
}

impl Word {
    /// Its forms as the table writes them.
    pub(super) fn forms(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|form| if form.is_start { format!("{}*", form.text) } else { form.text.clone() })
    }

    pub(super) fn fits(&self, word: &str) -> bool {
        self.0.iter().any(|form| form.fits(word))
    }

    /// Whether it is one of these words, which are in order: most phrases have a word that a text has not, so that nobody looks for them in it.
    pub(super) fn is_among(&self, sorted: &[&str]) -> bool {
        self.0.iter().any(|form| {
            let first = sorted.partition_point(|word| *word < form.text.as_str());
            sorted.get(first).is_some_and(|word| form.fits(word))
        })
    }
}

impl Row {
    /// Whether these words begin with it.
    pub(super) fn begins(&self, words: &[&str]) -> bool {
        !self.0.is_empty() && words.len() >= self.0.len() && words.iter().zip(&self.0).all(|(word, want)| want.fits(word))
    }
}

pub(in crate::intent) fn is_one(list: &List, word: &str) -> bool {
    list.whole.contains(word) || list.starts.iter().any(|start| word.starts_with(start.as_str()))
}

/// How many words each row has that these end with.
pub(super) fn endings<'a>(words: &'a [&str], rows: &'a Rows) -> impl Iterator<Item = usize> {
    let places = words.last().map_or(&[][..], |last| rows.by_last.get(*last).unwrap_or(&rows.open));
    let ends = |row: &&Row| words.len().checked_sub(row.0.len()).and_then(|from| words.get(from..)).is_some_and(|tail| row.begins(tail));
    places.iter().filter_map(|at| rows.rows.get(*at)).filter(ends).map(|row| row.0.len())
}

/// The same of the first such row.
pub(super) fn ending(words: &[&str], rows: &Rows) -> Option<usize> {
    endings(words, rows).next()
}
