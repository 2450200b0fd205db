//! Which records the owner's words name. What the owner wrote as a name, in quotes or as a file name, names by its whole only:
//! a text that merely holds some of its words is another record.

use super::text;
use std::collections::HashSet;
use std::ops::Range;

/// Words too common to name anything.
const STOP: &[&str] = &[
    "the",
    "and",
    "for",
    "with",
    "from",
    "this",
    "that",
    "about",
    "please",
    "your",
    "you",
    "our",
    "are",
    "was",
    "has",
    "have",
    "not",
    "all",
    "any",
    "its",
    "his",
    "her",
    "their",
    "them",
    "they",
    "who",
    "what",
    "when",
    "where",
    "which",
    "will",
    "would",
    "can",
    "could",
    "into",
    "then",
    "than",
    "there",
    "here",
    "next",
    "last",
    "new",
    "old",
    "same",
    "other",
    "another",
    "more",
    "one",
    "two",
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "today",
    "tomorrow",
    "yesterday",
    "time",
    "der",
    "die",
    "das",
    "und",
    "mit",
    "von",
    "fur",
    "für",
    "ein",
    "eine",
    "bitte",
    "mein",
    "meine",
    "den",
    "dem",
    "des",
    "nächste",
    "nächsten",
    "letzte",
    "letzten",
    "neue",
    "neuen",
    "tag",
    "woche",
    "monat",
    "jahr",
    "heute",
    "morgen",
    "gestern",
    "los",
    "las",
    "una",
    "con",
    "por",
    "para",
    "del",
    "que",
    "mis",
    "próximo",
    "próxima",
    "último",
    "última",
    "nuevo",
    "nueva",
    "día",
    "semana",
    "mes",
    "año",
    "hoy",
    "mañana",
    "ayer",
];

/// The longest text in quotes that is read as a name, in characters.
const QUOTED_MAX: usize = 120;

const QUOTES: [(char, char); 9] = [('\'', '\''), ('"', '"'), ('`', '`'), ('‘', '’'), ('“', '”'), ('„', '“'), ('‚', '‘'), ('«', '»'), ('»', '«')];

/// One of the things that a part of a text is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A name, of whatever.
    Name,
    /// A word, folded.
    Word(&'a str),
}

/// The names the owner wrote.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// Names in quotes and file names, folded.
    explicit: HashSet<String>,
    /// The rest of the words, folded, each name replaced by a mark that joins nothing.
    prose: String,
    /// Two content words in a row of the rest.
    pairs: HashSet<(String, String)>,
    /// Words that were not written in small letters.
    proper: HashSet<String>,
}

