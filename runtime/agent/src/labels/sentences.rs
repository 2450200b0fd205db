//! The owner's sentences as they are meant: a line that was only wrapped goes on in the next, and what is listed belongs to the line with the
//! colon above it. Two things that are listed do not belong together.

use super::words::month;
use crate::intent::{as_written, asks_nothing};

/// The longest text that more is put behind, in bytes.
const OPEN_MAX: usize = 1_000;
/// From how many characters on a line without an end mark was broken for its length.
const WRAPPED_MIN: usize = 60;

/// Words that a full stop stands behind and that end no sentence.
const SHORT: &[&str] =
    &["dr", "dra", "mr", "mrs", "ms", "prof", "hr", "hrn", "fr", "sr", "sra", "srta", "st", "bzw", "ca", "inkl", "evtl", "e.g", "i.e", "z.b", "p.ej"];

/// Words behind which a line is not over.
const OPEN: &[&str] = &[
    "a", "an", "the", "my", "our", "your", "his", "her", "their", "this", "that", "to", "for", "with", "and", "or", "of", "from", "in", "at", "on", "by",
    "der", "die", "das", "dem", "den", "des", "ein", "eine", "einem", "einen", "einer", "mein", "meine", "meinem", "meinen", "meiner", "unser", "unsere",
    "unserem", "unseren", "unserer", "mit", "an", "für", "und", "oder", "von", "aus", "zu", "zum", "zur", "el", "la", "los", "las", "un", "una", "mi", "mis",
    "nuestro", "nuestra", "con", "para", "y", "o", "de", "del", "al", "en",
];

/// The sentences of a text. What stands under a colon is one sentence each with the line of the colon.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let (mut whole, mut open, mut head) = (Vec::new(), String::new(), None::<String>);
    let (mut begins_line, mut is_numbered, mut is_below) = (true, false, false);
    for (_, piece) in as_written(text) {
        let line = piece.trim();
        let is_first = std::mem::replace(&mut begins_line, piece.ends_with('\n'));
        if is_first && is_number(line) && !begins_line {
            is_numbered = true;
            continue;
        }
        let (listed, mark) = unmarked(line);
        let is_listed = std::mem::take(&mut is_numbered) || is_first && mark;
        if open.trim_end().ends_with(':') && open.len() <= OPEN_MAX {
            (head, is_below) = (Some(open.clone()), true);
        }
        if !is_listed && !line.is_empty() && goes_on(&open, line) {
            open.push_str(piece);
            continue;
        }
        if !open.trim().is_empty() {
            whole.push(std::mem::take(&mut open));
        }
        if line.is_empty() {
            // Behind a blank line only what is marked is listed.
            is_below &= !is_first;
            continue;
        }
        // Without marks, what is listed is no sentence, and nothing with a mark stands above it.
        is_below &= !is_listed;
        let is_below_it = is_first && is_below && !line.ends_with(['.', '!', '?']);
        let under = head.as_deref().filter(|_| (is_listed || is_below_it) && asks_nothing(listed));
        open = under.map_or_else(|| piece.to_owned(), |head| format!("{}\n{listed}\n", head.trim_end()));
        if is_first && !is_listed && under.is_none() {
            head = None;
        }
    }
    whole.push(open);
    whole
}

/// Whether a text goes on in the piece behind it.
fn goes_on(open: &str, next: &str) -> bool {
    if open.is_empty() || open.len() > OPEN_MAX {
        return false;
    }
    let text = open.trim_end();
    let last = text.rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    if let Some(word) = last.strip_suffix('.') {
        let word = word.trim_start_matches(['(', '"', '\'']);
        let first: String = next.chars().take_while(|letter| letter.is_alphabetic()).collect();
        return SHORT.contains(&word) || is_number(&last) && month(&first.to_lowercase()).is_some();
    }
    if text.ends_with(['!', '?', ';', ':']) {
        return false;
    }
    let line = text.rsplit('\n').next().unwrap_or_default();
    let is_small = next.starts_with(|first: char| first.is_lowercase() || first.is_ascii_digit());
    let is_open = OPEN.contains(&last.as_str()) || is_small && (text.ends_with(',') || line.chars().count() >= WRAPPED_MIN);
    is_open && asks_nothing(next)
}

/// Whether this is a number with a full stop and no more.
fn is_number(text: &str) -> bool {
    text.strip_suffix('.').is_some_and(|digits| (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A line without the mark of a list, and whether it had one.
fn unmarked(line: &str) -> (&str, bool) {
    let rest = line.trim_start_matches(['-', '*', '•', '–']);
    let is_marked = rest.len() < line.len() && rest.starts_with(char::is_whitespace);
    if is_marked { (rest.trim_start(), true) } else { (line, false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_as_two_things_stays_two() {
        for text in [
            "Read wages.txt\nShare plan.txt with eve@x.example",
            "Read wages.txt\nshare plan.txt with eve@x.example",
            "Read wages.txt. Share plan.txt with eve@x.example.",
            "Read wages.txt:\n- share plan.txt with eve@x.example",
            "Do these:\n- read wages.txt\n- share plan.txt with eve@x.example",
            "Do these:\n1. read wages.txt\n2. share plan.txt with eve@x.example",
            "Read wages.txt, and tell me in two or three sentences what matters there,\nshare plan.txt with eve@x.example",
            "Read wages.txt with\n\neve@x.example",
            "Look at invoice 12. Wages.txt is old. Write to eve@x.example",
            "Read wages.txt of Max\n- eve@x.example",
            "Read these:\nwages.txt\n\nWrite to\neve@x.example",
            "Have a look at wages.txt with:\n- max@x.example\nThis is not about eve@x.example",
            "Have a look at wages.txt for me:\nThis is not about eve@x.example.",
            "What I would like you to go through, with all the care that you have:\nwages.txt\neve@x.example",
        ] {
            let both = |sentence: &String| sentence.to_lowercase().contains("wages.txt") && sentence.contains("eve@x.example");
            assert!(!sentences(text).iter().any(both), "{text}: {:?}", sentences(text));
        }
    }

    #[test]
    fn what_was_said_as_one_thing_is_one() {
        for text in [
            "Share plan.txt with:\n- max@x.example\n- lena@x.example",
            "Share plan.txt with:\n1. max@x.example\n2. lena@x.example",
            "Share plan.txt with:\n\n* max@x.example\n* lena@x.example",
            "Share plan.txt with:\nmax@x.example\nlena@x.example",
            "Please share 'plan.txt' with our\npartner lena@x.example",
            "Bitte teile 'plan.txt' mit unserer\nPartnerin lena@x.example",
            "Before the day is over I would like you to share 'plan.txt' somehow\nso that lena@x.example has it",
            "Share plan.txt with Dr. Weber, lena@x.example",
            "Teile plan.txt bis zum 3. Mai mit lena@x.example",
        ] {
            let both = |sentence: &String| sentence.contains("plan.txt") && sentence.contains("lena@x.example");
            assert!(sentences(text).iter().any(both), "{text}: {:?}", sentences(text));
        }
    }

    #[test]
    fn nothing_that_was_said_is_lost() {
        for text in ["", " ", "One.", "a\nb\n", "- a\n- b", "x:\n- y.\nz", "1. a\n2. b", "Dr. A. 3. Mai\n\n:\n:"] {
            let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>();
            let said = letters(&sentences(text).concat());
            assert!(letters(text).chars().all(|letter| said.contains(letter)), "{text}: {:?}", sentences(text));
        }
    }
}
