//! What the owner asked for: which classes of effect, on which kinds of record, read from their own words before anything else.
//!
//! The words are data (`intent/words.json`), in several languages; nothing here knows a tool. Nothing that is read later widens it.

mod phrase;
mod question;

use crate::labels::Words;
use crate::run::Run;
use phrase::{Grammar, Phrase, Sentence, sentences};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use steward_core::{ArgumentRole, Effect, ToolSpec};

const TABLE: &str = include_str!("intent/words.json");

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    asks: Vec<Entry>,
    /// Phrases that leave it to a text what to do.
    delegates: Vec<Phrase>,
    /// Phrases that say to go by what the same sentence names.
    endorses: Vec<Phrase>,
    grammar: Grammar,
}

/// Phrases that ask for an effect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    effect: Effect,
    /// The kind of record; none is any.
    #[serde(default)]
    of: Option<String>,
    phrases: Vec<Phrase>,
}

static WORDS: LazyLock<Table> = LazyLock::new(|| {
    // A broken table asks for nothing; a test reads it.
    serde_json::from_str(TABLE).unwrap_or_default()
});

/// What the owner asked for. Made once from the owner's words, and frozen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intent {
    asked: BTreeSet<(Effect, Option<String>)>,
    delegated: bool,
}

impl Intent {
    /// Reads the owner's message, and earlier messages of the owner.
    pub fn of(run: &Run) -> Self {
        let mut intent = Self::default();
        intent.read(&run.text);
        for turn in run.history.iter().filter(|turn| !turn.by_agent && turn.integrity == steward_core::Integrity::Owner) {
            intent.read(&turn.text);
        }
        intent
    }

    fn read(&mut self, text: &str) {
        let folded = Words::fold(&in_clauses(text));
        for text in sentences(&folded) {
            let sentence = Sentence::of(&text, &WORDS.grammar);
            for entry in WORDS.asks.iter().filter(|entry| entry.phrases.iter().any(|phrase| sentence.says(phrase))) {
                self.asked.insert((entry.effect, entry.of.clone()));
            }
        }
        // A question in one line makes none of what is said in another.
        for line in text.lines().map(Words::fold) {
            let sentences = sentences(&line);
            let mut orders = sentences.iter().map(|text| Sentence::of(text, &WORDS.grammar)).filter(Sentence::may_order);
            self.delegated |= orders.any(|sentence| WORDS.delegates.iter().any(|phrase| sentence.says(phrase)));
        }
    }

    /// Whether the owner asked for what this tool does. A kind of record that was named leaves out the others the table knows.
    pub fn asks(&self, spec: &ToolSpec) -> bool {
        let named = |of: &str| self.asked.contains(&(spec.effect, Some(of.to_owned())));
        let any = self.asked.contains(&(spec.effect, None));
        match kind(spec).filter(|kind| WORDS.asks.iter().any(|entry| entry.effect == spec.effect && entry.of.as_deref() == Some(kind))) {
            Some(kind) => named(kind) || (any && !self.asked.iter().any(|(effect, of)| *effect == spec.effect && of.is_some())),
            None => any || self.asked.iter().any(|(effect, _)| *effect == spec.effect),
        }
    }

    /// Whether a value that the owner said to take from a record they named may steer this effect. Who may do what, and what cannot be
    /// undone, never is; money still asks, by its own rule.
    pub fn endorses(&self, spec: &ToolSpec) -> bool {
        matches!(spec.effect, Effect::Write | Effect::Send | Effect::Money) && self.asks(spec)
    }

    /// Whether the owner left it to a text what to do. What cannot be undone and who may do what is never left to one.
    pub fn delegates(&self, effect: Effect) -> bool {
        self.delegated && matches!(effect, Effect::Read | Effect::Fetch | Effect::Write | Effect::Send | Effect::Money)
    }
}

/// A text with each line as a clause of its own. A line that asks without a mark is given one, unless the next goes on with it.
fn in_clauses(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        whole.push_str(line);
        let Some(next) = lines.peek() else { break };
        let goes_on = next.chars().find(|letter| letter.is_alphanumeric()).is_some_and(char::is_lowercase);
        whole.push_str(if !goes_on && is_unmarked(line) { " ? " } else { " , " });
    }
    whole
}

/// Whether a line ends with a question without its mark.
fn is_unmarked(line: &str) -> bool {
    let folded = Words::fold(line);
    sentences(&folded).last().is_some_and(|last| Sentence::of(last, &WORDS.grammar).is_unmarked())
}

/// The sentences of a text, as they were written, that say to go by what they name: "based on", "accordingly", "as it says in"; with the
/// byte each begins at.
pub(crate) fn endorsing(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let sentences = text.split_inclusive(['.', '!', '?', ';', '\n']);
    let mut starts = vec![0];
    let mut at = 0;
    for part in sentences {
        at += part.len();
        // A full stop ends a sentence only before white space, so that file names stay whole.
        if part.ends_with('\n') || text.get(at..).is_some_and(|rest| rest.starts_with(char::is_whitespace)) {
            starts.push(at);
        }
    }
    starts.push(text.len());
    let found: Vec<(usize, &str)> =
        starts.windows(2).filter_map(|two| if let [from, to] = two { Some((*from, text.get(*from..*to)?)) } else { None }).collect();
    found.into_iter().filter(|(_, text)| {
        let folded = Words::fold(text);
        let sentence = Sentence::of(&folded, &WORDS.grammar);
        WORDS.endorses.iter().any(|phrase| sentence.says(phrase))
    })
}

/// The kind of record a tool is about: what its result is, else what its arguments name.
fn kind(spec: &ToolSpec) -> Option<&str> {
    spec.records
        .first()
        .map(|record| record.of.as_str())
        .or_else(|| spec.roles.values().find_map(|role| if let ArgumentRole::Id(of) = role { Some(of.as_str()) } else { None }))
}

#[cfg(test)]
mod tests;
