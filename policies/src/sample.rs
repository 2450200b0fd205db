//! A small catalogue with tools of every effect class, and a plain call: what the shipped cases and the golden matrix speak of.
//!
//! None of these tools can run. They stand for any tool of their class, for the shipped rules name no tool.

use crate::facts::Facts;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use steward_core::{Approvals, ArgumentRole, Digest, Effect, Integrity, PersonId, Role, ToolSpec, WorkspaceId};
use uuid::Uuid;

const TOOLS: &str = include_str!("../cases/tools.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    effect: Effect,
    #[serde(default)]
    reversible: bool,
    arguments: Value,
    roles: BTreeMap<String, ArgumentRole>,
    #[serde(default)]
    facts: Vec<String>,
}

/// The sample catalogue. It is part of the program, so an error is ours.
pub fn tools() -> Result<Vec<ToolSpec>, serde_json::Error> {
    let entries: Vec<Entry> = serde_json::from_str(TOOLS)?;
    Ok(entries.into_iter().map(spec).collect())
}

fn spec(entry: Entry) -> ToolSpec {
    let plugin = entry.name.split('.').next().unwrap_or_default();
    ToolSpec {
        plugin: format!("{plugin}@0.0.0"),
        description: format!("A {} tool of the sample catalogue.", entry.effect),
        effect: entry.effect,
        reversible: entry.reversible,
        idempotent: entry.effect.only_reads(),
        plugin_digest: Digest::of(plugin.as_bytes()),
        schema_digest: Digest::of(entry.arguments.to_string().as_bytes()),
        arguments: entry.arguments,
        result: serde_json::json!({"type": "object"}),
        roles: entry.roles,
        result_labels: BTreeMap::new(),
        anchors: Vec::new(),
        records: Vec::new(),
        private: false,
        reaches_out: false,
        facts: entry.facts,
        timeout_ms: 1_000,
        name: entry.name,
    }
}

/// A tool that nobody knows yet, of this class: its arguments may be of any kind. It has no name, so no rule names it.
pub(crate) fn to_come(effect: Effect) -> ToolSpec {
    let roles = [("dest", ArgumentRole::Recipient), ("ref", ArgumentRole::Path), ("value", ArgumentRole::Value)];
    spec(Entry {
        name: String::new(),
        effect,
        reversible: false,
        arguments: serde_json::json!({ "type": "object" }),
        roles: roles.map(|(name, role)| (name.to_owned(), role)).into(),
        facts: Vec::new(),
    })
}

/// A call without arguments that an owner asked for in their own words, at the Unix epoch.
pub fn facts(tool: &str) -> Facts {
    Facts {
        agent: "assistant".to_owned(),
        person: PersonId::from_uuid(Uuid::from_u128(1)),
        roles: BTreeSet::from([Role::Owner]),
        workspace: WorkspaceId::from_uuid(Uuid::from_u128(2)),
        tool: tool.to_owned(),
        arguments: Value::Object(serde_json::Map::new()),
        dest: Integrity::Owner,
        reference: Integrity::Owner,
        value: Integrity::Owner,
        leak: false,
        content_actionable: false,
        class_asked: true,
        uninvited: false,
        tainted: false,
        within_budget: true,
        channel: "chat".to_owned(),
        step: 1,
        counts: BTreeMap::new(),
        facts: BTreeMap::new(),
        now_ms: 0,
        approvals: Approvals::default(),
    }
}
