//! Words of the table, one by one and in rows.

use serde::Deserialize;
use std::collections::HashSet;

/// One word in each of its forms.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Word(Vec<String>);

/// Words in a row.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Row(pub(super) Vec<Word>);

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
        Self(text.split('|').map(str::to_owned).collect())
    }
}

impl From<String> for Row {
    fn from(text: String) -> Self {
        Self(text.split_whitespace().map(|word| Word::from(word.to_owned())).collect())
    }
}

impl From<Vec<String>> for List {
    fn from(words: Vec<String>) -> Self {
        let starts = words.iter().filter_map(|word| word.strip_suffix('*')).map(str::to_owned).collect();
        Self { starts, whole: words.into_iter().filter(|word| !word.ends_with('*')).collect() }
    }
}

impl Word {
    pub(super) fn forms(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn fits(&self, word: &str) -> bool {
        self.0.iter().any(|want| want.strip_suffix('*').map_or_else(|| word == want, |start| word.starts_with(start)))
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
pub(super) fn endings<'a>(words: &'a [&str], rows: &'a [Row]) -> impl Iterator<Item = usize> {
    let ends = |row: &&Row| words.len().checked_sub(row.0.len()).and_then(|from| words.get(from..)).is_some_and(|tail| row.begins(tail));
    rows.iter().filter(ends).map(|row| row.0.len())
}

/// The same of the first such row.
pub(super) fn ending(words: &[&str], rows: &[Row]) -> Option<usize> {
    endings(words, rows).next()
}