impl Names {
    /// Reads the owner's texts as they were written.
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Self::default();
        for written in texts {
            let prose = names.take_quoted(written);
            let prose = names.take_files(&prose);
            for sentence in prose.split(['.', '!', '?', ':', '\n']) {
                // The first word of a sentence is written large whatever it is.
                for word in words(sentence).skip(1).filter(|word| word.chars().next().is_some_and(|first| !first.is_lowercase())) {
                    names.proper.insert(text::folded(word));
                }
            }
            let folded = text::folded(&prose);
            names.pairs.extend(pairs(&folded));
            names.prose.push('\n');
            names.prose.push_str(&folded);
        }
        names
    }

    /// Reads a folded part of a text. Which of its words are names the whole says: nothing is written large here.
    pub(super) fn of_part(folded: &str, whole: &Self) -> Self {
        let mut names = Self::of([folded]);
        names.proper.extend(words(folded).filter(|word| whole.proper.contains(*word)).map(str::to_owned));
        names
    }

    /// Where names stand in the text these were read from, folded, by bytes: what is in quotes, with them, and these phrases, whatever marks
    /// are between their words.
    pub(super) fn places<'a>(&self, folded: &str, phrases: impl IntoIterator<Item = &'a str>) -> Vec<Range<usize>> {
        let (letters, mut places) = (folded.chars().collect::<Vec<char>>(), Vec::new());
        let (mut at, mut from) = (0, 0);
        while let Some(letter) = letters.get(at) {
            // Folded, quotes of two lines may look like one pair.
            let end = in_quotes(&letters, at).filter(|(inner, _)| self.is_written(&text::folded(inner))).map(|(_, end)| end);
            let length = end.map_or(letter.len_utf8(), |end| letters.get(at..=end).into_iter().flatten().copied().map(char::len_utf8).sum());
            if end.is_some() {
                places.push(from..from + length);
            }
            from += length;
            at = end.unwrap_or(at) + 1;
        }
        let placed = placed(folded);
        for phrase in phrases {
            let wanted: Vec<&str> = words(phrase).collect();
            if wanted.is_empty() {
                continue;
            }
            let found = placed.windows(wanted.len()).filter(|row| row.iter().map(|(_, word)| *word).eq(wanted.iter().copied()));
            places.extend(found.filter_map(|row| {
                let ((from, _), (last, word)) = (row.first()?, row.last()?);
                Some(*from..*last + word.len())
            }));
        }
        places
    }

    /// What the text these were read from is made of, folded: names, which are these phrases, what is in quotes and what is a name by its form, and
    /// the words between them.
    pub(super) fn pieces<'a, 'b>(&self, folded: &'a str, phrases: impl IntoIterator<Item = &'b str>) -> Vec<Piece<'a>> {
        fn read<'t>(text: Option<&'t str>, pieces: &mut Vec<Piece<'t>>) {
            for word in text.unwrap_or_default().split_whitespace() {
                if is_form(word.trim_matches(|letter: char| !letter.is_alphanumeric())) {
                    pieces.push(Piece::Name);
                } else {
                    pieces.extend(words(word).map(Piece::Word));
                }
            }
        }
        let mut places = self.places(folded, phrases);
        places.sort_by_key(|place| (place.start, place.end));
        let (mut pieces, mut at) = (Vec::new(), 0);
        for place in places {
            if place.start >= at {
                read(folded.get(at..place.start), &mut pieces);
                pieces.push(Piece::Name);
            }
            at = at.max(place.end);
        }
        read(folded.get(at..), &mut pieces);
        pieces
    }

    /// Takes what stands in quotes out of a text.
    fn take_quoted(&mut self, written: &str) -> String {
        let letters: Vec<char> = written.chars().collect();
        let mut rest = String::with_capacity(written.len());
        let mut at = 0;
        while let Some(letter) = letters.get(at).copied() {
            if let Some((inner, end)) = in_quotes(&letters, at) {
                self.explicit.insert(text::folded(&inner));
                rest.push_str(" \u{1} ");
                at = end + 1;
            } else {
                rest.push(letter);
                at += 1;
            }
        }
        rest
    }

    /// Takes words that are a name by their form, such as file names and addresses, out of a text.
    fn take_files(&mut self, prose: &str) -> String {
        let mut rest = String::with_capacity(prose.len());
        for word in prose.split_inclusive(char::is_whitespace) {
            let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric());
            if is_form(bare) {
                self.explicit.insert(text::folded(bare));
                rest.push_str(" \u{1} ");
            } else {
                rest.push_str(word);
            }
        }
        rest
    }

    /// The ways in which these words name a record by one of its texts. `chosen`: anybody may have given it that text, so an address, an
    /// account, a number or a single word of it names nothing, lest whoever guesses one of the owner's words has a record they named.
    pub(super) fn naming(&self, folded: &str, chosen: bool) -> Vec<String> {
        if folded.chars().count() < 3 || STOP.contains(&folded) || chosen && is_hard(folded) {
            return Vec::new();
        }
        let stem = folded.rsplit_once('.').map(|(stem, end)| (stem, end.chars().count())).filter(|(_, end)| (1..=5).contains(end)).map(|(stem, _)| stem);
        if self.explicit.contains(folded) || stem.is_some_and(|stem| stem.chars().count() >= 3 && self.explicit.contains(stem)) {
            return vec![folded.to_owned()];
        }
        if self.says(folded, chosen) {
            return vec![folded.to_owned()];
        }
        let found: HashSet<(String, String)> = pairs(folded).filter(|pair| self.pairs.contains(pair)).collect();
        // Two words out of a long text are mentioned in passing, not a name: they must be half of it.
        let said: HashSet<&str> = found.iter().flat_map(|(a, b)| [a.as_str(), b.as_str()]).collect();
        if said.len() * 2 < words(folded).count() {
            return Vec::new();
        }
        let mut phrases: Vec<String> = found.iter().map(|(a, b)| format!("{a} {b}")).collect();
        phrases.sort();
        phrases
    }

    /// Whether the owner wrote exactly this in quotes, or as a name by its form.
    pub(super) fn is_written(&self, folded: &str) -> bool {
        self.explicit.contains(folded)
    }

    /// Whether the rest of the words holds this text as a name: several content words, or one that was not written small.
    fn says(&self, folded: &str, chosen: bool) -> bool {
        let content = words(folded).filter(|word| is_content(word)).count();
        let alone = !chosen && words(folded).count() == 1 && (self.proper.contains(folded) || folded.chars().any(|letter| letter.is_ascii_digit()));
        (content >= 2 || alone || is_hard(folded)) && text::span(&self.prose, &self.prose, folded).is_some()
    }
}

/// What stands in quotes that open at this letter, and where they close.
fn in_quotes(letters: &[char], at: usize) -> Option<(String, usize)> {
    let letter = letters.get(at)?;
    let opens = at.checked_sub(1).and_then(|before| letters.get(before)).is_none_or(|before| !text::is_letter(*before));
    QUOTES.iter().filter(|(open, _)| opens && open == letter).find_map(|(_, close)| {
        let end = letters.iter().skip(at + 1).take(QUOTED_MAX + 1).position(|other| other == close)? + at + 1;
        let inner: String = letters.get(at + 1..end)?.iter().collect();
        // An apostrophe inside of a word closes nothing.
        let ends = letters.get(end + 1).is_none_or(|after| !text::is_letter(*after));
        (ends && !inner.contains('\n') && inner.chars().any(char::is_alphanumeric)).then_some((inner, end))
    })
}

