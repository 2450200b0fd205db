//! Passkeys over HTTP, by a device written here: every lie it could tell is refused, then the truth is taken.

use super::sample::{self, ENVELOPE};
use super::server::Reply;
use super::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use steward_core::{EnvelopeId, Role};
use steward_office::people;

/// What a device signs: the page that asked, the domain, what was asked for, what it saw.
#[derive(Clone)]
struct Words {
    kind: &'static str,
    origin: &'static str,
    rp_id: &'static str,
    is_cross_origin: bool,
    flags: u8,
    counter: u32,
}

const PRESENT_AND_VERIFIED: u8 = 0b101;
const WITH_CREDENTIAL: u8 = 0b100_0101;

/// The truth.
fn create() -> Words {
    Words { kind: "webauthn.create", origin: "http://localhost:7700", rp_id: "localhost", is_cross_origin: false, flags: WITH_CREDENTIAL, counter: 1 }
}

fn get(counter: u32) -> Words {
    Words { kind: "webauthn.get", flags: PRESENT_AND_VERIFIED, counter, ..create() }
}

/// A device with one key.
struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Device {
    fn new(name: &str) -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("key");
        Self { key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).expect("key"), id: name.as_bytes().to_vec() }
    }

    fn data(&self, words: &Words) -> Vec<u8> {
        let mut data = Sha256::digest(words.rp_id).to_vec();
        data.push(words.flags);
        data.extend_from_slice(&words.counter.to_be_bytes());
        if words.flags & 0x40 != 0 {
            data.extend_from_slice(&[0; 16]);
            data.extend_from_slice(&u16::try_from(self.id.len()).expect("short").to_be_bytes());
            data.extend_from_slice(&self.id);
        }
        data
    }

    fn client_data(words: &Words, challenge: &str) -> Vec<u8> {
        json!({ "type": words.kind, "challenge": challenge, "origin": words.origin, "crossOrigin": words.is_cross_origin }).to_string().into_bytes()
    }

    fn register(&self, challenge: &str, words: &Words) -> Value {
        let spki = [hex("3059301306072a8648ce3d020106082a8648ce3d030107034200"), self.key.public_key().as_ref().to_vec()].concat();
        json!({ "name": "Phone", "credential_id": text(&self.id), "client_data": text(&Self::client_data(words, challenge)),
                "authenticator_data": text(&self.data(words)), "public_key": text(&spki), "algorithm": -7 })
    }

    fn assert(&self, challenge: &str, handle: &str, words: &Words) -> Value {
        let (data, client_data) = (self.data(words), Self::client_data(words, challenge));
        let signed = [data.clone(), Sha256::digest(&client_data).to_vec()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signed");
        json!({ "credential_id": text(&self.id), "client_data": text(&client_data), "authenticator_data": text(&data), "signature": text(signature.as_ref()), "user_handle": handle })
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hex")).collect()
}

fn field(reply: &Reply, name: &str) -> String {
    reply.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", reply.text())).to_owned()
}

/// A person with a passkey.
struct Guarded {
    device: Device,
    cookie: SecretString,
    handle: String,
}

async fn begin(world: &World, cookie: &SecretString) -> Reply {
    world.server.ask("POST", "/api/v1/me/passkeys/begin").cookie(cookie).send().await
}

async fn add(world: &World, cookie: &SecretString, body: &Value) -> Reply {
    world.server.ask("POST", "/api/v1/me/passkeys").cookie(cookie).json(body).send().await
}

impl Guarded {
    async fn make(world: &World, cookie: SecretString, name: &str) -> Self {
        let device = Device::new(name);
        let begun = begin(world, &cookie).await.expect(201);
        add(world, &cookie, &device.register(&field(&begun, "challenge"), &create())).await.expect(201);
        Self { device, cookie, handle: field(&begun, "user_handle") }
    }
}

async fn challenge(world: &World) -> String {
    field(&world.server.ask("POST", "/api/v1/session/passkey").send().await.expect(201), "challenge")
}

async fn sign_in(world: &World, said: &Value) -> Reply {
    world.server.ask("POST", "/api/v1/session").json(&json!({ "passkey": said })).send().await
}

#[tokio::test]
async fn a_passkey_is_registered_only_by_who_was_asked_on_a_page_of_ours_once() {
    let world = World::make().await;
    let (owner, manager) = (world.owner().await, world.session(Role::Manager).await.secret);
    let device = Device::new("phone");
    let begun = begin(&world, &owner).await.expect(201);
    assert_eq!(begun.json()["rp_id"], "localhost");
    let asked = field(&begun, "challenge");
    for (what, words) in [
        ("another origin", Words { origin: "https://evil.example", ..create() }),
        ("the address in place of the name", Words { origin: "http://127.0.0.1:7700", ..create() }),
        ("another port", Words { origin: "http://localhost:7701", ..create() }),
        ("another domain", Words { rp_id: "evil.example", ..create() }),
        ("a frame", Words { is_cross_origin: true, ..create() }),
        ("another ceremony", Words { kind: "webauthn.get", ..create() }),
        ("nobody recognised", Words { flags: WITH_CREDENTIAL & !0b100, ..create() }),
        ("nobody there", Words { flags: WITH_CREDENTIAL & !0b1, ..create() }),
        ("no credential in the data", Words { flags: PRESENT_AND_VERIFIED, ..create() }),
    ] {
        let refused = add(&world, &owner, &device.register(&asked, &words)).await;
        assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("passkey_refused")), "{what}");
    }
    let right = device.register(&asked, &create());
    for (what, path, value) in [
        ("another credential than the data names", "credential_id", json!(text(b"other"))),
        ("an algorithm that is not taken", "algorithm", json!(-47)),
        ("a key of another algorithm", "algorithm", json!(-257)),
        ("no key", "public_key", json!("AA")),
        ("no base64", "client_data", json!("%%%")),
    ] {
        let mut body = right.clone();
        body[path] = value;
        assert_eq!(add(&world, &owner, &body).await.status, 422, "{what}");
    }
    // A challenge is for one person and one ceremony, and for two minutes.
    add(&world, &manager, &right).await.expect(422);
    add(&world, &owner, &device.register(&challenge(&world).await, &create())).await.expect(422);
    add(&world, &owner, &device.register(&text(&[7; 56]), &create())).await.expect(422);
    world.server.state.office.clock.advance_ms(121_000);
    add(&world, &owner, &right).await.expect(422);
    assert_eq!(world.server.database.number("select count(*) from passkey").await, 0);
    // All 9 and 5 and 4 that were refused for what they are, and none as done; what cannot be read at all says nothing of a passkey.
    let refusals = "select count(*) from audit_event where action = 'factor.add' and outcome = 'refused'";
    assert_eq!(world.server.database.number(refusals).await, 18);
    assert_eq!(world.server.database.number("select count(*) from audit_event where action = 'factor.add' and outcome = 'done'").await, 0);

    let asked = field(&begin(&world, &owner).await.expect(201), "challenge");
    let made = add(&world, &owner, &device.register(&asked, &create())).await.expect(201).json();
    assert_eq!(made["recovery_codes"].as_array().expect("codes").len(), 10);
    let done = "select count(*) from audit_event where action = 'factor.add' and outcome = 'done' and request_id like 'req\\_%'";
    assert_eq!(world.server.database.number(done).await, 1);
    add(&world, &owner, &device.register(&asked, &create())).await.expect(422);
    let listed = world.server.ask("GET", "/api/v1/me/passkeys").cookie(&owner).send().await.expect(200).json();
    assert_eq!(listed["items"].as_array().expect("items").len(), 1);
    // Another one takes the one that is there.
    let refused = begin(&world, &owner).await.expect(403).json();
    assert_eq!(refused["step_up"], json!({ "for": "passkey:add", "factors": ["passkey"] }));
}

