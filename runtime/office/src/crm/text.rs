//! The forms of text: cleaned for storing, folded for finding, and the canonical keys duplicates are found by.
//!
//! *Cleaned* is Unicode NFC without invisible characters that only mislead (direction marks, zero-width spaces, byte-order
//! marks, soft hyphens), with white space collapsed. *Folded* is compatibility-decomposed, lower-case, without Latin, Greek and
//! Cyrillic accents, with a few letters spelt out (ß, æ, ø, ł …). Folding is for comparing; it is never shown.

use unicode_normalization::UnicodeNormalization;

/// Marks that have no width and change only how text around them looks or compares.
const fn is_misleading(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// One line of text, cleaned: white space runs become one space.
pub fn clean_line(text: &str) -> String {
    if text.is_ascii() {
        return join_words(text.chars());
    }
    join_words(text.nfc().filter(|letter| !is_misleading(*letter)))
}

fn join_words(letters: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    let mut gap = false;
    for letter in letters {
        if letter.is_whitespace() {
            gap = !out.is_empty();
        } else {
            if gap {
                out.push(' ');
                gap = false;
            }
            out.push(letter);
        }
    }
    out
}

/// Several lines of text, cleaned: lines keep their places, end in one line feed and lose trailing white space.
pub fn clean_block(text: &str) -> String {
    let text: String = text.nfc().filter(|letter| !is_misleading(*letter)).collect();
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').trim_end().to_owned()
}

/// The first control character other than white space, NUL included; such text is refused.
pub fn control_character(text: &str) -> Option<char> {
    text.chars().find(|letter| letter.is_control() && !letter.is_whitespace())
}

/// Text from outside as it may stand in an error message: short, without control characters.
pub fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(80).map(|letter| if letter.is_control() || is_misleading(letter) { '\u{fffd}' } else { letter }).collect();
    if text.chars().nth(80).is_some() {
        out.push('…');
    }
    out
}

/// The form in which texts are compared and looked up.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return collapse(text.chars().map(|letter| letter.to_ascii_lowercase()));
    }
    let bare: String = text.nfkd().flat_map(char::to_lowercase).nfd().filter(|letter| !is_dropped(*letter)).collect();
    let mut spelt = String::with_capacity(bare.len());
    for letter in bare.chars() {
        match letter {
            'ß' => spelt.push_str("ss"),
            'æ' => spelt.push_str("ae"),
            'œ' => spelt.push_str("oe"),
            'þ' => spelt.push_str("th"),
            'ø' => spelt.push('o'),
            'đ' | 'ð' => spelt.push('d'),
            'ł' => spelt.push('l'),
            'ħ' => spelt.push('h'),
            'ı' => spelt.push('i'),
            'ς' => spelt.push('σ'),
            other => spelt.push(other),
        }
    }
    collapse(spelt.nfc())
}

/// Accents of Latin, Greek and Cyrillic letters, and marks without width. Vowel signs of other scripts stay: there they are letters.
const fn is_dropped(letter: char) -> bool {
    is_misleading(letter) || matches!(letter, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

fn collapse(letters: impl Iterator<Item = char>) -> String {
    join_words(letters.map(|letter| if letter.is_control() { ' ' } else { letter }))
}

/// What companies are the same by: the folded name without points, commas and quotes. The legal form stays: `Acme Inc` is not `Acme Ltd`.
pub fn company_key(name: &str) -> String {
    let folded = fold(name);
    let bare: String = folded
        .chars()
        .filter(|letter| !matches!(letter, '.' | '\'' | '"' | '’' | '‘' | '“' | '”'))
        .map(|letter| if letter == ',' { ' ' } else { letter })
        .collect();
    let key = collapse(bare.chars());
    if key.is_empty() { folded } else { key }
}

/// What e-mail addresses are the same by: NFKC, lower case on both sides of the `@`.
pub fn email_key(address: &str) -> String {
    if address.is_ascii() {
        return address.trim().to_ascii_lowercase();
    }
    address.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// What is wrong with an e-mail address, if anything. The form `name@domain.tld` is asked for; whether it exists is another question.
pub fn email_problem(address: &str) -> Option<&'static str> {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Some("has no `@`; write it as name@example.com");
    };
    if local.is_empty() || local.len() > 64 {
        return Some("needs 1 to 64 letters before the `@`");
    }
    if domain.len() > 253 || !domain.contains('.') {
        return Some("needs a domain after the `@`, as in name@example.com");
    }
    let label_is_fine = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-' || is_mark(letter))
    };
    if !domain.split('.').all(label_is_fine) {
        return Some("has a domain that cannot exist; use letters, digits, hyphens and single points");
    }
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let local_is_fine = |letter: char| !letter.is_whitespace() && !letter.is_control() && !is_misleading(letter) && !"()<>[]:;,@\\\"".contains(letter);
    if !quoted && (!local.chars().all(local_is_fine) || local.starts_with('.') || local.ends_with('.')) {
        return Some("has letters before the `@` that no address has");
    }
    if quoted && local.chars().any(|letter| letter.is_control() || is_misleading(letter)) {
        return Some("has letters before the `@` that no address has");
    }
    None
}

fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

/// What phone numbers are the same by: digits with a leading `+` where one or `00` stands, and `;ext=` with an extension.
/// None when there are fewer than 3 or more than 20 digits.
pub fn phone_key(number: &str) -> Option<String> {
    let text: String = number.nfkc().flat_map(char::to_lowercase).collect();
    let text = text.trim().trim_start_matches("tel:");
    let (main, extension) = split_extension(text);
    let international = main.chars().find(|letter| *letter == '+' || digit(*letter).is_some()) == Some('+');
    // `+49 (0)30 …` is written for people at home and abroad; the zero in brackets is not dialled after a country code.
    let main = if international { main.replace("(0)", "") } else { main.to_owned() };
    let mut digits: String = main.chars().filter_map(digit).collect();
    let abroad = !international && digits.starts_with("00");
    if abroad {
        digits.drain(..2);
    }
    if !(3..=20).contains(&digits.len()) {
        return None;
    }
    let plus = if international || abroad { "+" } else { "" };
    Some(if extension.is_empty() { format!("{plus}{digits}") } else { format!("{plus}{digits};ext={extension}") })
}

/// Splits `… ext. 102`, `… x102`, `…;ext=102`, `…#102` into the number and the digits of the extension.
fn split_extension(text: &str) -> (&str, String) {
    for mark in [";ext=", "ext", "#", "x"] {
        if let Some((main, rest)) = text.split_once(mark) {
            let extension: String = rest.chars().filter_map(digit).collect();
            let tail_is_digits =
                rest.chars().all(|letter| digit(letter).is_some() || matches!(letter, '.' | ':' | '=' | ' ' | 't' | 'n' | 'e' | 's' | 'i' | 'o'));
            if tail_is_digits && (1..=8).contains(&extension.len()) && main.chars().filter_map(digit).count() >= 3 {
                return (main, extension);
            }
        }
    }
    (text, String::new())
}

