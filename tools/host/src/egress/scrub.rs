//! Taking secrets out of what comes back, in the forms in which a server is likely to repeat them.
//!
//! It is the second line: that a plugin is given no secret is the first. Whoever is on both sides, in the plugin and at the host it may
//! ask, can agree on a form that is not looked for here.

use super::SecretsAway;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

/// The shortest secret that is taken, in bytes: a shorter one would be found in texts that have nothing to do with it.
pub const SECRET_BYTES_MIN: usize = 8;

/// A body of more bytes is looked through away from the threads that others' calls go on with.
const BODY_HERE_BYTES_MAX: usize = 64 << 10;

/// The longest entity that is read, in bytes.
const ENTITY_BYTES_MAX: usize = 10;

/// Looks for the operator's secrets, and for those of the organisation that a call is made for.
#[derive(Debug, Clone)]
pub(crate) struct Scrubber {
    operators: Arc<Finder>,
    own: Option<Arc<Finder>>,
}

impl Scrubber {
    /// Looks for the operator's, each with the name that takes its place.
    ///
    /// # Errors
    /// Away where they cannot be looked for: nothing may be asked with them then.
    pub(crate) fn of<'a>(secrets: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, SecretsAway> {
        Ok(Self { operators: Arc::new(Finder::of(secrets, None)?), own: None })
    }

    /// The same for one call, which looks for these of its organisation too.
    ///
    /// # Errors
    /// Like [`Scrubber::of`].
    pub(crate) fn with_own<'a>(&self, secrets: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, SecretsAway> {
        // It is built for each call: what is small and built at once counts for more than what finds fastest.
        let own = Finder::of(secrets, Some(AhoCorasickKind::ContiguousNFA))?;
        Ok(Self { operators: Arc::clone(&self.operators), own: Some(Arc::new(own)) })
    }

    /// The same without the secrets; none where there is none in it.
    pub(crate) fn clean(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let operators = self.operators.hits(bytes, |_| true);
        // Whoever sets a value of an organisation's chooses it freely. One that holds a part of the operator's does not count there: by what
        // was hidden with it, it would tell letter by letter whether it was guessed right. One that holds all of it counts: whoever set it knew
        // the operator's already, and the rest of it is theirs.
        let own = self.own.as_ref().map(|own| own.hits(bytes, |hit| !cuts(&operators, hit))).unwrap_or_default();
        let mut found: Vec<(usize, usize, &str)> = self.operators.marked(operators).collect();
        if let Some(finder) = &self.own {
            found.extend(finder.marked(own));
        }
        if found.is_empty() {
            return None;
        }
        found.sort_unstable();
        let (mut out, mut end) = (Vec::with_capacity(bytes.len()), 0);
        for (from, to, mark) in found {
            if from >= end {
                out.extend_from_slice(bytes.get(end..from).unwrap_or_default());
                out.extend_from_slice(mark.as_bytes());
            }
            end = end.max(to);
        }
        out.extend_from_slice(bytes.get(end..).unwrap_or_default());
        Some(out)
    }

    /// The same of a whole body, as it came where there is none in it.
    ///
    /// # Errors
    /// Away where it could not be looked through: nothing of it may be shown then.
    pub(crate) async fn body(&self, body: Vec<u8>) -> Result<Vec<u8>, SecretsAway> {
        if body.len() <= BODY_HERE_BYTES_MAX || !self.has_any() {
            return Ok(self.clean(&body).unwrap_or(body));
        }
        let scrubber = self.clone();
        tokio::task::spawn_blocking(move || scrubber.clean(&body).unwrap_or(body)).await.map_err(|_| SecretsAway)
    }

    /// Whether there is a secret to look for.
    fn has_any(&self) -> bool {
        self.operators.automaton.is_some() || self.own.as_ref().is_some_and(|own| own.automaton.is_some())
    }

    /// The same of a text.
    pub(crate) fn text(&self, text: String) -> String {
        match self.clean(text.as_bytes()) {
            Some(clean) => String::from_utf8_lossy(&clean).into_owned(),
            None => text,
        }
    }
}

