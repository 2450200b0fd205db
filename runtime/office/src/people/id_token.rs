//! Checks an OpenID provider's ID token: its signature, by whom and for whom it was made, for which sign-in, and until when. No I/O.
//!
//! Only signatures with a key pair are taken. There is no algorithm `none`, and none with a shared secret: whoever reads a token could make one.

use super::identity::Identity;
use super::webauthn;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;
use serde_json::Value;

/// The longest token, in bytes.
pub const ID_TOKEN_BYTES_MAX: usize = 32 * 1024;
/// By how much clocks may differ, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// The longest subject, in letters; the protocol's own bound.
const SUBJECT_LETTERS_MAX: usize = 255;

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It is no signed token.
    #[error("it is no signed token")]
    Form,
    /// It is signed in a way that is not taken here.
    #[error("its algorithm is none of RS256, RS384, RS512, PS256, ES256, ES384 and EdDSA, or needs more than is understood")]
    Algorithm,
    /// None of the provider's keys is the one it names.
    #[error("it is signed with a key that the provider does not list")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// Somebody else made it.
    #[error("it is of another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("it is for another client")]
    Audience,
    /// It is for another sign-in.
    #[error("it is for another sign-in")]
    Nonce,
    /// Its time is over, or has not come.
    #[error("it is not valid at this time")]
    Time,
    /// It names nobody.
    #[error("it names nobody")]
    Subject,
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer, letter for letter.
    pub issuer: &'a str,
    /// Our id at the issuer.
    pub client_id: &'a str,
    /// What was sent along with this sign-in.
    pub nonce: &'a str,
    /// Now, Unix milliseconds.
    pub now_ms: i64,
}

/// A public key as providers list it (RFC 7517).
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderKey {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; none is.
    crit: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Value,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    azp: Option<String>,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
}

/// How an algorithm is checked, and with which kind of key.
enum Check {
    Rsa(&'static signature::RsaParameters),
    Point(&'static dyn VerificationAlgorithm, &'static str),
    Edwards,
}

fn check_of(algorithm: &str) -> Option<Check> {
    Some(match algorithm {
        "RS256" => Check::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Check::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Check::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Check::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "ES256" => Check::Point(&signature::ECDSA_P256_SHA256_FIXED, "P-256"),
        "ES384" => Check::Point(&signature::ECDSA_P384_SHA384_FIXED, "P-384"),
        "EdDSA" => Check::Edwards,
        _ => return None,
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    webauthn::decode(text, ID_TOKEN_BYTES_MAX).ok()
}

impl ProviderKey {
    /// Whether this may be the key of such a token.
    fn fits(&self, header: &Header, check: &Check) -> bool {
        let kind = match check {
            Check::Rsa(_) => self.kty == "RSA",
            Check::Point(_, curve) => self.kty == "EC" && self.crv.as_deref() == Some(curve),
            Check::Edwards => self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519"),
        };
        let named = header.kid.is_none() || self.kid == header.kid;
        kind && named && self.used_for.as_deref().is_none_or(|used| used == "sig") && self.alg.as_deref().is_none_or(|alg| alg == header.alg)
    }

    fn signed(&self, check: &Check, message: &[u8], given: &[u8]) -> bool {
        let part = |part: &Option<String>| part.as_deref().and_then(bytes);
        let outcome = match check {
            Check::Rsa(parameters) => {
                let (Some(n), Some(e)) = (part(&self.n), part(&self.e)) else { return false };
                RsaPublicKeyComponents { n, e }.verify(parameters, message, given)
            }
            Check::Point(algorithm, _) => {
                let (Some(x), Some(y)) = (part(&self.x), part(&self.y)) else { return false };
                UnparsedPublicKey::new(*algorithm, [[4].as_slice(), &x, &y].concat()).verify(message, given)
            }
            Check::Edwards => {
                let Some(x) = part(&self.x) else { return false };
                UnparsedPublicKey::new(&signature::ED25519, x).verify(message, given)
            }
        };
        outcome.is_ok()
    }
}

/// Whom a token names, if it is the provider's word for this sign-in.
pub fn verify(token: &str, keys: &[ProviderKey], expected: Expected<'_>) -> Result<Identity, IdTokenError> {
    if token.len() > ID_TOKEN_BYTES_MAX {
        return Err(IdTokenError::Form);
    }
    let (message, given) = token.rsplit_once('.').ok_or(IdTokenError::Form)?;
    let (header, claims) = message.split_once('.').ok_or(IdTokenError::Form)?;
    let header: Header = serde_json::from_slice(&bytes(header).ok_or(IdTokenError::Form)?).map_err(|_| IdTokenError::Form)?;
    let given = bytes(given).ok_or(IdTokenError::Form)?;
    let check = check_of(&header.alg).filter(|_| header.crit.is_none()).ok_or(IdTokenError::Algorithm)?;
    let fitting: Vec<&ProviderKey> = keys.iter().filter(|key| key.fits(&header, &check)).collect();
    if fitting.is_empty() {
        return Err(IdTokenError::UnknownKey);
    }
    if !fitting.iter().any(|key| key.signed(&check, message.as_bytes(), &given)) {
        return Err(IdTokenError::Signature);
    }
    // Only what is signed is read.
    let claims: Claims = serde_json::from_slice(&bytes(claims).ok_or(IdTokenError::Form)?).map_err(|_| IdTokenError::Form)?;
    judge(claims, expected)
}

fn judge(claims: Claims, expected: Expected<'_>) -> Result<Identity, IdTokenError> {
    if claims.iss != expected.issuer {
        return Err(IdTokenError::Issuer);
    }
    let is_us = |audience: &Value| audience.as_str() == Some(expected.client_id);
    let (is_for_us, is_for_others) = match &claims.aud {
        Value::Array(all) => (all.iter().any(is_us), all.len() > 1),
        one => (is_us(one), false),
    };
    let party = claims.azp.as_deref();
    if !is_for_us || party.is_some_and(|party| party != expected.client_id) || (is_for_others && party.is_none()) {
        return Err(IdTokenError::Audience);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(IdTokenError::Nonce);
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of our time fit into the digits of a float")]
    let now = expected.now_ms as f64 / 1_000.0;
    #[expect(clippy::cast_precision_loss, reason = "a minute")]
    let leeway = LEEWAY_SECONDS as f64;
    let is_over = now >= claims.exp + leeway;
    let is_early = claims.iat > now + leeway || claims.nbf.is_some_and(|from| from > now + leeway);
    if is_over || is_early {
        return Err(IdTokenError::Time);
    }
    if claims.sub.is_empty() || claims.sub.chars().count() > SUBJECT_LETTERS_MAX || claims.sub.chars().any(char::is_control) {
        return Err(IdTokenError::Subject);
    }
    let is_verified = claims.email_verified == Some(Value::Bool(true));
    Ok(Identity { issuer: claims.iss, subject: claims.sub, verified_email: claims.email.filter(|_| is_verified) })
}

#[cfg(test)]
mod tests;
