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
/// Endings of files that are a domain's as well, which count where they do not stand in a folder.
const FILES_OF_COUNTRIES: [&str; 7] = ["md", "zip", "sh", "py", "rs", "pl", "so"];
/// What says of the number beside it that it is an amount.
const CURRENCIES: [&str; 14] = ["€", "$", "£", "¥", "₹", "eur", "usd", "gbp", "chf", "euro", "euros", "dollar", "dollars", "pounds"];
/// What says of the number behind it that it is an account.
const ACCOUNTS: [&str; 6] = ["account", "acct", "konto", "kontonummer", "cuenta", "iban"];
/// The fewest digits of a phone or account number.
const DIGITS_MIN: usize = 8;
/// How many letters and digits an account with its country has (ISO 13616).
const IBAN: std::ops::RangeInclusive<usize> = 15..=34;
/// What stands between the groups of a number: dashes of all kinds, and marks.
const JOINTS: [char; 15] = ['-', '\u{2010}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}', '/', '.', '(', ')', '_', '~', '\u{b7}', ':'];
/// Of those, what stands between two times of a day.
const DASHES: [char; 7] = ['-', '\u{2010}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}'];
/// A dot in brackets, which is none of a sentence.
const DOT_MARKS: [&str; 3] = ["[.]", "(.)", "{.}"];
/// What ends a sentence, and the number before it.
const STOPS: [char; 4] = ['.', '!', '?', ':'];

/// All of it, as it is written there but for case, width and invisible letters.
pub(super) fn actionable(text: &str) -> Vec<String> {
    let text = one_case(text);
    // With the brackets, which tell a dot of an address from that of a sentence.
    let mut found = spelt_out(&text);
    let text = unhidden(text);
    found.extend(links(&text).map(str::to_owned));
    numbers(&text, &mut found);
    found
}

/// The text as a browser would take it: small letters of one width, nothing invisible, one kind of dot.
fn one_case(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { one_width(text) }
}

/// The same without the ways to hide an address.
fn unhidden(mut text: String) -> String {
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
    if !DOTS.iter().chain(&DOT_MARKS).any(|dot| text.contains(dot)) {
        return Vec::new();
    }
    let plain = |word| if DOT_MARKS.contains(&word) { "dot" } else { word.trim_matches(|letter: char| !letter.is_alphanumeric()) };
    let words: Vec<&str> = text.split_whitespace().map(plain).collect();
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
    // Behind `//` brackets are of an address: `http://[2001:db8::5]/login`.
    let (mut slashes, mut is_open) = (0, false);
    let ends = move |letter: char| {
        let is_of_it = (letter == '[' && slashes > 1) || (letter == ']' && is_open);
        let ends = !is_of_it && (letter.is_whitespace() || parts(letter) || matches!(letter, '(' | ')' | '`'));
        slashes = if letter == '/' { slashes + 1 } else { 0 };
        is_open = !ends && letter != ']' && (is_open || is_of_it);
        ends
    };
    text.split(ends).filter(|word| word.contains(['.', ':', '@'])).filter_map(link)
}

/// The link or address in a word, without the marks around it.
fn link(word: &str) -> Option<&str> {
    // Behind `@` stands a name, behind `$` a handle: the sign is part of what they are.
    let is_in_brackets = word.contains("//[");
    let word = word.trim_matches(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '@' | '$') || (letter == ']' && is_in_brackets)));
    let is_whole = word.contains("://") || ["www.", "mailto:", "tel:"].iter().any(|start| word.starts_with(start)) || is_address(word);
    if is_whole {
        return Some(word);
    }
    // What stands before a mark may be what it is called, and other marks around it: `page:evil.example`, `page→**evil.example**`.
    let is_mark = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '-' | '.' | '_' | '@' | '$');
    let behind = word.match_indices(is_mark).filter_map(|(at, mark)| {
        let rest = word.get(at + mark.len()..)?.trim_start_matches('_');
        // In a folder lies a file: `docs/report.md`.
        let is_file = mark == "/" && rest.rsplit_once('.').is_some_and(|(_, end)| FILES_OF_COUNTRIES.contains(&end));
        (!is_file).then_some(rest)
    });
    std::iter::once(word).chain(behind).find(|rest| begins_with_host(rest)).map(|rest| rest.trim_end_matches('_'))
}

