//! One-time codes from an app (RFC 6238): six digits, thirty seconds, HMAC-SHA-1, which is what every such app takes. Stores nothing.

use ring::hmac;
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;

/// The length of a secret, in bytes: as long as the hash, as RFC 4226 recommends.
pub(super) const SECRET_BYTES: usize = 20;
/// Digits of a code.
pub(super) const DIGITS: usize = 6;
const PERIOD_SECONDS: i64 = 30;
const CODES: u32 = 1_000_000;
/// How many steps a clock may be wrong, to both sides.
const DRIFT_STEPS: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of one step of time (RFC 4226, 5.3).
fn code_at(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let mac = mac.as_ref();
    let offset = usize::from(mac.last().copied().unwrap_or(0) & 0xf);
    let number = mac.get(offset..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |four| u32::from_be_bytes(*four) & 0x7fff_ffff);
    format!("{:0DIGITS$}", number % CODES)
}

/// Which step of time this code is of, the one now or its neighbours.
pub(super) fn step_of(secret: &[u8], code: &str, now: OffsetDateTime) -> Option<i64> {
    let this = now.unix_timestamp().div_euclid(PERIOD_SECONDS);
    let mut found = None;
    // All are compared, whichever fits: the time it takes says nothing.
    for step in this - DRIFT_STEPS..=this + DRIFT_STEPS {
        if bool::from(code_at(secret, step).as_bytes().ct_eq(code.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// The secret as people type it and apps read it: base32 (RFC 4648) without padding.
pub(super) fn letters(secret: &[u8]) -> String {
    let mut text = String::with_capacity(secret.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in secret {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(letter(bits >> held));
        }
    }
    if held > 0 {
        text.push(letter(bits << (5 - held)));
    }
    text
}

fn letter(five: u32) -> char {
    char::from(ALPHABET.get((five & 31) as usize).copied().unwrap_or(b'A'))
}

/// The address that apps read from a picture. The names are percent-encoded.
pub(super) fn uri(letters: &str, issuer: &str, account: &str) -> String {
    let (issuer, account) = (encode(issuer), encode(account));
    format!("otpauth://totp/{issuer}:{account}?secret={letters}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={PERIOD_SECONDS}")
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).expect("time")
    }

    #[test]
    fn codes_of_other_times_and_other_texts_are_of_no_step() {
        let code = code_at(SECRET, 37_037_036);
        for (now, expect) in
            [(1_111_111_109 - 60, None), (1_111_111_109 - 30, Some(37_037_036)), (1_111_111_109 + 30, Some(37_037_036)), (1_111_111_109 + 60, None)]
        {
            assert_eq!(step_of(SECRET, &code, at(now)), expect, "{now}");
        }
        for bad in ["", "081804 ", "81804", "0081804", "O81804", "٠٨١٨٠٤"] {
            assert_eq!(step_of(SECRET, bad, at(1_111_111_109)), None, "{bad}");
        }
        assert_eq!(step_of(b"another secret here!", &code, at(1_111_111_109)), None);
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, whose eight digits end in these six.
        for (seconds, expect) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(SECRET, seconds / PERIOD_SECONDS), expect, "{seconds}");
        }
    }

    #[test]
    fn names_of_any_letters_fit_into_the_address() {
        assert_eq!(letters(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(letters(b"f"), "MY");
        let text = uri("MY", "Steward: Zoë & Co", "a+b@c.example");
        assert_eq!(
            text,
            "otpauth://totp/Steward%3A%20Zo%C3%AB%20%26%20Co:a%2Bb@c.example?secret=MY&issuer=Steward%3A%20Zo%C3%AB%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }
}
