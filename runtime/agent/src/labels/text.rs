//! Text made comparable: folded case and width, single spaces; and where a value stands by itself in one.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Whether a value is an account or phone number: seven digits or more, perhaps with letters, grouped in any way.
pub(super) fn is_account(key: &str) -> bool {
    let digits = key.chars().filter(char::is_ascii_digit).count();
    digits >= 7 && key.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-' | '+' | '.' | '/' | '(' | ')'))
}

/// Whether a text holds an account or phone number, however it is grouped, and standing by itself.
pub(super) fn holds_account(said: &str, key: &str) -> bool {
    let wanted: Vec<char> = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters: Vec<char> = said.chars().collect();
    let starts = letters.iter().enumerate().filter(|(at, letter)| {
        letter.is_ascii_alphanumeric() && at.checked_sub(1).and_then(|before| letters.get(before)).is_none_or(|before| !before.is_alphanumeric())
    });
    starts.map(|(at, _)| at).any(|at| {
        let mut rest = wanted.iter();
        let mut want = rest.next();
        for letter in letters.iter().skip(at) {
            match want {
                Some(next) if letter == next => want = rest.next(),
                Some(_) if matches!(letter, ' ' | '-' | '.' | '/' | '(' | ')' | '+') => {}
                Some(_) => return false,
                None => return !letter.is_alphanumeric(),
            }
        }
        want.is_none()
    })
}

/// NFKC, lower case, runs of white space as one space, invisible characters removed.
pub(super) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = true;
    if text.is_ascii() {
        // Most texts: nothing to compose, nothing invisible.
        for byte in text.bytes() {
            if byte.is_ascii_whitespace() || byte == 0x0b {
                if !space {
                    out.push(' ');
                }
                space = true;
            } else {
                out.push(char::from(byte.to_ascii_lowercase()));
                space = false;
            }
        }
        out.truncate(out.trim_end().len());
        return out;
    }
    for letter in text.nfkc().flat_map(char::to_lowercase) {
        if letter.is_whitespace() {
            if !space {
                out.push(' ');
            }
            space = true;
        } else if !is_invisible(letter) {
            out.push(letter);
            space = false;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether a letter is not seen where a text is shown.
pub(super) const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Where the owner wrote this value: byte span in the message. The value must stand by itself, not inside a longer word, number, date or time.
pub(super) fn span(original: &str, folded_message: &str, key: &str) -> Option<(u32, u32)> {
    if key.is_empty() {
        return None;
    }
    let mut from = 0;
    while let Some(at) = folded_message.get(from..).and_then(|rest| rest.find(key)).map(|at| at + from) {
        let end = at + key.len();
        let (head, tail) = (folded_message.get(..at).unwrap_or_default(), folded_message.get(end..).unwrap_or_default());
        let first = key.chars().next();
        let (from_here, to_here) = (folded_message.get(at..).unwrap_or_default(), folded_message.get(..end).unwrap_or_default());
        if !joins(head, from_here) && !joins_after(to_here, tail) {
            // Folding may move bytes; the span is exact where the message holds the value as written, else it is the whole message.
            let exact = original.to_lowercase().find(key).filter(|_| original.len() == original.to_lowercase().len());
            let (start, stop) = exact.map_or((0, original.len()), |start| (start, start + key.len()));
            return Some((u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(stop).unwrap_or(u32::MAX)));
        }
        from = at + first.map_or(1, char::len_utf8);
    }
    None
}

/// Whether a letter is of a word. So is a mark that is written on one: some of them, as the virama of Devanagari, are no letters by themselves.
pub(super) fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || (letter >= '\u{300}' && is_combining_mark(letter))
}

fn is_word(letter: char) -> bool {
    is_letter(letter) || matches!(letter, '@' | '_' | '-' | '+')
}

/// Whether digits on both sides of this are one number, date or time: `1,200`, `10:30`, `26/05/2026`, `1'200`.
const fn is_inside_number(letter: char) -> bool {
    matches!(letter, ',' | '.' | ':' | '/' | '\'' | '’')
}

/// Whether what stands before and behind this mark is one number. A comma has three digits behind it, or it is the only one: `12,13,14` are three.
fn is_one_number(before: &str, mark: char, after: &str) -> bool {
    if !is_inside_number(mark) || !before.ends_with(is_digit) || !after.starts_with(is_digit) {
        return false;
    }
    let count = after.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let rest = after.get(count..).and_then(|rest| rest.strip_prefix(','));
    let is_followed = rest.is_some_and(|rest| rest.starts_with(is_digit));
    let is_preceded = before.bytes().rev().take(4).find(|byte| !byte.is_ascii_digit()) == Some(b',');
    mark != ',' || count == 3 || (count < 3 && !is_followed && !is_preceded)
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

/// Whether a value that begins so is the end of something longer, of which this stands before it.
fn joins(head: &str, value: &str) -> bool {
    match (head.chars().next_back(), value.chars().next()) {
        (Some(left), Some(right)) => {
            let before = head.get(..head.len() - left.len_utf8()).unwrap_or_default();
            is_one_number(before, left, value) || ((is_word(left) || left == '.') && is_word(right))
        }
        _ => false,
    }
}

/// A full stop ends a sentence unless more of a word follows: `lena@x.example.` names `lena@x.example`, `lena@x.example.evil` does not.
/// So does a comma after a number, unless a digit follows on it.
fn joins_after(value: &str, tail: &str) -> bool {
    let mut after = tail.chars();
    match (value.chars().next_back(), after.next()) {
        (Some(left), Some('.')) if is_word(left) => after.next().is_some_and(is_word),
        (Some(left), Some(right)) if is_inside_number(right) && is_digit(left) => is_one_number(value, right, after.as_str()),
        (Some(left), Some(right)) => is_word(left) && is_word(right),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_on_a_letter_parts_no_word() {
        let says = |message: &str, key: &str| span(message, &folded(message), &folded(key)).is_some();
        // A part of a Nepali word up to its virama, and one behind it; letters of Arabic with a vowel written on them.
        for (message, key) in [("जवाफ पठाउनुहोस्", "पठाउनुहोस"), ("कार्यक्रम हेर", "कार"), ("कार्यक्रम हेर", "यक्रम"), ("أَرسِل الملف", "أ")]
        {
            assert!(!says(message, key), "{message}: {key}");
        }
        for (message, key) in [("जवाफ पठाउनुहोस्।", "पठाउनुहोस्"), ("कार्यक्रम हेर", "कार्यक्रम"), ("أرسل الملف", "الملف")]
        {
            assert!(says(message, key), "{message}: {key}");
        }
    }

    #[test]
    fn numbers_behind_commas_are_numbers_of_their_own_unless_they_are_one() {
        let says = |message: &str, key: &str| span(message, &folded(message), key).is_some();
        for (message, key) in [
            ("Delete rows 12,13,14", "12"),
            ("Delete rows 12,13,14", "13"),
            ("Delete rows 12,13,14", "14"),
            ("Invite rooms 5,1000", "1000"),
            ("It costs 1,200,300", "1,200,300"),
            ("It costs 12,50", "12,50"),
        ] {
            assert!(says(message, key), "{message}: {key}");
        }
        for (message, key) in [
            ("It costs 1,200", "200"),
            ("It costs 1,200", "1"),
            ("It costs 1,200,300", "200"),
            ("It costs 12,50", "12"),
            ("It costs 12,50", "50"),
            ("At 10:30 on 26/05/2026", "30"),
            ("At 10:30 on 26/05/2026", "26"),
            ("It costs 1'200", "200"),
        ] {
            assert!(!says(message, key), "{message}: {key}");
        }
    }
}
