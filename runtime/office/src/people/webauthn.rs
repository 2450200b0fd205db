//! What a browser says of a passkey, checked (WebAuthn Level 3, 7.1 and 7.2). Pure: no store, no clock, no chance.
//!
//! Attestation is not asked for, so nothing of a registration is signed but by whoever is signed in: the key is taken as the browser
//! gives it (`getPublicKey`), and no CBOR is read. Signatures are checked by `ring`, which is here anyway.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;
use steward_core::Digest;
use subtle::ConstantTimeEq as _;

/// The longest credential id (Level 3, 4) and the longest of everything else, in bytes.
const CREDENTIAL_BYTES_MAX: usize = 1023;
const PART_BYTES_MAX: usize = 4096;
/// Flags of the authenticator's data.
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const HAS_CREDENTIAL: u8 = 1 << 6;
/// Where flags, counter and the rest stand in the authenticator's data.
const RP_BYTES: usize = 32;
const HEAD_BYTES: usize = 37;
const AAGUID_BYTES: usize = 16;

/// Who asks: the domain that passkeys are for, and the origins of its pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// The domain.
    pub id: String,
    /// `https://host:port` of pages that may ask.
    pub origins: Vec<String>,
}

/// What a new passkey says of itself. Bytes are base64url without padding.
#[derive(Debug, Clone, Deserialize)]
pub struct Registration {
    /// `rawId`.
    pub credential_id: String,
    /// `response.clientDataJSON`.
    pub client_data: String,
    /// `response.getAuthenticatorData()`.
    pub authenticator_data: String,
    /// `response.getPublicKey()`, a SubjectPublicKeyInfo.
    pub public_key: String,
    /// `response.getPublicKeyAlgorithm()`.
    pub algorithm: i32,
}

/// What a passkey says of who is there. Bytes are base64url without padding.
#[derive(Debug, Clone, Deserialize)]
pub struct Assertion {
    /// `rawId`.
    pub credential_id: String,
    /// `response.clientDataJSON`.
    pub client_data: String,
    /// `response.authenticatorData`.
    pub authenticator_data: String,
    /// `response.signature`.
    pub signature: String,
    /// `response.userHandle`, if the passkey gives one.
    pub user_handle: Option<String>,
}

/// Why it was not taken. People are told that it was not; this is for whoever looks for the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not the form of what browsers give.
    #[error("what the browser gave cannot be read")]
    Form,
    /// It was made for something else: another ceremony.
    #[error("it is of another ceremony")]
    Ceremony,
    /// Another challenge than one of ours for this.
    #[error("the challenge is another one, or too old")]
    Challenge,
    /// A page of another origin asked, or a frame.
    #[error("a page of another site asked for it")]
    Origin,
    /// It is for another domain.
    #[error("it is for another domain")]
    RelyingParty,
    /// Nobody touched it, or nobody was recognised.
    #[error("nobody was recognised by the device")]
    Unverified,
    /// A kind of key that is not taken.
    #[error("this kind of key is not taken")]
    Algorithm,
    /// The signature is not by this key.
    #[error("the signature does not fit")]
    Signature,
    /// The counter did not grow: the passkey may have been copied.
    #[error("its counter went back: it may have been copied")]
    Counter,
}

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    /// COSE's number: -7 ES256, -8 EdDSA, -257 RS256.
    pub algorithm: i32,
    /// As `ring` takes it: a point, 32 bytes, or an RSAPublicKey.
    pub bytes: Vec<u8>,
}

/// The algorithms that are taken, in the order in which they are wished for.
pub(super) const ALGORITHMS: [i32; 3] = [-8, -7, -257];

#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    is_cross_origin: bool,
}

/// Bytes from base64url.
pub(super) fn decode(text: &str, most: usize) -> Result<Vec<u8>, Refused> {
    if text.len() > most * 4 / 3 + 4 {
        return Err(Refused::Form);
    }
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| Refused::Form)
}

/// Bytes as base64url.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A credential's id.
pub(super) fn credential_id(text: &str) -> Result<Vec<u8>, Refused> {
    let id = decode(text, CREDENTIAL_BYTES_MAX)?;
    if id.is_empty() || id.len() > CREDENTIAL_BYTES_MAX { Err(Refused::Form) } else { Ok(id) }
}

/// The challenge that the browser answered to. Whether it is one of ours is still to be asked.
pub(super) fn challenge(client_data: &str) -> Result<Vec<u8>, Refused> {
    decode(&read_client_data(&decode(client_data, PART_BYTES_MAX)?)?.challenge, PART_BYTES_MAX)
}

fn read_client_data(bytes: &[u8]) -> Result<ClientData, Refused> {
    serde_json::from_slice(bytes).map_err(|_| Refused::Form)
}

