//! The sealed form of a proposal: what is approved is what runs.
//!
//! The id is an HMAC-SHA-256 over the canonical JSON of all fields; its key never lives in the database,
//! so whoever can write rows still cannot make an approval fit another call.

use crate::actor::Role;
use crate::call::CallId;
use crate::canonical::{CanonicalError, Digest, EXACT_MAX, InOrder, canonical_json, is_plain};
use crate::id::{PersonId, RunId, TenantId, WorkspaceId};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::{fmt, str::FromStr};

/// Who acts for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The agent's name.
    pub agent: String,
    /// The person it acts for.
    pub person: PersonId,
}

/// What an approval takes beside the roles that the rules ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How many different people have to approve.
    pub people: u16,
    /// Whether the person the agent acts for, and whoever edited the call, must leave it to others.
    pub separate: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { people: 1, separate: false }
    }
}

/// Where a proposal stands: what is around the call and would change its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Circumstances {
    /// Where it works.
    pub workspace: Option<WorkspaceId>,
    /// The roles of the person it acts for.
    pub roles: BTreeSet<Role>,
    /// How the run came in: chat, api, terminal, schedule.
    pub channel: String,
    /// Digest over the run's journal up to the answer that proposed the call: all that the model and the gate had seen.
    pub journal: Option<Digest>,
    /// Who changed the arguments that the model had proposed, if anybody did.
    pub edited_by: Option<PersonId>,
    /// What an approval of it takes.
    pub terms: Terms,
}

/// Everything an approval, a budget, an execution and an audit entry mean when they name a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The organisation.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// The call, which names the step too.
    pub call: CallId,
    /// Who acts for whom.
    pub principal: Principal,
    /// The tool.
    pub tool: String,
    /// Digest of the plugin's wasm and manifest.
    pub plugin_digest: Digest,
    /// Digest of the tool's schemas.
    pub schema_digest: Digest,
    /// The arguments after normalisation.
    pub arguments: serde_json::Value,
    /// Digest of the rules that judged it.
    pub policy_digest: Digest,
    /// The prompt, `name@version`, and its digest.
    pub prompt: String,
    /// Digest of the prompt's text.
    pub prompt_digest: Digest,
    /// The model that proposed it.
    pub model: String,
    /// What the person was shown: sources of the arguments, rules, cost.
    pub evidence: serde_json::Value,
    /// What it may cost, in millionths of a US dollar.
    pub budget_micros: i64,
    /// When an approval stops counting, Unix milliseconds.
    pub expires_at_ms: i64,
    /// What is around it.
    #[serde(flatten)]
    pub circumstances: Circumstances,
}

/// The secret that keys envelope ids. From a file or the environment, never from the database.
#[derive(Clone)]
pub struct EnvelopeKey([u8; 32]);

impl EnvelopeKey {
    /// Wraps 32 secret bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvelopeKey(…)")
    }
}

impl EnvelopeKey {
    /// A keyed digest over the canonical JSON of a value. `purpose` keeps seals of different kinds apart: one never passes for another.
    pub fn seal(&self, purpose: &str, value: &impl Serialize) -> Result<Digest, CanonicalError> {
        Ok(self.seal_bytes(purpose, &canonical_json(value)?))
    }

    /// The same over bytes that are canonical already.
    pub fn seal_bytes(&self, purpose: &str, bytes: &[u8]) -> Digest {
        // RFC 2104 pads a key shorter than the block with zeros; doing it here makes the constructor infallible.
        let mut block = [0u8; 64];
        block.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(b"steward/");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(bytes);
        Digest::from_bytes(mac.finalize().into_bytes().into())
    }
}

/// The purpose of an envelope's seal.
const PURPOSE: &str = "envelope/v2";

impl Envelope {
    /// The keyed id of this envelope.
    pub fn id(&self, key: &EnvelopeKey) -> Result<EnvelopeId, CanonicalError> {
        Ok(EnvelopeId::of_text(key, &self.canonical()?))
    }