/// Whether a bare host stands first here, whatever follows on it: a port, a path, a query.
fn begins_with_host(rest: &str) -> bool {
    let host = rest.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '-' | '.' | '_')).next().unwrap_or_default();
    let labels: Vec<&str> = host.trim_end_matches(['.', '_']).split('.').collect();
    let [above @ .., name, last] = labels.as_slice() else { return false };
    // Whoever has a name may call what is below it as they like, and nobody can have one with such a mark.
    let is_below = |label: &&str| !label.is_empty() && label.split('_').all(|part| part.is_empty() || is_label(part));
    if !is_label(name) || !is_label(last) || !above.iter().all(is_below) {
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
    for piece in pieces(text) {
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
            let is_amount = (CURRENCIES.contains(&before) || CURRENCIES.contains(&after)) && !ACCOUNTS.contains(&before);
            if is_account || is_number(&groups, is_amount) {
                found.push(groups.join(" "));
            }
            before = rest.get(count - 1).map_or("", |last| bare(last));
            rest = rest.get(count..).unwrap_or_default();
        }
    }
}

/// What stands in one field or line. The comma of an amount parts nothing: `12.345.678,00 EUR`.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let is_decimal = |at: usize| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        let whole = before.bytes().rev().take_while(u8::is_ascii_digit).take(DIGITS_MIN * 2).count();
        let is_first = !before.get(..before.len() - whole).unwrap_or_default().ends_with(',');
        whole > 0 && is_first && after.bytes().take(3).take_while(u8::is_ascii_digit).count() == 2 && !after.get(2..).is_some_and(|rest| rest.starts_with(','))
    };
    let mut from = 0;
    let ends = text.match_indices(|letter: char| parts(letter) || matches!(letter, '\n' | '\r' | '\t' | '{' | '}'));
    let ends = ends.filter(move |(at, mark)| *mark != "," || !is_decimal(*at)).map(|(at, mark)| (at, at + mark.len())).chain([(text.len(), text.len())]);
    ends.filter_map(move |(end, next)| text.get(std::mem::replace(&mut from, next)..end))
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
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '+' | '%' | '@' | '$' | '€' | '£' | '¥' | '₹'));
    // Cents are of an amount, and of no number that is called or paid to.
    let is_cents = |cents: &str| cents.len() == 2 && cents.bytes().all(|byte| byte.is_ascii_digit());
    word.rsplit_once(',').filter(|(_, cents)| is_cents(cents)).map_or(word, |(whole, _)| whole)
}

/// A word without what it is called, where that is written to it: `IBAN:DE89`. Of a time of day nothing is left.
fn named(word: &str) -> &str {
    let word = bare(word);
    let Some(at) = word.rfind([':', '=']) else { return word };
    let (before, after) = (word.get(..at).unwrap_or_default(), word.get(at + 1..).unwrap_or_default());
    let digits = |letters: &mut dyn Iterator<Item = char>| letters.take_while(|letter| digit(*letter).is_some()).take(3).count();
    match (digits(&mut before.chars().rev()), digits(&mut after.chars())) {
        (0, _) | (_, 0) => bare(after),
        (1 | 2, 2) if is_times(word) || is_dated(word) => "",
        _ => word,
    }
}

/// Whether a word is a date with a time of day, perhaps with parts of a second and a zone: `2026-05-20t10:00:00z`.
fn is_dated(word: &str) -> bool {
    let Some((date, time)) = word.split_once('t') else { return false };
    let time = time.strip_suffix('z').unwrap_or(time);
    let (time, zone) = time.split_once('+').unwrap_or((time, ""));
    let parts = time.split_once('.').filter(|(_, parts)| parts.bytes().all(|byte| byte.is_ascii_digit()));
    moment(date).is_some() && is_times(parts.map_or(time, |(time, _)| time)) && (zone.is_empty() || is_times(zone))
}

