//! Who stands for a plugin: an Ed25519 signature (RFC 8032) over the digest of everything it consists of.
//!
//! The digest takes in the component, the manifest and each schema file, framed by their lengths, so one signature is of one plugin. What is
//! verified is what was read into memory, and that is what is compiled: nothing is read twice.

use crate::error::PluginError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt;
use std::str::FromStr;
use steward_core::Digest;

/// The file of a plugin's folder that holds its signature.
pub const SIGNATURE_FILE: &str = "tool.sig";

/// What a signature is over, before the digest: it can be taken for nothing else.
const CONTEXT: &[u8] = b"steward plugin v1\n";
/// How a key is written.
const PREFIX: &str = "ed25519:";
/// The largest signature file taken, in bytes.
pub(crate) const SIGNATURE_BYTES_MAX: u64 = 1024;

/// A public key, written `ed25519:` and 32 bytes in Base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// A text that is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write `ed25519:` and the key in Base64, as `steward plugin sign` prints it")]
pub struct KeyError;

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(KeyError)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError)?;
        bytes.try_into().map(Self).map_err(|_| KeyError)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

/// A secret key that signs plugins.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// From 32 secret bytes.
    ///
    /// # Errors
    /// When the bytes are no key.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(secret).map(Self).map_err(|_| KeyError)
    }

    /// What others verify with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// The text of [`SIGNATURE_FILE`] for what has this digest.
    pub fn sign(&self, digest: &Digest) -> String {
        format!("{} {}\n", self.public(), STANDARD.encode(self.0.sign(&message(digest)).as_ref()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

fn message(digest: &Digest) -> Vec<u8> {
    [CONTEXT, digest.bytes().as_slice()].concat()
}

/// Whose signatures count, and whether a plugin needs one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Whose signatures count.
    pub keys: Vec<PublicKey>,
    /// Whether a plugin without a signature is taken too. One whose signature is wrong never is.
    pub allow_unsigned: bool,
}

impl Trust {
    /// Who stands for a plugin; nobody where it has no signature and needs none.
    pub(crate) fn check(&self, plugin: &str, digest: &Digest, signature: Option<&str>) -> Result<Option<PublicKey>, PluginError> {
        let refuse = |reason: String| PluginError::Signature { plugin: plugin.to_owned(), reason };
        let Some(text) = signature else {
            if self.allow_unsigned {
                return Ok(None);
            }
            return Err(refuse(format!(
                "it has no `{SIGNATURE_FILE}`; sign it with `steward plugin sign`, or set `plugins.allow_unsigned = true` where you write it yourself"
            )));
        };
        let (key, signed) = text.trim().split_once(' ').ok_or_else(|| refuse(format!("`{SIGNATURE_FILE}` is not a key and a signature; sign it anew")))?;
        let key: PublicKey = key.parse().map_err(|_| refuse(format!("`{SIGNATURE_FILE}` does not begin with a key; sign it anew")))?;
        if !self.keys.contains(&key) {
            return Err(refuse(format!("it is signed by `{key}`, which is not among `plugins.trusted_keys`; add it if you know whose it is")));
        }
        let signed = STANDARD.decode(signed).map_err(|_| refuse(format!("`{SIGNATURE_FILE}` has no signature in Base64; sign it anew")))?;
        UnparsedPublicKey::new(&ED25519, key.0)
            .verify(&message(digest), &signed)
            .map_err(|_| refuse("its signature is of something else: a file was changed after it was signed".to_owned()))?;
        Ok(Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signing() -> SigningKey {
        SigningKey::from_secret(&[7; 32]).expect("key")
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for wrong in ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA", "ed25519:????", "AAAA"] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(KeyError), "{wrong}");
        }
        let key = signing().public();
        assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn only_a_trusted_signature_of_this_very_digest_counts() {
        let (key, digest, other) = (signing(), Digest::of(b"this"), Digest::of(b"that"));
        let trusting = |keys: &[PublicKey], allow_unsigned| Trust { keys: keys.to_vec(), allow_unsigned };
        let reason = |trust: &Trust, digest: &Digest, signature: Option<&str>| trust.check("p", digest, signature).expect_err("refused").to_string();
        let signature = key.sign(&digest);
        assert!(reason(&trusting(&[key.public()], false), &digest, None).contains("steward plugin sign"));
        assert!(reason(&trusting(&[], false), &digest, Some(&signature)).contains("plugins.trusted_keys"));
        // That unsigned ones are taken makes no wrong signature right.
        for allow_unsigned in [false, true] {
            assert!(reason(&trusting(&[], allow_unsigned), &digest, Some(&signature)).contains("plugins.trusted_keys"));
            assert!(reason(&trusting(&[key.public()], allow_unsigned), &other, Some(&signature)).contains("changed after it was signed"));
            for broken in ["", "x", "x y", &format!("{} ????", key.public()), &format!("{} AAAA", key.public())] {
                assert!(trusting(&[key.public()], allow_unsigned).check("p", &digest, Some(broken)).is_err(), "{broken}");
            }
        }
        assert_eq!(trusting(&[key.public()], false).check("p", &digest, Some(&signature)).expect("trusted"), Some(key.public()));
        assert_eq!(trusting(&[], true).check("p", &digest, None).expect("unsigned"), None);
    }
}