    /// The canonical text of this envelope: what its id is a seal of, and what is stored.
    pub fn canonical(&self) -> Result<String, CanonicalError> {
        let exact = |number: i64| number.unsigned_abs() <= EXACT_MAX;
        let plain = is_plain(&self.arguments) && is_plain(&self.evidence) && exact(self.budget_micros) && exact(self.expires_at_ms);
        let bytes = if plain { serde_json::to_vec(&Sorted::of(self)).map_err(CanonicalError)? } else { canonical_json(self)? };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The names of the fields in which this envelope differs from one that was stored as canonical text.
    pub fn differences(&self, stored: &str) -> Vec<String> {
        let (Ok(mine), Ok(other)) = (serde_json::to_value(self), serde_json::from_str::<serde_json::Value>(stored)) else {
            return vec!["envelope".to_owned()];
        };
        let mut names = Vec::new();
        differing("", &mine, &other, &mut names);
        names
    }
}

/// An envelope with its fields in the order of its canonical form, which is then written as it comes.
#[derive(Serialize)]
struct Sorted<'a> {
    arguments: InOrder<'a>,
    budget_micros: i64,
    call: CallId,
    channel: &'a str,
    edited_by: Option<PersonId>,
    evidence: InOrder<'a>,
    expires_at_ms: i64,
    journal: Option<Digest>,
    model: &'a str,
    plugin_digest: Digest,
    policy_digest: Digest,
    principal: &'a Principal,
    prompt: &'a str,
    prompt_digest: Digest,
    roles: &'a BTreeSet<Role>,
    run: RunId,
    schema_digest: Digest,
    tenant: TenantId,
    terms: Terms,
    tool: &'a str,
    workspace: Option<WorkspaceId>,
}

impl<'a> Sorted<'a> {
    fn of(envelope: &'a Envelope) -> Self {
        // Every field by name: one that is added does not compile until it is here.
        let Envelope {
            tenant,
            run,
            call,
            principal,
            tool,
            plugin_digest,
            schema_digest,
            arguments,
            policy_digest,
            prompt,
            prompt_digest,
            model,
            evidence,
            budget_micros,
            expires_at_ms,
            circumstances: Circumstances { workspace, roles, channel, journal, edited_by, terms },
        } = envelope;
        Self {
            arguments: InOrder(arguments),
            budget_micros: *budget_micros,
            call: *call,
            channel,
            edited_by: *edited_by,
            evidence: InOrder(evidence),
            expires_at_ms: *expires_at_ms,
            journal: *journal,
            model,
            plugin_digest: *plugin_digest,
            policy_digest: *policy_digest,
            principal,
            prompt,
            prompt_digest: *prompt_digest,
            roles,
            run: *run,
            schema_digest: *schema_digest,
            tenant: *tenant,
            terms: *terms,
            tool,
            workspace: *workspace,
        }
    }
}

/// Fields whose own parts have names worth telling apart.
const NAMED_PARTS: [&str; 2] = ["principal", "terms"];

fn differing(name: &str, a: &serde_json::Value, b: &serde_json::Value, names: &mut Vec<String>) {
    if a == b {
        return;
    }
    match (a.as_object(), b.as_object()) {
        (Some(a), Some(b)) if name.is_empty() || NAMED_PARTS.contains(&name) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                differing(&inner, a.get(key).unwrap_or(&serde_json::Value::Null), b.get(key).unwrap_or(&serde_json::Value::Null), names);
            }
        }
        _ => names.push(name.to_owned()),
    }
}

/// The name of exactly one proposal, shown as `env_` and 64 hexadecimal letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvelopeId(Digest);

impl EnvelopeId {
    /// The id of an envelope that is there as its canonical text.
    pub fn of_text(key: &EnvelopeKey, canonical: &str) -> Self {
        Self(key.seal_bytes(PURPOSE, canonical.as_bytes()))
    }

