//! Everything a decision may depend on. Stored whole with the decision, so that it can be taken again without the world.
//!
//! Facts are computed by the host; nothing in here is a model's word but the arguments, and those carry labels.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use steward_core::{Approvals, Integrity, PersonId, Role, WorkspaceId};

/// What the gate knows about one proposed call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The agent's name.
    pub agent: String,
    /// The person it acts for. Being acted for is no approval.
    pub person: PersonId,
    /// That person's roles.
    pub roles: BTreeSet<Role>,
    /// Where the run works.
    pub workspace: WorkspaceId,
    /// The tool.
    pub tool: String,
    /// The arguments, normalised and matching the tool's schema. Rules see them as `context.args`.
    pub arguments: serde_json::Value,
    /// Lowest integrity of the arguments that say where the effect goes; `Owner` when there is none.
    pub dest: Integrity,
    /// Lowest integrity of the arguments that name a record; rules call it `context.ref`.
    #[serde(rename = "ref")]
    pub reference: Integrity,
    /// Lowest integrity of the values that steer the effect.
    pub value: Integrity,
    /// What leaves would reveal something its receivers may not read.
    pub leak: bool,
    /// What leaves asks its reader to act, and not in the owner's words.
    pub content_actionable: bool,
    /// The owner asked for this class of action.
    pub class_asked: bool,
    /// Nothing the owner asked for, proposed after third-party text was read.
    #[serde(default)]
    pub uninvited: bool,
    /// The model has been shown third-party text.
    pub tainted: bool,
    /// The cost fits the budgets.
    pub within_budget: bool,
    /// How the run came in: chat, api, terminal, schedule, mcp. Rules call it `context.run.channel`.
    pub channel: String,
    /// The model step. Rules call it `context.run.step`.
    pub step: u32,
    /// The counters the rules declare, by name.
    pub counts: BTreeMap<String, i64>,
    /// The facts the tool's manifest asks for, by name.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// When, Unix milliseconds.
    pub now_ms: i64,
    /// Approvals given so far, for exactly this proposal.
    pub approvals: Approvals,
}

/// The type of a fact that a manifest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactType {
    /// True or false; what a name without a type is.
    Bool,
    /// A whole number.
    Long,
    /// A text.
    String,
    /// A set of texts.
    Strings,
}

/// A fact that a manifest asks for: `known_contacts`, or with a type `local_hour:long`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactDeclaration {
    /// The name; rules read `context.facts.<name>`.
    pub name: String,
    /// The type.
    pub of: FactType,
}

impl FactDeclaration {
    /// Reads one entry of a manifest's `facts`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, of) = text.split_once(':').map_or((text, "bool"), |(name, of)| (name.trim(), of.trim()));
        let of = match of {
            "bool" => FactType::Bool,
            "long" => FactType::Long,
            "string" => FactType::String,
            "strings" => FactType::Strings,
            other => return Err(format!("fact `{text}` is of type `{other}`; types are bool, long, string, strings")),
        };
        if !is_name(name) {
            return Err(format!("fact `{text}` needs a name of lower-case letters, digits and underscores, such as `local_hour:long`"));
        }
        Ok(Self { name: name.to_owned(), of })
    }
}

/// A word that can stand after a dot in a rule.
pub(crate) fn is_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= 64 && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn fact_declarations() {
        let check = |text: &str, expect: Option<FactType>| assert_eq!(FactDeclaration::parse(text).ok().map(|found| found.of), expect, "{text}");
        for bad in ["", ":long", "Local", "local-hour", "9am", "hour:float", "hour:", "a:b:c"] {
            check(bad, None);
        }
        check("known_contacts", Some(FactType::Bool));
        check("local_hour:long", Some(FactType::Long));
        check("region: string", Some(FactType::String));
        check("tags:strings", Some(FactType::Strings));
    }

    #[test]
    fn facts_go_through_json_and_back() {
        let mut facts = sample::facts("mail.send");
        facts.arguments = serde_json::json!({"to": ["a@b.example"], "n": 9_007_199_254_740_993_i64});
        facts.counts.insert("sends".into(), i64::MAX);
        facts.facts.insert("local_hour".into(), 7.into());
        facts.approvals.roles.insert(Role::Owner);
        facts.approvals.people.insert(facts.person);
        facts.reference = Integrity::Anchored;
        let text = serde_json::to_string(&facts).expect("json");
        assert!(text.contains(r#""ref":"anchored""#), "{text}");
        assert_eq!(serde_json::from_str::<Facts>(&text).expect("facts"), facts);
    }
}
