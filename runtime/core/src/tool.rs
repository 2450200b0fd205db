//! What the host knows of a tool: its effect, its arguments' roles, its results' origins. Read from the manifest, pinned by digest.

use crate::canonical::Digest;
use crate::label::Origin;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// What a tool does to the world outside the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Looks at our own records.
    Read,
    /// Looks at something outside, which thereby learns that we looked.
    Fetch,
    /// Changes our own records.
    Write,
    /// Reaches other people.
    Send,
    /// Removes something that cannot be brought back.
    Destroy,
    /// Moves money, or promises to.
    Money,
    /// Reads or changes keys and passwords.
    Credential,
    /// Lets people in or out.
    Member,
    /// Changes the rules themselves; also what a tool of unknown effect is treated as.
    Admin,
}

impl Effect {
    /// Every effect class, mildest first.
    pub const ALL: [Self; 9] = [Self::Read, Self::Fetch, Self::Write, Self::Send, Self::Destroy, Self::Money, Self::Credential, Self::Member, Self::Admin];

    /// The word used in manifests and as the policies' action group.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Fetch => "fetch",
            Self::Write => "write",
            Self::Send => "send",
            Self::Destroy => "destroy",
            Self::Money => "money",
            Self::Credential => "credential",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// Whether calls of this class may run side by side and be repeated without harm.
    pub const fn only_reads(self) -> bool {
        matches!(self, Self::Read | Self::Fetch)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an argument is for, as the manifest says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArgumentRole {
    /// An address that will be reached.
    Recipient,
    /// Somebody who will be paid.
    Payee,
    /// Somebody who will be let in.
    Member,
    /// The id of a record of this type.
    Id(String),
    /// A path or name of a file.
    Path,
    /// An amount of money.
    Amount,
    /// Another value that steers the effect: a date, a number, a state.
    Value,
    /// Text others will read.
    Content,
    /// A search text.
    Query,
    /// A URL that will be fetched.
    Url,
    /// A switch between ways of working.
    Mode,
}

/// The classes whose lowest integrity policies see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArgumentClass {
    /// Where the effect goes.
    Dest,
    /// Which record it touches.
    Ref,
    /// A value that steers it.
    Value,
    /// What it says.
    Content,
    /// What is looked for.
    Query,
    /// A switch.
    Mode,
}

impl ArgumentRole {
    /// The class this role counts in.
    pub const fn class(&self) -> ArgumentClass {
        match self {
            Self::Recipient | Self::Payee | Self::Member | Self::Url => ArgumentClass::Dest,
            Self::Id(_) | Self::Path => ArgumentClass::Ref,
            Self::Amount | Self::Value => ArgumentClass::Value,
            Self::Content => ArgumentClass::Content,
            Self::Query => ArgumentClass::Query,
            Self::Mode => ArgumentClass::Mode,
        }
    }
}

impl fmt::Display for ArgumentRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipient => f.write_str("recipient"),
            Self::Payee => f.write_str("payee"),
            Self::Member => f.write_str("member"),
            Self::Id(of) => write!(f, "id:{of}"),
            Self::Path => f.write_str("path"),
            Self::Amount => f.write_str("amount"),
            Self::Value => f.write_str("value"),
            Self::Content => f.write_str("content"),
            Self::Query => f.write_str("query"),
            Self::Url => f.write_str("url"),
            Self::Mode => f.write_str("mode"),
        }
    }
}

/// A word that is no argument role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no argument role; roles are recipient, payee, member, id:<type>, path, amount, value, content, query, url, mode")]
pub struct ArgumentRoleError(String);

impl FromStr for ArgumentRole {
    type Err = ArgumentRoleError;
    fn from_str(text: &str) -> Result<Self, ArgumentRoleError> {
        Ok(match text {
            "recipient" => Self::Recipient,
            "payee" => Self::Payee,
            "member" => Self::Member,
            "path" => Self::Path,
            "amount" => Self::Amount,
            "value" => Self::Value,
            "content" => Self::Content,
            "query" => Self::Query,
            "url" => Self::Url,
            "mode" => Self::Mode,
            other => match other.strip_prefix("id:") {
                Some(of) if !of.is_empty() => Self::Id(of.to_owned()),
                _ => return Err(ArgumentRoleError(other.chars().take(64).collect())),
            },
        })
    }
}

