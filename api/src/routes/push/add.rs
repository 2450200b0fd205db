//! Adds the browser one is in.

use super::PushView;
use crate::auth::{Answer, Caller};
use crate::error::{ApiError, ProblemCode};
use crate::extract::Json;
use crate::openapi::Doc;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use serde::Deserialize;
use steward_host::Courier;
use steward_office::notices::{self, Place};
use utoipa::ToSchema;

/// The longest key, as base64url, in letters.
const KEY_LETTERS_MAX: usize = 200;

/// A browser: the fields of its `PushSubscription`, bytes as base64url without padding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPush {
    /// What to call it, 1 to 100 letters.
    #[schema(max_length = 100, example = "Chrome on Android")]
    name: String,
    /// `endpoint`: an `https` address with a name.
    #[schema(max_length = 2000)]
    endpoint: String,
    /// `keys.p256dh`: an uncompressed point of P-256.
    p256dh: String,
    /// `keys.auth`: sixteen bytes.
    auth: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Be told in this browser")
        .about("Subscribe with `push_key` of `GET /api/v1/me/notices` first. The same browser again takes the place of itself, also for whoever was told in it before.")
        .body::<NewPush>()
        .answers::<PushView>("201", "One is told in it from now on.")
        .refuses("409", "There are ten browsers already, or no messages to browsers here.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewPush>) -> Answer {
    if caller.state().notices.push_key.is_none() {
        let why = "messages to browsers are off in this process: `steward doctor` says why";
        return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::Conflict, why));
    }
    Courier::origin(&new.endpoint).map_err(|err| ApiError::field("/endpoint", err.to_string()))?;
    let p256dh = decoded("/p256dh", &new.p256dh)?;
    if !is_on_curve(&p256dh) {
        return Err(ApiError::field("/p256dh", "write the browser's `keys.p256dh`: an uncompressed point of P-256 as base64url without padding"));
    }
    let place = Place { name: new.name, endpoint: new.endpoint, p256dh, auth: decoded("/auth", &new.auth)? };
    let mut tx = caller.begin().await?;
    let row = notices::add_place(&mut tx, caller.office(), place).await?;
    caller.commit(tx, StatusCode::CREATED, &PushView::from(row)).await
}

fn decoded(path: &str, text: &str) -> Result<Vec<u8>, ApiError> {
    let bytes = (text.len() <= KEY_LETTERS_MAX).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
    bytes.ok_or_else(|| ApiError::field(path, "write it as base64url without padding"))
}

/// Whether anything can be sealed for this key. Said here, not when something waits.
fn is_on_curve(point: &[u8]) -> bool {
    let Ok(ours) = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()) else { return false };
    agree_ephemeral(ours, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).is_ok()
}