#[tokio::test]
async fn a_passkey_signs_in_only_its_owner_for_a_page_of_ours_and_each_answer_once() {
    let world = World::make().await;
    let ada = Guarded::make(&world, world.owner().await, "phone of ada").await;
    let ben = Guarded::make(&world, world.session(Role::Manager).await.secret, "phone of ben").await;
    let eve = Guarded::make(&world, world.other.session_of(&world.server, world.other.owner).await.secret, "phone of eve").await;
    for (what, words) in [
        ("another origin", Words { origin: "https://evil.example", ..get(2) }),
        ("another domain", Words { rp_id: "evil.example", ..get(2) }),
        ("a frame", Words { is_cross_origin: true, ..get(2) }),
        ("another ceremony", Words { kind: "webauthn.create", ..get(2) }),
        ("nobody recognised", Words { flags: 0b1, ..get(2) }),
        ("a counter that stands still", get(1)),
        ("a counter that went back", get(0)),
    ] {
        let refused = sign_in(&world, &ada.device.assert(&challenge(&world).await, &ada.handle, &words)).await;
        assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("passkey_refused")), "{what}");
    }
    for (what, handle) in [("as somebody else", &ben.handle), ("as somebody of another organisation", &eve.handle), ("as nobody", &text(&[0; 32]))] {
        let refused = sign_in(&world, &ada.device.assert(&challenge(&world).await, handle, &get(2))).await;
        assert!(matches!(refused.status, 401 | 422), "{what}: {}", refused.text());
    }
    let mut forged = ada.device.assert(&challenge(&world).await, &ada.handle, &get(2));
    forged["signature"] = ben.device.assert(&challenge(&world).await, &ada.handle, &get(2))["signature"].clone();
    sign_in(&world, &forged).await.expect(422);
    let mut nameless = ada.device.assert(&challenge(&world).await, &ada.handle, &get(2));
    nameless["user_handle"] = Value::Null;
    sign_in(&world, &nameless).await.expect(422);
    let late = ada.device.assert(&challenge(&world).await, &ada.handle, &get(2));
    world.server.state.office.clock.advance_ms(121_000);
    sign_in(&world, &late).await.expect(422);

    // What was said to be hers and answered to a challenge of ours is on record as refused.
    let log = world.server.ask("GET", "/api/v1/audit?action=session.create").cookie(&ada.cookie).send().await.expect(200).json();
    let refused: Vec<&Value> = log["items"].as_array().expect("items").iter().filter(|entry| entry["outcome"] == "refused").collect();
    assert!(refused.len() >= 7 && refused.iter().all(|entry| entry["detail"]["method"] == "passkey" && entry["detail"]["why"].is_string()), "{log}");

    let said = ada.device.assert(&challenge(&world).await, &ada.handle, &get(2));
    let signed_in = sign_in(&world, &said).await.expect(201);
    assert_eq!(signed_in.json()["method"], "passkey");
    world.server.ask("GET", "/api/v1/me").cookie(&signed_in.cookie()).send().await.expect(200);
    sign_in(&world, &said).await.expect(422);
    // The counter alone would refuse that; a device that does not count is refused by the challenge.
    world
        .server
        .database
        .raw("alter table passkey disable trigger passkey_moves; update passkey set counter = 0; alter table passkey enable trigger passkey_moves")
        .await;
    let said = ada.device.assert(&challenge(&world).await, &ada.handle, &get(0));
    sign_in(&world, &said).await.expect(201);
    sign_in(&world, &said).await.expect(422);
    // Who was shut out stays out.
    let them = world.server.ask("GET", "/api/v1/me").cookie(&ben.cookie).send().await.expect(200).json();
    let path = format!("/api/v1/people/{}", them["person_id"].as_str().expect("id"));
    world.server.ask("DELETE", path).cookie(&ada.cookie).send().await.expect(204);
    sign_in(&world, &ben.device.assert(&challenge(&world).await, &ben.handle, &get(9))).await.expect(401);
}

