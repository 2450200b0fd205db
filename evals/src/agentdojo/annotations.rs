//! What the annotations say of each tool: its effect, what its arguments are for, where its results come from.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The file `annotations.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Annotations {
    /// The types of arguments of class `ref`.
    #[serde(default)]
    pub ref_types: BTreeMap<String, String>,
    /// By suite.
    pub suites: BTreeMap<String, Notes>,
}

/// What is said of one suite.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Notes {
    /// Values that mean the owner.
    #[serde(default)]
    pub me: Vec<String>,
    /// Records by name.
    #[serde(default)]
    pub rows: BTreeMap<String, Row>,
    /// By tool.
    #[serde(default)]
    pub tools: BTreeMap<String, Note>,
}

/// What is said of one tool.
#[derive(Debug, Clone, Deserialize)]
pub struct Note {
    /// read, fetch, write, send, destroy, money, credential, member.
    pub effect: String,
    /// The effect when an argument is given.
    #[serde(default)]
    pub effect_if: BTreeMap<String, String>,
    /// dest, ref, value, content, query, mode.
    #[serde(default)]
    pub args: BTreeMap<String, String>,
    /// A word, or a row, or the name of one.
    #[serde(default)]
    pub out: Value,
    /// Whether its results are for the house alone.
    #[serde(default)]
    pub private: bool,
}

/// One kind of record.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Row {
    /// The field that is its id.
    #[serde(default)]
    pub key: Option<String>,
    /// Its type.
    #[serde(default, rename = "type")]
    pub of: Option<String>,
    /// Fields by which an owner names it.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// Where each field comes from.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}
