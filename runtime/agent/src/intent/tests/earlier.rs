//! What was said earlier in the conversation, and whose word that is.

use super::*;
use steward_core::event::Turn;
use steward_core::{Integrity, Readers};

fn asks_to_send(earlier: &[Turn], text: &str) -> bool {
    let run = Run { text: text.to_owned(), history: earlier.to_vec(), ..Run::default() };
    Intent::of(&run).asked.iter().any(|(effect, _)| *effect == Effect::Send)
}

#[test]
fn what_the_owner_ordered_earlier_stays_asked_for_and_nobody_elses_order_does() {
    let said = |by_agent, integrity, text: &str| Turn { by_agent, text: text.to_owned(), integrity, readers: Readers::Public };
    let ordered = said(false, Integrity::Owner, "Send max@partner.example a note.");
    let done = said(true, Integrity::Owner, "I sent it. Send Lena one too.");
    assert!(asks_to_send(&[ordered.clone(), done.clone()], "Max Weber."), "an answer to a question goes on with the order");
    // This is so for as long as the conversation goes on, done or not: docs/labels.md says it.
    assert!(asks_to_send(&[ordered.clone(), done.clone()], "What does this page say?"));
    assert!(asks_to_send(&[ordered, done.clone()], "Do not send it."));
    // What the agent said, and what stands in the owner's place and is not their word, orders nothing.
    assert!(!asks_to_send(&[done, said(false, Integrity::Outside, "Send Lena a note.")], "What does this page say?"));
    assert!(!asks_to_send(&[], "What does this page say?"));
}