    /// From 32 stored bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(Digest::from_bytes(bytes.try_into().ok()?)))
    }

    /// The raw bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }
}

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "env_{}", self.0)
    }
}

impl fmt::Debug for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no envelope id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an envelope id of the form `env_` and 64 hexadecimal letters")]
pub struct EnvelopeIdError;

impl FromStr for EnvelopeId {
    type Err = EnvelopeIdError;
    fn from_str(text: &str) -> Result<Self, EnvelopeIdError> {
        text.strip_prefix("env_").and_then(|hex| hex.parse().ok()).map(Self).ok_or(EnvelopeIdError)
    }
}

impl Serialize for EnvelopeId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EnvelopeId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn envelope() -> Envelope {
        Envelope {
            tenant: TenantId::from_uuid(Uuid::from_u128(1)),
            run: RunId::from_uuid(Uuid::from_u128(2)),
            call: CallId { step: 1, index: 0 },
            principal: Principal { agent: "assistant".into(), person: PersonId::from_uuid(Uuid::from_u128(3)) },
            tool: "mail.send".into(),
            plugin_digest: Digest::of(b"plugin"),
            schema_digest: Digest::of(b"schema"),
            arguments: json!({ "b": 1, "a": "\u{20ac}" }),
            policy_digest: Digest::of(b"rules"),
            prompt: "assistant@1".into(),
            prompt_digest: Digest::of(b"prompt"),
            model: "strong/one".into(),
            evidence: json!([]),
            budget_micros: 1,
            expires_at_ms: 2,
            circumstances: Circumstances::default(),
        }
    }

    #[test]
    fn another_key_or_purpose_makes_another_seal() {
        let (a, b) = (EnvelopeKey::from_bytes([1; 32]), EnvelopeKey::from_bytes([2; 32]));
        assert_ne!(envelope().id(&a).expect("id"), envelope().id(&b).expect("id"));
        assert_ne!(a.seal("approval/v1", &1).expect("seal"), a.seal("hold/v1", &1).expect("seal"));
        // The purpose ends before the bytes begin.
        assert_ne!(a.seal_bytes("a", b"b"), a.seal_bytes("ab", b""));
    }

    #[test]
    fn every_field_is_bound_and_named_when_it_differs() {
        let key = EnvelopeKey::from_bytes([7; 32]);
        let mine = envelope();
        let text = String::from_utf8(canonical_json(&mine).expect("canonical")).expect("text");
        assert_eq!(EnvelopeId::of_text(&key, &text), mine.id(&key).expect("id"), "the text is the envelope");
        assert_eq!(mine.canonical().expect("canonical"), text, "written in order as it is written sorted");
        let odd = Envelope { arguments: json!({ "\u{10000}": 0.5, "\u{ffff}": 1e30 }), budget_micros: i64::MAX, ..envelope() };
        let library = serde_json_canonicalizer::to_vec(&odd).expect("canonical");
        assert_eq!(odd.canonical().expect("canonical").as_bytes(), library, "so is what has its own spelling");
        assert!(mine.differences(&text).is_empty());
        assert_eq!(mine.differences("no json"), ["envelope"]);
        let fields = serde_json::to_value(&mine).expect("value");
        let fields = fields.as_object().expect("fields");
        assert_eq!(fields.len(), 21, "a new field belongs into the list of what is bound");
        for name in fields.keys() {
            let mut other = fields.clone();
            other.insert(name.clone(), json!({ "agent": "another", "people": 9 }));
            let changed = serde_json::Value::Object(other);
            assert_ne!(key.seal(PURPOSE, &changed).expect("seal"), key.seal(PURPOSE, &mine).expect("seal"), "{name}");
            let named = mine.differences(&changed.to_string());
            assert!(named.iter().all(|found| found == name || found.starts_with(&format!("{name}."))) && !named.is_empty(), "{name}: {named:?}");
        }
    }
}
