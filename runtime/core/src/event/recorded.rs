//! An event with its place in the run, and its text.

use super::Event;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// An event with its place in the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// From 1, without gaps.
    pub seq: u32,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// What. It is not changed once its text was asked for.
    #[serde(flatten)]
    pub event: Event,
    #[serde(skip)]
    text: Text,
}

impl Recorded {
    /// An event at its place.
    pub fn new(seq: u32, at_ms: i64, event: Event) -> Self {
        Self { seq, at_ms, event, text: Text::default() }
    }

    /// The event's JSON text, as the journal keeps it. It is written once: the run's digest, the journal and the audit log all go over it.
    /// Empty for an event that has none, which no event of ours is.
    pub fn text(&self) -> &str {
        self.text.0.get_or_init(|| serde_json::to_string(&self.event).unwrap_or_default())
    }
}

/// A text that follows from what stands beside it: it makes no difference, and a copy writes its own.
#[derive(Debug, Default)]
struct Text(OnceLock<String>);

impl Clone for Text {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Text {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_event_alone_and_tells_no_two_apart() {
        let cancelled = Recorded::new(7, 1_000, Event::CancelAsked { by: None });
        let read = Recorded::new(7, 1_000, Event::CancelAsked { by: None });
        assert_eq!(read.text(), r#"{"kind":"cancel_asked","by":null}"#);
        assert_eq!(cancelled, read, "whose text was asked for is the same event");
        assert_eq!(serde_json::to_value(&read).expect("json"), serde_json::to_value(&cancelled).expect("json"));
        let later = Recorded { event: Event::CancelAsked { by: Some(crate::Ids::counter().make()) }, ..read.clone() };
        assert!(later.text().contains("00000000"), "a copy that is changed has a text of its own: {}", later.text());
    }
}
