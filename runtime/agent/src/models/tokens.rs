//! Tokens counted on our side, with `tiktoken-rs`: before a call to reserve its budget, and after one whose provider said nothing.
//!
//! The figure is an estimate that leans upwards: providers render tools more tersely than JSON, and other vendors' models have
//! their own encodings. What the provider reports always goes first. Encoders load on first use and stay.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};

/// Tokens around every message, by OpenAI's own recipe.
pub(super) const PER_MESSAGE: u64 = 4;
/// Tokens that open the answer.
pub(super) const PER_ANSWER: u64 = 3;
/// Tokens around every call and every result.
pub(super) const PER_CALL: u64 = 8;
/// Tokens around every tool that is offered.
pub(super) const PER_TOOL: u64 = 12;
/// The longest piece given to the encoder at once, in bytes: a longer run of one kind of letter could exhaust its backtracking.
const PIECE_BYTES_MAX: usize = 8 * 1024;
/// How far back from the end of a piece a space is looked for, in bytes.
const SPACE_WITHIN: usize = 64;
/// Texts longer than this are remembered whole and not line by line: their lines are nobody else's.
const BY_LINE_MAX: usize = 16 * 1024;
/// How many counts one generation of the cache holds.
const GENERATION: usize = 8 * 1024;

/// A vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Encoding {
    /// GPT-4o and later; also taken for models of other vendors.
    O200k,
    /// GPT-4 and GPT-3.5.
    Cl100k,
}

impl Encoding {
    /// The vocabulary of this model; a provider's prefix is looked through.
    pub(super) fn of(model: &str) -> Self {
        match get_tokenizer(model.rsplit('/').next().unwrap_or(model)) {
            Some(Tokenizer::Cl100kBase) => Self::Cl100k,
            _ => Self::O200k,
        }
    }

    /// Tokens of this text. Linear in its length, about a microsecond for every ten bytes.
    pub(super) fn count(self, text: &str) -> u64 {
        if text.is_empty() {
            return 0;
        }
        let encoder = match self {
            Self::O200k => tiktoken_rs::o200k_base_singleton(),
            Self::Cl100k => tiktoken_rs::cl100k_base_singleton(),
        };
        pieces(text).map(|piece| encoder.count_ordinary(piece) as u64).sum()
    }
}

/// Cuts a text so that no piece is longer than the encoder takes well, before a space where there is one near.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = rest.floor_char_boundary(PIECE_BYTES_MAX);
        if end < rest.len() {
            let near = rest.floor_char_boundary(end - SPACE_WITHIN);
            if let Some(space) = rest.get(near..end).and_then(|tail| tail.rfind([' ', '\n'])) {
                end = near + space;
            }
        }
        let (piece, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(piece)
    })
}

/// The lines of a text, each with the line ends behind it: encoders take those together.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let ends = rest.find('\n').map_or(rest.len(), |end| rest.len() - rest.get(end..).unwrap_or_default().trim_start_matches(['\n', '\r']).len());
        let (line, after) = rest.split_at_checked(ends).filter(|(line, _)| !line.is_empty())?;
        rest = after;
        Some(line)
    })
}

/// Counts that are remembered, so that a conversation is counted once and not once a step.
#[derive(Debug, Default)]
pub(super) struct Counter {
    hasher: RandomState,
    seen: Mutex<Generations>,
}

/// Two generations: when the young one is full it becomes the old one, and what nobody asked for since is forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<u64, u64>,
    old: HashMap<u64, u64>,
}

impl Counter {
    /// Tokens of this text, from memory where it was counted before. A text of some lines is remembered line by line too: the prompts
    /// of two runs differ in a line or two. Counted apart, lines come to a token more here and there, never to fewer that matter.
    pub(super) fn text(&self, encoding: Encoding, text: &str) -> u64 {
        self.remembered((encoding, text), || {
            if text.len() > BY_LINE_MAX {
                return encoding.count(text);
            }
            lines(text)
                .map(|line| if line.len() == text.len() { encoding.count(line) } else { self.remembered((encoding, line), || encoding.count(line)) })
                .sum()
        })
    }