/// A text that is the value itself: an address, an account, a number, a moment.
fn is_hard(folded: &str) -> bool {
    folded.contains('@')
        || folded.contains("://")
        || text::is_account(folded)
        || super::words::number(folded).is_some()
        || super::words::moment(folded).is_some()
}

/// Whether a word is a name by its form: letters on both sides of a full stop, an address, a path.
fn is_form(word: &str) -> bool {
    let joined = |by: char| {
        word.split_once(by).is_some_and(|(before, after)| {
            before.ends_with(|letter: char| letter.is_alphanumeric()) && after.starts_with(|letter: char| letter.is_alphanumeric())
        })
    };
    word.chars().any(char::is_alphabetic) && (joined('.') || joined('@') || joined('_') || joined('/'))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !text::is_letter(letter)).filter(|word| !word.is_empty())
}

/// The words of a text, each with the byte at which it begins.
fn placed(text: &str) -> Vec<(usize, &str)> {
    let (mut at, is_mark) = (0, |letter: char| !text::is_letter(letter));
    let words = text.split_inclusive(is_mark).filter_map(|piece| {
        let (from, word) = (at, piece.trim_end_matches(is_mark));
        at += piece.len();
        (!word.is_empty()).then_some((from, word))
    });
    words.collect()
}

fn is_content(word: &str) -> bool {
    word.chars().count() >= 3 && !STOP.contains(&word) && word.chars().any(char::is_alphabetic)
}

/// Two content words that follow one another.
fn pairs(folded: &str) -> impl Iterator<Item = (String, String)> {
    let parts: Vec<&str> = folded.split('\u{1}').collect();
    let found: Vec<(String, String)> = parts
        .iter()
        .flat_map(|part| {
            let words: Vec<&str> = words(part).collect();
            let two = |two: &[&str]| if let [a, b] = two { (is_content(a) && is_content(b)).then(|| ((*a).to_owned(), (*b).to_owned())) } else { None };
            words.windows(2).filter_map(two).collect::<Vec<_>>()
        })
        .collect();
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_names_by_its_whole() {
        for (message, text, expect) in [
            ("Send the file 'board-meeting-minutes.docx' to Max", "newest-board-meeting-minutes.docx", false),
            ("Send the file board-meeting-minutes.docx to Max", "newest-board-meeting-minutes.docx", false),
            ("Send the file board-meeting-minutes.docx to Max", "meeting-minutes.docx", false),
            ("Send the file board-meeting-minutes.docx to Max", "board-meeting-minutes.docx", true),
            ("Send the file \"Board-Meeting-Minutes\" to Max", "board-meeting-minutes.docx", true),
            ("Send the board meeting minutes to Max", "board-meeting-minutes.docx", true),
            ("Move the 'Budget review' to noon", "budget review of the other team", false),
            ("Move the 'Budget review' to noon", "review", false),
            ("Move the 'Budget review' to noon", "budget review", true),
            ("Verschiebe „Große Runde“ auf morgen", "große runde", true),
            ("Verschiebe „Große Runde“ auf morgen", "kleine große runde heute abend", false),
            ("Don't forget Lena's garden party, it's Max' idea", "garden party", true),
            ("Pay Spotify", "spotify", false),
            ("Pay 'Spotify'", "spotify", true),
            ("Send it to Max", "send", false),
            ("Move the meeting to noon", "meeting", false),
            ("Update my rent for the next month", "next month", false),
            ("Look at invoice 4711-a", "4711", false),
            // One word, whatever marks are written on its letters.
            ("राष्ट्रिय सभाको टिपोट पढ", "राष्ट्रिय", false),
            ("'राष्ट्रिय' पढ", "राष्ट्रिय", true),
            ("राष्ट्रिय सभा हेर", "राष्ट्रिय सभा", true),
        ] {
            assert_eq!(!Names::of([message]).naming(text, true).is_empty(), expect, "{message}: {text}");
        }
    }

    #[test]
    fn an_address_in_a_text_that_anybody_chose_names_nothing() {
        let names = Names::of(["Forward what lena@partner.example sent on 2026-05-20 about DE89370400440532013000"]);
        for text in ["lena@partner.example", "2026-05-20", "de89370400440532013000"] {
            assert!(names.naming(text, true).is_empty(), "{text}");
            assert!(!names.naming(text, false).is_empty(), "{text}");
        }
        let names = Names::of(["Have lunch with Lena"]);
        assert!(names.naming("lena", true).is_empty(), "an event that somebody called Lena");
        assert!(!names.naming("lena", false).is_empty(), "the contact Lena");
    }
}
