//! Where a value of a held call came from, in words: those that the web has for it, and beside them where it was found.

use super::line::{Line, remark};
use crate::cli::output::{Tone, one_line};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use steward_core::{ArgumentRole, Integrity, Label, Readers, Source};

/// Letters of a tool's name, a place in its result or a record's name.
const PLACE_LETTERS: usize = 80;
/// Letters of all who may read a value.
const READERS_LETTERS: usize = 200;

/// Everybody of the organisation, among readers.
const ORGANISATION: &str = "the organisation";

/// Beside what is somebody's text from outside.
const OUTSIDE: char = '!';
/// Beside everything else that is known.
const KNOWN: char = '·';
/// Beside a value of which the record says nothing.
const UNKNOWN: char = '?';

/// What the sealed proposal says of one value.
#[derive(Debug, Deserialize)]
pub(super) struct Origin {
    path: String,
    role: Option<ArgumentRole>,
    label: Label,
}

/// The origins by JSON pointer. What cannot be read is not on record.
pub(super) fn of(evidence: &Value) -> BTreeMap<String, Origin> {
    let leaves = evidence.get("leaves").unwrap_or(evidence).as_array();
    let read = leaves.into_iter().flatten().filter_map(|leaf| Origin::deserialize(leaf).ok());
    read.map(|origin| (origin.path.clone(), origin)).collect()
}

/// What is said below a value.
pub(super) fn lines(origin: Option<&Origin>) -> Vec<Line> {
    let (mark, tone, words) = match origin {
        Some(origin) if origin.label.integrity == Integrity::Outside => (OUTSIDE, Tone::Warning, origin.in_words()),
        Some(origin) => (KNOWN, Tone::Quiet, origin.in_words()),
        None => (UNKNOWN, Tone::Warning, "where it came from is not on record".to_owned()),
    };
    remark(mark, &words).into_iter().map(|line| line.toned(tone)).collect()
}

impl Origin {
    fn in_words(&self) -> String {
        let label = &self.label;
        let worth = worth(label.integrity);
        let editor = label.sources.iter().find_map(|source| if let Source::Editor { person } = source { Some(person) } else { None });
        // Nobody's word raises a label: what counts is said, too.
        let head = match editor {
            Some(person) => format!("written by {person} in an edit, counts as {worth}"),
            None if label.sources.contains(&Source::Model) => format!("the model's own, counts as {worth}"),
            None => worth.to_owned(),
        };
        let parts: Vec<String> = std::iter::once(head).chain(found_by(label)).chain(others(label)).chain(readers(&label.readers)).collect();
        let words = parts.join(", ");
        match self.role.as_ref().and_then(purpose) {
            Some(purpose) => format!("{purpose}: {words}"),
            None => words,
        }
    }
}

/// How far a value can be trusted.
const fn worth(integrity: Integrity) -> &'static str {
    match integrity {
        Integrity::Owner => "your words",
        Integrity::Directory => "our records",
        Integrity::Anchored => "record you named",
        Integrity::Fact => "field of a record",
        Integrity::Outside => "from outside",
    }
}

/// What is looked at first: whom an action reaches, pays or lets in, how much, and where it looks.
const fn purpose(role: &ArgumentRole) -> Option<&'static str> {
    match role {
        ArgumentRole::Recipient => Some("Receiver"),
        ArgumentRole::Payee => Some("Payee"),
        ArgumentRole::Member => Some("Is let in"),
        ArgumentRole::Amount => Some("Amount"),
        ArgumentRole::Url => Some("Address reached"),
        ArgumentRole::Id(_) | ArgumentRole::Path | ArgumentRole::Value | ArgumentRole::Content | ArgumentRole::Query | ArgumentRole::Mode => None,
    }
}

/// The tools in whose results it was found, with the place where it is one.
fn found_by(label: &Label) -> Option<String> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in &label.sources {
        if let Source::Result { tool, path, .. } = source {
            found.entry(tool.as_str()).or_default().push(path.as_str());
        }
    }
    let one = |(tool, paths): (&&str, &Vec<&str>)| match paths.as_slice() {
        [path] if !path.is_empty() => format!("{} ({})", one_line(tool, PLACE_LETTERS), one_line(path, PLACE_LETTERS)),
        _ => one_line(tool, PLACE_LETTERS),
    };
    (!found.is_empty()).then(|| format!("found by {}", found.iter().map(one).collect::<Vec<_>>().join(", ")))
}

/// Everything else that went into it and that its worth does not say.
fn others(label: &Label) -> Vec<String> {
    let one = |source: &Source| match source {
        Source::Message { .. } if label.integrity != Integrity::Owner => Some("your message".to_owned()),
        Source::Directory { record } => Some(format!("record {}", one_line(record, PLACE_LETTERS))),
        Source::Runtime => Some("made by Steward".to_owned()),
        Source::Endorsed { .. } => Some("as you said to go by it".to_owned()),
        Source::Message { .. } | Source::Result { .. } | Source::Model | Source::Editor { .. } => None,
    };
    let mut said: Vec<String> = label.sources.iter().filter_map(one).collect();
    said.dedup();
    said
}

