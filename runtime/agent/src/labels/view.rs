//! What a model in mode `sealed` is shown of a result: fields inline, text from outside as handles.

use super::sealed::{KEY, escaped, sorted};
use super::walk::{Found, push, walk};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use steward_core::{CallId, Floor, Integrity, Origin, ToolCall};
use steward_host::EXTRACT;

/// The longest text that is shown inline, in characters: a name or a subject, not a letter.
const INLINE_MAX: usize = 64;

/// Whether a leaf of this integrity is shown as it is. What others wrote is not, however short; what somebody chose is, if it is short.
pub(super) fn is_inline(leaf: &Value, integrity: Integrity) -> bool {
    match leaf {
        Value::Null | Value::Bool(_) => true,
        Value::Number(_) => integrity > Integrity::Outside,
        Value::String(text) => integrity > Integrity::Outside && text.chars().count() <= INLINE_MAX && !text.contains(['\n', '\r']),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Whether a model in mode `sealed` is shown what a document is called.
pub(crate) fn shows_name(name: &str, integrity: Integrity) -> bool {
    is_inline(&Value::String(name.to_owned()), integrity.min(Integrity::Fact))
}

/// Whether a reading behind a handle answered with one of a few choices, which the model is shown.
pub(crate) fn shows_choice(call: &ToolCall) -> bool {
    call.tool == EXTRACT && matches!(call.arguments.get("as").and_then(Value::as_str), Some("choice" | "yes_no"))
}

/// The integrity of a leaf as its manifest and the store say.
pub(super) fn integrity(found: &Found) -> Integrity {
    // What the runtime itself made, an id or a count, is nobody's text.
    let integrity = if found.origin == Origin::System { found.origin.integrity() } else { found.origin.integrity().min(found.cap) };
    let integrity = integrity.min(found.floor);
    // A switch or an absent value carries no text of anybody.
    if matches!(found.leaf, Value::Bool(_) | Value::Null) { integrity.max(Integrity::Fact) } else { integrity }
}

/// A result as a model in mode `sealed` is shown it: what it may see, and a handle with kind and length for everything else.
/// A key that the manifest does not name is somebody's text too: where it may not be seen, its place stands for it.
pub fn view(call: CallId, result: &Value, labels: &BTreeMap<String, Origin>, stored: &BTreeMap<String, Integrity>, kept: Option<Floor>) -> Value {
    let found = walk(result, labels, stored, kept);
    let hidden = found.iter().filter(|leaf| !is_inline(&leaf.leaf, integrity(leaf))).map(|leaf| ((leaf.path.as_str(), leaf.is_key), ())).collect();
    let handle = if call.index == 0 { format!("${}", call.step) } else { format!("${}-{}", call.step, call.index) };
    shown(&hidden, &mut String::new(), &handle, result)
}

fn shown(hidden: &HashMap<(&str, bool), ()>, path: &mut String, handle: &str, value: &Value) -> Value {
    let before = path.len();
    match value {
        Value::Object(map) => {
            let mut out = Map::new();
            for (place, key) in sorted(map).into_iter().enumerate() {
                let Some(inner) = map.get(key) else { continue };
                push(path, key);
                let name = if hidden.contains_key(&(path.as_str(), true)) { format!("#{place}") } else { key.clone() };
                let inner = shown(hidden, path, &format!("{handle}.{}", escaped(&name)), inner);
                out.insert(name, inner);
                path.truncate(before);
            }
            Value::Object(out)
        }
        Value::Array(list) => {
            let each = |(index, inner): (usize, &Value)| {
                push(path, &index.to_string());
                let inner = shown(hidden, path, &format!("{handle}.{index}"), inner);
                path.truncate(before);
                inner
            };
            Value::Array(list.iter().enumerate().map(each).collect())
        }
        Value::String(text) if hidden.contains_key(&(path.as_str(), false)) => json!({ KEY: handle, "is": "text", "characters": text.chars().count() }),
        Value::Number(_) if hidden.contains_key(&(path.as_str(), false)) => json!({ KEY: handle, "is": "number" }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
