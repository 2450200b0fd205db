//! Whether words ask by their order alone, where nobody wrote a question mark: "did Bob pay the bill", "do the changes Lena wants cost much".
//!
//! What an order may begin with is told from a question by who stands behind it and by a second verb. Where that leaves a doubt it is a question:
//! what is not asked for needs a person's word, and what was never asked for may not be done for it.

use super::phrase::{List, is_one};
use serde::Deserialize;

/// How much of a clause is read to tell what it is.
const CLAUSE_MAX: usize = 64;

/// Words by which a question without its mark is told.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Questions {
    /// What may stand before a question: "hi", "so".
    openers: List,
    /// What begins a question where somebody or something follows: "did", "is".
    auxiliaries: List,
    /// Of those, what begins a condition just as well: "should Lena agree, send …".
    conditions: List,
    /// Of those, what has a subject behind it in a question, and none in a statement: "bin unterwegs".
    firsts: List,
    /// Of those, what may begin a statement without a subject where more follows: "is urgent, send …".
    bares: List,
    /// What is nobody and nothing behind them: "will be back".
    no_subjects: List,
    /// What begins an order, or a question that has another verb: "do".
    does: List,
    /// What begins an order, or a question of somebody: "have".
    has: List,
    /// What makes a question of those wherever it stands: "been".
    done: List,
    /// Who does something, and never whom it is done to: "they", "ich".
    subjects: List,
    /// What else somebody or something that is asked of may begin with, or be: "der", "it".
    nominals: List,
    /// Forms of a verb that are an order, and a question where somebody follows: "sendet".
    forms: List,
    /// What may follow on them in an order: "ihm", "das".
    objects: List,
    /// Of those, what begins a thing that is named: "die", "mi".
    articles: List,
    /// Other forms of those: "dem", "del".
    datives: List,
    /// Of those, what never begins who does something: "den".
    accusatives: List,
    /// What says when, like a thing: "diese Woche".
    moments: List,
    /// What binds a thing to another: "an", "de".
    links: List,
    /// Verbs that are no nouns: "make", "differ".
    verbs: List,
    /// Verbs that are nouns as well: "cost", "work".
    twins: List,
    /// What follows on those as verbs, where anything does: "much", "with".
    complements: List,
    /// Behind what the next word is a noun: "the", "last".
    determiners: List,
    /// What stands before somebody who does nothing: "by", "in".
    prepositions: List,
    /// What says where a thing is in one word: "there".
    places: List,
    /// What is said of a thing behind it: "listed".
    participles: List,
    /// What keeps a verb from being the question's own: "to make".
    infinitives: List,
    /// What begins a sentence about a thing: "that", "which".
    relatives: List,
    /// What is said of a thing in one: "are".
    copulas: List,
    /// What adds another thing, or another order: "and".
    joins: List,
    /// What begins another order behind them.
    orders: List,
    /// What begins another thought: verbs behind it are not the question's.
    stops: List,
}

impl Questions {
    /// How many words stand before what is asked or ordered.
    pub(super) fn opening(&self, words: &[&str]) -> usize {
        words.iter().take_while(|word| self.is_opener(word)).count()
    }

    /// Whether the first word may ask, whatever follows on it.
    pub(super) fn may_ask(&self, words: &[&str]) -> bool {
        words.get(self.opening(words)).is_some_and(|first| is_one(&self.auxiliaries, first))
    }

    /// Whether a clause begins as a question does, whatever follows.
    pub(super) fn opens(&self, clause: &[&str]) -> bool {
        let [first, rest @ ..] = clause else { return false };
        let is_somebody = || rest.first().is_some_and(|next| self.is_subject(next));
        is_one(&self.auxiliaries, first) || ((is_one(&self.does, first) || is_one(&self.has, first)) && is_somebody())
    }

    /// Whether a word is somebody who does something.
    pub(super) fn is_subject(&self, word: &str) -> bool {
        is_one(&self.subjects, word)
    }

    /// Whether a word is a verb with somebody or something that does it, or is said of it.
    pub(super) fn is_finite(&self, word: &str) -> bool {
        [&self.auxiliaries, &self.copulas, &self.does, &self.has].iter().any(|list| is_one(list, word))
    }

    /// Whether a word may stand for who does something, or what is.
    pub(super) fn is_nominal(&self, word: &str) -> bool {
        is_one(&self.subjects, word) || is_one(&self.nominals, word)
    }

    /// Whether a thing is named behind a word, in any of the languages.
    pub(super) fn is_determiner(&self, word: &str) -> bool {
        self.is_article(word) || is_one(&self.determiners, word)
    }

    /// Whether a word says when.
    pub(super) fn is_moment(&self, word: &str) -> bool {
        is_one(&self.moments, word)
    }

    /// Whether a thing is named behind a word in German or Spanish.
    pub(super) fn is_article(&self, word: &str) -> bool {
        is_one(&self.articles, word) || is_one(&self.datives, word)
    }

    /// Whether a word binds a thing to another.
    pub(super) fn is_link(&self, word: &str) -> bool {
        is_one(&self.links, word)
    }

    /// Whether a word stands before somebody who does nothing: "by".
    pub(super) fn is_preposition(&self, word: &str) -> bool {
        is_one(&self.prepositions, word)
    }

    /// Whether a word says something of a thing behind it: "asked".
    pub(super) fn is_participle(&self, word: &str) -> bool {
        is_one(&self.participles, word)
    }

