//! What a client asks, in whichever form it came: the last message, and what it says was said before.

use super::refused;
use crate::error::ApiError;
use serde_json::Value;
use std::collections::BTreeMap;
use steward_core::WorkspaceId;
use steward_core::event::Turn;
use steward_core::{Integrity, Readers};

/// A request, taken apart.
#[derive(Debug)]
pub(super) struct Question {
    /// The agent's name.
    pub(super) agent: String,
    /// The last message: what the run is about.
    pub(super) text: String,
    /// Earlier messages, oldest first.
    pub(super) history: Vec<Turn>,
    /// Where the conversation belongs, if the client says so.
    pub(super) workspace: Option<WorkspaceId>,
}

/// Where a request's metadata names the workspace.
pub(super) const WORKSPACE: &str = "metadata.workspace_id";

/// The workspace that the metadata names.
pub(super) fn workspace_of(metadata: Option<&BTreeMap<String, String>>) -> Result<Option<WorkspaceId>, ApiError> {
    let named = metadata.and_then(|metadata| metadata.get("workspace_id"));
    named.map(|text| text.parse().map_err(|_| refused(WORKSPACE, "there is no such workspace"))).transpose()
}

/// Messages in the order in which they were said.
#[derive(Debug, Default)]
pub(super) struct Messages {
    turns: Vec<Turn>,
}

impl Messages {
    /// Adds one. `at` is its place in the request.
    pub(super) fn add(&mut self, at: &str, role: &str, content: &Value) -> Result<(), ApiError> {
        let by_agent = match role {
            // Whoever holds the token speaks for its person, whatever the client calls the message.
            "user" | "system" | "developer" => false,
            "assistant" => true,
            "tool" | "function" => return Err(refused(format!("{at}.role"), "the agent's tools are Steward's: results of a client's tools are not taken")),
            _ => return Err(refused(format!("{at}.role"), "give user, assistant, system or developer")),
        };
        let text = text_of(&format!("{at}.content"), content)?;
        // What the client says the agent said may be anything: nobody here knows where it comes from, nor who may read it.
        let (integrity, readers) = if by_agent { (Integrity::Outside, Readers::nobody()) } else { (Integrity::Owner, Readers::Public) };
        self.turns.push(Turn { by_agent, text, integrity, readers });
        Ok(())
    }

    /// The last message and the ones before. `field` is where the request has them, `role` who must have said the last.
    pub(super) fn split(mut self, field: &str, last_role: Option<&str>) -> Result<(String, Vec<Turn>), ApiError> {
        let last = self.turns.pop().filter(|_| last_role == Some("user")).ok_or_else(|| refused(field, "end with a message of the user"))?;
        if last.text.trim().is_empty() {
            return Err(refused(field, "the last message is empty"));
        }
        self.turns.retain(|turn| !turn.text.trim().is_empty());
        Ok((last.text, self.turns))
    }
}

/// The text of a message: a string, or parts of text.
fn text_of(at: &str, content: &Value) -> Result<String, ApiError> {
    match content {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().enumerate().map(|(index, part)| {
                let is_text = matches!(part.get("type").and_then(Value::as_str), Some("text" | "input_text" | "output_text"));
                let text = part.get("text").and_then(Value::as_str).filter(|_| is_text);
                text.ok_or_else(|| refused(format!("{at}[{index}]"), "only parts of text are taken: no images, sounds or files"))
            });
            Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(refused(at, "give a text, or a list of parts of text")),
    }
}

/// Refuses fields that would change what the answer is and that no agent can follow. What only tunes a model is taken and has no effect.
pub(super) fn refuse_given(fields: &[(&str, &Option<Value>, &str)]) -> Result<(), ApiError> {
    let given = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        Value::String(_) | Value::Number(_) | Value::Bool(true) | Value::Object(_) => true,
    };
    match fields.iter().find(|(_, value, _)| value.as_ref().is_some_and(given)) {
        Some((name, _, why)) => Err(refused(*name, *why)),
        None => Ok(()),
    }
}

/// Why a client's tools are refused.
pub(super) const OWN_TOOLS: &str = "the agent's tools are Steward's, and run under its rules: leave this out";

/// Refuses a choice of tools, but for the two that choose nothing.
pub(super) fn refuse_choice(name: &str, choice: Option<&Value>) -> Result<(), ApiError> {
    match choice {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(word)) if word == "auto" || word == "none" => Ok(()),
        Some(_) => Err(refused(name, OWN_TOOLS)),
    }
}

/// Refuses an answer in another form than text.
pub(super) fn refuse_format(name: &str, format: Option<&Value>) -> Result<(), ApiError> {
    match format.and_then(|format| format.get("type")).and_then(Value::as_str) {
        None | Some("text") => Ok(()),
        Some(_) => Err(refused(name, "agents answer in plain text: leave this out")),
    }
}
