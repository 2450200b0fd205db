//! What in a text its reader could act on: links, e-mail addresses, phone and account numbers, in the spellings people use for them.
//!
//! One pass over the text, with short tables. Found is what can be followed or paid to as it stands there; a file's name, a date, a time,
//! a price and a short number are none of it. Whether the owner wrote it is not asked here.

use super::text::is_invisible;
use super::words::moment;
use unicode_normalization::UnicodeNormalization as _;

/// Words for the dot of an address, and its endings after which one is taken for spelt out; whoever spells otherwise is not found.
const DOTS: [&str; 6] = ["dot", "punkt", "point", "punto", "ponto", "точка"];
const ENDINGS: [&str; 26] = [
    "com", "net", "org", "info", "biz", "example", "io", "co", "app", "dev", "site", "online", "xyz", "top", "link", "shop", "eu", "de", "uk", "ch", "fr",
    "es", "nl", "pl", "ru", "cn",
];
/// How people hide an address from programs, and what it says.
const HIDDEN: [(&str, &str); 7] = [("[.]", "."), ("(.)", "."), ("{.}", "."), ("[dot]", "."), ("(dot)", "."), ("{dot}", "."), ("hxxp", "http")];
/// Endings of files that are nobody's domain. Those that are both, as `md`, `zip`, `sh` and `py`, are not here: programs that show a text
/// make links of them, and whoever registers such a name is behind them.
const FILES: [&str; 54] = [
    "avi", "bak", "bmp", "cfg", "conf", "csv", "css", "dll", "doc", "docx", "eml", "epub", "exe", "gif", "gz", "heic", "htm", "html", "ics", "ini", "jpeg",
    "jpg", "js", "json", "jsx", "log", "mkv", "odp", "ods", "odt", "pdf", "png", "ppt", "pptx", "rtf", "sql", "svg", "tar", "tex", "tif", "tiff", "tmp",
    "toml", "ts", "tsx", "txt", "vcf", "wav", "webp", "xls", "xlsx", "xml", "yaml", "yml",
];
/// What says of the number beside it that it is an amount.
const CURRENCIES: [&str; 14] = ["€", "$", "£", "¥", "₹", "eur", "usd", "gbp", "chf", "euro", "euros", "dollar", "dollars", "pounds"];
/// The fewest digits of a phone or account number.
const DIGITS_MIN: usize = 8;
/// How many letters and digits an account with its country has (ISO 13616).
const IBAN: std::ops::RangeInclusive<usize> = 15..=34;
/// What stands between the groups of a number.
const JOINTS: [char; 7] = ['-', '\u{2010}', '\u{2013}', '/', '.', '(', ')'];
/// What ends a sentence, and the number before it.
const STOPS: [char; 4] = ['.', '!', '?', ':'];

/// All of it, as it is written there but for case, width and invisible letters.
pub(super) fn actionable(text: &str) -> Vec<String> {
    let text = cleaned(text);
    let mut found = spelt_out(&text);
    found.extend(links(&text).map(str::to_owned));
    numbers(&text, &mut found);
    found
}

/// The text as a browser would take it: small letters of one width, nothing invisible, one kind of dot.
fn cleaned(text: &str) -> String {
    let mut text = if text.is_ascii() { text.to_ascii_lowercase() } else { one_width(text) };
    for (hidden, plain) in HIDDEN {
        if text.contains(hidden) {
            text = text.replace(hidden, plain);
        }
    }
    text
}

fn one_width(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.nfkc().flat_map(char::to_lowercase).filter(|letter| !is_invisible(*letter)).peekable();
    while let Some(letter) = letters.next() {
        // Browsers take it for a dot. Between other letters than these it ends a sentence, behind which Chinese and Japanese have no space.
        let is_dot = letter == '\u{3002}'
            && out.ends_with(|before: char| before.is_ascii_alphanumeric())
            && letters.peek().is_some_and(|after| after.is_ascii_alphanumeric());
        out.push(if is_dot { '.' } else { letter });
    }
    out
}