    /// Whether a word may be a verb in English.
    pub(super) fn is_verb(&self, word: &str) -> bool {
        [&self.orders, &self.verbs, &self.twins].iter().any(|list| is_one(list, word))
    }

    /// Whether a word says nothing of whether an order or a question follows.
    pub(super) fn is_opener(&self, word: &str) -> bool {
        !word.chars().any(char::is_alphabetic) || is_one(&self.openers, word)
    }

    /// Whether a clause asks. `is_all`: no other clause follows on it.
    pub(super) fn asks(&self, clause: &[&str], is_all: bool) -> bool {
        let [first, rest @ ..] = clause else { return false };
        let Some(next) = rest.first() else { return false };
        if is_one(&self.does, first) {
            return is_one(&self.subjects, next) || self.has_verb(rest);
        }
        if is_one(&self.has, first) {
            return is_one(&self.subjects, next) || rest.iter().any(|word| is_one(&self.done, word));
        }
        if is_one(&self.firsts, first) {
            return is_one(&self.subjects, next);
        }
        let has_subject = || [&self.subjects, &self.nominals, &self.determiners, &self.articles].iter().any(|list| is_one(list, next));
        if is_one(&self.bares, first) && !is_all && !has_subject() {
            return false;
        }
        is_one(&self.auxiliaries, first) && !is_one(&self.no_subjects, next) && (is_all || !is_one(&self.conditions, first))
    }

    /// The same of words that an order could begin with.
    pub(super) fn asks_like_an_order(&self, clause: &[&str]) -> bool {
        let [first, rest @ ..] = clause else { return false };
        let Some(next) = rest.first() else { return false };
        let has_subject = || is_one(&self.subjects, next) || (is_one(&self.forms, first) && (!is_one(&self.objects, next) || self.is_done_by(rest)));
        has_subject() || self.asks(clause, true)
    }

    /// Whether these begin with who does something, told from what it is done to by another thing behind it: "die Bank das Geld".
    fn is_done_by(&self, words: &[&str]) -> bool {
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let is_noun = |word: &str| word.starts_with(char::is_alphabetic) && !is_one(&self.moments, word) && !is_one(&self.links, word);
        let is_thing = |at: usize| is_one(&self.articles, word(at)) && is_noun(word(at + 1));
        is_thing(0) && !is_one(&self.accusatives, word(0)) && (is_thing(2) || (!is_one(&self.links, word(2)) && is_thing(3)))
    }

    /// Whether behind a thing, with all that is said about it, a verb of its own follows.
    fn has_verb(&self, words: &[&str]) -> bool {
        let words = words.get(..CLAUSE_MAX).unwrap_or(words);
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        if is_one(&self.stops, word(0)) {
            return false;
        }
        let (mut at, mut is_placed) = (1, false);
        while at < words.len() {
            let (before, this, next) = (word(at - 1), word(at), word(at + 1));
            if is_one(&self.stops, this) {
                return false;
            }
            if is_one(&self.relatives, this) {
                // Its verb is not the question's: "that are listed", "that Lena wants".
                let is_verb = [&self.copulas, &self.verbs, &self.twins].iter().any(|list| is_one(list, next));
                at += if is_verb { 2 } else { 3 };
                continue;
            }
            if is_one(&self.joins, this) {
                if [&self.orders, &self.verbs, &self.twins].iter().any(|list| is_one(list, next)) {
                    return false;
                }
                at += 1;
                continue;
            }
            // "the tasks we need" names the tasks; "the tasks listed by you need …" asks.
            let is_of_another = is_one(&self.subjects, before) && !(at >= 2 && is_one(&self.prepositions, word(at - 2)));
            if !is_of_another && !is_one(&self.infinitives, before) {
                let is_verb = is_one(&self.verbs, this) && !is_one(&self.determiners, before);
                let takes_noun = [&self.determiners, &self.prepositions, &self.verbs, &self.twins].iter().any(|list| is_one(list, before));
                let is_noun = takes_noun || !(is_placed || before.ends_with('s'));
                let goes_on = at + 1 == words.len() || is_one(&self.complements, next) || next.starts_with(|letter: char| letter.is_ascii_digit());
                if is_verb || (is_one(&self.twins, this) && !is_noun && goes_on) {
                    return true;
                }
            }
            let is_said_of_it = is_one(&self.participles, this) && !is_one(&self.determiners, before);
            is_placed |= is_said_of_it || is_one(&self.prepositions, this) || is_one(&self.places, this);
            at += 1;
        }
        false
    }
}

/// The places of a folded text that stand in quotes: a name may have any words.
pub(super) fn quoted(folded: &str) -> Vec<(usize, usize)> {
    let is_quote = |letter: char| matches!(letter, '"' | '\'' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '`');
    let is_single = |letter: char| matches!(letter, '\'' | '‘' | '’' | '`');
    let (mut found, mut open, mut before) = (Vec::new(), None, ' ');
    let mut letters = folded.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let after = letters.peek().map_or(' ', |(_, next)| *next);
        match open {
            // An apostrophe has a letter before it.
            None if is_quote(letter) && !before.is_alphanumeric() => open = Some((at, is_single(letter))),
            Some((from, single)) if is_quote(letter) && is_single(letter) == single && !after.is_alphanumeric() => {
                found.push((from, at));
                open = None;
            }
            None | Some(_) => {}
        }
        before = letter;
    }
    found
}
