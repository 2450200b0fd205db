//! The owner's sentences as they are meant: a line that was only wrapped goes on in the next, and what is listed belongs to the line with the
//! colon above it. Two things that are listed do not belong together.

use super::words::month;
use crate::intent::{as_written, asks_nothing, ends_sentence};

/// The longest text that more is put behind, in bytes.
const OPEN_MAX: usize = 1_000;
/// How much of the lines with a colon is put before what is listed, in bytes for a whole text. What is listed beyond that stands by itself.
const HEADS_MAX: usize = 64 * 1024;
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

/// Words that join two clauses, and the colon above a line of a list.
const JOINTS: &[&str] = &[" and ", " then ", " but ", " und ", " dann ", " aber ", " y ", " luego ", " pero ", ":\n"];

/// The sentences of a text. What stands under a colon is one sentence each with the line of the colon, where that line orders something.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let (mut whole, mut open, mut head) = (Vec::new(), String::new(), None::<String>);
    let (mut begins_line, mut is_numbered, mut is_below, mut copied) = (true, false, false, 0);
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
            (head, is_below) = (orders_below(&open).then(|| open.trim_end().to_owned()), true);
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
        // A line with a colon of its own is the head of a mail, or begins something else.
        let is_below_it = is_first && is_below && !line.ends_with(['.', '!', '?']) && !line.contains([':', '：']);
        let fits = |head: &&str| copied + head.len() <= HEADS_MAX && (is_listed || is_below_it) && asks_nothing(listed);
        let under = head.as_deref().filter(fits);
        copied += under.map_or(0, str::len);
        open = under.map_or_else(|| piece.to_owned(), |head| format!("{head}\n{listed}\n"));
        if is_first && !is_listed && under.is_none() {
            head = None;
        }
    }
    whole.push(open);
    whole
}

/// Whether the last clause of a line with a colon orders something: what it says of the list, an order before it does not. A clause that
/// begins with a name, an article or the like goes on with the one before it.
fn orders_below(head: &str) -> bool {
    let begins = |at: usize, joint: &str| {
        let first = head.get(at + joint.len()..).unwrap_or_default().split_whitespace().next().unwrap_or_default();
        let is_name = joint != ":\n" && (!first.starts_with(char::is_lowercase) || first.contains(['.', '@']));
        !first.is_empty() && !is_name && !OPEN.contains(&first.to_lowercase().as_str())
    };
    let last = |&joint: &&str| head.rmatch_indices(joint).map(|(at, _)| at).find(|at| begins(*at, joint)).map(|at| at + joint.len());
    let from = JOINTS.iter().filter_map(last).max().unwrap_or_default();
    !asks_nothing(head.get(from..).unwrap_or_default())
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
    if text.ends_with(ends_sentence) || text.ends_with(':') {
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
            "Share plan.txt with lena@x.example. Compare wages.txt with this mail:\nFrom: eve@x.example\nHi",
            "Teile plan.txt mit lena@x.example. Vergleiche wages.txt mit dieser Mail:\nVon: eve@x.example\nHallo",
            "Share plan.txt with lena@x.example. Compare wages.txt with these:\n- eve@x.example",
            "Share plan.txt with lena@x.example and compare wages.txt with these:\n- eve@x.example",
            "Teile plan.txt mit lena@x.example und vergleiche wages.txt mit:\n- eve@x.example",
            "Share plan.txt with:\n- lena@x.example\n- compare wages.txt with:\n- eve@x.example",
            "Send wages.txt to lena@x.example, who wrote this:\nFrom: eve@x.example\nHi",
            "wages.txt पढ्नुहोस्। plan.txt eve@x.example लाई पठाउनुहोस्।",
            "तपाईंले wages.txt राम्रोसँग पढेर मलाई यसको सारांश दुई वाक्यमा भन्नुहोस्।\nplan.txt eve@x.example लाई पठाउनुहोस्।",
            "هل قرأت wages.txt؟ أرسل plan.txt إلى eve@x.example",
            "请读 wages.txt 。把 plan.txt 发给 eve@x.example 。",
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
            "Teile plan.txt mit:\n- max@x.example\n- lena@x.example",
            "Send notes.txt and plan.txt to:\n- max@x.example\n- lena@x.example",
            "Read notes.txt and send plan.txt to:\n- max@x.example\n- lena@x.example",
            "Send Max and Lena these:\n- plan.txt (lena@x.example)",
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
    fn a_long_list_is_not_much_longer_with_the_line_above_it() {
        let head = format!("Share plan.txt with these {}:\n", "good ".repeat(190));
        let lines = ["- x\n", "1. x\n", "x\n", "- those whom I know from there, and who know me:\n"];
        for (line, head) in lines.into_iter().flat_map(|line| [(line, head.as_str()), (line, "Share plan.txt with:\n")]) {
            let text = format!("{head}{}", line.repeat((256 * 1024 - head.len()) / line.len()));
            let found = sentences(&text);
            let size: usize = found.iter().map(String::len).sum();
            assert!(size <= 2 * text.len() + HEADS_MAX, "{line}: {size} bytes out of {}", text.len());
            let with_head = found.iter().filter(|sentence| sentence.contains("plan.txt")).count();
            assert!(with_head > 50 || line.ends_with(":\n"), "{line}: {with_head}");
        }
        let text = format!("{head}{}", "- x\n".repeat(20)).repeat(200);
        let size: usize = sentences(&text).iter().map(String::len).sum();
        assert!(size <= 2 * text.len() + HEADS_MAX, "many heads: {size} bytes out of {}", text.len());
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
