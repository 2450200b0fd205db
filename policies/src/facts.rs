//! Everything a decision may depend on. Stored whole with the decision, so that it can be taken again without the world.
//!
//! Facts are computed by the host; nothing in here is a model's word but the arguments, and those carry labels.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
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
}

impl FactType {
    const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Long => "long",
        }
    }
}

/// What a manifest may ask for: everything of the world that the gate can tell, and can tell again when a decision is looked at later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorldFact {
    /// Whether whoever the call reaches is known: named by the owner, or one of the directory.
    KnownContacts,
    /// The hour by the clock of the person acted for, 0 to 23.
    LocalHour,
    /// The day of the week by the same clock, 1 for Monday to 7 for Sunday.
    Weekday,
}

impl WorldFact {
    /// Every fact there is, by name.
    pub const ALL: [Self; 3] = [Self::KnownContacts, Self::LocalHour, Self::Weekday];

    /// The name in manifests and rules.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KnownContacts => "known_contacts",
            Self::LocalHour => "local_hour",
            Self::Weekday => "weekday",
        }
    }

    /// Its type.
    pub const fn of(self) -> FactType {
        match self {
            Self::KnownContacts => FactType::Bool,
            Self::LocalHour | Self::Weekday => FactType::Long,
        }
    }

    /// The numbers that it is told as, both ends among them; none where it is no number.
    pub const fn range(self) -> Option<RangeInclusive<i64>> {
        match self {
            Self::KnownContacts => None,
            Self::LocalHour => Some(0..=23),
            Self::Weekday => Some(1..=7),
        }
    }

    /// As a manifest asks for it.
    fn declared(self) -> String {
        match self.of() {
            FactType::Bool => self.name().to_owned(),
            FactType::Long => format!("{}:{}", self.name(), self.of().name()),
        }
    }
}

/// A fact that a manifest asks for: `known_contacts`, or with a type `local_hour:long`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactDeclaration {
    /// Which.
    pub fact: WorldFact,
    /// The name; rules read `context.facts.<name>`.
    pub name: String,
    /// The type.
    pub of: FactType,
}

impl FactDeclaration {
    /// Reads one entry of a manifest's `facts`.
    ///
    /// # Errors
    /// When there is no such fact, or it is of another type; the text says which there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, of) = text.split_once(':').map_or((text, "bool"), |(name, of)| (name.trim(), of.trim()));
        let Some(fact) = WorldFact::ALL.into_iter().find(|fact| fact.name() == name) else {
            let all: Vec<String> = WorldFact::ALL.into_iter().map(|fact| format!("`{}`", fact.declared())).collect();
            return Err(format!("fact `{text}` is none that rules can be told; ask for {}", all.join(", ")));
        };
        if fact.of().name() != of {
            return Err(format!("fact `{text}` is of type `{of}`, and it is told as `{}`", fact.declared()));
        }
        Ok(Self { fact, name: name.to_owned(), of: fact.of() })
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
    fn only_what_the_gate_can_tell_is_asked_for() {
        let refused = |text: &str, why: &str| {
            let message = FactDeclaration::parse(text).expect_err(text);
            assert!(message.contains(why), "{text}: {message}");
        };
        for bad in ["", ":long", "Local_Hour:long", "local-hour", "9am", "a:b:c", "region:string"] {
            refused(bad, "is none that rules can be told");
        }
        refused("weather", "fact `weather` is none that rules can be told; ask for `known_contacts`, `local_hour:long`, `weekday:long`");
        refused("local_hour", "is of type `bool`, and it is told as `local_hour:long`");
        refused("local_hour:float", "is of type `float`, and it is told as `local_hour:long`");
        refused("local_hour:", "is of type ``");
        refused("known_contacts:long", "is of type `long`, and it is told as `known_contacts`");
        for fact in WorldFact::ALL {
            let read = FactDeclaration::parse(&fact.declared()).expect("as it is declared");
            assert_eq!((read.fact, read.name.as_str(), read.of), (fact, fact.name(), fact.of()));
            assert_eq!(fact.range().is_some(), fact.of() == FactType::Long, "{fact:?}");
            assert!(is_name(fact.name()), "it stands after a dot in a rule");
        }
        assert_eq!(FactDeclaration::parse("known_contacts: bool").map(|read| read.fact), Ok(WorldFact::KnownContacts));
        assert_eq!(FactDeclaration::parse("weekday: long").map(|read| read.fact), Ok(WorldFact::Weekday));
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
