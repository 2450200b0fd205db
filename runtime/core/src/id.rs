//! Identifiers: stored as UUID version 7, shown as `prefix_` and 26 Crockford base32 letters (the TypeID form).
//!
//! Every noun has a type of its own, so that a run can never be passed where a hold is wanted.

use std::{fmt, str::FromStr};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LETTERS: usize = 26;

/// Why a text is not an identifier of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form `{prefix}_…`")]
pub struct IdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
    /// What was given, cut to 64 letters.
    pub text: String,
}

/// Common face of all identifier types.
pub trait Id: Copy + Ord + fmt::Display + FromStr<Err = IdError> {
    /// What stands before the underscore.
    const PREFIX: &'static str;
    /// Wraps the stored form.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The stored form.
    fn uuid(self) -> Uuid;
}

fn encode(prefix: &str, uuid: Uuid) -> String {
    let mut bits = uuid.as_u128();
    let mut letters = [b'0'; LETTERS];
    for letter in letters.iter_mut().rev() {
        let index = usize::try_from(bits & 31).unwrap_or(0);
        *letter = ALPHABET.get(index).copied().unwrap_or(b'0');
        bits >>= 5;
    }
    format!("{prefix}_{}", String::from_utf8_lossy(&letters))
}

fn decode(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let refuse = || IdError { prefix, text: text.chars().take(64).collect() };
    let body = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or_else(refuse)?;
    // 26 letters carry 130 bits; the first may only use three of its five.
    if body.len() != LETTERS || body.as_bytes().first().is_none_or(|first| !(b'0'..=b'7').contains(first)) {
        return Err(refuse());
    }
    let mut bits: u128 = 0;
    for letter in body.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter).ok_or_else(refuse)?;
        bits = (bits << 5) | value as u128;
    }
    Ok(Uuid::from_u128(bits))
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }
        impl $name {
            /// Wraps the stored form.
            pub const fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            /// The stored form.
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl From<Uuid> for $name { fn from(uuid: Uuid) -> Self { Self(uuid) } }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&encode($prefix, self.0)) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> { decode($prefix, text).map(Self) }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> { to.collect_str(self) }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

id! {
    /// An organisation: the outer wall between customers.
    TenantId, "org";
    /// A part of an organisation with members of its own.
    WorkspaceId, "ws";
    /// A human being.
    PersonId, "person";
    /// A signed-in browser or terminal.
    SessionId, "session";
    /// An API token.
    ApiTokenId, "token";
    /// A one-time sign-in link.
    LinkId, "link";
    /// A key that a device keeps for a person.
    PasskeyId, "passkey";
    /// A browser in which a person wants to be told that something waits.
    PushSubscriptionId, "push";
    /// A message to one person that something waits for them.
    NoticeId, "notice";
    /// A second factor given anew for one thing.
    StepUpId, "stepup";
    /// A conversation between a person and an agent.
    ConversationId, "conv";
    /// One message of a conversation.
    MessageId, "msg";
    /// One governed run of the loop.
    RunId, "run";
    /// A text that is said to an agent at times to come.
    ScheduleId, "sched";
    /// One decision of the gate.
    DecisionId, "dec";
    /// An action that waits for people.
    HoldId, "hold";
    /// What a server asks a person in the middle of a call.
    QuestionId, "question";
    /// A standing grant: an approval given in advance, within bounds.
    GrantId, "grant";
    /// A change of rules, a prompt label, a tool or a grant, which one person proposes and another approves.
    GovernanceChangeId, "change";
    /// A run that waits because a budget has no room.
    BudgetHoldId, "bhold";
    /// One entry of the audit log.
    AuditId, "audit";
    /// A spending limit.
    BudgetId, "budget";
    /// An amount set aside in a budget before it is spent.
    ReservationId, "rsv";
    /// A person or address known to the organisation.
    ContactId, "contact";
    /// A company.
    CompanyId, "company";
    /// A deal in a pipeline.
    DealId, "deal";
    /// A note on a contact, company or deal.
    NoteId, "note";
    /// A file whose text agents may look into.
    DocumentId, "doc";
    /// One imported file.
    ImportId, "import";
    /// One HTTP request, shown in errors and logs.
    RequestId, "req";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_typeid_vector() {
        // From the TypeID specification's valid.json.
        let uuid: Uuid = "0188bac7-4afa-78aa-bc3b-bd1eef28d881".parse().expect("uuid");
        assert_eq!(encode("prefix", uuid), "prefix_01h2xcejqtf2nbrexx3vqjhp41");
    }

    #[test]
    fn foreign_prefixes_and_overflow_are_refused() {
        let id = RunId(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<RunId>(), Ok(id));
        for bad in [
            "",
            "run",
            "run_",
            "hold_00000000000000000000000007",
            "run_80000000000000000000000007",
            "run_0000000000000000000000000u",
            "run_é000000000000000000000000",
        ] {
            assert!(bad.parse::<RunId>().is_err(), "{bad}");
        }
    }
}
