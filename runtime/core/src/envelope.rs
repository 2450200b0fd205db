//! The sealed form of a proposal: what is approved is what runs.
//!
//! The id is an HMAC-SHA-256 over the canonical JSON of all fields; its key never lives in the database,
//! so whoever can write rows still cannot make an approval fit another call.

use crate::call::CallId;
use crate::canonical::{CanonicalError, Digest, canonical_json};
use crate::id::{PersonId, RunId, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{fmt, str::FromStr};

/// Who acts for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The agent's name.
    pub agent: String,
    /// The person it acts for.
    pub person: PersonId,
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

impl Envelope {
    /// The keyed id of this envelope.
    pub fn id(&self, key: &EnvelopeKey) -> Result<EnvelopeId, CanonicalError> {
        let bytes = canonical_json(self)?;
        // RFC 2104 pads a key shorter than the block with zeros; doing it here makes the constructor infallible.
        let mut block = [0u8; 64];
        block.iter_mut().zip(key.0).for_each(|(to, from)| *to = from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(b"steward/envelope/v1\0");
        mac.update(&bytes);
        Ok(EnvelopeId(Digest::from_bytes(mac.finalize().into_bytes().into())))
    }
}

/// The name of exactly one proposal, shown as `env_` and 64 hexadecimal letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvelopeId(Digest);

impl EnvelopeId {
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