/// Where a form of a secret stands.
#[derive(Debug, Clone, Copy)]
struct Hit {
    from: usize,
    to: usize,
    pattern: usize,
}

/// Looks for some secrets.
struct Finder {
    automaton: Option<AhoCorasick>,
    /// What stands in the place of each form that is looked for.
    marks: Vec<String>,
}

/// By hand: the automaton would spell what it looks for.
impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Finder")
    }
}

impl Finder {
    fn of<'a>(secrets: impl Iterator<Item = (&'a str, &'a str)>, kind: Option<AhoCorasickKind>) -> Result<Self, SecretsAway> {
        let (mut needles, mut marks) = (Vec::new(), Vec::new());
        for (name, value) in secrets {
            for needle in forms(value) {
                needles.push(needle);
                marks.push(format!("[{name}]"));
            }
        }
        if needles.is_empty() {
            return Ok(Self { automaton: None, marks });
        }
        // Without regard to case: that of hexadecimal digits is free, and who writes the rest in capitals has still told it. Every match
        // counts, also one within another: no form of one secret may stand in the way of another's.
        let built = AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).kind(kind).build(&needles);
        Ok(Self { automaton: Some(built.map_err(|_| SecretsAway)?), marks })
    }

    /// Hits with what stands in their place.
    fn marked(&self, hits: Vec<Hit>) -> impl Iterator<Item = (usize, usize, &str)> {
        hits.into_iter().map(move |hit| (hit.from, hit.to, self.marks.get(hit.pattern).map_or("[secret]", String::as_str)))
    }

    /// Where those that count stand, in order; what overlaps is one.
    fn hits(&self, bytes: &[u8], counts: impl Fn(&Hit) -> bool) -> Vec<Hit> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut all = Vec::new();
        let mut look = |view: &View<'_>| {
            let mut found = Vec::new();
            for one in automaton.find_overlapping_iter(&*view.bytes) {
                let hit = Hit { from: view.place(one.start()).0, to: view.place(one.end().saturating_sub(1)).1, pattern: one.pattern().as_usize() };
                if counts(&hit) {
                    join(&mut found, hit);
                }
            }
            all.append(&mut found);
        };
        let raw = View { bytes: Cow::Borrowed(bytes), places: None };
        look(&raw);
        if let Some(unbroken) = raw.unbroken() {
            look(&unbroken);
        }
        for (escape, decode) in ESCAPES {
            let Some(once) = raw.decoded(escape, decode) else { continue };
            look(&once);
            if let Some(unbroken) = once.unbroken() {
                look(&unbroken);
            }
            // JSON within JSON, and HTML within JSON: what is inside may be written by another escape than what is around it.
            for (inner, decode) in ESCAPES {
                if let Some(twice) = once.decoded(inner, decode) {
                    look(&twice);
                }
            }
        }
        all.sort_unstable_by_key(|hit| (hit.from, Reverse(hit.to)));
        let mut whole: Vec<Hit> = Vec::with_capacity(all.len());
        for hit in all {
            match whole.last_mut().filter(|last| hit.from < last.to) {
                Some(last) => last.to = last.to.max(hit.to),
                None => whole.push(hit),
            }
        }
        whole
    }
}

/// Adds a hit to those of one view, which come by where they end: what overlaps becomes one, under the name of what begins first.
fn join(found: &mut Vec<Hit>, mut hit: Hit) {
    while let Some(last) = found.pop_if(|last| last.to > hit.from) {
        let pattern = if last.from < hit.from { last.pattern } else { hit.pattern };
        hit = Hit { from: last.from.min(hit.from), to: last.to.max(hit.to), pattern };
    }
    found.push(hit);
}