/// Strangers who guess a password until nobody may try any more do not lock its owner out: the passkey is not counted with it.
#[tokio::test]
async fn who_has_a_passkey_is_not_locked_out_by_strangers() {
    let world = World::make().await;
    let ada = Guarded::make(&world, world.owner().await, "phone of ada").await;
    let guess = || world.server.ask("POST", "/api/v1/session").json(&json!({ "email": "ada@home.example", "password": "not this one" })).send();
    for _ in 0..5 {
        guess().await.expect(401);
    }
    guess().await.expect(429);
    let signed_in = sign_in(&world, &ada.device.assert(&challenge(&world).await, &ada.handle, &get(2))).await.expect(201);
    world.server.ask("GET", "/api/v1/me").cookie(&signed_in.cookie()).send().await.expect(200);
    guess().await.expect(429);
}

#[tokio::test]
async fn a_passkey_given_for_one_thing_is_given_for_nothing_else() {
    let world = World::make().await;
    let ada = Guarded::make(&world, world.owner().await, "phone of ada").await;
    let ben = Guarded::make(&world, world.session(Role::Manager).await.secret, "phone of ben").await;
    let envelope = EnvelopeId::of_text(world.server.state.office.key.as_ref().expect("key"), ENVELOPE).to_string();
    let approve = format!("/api/v1/holds/{}/approve", sample::hold_of(&world, &world.home, "money").await);
    let ask = || world.server.ask("POST", approve.as_str()).cookie(&ada.cookie).json(&json!({ "envelope_id": envelope }));
    let refused = ask().send().await.expect(403).json();
    assert_eq!(refused["step_up"], json!({ "for": envelope, "factors": ["passkey"] }));
    let asked_for = async |who: &Guarded, bound: &str| {
        let reply = world.server.ask("POST", "/api/v1/session/step-up/passkey").cookie(&who.cookie).json(&json!({ "for": bound })).send().await.expect(201);
        assert_eq!(reply.json()["credential_ids"], json!([text(&who.device.id)]));
        field(&reply, "challenge")
    };
    let give = async |bound: &str, said: Value| {
        world.server.ask("POST", "/api/v1/session/step-up").cookie(&ada.cookie).json(&json!({ "for": bound, "passkey": said })).send().await
    };
    let other = format!("env_{}", "0".repeat(64));
    let for_other = ada.device.assert(&asked_for(&ada, &other).await, &ada.handle, &get(2));
    give(&envelope, for_other.clone()).await.expect(422);
    give(&envelope, ada.device.assert(&challenge(&world).await, &ada.handle, &get(2))).await.expect(422);
    give(&envelope, ada.device.assert(&asked_for(&ben, &envelope).await, &ada.handle, &get(2))).await.expect(422);
    give(&envelope, ben.device.assert(&asked_for(&ada, &envelope).await, &ben.handle, &get(2))).await.expect(422);
    ask().send().await.expect(403);
    assert_eq!(world.server.database.number("select count(*) from audit_event where action = 'session.step_up' and outcome = 'refused'").await, 4);
    // What was signed for the other thing is good for that, and still not for this.
    give(&other, for_other).await.expect(201);
    ask().send().await.expect(403);
    give(&envelope, ada.device.assert(&asked_for(&ada, &envelope).await, &ada.handle, &get(3))).await.expect(201);
    assert_eq!(ask().send().await.expect(200).json()["state"], "approved");
    // Who came in by a passkey decides as anybody does: refuses, and approves with it given anew.
    let came = sign_in(&world, &ada.device.assert(&challenge(&world).await, &ada.handle, &get(4))).await;
    let cookie = came.cookie();
    let second = sample::hold_of(&world, &world.home, "money").await;
    let reject = world.server.ask("POST", format!("/api/v1/holds/{second}/reject")).cookie(&cookie).json(&json!({ "reason": "not now" }));
    assert_eq!(reject.send().await.expect(200).json()["state"], "rejected");
}