/// Whether a word is times of a day, and nothing beside: `10:00`, `10:30-11:30`.
fn is_times(word: &str) -> bool {
    let is_time = |time: &str| {
        let mut parts = time.split(':').map(|part| part.chars().count());
        let is_hour = parts.next().is_some_and(|hour| (1..=2).contains(&hour));
        // Minutes and seconds; more of them are a number.
        is_hour && matches!((parts.next(), parts.next(), parts.next()), (Some(2), None | Some(2), None))
    };
    word.contains(':') && word.split(DASHES).all(|time| time.contains(':') && is_time(time))
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
        if word.is_empty() && is_line && (written == "/" || DASHES.iter().any(|dash| written.chars().eq([*dash]))) {
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

/// Whether groups begin as phone numbers do: `+49`, `0900`, `06 12`, and not as `0.25`, `08.30`, `01/05`.
fn begins_line(groups: &[&str]) -> bool {
    let Some(first) = groups.first() else { return false };
    let parts: Vec<usize> = first.split(JOINTS).map(|part| part.chars().count()).filter(|count| *count > 0).take(4).collect();
    let is_code = match parts.as_slice() {
        [count, ..] if *count > 2 => true,
        [2, others @ ..] => others.is_empty() || others.len() > 2,
        _ => false,
    };
    first.starts_with('+') || (is_code && first.chars().next().and_then(digit) == Some(0))
}

fn is_figure(word: &str) -> bool {
    word.contains(|letter: char| digit(letter).is_some()) && word.chars().all(|letter| digit(letter).is_some() || letter == '+' || JOINTS.contains(&letter))
}

/// Whether a word is a date or a stretch of time: `26.05.2026`, `05/26/26`, `10.30-11.30`.
fn is_moment(word: &str) -> bool {
    let groups: Vec<&str> = word.split(JOINTS).filter(|group| !group.is_empty()).collect();
    let is_stretch = match groups.as_slice() {
        [_, from, _, to] if from.len() == 2 && to.len() == 2 => {
            let halves: Vec<&str> = word.split(DASHES).collect();
            halves.len() == 2 && halves.iter().all(|half| is_clock(half))
        }
        _ => false,
    };
    is_stretch || is_times(word) || moment(word).is_some() || (groups.len() >= 3 && only_dates(&groups))
}

fn is_clock(half: &str) -> bool {
    half.split_once('.').is_some_and(|(hour, minute)| value(hour).is_some_and(|hour| hour <= 24) && value(minute).is_some_and(|minute| minute < 60))
}

/// Whether groups are dates and years, and nothing beside.
fn only_dates(groups: &[&str]) -> bool {
    let is_year = |group: &str| group.chars().count() == 4 && value(group).is_some_and(|year| (1900..=2200).contains(&year));
    let is_day = |a: &str, b: &str| {
        let short = |group: &str| Some(group).filter(|group| (1..=2).contains(&group.chars().count())).and_then(value).filter(|value| (1..=31).contains(value));
        short(a).zip(short(b)).is_some_and(|(a, b)| a <= 12 || b <= 12)
    };
    let at = |at: usize| groups.get(at).copied().unwrap_or_default();
    let is_end_of_date = |group: &str| is_year(group) || group.chars().count() == 2;
    // From the last on: whether all from here on are dates.
    let mut are_dates = vec![false; groups.len() + 5];
    if let Some(end) = are_dates.get_mut(groups.len()) {
        *end = true;
    }
    for from in (0..groups.len()).rev() {
        let then = |count: usize| are_dates.get(from + count) == Some(&true);
        let (one, two, three, four, five) = (at(from), at(from + 1), at(from + 2), at(from + 3), at(from + 4));
        let are = (is_year(one) && (then(1) || (is_day(two, three) && then(3))))
            || (is_day(one, two) && ((is_end_of_date(three) && then(3)) || (is_day(three, four) && is_year(five) && then(5))));
        if let Some(this) = are_dates.get_mut(from) {
            *this = are;
        }
    }
    are_dates.first() == Some(&true)
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
    // No amount has anything but a point or a space between its groups.
    let is_spaced = words.iter().all(|word| word.chars().all(|letter| digit(letter).is_some() || letter == '.'));
    let is_spelt = words.len() >= DIGITS_MIN && lengths.iter().all(|length| *length == 1) && words.first().is_some_and(|first| value(first) == Some(0));
    is_line || is_spelt || !(are_small || (is_amount && are_thousands && is_spaced))
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
            ("see http://[2001:db8::5]/login", "http://[2001:db8::5]/login"),
            ("see http://[2001:db8::5]", "http://[2001:db8::5]"),
            ("Login:**evil.example**", "evil.example"),
            ("Login:_evil.example_", "evil.example"),
            ("Login→evil.example", "evil.example"),
            ("Login:→evil.example", "evil.example"),
            ("page/evil.md/login", "evil.md/login"),
            ("page/evil.example/login", "evil.example/login"),
            ("see sign_in.evil.example/login", "sign_in.evil.example/login"),
            ("see my_shop.evil.example", "my_shop.evil.example"),
            ("call 0900\u{2012}123456", "0900\u{2012}123456"),
            ("call 0900\u{2212}123456", "0900\u{2212}123456"),
            ("call 0900\u{2014}123456", "0900\u{2014}123456"),
            ("call 0900_123456", "0900_123456"),
            ("call 0900\u{b7}123456", "0900\u{b7}123456"),
            ("call 0900~123456", "0900~123456"),
            ("call 0900:123456", "0900:123456"),
            ("call 12:34:56:78:90", "12:34:56:78:90"),
            ("call 06:12:34:56:78", "06:12:34:56:78"),
            ("call +49:17:23:45:67:89", "+49:17:23:45:67:89"),
            ("call 06:12-34-56-78", "06:12-34-56-78"),
            ("call 06:12.345.67.890", "06:12.345.67.890"),
            ("call 0900123456,12", "0900123456"),
            ("pay to account 123 456 789 EUR", "123 456 789"),
            ("pay to 123-456-789 EUR 50", "123-456-789"),
            ("pay to 12345678,10,11", "12345678"),
            ("call 0 9 0 0 1 2 3 4 5 6", "0 9 0 0 1 2 3 4 5 6"),
            ("call 06.12.34.56.78", "06.12.34.56.78"),
            ("see evil [dot] com", "evil dot com"),
            ("see evil (dot) com", "evil dot com"),
            ("see evil [.] com", "evil dot com"),
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
            "von 08.30 - 09.30 Uhr, 09.00 – 10.00 Uhr; 0.25 0.50 0.75",
            "scores 0 10 20 30 40",
            "01/05 - 03/05 2026",
            "2026-05-20T10:00:00.250+02:00, 2026-05-20T10:00-11:30, 2026-05-20T10:00",
            "12.345.678,00 EUR; 12 345 678,50 €",
            "5.6.-7.8.2026; 05.06.-07.08.2026",
            "1200 10:00 1300 at 10:30-11:30 12:00:30",
            "rows 10,11,12,13,14,15",
            "1200\n1300\n1400\t1500",
            "see docs/report.md and src/main.rs",
            "self.my_var.v1, evil_x.e1",
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
        for part in ["ab12 ", "0 - ", "- ", "evil.", "a:", "1234 ", "12.5 ", "0 ", "1,23 ", "a/", "/_", "_", "//[", "01."] {
            // Read anew from each word of it, this would not end.
            let _ = actionable(&part.repeat(200_000));
        }
    }
}
