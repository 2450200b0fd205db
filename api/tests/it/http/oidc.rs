//! Signing in at an OpenID provider: a real one in small, which signs with a real key and takes a code once.

mod peer;

use super::factors::app_code;
use super::server::{Reply, Server};
use super::world::World;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use steward_api::oidc::OidcSettings;
use steward_core::Role;
use tokio::net::TcpListener;

const CLIENT: &str = "steward:home";
const SECRET: &str = "a secret: with/odd letters";
/// 2026-03-01 09:00 UTC, where the server's clock stands.
const NOW: i64 = 1_772_355_600;

type Parts = BTreeMap<String, String>;

struct Inside {
    key: EcdsaKeyPair,
    kid: &'static str,
    /// How often it was asked who it is.
    asked: u32,
    /// What it says of everybody beside their token, if it does.
    info: Option<Value>,
    /// Whom a code is for, and what its sign-in was begun with.
    codes: BTreeMap<String, (Parts, Value)>,
}

/// The provider. It stops when it is dropped.
#[derive(Clone)]
struct Issuer {
    url: String,
    inside: Arc<Mutex<Inside>>,
    _stop: Arc<Stop>,
}

struct Stop(tokio::task::JoinHandle<()>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &random).expect("key")
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [a, b, tail @ ..]) => {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&[*a, *b]).expect("ascii"), 16).expect("hex"));
                rest = tail;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).expect("text")
}

fn parts(text: &str) -> Parts {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decoded(name), decoded(value))).collect()
}

impl Issuer {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        let inside = Arc::new(Mutex::new(Inside { key: new_key(), kid: "first", asked: 0, info: None, codes: BTreeMap::new() }));
        let shared = (url.clone(), Arc::clone(&inside));
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/info", get(info))
            .with_state(shared);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("serving") });
        Self { url, inside, _stop: Arc::new(Stop(task)) }
    }

    fn settings(&self) -> OidcSettings {
        OidcSettings { issuer: self.url.clone(), client_id: CLIENT.to_owned(), client_secret: Some(SecretString::from(SECRET)), name: "Example".to_owned() }
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody signed in there: gives the code for what the browser was sent with.
    fn code(&self, asked: &Parts, claims: Value) -> String {
        let mut inside = self.inside();
        let code = format!("code {}", inside.codes.len());
        inside.codes.insert(code.clone(), (asked.clone(), claims));
        code
    }
}

type Shared = State<(String, Arc<Mutex<Inside>>)>;

async fn discovery(State((url, inside)): Shared) -> Json<Value> {
    let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
    inside.asked += 1;
    let info = inside.info.as_ref().map(|_| format!("{url}/info"));
    Json(json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/keys"),
        "userinfo_endpoint": info,
    }))
}

async fn info(State((_, inside)): Shared, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
    let is_let_in = headers.get("authorization").is_some_and(|value| value == "Bearer x");
    inside.info.clone().filter(|_| is_let_in).map(Json).ok_or(StatusCode::UNAUTHORIZED)
}

async fn keys(State((_, inside)): Shared) -> Json<Value> {
    let inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
    let (x, y) = inside.key.public_key().as_ref()[1..].split_at(32);
    let other = json!({ "kty": "a kind of tomorrow", "n": 7 });
    Json(json!({ "keys": [other, { "kty": "EC", "crv": "P-256", "use": "sig", "kid": inside.kid, "x": encode(x), "y": encode(y) }] }))
}

