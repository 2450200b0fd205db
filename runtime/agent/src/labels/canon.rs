//! One spelling of what can be spelt in many ways: addresses, accounts, phone numbers, links, numbers, dates and times.
//!
//! Only what can be read in one way has a form: `1.200` is a number in one country and another in the next, so it has none.

use super::text::is_account;
use super::words::{clock, moment, number};

/// The other spelling under which a folded value is found, if it has one.
pub(super) fn form(key: &str) -> Option<String> {
    if key.len() > 256 {
        return None;
    }
    if let Some(address) = address(key) {
        return Some(format!("e:{address}"));
    }
    if let Some((date, time)) = moment(key) {
        let time = time.map_or_else(String::new, |time| format!("t{time}"));
        return Some(format!("d:{}-{}-{}{time}", date.0, date.1, date.2));
    }
    if let Some(time) = clock(key, "") {
        return Some(format!("t:{time}"));
    }
    if let Some(number) = number(key) {
        return Some(format!("n:{number}"));
    }
    if let Some(link) = link(key) {
        return Some(format!("u:{link}"));
    }
    let bare = key.strip_prefix("tel:").unwrap_or(key).trim();
    if is_account(bare) {
        let sign = if bare.starts_with('+') { "+" } else { "" };
        let letters: String = bare.chars().filter(char::is_ascii_alphanumeric).collect();
        // Abroad and at home a number begins with a sign or with two zeros; both are the same line.
        let letters = letters
            .strip_prefix("00")
            .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
            .map_or_else(|| format!("{sign}{letters}"), |rest| format!("+{rest}"));
        return Some(format!("a:{letters}"));
    }
    None
}

/// The address in a folded text that is one: `a@b.c`, `mailto:a@b.c`, `name <a@b.c>`.
pub(super) fn address(key: &str) -> Option<&str> {
    let inner = match key.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        // Only what is plainly a name stands before it: of two addresses, which one a tool takes is the tool's affair.
        Some((name, address)) if name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '.' | '-' | '\'' | '’')) => address,
        Some(_) => return None,
        None => key,
    };
    let inner = inner.strip_prefix("mailto:").unwrap_or(inner).trim();
    let (local, host) = inner.split_once('@')?;
    let sound = |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || matches!(letter, '@' | '<' | '>' | ',' | ';' | '"'));
    (sound(local) && sound(host) && host.contains('.')).then_some(inner)
}

/// Who is reached by a folded value: each address of it, or the whole.
pub(super) fn receivers(key: &str) -> Vec<String> {
    let parts: Vec<&str> = key.split([',', ';']).map(str::trim).collect();
    match parts.iter().map(|part| address(part)).collect::<Option<Vec<&str>>>() {
        Some(addresses) => addresses.into_iter().map(str::to_owned).collect(),
        None => vec![key.to_owned()],
    }
}

/// A link without what does not change where it leads.
fn link(key: &str) -> Option<String> {
    let (scheme, rest) = key.split_once("://")?;
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let (host, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
    if host.is_empty() || rest.contains(char::is_whitespace) {
        return None;
    }
    let host = host.strip_suffix(port).unwrap_or(host).trim_end_matches('.');
    Some(format!("{host}{}", path.strip_suffix('/').unwrap_or(path)))
}

/// What a value written as one text is joined of, when it is joined: addresses one after another, lines one under another.
pub(super) fn joined(key: &str, written: &str) -> Vec<String> {
    let parts: Vec<&str> = key.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts.iter().all(|part| address(part).is_some()) {
        return parts.into_iter().map(str::to_owned).collect();
    }
    let lines: Vec<String> =
        written.lines().map(super::text::folded).map(|line| line.trim_start_matches(['-', '*', '•', ' ']).to_owned()).filter(|line| !line.is_empty()).collect();
    if lines.len() > 1 { lines } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::text::folded;

    #[test]
    fn what_is_the_same_has_one_form_and_what_is_not_has_another() {
        let of = |text: &str| form(&folded(text));
        for (a, b, same) in [
            ("Lena@Partner.example", "mailto:lena@partner.example", true),
            ("Lena Vogt <lena@partner.example>", "ｌena@partner.example", true),
            ("lena@partner.example", "lena@partner.example.evil", false),
            ("lena@partner.example", "len\u{0430}@partner.example", false),
            ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00", true),
            ("DE89 3704 0044 0532 0130 00", "de89370400440532013000", true),
            ("DE89-3704-0044-0532-0130-00", "DE89370400440532013000", true),
            ("DE89370400440532013000", "DE89370400440532013001", false),
            ("+49 (30) 123-4567", "+49301234567", true),
            ("0049 30 1234567", "+49301234567", true),
            ("tel:+49301234567", "+49 30 1234567", true),
            ("030 1234567", "+49301234567", false),
            ("https://Good.example/x/", "http://good.example/x", true),
            ("https://good.example:443/x", "https://good.example/x", true),
            ("https://good.example/x", "https://good.example.evil/x", false),
            ("https://good.example/x", "https://good.example/x?to=evil", false),
            ("https://good.example@evil.example/x", "https://good.example/x", false),
            ("1,200.50", "1.200,50", true),
            ("$ 1,200.50", "1200.5", true),
            ("１２", "12.0", true),
            ("12", "120", false),
            ("-12", "12", false),
            ("2026-05-26", "26.05.2026", true),
            ("2026-05-26T10:00:00", "2026-05-26 10:00", true),
            ("2026-05-26T10:00:00Z", "2026-05-26 10:01", false),
            ("3pm", "15:00", true),
        ] {
            let (left, right) = (of(a), of(b));
            assert!(left.is_some(), "{a} has no form");
            assert_eq!(left == right, same, "{a} = {b}: {left:?} {right:?}");
        }
        for none in [
            "Lena <lena@partner.example> <eve@evil.example>",
            "eve@evil.example <lena@partner.example>",
            "eve@evil.example, Lena <lena@partner.example>",
            "\"eve@evil.example\" <lena@partner.example>",
            "friends: eve@evil.example; <lena@partner.example>",
            "eve＠evil.example <lena@partner.example>",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
        for none in ["1.200", "hello", "", "12 apples", "a b@c", "next friday"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn joined_values_come_apart() {
        let parts = |text: &str| joined(&folded(text), text);
        assert_eq!(parts("a@x.example, b@y.example"), ["a@x.example", "b@y.example"]);
        assert_eq!(parts("- milk\n- bread\n"), ["milk", "bread"]);
        assert!(parts("milk, bread").is_empty() && parts("a@x.example").is_empty());
    }
}