/// A decimal digit of a script in which phone numbers are commonly written, as ASCII.
fn digit(letter: char) -> Option<char> {
    let value =
        ['0', '\u{660}', '\u{6f0}', '\u{966}'].into_iter().find_map(|zero| (u32::from(letter)).checked_sub(u32::from(zero)).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// A web address that is safe to show as a link: `http`, `https`, or a bare domain, which becomes `https`. Anything else is none.
pub fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(|letter| letter.is_whitespace() || letter.is_control() || is_misleading(letter)) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let host_is_fine =
        |rest: &str| rest.split(['/', '?', '#', ':']).next().is_some_and(|host| !host.is_empty() && !host.starts_with('.') && !host.contains('@'));
    match rest {
        Some(rest) => host_is_fine(rest).then(|| text.to_owned()),
        None => (!text.contains(':') && text.contains('.') && host_is_fine(&lower)).then(|| format!("https://{text}")),
    }
}

/// What web addresses are the same by: without scheme, `www.` and closing slash, the host in lower case.
pub fn web_key(address: &str) -> String {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    let (host, path) = bare.find(['/', '?', '#']).map_or((bare, ""), |at| bare.split_at(at));
    let host = host.to_lowercase();
    format!("{}{path}", host.strip_prefix("www.").unwrap_or(&host))
}

/// The host of a web address as [`web_key`] has it, and what follows: nothing where the address is the host's own.
pub fn web_place(address: &str) -> (String, String) {
    let key = web_key(address);
    let (host, page) = key.find(['/', '?', '#', ':']).map_or((key.as_str(), ""), |at| key.split_at(at));
    (host.to_owned(), page.to_owned())
}

/// The `like` patterns of a search: each word must appear somewhere. A word or query of digits is looked up as a phone number.
pub fn search_patterns(query: &str) -> Vec<String> {
    let looks_dialled =
        |text: &str| text.chars().all(|letter| digit(letter).is_some() || " +-()./".contains(letter)) && text.chars().filter_map(digit).count() >= 3;
    let word = |text: &str| {
        let text = if looks_dialled(text) { phone_key(text).map_or_else(|| fold(text), |key| key.trim_start_matches('+').to_owned()) } else { fold(text) };
        format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
    };
    let query = query.trim();
    if looks_dialled(query) { vec![word(query)] } else { fold(query).split(' ').filter(|part| !part.is_empty()).take(SEARCH_WORDS_MAX).map(word).collect() }
}

/// Words of a search that are looked at; the rest is ignored.
const SEARCH_WORDS_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_are_refused() {
        for bad in [
            "",
            "a",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a b@c.d",
            "a@b..c",
            "a@-b.c",
            "a@b_c.d",
            "a,b@c.d",
            "<a@b.c>",
            "Name <a@b.c>",
            ".a@b.c",
            "a.@b.c",
            "a@b.c\u{200b}",
            "a\u{202e}@b.c",
            "a\0@b.c",
            "\"a\0b\"@c.d",
        ] {
            assert!(email_problem(bad).is_some(), "{bad:?}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert!(email_problem(&long).is_some());
        for good in
            ["a@b.c", "first.last+tag@sub.example.co.uk", "o'hara@example.ie", "用户@例子.公司", "info@müller.de", "\"odd one\"@example.com", "a_b-c@x-y.io"]
        {
            assert_eq!(email_problem(good), None, "{good:?}");
        }
    }

    #[test]
    fn keys() {
        for (text, key) in [
            ("+1 (919) 676-9515", Some("+19196769515")),
            ("001-919-676-9515", Some("+19196769515")),
            ("tel:+1-418-656-9254;ext=102", Some("+14186569254;ext=102")),
            ("905-555-1234", Some("9055551234")),
            ("(905) 555 1234 ext. 7", Some("9055551234;ext=7")),
            ("9055551234x7", Some("9055551234;ext=7")),
            ("+49 (0)30 123456", Some("+4930123456")),
            ("\u{202a}+41 79 123 45 67\u{202c}", Some("+41791234567")),
            ("＋８１３１２３４５６７８", Some("+81312345678")),
            ("٠١٢٣٤٥٦", Some("0123456")),
            ("12", None),
            ("n/a", None),
            ("", None),
            ("123456789012345678901", None),
        ] {
            assert_eq!(phone_key(text).as_deref(), key, "{text}");
        }
        assert_eq!(email_key(" Lena.Ö@Example.COM "), "lena.ö@example.com");
        assert_eq!(email_key("ｌｅｎａ@example.com"), "lena@example.com");
        assert_eq!(company_key("Acme,  Inc."), "acme inc");
        assert_eq!(company_key("ACME Inc"), "acme inc");
        assert_ne!(company_key("Acme Inc"), company_key("Acme Ltd"));
        assert_eq!(company_key("..."), "...");
        assert_eq!(web_key("https://www.Example.com/A/"), "example.com/A");
    }

    #[test]
    fn folding_meets_what_people_type() {
        for (text, folded) in [
            ("  Müller\u{a0} ", "muller"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("Đorđe Ærø", "dorde aero"),
            ("İstanbul", "istanbul"),
            ("Ｆｕｌｌ", "full"),
            ("Ａ\u{301}", "a"),
            ("ΌΣΟΣ", "οσοσ"),
            ("が", "が"),
            ("हिन्दी", "हिन्दी"),
            ("zero\u{200b}width", "zerowidth"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn cleaning_keeps_what_is_seen_and_drops_what_misleads() {
        assert_eq!(clean_line(" a\u{202e}b \t\n c\u{feff} "), "ab c");
        assert_eq!(clean_line("e\u{301}"), "é");
        assert_eq!(clean_block("\r\n a  \r\nb\r\rc \n\n"), " a\nb\n\nc");
        assert_eq!(control_character("a\0b"), Some('\0'));
        assert_eq!(control_character("a\tb\nc"), None);
        assert_eq!(shown(&format!("\u{7}{}", "x".repeat(100))), format!("\u{fffd}{}…", "x".repeat(79)));
    }

    #[test]
    fn only_web_addresses_become_links() {
        for bad in [
            "",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "ftp://a.b",
            "mailto:a@b.c",
            "localhost",
            "a b.c",
            "https://",
            "http://user@evil.example",
            "foo:bar.baz",
        ] {
            assert_eq!(web_address(bad), None, "{bad}");
        }
        assert_eq!(web_address("www.ibm.com").as_deref(), Some("https://www.ibm.com"));
        assert_eq!(web_address("HTTP://ibm.com/~x").as_deref(), Some("HTTP://ibm.com/~x"));
    }

    #[test]
    fn searches_become_patterns() {
        for (query, patterns) in [
            ("", &[][..]),
            ("Lena 50%_", &["%lena%", "%50\\%\\_%"][..]),
            ("+1 (919) 676-9515", &["%19196769515%"][..]),
            ("doe 905-555", &["%doe%", "%905555%"][..]),
        ] {
            assert_eq!(search_patterns(query), patterns, "{query}");
        }
    }
}
