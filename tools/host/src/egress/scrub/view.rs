//! What some bytes read once their escapes are read, as often as they were put around one another.
//!
//! A view is made of another only where there is something to read in it: bytes without escapes have one view, themselves. There are never
//! more than a fixed number of views, each at most as long as the bytes.

use std::borrow::Cow;

/// How many layers of escapes are read. Eight layers of JSON write 256 bytes for one quotation mark: nobody wraps a text so often by
/// accident, and what is wrapped more often is not looked into.
pub(super) const LAYERS_MAX: usize = 8;

/// The longest entity that is read, in bytes.
const ENTITY_BYTES_MAX: usize = 10;

/// A way to write a byte by others.
#[derive(Clone, Copy)]
struct Escape {
    /// The byte that it begins with.
    begins: u8,
    /// Reads one at the beginning of some bytes: the byte it stands for, and how long it is.
    read: fn(&[u8]) -> Option<(u8, usize)>,
}

/// The escapes that are read.
const ESCAPES: [Escape; 3] = [Escape { begins: b'%', read: percent }, Escape { begins: b'\\', read: backslash }, Escape { begins: b'&', read: entity }];

#[cfg(test)]
thread_local! {
    /// How often the views of something were made on this thread.
    pub(super) static SETS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Bytes as they read, and from where to where each of them stands in what was given; none where they are as given.
pub(super) struct View<'a> {
    bytes: Cow<'a, [u8]>,
    places: Option<Vec<(u32, u32)>>,
}

/// Shows all views of some bytes, each once with its line breaks and once without:
/// - as they are;
/// - by one escape, up to [`LAYERS_MAX`] times: JSON in JSON, an address in an address;
/// - by one escape and then by another: what is inside may be written by another one than what is around it;
/// - where two of them meet, by all at once, up to [`LAYERS_MAX`] times: whatever is around what, in any order. Only a value that itself
///   reads like an escape may be lost in that.
pub(super) fn each_view(bytes: &[u8], mut look: impl FnMut(&View<'_>)) {
    #[cfg(test)]
    SETS.with(|sets| sets.set(sets.get() + 1));
    let mut show = |view: &View<'_>| {
        look(view);
        if let Some(unbroken) = view.unbroken() {
            look(&unbroken);
        }
    };
    let raw = View { bytes: Cow::Borrowed(bytes), places: None };
    show(&raw);
    let mut is_mixed = false;
    for escape in ESCAPES {
        let Some(mut view) = raw.decoded(&[escape]) else { continue };
        show(&view);
        let others: Vec<Escape> = ESCAPES.into_iter().filter(|other| other.begins != escape.begins).collect();
        for other in &others {
            if let Some(twice) = view.decoded(&[*other]) {
                is_mixed = true;
                show(&twice);
            }
        }
        for _ in 1..LAYERS_MAX {
            let Some(next) = view.decoded(&[escape]) else { break };
            show(&next);
            is_mixed = is_mixed || next.first_of(&others).is_some();
            view = next;
        }
    }
    if is_mixed {
        let mut view = raw;
        for _ in 0..LAYERS_MAX {
            let Some(next) = view.decoded(&ESCAPES) else { break };
            show(&next);
            view = next;
        }
    }
}

impl View<'_> {
    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// From where to where a byte stands in what was given.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
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

    /// Where the first of these escapes stands.
    fn first_of(&self, escapes: &[Escape]) -> Option<usize> {
        let bytes = self.bytes();
        // Most bytes have none, and that is known quickly.
        if !escapes.iter().any(|escape| bytes.contains(&escape.begins)) {
            return None;
        }
        (0..bytes.len()).find(|at| bytes.get(*at..).and_then(|rest| read(rest, escapes)).is_some())
    }

    /// With one layer of these escapes read; none where there is none.
    fn decoded(&self, escapes: &[Escape]) -> Option<View<'static>> {
        let given = self.bytes();
        let mut at = self.first_of(escapes)?;
        let (mut bytes, mut places) = (Vec::with_capacity(given.len()), Vec::with_capacity(given.len()));
        bytes.extend_from_slice(given.get(..at).unwrap_or_default());
        places.extend((0..at).map(|at| short(self.place(at))));
        while let Some(byte) = given.get(at).copied() {
            let (byte, length) = given.get(at..).and_then(|rest| read(rest, escapes)).unwrap_or((byte, 1));
            bytes.push(byte);
            places.push(short((self.place(at).0, self.place(at + length - 1).1)));
            at += length;
        }
        Some(View { bytes: Cow::Owned(bytes), places: Some(places) })
    }
}

/// Reads one of these escapes at the beginning of some bytes.
fn read(bytes: &[u8], escapes: &[Escape]) -> Option<(u8, usize)> {
    let begins = bytes.first()?;
    escapes.iter().find(|escape| escape.begins == *begins).and_then(|escape| (escape.read)(bytes))
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