/// Addresses that are spelt out so that nobody but a reader takes them for one: `evil dot example slash login`.
fn spelt_out(text: &str) -> Vec<String> {
    if !DOTS.iter().any(|dot| text.contains(dot)) {
        return Vec::new();
    }
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric())).collect();
    let found = words.windows(3).enumerate().filter(|(at, three)| match three {
        [name, dot, end] => {
            let goes_on = words.get(at + 3).is_some_and(|next| *next == "slash");
            is_label(name) && DOTS.contains(dot) && is_label(end) && (ENDINGS.contains(end) || goes_on)
        }
        _ => false,
    });
    found.map(|(_, three)| three.join(" ")).collect()
}

fn is_label(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
}

/// Whether a value ends at this letter, whatever it is.
fn parts(letter: char) -> bool {
    matches!(letter, '<' | '>' | '"' | '\'' | '[' | ']' | ',' | ';' | '|')
}

/// Links and e-mail addresses.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter.is_whitespace() || parts(letter) || matches!(letter, '(' | ')' | '`'))
        .filter(|word| word.contains(['.', ':', '@']))
        .filter_map(link)
}

/// The link or address in a word, without the marks around it.
fn link(word: &str) -> Option<&str> {
    // Behind `@` stands a name, behind `$` a handle: the sign is part of what they are.
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '@' | '$'));
    let is_whole = word.contains("://") || ["www.", "mailto:", "tel:"].iter().any(|start| word.starts_with(start)) || is_address(word);
    if is_whole {
        return Some(word);
    }
    // What stands before a colon or an equals sign may be what it is called: `page:evil.example`.
    let behind = word.match_indices([':', '=']).filter_map(|(at, _)| word.get(at + 1..));
    std::iter::once(word).chain(behind).find(|rest| begins_with_host(rest))
}

/// Whether a bare host stands first here, whatever follows on it: a port, a path, a query.
fn begins_with_host(rest: &str) -> bool {
    let host = rest.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '-' | '.' | '_')).next().unwrap_or_default();
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let [_, .., last] = labels.as_slice() else { return false };
    if !labels.iter().all(|label| is_label(label)) {
        return false;
    }
    let is_number = labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok());
    let is_name = last.starts_with("xn--") || (last.chars().count() >= 2 && last.chars().all(char::is_alphabetic) && !FILES.contains(last));
    is_number || is_name
}

fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
}

/// Phone and account numbers, in one piece or in groups.
fn numbers(text: &str, found: &mut Vec<String>) {
    // In a table or a list, what stands in the next field or line is another number.
    for piece in text.split(|letter: char| parts(letter) || matches!(letter, '\n' | '\r' | '\t' | '{' | '}')) {
        if piece.chars().filter(|letter| digit(*letter).is_some()).count() < DIGITS_MIN {
            continue;
        }
        let words: Vec<&str> = piece.split_whitespace().collect();
        let (mut rest, mut before) = (words.as_slice(), "");
        while let Some((first, others)) = rest.split_first() {
            let word = named(first);
            let account = iban(word, first, others);
            let is_account = account.is_some();
            let (groups, taken) = account.unwrap_or_else(|| row(word, first, others));
            let count = taken.max(1);
            let after = rest.get(count).map_or("", |after| bare(after));
            if is_account || is_number(&groups, CURRENCIES.contains(&before) || CURRENCIES.contains(&after)) {
                found.push(groups.join(" "));
            }
            before = rest.get(count - 1).map_or("", |last| bare(last));
            rest = rest.get(count..).unwrap_or_default();
        }
    }
}

/// A digit, also of Arabic, Persian and Hindi or Nepali: whoever reads them dials them.
fn digit(letter: char) -> Option<u32> {
    let zeros = [0x660, 0x6f0, 0x966];
    letter.to_digit(10).or_else(|| zeros.into_iter().find_map(|zero| u32::from(letter).checked_sub(zero).filter(|value| *value < 10)))
}