fn readers(readers: &Readers) -> Option<String> {
    match readers {
        Readers::Public => None,
        Readers::Only(only) if only.is_empty() => Some("only for whose it is".to_owned()),
        Readers::Only(only) => {
            let names = only.iter().map(|name| if name == Readers::HOUSE { ORGANISATION } else { name.as_str() }).collect::<Vec<_>>().join(", ");
            Some(format!("only for {}", one_line(&names, READERS_LETTERS)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::texts;
    use super::*;
    use serde_json::json;

    fn check(leaf: Value, expect: &[&str]) {
        let origins = of(&json!({ "leaves": [leaf] }));
        assert_eq!(texts(&lines(origins.get("/a"))), expect, "{leaf}");
    }

    fn labelled(integrity: &str, sources: Value) -> Value {
        json!({ "path": "/a", "role": null, "label": { "integrity": integrity, "readers": "public", "sources": sources } })
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be_unknown_and_never_to_be_anybodys() {
        let unknown = &["          ? where it came from is not on record"];
        for leaf in [
            json!({}),
            json!(7),
            json!({ "path": "/b", "role": null, "label": labelled("owner", json!([]))["label"] }),
            json!({ "path": "/a", "role": null }),
            labelled("trusted", json!([])),
            labelled("owner", json!([{ "from": "nowhere" }])),
            json!({ "path": "/a", "role": "king", "label": labelled("owner", json!([]))["label"] }),
        ] {
            check(leaf, unknown);
        }
        for evidence in [json!(null), json!([]), json!({}), json!({ "leaves": 7 })] {
            assert!(of(&evidence).is_empty(), "{evidence}");
        }
    }

    #[test]
    fn every_source_has_its_words() {
        let result = |tool: &str, call: &str, path: &str| json!({ "from": "result", "call": call, "tool": tool, "path": path });
        let message = json!({ "from": "message", "start": 0, "end": 4 });
        let person = steward_core::PersonId::from_uuid(uuid::Uuid::from_u128(7));
        check(labelled("owner", json!([message])), &["          · your words"]);
        check(labelled("directory", json!([result("crm.find", "1", "/0/name")])), &["          · our records, found by crm.find (/0/name)"]);
        check(labelled("directory", json!([{ "from": "directory", "record": "contact_1" }])), &["          · our records, record contact_1"]);
        check(labelled("fact", json!([message])), &["          · field of a record, your message"]);
        check(labelled("outside", json!([{ "from": "model" }])), &["          ! the model's own, counts as from outside"]);
        check(labelled("owner", json!([{ "from": "model" }])), &["          · the model's own, counts as your words"]);
        check(labelled("anchored", json!([{ "from": "runtime" }])), &["          · record you named, made by Steward"]);
        check(labelled("outside", json!([result("mail.read", "1", "")])), &["          ! from outside, found by mail.read"]);
        let places = json!([result("mail.read", "1", "/a"), result("mail.read", "2", "/b"), result("web.get", "3", "/c")]);
        check(labelled("outside", places), &["          ! from outside, found by mail.read, web.get (/c)"]);
        let endorsed = json!({ "from": "endorsed", "by": "named_source", "start": 0, "end": 9 });
        check(
            labelled("anchored", json!([result("mail.read", "1", "/iban"), endorsed])),
            &["          · record you named, found by mail.read (/iban), as you said to go by", "          … it"],
        );
        let edited = of(&json!([labelled("outside", json!([{ "from": "model" }, { "from": "editor", "person": person }]))]));
        assert!(edited.get("/a").expect("an origin").in_words().starts_with(&format!("written by {person} in an edit, counts as from outside")), "{edited:?}");
    }

    #[test]
    fn what_a_value_is_for_and_who_may_read_it_are_said_too() {
        let of = |role: &str, readers: Value| json!({ "path": "/a", "role": role, "label": { "integrity": "outside", "readers": readers, "sources": [] } });
        check(of("recipient", json!("public")), &["          ! Receiver: from outside"]);
        check(of("id:contact", json!({ "only": [] })), &["          ! from outside, only for whose it is"]);
        check(of("value", json!({ "only": ["house"] })), &["          ! from outside, only for the organisation"]);
        check(of("value", json!({ "only": ["house", "lena@example.org"] })), &["          ! from outside, only for the organisation, lena@example.org"]);
        check(
            of("amount", json!({ "only": ["ada@example.org", "lena@example.org"] })),
            &["          ! Amount: from outside, only for ada@example.org, lena@example.org"],
        );
    }

    #[test]
    fn names_that_others_chose_steer_no_terminal() {
        let source = json!({ "from": "result", "call": "1", "tool": "mail\n· your words", "path": "/\u{202e}a\u{1b}[2J" });
        check(labelled("outside", json!([source])), &["          ! from outside, found by mail · your words (/\u{fffd}a\u{fffd}[2J)"]);
    }

    #[test]
    fn the_words_are_those_of_the_web() {
        let messages: Value = serde_json::from_str(include_str!("../../../../../admin/messages/en.json")).expect("messages");
        let said = |name: String| messages.pointer(&format!("/origin/{name}")).and_then(Value::as_str).unwrap_or_else(|| panic!("no `{name}`")).to_owned();
        for integrity in Integrity::ALL {
            let name = serde_json::to_value(integrity).expect("a name");
            assert_eq!(worth(integrity), said(format!("integrity/{}", name.as_str().expect("a word"))));
        }
        for role in [ArgumentRole::Recipient, ArgumentRole::Payee, ArgumentRole::Member, ArgumentRole::Amount, ArgumentRole::Url] {
            assert_eq!(purpose(&role).map(str::to_owned), Some(said(format!("role/{role}"))));
        }
        assert_eq!(ORGANISATION, said("house".to_owned()));
        assert_eq!(readers(&Readers::nobody()), Some(said("readersFew".to_owned())));
        let endorsed: Source = serde_json::from_value(json!({ "from": "endorsed", "by": "named_source", "start": 0, "end": 9 })).expect("a source");
        assert_eq!(others(&Label::from_source(Integrity::Anchored, endorsed)), [said("endorsed".to_owned())]);
    }
}
