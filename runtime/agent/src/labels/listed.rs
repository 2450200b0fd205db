//! How an order goes on in the parts behind it: "publish plan.txt, notes.txt and the file minutes.txt on the wall".
//!
//! A part goes on with a list only where it holds a name and next to nothing else: whatever more it says may be another matter, as in "publish
//! plan.txt, wages.txt stays here". What is not understood ends the list, and a person is asked.

use super::names::Piece;
use crate::intent::is_of_a_kind;

/// Words before a name that add nothing to it.
const SMALL: &[&str] = &[
    "the", "my", "our", "your", "his", "her", "their", "this", "that", "these", "those", "also", "both", "please", "der", "die", "das", "den", "dem", "mein",
    "meine", "meinen", "unser", "unsere", "unseren", "auch", "beide", "bitte", "el", "la", "los", "las", "mi", "mis", "también", "le", "les", "mon", "ma",
    "mes", "aussi",
];
/// Words with which a question begins whose verb comes last.
const LEAD: &[&str] = &["kannst", "könntest", "können", "könnten", "würdest", "würden", "du", "sie", "mir", "uns", "bitte"];
/// Words before whom or what something is for.
const TOWARDS: &[&str] = &["with", "to", "for", "mit", "an", "für", "con", "a", "para", "avec", "à", "pour"];
/// Words before where it is to be.
const WHERE: &[&str] = &["on", "in", "at", "auf", "im", "am", "en", "dans", "sur"];
/// Words for what a part before names: one thing, or several.
const ONE: &[&str] = &["it", "es", "sie", "ihn", "lo"];
const MANY: &[&str] = &["them", "both", "sie", "beide", "los", "las"];
/// How many words the verb of a list has, with what belongs to it, where it comes last.
const LAST_WORDS_MAX: usize = 3;

/// What a part of a sentence is to a list that was begun before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    /// Something else, or more than that.
    Not,
    /// One more name.
    Bare,
    /// One more name, the last, with where all of it goes: "notes.txt with Ana".
    Last,
}

fn is_small(piece: &Piece<'_>) -> bool {
    matches!(piece, Piece::Word(word) if SMALL.contains(word))
}