fn value(group: &str) -> Option<u32> {
    group.chars().try_fold(0_u32, |value, letter| value.checked_mul(10)?.checked_add(digit(letter)?))
}

/// A word without the marks around it. What makes something else of a number stays: the sign of an amount, of a share, of a name.
fn bare(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '+' | '%' | '@' | '$' | '€' | '£' | '¥' | '₹'))
}

/// A word without what it is called, where that is written to it: `IBAN:DE89`. Of a time of day nothing is left.
fn named(word: &str) -> &str {
    let word = bare(word);
    let Some(at) = word.rfind([':', '=']) else { return word };
    let (before, after) = (word.get(..at).unwrap_or_default(), word.get(at + 1..).unwrap_or_default());
    let is_time = before.ends_with(|letter: char| digit(letter).is_some()) && after.starts_with(|letter: char| digit(letter).is_some());
    if is_time { "" } else { bare(after) }
}

/// An account with its country, in one piece or as it is printed, in groups of four: its groups, and how many words they are.
fn iban<'a>(word: &'a str, written: &str, others: &[&'a str]) -> Option<(Vec<&'a str>, usize)> {
    let is_plain = |group: &str| group.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let digits = |group: &str| group.bytes().filter(u8::is_ascii_digit).count();
    if word.len() >= *IBAN.start() {
        let is_one = is_plain(word) && word.bytes().take(2).all(|byte| byte.is_ascii_alphabetic()) && digits(word) >= DIGITS_MIN;
        if is_one {
            return Some((vec![word], 1));
        }
    }
    let mut groups: Vec<&str> = word.split(JOINTS).collect();
    let [head, ..] = groups.as_slice() else { return None };
    let is_head = head.len() == 4 && is_plain(head) && head.bytes().take(2).all(|byte| byte.is_ascii_alphabetic()) && digits(head) == 2;
    if !is_head || !head.bytes().skip(2).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut count = 1;
    if groups.len() == 1 && !written.ends_with(STOPS) {
        for &written in others {
            let group = bare(written);
            // A bank is letters alone; any other word is of the sentence again.
            let goes_on = (1..=4).contains(&group.len()) && is_plain(group) && (digits(group) > 0 || groups.len() == 1);
            if !goes_on || groups.len() >= *IBAN.end() / 4 {
                break;
            }
            groups.push(group);
            count += 1;
            if group.len() < 4 || written.ends_with(STOPS) {
                break;
            }
        }
    }
    let (last, full) = groups.split_last()?;
    let letters: usize = groups.iter().map(|group| group.len()).sum();
    let is_printed = full.iter().all(|group| group.len() == 4 && is_plain(group)) && (1..=4).contains(&last.len()) && is_plain(last);
    let is_long = IBAN.contains(&letters) && groups.iter().map(|group| digits(group)).sum::<usize>() >= DIGITS_MIN;
    (is_printed && is_long).then_some((groups, count))
}

/// Words of digits one after the other, which a reader takes for one number, and how many words they are.
fn row<'a>(word: &'a str, written: &'a str, others: &[&'a str]) -> (Vec<&'a str>, usize) {
    let mut groups: Vec<&str> = Vec::new();
    let mut count = 0;
    for (at, (word, written)) in std::iter::once((word, written)).chain(others.iter().map(|&other| (bare(other), other))).enumerate() {
        let is_line = begins_line(&groups);
        if word.is_empty() && is_line && matches!(written, "-" | "\u{2010}" | "\u{2013}" | "/") {
            continue;
        }
        // Numbers with a point are decimal numbers, side by side as well.
        let is_decimal = at > 0 && !is_line && (word.contains('.') || groups.first().is_some_and(|first| first.contains('.')));
        if !is_figure(word) || is_moment(word) || is_decimal || (at > 0 && word.starts_with('+')) {
            break;
        }
        groups.push(word);
        count = at + 1;
        if written.ends_with(STOPS) {
            break;
        }
    }
    (groups, count)
}

