//! What a server says of one of its tools, its digest, and what becomes of it under the configuration.

use super::error::McpError;
use super::{McpServer, McpToolRules, schema};
use crate::error::tidy;
use crate::manifest::{SchemaSource, ToolEntry, is_name};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use steward_core::{ArgumentRole, Digest, Effect};

const NAME_MAX: usize = 64;
const DESCRIPTION_MAX: usize = 1024;
/// Everything one definition holds, in bytes of JSON.
const DEFINITION_BYTES_MAX: usize = 128 << 10;

/// One tool, in the server's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The server's name for it.
    pub name: String,
    /// For the model.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input: Value,
    /// JSON Schema of the structured result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Hints, shown to people; they decide nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Value>,
}

impl Definition {
    /// Takes a tool as it was listed; one that is too large to be looked at is refused.
    pub(crate) fn of(server: &str, tool: rmcp::model::Tool) -> Result<Self, McpError> {
        let definition = Self {
            name: tool.name.into_owned(),
            description: tool.description.unwrap_or_default().into_owned(),
            input: Value::Object((*tool.input_schema).clone()),
            output: tool.output_schema.map(|schema| Value::Object((*schema).clone())),
            annotations: tool.annotations.and_then(|hints| serde_json::to_value(hints).ok()),
        };
        let bytes = serde_json::to_vec(&definition).map_or(usize::MAX, |text| text.len());
        if bytes > DEFINITION_BYTES_MAX {
            let reason = format!("tool `{}` has a definition of {bytes} bytes, at most {DEFINITION_BYTES_MAX} are taken", tidy(&definition.name, NAME_MAX));
            return Err(McpError::TooMuch { server: server.to_owned(), reason });
        }
        Ok(definition)
    }

    /// SHA-256 over all of it, each part framed.
    pub fn digest(&self) -> Digest {
        // Canonical where it can be; a number that has no canonical form still has one text.
        let text = |value: &Value| steward_core::canonical_json(value).unwrap_or_else(|_| value.to_string().into_bytes());
        let none = Value::Null;
        let (input, output, hints) = (text(&self.input), text(self.output.as_ref().unwrap_or(&none)), text(self.annotations.as_ref().unwrap_or(&none)));
        Digest::of_parts([self.name.as_bytes(), self.description.as_bytes(), &input, &output, &hints])
    }

    /// Which parts of a later definition are not the same.
    pub(crate) fn changed_parts(&self, later: &Self) -> Vec<&'static str> {
        let parts = [
            ("description", self.description != later.description),
            ("arguments", self.input != later.input),
            ("result", self.output != later.output),
            ("hints", self.annotations != later.annotations),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// The schema its results are checked against: its own, or that of plain text.
    pub(crate) fn result(&self) -> Result<Value, String> {
        self.output.as_ref().map_or_else(|| Ok(plain()), schema::flat)
    }

    /// Whether a result's schema is the server's own.
    pub(crate) fn is_structured(result: &Value) -> bool {
        *result != plain()
    }

    /// What a plugin's manifest would say of it. Without a configured effect it is `admin`, and all its arguments steer it.
    pub(crate) fn entry(&self, server: &McpServer, name: &str, rules: McpToolRules) -> Result<ToolEntry, String> {
        let full = format!("{}.{name}", server.name);
        if full.len() > NAME_MAX {
            return Err(format!("its name here, `{full}`, is longer than {NAME_MAX} letters"));
        }
        let mut roles = rules.roles;
        if rules.effect.is_none() {
            // Also where some places of it have one: theirs comes first, and this is for all the others.
            for argument in self.input.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys()) {
                roles.entry(argument.clone()).or_insert(ArgumentRole::Value);
            }
        }
        Ok(ToolEntry {
            name: full,
            effect: rules.effect.unwrap_or(Effect::Admin),
            reversible: rules.reversible,
            idempotent: rules.idempotent,
            timeout_ms: Some(rules.timeout_ms.unwrap_or(server.timeout_ms)),
            description: clean(&self.description, name),
            arguments: SchemaSource::Inline(serde_json::Map::new()),
            result: SchemaSource::Inline(serde_json::Map::new()),
            roles,
            result_labels: rules.result_labels,
            anchors: rules.anchors,
            records: rules.records,
            private: rules.private,
            readers: None,
            facts: Vec::new(),
            preview: false,
        })
    }
}

/// The schema of a result that is only text.
fn plain() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["text"],
        "properties": { "text": { "type": "string" }, "notes": { "type": "array", "items": { "type": "string" } } },
    })
}

/// A description as a model may see it: bounded, one line, without letters that nobody sees.
fn clean(description: &str, name: &str) -> String {
    let seen: String = description.chars().filter(|letter| !is_hidden(*letter)).collect();
    let tidied = tidy(&seen, DESCRIPTION_MAX - 1);
    let words: Vec<&str> = tidied.split_whitespace().collect();
    if words.is_empty() { format!("The tool `{name}`; its server does not describe it.") } else { words.join(" ") }
}

/// Letters that change how others are read, or that carry text nobody sees.
const fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// A tool's name made one of ours: `readFile` and `read-file` are both `read_file`.
pub fn safe_name(name: &str) -> Option<String> {
    let mut safe = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            safe.push('_');
        }
        safe.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' });
        before = letter;
    }
    let safe = safe.trim_start_matches(|letter: char| !letter.is_ascii_lowercase());
    (is_name(safe)).then(|| safe.to_owned())
}

/// Names here that more than one tool would have.
pub(crate) fn collisions(definitions: &[Definition]) -> BTreeSet<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    for name in definitions.iter().filter_map(|definition| safe_name(&definition.name)) {
        *seen.entry(name).or_default() += 1;
    }
    seen.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ours_or_nothing() {
        for (given, expect) in [
            ("", None),
            ("123", None),
            ("почта", None),
            ("readFile", Some("read_file")),
            ("read-file", Some("read_file")),
            ("HTTPGet", Some("httpget")),
            ("a.b/c", Some("a_b_c")),
            ("2fa_reset", Some("fa_reset")),
            ("get_sum", Some("get_sum")),
        ] {
            assert_eq!(safe_name(given).as_deref(), expect, "{given}");
        }
        assert_eq!(safe_name(&"a".repeat(65)), None);
    }

    #[test]
    fn descriptions_lose_what_nobody_sees() {
        assert_eq!(clean("Adds\u{200b} two\n\n\u{e0041}numbers\u{1b}[2J", "add"), "Adds two numbers [2J");
        assert_eq!(clean(" \u{200b}\n", "add"), "The tool `add`; its server does not describe it.");
        assert!(clean(&"x".repeat(5000), "add").chars().count() <= DESCRIPTION_MAX);
    }

    #[test]
    fn every_part_is_in_the_digest() {
        let base = Definition { name: "a".to_owned(), description: "b".to_owned(), input: json!({"type": "object"}), output: None, annotations: None };
        let mut digests = BTreeSet::from([base.digest()]);
        for other in [
            Definition { name: "ab".to_owned(), description: String::new(), ..base.clone() },
            Definition { description: "b ".to_owned(), ..base.clone() },
            Definition { input: json!({"type": "object", "x": 1}), ..base.clone() },
            Definition { output: Some(json!({})), ..base.clone() },
            Definition { annotations: Some(json!({"readOnlyHint": true})), ..base.clone() },
        ] {
            assert!(digests.insert(other.digest()), "{other:?}");
        }
    }
}
