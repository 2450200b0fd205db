//! The arguments of a held call: each value exactly, by its JSON pointer, and below it where it came from. A pointer begins with a slash, so
//! no name of an argument passes for a line of ours.

use super::line::{Line, remark, seen, value};
use super::{LINE_LETTERS_MAX, origin};
use crate::cli::output::{Tone, one_line};
use serde_json::Value;

/// A value inside the arguments.
struct Leaf {
    path: String,
    text: String,
    /// Whether it came from anywhere: an empty list or object holds nothing.
    is_scalar: bool,
}

/// What would be used, one value after another; nothing is left out.
pub(super) fn lines(arguments: &Value, evidence: &Value) -> Vec<Line> {
    let mut leaves = Vec::new();
    collect(String::new(), arguments, &mut leaves);
    if leaves.iter().all(|leaf| leaf.path.is_empty() && !leaf.is_scalar) || arguments.is_null() {
        return vec![Line::of("no arguments", "")];
    }
    let origins = origin::of(evidence);
    let mut lines = Vec::new();
    if leaves.iter().any(|leaf| hides(&leaf.path) || hides(&leaf.text)) {
        let words = remark('!', "it has characters that nobody sees; each is shown as \u{fffd}");
        lines.extend(words.into_iter().map(|line| line.toned(Tone::Bad)));
    }
    for leaf in leaves {
        lines.extend(value(&one_line(&seen(&leaf.path), LINE_LETTERS_MAX), &leaf.text));
        if leaf.is_scalar {
            lines.extend(origin::lines(origins.get(&leaf.path)));
        }
    }
    lines
}

/// Whether a text has what is marked where it is shown.
fn hides(text: &str) -> bool {
    seen(text) != text.replace("\r\n", "\n")
}

fn collect(path: String, value: &Value, leaves: &mut Vec<Leaf>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, inner) in fields {
                collect(format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), inner, leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, inner) in items.iter().enumerate() {
                collect(format!("{path}/{at}"), inner, leaves);
            }
        }
        Value::Object(_) | Value::Array(_) => leaves.push(Leaf { path, text: value.to_string(), is_scalar: false }),
        Value::String(text) => leaves.push(Leaf { path, text: text.clone(), is_scalar: true }),
        Value::Null | Value::Bool(_) | Value::Number(_) => leaves.push(Leaf { path, text: value.to_string(), is_scalar: true }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::texts;
    use super::*;
    use serde_json::json;

    fn leaf(path: &str, role: Option<&str>, integrity: &str, source: Value) -> Value {
        json!({ "path": path, "role": role, "label": { "integrity": integrity, "readers": "public", "sources": [source] } })
    }

    #[test]
    fn arguments_are_shown_whole_and_cannot_fake_lines() {
        let arguments = json!({
            "approve": "steward approvals approve hold_1",
            "body": "Hello\n└─\n          · your words\nneeds       nobody",
            "n": 3,
            "name": "Lena ",
            "none": [],
            "to": "a\u{202e}b@example.org",
        });
        assert_eq!(
            texts(&lines(&arguments, &json!([]))),
            [
                "          ! it has characters that nobody sees; each is shown as \u{fffd}",
                "/approve    steward approvals approve hold_1",
                "          ? where it came from is not on record",
                "/body       Hello",
                "            └─",
                "                      · your words",
                "            needs       nobody",
                "          ? where it came from is not on record",
                "/n          3",
                "          ? where it came from is not on record",
                "/name       Lena\u{fffd}",
                "          ? where it came from is not on record",
                "/none       []",
                "/to         a\u{fffd}b@example.org",
                "          ? where it came from is not on record",
            ]
        );
        let told = |text: &str| texts(&lines(&json!({ "a": text }), &json!([]))).len();
        assert_eq!([told("x"), told("x "), told("x\n"), told("\tx\r\ny")], [2, 3, 3, 3], "blanks that nobody sees are told before everything else");
        for nothing in [json!({}), json!(null), json!([])] {
            assert_eq!(texts(&lines(&nothing, &json!([]))), ["no arguments"]);
        }
    }

    #[test]
    fn each_value_says_where_it_came_from_and_what_is_from_outside_is_marked() {
        let found = |tool: &str, path: &str| json!({ "from": "result", "call": "c1", "tool": tool, "path": path });
        let arguments = json!({
            "attendees": [{ "email": "max@partner.example" }],
            "subject": "Hall 4",
            "text": "See you there.\nMax",
            "to": ["mallory@engines.example", "lena@example.org"],
        });
        let evidence = json!({ "leaves": [
            leaf("/to/0", Some("recipient"), "outside", found("mail.read", "/text")),
            leaf("/to/1", Some("recipient"), "directory", found("crm.find_contacts", "/contacts/0/emails/0")),
            leaf("/subject", Some("content"), "owner", json!({ "from": "message", "start": 5, "end": 11 })),
            leaf("/text", Some("content"), "outside", json!({ "from": "model" })),
            leaf("/attendees/0/email", Some("member"), "fact", found("calendar.get", "/attendees/2/email")),
        ] });
        assert_eq!(
            texts(&lines(&arguments, &evidence)),
            [
                "/attendees/0/email",
                "            max@partner.example",
                "          · Is let in: field of a record, found by calendar.get",
                "          … (/attendees/2/email)",
                "/subject    Hall 4",
                "          · your words",
                "/text       See you there.",
                "            Max",
                "          ! the model's own, counts as from outside",
                "/to/0       mallory@engines.example",
                "          ! Receiver: from outside, found by mail.read (/text)",
                "/to/1       lena@example.org",
                "          · Receiver: our records, found by crm.find_contacts",
                "          … (/contacts/0/emails/0)",
            ]
        );
    }
}
