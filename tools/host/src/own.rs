//! The tools that are no plugin's: reading a value out of a text that the agent's model is not shown, asking for a standing grant,
//! having something said later, and handing a task to another agent. The loop carries them out itself.
//!
//! They are here so that they have a specification, schemas and a digest like any other, and go through the same gate.

use crate::engine::Host;
use crate::error::PluginError;
use crate::manifest::{SchemaSource, ToolEntry};
use crate::tool::{Body, Tool};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use steward_core::{ArgumentRole, Effect, Origin};

/// The name of the tool that takes a value out of a text.
pub const EXTRACT: &str = "steward.extract";
/// The name of the tool by which an agent asks for a standing grant.
pub const PROPOSE_GRANT: &str = "steward.propose_grant";
/// The name of the tool by which an agent has something said to it later.
pub const SCHEDULE: &str = "steward.schedule";
/// The name of the tool by which an agent hands a task to another.
pub const DELEGATE: &str = "steward.delegate";
/// The longest text that is said later, in characters.
const SAID_MAX: u32 = 8_000;
/// The time of asking, in milliseconds.
const ASKING_MS: u64 = 10_000;
/// The time of one reading, in milliseconds.
const TIMEOUT_MS: u64 = 60_000;
/// The longest question, in characters.
const QUESTION_MAX: u32 = 300;
/// The most choices, so that an answer carries little.
const CHOICES_MAX: u32 = 8;

/// What these tools have in common. Their schemas are given beside the entry.
fn own() -> ToolEntry {
    ToolEntry {
        name: String::new(),
        effect: Effect::Read,
        reversible: true,
        idempotent: true,
        timeout_ms: Some(ASKING_MS),
        description: String::new(),
        arguments: SchemaSource::Inline(serde_json::Map::new()),
        result: SchemaSource::Inline(serde_json::Map::new()),
        roles: BTreeMap::new(),
        result_labels: BTreeMap::new(),
        anchors: Vec::new(),
        records: Vec::new(),
        private: false,
        readers: None,
        facts: Vec::new(),
        preview: false,
    }
}

impl Host {
    /// Offers reading behind handles, for agents in mode `sealed`.
    pub fn offer_extract(&self) -> Result<(), PluginError> {
        let entry = ToolEntry {
            name: EXTRACT.to_owned(),
            timeout_ms: Some(TIMEOUT_MS),
            description: "Takes one value out of a text that you only have a handle of. `from` is the handle. `as` says what to look for: text (at most 200 \
                          characters), number, date, email, choice (one of `choices`) or yes_no. `question` says which. The answer is again a handle, but \
                          for choice and yes_no, which you are shown."
                .to_owned(),
            roles: [("from", ArgumentRole::Content), ("as", ArgumentRole::Mode), ("question", ArgumentRole::Query), ("choices", ArgumentRole::Query)]
                .map(|(name, role)| (name.to_owned(), role))
                .into(),
            private: true,
            ..own()
        };
        self.insert(Tool::new(Body::Own, entry, TIMEOUT_MS, arguments(), result())?);
        Ok(())
    }
}

impl Host {
    /// Offers asking for a standing grant. It reads: nothing is granted by asking, and people decide.
    pub fn offer_propose_grant(&self) -> Result<(), PluginError> {
        let entry = ToolEntry {
            name: PROPOSE_GRANT.to_owned(),
            description: "Asks people for a standing grant, so that calls of one tool within narrow bounds need not be approved one by one. Ask only \
                          when the person will want the same again and again. `covers` names every argument with the values that are covered. Nothing \
                          is granted by asking: somebody else than whom you act for decides."
                .to_owned(),
            roles: [
                ("tool", ArgumentRole::Mode),
                ("covers", ArgumentRole::Query),
                ("uses_max", ArgumentRole::Query),
                ("days", ArgumentRole::Query),
                ("reason", ArgumentRole::Content),
            ]
            .map(|(name, role)| (name.to_owned(), role))
            .into(),
            result_labels: ["/change_id", "/judged", "/would_have_run"].map(|path| (path.to_owned(), Origin::System)).into(),
            ..own()
        };
        self.insert(Tool::new(Body::Own, entry, ASKING_MS, wish(), asked())?);
        Ok(())
    }
}

/// Where a call of this tool has the text that becomes what another run is about. Its label goes along.
pub fn says_at(tool: &str) -> Option<&'static str> {
    match tool {
        SCHEDULE => Some("/text"),
        DELEGATE => Some("/task"),
        _ => None,
    }
}

