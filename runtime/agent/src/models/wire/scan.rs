//! Looks at an event stream as it passes by: where each event ends, whether its data is JSON, and where `[DONE]` stands.
//!
//! It changes nothing. It only says up to where a frame may be handed on, so that nothing which is no JSON ever reaches the
//! client library, which would write it into the log.

use serde::de::IgnoredAny;

/// What a frame turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// All of it may be handed on.
    All,
    /// Up to here; `[DONE]` follows.
    DoneAfter(usize),
    /// Up to here; what follows is no JSON.
    BrokenAfter(usize),
}

/// The state between frames.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// The data of the event that is not complete yet.
    data: Vec<u8>,
    /// Whether the event has any data.
    has_data: bool,
    /// Whether the last byte was a carriage return: a line feed after it ends no second line.
    after_return: bool,
    /// Events with data so far.
    events: u64,
}

impl Scan {
    /// Whether there was any event at all.
    pub(super) const fn saw_events(&self) -> bool {
        self.events > 0
    }

    /// Looks at the next frame.
    pub(super) fn frame(&mut self, frame: &[u8]) -> Seen {
        let mut good = 0;
        let mut rest = frame;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (Some(head), Some(end), Some(tail)) = (rest.get(..at), rest.get(at), rest.get(at + 1..)) else { break };
            let second_half = *end == b'\n' && self.after_return && head.is_empty() && self.line.is_empty();
            self.after_return = *end == b'\r';
            self.line.extend_from_slice(head);
            rest = tail;
            if second_half {
                // The end of an event is only whole with it.
                if !self.has_data {
                    good = frame.len() - rest.len();
                }
                continue;
            }
            match self.line_end() {
                LineEnd::Inside => {}
                LineEnd::Event => good = frame.len() - rest.len(),
                LineEnd::Done => return Seen::DoneAfter(good),
                LineEnd::Broken => return Seen::BrokenAfter(good),
            }
        }
        if !rest.is_empty() {
            self.after_return = false;
        }
        self.line.extend_from_slice(rest);
        Seen::All
    }

    fn line_end(&mut self) -> LineEnd {
        if self.line.is_empty() {
            return self.event_end();
        }
        if let Some(data) = self.line.strip_prefix(b"data:") {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
            self.has_data = true;
        } else if self.line == b"data" {
            self.has_data = true;
        }
        self.line.clear();
        LineEnd::Inside
    }

    fn event_end(&mut self) -> LineEnd {
        if !std::mem::take(&mut self.has_data) {
            return LineEnd::Event;
        }
        self.events += 1;
        let end = match self.data.trim_ascii() {
            b"[DONE]" => LineEnd::Done,
            data if std::str::from_utf8(data).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok()) => LineEnd::Event,
            _ => LineEnd::Broken,
        };
        self.data.clear();
        end
    }
}

enum LineEnd {
    Inside,
    Event,
    Done,
    Broken,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Seen) {
        assert_eq!(Scan::default().frame(text.as_bytes()), expect, "{text:?} at once");
        // Cut anywhere, the same bytes may pass.
        for at in 1..text.len() {
            let mut scan = Scan::default();
            let (first, second) = text.as_bytes().split_at(at);
            let limit = match scan.frame(first) {
                Seen::All => match scan.frame(second) {
                    Seen::All => None,
                    Seen::DoneAfter(good) | Seen::BrokenAfter(good) => Some(at + good),
                },
                Seen::DoneAfter(good) | Seen::BrokenAfter(good) => Some(good),
            };
            match expect {
                Seen::All => assert_eq!(limit, None, "{text:?} cut at {at}"),
                // A cut inside the event itself lets its beginning pass, never its end.
                Seen::DoneAfter(good) | Seen::BrokenAfter(good) => {
                    let limit = limit.unwrap_or_else(|| panic!("{text:?} cut at {at} must stop"));
                    assert!(limit == good || limit == at, "{text:?} cut at {at}: {limit}");
                }
            }
        }
    }

    #[test]
    fn nothing_that_is_no_json_passes() {
        check("data: {\"a\":\n\n", Seen::BrokenAfter(0));
        check("data: {}\n\ndata: oops\n\n", Seen::BrokenAfter(10));
        check("data:{\"a\":1}\n\ndata\n\n", Seen::BrokenAfter(14));
        check("data: {}\r\n\r\ndata: <html>\r\n\r\n", Seen::BrokenAfter(12));
        assert_eq!(Scan::default().frame(b"data: {\"a\":\"\xe9\"}\n\n"), Seen::BrokenAfter(0), "no UTF-8 is no JSON");
    }

    #[test]
    fn whole_events_pass_and_done_stops() {
        check("data: {\"a\":1}\n\n", Seen::All);
        check(": comment\n\nevent: keepalive\n\nid: 4\nretry: 10\n\n", Seen::All);
        check("data: {\"a\":\ndata: 1}\n\n", Seen::All);
        check("data: {}\r\rdata: {}\r\r", Seen::All);
        check("data: {}\n\ndata: [DONE]\n\ndata: after\n\n", Seen::DoneAfter(10));
        check("data: {}\n\ndata: {\"half", Seen::All);
    }
}
