//! The text forms of secrets. Each carries its organisation, so that row security can be entered before anything is looked up.
//!
//! A session's or link's secret is `org_….<52 letters>`; a token is `stw_live_<organisation and id>_<52 letters><checksum>`.
//! The letters are Crockford base32 of 32 random bytes; only their SHA-256 is ever stored.

use super::error::PeopleError;
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use steward_core::{ApiTokenId, Digest, Id, TenantId};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SECRET_BYTES: usize = 32;
const SECRET_LETTERS: usize = 52;
const ID_LETTERS: usize = 26;
const CHECKSUM_LETTERS: usize = 8;
const RECOVERY_BYTES: usize = 10;
const TOKEN_PREFIX: &str = "stw_live_";

/// A fresh secret of an organisation, and the hash to store.
pub(super) fn make(tenant: TenantId) -> Result<(SecretString, Digest), PeopleError> {
    let letters = random_letters()?;
    let hash = Digest::of(letters.as_bytes());
    Ok((SecretString::from(format!("{tenant}.{letters}")), hash))
}

/// The organisation and hash of a session's or link's secret, or nothing when it has another form.
pub(super) fn read(text: &str) -> Option<(TenantId, Digest)> {
    let (tenant, letters) = text.split_once('.')?;
    are_letters(letters).then_some(())?;
    Some((tenant.parse().ok()?, Digest::of(letters.as_bytes())))
}

/// A fresh token, and the hash to store.
pub(super) fn make_token(tenant: TenantId, id: ApiTokenId) -> Result<(SecretString, Digest), PeopleError> {
    let letters = random_letters()?;
    let hash = Digest::of(letters.as_bytes());
    let body = format!("{TOKEN_PREFIX}{}{}_{letters}", bare(tenant), bare(id));
    let checksum = crc32(body.as_bytes());
    Ok((SecretString::from(format!("{body}{checksum:08x}")), hash))
}

/// Organisation, id and hash of a token, or nothing when its form or checksum is wrong: no database is asked for a typing error.
pub(super) fn read_token(text: &SecretString) -> Option<(TenantId, ApiTokenId, Digest)> {
    let text = text.expose_secret();
    let (body, checksum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_LETTERS)?)?;
    (format!("{:08x}", crc32(body.as_bytes())) == checksum).then_some(())?;
    let (ids, letters) = body.strip_prefix(TOKEN_PREFIX)?.split_once('_')?;
    let (tenant, id) = ids.split_at_checked(ID_LETTERS)?;
    are_letters(letters).then_some(())?;
    Some((whole(tenant)?, whole(id)?, Digest::of(letters.as_bytes())))
}

/// A fresh code for when a second factor is lost: 80 bits in four groups, to be written down.
pub(super) fn recovery_code() -> Result<String, PeopleError> {
    let letters = letters(&random_bytes::<RECOVERY_BYTES>()?);
    let groups: Vec<&str> = [0, 4, 8, 12].into_iter().filter_map(|at| letters.get(at..at + 4)).collect();
    Ok(groups.join("-"))
}

/// Bytes that nobody can guess.
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], PeopleError> {
    let mut bytes = [0; N];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|err| PeopleError::Secret(err.to_string()))?;
    Ok(bytes)
}

/// An id without its prefix.
fn bare<T: Id>(id: T) -> String {
    id.to_string().split_off(T::PREFIX.len() + 1)
}

/// The id whose letters these are.
fn whole<T: Id>(letters: &str) -> Option<T> {
    format!("{}_{letters}", T::PREFIX).parse().ok()
}

fn are_letters(text: &str) -> bool {
    text.len() == SECRET_LETTERS && text.bytes().all(|letter| ALPHABET.contains(&letter))
}

fn random_letters() -> Result<String, PeopleError> {
    Ok(letters(&random_bytes::<SECRET_BYTES>()?))
}

/// Base32 without padding; the last letter carries the rest bits.
fn letters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(SECRET_LETTERS);
    let (mut bits, mut held) = (0u32, 0u32);
    let mut push = |five: u32| text.push(char::from(ALPHABET.get((five & 31) as usize).copied().unwrap_or(b'0')));
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push(bits >> held);
        }
    }
    if held > 0 {
        push(bits << (5 - held));
    }
    text
}

/// CRC-32 as in ISO-HDLC (zip, Ethernet): enough to catch a typing error, and no more is asked of it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::Ids;

    #[test]
    fn what_is_not_a_secret_is_refused_by_its_form() {
        let (secret, _) = make(Ids::counter().make()).expect("secret");
        let good = secret.expose_secret().to_owned();
        assert!(read(&good).is_some());
        for bad in [
            "",
            ".",
            "org_0.abc",
            &good[1..],
            &good[..good.len() - 1],
            &format!("{good}0"),
            &good.to_uppercase(),
            &good.replace('.', ""),
            &good.replacen("org_", "run_", 1),
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_token_with_any_letter_changed_is_refused_without_asking_anyone() {
        let ids = Ids::counter();
        let (tenant, id) = (ids.make(), ids.make());
        let (token, hash) = make_token(tenant, id).expect("token");
        assert_eq!(read_token(&token), Some((tenant, id, hash)));
        let good = token.expose_secret().to_owned();
        for at in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'a' { b'b' } else { b'a' };
            let bad = String::from_utf8(bad).expect("ascii");
            assert!(read_token(&SecretString::from(bad.clone())).is_none(), "{bad}");
        }
        for bad in ["", "stw_live_", "é", "stw_live_éééééééé"] {
            assert!(read_token(&SecretString::from(bad)).is_none(), "{bad}");
        }
    }

    #[test]
    fn checksum_and_letters_match_known_vectors() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(letters(&[0xff; 5]), "zzzzzzzz");
        assert_eq!(letters(&[0; 32]).len(), SECRET_LETTERS);
        assert_eq!(letters(b"f"), "cr");
        let code = recovery_code().expect("code");
        assert!(code.len() == 19 && code.split('-').all(|group| group.len() == 4), "{code}");
    }
}