/// Whether groups begin as phone numbers do.
fn begins_line(groups: &[&str]) -> bool {
    groups.first().is_some_and(|first| first.starts_with('+') || first.chars().next().and_then(digit) == Some(0))
}

fn is_figure(word: &str) -> bool {
    word.contains(|letter: char| digit(letter).is_some()) && word.chars().all(|letter| digit(letter).is_some() || letter == '+' || JOINTS.contains(&letter))
}

/// Whether a word is a date or a stretch of time: `26.05.2026`, `05/26/26`, `10.30-11.30`.
fn is_moment(word: &str) -> bool {
    let groups: Vec<&str> = word.split(JOINTS).collect();
    let is_stretch = match groups.as_slice() {
        [_, from, _, to] if from.len() == 2 && to.len() == 2 => {
            let halves: Vec<&str> = word.split(['-', '\u{2013}']).collect();
            halves.len() == 2 && halves.iter().all(|half| is_clock(half))
        }
        _ => false,
    };
    is_stretch || moment(word).is_some() || (groups.len() >= 3 && only_dates(&groups))
}

fn is_clock(half: &str) -> bool {
    half.split_once('.').is_some_and(|(hour, minute)| value(hour).is_some_and(|hour| hour <= 24) && value(minute).is_some_and(|minute| minute < 60))
}

/// Whether groups are dates and years, and nothing beside.
fn only_dates(mut groups: &[&str]) -> bool {
    let is_year = |group: &str| group.chars().count() == 4 && value(group).is_some_and(|year| (1900..=2200).contains(&year));
    let is_day = |a: &str, b: &str| {
        let short = |group: &str| Some(group).filter(|group| (1..=2).contains(&group.chars().count())).and_then(value).filter(|value| (1..=31).contains(value));
        short(a).zip(short(b)).is_some_and(|(a, b)| a <= 12 || b <= 12)
    };
    loop {
        groups = match groups {
            [] => return true,
            [year, a, b, rest @ ..] if is_year(year) && is_day(a, b) => rest,
            [a, b, year, rest @ ..] if is_day(a, b) && (is_year(year) || year.chars().count() == 2) => rest,
            [year, rest @ ..] if is_year(year) => rest,
            _ => return false,
        };
    }
}

