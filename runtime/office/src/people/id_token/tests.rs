//! Tokens signed with real keys: every one that is not the provider's word for this sign-in is refused.

use super::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use serde_json::json;
use webauthn::encode;

const NOW: i64 = 1_772_355_600;
const EXPECTED: Expected<'static> = Expected { issuer: "https://id.example", client_id: "steward", nonce: "n-1", now_ms: NOW * 1_000 };

/// A key of 2048 bits made for these tests, and for nothing else.
const RSA: &[u8] = include_bytes!("test-rsa.p8");

struct Provider {
    rsa: RsaKeyPair,
    point: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
}

impl Provider {
    fn make() -> Self {
        let random = SystemRandom::new();
        let point = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("key");
        Self {
            rsa: RsaKeyPair::from_pkcs8(RSA).expect("key"),
            point: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, point.as_ref(), &random).expect("key"),
            edwards: Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).expect("key").as_ref()).expect("key"),
        }
    }

    fn keys(&self) -> Vec<ProviderKey> {
        let (_, xy) = self.point.public_key().as_ref().split_first().expect("a point");
        let (x, y) = xy.split_at(32);
        let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        let all = json!([
            { "kty": "RSA", "kid": "r", "use": "sig", "n": encode(&n), "e": encode(&e) },
            { "kty": "EC", "kid": "p", "crv": "P-256", "alg": "ES256", "x": encode(x), "y": encode(y) },
            { "kty": "OKP", "kid": "e", "crv": "Ed25519", "x": encode(self.edwards.public_key().as_ref()) },
        ]);
        serde_json::from_value(all).expect("keys")
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let random = SystemRandom::new();
        let message = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signed = match header["alg"].as_str() {
            Some("RS256" | "PS256") => {
                let mut signed = vec![0; self.rsa.public().modulus_len()];
                let how: &dyn ring::signature::RsaEncoding = if header["alg"] == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
                self.rsa.sign(how, &random, message.as_bytes(), &mut signed).expect("signed");
                signed
            }
            Some("EdDSA") => self.edwards.sign(message.as_bytes()).as_ref().to_vec(),
            // Whatever it is called: what is refused by its name is refused with a good signature too.
            _ => self.point.sign(&random, message.as_bytes()).expect("signed").as_ref().to_vec(),
        };
        format!("{message}.{}", encode(&signed))
    }
}

fn claims(change: &[(&str, Value)]) -> Value {
    let mut claims = json!({ "iss": EXPECTED.issuer, "sub": "u-1", "aud": "steward", "exp": NOW + 300, "iat": NOW, "nonce": "n-1", "email": "ben@home.example", "email_verified": true });
    for (name, value) in change {
        claims[*name] = value.clone();
    }
    claims
}

#[test]
fn only_the_providers_word_for_this_sign_in_is_taken() {
    let provider = Provider::make();
    let keys = provider.keys();
    let es256 = json!({ "alg": "ES256", "kid": "p" });
    let long = "x".repeat(256);
    for (name, value, why) in [
        ("iss", json!("https://id.example/"), IdTokenError::Issuer),
        ("iss", json!("https://other.example"), IdTokenError::Issuer),
        ("aud", json!("another"), IdTokenError::Audience),
        ("aud", json!([]), IdTokenError::Audience),
        ("aud", json!(["another"]), IdTokenError::Audience),
        ("aud", json!(["steward", "another"]), IdTokenError::Audience),
        ("azp", json!("another"), IdTokenError::Audience),
        ("nonce", json!("n-2"), IdTokenError::Nonce),
        ("nonce", Value::Null, IdTokenError::Nonce),
        ("exp", json!(NOW - 60), IdTokenError::Time),
        ("exp", Value::Null, IdTokenError::Form),
        ("iat", json!(NOW + 61), IdTokenError::Time),
        ("nbf", json!(NOW + 61), IdTokenError::Time),
        ("sub", json!(""), IdTokenError::Subject),
        ("sub", json!(long), IdTokenError::Subject),
        ("sub", json!("a\u{0}"), IdTokenError::Subject),
        ("sub", json!(7), IdTokenError::Form),
    ] {
        assert_eq!(verify(&provider.sign(&es256, &claims(&[(name, value.clone())])), &keys, EXPECTED), Err(why), "{name} {value}");
    }
    let both = claims(&[("aud", json!(["steward", "another"])), ("azp", json!("steward"))]);
    assert!(verify(&provider.sign(&es256, &both), &keys, EXPECTED).is_ok());
}

#[test]
fn only_key_pairs_that_the_provider_lists_sign() {
    let (provider, stranger) = (Provider::make(), Provider::make());
    let keys = provider.keys();
    for (header, why) in [
        (json!({ "alg": "none" }), IdTokenError::Algorithm),
        (json!({ "alg": "HS256", "kid": "p" }), IdTokenError::Algorithm),
        (json!({ "alg": "es256", "kid": "p" }), IdTokenError::Algorithm),
        (json!({ "alg": "ES256", "kid": "p", "crit": ["b64"] }), IdTokenError::Algorithm),
        (json!({ "alg": "ES256", "kid": "q" }), IdTokenError::UnknownKey),
        (json!({ "alg": "ES256", "kid": "r" }), IdTokenError::UnknownKey),
        (json!({ "alg": "ES384", "kid": "p" }), IdTokenError::UnknownKey),
    ] {
        assert_eq!(verify(&provider.sign(&header, &claims(&[])), &keys, EXPECTED), Err(why), "{header}");
    }
    let es256 = json!({ "alg": "ES256", "kid": "p" });
    assert_eq!(verify(&stranger.sign(&es256, &claims(&[])), &keys, EXPECTED), Err(IdTokenError::Signature));
    let good = provider.sign(&es256, &claims(&[]));
    let (head, rest) = good.split_once('.').expect("parts");
    let (_, signed) = rest.split_once('.').expect("parts");
    let other = encode(claims(&[("sub", json!("u-2"))]).to_string().as_bytes());
    assert_eq!(verify(&format!("{head}.{other}.{signed}"), &keys, EXPECTED), Err(IdTokenError::Signature));
    for broken in ["", ".", "..", "a.b.c", &good[..good.len() - 2], &format!("{head}.{rest}.x"), &format!("{head}.{other}."), &"a.".repeat(ID_TOKEN_BYTES_MAX)]
    {
        assert!(verify(broken, &keys, EXPECTED).is_err(), "{broken}");
    }
    assert_eq!(verify(&good, &[], EXPECTED), Err(IdTokenError::UnknownKey));
}

#[test]
fn a_good_token_names_somebody_and_an_address_only_if_it_is_verified() {
    let provider = Provider::make();
    let keys = provider.keys();
    for header in
        [json!({ "alg": "RS256", "kid": "r" }), json!({ "alg": "PS256" }), json!({ "alg": "ES256", "kid": "p" }), json!({ "alg": "EdDSA", "kid": "e" })]
    {
        let got = verify(&provider.sign(&header, &claims(&[])), &keys, EXPECTED).unwrap_or_else(|err| panic!("{header}: {err}"));
        assert_eq!((got.issuer.as_str(), got.subject.as_str(), got.verified_email.as_deref()), (EXPECTED.issuer, "u-1", Some("ben@home.example")));
    }
    for unverified in [Value::Null, json!(false), json!("true"), json!(1)] {
        let token = provider.sign(&json!({ "alg": "ES256" }), &claims(&[("email_verified", unverified)]));
        assert_eq!(verify(&token, &keys, EXPECTED).expect("good").verified_email, None);
    }
}
