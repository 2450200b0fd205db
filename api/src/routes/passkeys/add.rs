//! Registers a passkey.

use super::{PasskeyView, party};
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use steward_office::people::{self, Registration, Tried};
use utoipa::ToSchema;

/// A new passkey: the fields of a `PublicKeyCredential`, bytes as base64url without padding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskey {
    /// What to call it, 1 to 100 letters.
    #[schema(max_length = 100, example = "My phone")]
    name: String,
    /// `rawId`.
    credential_id: String,
    /// `response.clientDataJSON`.
    client_data: String,
    /// `response.getAuthenticatorData()`.
    authenticator_data: String,
    /// `response.getPublicKey()`.
    public_key: String,
    /// `response.getPublicKeyAlgorithm()`.
    algorithm: i32,
}

/// What was registered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyMade {
    passkey: PasskeyView,
    /// Ten codes for when all passkeys are lost, where there were none. Shown now and never again.
    recovery_codes: Option<Vec<String>>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Register a passkey")
        .about("From then on it signs in, and is given for grave decisions. One's other sessions end.")
        .body::<NewPasskey>()
        .answers::<PasskeyMade>("201", "It is registered.")
        .refuses("409", "It is registered already.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewPasskey>) -> Answer {
    let party = party(&caller.state().site)?;
    let NewPasskey { name, credential_id, client_data, authenticator_data, public_key, algorithm } = new;
    let new = Registration { credential_id, client_data, authenticator_data, public_key, algorithm };
    let mut tx = caller.begin().await?;
    let made = match people::add_passkey(&mut tx, caller.office(), &party, &name, &new).await {
        Ok(made) => made,
        Err(err) => {
            tx.rollback().await?;
            let tried = Tried { action: "factor.add", object: caller.person()?.to_string(), detail: json!({ "factor": "passkey" }) };
            return Err(people::refused_on_record(&caller.state().store, caller.office(), caller.actor(), tried, err).await.into());
        }
    };
    let codes = made.recovery_codes.map(|codes| codes.iter().map(|code| code.expose_secret().to_owned()).collect());
    let shown = |recovery_codes| PasskeyMade { passkey: made.passkey.clone().into(), recovery_codes };
    caller.commit_secret(tx, StatusCode::CREATED, &shown(codes), &shown(None)).await
}
