//! What a held action is about, in one line, so that rows of a list are told apart. It is a help for the eye and never what is approved.

use serde_json::Value;
use steward_store::hold::HoldRow;

/// Characters of the line; what is longer is cut.
const LETTERS_MAX: usize = 200;
/// What is looked at first: whom an action reaches, pays or lets in, how much, and where it looks.
const MARKED: [&str; 5] = ["recipient", "payee", "member", "amount", "url"];

/// What the tool says that the call would do; else the first argument that is marked on the card, else the first text, and an id only where there is
/// nothing else. None for a call without arguments and for a row that cannot be read: a list goes on without it, and its card says why.
pub fn about(row: &HoldRow) -> Option<String> {
    of(row.preview.as_deref(), &row.envelope)
}

fn of(preview: Option<&str>, envelope: &str) -> Option<String> {
    let preview: Option<Value> = preview.and_then(|text| serde_json::from_str(text).ok());
    if let Some(title) = preview.as_ref().and_then(|said| said.get("title")).and_then(in_one_line) {
        return Some(title);
    }
    let envelope: Value = serde_json::from_str(envelope).ok()?;
    let arguments = envelope.get("arguments")?;
    let evidence = envelope.get("evidence")?;
    let leaves = evidence.get("leaves").unwrap_or(evidence).as_array()?;
    let parts: Vec<(&str, &Value)> = leaves
        .iter()
        .filter_map(|leaf| Some((leaf.get("role").and_then(Value::as_str).unwrap_or_default(), arguments.pointer(leaf.get("path")?.as_str()?)?)))
        .collect();
    let first = |fits: fn(&str, &Value) -> bool| parts.iter().filter(|(role, value)| fits(role, value)).find_map(|(_, value)| in_one_line(value));
    first(|role, _| MARKED.contains(&role))
        .or_else(|| first(|role, value| value.is_string() && !role.starts_with("id:")))
        .or_else(|| first(|_, value| value.is_string()))
}

/// A text or a number in one line; none for what is neither and for what is empty.
fn in_one_line(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    match text.char_indices().nth(LETTERS_MAX) {
        _ if text.is_empty() => None,
        None => Some(text),
        Some((end, _)) => Some(format!("{}…", text.get(..end).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(preview: Option<Value>, arguments: Value, roles: &[(&str, Option<&str>)], expect: Option<&str>) {
        let leaves: Vec<Value> = roles.iter().map(|(path, role)| json!({ "path": path, "role": role, "label": {} })).collect();
        let envelope = json!({ "arguments": arguments, "evidence": { "leaves": leaves } }).to_string();
        assert_eq!(of(preview.map(|said| said.to_string()).as_deref(), &envelope).as_deref(), expect, "{envelope}");
    }

    #[test]
    fn what_cannot_be_read_is_about_nothing() {
        for envelope in
            ["", "{", "null", "[]", "{}", r#"{"arguments":{}}"#, r#"{"arguments":{},"evidence":7}"#, r#"{"arguments":{},"evidence":[{}, 1, {"path":2}]}"#]
        {
            assert_eq!(of(None, envelope), None, "{envelope}");
            assert_eq!(of(Some("{"), envelope), None, "{envelope}");
        }
    }

    #[test]
    fn the_tools_own_words_come_first_then_what_is_marked_then_any_text() {
        let roles = [("/contact_id", Some("id:contact")), ("/note", None), ("/sum", Some("amount")), ("/to/0", Some("recipient"))];
        let arguments = json!({ "contact_id": "contact_1", "note": "Thanks", "sum": 12, "to": ["ada@example.org"] });
        check(Some(json!({ "title": "Adds\nAda", "lines": [] })), arguments.clone(), &roles, Some("Adds Ada"));
        // A tool that could not say has no title.
        check(Some(json!({ "title": "", "failed": "too slow" })), arguments.clone(), &roles, Some("12"));
        check(None, arguments.clone(), &roles, Some("12"));
        check(None, arguments.clone(), &roles[3..], Some("ada@example.org"));
        check(None, arguments.clone(), &roles[..2], Some("Thanks"));
        check(None, arguments, &roles[..1], Some("contact_1"));
        check(None, json!({ "on": true, "text": " " }), &[("/on", None), ("/text", None), ("/gone", Some("url"))], None);
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let long = "é".repeat(LETTERS_MAX + 1);
        let cut = format!("{}…", "é".repeat(LETTERS_MAX));
        check(None, json!({ "text": long }), &[("/text", Some("content"))], Some(&cut));
        check(None, json!({ "text": "é".repeat(LETTERS_MAX) }), &[("/text", Some("content"))], Some(&"é".repeat(LETTERS_MAX)));
    }
}
