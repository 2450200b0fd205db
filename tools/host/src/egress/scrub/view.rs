//! What some bytes read once their escapes are read, as often as they were put around one another.
//!
//! A view is made of another only where there is something to read in it: bytes without escapes have one view, themselves. There are never
//! more than a fixed number of views, each at most as long as the bytes.

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

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

/// Bytes as they read.
pub(super) struct View<'a> {
    bytes: Cow<'a, [u8]>,
    places: Places,
}

/// Where the bytes of a view stand in what was given.
enum Places {
    /// There, each.
    AsGiven,
    /// From where to where, each.
    At(Vec<(u32, u32)>),
    /// Nobody asks.
    Unasked,
}

/// Whether it is in any of the views that [`each_view`] shows. Where it stands is not noted: views are made in a part of the time then, and
/// mostly it is in none.
pub(super) fn is_in_any(bytes: &[u8], mut is_in: impl FnMut(&[u8]) -> bool) -> bool {
    let raw = View { bytes: Cow::Borrowed(bytes), places: Places::Unasked };
    walk(raw, |view| if is_in(view.bytes()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }).is_break()
}

/// Shows all views of some bytes, each once with its line breaks and once without:
/// - as they are;
/// - by one escape, up to [`LAYERS_MAX`] times: JSON in JSON, an address in an address;
/// - by one escape and then by another: what is inside may be written by another one than what is around it;
/// - where two of them meet, by all at once, up to [`LAYERS_MAX`] times: whatever is around what, in any order. Only a value that itself
///   reads like an escape may be lost in that.
pub(super) fn each_view(bytes: &[u8], mut look: impl FnMut(&View<'_>)) {
    let raw = View { bytes: Cow::Borrowed(bytes), places: Places::AsGiven };
    let _ = walk(raw, |view| {
        look(view);
        ControlFlow::Continue(())
    });
}

fn walk(raw: View<'_>, mut look: impl FnMut(&View<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    #[cfg(test)]
    SETS.with(|sets| sets.set(sets.get() + 1));
    let mut show = |view: &View<'_>| {
        look(view)?;
        view.unbroken().map_or(ControlFlow::Continue(()), |unbroken| look(&unbroken))
    };
    show(&raw)?;
    let mut is_mixed = false;
    for escape in ESCAPES {
        let Some(mut view) = raw.decoded(&[escape]) else { continue };
        show(&view)?;
        let others: Vec<Escape> = ESCAPES.into_iter().filter(|other| other.begins != escape.begins).collect();
        for other in &others {
            if let Some(twice) = view.decoded(&[*other]) {
                is_mixed = true;
                show(&twice)?;
            }
        }
        for _ in 1..LAYERS_MAX {
            let Some(next) = view.decoded(&[escape]) else { break };
            show(&next)?;
            is_mixed = is_mixed || next.first_of(&others).is_some();
            view = next;
        }
    }
    if is_mixed {
        let mut view = raw;
        for _ in 0..LAYERS_MAX {
            let Some(next) = view.decoded(&ESCAPES) else { break };
            show(&next)?;
            view = next;
        }
    }
    ControlFlow::Continue(())
}

impl View<'_> {
    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// From where to where a byte stands in what was given.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        match &self.places {
            Places::AsGiven | Places::Unasked => (at, at + 1),
            Places::At(places) => places.get(at).map_or((at, at + 1), |(from, to)| (*from as usize, *to as usize)),
        }
    }

    /// Without its line breaks, as base64 in mail has them; none where there is none.
    fn unbroken(&self) -> Option<View<'static>> {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let given = self.bytes();
        let mut next = given.iter().position(is_break)?;
        let mut made = Made::of(self);
        made.copy(0..next);
        while let Some(rest) = given.get(next + 1..) {
            let end = rest.iter().position(is_break).map_or(given.len(), |more| next + 1 + more);
            made.copy(next + 1..end);
            next = end;
        }
        Some(made.view())
    }

    /// Where the first of these escapes stands.
    fn first_of(&self, escapes: &[Escape]) -> Option<usize> {
        let bytes = self.bytes();
        // Most bytes have none, and that is known quickly.
        if !escapes.iter().any(|escape| bytes.contains(&escape.begins)) {
            return None;
        }
        let mut at = begin(bytes, 0, escapes)?;
        while read(bytes.get(at..)?, escapes).is_none() {
            at = begin(bytes, at + 1, escapes)?;
        }
        Some(at)
    }

    /// With one layer of these escapes read; none where there is none.
    fn decoded(&self, escapes: &[Escape]) -> Option<View<'static>> {
        let given = self.bytes();
        let mut at = self.first_of(escapes)?;
        let mut made = Made::of(self);
        made.copy(0..at);
        while at < given.len() {
            match given.get(at..).and_then(|rest| read(rest, escapes)) {
                Some((byte, length)) => {
                    made.put(byte, at..at + length);
                    at += length;
                }
                None => {
                    let next = begin(given, at + 1, escapes).unwrap_or(given.len());
                    made.copy(at..next);
                    at = next;
                }
            }
        }
        Some(made.view())
    }
}

/// A view in the making, of another one.
struct Made<'a> {
    of: &'a View<'a>,
    bytes: Vec<u8>,
    /// None where nobody asks for them.
    places: Option<Vec<(u32, u32)>>,
}

impl<'a> Made<'a> {
    fn of(of: &'a View<'a>) -> Self {
        let most = of.bytes.len();
        let places = match of.places {
            Places::Unasked => None,
            Places::AsGiven | Places::At(_) => Some(Vec::with_capacity(most)),
        };
        Self { of, bytes: Vec::with_capacity(most), places }
    }

    /// What stands there as it stands there.
    fn copy(&mut self, range: Range<usize>) {
        self.bytes.extend_from_slice(self.of.bytes.get(range.clone()).unwrap_or_default());
        if let Some(places) = &mut self.places {
            places.extend(range.map(|at| short(self.of.place(at))));
        }
    }

    /// A byte for what stands there.
    fn put(&mut self, byte: u8, range: Range<usize>) {
        self.bytes.push(byte);
        if let Some(places) = &mut self.places {
            places.push(short((self.of.place(range.start).0, self.of.place(range.end.saturating_sub(1)).1)));
        }
    }

    fn view(self) -> View<'static> {
        View { bytes: Cow::Owned(self.bytes), places: self.places.map_or(Places::Unasked, Places::At) }
    }
}

/// Where the next byte stands that one of these escapes begins with, from some place on.
fn begin(bytes: &[u8], from: usize, escapes: &[Escape]) -> Option<usize> {
    let is_begin = |byte: &u8| escapes.iter().any(|escape| escape.begins == *byte);
    bytes.get(from..)?.iter().position(is_begin).map(|more| from + more)
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
