//! Headers as WASI has them: read by whoever has them, changed by whoever made them, and of a size.

use super::{Held, HeldTooMuch};
use crate::egress::is_connections;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

/// Lines of one set of headers, and bytes of them: more than the gate lets leave, so that it is the gate that says so.
const LINES_MAX: usize = 64;
const BYTES_MAX: usize = 16 << 10;

/// Headers. Copies are one until one of them is changed.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    lines: Arc<HeaderMap>,
    fixed: bool,
}

/// Why headers stay as they are.
#[derive(Debug)]
pub(crate) enum Refused {
    /// What was asked for is no name or value.
    Syntax,
    /// That line is the host's to set.
    Forbidden,
    /// They are of a request or answer by now.
    Fixed,
    /// They would be too many.
    TooMuch,
}

impl From<HeldTooMuch> for Refused {
    fn from(_: HeldTooMuch) -> Self {
        Self::TooMuch
    }
}

impl Fields {
    /// Those of an answer. What is no header by its letters was none on the way here either.
    pub(crate) fn of_answer(headers: Vec<(String, String)>) -> Self {
        let mut lines = HeaderMap::new();
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes())) {
                // Whoever answers has fewer than the map takes; what it would not take is left out.
                let _ = lines.try_append(name, value);
            }
        }
        Self { lines: Arc::new(lines), fixed: true }
    }

    /// The same, which nobody changes any more.
    pub(crate) fn fixed(&self) -> Self {
        Self { lines: Arc::clone(&self.lines), fixed: true }
    }

    /// A copy that can be changed.
    pub(crate) fn copied(&self) -> Self {
        Self { lines: Arc::clone(&self.lines), fixed: false }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// All values of a name.
    pub(crate) fn get(&self, name: &str) -> Vec<Vec<u8>> {
        self.lines.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.lines.contains_key(name)
    }

    /// All lines, by name.
    pub(crate) fn entries(&self) -> Vec<(String, Vec<u8>)> {
        self.lines.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
    }

    /// Puts one line beside what is there.
    pub(crate) fn append(&mut self, name: &str, value: &[u8], held: &Held) -> Result<(), Refused> {
        let (name, value) = self.line(name, value)?;
        self.add(name, value, held)
    }

    /// Puts these values in the place of whatever the name had.
    pub(crate) fn set(&mut self, name: &str, values: &[Vec<u8>], held: &Held) -> Result<(), Refused> {
        let values: Vec<_> = values.iter().map(|value| self.line(name, value)).collect::<Result<_, _>>()?;
        self.delete(name, held)?;
        values.into_iter().try_for_each(|(name, value)| self.add(name, value, held))
    }

    /// Takes a name away.
    pub(crate) fn delete(&mut self, name: &str, held: &Held) -> Result<(), Refused> {
        let name = self.name(name)?;
        self.own(held)?.remove(name);
        Ok(())
    }

    fn name(&self, name: &str) -> Result<HeaderName, Refused> {
        if self.fixed {
            return Err(Refused::Fixed);
        }
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Refused::Syntax)?;
        // How long a body is, many say by themselves; it is compared when the request is asked.
        if name != http::header::CONTENT_LENGTH && is_connections(name.as_str()) {
            return Err(Refused::Forbidden);
        }
        Ok(name)
    }

    fn line(&self, name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), Refused> {
        Ok((self.name(name)?, HeaderValue::from_bytes(value).map_err(|_| Refused::Syntax)?))
    }

    fn add(&mut self, name: HeaderName, value: HeaderValue, held: &Held) -> Result<(), Refused> {
        let bytes = name.as_str().len() + value.len();
        if self.lines.len() >= LINES_MAX || self.bytes() + bytes > BYTES_MAX {
            return Err(Refused::TooMuch);
        }
        held.take(bytes)?;
        self.own(held)?.try_append(name, value).map_err(|_| Refused::TooMuch)?;
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.lines.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
    }

    /// What can be changed: a copy of its own, which is held as well.
    fn own(&mut self, held: &Held) -> Result<&mut HeaderMap, Refused> {
        if Arc::strong_count(&self.lines) > 1 {
            held.take(self.bytes())?;
        }
        Ok(Arc::make_mut(&mut self.lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_changed_by_whoever_made_them_and_only_what_is_theirs() {
        let held = Held::default();
        let mut made = Fields::default();
        for (name, value, expect) in [
            ("x a", &b"1"[..], "Syntax"),
            ("", b"1", "Syntax"),
            ("x-a", b"1\r\nx-b: 2", "Syntax"),
            ("Host", b"evil.test", "Forbidden"),
            ("transfer-encoding", b"chunked", "Forbidden"),
            ("Proxy-Authorization", b"x", "Forbidden"),
        ] {
            let refused = made.append(name, value, &held).expect_err(name);
            assert_eq!(format!("{refused:?}"), expect, "{name}");
            assert!(made.set(name, &[value.to_vec()], &held).is_err(), "{name}");
        }
        made.append("X-A", b"1", &held).expect("a line");
        made.append("x-a", b"2", &held).expect("a line");
        made.append("content-length", b"3", &held).expect("a line");
        assert_eq!((made.get("x-A"), made.has("X-a"), made.get("no name")), (vec![b"1".to_vec(), b"2".to_vec()], true, Vec::new()));
        let mut fixed = made.fixed();
        assert!(matches!(fixed.append("x-b", b"1", &held), Err(Refused::Fixed)));
        assert!(matches!(fixed.delete("x-a", &held), Err(Refused::Fixed)));
        let mut copy = fixed.copied();
        copy.set("x-a", &[b"3".to_vec()], &held).expect("a copy is changed");
        copy.delete("content-length", &held).expect("a copy is changed");
        assert_eq!((copy.entries(), made.get("x-a").len()), (vec![("x-a".to_owned(), b"3".to_vec())], 2));
    }

    #[test]
    fn headers_have_a_size_each_and_all_together() {
        let held = Held::default();
        let mut made = Fields::default();
        assert!(matches!(made.append("x-a", &[b'x'; BYTES_MAX], &held), Err(Refused::TooMuch)));
        for _ in 0..LINES_MAX {
            made.append("x-a", b"1", &held).expect("a line");
        }
        assert!(matches!(made.append("x-a", b"1", &held), Err(Refused::TooMuch)));
        // Ten thousand copies of large ones, of which each is changed.
        let mut large = Fields::default();
        large.append("x-a", &[b'x'; BYTES_MAX - 100], &held).expect("a line");
        let kept: Vec<Fields> = (0..10_000)
            .map_while(|_| {
                let mut copy = large.copied();
                copy.append("x-b", b"1", &held).ok().map(|()| copy)
            })
            .collect();
        assert!(kept.len() < 200, "{}", kept.len());
        assert_eq!(held.left() / BYTES_MAX, 0);
    }
}