impl Serialize for ArgumentRole {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ArgumentRole {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a result holds records of a type, and how they are named. An id counts for its own type only. What is left out says least: nothing
/// names the record, the call did not make it, and nobody in particular reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPattern {
    /// JSON pointer with `*` to the record; empty is the result itself.
    pub at: String,
    /// The type, as in the argument role `id:<type>`.
    pub of: String,
    /// The field that is its id.
    #[serde(default)]
    pub key: Option<String>,
    /// Fields by which an owner names it.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// Whether the call itself made it or changed it, so that its id is the run's own.
    #[serde(default)]
    pub made: bool,
    /// Fields that say who may read it, as values or as keys: participants, people it is shared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<String>,
    /// Whether such a record is everybody's, whatever a call shows of it: what is not is written into none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
}

/// One tool, whole: what the model is told, what the gate judges by, what the host enforces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// `plugin.verb`, for example `crm.find_contacts`.
    pub name: String,
    /// The plugin that offers it, with version, for example `crm@1.0.0`.
    pub plugin: String,
    /// For the model.
    pub description: String,
    /// What it does to the world.
    pub effect: Effect,
    /// Whether the effect can be undone.
    pub reversible: bool,
    /// Whether the host may repeat it with the same key after a crash.
    pub idempotent: bool,
    /// JSON Schema 2020-12 of the arguments object.
    pub arguments: serde_json::Value,
    /// JSON Schema 2020-12 of the result.
    pub result: serde_json::Value,
    /// What each argument is for; keys are argument names, or JSON pointers with `*` for deeper ones.
    pub roles: BTreeMap<String, ArgumentRole>,
    /// Where each result field comes from; keys are JSON pointers with `*`. What no key matches is outside text.
    pub result_labels: BTreeMap<String, Origin>,
    /// Result fields by which an owner names a record.
    pub anchors: Vec<String>,
    /// The records its result holds, with their ids and the fields by which an owner names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordPattern>,
    /// Whether its results are for the house alone.
    #[serde(default)]
    pub private: bool,
    /// Whether a call tells others what its arguments say, whatever their roles: the tool asks hosts of the network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reaches_out: bool,
    /// Facts the rules for this tool ask for.
    pub facts: Vec<String>,
    /// Wall time of one call, in milliseconds.
    pub timeout_ms: u64,
    /// SHA-256 over the wasm bytes and the manifest.
    pub plugin_digest: Digest,
    /// SHA-256 over the canonical arguments and result schemas.
    pub schema_digest: Digest,
}

/// Whether a JSON pointer is one of those that a pattern of a manifest means: part by part the same, with `*` for any one part.
pub fn fits(pattern: &str, pointer: &str) -> bool {
    let (mut pattern, mut pointer) = (pattern.split('/'), pointer.split('/'));
    loop {
        match (pattern.next(), pointer.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(want), Some(have)) if want == have => {}
            _ => return false,
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl ToolSpec {
    /// A tool of a plugin `test` that takes and answers anything and cannot be undone; tests say what else they are about.
    pub fn sample(name: &str, effect: Effect, roles: &[(&str, ArgumentRole)]) -> Self {
        Self {
            name: name.to_owned(),
            plugin: "test@1.0.0".to_owned(),
            description: String::new(),
            effect,
            reversible: false,
            idempotent: true,
            arguments: serde_json::json!({}),
            result: serde_json::json!({}),
            roles: roles.iter().map(|(argument, role)| ((*argument).to_owned(), role.clone())).collect(),
            result_labels: BTreeMap::new(),
            anchors: Vec::new(),
            records: Vec::new(),
            private: false,
            reaches_out: false,
            facts: Vec::new(),
            timeout_ms: 1_000,
            plugin_digest: Digest::of(b"plugin"),
            schema_digest: Digest::of(b"schema"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_leaves_out_says_least_and_its_place_and_type_are_never_left_out() {
        let read = |text: &str| serde_json::from_str::<RecordPattern>(text);
        for wrong in [r#"{"of":"letter"}"#, r#"{"at":"/*"}"#, "{}", r#"{"at":"","of":"letter","shared":true}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let expect = RecordPattern { at: "/*".to_owned(), of: "letter".to_owned(), ..RecordPattern::default() };
        assert_eq!(read(r#"{"at":"/*","of":"letter"}"#).expect("a pattern"), expect);
        assert!(!expect.made && !expect.public && expect.key.is_none() && expect.anchors.is_empty() && expect.readers.is_empty());
    }

    #[test]
    fn patterns_match_part_by_part() {
        for (pattern, pointer, expect) in [
            ("/a/*", "/a/0/b", false),
            ("/a/*/b/c", "/a/0/b", false),
            ("/a/*/b", "/a/0/c", false),
            ("/a", "/*", false),
            ("/a/*", "/a", false),
            ("", "/a", false),
            ("/a/*/b", "/a/0/b", true),
            ("/*/*", "/a/0", true),
            ("/a", "/a", true),
        ] {
            assert_eq!(fits(pattern, pointer), expect, "{pattern} {pointer}");
        }
    }
}