/// Whether a hit overlaps one of these, which are in order and apart, without holding all of it.
fn cuts(those: &[Hit], hit: &Hit) -> bool {
    let from = those.partition_point(|one| one.to <= hit.from);
    those.iter().skip(from).take_while(|one| one.from < hit.to).any(|one| one.from < hit.from || one.to > hit.to)
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

/// The escapes that are read, each by the byte that it begins with.
const ESCAPES: [(u8, Decode); 3] = [(b'%', percent), (b'\\', backslash), (b'&', entity)];

/// Bytes as they read, and from where to where each of them stands in what was given; none where they are as given.
struct View<'a> {
    bytes: Cow<'a, [u8]>,
    places: Option<Vec<(u32, u32)>>,
}

impl View<'_> {
    fn place(&self, at: usize) -> (usize, usize) {
        match &self.places {
            None => (at, at + 1),
            Some(places) => places.get(at).map_or((at, at + 1), |(from, to)| (*from as usize, *to as usize)),
        }
    }

    /// Without its line breaks, as base64 in mail has them; none where there is none.
    fn unbroken(&self) -> Option<View<'static>> {
        let is_break = |byte: u8| matches!(byte, b'\r' | b'\n');
        if !self.bytes.iter().any(|byte| is_break(*byte)) {
            return None;
        }
        let kept = self.bytes.iter().enumerate().filter(|(_, byte)| !is_break(**byte));
        let (bytes, places) = kept.map(|(at, byte)| (*byte, short(self.place(at)))).unzip();
        Some(View { bytes: Cow::Owned(bytes), places: Some(places) })
    }

    /// With its escapes read; none where there is none.
    fn decoded(&self, escape: u8, decode: Decode) -> Option<View<'static>> {
        if !self.bytes.contains(&escape) {
            return None;
        }
        let (mut bytes, mut places) = (Vec::with_capacity(self.bytes.len()), Vec::with_capacity(self.bytes.len()));
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at).copied() {
            let read = if byte == escape { self.bytes.get(at..).and_then(decode) } else { None };
            let (byte, length) = read.unwrap_or((byte, 1));
            bytes.push(byte);
            places.push(short((self.place(at).0, self.place(at + length - 1).1)));
            at += length;
        }
        Some(View { bytes: Cow::Owned(bytes), places: Some(places) })
    }
}

/// A place in half the room; what comes back is far smaller than 4 GiB.
fn short((from, to): (usize, usize)) -> (u32, u32) {
    (u32::try_from(from).unwrap_or(u32::MAX), u32::try_from(to).unwrap_or(u32::MAX))
}

fn digits(bytes: Option<&[u8]>) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(bytes?).ok()?, 16).ok()
}

/// `%2F`.
fn percent(bytes: &[u8]) -> Option<(u8, usize)> {
    digits(bytes.get(1..3)).map(|byte| (byte, 3))
}

/// `&amp;` and `&#x2F;`, as HTML writes them.
fn entity(bytes: &[u8]) -> Option<(u8, usize)> {
    let end = bytes.iter().take(ENTITY_BYTES_MAX).position(|byte| *byte == b';')?;
    let byte = match bytes.get(1..end)? {
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        b"quot" => b'"',
        b"apos" => b'\'',
        numbered => {
            let number = std::str::from_utf8(numbered).ok()?.strip_prefix('#')?;
            match number.strip_prefix(['x', 'X']) {
                Some(hex) => u8::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            }
        }
    };
    Some((byte, end + 1))
}

