//! Kinds of record, by the words for them: which of them an order names, and which a tool makes or changes.
//!
//! The words are data, in the languages of the table; no tool is known here. What has none of these words is of no kind, and nothing is
//! concluded from that.

use super::Sentence;
use super::list::{List, Row, is_one};
use serde::Deserialize;
use std::collections::BTreeSet;
use steward_core::{ArgumentRole, ToolSpec};

/// How many words of a tool's description are looked through for what it is about.
const DESCRIPTION_MAX: usize = 12;

/// The words for each kind.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(in crate::intent) struct Kinds(Vec<Vec<Row>>);

impl Kinds {
    /// The kinds that a name has a word for: of a type, of a tool.
    pub(in crate::intent) fn in_name(&self, name: &str) -> BTreeSet<usize> {
        let spaced = spaced(name);
        self.named(&words(&spaced).collect::<Vec<_>>())
    }

    /// The kinds of what a tool makes; of one that makes nothing, of what it is about: by the types of its records, else by its name, else by the
    /// first word for one in its description.
    pub(in crate::intent) fn of_tool(&self, spec: &ToolSpec) -> BTreeSet<usize> {
        let made: Vec<&str> = spec.records.iter().filter(|record| record.made).map(|record| record.of.as_str()).collect();
        let ids = spec.roles.values().filter_map(|role| if let ArgumentRole::Id(of) = role { Some(of.as_str()) } else { None });
        let types = if made.is_empty() { spec.records.iter().map(|record| record.of.as_str()).chain(ids).collect() } else { made };
        let of_types: BTreeSet<usize> = types.into_iter().flat_map(|of| self.in_name(of)).collect();
        if !of_types.is_empty() {
            return of_types;
        }
        let of_name = self.in_name(spec.name.rsplit('.').next().unwrap_or_default());
        if !of_name.is_empty() {
            return of_name;
        }
        let described = spec.description.to_lowercase();
        let words: Vec<&str> = words(&described).take(DESCRIPTION_MAX).collect();
        (0..words.len()).map(|at| self.begun(words.get(at..).unwrap_or_default())).find(|kinds| !kinds.is_empty()).unwrap_or_default()
    }

    /// The kinds that these words begin with a word for.
    fn begun(&self, words: &[&str]) -> BTreeSet<usize> {
        self.0.iter().enumerate().filter(|(_, rows)| rows.iter().any(|row| row.begins(words))).map(|(kind, _)| kind).collect()
    }

    /// The kinds that these words name.
    fn named(&self, words: &[&str]) -> BTreeSet<usize> {
        (0..words.len()).flat_map(|at| self.begun(words.get(at..).unwrap_or_default())).collect()
    }
}

impl Sentence<'_> {
    /// The kinds that are named from this word on, or where none is, anywhere in the sentence.
    pub(in crate::intent) fn kinds_from(&self, at: usize, kinds: &Kinds) -> BTreeSet<usize> {
        let behind = kinds.named(self.words.get(at..).unwrap_or_default());
        if behind.is_empty() { kinds.named(&self.words) } else { behind }
    }

    /// Whether this word is one of these.
    pub(in crate::intent) fn is_at(&self, at: usize, list: &List) -> bool {
        self.words.get(at).is_some_and(|word| is_one(list, word))
    }
}

/// A name in small letters, with a space before each large one that follows on a small one: `createFile`.
fn spaced(name: &str) -> String {
    let (mut out, mut was_small) = (String::with_capacity(name.len() + 8), false);
    for letter in name.chars() {
        if letter.is_uppercase() && was_small {
            out.push(' ');
        }
        was_small = letter.is_lowercase();
        out.extend(letter.to_lowercase());
    }
    out
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}
