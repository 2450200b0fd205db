//! Seals a message for one browser: RFC 8291 over RFC 8188, `aes128gcm` in a single record. Its maker carries it and cannot read it.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};

const SALT_BYTES: usize = 16;
const POINT_BYTES: usize = 65;
const KEY_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;
/// The size of records that is named; a message is one, and shorter.
const RECORD_BYTES: u32 = 4096;
/// What ends the last record's text, before its padding.
const LAST: u8 = 2;
/// The most text of a message: with head, padding and tag it must stay in the 4096 bytes that every service takes.
pub(super) const TEXT_BYTES_MAX: usize = 2048;

/// Why a message cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is too long.
    #[error("a message has at most {TEXT_BYTES_MAX} bytes")]
    Long,
    /// The browser's key is no point of the curve.
    #[error("the browser's key is none")]
    Key,
    /// There is no chance to be had.
    #[error("the system gives no random bytes")]
    Chance,
}

/// A message's body for a browser with this public key and secret. `padded` is the length that text and padding have together, so that
/// its length says nothing of it.
pub fn seal(text: &[u8], padded: usize, browser: &[u8], auth: &[u8]) -> Result<Vec<u8>, SealError> {
    let random = SystemRandom::new();
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(|_| SealError::Chance)?;
    let public = ours.compute_public_key().map_err(|_| SealError::Chance)?;
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt).map_err(|_| SealError::Chance)?;
    let shared = agree_ephemeral(ours, &UnparsedPublicKey::new(&ECDH_P256, browser), <[u8]>::to_vec).map_err(|_| SealError::Key)?;
    seal_with(text, padded, &Parties { shared: &shared, browser, ours: public.as_ref(), auth, salt })
}

/// All that a message's keys are made of.
struct Parties<'a> {
    shared: &'a [u8],
    browser: &'a [u8],
    ours: &'a [u8],
    auth: &'a [u8],
    salt: [u8; SALT_BYTES],
}

fn seal_with(text: &[u8], padded: usize, parties: &Parties<'_>) -> Result<Vec<u8>, SealError> {
    if text.len() > TEXT_BYTES_MAX || parties.browser.len() != POINT_BYTES || parties.ours.len() != POINT_BYTES {
        return Err(if text.len() > TEXT_BYTES_MAX { SealError::Long } else { SealError::Key });
    }
    // RFC 8291, section 3.4.
    let info = [b"WebPush: info\0".as_slice(), parties.browser, parties.ours].concat();
    let keying: [u8; SECRET_BYTES] = derive(parties.auth, parties.shared, &info)?;
    let key: [u8; KEY_BYTES] = derive(&parties.salt, &keying, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; NONCE_BYTES] = derive(&parties.salt, &keying, b"Content-Encoding: nonce\0")?;
    let mut record = text.to_vec();
    record.push(LAST);
    record.resize(record.len().max(padded.min(TEXT_BYTES_MAX) + 1), 0);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).map_err(|_| SealError::Key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record).map_err(|_| SealError::Key)?;
    debug_assert!(record.len() <= TEXT_BYTES_MAX + 1 + TAG_BYTES);
    let length = u8::try_from(POINT_BYTES).map_err(|_| SealError::Key)?;
    Ok([parties.salt.as_slice(), &RECORD_BYTES.to_be_bytes(), &[length], parties.ours, &record].concat())
}

/// So many bytes.
struct Bytes<const N: usize>;

impl<const N: usize> KeyType for Bytes<N> {
    fn len(&self) -> usize {
        N
    }
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<[u8; N], SealError> {
    let mut key = [0; N];
    let pseudo = Salt::new(HKDF_SHA256, salt).extract(secret);
    pseudo.expand(&[info], Bytes::<N>).and_then(|okm| okm.fill(&mut key)).map_err(|_| SealError::Key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    #[test]
    fn the_example_of_rfc_8291_comes_out_as_written_there() {
        // Section 5 and appendix A: every byte of the body is given.
        let parties = Parties {
            shared: &bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"),
            browser: &bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            ours: &bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"),
            auth: &bytes("BTBZMqHH6r4Tts7J_aSIgg"),
            salt: bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().expect("16 bytes"),
        };
        let body = seal_with(b"When I grow up, I want to be a watermelon", 0, &parties).expect("sealed");
        let expect = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(body), expect);
    }

    #[test]
    fn what_cannot_be_sealed_is_refused_and_lengths_say_nothing() {
        let browser = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let auth = [7; 16];
        let mut off_curve = browser.clone();
        off_curve[64] ^= 1;
        for wrong in [&off_curve[..], &[4; 65], &[], &browser[..64]] {
            assert_eq!(seal(b"x", 0, wrong, &auth), Err(SealError::Key), "{wrong:?}");
        }
        assert_eq!(seal(&[0; TEXT_BYTES_MAX + 1], 0, &browser, &auth), Err(SealError::Long));
        let length = |text: &[u8]| seal(text, 1024, &browser, &auth).expect("sealed").len();
        assert_eq!(length(b"a"), length(&[b'a'; 1000]));
        assert_ne!(seal(b"a", 0, &browser, &auth), seal(b"a", 0, &browser, &auth), "each has a key and a salt of its own");
    }
}