fn listed(part: &[Piece<'_>]) -> Listed {
    let Some(at) = part.iter().position(|piece| *piece == Piece::Name) else { return Listed::Not };
    // "The file notes.txt": what kind of thing it is stands behind an article, for "file notes.txt" is an order.
    let adds_nothing = |(place, piece): (usize, &Piece<'_>)| is_small(piece) || place > 0 && matches!(piece, Piece::Word(word) if is_of_a_kind(word));
    if !part.iter().take(at).enumerate().all(adds_nothing) {
        return Listed::Not;
    }
    match part.get(at + 1..).unwrap_or_default() {
        [] => Listed::Bare,
        [Piece::Name, ..] => Listed::Not,
        [Piece::Word(word), target @ ..] => {
            let small = target.iter().take_while(|piece| is_small(piece)).count();
            match target.get(small..).unwrap_or_default() {
                [Piece::Name] if TOWARDS.contains(word) || WHERE.contains(word) => Listed::Last,
                // "To" and "for" before a word may begin anything: "to follow".
                [Piece::Word(_)] if WHERE.contains(word) => Listed::Last,
                _ => Listed::Not,
            }
        }
    }
}

/// Whether a part says behind a name where it goes.
fn says_where(part: &[Piece<'_>]) -> bool {
    let is_where = |piece: &Piece<'_>| matches!(piece, Piece::Word(word) if TOWARDS.contains(word) || WHERE.contains(word));
    part.iter().skip_while(|piece| **piece != Piece::Name).any(is_where)
}

/// The last part in which the list goes on that this one begins, by its place; itself where it goes on in none.
pub(super) fn goes_on_to(parts: &[Vec<Piece<'_>>], from: usize) -> usize {
    // "Share plan.txt with Ana and notes.txt with Luis" is two orders.
    let is_said = parts.get(from).is_some_and(|part| says_where(part));
    let mut to = from;
    for part in parts.iter().skip(from + 1) {
        match listed(part) {
            Listed::Bare => to += 1,
            Listed::Last if !is_said => return to + 1,
            Listed::Last | Listed::Not => return to,
        }
    }
    to
}

/// Whether these parts are names and nothing else, the last one with a verb for all of them: "kannst du plan.txt und notes.txt veröffentlichen?"
pub(super) fn ends_in_its_verb(parts: &[Vec<Piece<'_>>]) -> bool {
    let Some((last, before)) = parts.split_last() else { return false };
    let is_name = |(place, part): (usize, &Vec<Piece<'_>>)| {
        let lead = if place == 0 { part.iter().take_while(|piece| matches!(piece, Piece::Word(word) if LEAD.contains(word))).count() } else { 0 };
        listed(part.get(lead..).unwrap_or_default()) == Listed::Bare
    };
    let small = last.iter().take_while(|piece| is_small(piece)).count();
    let is_verb = |rest: &[Piece<'_>]| {
        (1..=LAST_WORDS_MAX).contains(&rest.len()) && rest.iter().all(|piece| matches!(piece, Piece::Word(word) if !ONE.contains(word) && !MANY.contains(word)))
    };
    !before.is_empty() && before.iter().enumerate().all(is_name) && matches!(last.get(small..).unwrap_or_default(), [Piece::Name, rest @ ..] if is_verb(rest))
}

/// Whether a part does something with what stands before it: "publish it", and where that is several things, "publish them".
pub(super) fn takes_up(part: &str, may_be_one: bool, may_be_many: bool) -> bool {
    let mut words = part.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !matches!(*word, "" | "please" | "then" | "also" | "bitte" | "dann"));
    words.nth(1).is_some_and(|word| may_be_one && ONE.contains(&word) || may_be_many && MANY.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Vec<Piece<'_>> {
        text.split_whitespace().map(|word| if word.starts_with('@') { Piece::Name } else { Piece::Word(word) }).collect()
    }

    #[test]
    fn only_a_name_and_next_to_nothing_goes_on_with_a_list() {
        for (text, expect) in [
            ("read @wages", Listed::Not),
            ("not @wages", Listed::Not),
            ("file @wages", Listed::Not),
            ("@wages stays here", Listed::Not),
            ("@wages to follow", Listed::Not),
            ("@wages is private", Listed::Not),
            ("@wages in the drawer is private", Listed::Not),
            ("@wages @plan", Listed::Not),
            ("without @wages", Listed::Not),
            ("the file", Listed::Not),
            ("", Listed::Not),
            ("@notes", Listed::Bare),
            ("also the file @notes", Listed::Bare),
            ("auch die datei @notes", Listed::Bare),
            ("@notes on the wall", Listed::Last),
            ("@notes with our @ana", Listed::Last),
        ] {
            assert_eq!(listed(&part(text)), expect, "{text}");
        }
    }

    #[test]
    fn a_list_ends_where_anything_else_is_said() {
        for (parts, to) in [
            (&["publish @plan", "read @wages", "@notes"][..], 0),
            (&["share @plan with @ana", "@notes with @luis"], 0),
            (&["share @plan with @ana", "@luis"], 1),
            (&["share @plan", "@notes with @luis", "@wages"], 1),
            (&["publish @plan", "@notes", "the file @minutes"], 2),
        ] {
            let pieces: Vec<Vec<Piece<'_>>> = parts.iter().map(|text| part(text)).collect();
            assert_eq!(goes_on_to(&pieces, 0), to, "{parts:?}");
        }
    }

    #[test]
    fn a_verb_that_comes_last_is_for_names_alone() {
        for (parts, expect) in [
            (&["lies @wages", "@plan veröffentlichen"][..], false),
            (&["@wages", "@plan is ready so publish it"], false),
            (&["@wages", "@plan publish it"], false),
            (&["@wages lesen", "@plan veröffentlichen"], false),
            (&["@plan veröffentlichen"], false),
            (&["@plan", "@notes"], false),
            (&["kannst du @plan", "die @notes bitte veröffentlichen"], true),
        ] {
            let pieces: Vec<Vec<Piece<'_>>> = parts.iter().map(|text| part(text)).collect();
            assert_eq!(ends_in_its_verb(&pieces), expect, "{parts:?}");
        }
    }
}