/// A code is taken once, from who it was given to, with the verifier of the challenge it was asked with.
async fn token(State((url, inside)): Shared, headers: HeaderMap, body: String) -> Result<Json<Value>, (StatusCode, &'static str)> {
    let refused = (StatusCode::BAD_REQUEST, r#"{"error":"invalid_grant"}"#);
    let form = parts(&body);
    let pair = headers["authorization"].to_str().expect("text").strip_prefix("Basic ").map(|text| STANDARD.decode(text).expect("base64"));
    let pair = pair.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let who = pair.split_once(':').map(|(id, secret)| (decoded(id), decoded(secret)));
    if who != Some((CLIENT.to_owned(), SECRET.to_owned())) {
        return Err((StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#));
    }
    let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
    let (asked, claims) = inside.codes.get_mut(form.get("code").map_or("", String::as_str)).map(std::mem::take).ok_or(refused)?;
    let challenge = encode(Sha256::digest(form.get("code_verifier").ok_or(refused)?));
    let is_right =
        asked.get("code_challenge") == Some(&challenge) && asked.get("redirect_uri") == form.get("redirect_uri") && form["grant_type"] == "authorization_code";
    if !is_right {
        return Err(refused);
    }
    let mut said = json!({ "iss": url, "aud": CLIENT, "exp": NOW + 3_600, "iat": NOW, "nonce": asked["nonce"] });
    for (name, value) in claims.as_object().expect("claims") {
        said[name] = value.clone();
    }
    let message = format!("{}.{}", encode(json!({ "alg": "ES256", "kid": inside.kid }).to_string()), encode(said.to_string()));
    let signed = inside.key.sign(&SystemRandom::new(), message.as_bytes()).expect("signed");
    Ok(Json(json!({ "token_type": "Bearer", "access_token": "x", "id_token": format!("{message}.{}", encode(signed)) })))
}

/// A browser on its way.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
    /// Where it was sent.
    url: String,
    asked: Parts,
}

impl<'a> Browser<'a> {
    /// Begins, and stands at the provider.
    async fn begin(world: &'a World) -> Self {
        let begun = world.server.ask("POST", "/api/v1/session/oidc").header("origin", super::server::URL).send().await.expect(201);
        let header = begun.header("set-cookie").expect("a cookie").to_owned();
        assert!(header.starts_with("stw-oidc=") && header.contains("; HttpOnly; SameSite=Lax; Max-Age=600"), "{header}");
        let url = begun.json()["url"].as_str().expect("url").to_owned();
        let cookie = header.split(';').next().expect("a pair").to_owned();
        assert!(!url.contains(cookie.split('.').nth(1).expect("a secret")), "what binds the answer to the browser never leaves it");
        Self { world, cookie, asked: parts(url.split_once('?').expect("a query").1), url }
    }

    /// Comes back with an answer.
    async fn answer(&self, body: &Value) -> Reply {
        self.world
            .server
            .ask("POST", "/api/v1/session/oidc/answer")
            .header("origin", super::server::URL)
            .header("cookie", self.cookie.clone())
            .json(body)
            .send()
            .await
    }

    async fn back(&self, code: &str) -> Reply {
        self.answer(&json!({ "code": code, "state": self.asked["state"] })).await
    }
}

/// Signs in with a ticket.
async fn enter(world: &World, ticket: &Value, code: Option<&str>) -> Reply {
    let body = code.map_or_else(|| json!({ "ticket": ticket }), |code| json!({ "ticket": ticket, "code": code }));
    world.server.ask("POST", "/api/v1/session").header("origin", super::server::URL).json(&body).send().await
}

async fn world() -> (Issuer, World) {
    let issuer = Issuer::start().await;
    let world = World::on(Server::start_with_provider(issuer.settings()).await).await;
    (issuer, world)
}

fn ada(subject: &str) -> Value {
    json!({ "sub": subject, "email": "ada@home.example", "email_verified": true })
}

#[tokio::test]
async fn no_answer_counts_that_this_browser_did_not_ask_for() {
    let (issuer, world) = world().await;
    let (mine, theirs) = (Browser::begin(&world).await, Browser::begin(&world).await);
    assert_ne!(mine.asked["state"], theirs.asked["state"]);
    let code = issuer.code(&mine.asked, ada("u-1"));
    // Somebody else's answer, none of ours, one without a cookie, one that another provider gave.
    for (browser, body) in [
        (&mine, json!({ "code": code, "state": theirs.asked["state"] })),
        (&theirs, json!({ "code": code, "state": mine.asked["state"] })),
        (&mine, json!({ "code": code, "state": "" })),
        (&mine, json!({ "code": "", "state": mine.asked["state"] })),
        (&mine, json!({ "code": "x".repeat(5000), "state": mine.asked["state"] })),
        (&mine, json!({ "code": code, "state": mine.asked["state"], "iss": "https://evil.example" })),
    ] {
        browser.answer(&body).await.expect(403);
    }
    let bare = world.server.ask("POST", "/api/v1/session/oidc/answer").json(&json!({ "code": code, "state": mine.asked["state"] }));
    bare.send().await.expect(403);
    let foreign = world.server.ask("POST", "/api/v1/session/oidc").header("origin", "https://evil.example");
    foreign.send().await.expect(403);
    // A code of another sign-in does not fit this one's verifier, and is used up by the try.
    let stolen = issuer.code(&theirs.asked, ada("u-1"));
    mine.back(&stolen).await.expect(403);
    mine.back("no such code").await.expect(403);
    // After ten minutes one begins again.
    world.server.pass_minutes(11);
    mine.back(&code).await.expect(403);
    assert_eq!(world.server.database.number("select count(*) from session").await, 0);
}

#[tokio::test]
async fn what_the_provider_must_not_say_is_refused() {
    let (issuer, world) = world().await;
    for claims in [
        json!({ "sub": "u-1", "iss": "https://evil.example" }),
        json!({ "sub": "u-1", "aud": "another" }),
        json!({ "sub": "u-1", "nonce": "another" }),
        json!({ "sub": "u-1", "exp": NOW - 61 }),
        json!({ "sub": "" }),
        // A good token, of whom nobody here is known by: no address, one that is not verified, one that nobody has.
        json!({ "sub": "u-1" }),
        json!({ "sub": "u-1", "email": "ada@home.example" }),
        json!({ "sub": "u-1", "email": "ada@home.example", "email_verified": false }),
        json!({ "sub": "u-1", "email": "nobody@home.example", "email_verified": true }),
    ] {
        let browser = Browser::begin(&world).await;
        let code = issuer.code(&browser.asked, claims.clone());
        let refused = browser.back(&code).await.expect(403);
        assert!(refused.header("set-cookie").is_none(), "{claims}");
    }
    // Signed with a key that is not the provider's.
    let browser = Browser::begin(&world).await;
    let code = issuer.code(&browser.asked, ada("u-1"));
    issuer.inside().key = new_key();
    browser.back(&code).await.expect(403);
    assert_eq!(world.server.database.number("select (select count(*) from session) + (select count(*) from identity)").await, 0);
}

#[tokio::test]
async fn somebody_known_is_bound_once_and_is_never_who_has_their_address_later() {
    let (issuer, world) = world().await;
    let come = |claims: Value| {
        let (issuer, world) = (&issuer, &world);
        async move {
            let browser = Browser::begin(world).await;
            let code = issuer.code(&browser.asked, claims);
            let reply = browser.back(&code).await;
            // A code is taken once.
            assert_eq!(browser.back(&code).await.status, 403);
            reply
        }
    };
    let ticket = come(ada("u-1")).await.expect(201).json()["ticket"].clone();
    let entered = enter(&world, &ticket, None).await.expect(201);
    assert_eq!(entered.json()["email"], "ada@home.example", "{}", entered.text());
    assert_eq!(world.server.database.number("select count(*) from session where method = 'oidc'").await, 1);
    // A ticket is good once, as it was made, and for five minutes.
    enter(&world, &ticket, None).await.expect(401);
    let other = come(ada("u-1")).await.expect(201).json()["ticket"].clone();
    let text = other.as_str().expect("text");
    for bad in [json!(""), json!("x.y"), json!(text[1..]), json!(format!("{text}A")), json!(text.replacen('.', "..", 1))] {
        enter(&world, &bad, None).await.expect(401);
    }
    world.server.pass_minutes(6);
    enter(&world, &other, None).await.expect(401);
    // Whoever has the address there by now is somebody else; whoever was bound stays, under whatever address.
    come(ada("u-2")).await.expect(403);
    let moved = come(json!({ "sub": "u-1", "email": "ada@new.example", "email_verified": true })).await.expect(201).json()["ticket"].clone();
    assert_eq!(enter(&world, &moved, None).await.expect(201).json()["email"], "ada@home.example");
    // Who may not come in any more does not come in this way either.
    let ben = world.person(Role::Support, None).await;
    world.server.database.raw(&format!("update person set email = 'ben@home.example' where person_id = '{}'", ben.uuid())).await;
    let his = json!({ "sub": "u-3", "email": "BEN@home.example", "email_verified": true });
    let ticket = come(his.clone()).await.expect(201).json()["ticket"].clone();
    world.server.database.raw(&format!("update person set disabled_at = now() where person_id = '{}'", ben.uuid())).await;
    enter(&world, &ticket, None).await.expect(401);
    come(his).await.expect(403);
    let refused = "select count(*) from audit_event where action = 'session.create' and outcome = 'refused'";
    assert_eq!(world.server.database.number(refused).await, 2, "who is not known is written down");
    let bound = "select count(*) from audit_event where action = 'identity.bind' and outcome = 'done'";
    assert_eq!(world.server.database.number(bound).await, 1, "and who is, once");
    let came = "select count(*) from audit_event where action = 'session.create' and outcome = 'done' and convert_from(canon, 'utf8') like '%\"oidc\"%'";
    assert_eq!(world.server.database.number(came).await, world.server.database.number("select count(*) from session where method = 'oidc'").await);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_all_the_same_and_changed_keys_are_found() {
    let (issuer, world) = world().await;
    let owner = world.session(Role::Owner).await.secret;
    let enrolled = world.server.ask("POST", "/api/v1/me/totp").cookie(&owner).send().await;
    let secret = enrolled.expect(201).json()["secret"].as_str().expect("secret").to_owned();
    let confirmed = world.server.ask("POST", "/api/v1/me/totp/confirm").cookie(&owner).json(&json!({ "code": app_code(&secret, NOW) })).send().await;
    let codes = confirmed.expect(200).json()["recovery_codes"].clone();
    let recovery = |at: usize| codes[at].as_str().expect("a code").to_owned();
    // The provider changes its key: the one of now is asked for.
    Browser::begin(&world).await;
    {
        let mut inside = issuer.inside();
        (inside.key, inside.kid) = (new_key(), "second");
    }
    world.server.pass_minutes(2);
    let browser = Browser::begin(&world).await;
    let code = issuer.code(&browser.asked, ada("u-1"));
    let ticket = browser.back(&code).await.expect(201).json()["ticket"].clone();
    let missing = enter(&world, &ticket, None).await.expect(401).json();
    assert_eq!(missing["code"], "second_factor_required", "{missing}");
    enter(&world, &ticket, Some("000000")).await.expect(422);
    let entered = enter(&world, &ticket, Some(&recovery(0))).await.expect(201);
    assert_eq!(entered.json()["email"], "ada@home.example");
    // A ticket is good once, whatever else is right.
    enter(&world, &ticket, Some(&recovery(1))).await.expect(401);
}

#[tokio::test]
async fn without_a_provider_nobody_is_sent_anywhere() {
    let world = World::make().await;
    assert_eq!(world.server.ask("GET", "/api/v1/session/oidc").send().await.expect(200).json(), json!({ "name": null }));
    world.server.ask("POST", "/api/v1/session/oidc").send().await.expect(409);
    // One that is not there, or calls itself otherwise, is not gone to.
    let issuer = Issuer::start().await;
    for url in ["http://127.0.0.1:1".to_owned(), format!("{}/", issuer.url)] {
        let world = World::on(Server::start_with_provider(OidcSettings { issuer: url.clone(), ..issuer.settings() }).await).await;
        for _ in 0..3 {
            world.server.ask("POST", "/api/v1/session/oidc").send().await.expect(503);
        }
        assert_eq!(world.server.ask("GET", "/api/v1/session/oidc").send().await.expect(200).json(), json!({ "name": "Example" }), "{url}");
    }
    assert_eq!(issuer.inside().asked, 1, "nor is it asked again at once for each who knocks");
}

#[tokio::test]
async fn an_address_beside_the_token_counts_when_it_is_of_the_same_person_and_verified() {
    for (info, status) in [
        (json!({ "sub": "u-2", "email": "ada@home.example", "email_verified": true }), 503),
        (json!({ "email": "ada@home.example", "email_verified": true }), 403),
        (json!("nothing of the kind"), 403),
        (json!({ "sub": "u-1", "email": "ada@home.example" }), 403),
        (json!({ "sub": "u-1", "email": "ada@home.example", "email_verified": "true" }), 403),
        (json!({ "sub": "u-1", "email": "ada@home.example", "email_verified": false }), 403),
        (json!({ "sub": "u-1" }), 403),
        (json!({ "sub": "u-1", "email": "ada@home.example", "email_verified": true }), 201),
    ] {
        let issuer = Issuer::start().await;
        issuer.inside().info = Some(info.clone());
        let world = World::on(Server::start_with_provider(issuer.settings()).await).await;
        let browser = Browser::begin(&world).await;
        let code = issuer.code(&browser.asked, json!({ "sub": "u-1" }));
        let reply = browser.back(&code).await;
        assert_eq!(reply.status, status, "{info}: {}", reply.text());
    }
    // What the token says is not asked for again.
    let issuer = Issuer::start().await;
    issuer.inside().info = Some(json!({ "sub": "u-2" }));
    let world = World::on(Server::start_with_provider(issuer.settings()).await).await;
    let browser = Browser::begin(&world).await;
    let code = issuer.code(&browser.asked, ada("u-1"));
    let ticket = browser.back(&code).await.expect(201).json()["ticket"].clone();
    enter(&world, &ticket, None).await.expect(201);
    // Whoever is known needs no address, so that a provider that does not tell it keeps them out no more than before.
    issuer.inside().info = Some(json!("nothing of the kind"));
    let browser = Browser::begin(&world).await;
    let code = issuer.code(&browser.asked, json!({ "sub": "u-1" }));
    browser.back(&code).await.expect(201);
}
