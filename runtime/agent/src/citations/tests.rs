//! Which marks of an answer stand: those of pieces that were handed over and shown, and no others.

use super::*;
use crate::run::Step;
use serde_json::json;
use steward_core::event::Handed;
use steward_core::{DocumentId, Failure, FailureClass, Ids, ToolCall};

fn chunk(document_id: DocumentId, number: u32) -> ChunkRef {
    ChunkRef { document_id, number, name: "terms.md".to_owned(), start: 0, end: 9 }
}

/// A run that was handed pieces 1 and 2 of a document in a call that brought piece 1 to the model, and piece 3 in one that failed.
fn run(document: DocumentId) -> Run {
    let call = |index, result, chunks| {
        let call_id = CallId { step: 1, index };
        let call =
            ToolCall { call_id, provider_id: String::new(), tool: "documents.read".to_owned(), arguments: json!({}), broken: None, provenance: Value::Null };
        let handed = Handed { chunks, ..Handed::default() };
        let outcome = match result {
            Some(result) => Outcome::Ok { result, summary: None },
            None => Outcome::Failed { failure: Failure { class: FailureClass::Failed, message: String::new(), retryable: false } },
        };
        Call { outcome: Some(outcome), handed, ..Call::of(call) }
    };
    let result = json!({ "chunks": [{ "cite": format!("{document}#1"), "text": "Thirty days." }], "note": format!("see {document}#2") });
    let calls = vec![call(0, Some(result), vec![chunk(document, 1), chunk(document, 2)]), call(1, None, vec![chunk(document, 3)])];
    Run { steps: vec![Step { number: 1, calls, ..Step::default() }], ..Run::default() }
}

#[test]
fn marks_of_what_was_not_shown_are_taken_out_of_the_text() {
    let ids = Ids::counter();
    let (document, other): (DocumentId, DocumentId) = (ids.make(), ids.make());
    let run = run(document);
    for (text, expect, count) in [
        (format!("It is so [[{other}#1]]."), "It is so.".to_owned(), 0),
        (format!("It is so [[{document}#2]]."), "It is so.".to_owned(), 0),
        (format!("It is so [[{document}#3]]."), "It is so.".to_owned(), 0),
        (format!("It is so [[{document}#01]]."), "It is so.".to_owned(), 0),
        (format!("It is so [[{document}]]."), "It is so.".to_owned(), 0),
        ("[[doc_]] [[doc_x#1]] [[wiki]]".to_owned(), " [[wiki]]".to_owned(), 0),
        (format!("[[{document}#1 and no end"), format!("{document}#1 and no end"), 0),
        (format!("[[{document}#1{}]]", " x".repeat(300)), format!("{document}#1{}]]", " x".repeat(300)), 0),
        // What is left on both sides of a mark that was taken out is no mark.
        (format!("[[[doc_x]][{document}#2]]"), format!("[ [{document}#2]]"), 0),
        (format!("[ [[doc_x]][{document}#2]]"), format!("[ [{document}#2]]"), 0),
        (
            format!("[[do[[doc_x]]{}#2]]", document.to_string().trim_start_matches("do")),
            format!("[[do {}#2]]", document.to_string().trim_start_matches("do")),
            0,
        ),
        (format!("[[[[{document}#2{}]]", " x".repeat(300)), format!("[[ {document}#2{}]]", " x".repeat(300)), 0),
        (format!("Thirty days [[{document}#1]], said twice [[{document}#1]]."), format!("Thirty days [[{document}#1]], said twice [[{document}#1]]."), 1),
        (format!("Both [[{document}#1, {other}#1]]."), format!("Both [[{document}#1]]."), 1),
    ] {
        let (settled, citations) = settle(&run, &text);
        assert_eq!((settled.as_str(), citations.len()), (expect.as_str(), count), "{text}");
        // Nothing is left to settle.
        assert_eq!(settle(&run, &settled), (settled, citations), "{text}");
    }
}

#[test]
fn what_is_settled_of_a_text_that_grows_stays_as_it_is() {
    let ids = Ids::counter();
    let (document, other): (DocumentId, DocumentId) = (ids.make(), ids.make());
    let run = run(document);
    for text in [
        "Nothing to see [here] or [[there]], é and all.".to_owned(),
        format!("Thirty days [[{document}#1]], never in cash [[{other}#1]], [[{document}#1, {other}#2]] so  [[{document}#2]]it[[{document}#9]]is [["),
        format!("[[[doc_x]][{document}#2]] and [[doc_"),
        format!("x[[doc_x]][[{document}#1]][[doc_y]]z[[{document}#1 {}", "é ".repeat(300)),
    ] {
        let mut before = String::new();
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let grown = &text[..end];
            let (settled, _) = settle(&run, &grown[..settled_bytes(grown)]);
            assert!(settled.starts_with(&before), "{grown}: {settled:?} after {before:?}");
            before = settled;
        }
        assert!(settle(&run, &text).0.starts_with(&before), "{text}");
        assert!(!before.contains(&other.to_string()), "{before}");
    }
}

#[test]
fn a_citation_says_which_call_brought_which_piece() {
    let document: DocumentId = Ids::counter().make();
    let (_, citations) = settle(&run(document), &format!("[[{document}#1]]"));
    let expect = Citation { call_id: CallId { step: 1, index: 0 }, title: "terms.md".to_owned(), chunk: Some(chunk(document, 1)) };
    assert_eq!(citations, [expect]);
    let call = CallId { step: 1, index: 0 };
    assert_eq!(beside(&run(document), call, "/chunks/0/text"), Some(format!("{document}#1")));
    for path in ["/note", "/chunks/0", "/chunks/7/text", ""] {
        assert_eq!(beside(&run(document), call, path), None, "{path}");
    }
}