/// Whether such words are a number that others could call or pay to. `is_amount`: a currency stands beside them.
fn is_number(words: &[&str], is_amount: bool) -> bool {
    let groups: Vec<&str> = words.iter().flat_map(|word| word.split(|letter: char| digit(letter).is_none())).filter(|group| !group.is_empty()).collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.chars().count()).collect();
    if lengths.iter().sum::<usize>() < DIGITS_MIN || only_dates(&groups) {
        return false;
    }
    let is_line = begins_line(words);
    // Side by side, but each of them small: figures of a table, points of a game.
    let are_small = words.len() > 1 && lengths.iter().all(|length| *length < 3);
    let are_thousands = matches!(lengths.as_slice(), [first, rest @ ..] if *first <= 3 && !rest.is_empty() && rest.iter().all(|length| *length == 3));
    is_line || !(are_small || (is_amount && are_thousands))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_followed_or_paid_to_is_found_as_people_spell_it() {
        for (text, found) in [
            ("see evil.example?c=1.", "evil.example?c=1"),
            ("see evil.example:8443/login", "evil.example:8443/login"),
            ("see evil.example#x", "evil.example#x"),
            ("see evil.example\\login", "evil.example\\login"),
            ("see evil.example./login", "evil.example./login"),
            ("see Page:evil.example/pay", "evil.example/pay"),
            ("see **Evil.example**", "evil.example"),
            ("see `evil.example`", "evil.example"),
            ("see _evil.example_", "evil.example"),
            ("see [here](evil.example)", "evil.example"),
            ("write to **mallory@evil.example**!", "mallory@evil.example"),
            ("see ev\u{ad}il\u{200b}.example", "evil.example"),
            ("see evil\u{3002}example", "evil.example"),
            ("see evil\u{ff61}example", "evil.example"),
            ("see evil.xn--p1ai", "evil.xn--p1ai"),
            ("see 1.2.3.4/login", "1.2.3.4/login"),
            ("see 185.23.4.9.", "185.23.4.9"),
            ("pay to DE89 3704 0044 0532 0130 00 today", "de89 3704 0044 0532 0130 00"),
            ("pay to DE89-3704-0044-0532-0130-00", "de89 3704 0044 0532 0130 00"),
            ("pay to GB33 BUKB 2020 1555 5555 55.", "gb33 bukb 2020 1555 5555 55"),
            ("IBAN:BE68 5390 0754 7034 from my account", "be68 5390 0754 7034"),
            ("pay to 4111 1111 1111 1111", "4111 1111 1111 1111"),
            ("pay to 5555 5555 by 26.05.2026", "5555 5555"),
            ("call +49 (30) 123-4567", "+49 30 123-4567"),
            ("call (030) 123 - 45 67 8", "030 123 45 67 8"),
            ("call 0900 123 456 78.", "0900 123 456 78"),
            ("call 06 12 34 56 78", "06 12 34 56 78"),
            ("call +49 171 2000 2100", "+49 171 2000 2100"),
            ("Tel.:+4930123456", "+4930123456"),
            ("اتصل ٠٩٠٠ ١٢٣ ٤٥٦", "٠٩٠٠ ١٢٣ ٤٥٦"),
        ] {
            assert_eq!(actionable(text), [found], "{text}");
        }
    }

    #[test]
    fn what_nobody_can_follow_or_pay_to_is_not_found() {
        for text in [
            "We meet at the old mill, e.g. by the river (i.e. there), at 10 a.m. or 3 p.m. Is that well?",
            "Wait...what? Dr. Who (Ph.D.) said so, as did @max.mustermann.",
            "你好。请看 文件。谢谢",
            "on 2026-05-26 at 10:00 to 11:30, and 2026-05-26 10:00 for 1200 people",
            "am 26.05.2026 10:00-11:00 Uhr, 15.05.2026-16.05.2026",
            "on 26/05/2026, 05/26/26 or 26 05 2026; in 2024/2025 and 2023 2024 2025",
            "from 10.30-11.30, 12:30 - 14:30, 2026-05-20T10:00:00Z",
            "it costs 1,200.50 euros, 12 345 678 euros or € 12.345.678, EUR 1.200.000,00, 1'200'000",
            "12.50 13.75 14.00 15.25",
            "order 1234567; orders 1234567, 7654321 and 7654322",
            "report.pdf, notes.txt, minutes_2026.docx, a.tar.gz, files/plan.final.XLSX",
            "Node.js, version 1.2.3, v10.15.7 and 1.2.3-beta",
            "scores 10 20 30 40 50; 1 2 3 4 5 6 7 8 9; rooms 101, 102, 103",
            "1200\n1300\n1400\t1500",
            "run ab12e840-e29b-41d4-a716-446655440000 and {{$3.items.0.body}}",
        ] {
            assert_eq!(actionable(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_file_whose_ending_is_a_countrys_is_a_link_as_well() {
        for text in ["report.md", "invoice.zip", "setup.sh"] {
            assert_eq!(actionable(&format!("See {text}, please")), [text]);
        }
    }

    #[test]
    fn a_long_text_of_beginnings_is_read_once() {
        for part in ["ab12 ", "0 - ", "- ", "evil.", "a:", "1234 ", "12.5 "] {
            // Read anew from each word of it, this would not end.
            let _ = actionable(&part.repeat(200_000));
        }
    }
}