    /// A count of anything that can be hashed, from memory where it was made before.
    pub(super) fn remembered(&self, key: impl Hash, count: impl FnOnce() -> u64) -> u64 {
        let key = self.hasher.hash_one(key);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = seen.young.get(&key) {
                return *known;
            }
            if let Some(known) = seen.old.remove(&key) {
                seen.keep(key, known);
                return known;
            }
        }
        // Counted outside the lock: a long text must not stop the others.
        let tokens = count();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).keep(key, tokens);
        tokens
    }
}

impl Generations {
    fn keep(&mut self, key: u64, tokens: u64) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_counted_in_bounded_time_and_without_a_panic() {
        for text in [
            " ".repeat(200_000),
            "\n".repeat(100_000),
            "a".repeat(100_000),
            "A".repeat(100_000),
            "語".repeat(40_000),
            "\u{301}".repeat(40_000),
            "\0".repeat(50_000),
        ] {
            let tokens = Encoding::O200k.count(&text);
            assert!(tokens > 0 && tokens <= text.len() as u64);
        }
    }

    #[test]
    fn counts_are_those_of_the_encoder() {
        let check = |encoding: Encoding, text: &str, expect: u64| assert_eq!(encoding.count(text), expect, "{text}");
        check(Encoding::O200k, "", 0);
        check(Encoding::O200k, "hello world", 2);
        check(Encoding::Cl100k, "hello world", 2);
        check(Encoding::O200k, "tiktoken is great!", 6);
        // Words that look like the encoder's own marks are words.
        assert!(Encoding::O200k.count("<|endoftext|>") > 1);
    }

    #[test]
    fn cutting_into_pieces_loses_nothing_and_costs_next_to_nothing() {
        let text = "The customer's account was reviewed, and a payout was prepared. ".repeat(1_000);
        assert_eq!(pieces(&text).collect::<String>(), text);
        assert!(pieces(&text).all(|piece| piece.len() <= PIECE_BYTES_MAX));
        let whole = tiktoken_rs::o200k_base_singleton().count_ordinary(&text) as u64;
        let ours = Encoding::O200k.count(&text);
        assert!(ours.abs_diff(whole) <= 8, "{ours} and {whole}");
        let no_space = "語".repeat(20_000);
        assert_eq!(pieces(&no_space).collect::<String>(), no_space);
    }

    #[test]
    fn a_text_counted_by_lines_comes_to_what_it_comes_to_whole() {
        let text = "You act for {{person}}.\n\nRules:\r\n- Ask before you send anything.\n- Never guess an address.\n\n\n  Indented, and a last line";
        assert_eq!(lines(text).collect::<String>(), text);
        assert_eq!(lines(text).count(), 5);
        assert_eq!(lines("\n\na").collect::<Vec<_>>(), ["\n\n", "a"]);
        assert_eq!(lines("").count(), 0);
        let whole = Encoding::O200k.count(text);
        let counted = Counter::default().text(Encoding::O200k, text);
        assert!(counted >= whole && counted <= whole + 5, "{counted} and {whole}");
    }

    #[test]
    fn the_vocabulary_follows_the_model() {
        let check = |model: &str, expect: Encoding| assert_eq!(Encoding::of(model), expect, "{model}");
        check("gpt-4", Encoding::Cl100k);
        check("gpt-4-turbo", Encoding::Cl100k);
        check("gpt-3.5-turbo-0125", Encoding::Cl100k);
        check("openai/gpt-4-turbo", Encoding::Cl100k);
        check("gpt-4o-mini", Encoding::O200k);
        check("gpt-5.2", Encoding::O200k);
        check("llama3.1:8b", Encoding::O200k);
        check("", Encoding::O200k);
    }

    #[test]
    fn a_text_is_counted_once_and_forgotten_in_time() {
        let counter = Counter::default();
        let calls = std::cell::Cell::new(0);
        let ask = |key: u64| {
            counter.remembered(key, || {
                calls.set(calls.get() + 1);
                key
            })
        };
        assert_eq!((ask(7), ask(7), calls.get()), (7, 7, 1));
        for key in 100..100 + 2 * GENERATION as u64 {
            ask(key);
        }
        let before = calls.get();
        assert_eq!(ask(7), 7);
        assert_eq!(calls.get(), before + 1, "two generations later it is counted again");
    }
}
