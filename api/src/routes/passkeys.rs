//! One's own passkeys, and the challenges that they answer.

pub(crate) mod add;
pub(crate) mod begin;
pub(crate) mod challenge;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod step_up;

use crate::error::{ApiError, ProblemCode};
use crate::site::Site;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::PasskeyId;
use steward_office::people::{Assertion, CHALLENGE_SECONDS, RelyingParty, Request};
use steward_store::passkey::PasskeyRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What a passkey said: the fields of a `PublicKeyCredential`, bytes as base64url without padding.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssertionBody {
    /// `rawId`.
    credential_id: String,
    /// `response.clientDataJSON`.
    client_data: String,
    /// `response.authenticatorData`.
    authenticator_data: String,
    /// `response.signature`.
    signature: String,
    /// `response.userHandle`.
    user_handle: Option<String>,
}

impl From<AssertionBody> for Assertion {
    fn from(said: AssertionBody) -> Self {
        let AssertionBody { credential_id, client_data, authenticator_data, signature, user_handle } = said;
        Self { credential_id, client_data, authenticator_data, signature, user_handle }
    }
}

/// What `navigator.credentials.get` is asked with. Bytes are base64url.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyRequest {
    challenge: String,
    /// The domain that passkeys are kept for.
    rp_id: String,
    /// Only these; any without them.
    credential_ids: Vec<String>,
    /// How long the challenge can be answered.
    timeout_ms: i64,
}

impl PasskeyRequest {
    fn of(request: Request, party: RelyingParty) -> Self {
        Self { challenge: request.challenge, rp_id: party.id, credential_ids: request.credential_ids, timeout_ms: CHALLENGE_SECONDS * 1_000 }
    }
}

/// A passkey, without its key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyView {
    #[schema(value_type = String, example = "passkey_01k4…")]
    passkey_id: PasskeyId,
    name: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<OffsetDateTime>,
}

impl From<PasskeyRow> for PasskeyView {
    fn from(row: PasskeyRow) -> Self {
        Self { passkey_id: row.passkey_id, name: row.name, created_at: row.created_at, used_at: row.used_at }
    }
}

/// Who asks for passkeys here; refused where browsers would give none.
pub(crate) fn party(site: &Site) -> Result<RelyingParty, ApiError> {
    site.relying_party().ok_or_else(|| {
        ApiError::new(
            StatusCode::CONFLICT,
            ProblemCode::Conflict,
            "passkeys need a name: set `server.public_url` to one, a bare address does not do for browsers",
        )
    })
}