#[tokio::test]
async fn where_there_is_a_passkey_a_link_alone_opens_nothing_and_it_goes_only_with_itself() {
    let world = World::make().await;
    let ada = Guarded::make(&world, world.owner().await, "phone of ada").await;
    let ben = Guarded::make(&world, world.session(Role::Manager).await.secret, "phone of ben").await;
    let (store, office) = (&world.server.state.store, &world.server.state.office);
    let mut tx = store.begin(&world.home.actor).await.expect("tx");
    let link = people::new_link(&mut tx, office, world.home.owner).await.expect("link");
    tx.commit().await.expect("commit");
    let refused =
        world.server.ask("POST", "/api/v1/session").json(&json!({ "link": secrecy::ExposeSecret::expose_secret(&link) })).send().await.expect(401).json();
    assert_eq!(refused["step_up"]["factors"], json!(["passkey", "recovery"]));
    let listed = world.server.ask("GET", "/api/v1/me/passkeys").cookie(&ada.cookie).send().await.expect(200).json();
    let path = format!("/api/v1/me/passkeys/{}", listed["items"][0]["passkey_id"].as_str().expect("id"));
    world.server.ask("DELETE", path.as_str()).cookie(&ben.cookie).send().await.expect(403);
    let bound = world.server.ask("DELETE", path.as_str()).cookie(&ada.cookie).send().await.expect(403).json()["step_up"]["for"].clone();
    let asked = world.server.ask("POST", "/api/v1/session/step-up/passkey").cookie(&ada.cookie).json(&json!({ "for": bound })).send().await.expect(201);
    let said = ada.device.assert(&field(&asked, "challenge"), &ada.handle, &get(2));
    world.server.ask("POST", "/api/v1/session/step-up").cookie(&ada.cookie).json(&json!({ "for": bound, "passkey": said })).send().await.expect(201);
    let removed = "select count(*) from audit_event where action = 'factor.remove' and outcome = 'done'";
    assert_eq!(world.server.database.number(removed).await, 0);
    world.server.ask("DELETE", path.as_str()).cookie(&ada.cookie).send().await.expect(204);
    assert_eq!(world.server.database.number(removed).await, 1);
    let stepped_up = "select count(*) from audit_event where action = 'session.step_up' and outcome = 'done'";
    assert_eq!(world.server.database.number(stepped_up).await, 1);
    world.server.ask("POST", "/api/v1/session").json(&json!({ "link": secrecy::ExposeSecret::expose_secret(&link) })).send().await.expect(201);
}
