//! The tool that is no plugin's: reading a value out of a text that the agent's model is not shown. The loop carries it out itself.
//!
//! It is here so that it has a specification, schemas and a digest like any other, and goes through the same gate.

use crate::engine::Host;
use crate::error::PluginError;
use crate::manifest::{SchemaSource, ToolEntry};
use crate::tool::{Body, Tool};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use steward_core::{ArgumentRole, Effect};

/// The name of the tool that takes a value out of a text.
pub const EXTRACT: &str = "steward.extract";
/// The time of one reading, in milliseconds.
const TIMEOUT_MS: u64 = 60_000;
/// The longest question, in characters.
const QUESTION_MAX: u32 = 300;
/// The most choices, so that an answer carries little.
const CHOICES_MAX: u32 = 8;

impl Host {
    /// Offers reading behind handles, for agents in mode `sealed`.
    pub fn offer_extract(&self) -> Result<(), PluginError> {
        let entry = ToolEntry {
            name: EXTRACT.to_owned(),
            effect: Effect::Read,
            reversible: true,
            idempotent: true,
            timeout_ms: Some(TIMEOUT_MS),
            description: "Takes one value out of a text that you only have a handle of. `from` is the handle. `as` says what to look for: text (at most 200 \
                          characters), number, date, email, choice (one of `choices`) or yes_no. `question` says which. The answer is again a handle, but \
                          for choice and yes_no, which you are shown."
                .to_owned(),
            arguments: SchemaSource::Inline(serde_json::Map::new()),
            result: SchemaSource::Inline(serde_json::Map::new()),
            roles: [("from", ArgumentRole::Content), ("as", ArgumentRole::Mode), ("question", ArgumentRole::Query), ("choices", ArgumentRole::Query)]
                .map(|(name, role)| (name.to_owned(), role))
                .into(),
            result_labels: BTreeMap::new(),
            anchors: Vec::new(),
            records: Vec::new(),
            private: true,
            readers: None,
            facts: Vec::new(),
            preview: false,
        };
        self.insert(Tool::new(Body::Own, entry, TIMEOUT_MS, arguments(), result())?);
        Ok(())
    }
}

fn arguments() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["from", "as", "question"],
        "properties": {
            "from": { "type": ["string", "number"], "description": "The handle of the text to read." },
            "as": { "type": "string", "enum": ["text", "number", "date", "email", "choice", "yes_no"] },
            "question": { "type": "string", "minLength": 1, "maxLength": QUESTION_MAX, "description": "What to look for, in a few words." },
            "choices": { "type": "array", "minItems": 2, "maxItems": CHOICES_MAX, "items": { "type": "string", "minLength": 1, "maxLength": 64 } },
        },
    })
}

fn result() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["value"],
        "properties": { "value": { "type": ["string", "number", "boolean", "null"] } },
    })
}
