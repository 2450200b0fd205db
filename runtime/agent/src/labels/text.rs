//! Text made comparable: folded case and width, single spaces; and what in a text others could act on.

use unicode_normalization::UnicodeNormalization as _;

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

const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Where the owner wrote this value: byte span in the message. The value must stand by itself, not inside a longer word or number.
pub(super) fn span(original: &str, folded_message: &str, key: &str) -> Option<(u32, u32)> {
    if key.is_empty() {
        return None;
    }
    let mut from = 0;
    while let Some(at) = folded_message.get(from..).and_then(|rest| rest.find(key)).map(|at| at + from) {
        let end = at + key.len();
        let before = folded_message.get(..at).and_then(|head| head.chars().next_back());
        let after = folded_message.get(end..).and_then(|tail| tail.chars().next());
        let first = key.chars().next();
        let last = key.chars().next_back();
        if !joins(before, first) && !joins_after(last, after, folded_message.get(end..)) {
            // Folding may move bytes; the span is exact where the message holds the value as written, else it is the whole message.
            let exact = original.to_lowercase().find(key).filter(|_| original.len() == original.to_lowercase().len());
            let (start, stop) = exact.map_or((0, original.len()), |start| (start, start + key.len()));
            return Some((u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(stop).unwrap_or(u32::MAX)));
        }
        from = at + first.map_or(1, char::len_utf8);
    }
    None
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '@' | '_' | '-' | '+')
}

fn joins(left: Option<char>, right: Option<char>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => (is_word(left) || left == '.') && is_word(right),
        _ => false,
    }
}

/// A full stop ends a sentence unless more of a word follows: `lena@x.example.` names `lena@x.example`, `lena@x.example.evil` does not.
fn joins_after(left: Option<char>, right: Option<char>, rest: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some('.')) if is_word(left) => rest.and_then(|rest| rest.chars().nth(1)).is_some_and(is_word),
        (Some(left), Some(right)) => is_word(left) && is_word(right),
        _ => false,
    }
}

/// Words for the dot of an address, and its endings after which one is taken for spelt out; whoever spells otherwise is not found.
const DOTS: [&str; 6] = ["dot", "punkt", "point", "punto", "ponto", "точка"];
const ENDINGS: [&str; 26] = [
    "com", "net", "org", "info", "biz", "example", "io", "co", "app", "dev", "site", "online", "xyz", "top", "link", "shop", "eu", "de", "uk", "ch", "fr",
    "es", "nl", "pl", "ru", "cn",
];

/// Addresses that are spelt out so that nobody but a reader takes them for one: `evil dot example slash login`.
fn spelt_out(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric())).collect();
    let is_label = |word: &str| !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    let found = words.windows(3).enumerate().filter(|(at, three)| match three {
        [name, dot, end] => {
            let goes_on = words.get(at + 3).is_some_and(|next| *next == "slash");
            is_label(name) && DOTS.contains(dot) && is_label(end) && (ENDINGS.contains(end) || goes_on)
        }
        _ => false,
    });
    found.map(|(_, three)| three.join(" ")).collect()
}

/// Links, e-mail addresses, phone and account numbers in a text: what a reader could act on.
pub(super) fn actionable(text: &str) -> Vec<String> {
    let mut text = text.nfkc().collect::<String>();
    for (hidden, dot) in [("[.]", "."), ("(.)", "."), ("{.}", "."), ("[dot]", "."), ("(dot)", "."), ("{dot}", "."), ("hxxp", "http")] {
        if text.contains(hidden) {
            text = text.replace(hidden, dot);
        }
    }
    let mut found = spelt_out(&text);
    found.extend(plain(&text));
    found
}

fn plain(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | '\'' | '(' | ')' | '[' | ']' | ',' | ';' | '|'))
        .map(|word| word.trim_end_matches(['.', '!', '?', ':']))
        .filter(|word| is_link(word) || is_address(word) || is_number(word))
        .map(str::to_owned)
}

fn is_link(word: &str) -> bool {
    let lower = word.to_lowercase();
    if lower.contains("://") || lower.starts_with("www.") || lower.starts_with("mailto:") || lower.starts_with("tel:") {
        return true;
    }
    // A bare host: two labels or more, the last of letters only.
    let host = lower.split('/').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| !label.is_empty() && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-'))
        && labels.last().is_some_and(|last| last.chars().count() >= 2 && last.chars().all(char::is_alphabetic))
}

fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
}

fn is_number(word: &str) -> bool {
    if super::words::moment(&word.to_lowercase()).is_some() {
        return false;
    }
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let others = word.chars().filter(|letter| !letter.is_ascii_digit() && !matches!(letter, '+' | '-' | '/' | '.')).count();
    let iban = word.len() >= 15
        && word.chars().all(|letter| letter.is_ascii_alphanumeric())
        && word.chars().take(2).all(|letter| letter.is_ascii_alphabetic())
        && digits >= 8;
    iban || (digits >= 8 && others == 0)
}