impl Host {
    /// Offers handing a task to one of these agents. It reads: what the other agent does goes through the gate of its own run.
    pub fn offer_delegate(&self, agents: &[&str]) -> Result<(), PluginError> {
        let entry = ToolEntry {
            name: DELEGATE.to_owned(),
            description: format!(
                "Hands a task to an agent, in a run of its own for the person you act for, and gives you its answer. It knows nothing of this conversation, \
                 so `task` says all that it needs, unless it is the person's message word for word. It has no tool that you have not, and uses up what is \
                 left of this run's bounds. What it reads counts as read by you. Agents: {}.",
                agents.join(", ")
            ),
            roles: [("agent", ArgumentRole::Mode), ("task", ArgumentRole::Content)].map(|(name, role)| (name.to_owned(), role)).into(),
            // Whoever answers made it up of what it had read, so it is a fact at most; the loop says how much less it counts for.
            result_labels: [("/run_id", Origin::System), ("/answer", Origin::Fact), ("/cites/*", Origin::System)]
                .map(|(path, origin)| (path.to_owned(), origin))
                .into(),
            ..own()
        };
        self.insert(Tool::new(Body::Own, entry, ASKING_MS, task(), answer())?);
        Ok(())
    }
}

fn task() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["agent", "task"],
        "properties": {
            "agent": { "type": "string", "minLength": 1, "maxLength": 100 },
            "task": { "type": "string", "minLength": 1, "maxLength": SAID_MAX, "description": "What it is to do, with all that it needs to know." },
        },
    })
}

fn answer() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["run_id", "answer"],
        "properties": {
            "run_id": { "type": "string" },
            "answer": { "type": "string" },
            "cites": { "type": "array", "items": { "type": "string" }, "description": "Pieces of documents that the answer names, for your answer to name them too." },
        },
    })
}

impl Host {
    /// Offers having something said later. It writes, and text and times are values: what outside text steers is held.
    pub fn offer_schedule(&self) -> Result<(), PluginError> {
        let roles = ["text", "cron", "at", "time_zone"].map(|name| (name, ArgumentRole::Value)).into_iter().chain([("here", ArgumentRole::Mode)]);
        let entry = ToolEntry {
            name: SCHEDULE.to_owned(),
            effect: Effect::Write,
            description: "Has a text said to you at times to come, in a run of its own, for the person you act for now. Give `cron`, five fields, with \
                          `time_zone`, or `at`, one moment. Use the person's own words as `text`, word for word: whatever else you write counts then \
                          for no more than it does now, and what needs their word will wait for it. With `here` it is said in this conversation."
                .to_owned(),
            roles: roles.map(|(name, role)| (name.to_owned(), role)).collect(),
            result_labels: ["/schedule_id", "/next_at"].map(|path| (path.to_owned(), Origin::System)).into(),
            ..own()
        };
        self.insert(Tool::new(Body::Own, entry, ASKING_MS, plan(), planned())?);
        Ok(())
    }
}

fn plan() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["text"],
        "properties": {
            "text": { "type": "string", "minLength": 1, "maxLength": SAID_MAX, "description": "What to do then, in the person's own words." },
            "cron": { "type": "string", "minLength": 9, "maxLength": 200, "description": "Again and again: minute, hour, day of the month, month, day of the week, such as 0 9 * * MON." },
            "time_zone": { "type": "string", "minLength": 1, "maxLength": 64, "description": "Whose clock `cron` is read by, such as Europe/Berlin." },
            "at": { "type": "string", "minLength": 16, "maxLength": 40, "description": "Once, as 2026-05-26T09:00:00+02:00." },
            "here": { "type": "boolean", "description": "In this conversation rather than in a new one each time." },
        },
    })
}

fn planned() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["schedule_id", "next_at"],
        "properties": { "schedule_id": { "type": "string" }, "next_at": { "type": ["string", "null"] } },
    })
}

fn wish() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["tool", "covers", "uses_max", "days", "reason"],
        "properties": {
            "tool": { "type": "string", "minLength": 1, "maxLength": 100 },
            "covers": {
                "type": "array", "minItems": 1, "maxItems": 20,
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["path"],
                    "properties": {
                        "path": { "type": "string", "minLength": 2, "maxLength": 200, "description": "The argument, as a JSON pointer such as /contact_id." },
                        "one_of": { "type": "array", "minItems": 1, "maxItems": 20, "items": { "type": "string", "maxLength": 200 }, "description": "Exactly one of these." },
                        "min": { "type": "integer" },
                        "max": { "type": "integer", "description": "With `min`: a whole number between both." },
                        "letters_max": { "type": "integer", "minimum": 1, "maximum": 10_000, "description": "A text of at most so many letters." },
                    },
                },
            },
            "uses_max": { "type": "integer", "minimum": 1, "maximum": 1_000 },
            "days": { "type": "integer", "minimum": 1, "maximum": 90 },
            "reason": { "type": "string", "minLength": 1, "maxLength": 300, "description": "Why, for whoever decides." },
        },
    })
}

fn asked() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["change_id", "judged", "would_have_run"],
        "properties": { "change_id": { "type": "string" }, "judged": { "type": "integer" }, "would_have_run": { "type": "integer" } },
    })
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
