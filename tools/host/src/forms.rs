//! The one way of writing what can be written in several: addresses, bank accounts, names of hosts, links.
//!
//! A rule, a card and a standing grant compare texts; what a schema says is an account has to look the same to them however a
//! model wrote it. What is none is refused: a rule about hosts says nothing about a text that names no host.

use reqwest::Url;
use unicode_normalization::UnicodeNormalization;

/// What a schema says that a text is, by its `format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `email`: compatibility characters folded, lower case. Not checked further: what a mailbox takes is the provider's affair.
    Email,
    /// `iban`: ISO 13616, letters in upper case and without spaces, its check digits right.
    Iban,
    /// `hostname` and `idn-hostname`: lower case, as DNS carries it (Punycode), without the dot at the end.
    Hostname,
    /// `uri` and `iri`: as browsers write it (WHATWG URL), with its scheme.
    Url,
}

impl Form {
    /// The form that a schema's `format` names, if it is one of these.
    pub(crate) fn named(format: &str) -> Option<Self> {
        match format {
            "email" | "idn-email" => Some(Self::Email),
            "iban" => Some(Self::Iban),
            "hostname" | "idn-hostname" => Some(Self::Hostname),
            "uri" | "iri" => Some(Self::Url),
            _ => None,
        }
    }

    /// The text in this form, or what is wrong with it.
    pub(crate) fn write(self, text: &str) -> Result<String, &'static str> {
        let folded = || text.trim().nfkc().collect::<String>();
        match self {
            Self::Email => Ok(folded().to_lowercase()),
            Self::Iban => iban(&folded()).ok_or("is no IBAN: two letters, two check digits that fit, and the account"),
            Self::Hostname => hostname(&folded()).ok_or("is no name of a host, such as example.com"),
            Self::Url => match Url::parse(text.trim()) {
                Ok(url) => Ok(plainly(url)),
                Err(_) => Err("is no URL; begin with its scheme, such as https://"),
            },
        }
    }
}

/// ISO 13616: the country's letters, two check digits, up to 30 letters and digits; ISO 7064 (MOD 97-10) over all of it.
fn iban(text: &str) -> Option<String> {
    let letters: String = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').map(|letter| letter.to_ascii_uppercase()).collect();
    let bytes = letters.as_bytes();
    let country = bytes.get(..2)?.iter().all(u8::is_ascii_uppercase) && bytes.get(2..4)?.iter().all(u8::is_ascii_digit);
    if !country || !(15..=34).contains(&bytes.len()) || !bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        return None;
    }
    let (head, rest) = bytes.split_at(4);
    let left = rest.iter().chain(head).fold(0_u32, |left, byte| match byte {
        b'0'..=b'9' => (left * 10 + u32::from(byte - b'0')) % 97,
        _ => (left * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    // Of the pairs of digits that would fit, 02 to 98 is the one that is given.
    let digits = letters.get(2..4).and_then(|digits| digits.parse().ok()).is_some_and(|digits: u8| (2..=98).contains(&digits));
    (left == 1 && digits).then_some(letters)
}

/// A URL without what the standard leaves as it was and no server tells apart: the dot at the end of its host, and letters, digits and
/// `-._~` written in per cent (RFC 3986, section 6.2.2.2).
fn plainly(mut url: Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_end_matches('.').to_owned();
    if bare.len() != host.len() && !bare.is_empty() {
        // A host that parsed does so without its dots too.
        let _ = url.set_host(Some(&bare));
    }
    let text = String::from(url);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let byte = from.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => plain.push(char::from(byte)),
            // The digits of what stays are in upper case.
            Some(byte) => plain.push_str(&format!("%{byte:02X}")),
            None => plain.push('%'),
        }
        rest = from.get(if byte.is_some() { 3 } else { 1 }..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

fn hostname(text: &str) -> Option<String> {
    let host = text.trim_end_matches('.');
    // Nothing but a host may stand here: no port, no path, no name of a person before it.
    if host.is_empty() || host.contains(|letter: char| letter.is_whitespace() || matches!(letter, '/' | '\\' | '?' | '#' | '@' | ':' | '[' | ']' | '%')) {
        return None;
    }
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    Some(url.host_str()?.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_is_refused() {
        for (form, text) in [
            (Form::Iban, ""),
            (Form::Iban, "DE89370400440532013001"),
            (Form::Iban, "DE8937040044053201300"),
            (Form::Iban, "89DE370400440532013000"),
            (Form::Iban, "DE89 3704 0044 0532 0130 00 GB82"),
            (Form::Iban, "DE89\u{0430}70400440532013000"),
            (Form::Hostname, ""),
            (Form::Hostname, "."),
            (Form::Hostname, "good.example/evil"),
            (Form::Hostname, "good.example@evil.example"),
            (Form::Hostname, "good.example:8080"),
            (Form::Hostname, "a b.example"),
            (Form::Url, "good.example/x"),
            (Form::Url, "//good.example"),
            (Form::Url, "https://"),
            (Form::Url, ""),
        ] {
            assert!(form.write(text).is_err(), "{form:?} {text:?}: {:?}", form.write(text));
        }
    }

    #[test]
    fn one_thing_is_written_in_one_way() {
        for (form, texts, expect) in [
            (Form::Email, ["Lena@Partner.example", "ｌena@partner.example ", "LENA@PARTNER.EXAMPLE"], "lena@partner.example"),
            (Form::Iban, ["de89 3704 0044 0532 0130 00", "DE89-3704-0044-0532-0130-00", "ＤＥ89370400440532013000"], "DE89370400440532013000"),
            (Form::Iban, ["GB82 WEST 1234 5698 7654 32", "gb82west12345698765432", " GB82WEST12345698765432\n"], "GB82WEST12345698765432"),
            (Form::Hostname, ["Good.Example", "good.example.", "ｇood．example"], "good.example"),
            (Form::Hostname, ["b\u{fc}cher.example", "BU\u{308}CHER.example", "xn--bcher-kva.example"], "xn--bcher-kva.example"),
            (Form::Url, ["HTTPS://Good.Example:443/a/../b c", "https://good.example/b%20c", " https:good.example/b c"], "https://good.example/b%20c"),
            (
                Form::Url,
                ["https://good.example\\@evil.example/", "https://good.example/@evil.example/", "https:\\\\good.example/@evil.example/"],
                "https://good.example/@evil.example/",
            ),
        ] {
            for text in texts {
                assert_eq!(form.write(text).as_deref(), Ok(expect), "{form:?} {text:?}");
            }
        }
        for (a, b) in [("https://evil.example./x", "https://evil.example/%78"), ("https://good.example/a%2fb%7e", "https://good.example/%61%2Fb~")] {
            assert_eq!(Form::Url.write(a), Form::Url.write(b));
        }
        assert_ne!(Form::Url.write("https://good.example/a%2Fb"), Form::Url.write("https://good.example/a/b"));
        // The same account with other check digits that would fit: 97 in place of 00.
        assert!(Form::Iban.write("DE89370400440532013000").is_ok());
        // Looks like another, and is another.
        assert_ne!(Form::Hostname.write("goo\u{0501}.example"), Form::Hostname.write("good.example"));
    }
}
