//! Who we are to the makers of browsers: a key of our own signs a short token for each of them (RFC 8292).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use std::fmt;
use time::OffsetDateTime;

/// How long a token counts, in seconds; a day is the most that is taken.
const TOKEN_SECONDS: i64 = 12 * 3600;

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushKeyError {
    /// The bytes are none.
    #[error("the bytes are no P-256 key in PKCS #8")]
    Form,
    /// There is no chance to be had.
    #[error("the system gives no random bytes")]
    Chance,
}

/// The key. Browsers take messages only from who holds it, so another key makes every subscription worthless.
pub struct PushKey {
    pair: EcdsaKeyPair,
    public: String,
}

impl fmt::Debug for PushKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl PushKey {
    /// A new key, as PKCS #8.
    pub fn make() -> Result<Vec<u8>, PushKeyError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(|_| PushKeyError::Chance)?;
        Ok(made.as_ref().to_vec())
    }

    /// The key in these bytes.
    pub fn read(pkcs8: &[u8]) -> Result<Self, PushKeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new()).map_err(|_| PushKeyError::Form)?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        Ok(Self { pair, public })
    }

    /// The public half, as base64url: what a browser subscribes with.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The value of `authorization` for messages to one origin. `contact` is where its operator finds us.
    pub(crate) fn authorization(&self, origin: &str, contact: &str, now: OffsetDateTime) -> Result<String, PushKeyError> {
        let header = URL_SAFE_NO_PAD.encode(json!({ "typ": "JWT", "alg": "ES256" }).to_string());
        let claims = json!({ "aud": origin, "exp": now.unix_timestamp() + TOKEN_SECONDS, "sub": contact });
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| PushKeyError::Chance)?;
        Ok(format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature.as_ref()), self.public))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use time::macros::datetime;

    #[test]
    fn a_token_is_for_one_origin_and_half_a_day() {
        assert_eq!(PushKey::read(b"none").err(), Some(PushKeyError::Form));
        let key = PushKey::read(&PushKey::make().expect("a key")).expect("a key");
        let value = key.authorization("https://push.example", "mailto:ada@home.example", datetime!(2026-03-01 09:00 UTC)).expect("a token");
        let (token, public) = value.strip_prefix("vapid t=").and_then(|rest| rest.split_once(", k=")).expect("both parts");
        assert_eq!(public, key.public());
        let (signed, signature) = token.rsplit_once('.').expect("a signature");
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let point = bytes(public);
        assert_eq!((point.len(), point.first()), (65, Some(&4)));
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &bytes(signature)).expect("signed by the key");
        let claims: serde_json::Value = serde_json::from_slice(&bytes(signed.split_once('.').expect("claims").1)).expect("JSON");
        assert_eq!(claims, json!({ "aud": "https://push.example", "exp": 1_772_398_800, "sub": "mailto:ada@home.example" }));
        assert!(!format!("{key:?}").contains("pair"));
    }
}