/// Checks what both ceremonies have: who asked, for what, and that somebody was recognised. Returns the authenticator's data and flags.
fn common(party: &RelyingParty, kind: &str, client_data: &[u8], authenticator_data: &str) -> Result<(Vec<u8>, u32), Refused> {
    let said = read_client_data(client_data)?;
    if said.kind != kind {
        return Err(Refused::Ceremony);
    }
    if said.is_cross_origin || !party.origins.iter().any(|own| own.eq_ignore_ascii_case(&said.origin)) {
        return Err(Refused::Origin);
    }
    let data = decode(authenticator_data, PART_BYTES_MAX)?;
    let (rp, rest) = data.split_at_checked(RP_BYTES).ok_or(Refused::Form)?;
    if !bool::from(rp.ct_eq(Digest::of(party.id.as_bytes()).bytes().as_slice())) {
        return Err(Refused::RelyingParty);
    }
    let (flags, rest) = rest.split_first().ok_or(Refused::Form)?;
    let counter = u32::from_be_bytes(*rest.first_chunk::<4>().ok_or(Refused::Form)?);
    if flags & PRESENT == 0 || flags & VERIFIED == 0 {
        return Err(Refused::Unverified);
    }
    Ok((data, counter))
}

/// Checks a registration. Returns the credential's id, its key and its counter.
pub(super) fn register(party: &RelyingParty, new: &Registration) -> Result<(Vec<u8>, PublicKey, u32), Refused> {
    let client_data = decode(&new.client_data, PART_BYTES_MAX)?;
    let (data, counter) = common(party, "webauthn.create", &client_data, &new.authenticator_data)?;
    let id = credential_id(&new.credential_id)?;
    // The credential that the data names is the one that is registered.
    let named = data.get(HEAD_BYTES + AAGUID_BYTES..).and_then(|rest| {
        let (length, rest) = rest.split_first_chunk::<2>()?;
        rest.get(..usize::from(u16::from_be_bytes(*length)))
    });
    if data.get(RP_BYTES).is_none_or(|flags| flags & HAS_CREDENTIAL == 0) || named != Some(id.as_slice()) {
        return Err(Refused::Form);
    }
    let key = PublicKey { algorithm: new.algorithm, bytes: key_of(new.algorithm, &decode(&new.public_key, PART_BYTES_MAX)?)? };
    Ok((id, key, counter))
}

/// Checks an assertion by a key whose counter stood at `counter`. Returns where it stands now.
pub(super) fn assert(party: &RelyingParty, key: &PublicKey, counter: u32, said: &Assertion) -> Result<u32, Refused> {
    let client_data = decode(&said.client_data, PART_BYTES_MAX)?;
    let (mut signed, now) = common(party, "webauthn.get", &client_data, &said.authenticator_data)?;
    signed.extend_from_slice(Digest::of(&client_data).bytes());
    let signature = decode(&said.signature, PART_BYTES_MAX)?;
    UnparsedPublicKey::new(algorithm(key.algorithm)?, &key.bytes).verify(&signed, &signature).map_err(|_| Refused::Signature)?;
    // Passkeys that are kept in several places count nothing and say zero.
    if (now != 0 || counter != 0) && now <= counter {
        return Err(Refused::Counter);
    }
    Ok(now)
}

fn algorithm(number: i32) -> Result<&'static dyn VerificationAlgorithm, Refused> {
    match number {
        -7 => Ok(&signature::ECDSA_P256_SHA256_ASN1),
        -8 => Ok(&signature::ED25519),
        -257 => Ok(&signature::RSA_PKCS1_2048_8192_SHA256),
        _ => Err(Refused::Algorithm),
    }
}

/// What stands before the key in a SubjectPublicKeyInfo of each algorithm (RFC 5480, RFC 8410, RFC 8017), DER.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// The key in a SubjectPublicKeyInfo, in the form in which `ring` takes it.
fn key_of(number: i32, info: &[u8]) -> Result<Vec<u8>, Refused> {
    let key = match number {
        -7 => info.strip_prefix(P256).filter(|point| point.len() == 65 && point.first() == Some(&4)),
        -8 => info.strip_prefix(ED25519).filter(|key| key.len() == 32),
        -257 => sequence(info).and_then(|inner| inner.strip_prefix(RSA)).and_then(|bits| tagged(0x03, bits)).and_then(|bits| bits.strip_prefix(&[0])),
        _ => return Err(Refused::Algorithm),
    };
    key.map(<[u8]>::to_vec).ok_or(Refused::Form)
}

fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    tagged(0x30, bytes)
}

/// The content of one DER value that fills the bytes whole.
fn tagged(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&[tag])?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest.split_first_chunk::<2>().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    (rest.len() == length).then_some(rest)
}
