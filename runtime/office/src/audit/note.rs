//! Signed checkpoints: C2SP tlog-checkpoint in a C2SP signed-note, with Ed25519.
//!
//! A note says origin, size and root; the origin is also the name of the key, and names the organisation, so that one organisation's
//! checkpoint is never another's. The secret comes from outside and never lies in the database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt;
use std::str::FromStr;
use steward_core::{Digest, TenantId};

/// The algorithm byte of Ed25519 in a signed note.
const ALGORITHM: u8 = 1;
const SIGNATURE_BYTES: usize = 64;

/// Size and root of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// Their root.
    pub root: Digest,
}

/// Why a note or key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The secret is none.
    #[error("the audit key is not an Ed25519 secret of 32 bytes")]
    Secret,
    /// The public key cannot be read.
    #[error("`{0}` is not a verifier key; it has the form `name+id+key`, as `steward audit key` prints it")]
    Key(String),
    /// The note has another form.
    #[error("it is not a signed checkpoint")]
    Form,
    /// Nobody known signed it.
    #[error("it is not signed with the key `{0}`")]
    Unsigned(String),
    /// The signature does not belong to the text.
    #[error("its signature is forged: the key `{0}` never signed this text")]
    Forged(String),
    /// Another log's.
    #[error("it speaks of `{found}`, not of `{wanted}`")]
    Origin {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
}

/// What signs checkpoints.
pub struct Signer {
    pair: Ed25519KeyPair,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

/// The name of an organisation's log.
pub fn origin_of(tenant: TenantId) -> String {
    format!("steward/audit/{tenant}")
}

impl Signer {
    /// From 32 secret bytes.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, NoteError> {
        Ed25519KeyPair::from_seed_unchecked(secret).map(|pair| Self { pair }).map_err(|_| NoteError::Secret)
    }

    /// What others check an organisation's checkpoints with.
    pub fn verifier(&self, tenant: TenantId) -> Verifier {
        let mut key = [0; 32];
        key.copy_from_slice(self.pair.public_key().as_ref().first_chunk::<32>().unwrap_or(&[0; 32]));
        Verifier { name: origin_of(tenant), key }
    }

    /// The signed checkpoint of an organisation's log.
    pub fn sign(&self, tenant: TenantId, size: u64, root: &Digest) -> String {
        let verifier = self.verifier(tenant);
        let text = format!("{}\n{size}\n{}\n", verifier.name, STANDARD.encode(root.bytes()));
        let mut line = verifier.id().to_vec();
        line.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        format!("{text}\n— {} {}\n", verifier.name, STANDARD.encode(line))
    }
}

/// A public key with its name, shown as `name+id+key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: [u8; 32],
}

impl Verifier {
    /// The log it belongs to.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> [u8; 4] {
        let mut bytes = self.name.clone().into_bytes();
        bytes.extend_from_slice(&[b'\n', ALGORITHM]);
        bytes.extend_from_slice(&self.key);
        *Digest::of(&bytes).bytes().first_chunk::<4>().unwrap_or(&[0; 4])
    }

    /// The checkpoint a note speaks of, if this key signed it. Signatures of others are passed over.
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        let (text, signatures) = note.split_once("\n\n").ok_or(NoteError::Form)?;
        let text = format!("{text}\n");
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else { return Err(NoteError::Form) };
        let plain = !size.is_empty() && size.bytes().all(|digit| digit.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        let size: u64 = size.parse().ok().filter(|_| plain).ok_or(NoteError::Form)?;
        let root: [u8; 32] = STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(NoteError::Form)?;
        let mut known = signatures.lines().filter_map(|line| {
            let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
            let bytes = STANDARD.decode(signature).ok()?;
            let (id, signature) = bytes.split_at_checked(4)?;
            (name == self.name && id == self.id() && signature.len() == SIGNATURE_BYTES).then(|| signature.to_vec())
        });
        let signature = known.next().ok_or_else(|| NoteError::Unsigned(self.name.clone()))?;
        UnparsedPublicKey::new(&ED25519, self.key).verify(text.as_bytes(), &signature).map_err(|_| NoteError::Forged(self.name.clone()))?;
        if origin != self.name {
            return Err(NoteError::Origin { found: origin.to_owned(), wanted: self.name.clone() });
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root: Digest::from_bytes(root) })
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ALGORITHM];
        bytes.extend_from_slice(&self.key);
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), STANDARD.encode(bytes))
    }
}

impl FromStr for Verifier {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let refuse = || NoteError::Key(text.chars().take(120).collect());
        // Base64 may hold a plus; names and ids do not.
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(refuse()) };
        let bytes = STANDARD.decode(key).map_err(|_| refuse())?;
        let Some((&ALGORITHM, key)) = bytes.split_first() else { return Err(refuse()) };
        let verifier = Self { name: name.to_owned(), key: key.try_into().map_err(|_| refuse())? };
        if name.is_empty() || name.contains(char::is_whitespace) || format!("{:08x}", u32::from_be_bytes(verifier.id())) != id {
            return Err(refuse());
        }
        Ok(verifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_foreign_and_malformed_checkpoints_are_refused() {
        let signer = Signer::from_secret(&[7; 32]).expect("key");
        let stranger = Signer::from_secret(&[8; 32]).expect("key");
        let (tenant, other) = (TenantId::from_uuid(uuid::Uuid::from_u128(1)), TenantId::from_uuid(uuid::Uuid::from_u128(2)));
        let verifier = signer.verifier(tenant);
        let root = Digest::of(b"root");
        let note = signer.sign(tenant, 300, &root);
        let check = |note: &str, expect: NoteError| assert_eq!(verifier.open(note), Err(expect), "{note}");
        let name = verifier.name().to_owned();
        check(&note.replace("\n300\n", "\n301\n"), NoteError::Forged(name.clone()));
        check(&note.replace("\n300\n", "\n0300\n"), NoteError::Form);
        check(&note.replace("\n300\n", "\n+300\n"), NoteError::Form);
        check(&stranger.sign(tenant, 300, &root), NoteError::Unsigned(name.clone()));
        check(&signer.sign(other, 300, &root), NoteError::Unsigned(name.clone()));
        check(&note.replacen(&name, &origin_of(other), 1), NoteError::Forged(name.clone()));
        check("", NoteError::Form);
        check(note.split_once("\n\n").expect("text").0, NoteError::Form);
        assert_eq!(verifier.open(&note), Ok(Checkpoint { origin: name, size: 300, root }));
        assert!(verifier.open(&format!("{note}— witness AAAA\n")).is_ok(), "others may sign too");
    }

    #[test]
    fn keys_are_written_and_read_and_wrong_ones_refused() {
        let verifier = Signer::from_secret(&[7; 32]).expect("key").verifier(TenantId::from_uuid(uuid::Uuid::from_u128(1)));
        let text = verifier.to_string();
        assert_eq!(text.parse(), Ok(verifier));
        for wrong in ["", "a+b", "a+00000000+AQ==", &text.replacen("steward", "stewart", 1), text.get(..60).expect("ascii")] {
            assert!(wrong.parse::<Verifier>().is_err(), "{wrong}");
        }
        // The example of the signed-note specification.
        let example = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(example.parse::<Verifier>().map(|key| key.to_string()), Ok(example.to_owned()));
    }
}
