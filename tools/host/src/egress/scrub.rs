//! Taking secrets out of what comes back, in the forms in which a server is likely to repeat them.
//!
//! It is the second line: that a plugin is given no secret is the first. Whoever is on both sides, in the plugin and at the host it may
//! ask, can agree on a form that is not looked for here.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The shortest secret that is taken, in bytes: a shorter one would be found in texts that have nothing to do with it.
pub const SECRET_BYTES_MIN: usize = 8;

/// Looks for some secrets.
#[derive(Debug)]
pub(crate) struct Scrubber {
    finder: Option<AhoCorasick>,
    /// What stands in the place of each form that is looked for.
    marks: Vec<String>,
}

impl Scrubber {
    /// Looks for these, each with the name that takes its place.
    pub(crate) fn of<'a>(secrets: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut needles, mut marks) = (Vec::new(), Vec::new());
        for (name, value) in secrets {
            for needle in forms(value) {
                needles.push(needle);
                marks.push(format!("[{name}]"));
            }
        }
        // Without regard to case: that of hexadecimal digits is free, and who writes the rest in capitals has still told it.
        let built = AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).build(&needles);
        Self { finder: built.ok().filter(|_| !needles.is_empty()), marks }
    }

    /// The same without the secrets; none where there is none in it.
    pub(crate) fn clean(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let finder = self.finder.as_ref()?;
        let mut found: Vec<(usize, usize, usize)> = finder.find_iter(bytes).map(|one| (one.start(), one.end(), one.pattern().as_usize())).collect();
        for (escape, decode) in [(b'%', percent as Decode), (b'\\', backslash as Decode)] {
            if !bytes.contains(&escape) {
                continue;
            }
            let (decoded, starts) = view(bytes, escape, decode);
            let at = |index: usize| starts.get(index).copied().unwrap_or(bytes.len());
            found.extend(finder.find_iter(&decoded).map(|one| (at(one.start()), at(one.end()), one.pattern().as_usize())));
        }
        if found.is_empty() {
            return None;
        }
        found.sort_unstable();
        let (mut out, mut end) = (Vec::with_capacity(bytes.len()), 0);
        for (from, to, pattern) in found {
            if from >= end {
                out.extend_from_slice(bytes.get(end..from).unwrap_or_default());
                out.extend_from_slice(self.marks.get(pattern).map_or(b"[secret]".as_slice(), |mark| mark.as_bytes()));
            }
            end = end.max(to);
        }
        out.extend_from_slice(bytes.get(end..).unwrap_or_default());
        Some(out)
    }

    /// The same of a text.
    pub(crate) fn text(&self, text: String) -> String {
        match self.clean(text.as_bytes()) {
            Some(clean) => String::from_utf8_lossy(&clean).into_owned(),
            None => text,
        }
    }
}

/// What is looked for of a secret: itself, in hexadecimal digits, in base64 wherever it begins, and what it is the base64 of.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut all = plain_forms(secret.as_bytes());
    // Basic authentication: the configured value is the base64 of a user and a password.
    let inner = STANDARD.decode(secret).or_else(|_| URL_SAFE_NO_PAD.decode(secret)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(inner) = inner.filter(|inner| inner.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())) {
        let password = inner.split_once(':').map(|(_, password)| password);
        for text in [Some(inner.as_str()), password].into_iter().flatten().filter(|text| text.len() >= SECRET_BYTES_MIN) {
            all.extend(plain_forms(text.as_bytes()));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn plain_forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex = secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut all = vec![secret.to_vec(), hex.into_bytes()];
    for before in 0..3_usize {
        let padded = [vec![0; before].as_slice(), secret].concat();
        // Letters that hold bits of what stands before or behind are not the secret's alone.
        let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            all.extend(text.as_bytes().get(from..to).map(<[u8]>::to_vec));
        }
    }
    all
}

/// Reads one escape at the beginning of some bytes: the byte it stands for, and how long it is.
type Decode = fn(&[u8]) -> Option<(u8, usize)>;

/// Bytes with their escapes read, and where each of them begins.
fn view(bytes: &[u8], escape: u8, decode: Decode) -> (Vec<u8>, Vec<usize>) {
    let (mut decoded, mut starts) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let read = if byte == escape { bytes.get(at..).and_then(decode) } else { None };
        let (byte, length) = read.unwrap_or((byte, 1));
        decoded.push(byte);
        starts.push(at);
        at += length;
    }
    (decoded, starts)
}

fn digits(bytes: Option<&[u8]>) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(bytes?).ok()?, 16).ok()
}

/// `%2F`.
fn percent(bytes: &[u8]) -> Option<(u8, usize)> {
    digits(bytes.get(1..3)).map(|byte| (byte, 3))
}

/// `\/`, `\"` and `\u002f`, as JSON writes them; `\x2f`.
fn backslash(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes.get(1)? {
        b'u' if bytes.get(2..4)? == b"00" => digits(bytes.get(4..6)).map(|byte| (byte, 6)),
        b'x' => digits(bytes.get(2..4)).map(|byte| (byte, 4)),
        other if other.is_ascii_punctuation() => Some((*other, 2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr3t/To+ken=\"42\"";

    fn scrubber() -> Scrubber {
        Scrubber::of([("one", SECRET), ("two", "another-secret")].into_iter())
    }

    fn percented(text: &str, is_all: bool) -> String {
        text.bytes().map(|byte| if is_all || !byte.is_ascii_alphanumeric() { format!("%{byte:02x}") } else { char::from(byte).to_string() }).collect()
    }

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        let json = serde_json::to_string(SECRET).expect("json");
        let json = json[1..json.len() - 1].to_owned();
        let mut texts = vec![SECRET.to_owned(), SECRET.to_uppercase(), hex.to_lowercase(), hex, percented(SECRET, false), percented(SECRET, true), json];
        texts.push(SECRET.bytes().map(|byte| format!("\\u00{byte:02x}")).collect());
        texts.push(SECRET.replace('/', "\\/").replace('"', "\\\""));
        for (before, after) in [("", ""), ("a", ""), ("ab", "c"), ("abc", "de"), ("abcd", "efg"), ("abcde", "")] {
            let around = format!("{before}{SECRET}{after}");
            texts.extend([STANDARD.encode(&around), URL_SAFE_NO_PAD.encode(&around), percented(&STANDARD.encode(&around), false)]);
        }
        for text in texts {
            for whole in [text.clone(), format!("x {text} y {text}"), format!("{{\"a\":\"{text}\"}}")] {
                let clean = scrubber().text(whole.clone());
                assert!(clean.contains("[one]") && !clean.contains(&text), "{whole} became {clean}");
            }
        }
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        for text in ["", "[one]", "s3cr3t", "%", "%zz \\u12", "\\", "c2VjcmV0", "\u{e4}\u{f6} 100 %", "another", "\\u00e4"] {
            assert_eq!(scrubber().clean(text.as_bytes()), None, "{text}");
        }
        assert_eq!(scrubber().text("another-secret, \u{e4}another-secret".to_owned()), "[two], \u{e4}[two]");
        assert_eq!(scrubber().clean(&[0xff, 0xfe, b'%']), None);
        assert_eq!(Scrubber::of(std::iter::empty()).clean(b"anything"), None);
    }

    #[test]
    fn what_a_basic_credential_holds_is_found_too() {
        let scrubber = Scrubber::of([("login", STANDARD.encode("robot:long-password").as_str())].into_iter());
        assert_eq!(scrubber.text("bad password long-password for robot".to_owned()), "bad password [login] for robot");
        assert_eq!(scrubber.text("robot:long-password".to_owned()), "[login]");
    }
}