/// `\/`, `\"` and `\u002f`, as JSON writes them; `\x2f`, and its line breaks.
fn backslash(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes.get(1)? {
        b'u' if bytes.get(2..4)? == b"00" => digits(bytes.get(4..6)).map(|byte| (byte, 6)),
        b'x' => digits(bytes.get(2..4)).map(|byte| (byte, 4)),
        b'n' => Some((b'\n', 2)),
        b'r' => Some((b'\r', 2)),
        other if other.is_ascii_punctuation() => Some((*other, 2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr3t/To+ken=\"42\"";

    fn of(secrets: &[(&str, &str)]) -> Scrubber {
        Scrubber::of(secrets.iter().copied()).expect("a scrubber")
    }

    fn scrubber() -> Scrubber {
        of(&[("one", SECRET), ("two", "another-secret")])
    }

    fn percented(text: &str, is_all: bool) -> String {
        text.bytes().map(|byte| if is_all || !byte.is_ascii_alphanumeric() { format!("%{byte:02x}") } else { char::from(byte).to_string() }).collect()
    }

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        let json = serde_json::to_string(SECRET).expect("json");
        let json = json[1..json.len() - 1].to_owned();
        let twice = serde_json::to_string(&json.replace('/', "\\/")).expect("json");
        let twice = twice[1..twice.len() - 1].to_owned();
        let mut texts = vec![SECRET.to_owned(), SECRET.to_uppercase(), hex.to_lowercase(), hex, percented(SECRET, false), percented(SECRET, true), json];
        texts.push(SECRET.bytes().map(|byte| format!("\\u00{byte:02x}")).collect());
        texts.push(SECRET.replace('/', "\\/").replace('"', "\\\""));
        for (before, after) in [("", ""), ("a", ""), ("ab", "c"), ("abc", "de"), ("abcd", "efg"), ("abcde", "")] {
            let around = format!("{before}{SECRET}{after}");
            texts.extend([STANDARD.encode(&around), URL_SAFE_NO_PAD.encode(&around), percented(&STANDARD.encode(&around), false)]);
            let lines: Vec<String> = STANDARD.encode(&around).as_bytes().chunks(10).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
            texts.extend([lines.join("\r\n"), lines.join("\n"), lines.join("\\r\\n")]);
        }
        texts.extend([twice, percented(&percented(SECRET, false), false)]);
        texts.push(SECRET.replace('"', "&quot;").replace('/', "&#x2F;").replace('=', "&#61;"));
        // By two different escapes, one within the other or side by side.
        texts.push(SECRET.replace('"', "\\u0026quot;").replace('+', "\\u0026#43;"));
        texts.push(SECRET.replace('"', "&quot;").replace('/', "\\/").replace('+', "&#43;"));
        texts.push(SECRET.replace('"', "%26quot%3B").replace('+', "&#43;"));
        texts.push(SECRET.replace('"', "&#92;&quot;"));
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
        assert_eq!(of(&[]).clean(b"anything"), None);
    }

    #[test]
    fn what_a_basic_credential_holds_is_found_too() {
        let scrubber = of(&[("login", STANDARD.encode("robot:long-password").as_str())]);
        assert_eq!(scrubber.text("bad password long-password for robot".to_owned()), "bad password [login] for robot");
        assert_eq!(scrubber.text("robot:long-password".to_owned()), "[login]");
    }

    #[test]
    fn an_ampersand_that_two_escapes_wrote_is_read() {
        let scrubber = of(&[("both", "left&right+side")]);
        for text in ["left\\u0026amp;right+side", "left%26amp;right+side", "left&amp;right\\u0026#43;side", "left\\u0026right&#43;side"] {
            assert_eq!(scrubber.text(format!("<{text}>")), "<[both]>", "{text}");
        }
    }

    #[test]
    fn a_value_that_reaches_into_another_secret_shows_nothing_of_it() {
        // Of one hand: both are hidden.
        let both = of(&[("hostile", "-api-key\":\"s"), ("other", "s3cr3t-of-another")]);
        let clean = both.text("{\"x-api-key\":\"s3cr3t-of-another\"}".to_owned());
        assert_eq!(clean, "{\"x[hostile]\"}");
        for inner in ["3cr3t-of", "s3cr3t-of", "of-another", "another\"}"] {
            let clean = of(&[("hostile", inner), ("other", "s3cr3t-of-another")]).text("<s3cr3t-of-another\"}>".to_owned());
            assert!(!clean.contains("s3cr") && !clean.contains("another") && !clean.contains("-of"), "{inner}: {clean}");
        }
        // Of an organisation's beside the operator's: the operator's is hidden, and what was guessed right reads like what was guessed wrong.
        let operators = of(&[("house", "s3cr3t-of-the-house")]);
        let told = |guess: &str| {
            let scrubber = operators.with_own([("own", guess), ("plain", "value-of-their-own")].into_iter()).expect("a scrubber");
            scrubber.text("{\"x-api-key\":\"s3cr3t-of-the-house\",\"b\":\"value-of-their-own\"}".to_owned())
        };
        for guess in ["-api-key\":\"s", "-api-key\":\"t", "of-the-house", "the-house\",\"b", "x3cr3t-of-the-house"] {
            assert_eq!(told(guess), "{\"x-api-key\":\"[house]\",\"b\":\"[plain]\"}", "{guess}");
        }
        // Whoever holds all of it knew it.
        assert_eq!(told("s3cr3t-of-the-house\","), "{\"x-api-key\":\"[house]\"b\":\"[plain]\"}");
    }

    #[test]
    fn a_value_that_holds_an_operators_is_hidden_whole() {
        let operators = of(&[("user", "acme-robot"), ("zone", "zone-of-all")]);
        let own = |value: &str| operators.with_own([("token", value)].into_iter()).expect("a scrubber");
        let text = |value: &str| own(value).text(format!("<{value}> for acme-robot"));
        assert_eq!(text("acme-robot-2024!"), "<[user]> for [user]");
        assert_eq!(text("2024-acme-robot"), "<[token]> for [user]");
        assert_eq!(text("1-acme-robot-zone-of-all-2"), "<[token]> for [user]", "with all of two");
        let escaped = own("acme-robot-2024!").text("acme\\u002drobot-2024%21 and acme-robot-2024\\u0021".to_owned());
        assert_eq!(escaped, "[user] and [user]");
        // All of one and a part of the other.
        let cut = own("acme-robot zone-of").text("acme-robot zone-of-all".to_owned());
        assert_eq!(cut, "[user] [zone]");
    }

    #[test]
    fn a_large_body_is_looked_through_away_from_others_and_a_small_one_at_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            // The one thread for such work is busy until it is told: what needs it is not done before.
            let (go_on, told) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || told.recv());
            let with_secret = |bytes: usize| [" ".repeat(bytes).as_bytes(), SECRET.as_bytes()].concat();
            let cleaned = |bytes: usize| [" ".repeat(bytes).as_bytes(), b"[one]"].concat();
            let scrubber = scrubber();
            assert_eq!(scrubber.body(with_secret(1000)).await, Ok(cleaned(1000)));
            let nothing = with_secret(BODY_HERE_BYTES_MAX);
            assert_eq!(of(&[]).body(nothing.clone()).await, Ok(nothing), "there is nothing to look for");
            let mut large = Box::pin(scrubber.body(with_secret(BODY_HERE_BYTES_MAX)));
            let is_done = std::future::poll_fn(|cx| std::task::Poll::Ready(large.as_mut().poll(cx).is_ready())).await;
            assert!(!is_done, "it waits for the thread");
            go_on.send(()).expect("told");
            assert_eq!(large.await, Ok(cleaned(BODY_HERE_BYTES_MAX)));
            busy.await.expect("ended").expect("told");
        });
    }

    #[test]
    fn no_form_of_a_secret_is_in_what_is_printed_of_its_finder() {
        let scrubber = scrubber().with_own([("own", "canary-of-theirs")].into_iter()).expect("a scrubber");
        let printed = format!("{scrubber:?} {scrubber:#?}");
        // The automaton would print bytes, as letters or as numbers.
        assert!(!printed.contains("another") && !printed.contains("canary") && !printed.contains("'c'") && printed.len() < 400, "{printed}");
    }
}
