//! The one byte form of a JSON value (RFC 8785, JSON Canonicalization Scheme) and the digest over it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// Why a value has no canonical form: it is no JSON, or holds a number that has no spelling.
#[derive(Debug, thiserror::Error)]
#[error("the value has no canonical JSON form")]
pub struct CanonicalError(#[source] pub(crate) serde_json::Error);

/// The canonical bytes of a value, RFC 8785.
pub fn canonical_json(value: &impl Serialize) -> Result<Vec<u8>, CanonicalError> {
    canonical_value(&serde_json::to_value(value).map_err(CanonicalError)?)
}

/// The same of a value that is JSON already.
pub fn canonical_value(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    if is_plain(value) {
        return serde_json::to_vec(&InOrder(value)).map_err(CanonicalError);
    }
    serde_json_canonicalizer::to_vec(value).map_err(CanonicalError)
}

/// The largest integer that a double holds exactly with all below it, 2^53 - 1.
pub(crate) const EXACT_MAX: u64 = (1 << 53) - 1;

/// Whether sorting its keys is all that a value lacks: no fractions, which have their own spelling, and no key beyond ASCII, where the
/// order of bytes may not be that of UTF-16. Nearly all values of ours; sealing takes a third of the time then.
pub(crate) fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)).is_some_and(|size| size <= EXACT_MAX),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(fields) => fields.iter().all(|(key, value)| key.is_ascii() && is_plain(value)),
    }
}

/// Whether lists and objects of a value stand in one another more than so many times: `[[1]]` is two levels. It looks no deeper than that.
///
/// What is to be read back has to keep below the 128 levels that `serde_json` reads, with all that is around it.
pub fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        Value::Array(items) => levels == 0 || items.iter().any(|item| is_deeper(item, levels - 1)),
        Value::Object(fields) => levels == 0 || fields.values().any(|value| is_deeper(value, levels - 1)),
    }
}

/// A value whose objects are written with their keys in order.
pub(crate) struct InOrder<'a>(pub(crate) &'a Value);

impl Serialize for InOrder<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => to.collect_seq(items.iter().map(InOrder)),
            Value::Object(fields) => {
                let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
                fields.sort_unstable_by_key(|(key, _)| *key);
                to.collect_map(fields.into_iter().map(|(key, value)| (key, InOrder(value))))
            }
            scalar => scalar.serialize(to),
        }
    }
}

/// A SHA-256 digest, shown as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of several parts, each preceded by its length, so that no two lists of parts collide.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The digest of a value's canonical form.
    pub fn of_value(value: &impl Serialize) -> Result<Self, CanonicalError> {
        canonical_json(value).map(|bytes| Self::of(&bytes))
    }

    /// The raw bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first twelve letters, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written at once: an envelope holds several, and a formatter call for each byte was a tenth of sealing one.
        let letter = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
        let letters: Vec<u8> = self.0.iter().flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect();
        f.write_str(std::str::from_utf8(&letters).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not 64 hexadecimal letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a digest of 64 hexadecimal letters")]
pub struct DigestError;

impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(DigestError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| DigestError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| DigestError)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-9i64..9).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\x00-\\x7f]{0,12}".prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(("[a-cA-C_$\\x00-\\x7f]{0,4}", inner.clone()), 0..6).prop_map(|fields| fields.into_iter().collect()),
                prop::collection::vec((any::<String>(), inner), 0..6).prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_quick_way_writes_what_the_library_writes(value in any_value()) {
            let ours = String::from_utf8(canonical_json(&value).expect("canonical")).expect("text");
            prop_assert_eq!(ours, String::from_utf8(serde_json_canonicalizer::to_vec(&value).expect("canonical")).expect("text"));
        }
    }

    #[test]
    fn levels_are_counted_to_a_bound() {
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, level| if level % 2 == 0 { json!([0, inner]) } else { json!({ "a": inner }) });
        for levels in [0, 1, 2, 32, 100] {
            assert!(!is_deeper(&nested(levels), levels), "{levels}");
            assert!(levels == 0 || is_deeper(&nested(levels), levels - 1), "{levels}");
        }
    }

    #[test]
    fn parts_that_read_the_same_together_are_not_the_same() {
        let of = |parts: &[&str]| Digest::of_parts(parts.iter().map(|part| part.as_bytes()));
        let lists: [&[&str]; 7] = [&["ab", "c"], &["a", "bc"], &["abc"], &["abc", ""], &["", "abc"], &["a", "b", "c"], &[]];
        for (at, one) in lists.iter().enumerate() {
            for other in lists.get(at + 1..).unwrap_or_default() {
                assert_ne!(of(one), of(other), "{one:?} {other:?}");
            }
            assert_eq!(of(one), of(one));
        }
        assert_ne!(of(&[]), of(&[""]));
        assert_ne!(of(&["abc"]), Digest::of(b"abc"));
    }

    #[test]
    fn keys_are_ordered_and_letters_spelt_as_the_standard_says() {
        let text = |value: Value| String::from_utf8(canonical_json(&value).expect("canonical")).expect("text");
        assert_eq!(
            text(json!({ "b": [2, { "z": null, "a": true }], "a": "\u{1}\n\u{20ac}\"/\u{7f}", "": -1 })),
            "{\"\":-1,\"a\":\"\\u0001\\n\u{20ac}\\\"/\u{7f}\",\"b\":[2,{\"a\":true,\"z\":null}]}"
        );
        // UTF-16 puts U+10000 before U+FFFF; bytes do not.
        assert_eq!(text(json!({ "\u{ffff}": 1, "\u{10000}": 2 })), "{\"\u{10000}\":2,\"\u{ffff}\":1}");
        assert_eq!(text(json!([1.0, 1e21, 0.1, -0.0, 9_007_199_254_740_993_u64])), "[1,1e+21,0.1,0,9007199254740992]");
    }
}
