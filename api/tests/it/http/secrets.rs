//! Secrets of plugins over HTTP: set by an owner who says anew who they are, and shown to nobody, themselves included.

use super::factors::app_code;
use super::server::Reply;
use super::world::{House, World};
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_api::jobs::rewrap_secrets;
use steward_core::{PersonId, Role, Scope};
use steward_host::Host;
use steward_host::testing::GuestFiles;
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::DataKey;
use steward_office::{people, secrets};
use tokio_util::sync::CancellationToken;

pub(crate) const PATH: &str = "/api/v1/secrets";
const CANARY: &str = "canary-value-0123456789";

/// Loads the plugin whose manifest names `asker_token` and `other_token`, where it is not loaded yet.
fn load_plugin(host: &Host) {
    if host.plugins().iter().all(|plugin| plugin.name != "asker") {
        let dir = std::env::temp_dir().join(format!("stw-secrets-{}", steward_core::Ids::System.make::<PersonId>()));
        GuestFiles::asker().write(&dir).expect("written");
        host.load_dir(&dir).expect("the plugin");
        std::fs::remove_dir_all(&dir).expect("removed");
    }
}

/// Somebody's sessions as if they had given their password in them just now.
async fn prove(world: &World, person: PersonId) {
    // Only one at a time: several of a person's sessions are touched at once.
    let sql = format!("select pg_advisory_xact_lock(4100); update session set proved_at = '2026-03-01 09:00Z' where person_id = '{}';", person.uuid());
    world.server.database.raw(&sql).await;
}

/// What the samples of these routes need: the plugin, somebody who proved who they are, and to remove it a value that nobody opens.
pub(crate) async fn sample(world: &World, house: &House, person: PersonId, is_set: bool) {
    load_plugin(&world.server.state.host);
    prove(world, person).await;
    if is_set {
        let (t, p) = (house.tenant.uuid(), house.owner.uuid());
        let sql = format!(
            "insert into secret_key (tenant_id, wrapped, data_key, made_at) values ('{t}', decode(repeat('00', 61), 'hex'), '0123456789abcdef', now()) on conflict do nothing;
             insert into secret (tenant_id, plugin, name, version, sealed, set_by, set_at) values ('{t}', 'asker', 'asker_token', 1, decode(repeat('00', 300), 'hex'), '{p}', now())
             on conflict (tenant_id, plugin, name) do update set version = secret.version + 1, sealed = excluded.sealed"
        );
        world.server.database.raw(&sql).await;
    }
}

/// Two organisations on a server with the plugin, and the owner of the first in a session in which they proved who they are.
async fn begun() -> (World, SecretString) {
    let world = World::make().await;
    load_plugin(&world.server.state.host);
    let owner = world.owner().await;
    prove(&world, world.home.owner).await;
    (world, owner)
}

async fn put(world: &World, who: &SecretString, name: &str, value: &str) -> Reply {
    world.server.ask("PUT", format!("{PATH}/asker/{name}")).cookie(who).json(&json!({ "value": value })).send().await
}

async fn listed(world: &World, who: &SecretString) -> Value {
    world.server.ask("GET", PATH).cookie(who).send().await.expect(200).json()
}

async fn stored(world: &World) -> i64 {
    world.server.database.number("select (select count(*) from secret) + (select count(*) from audit_event where action like 'secret.%')").await
}

#[tokio::test]
async fn what_is_no_secret_or_no_value_and_who_is_no_owner_is_refused_and_nothing_is_stored() {
    let (world, owner) = begun().await;
    let body = json!({ "value": CANARY });
    for path in
        ["asker/nobody", "nobody/asker_token", "asker/ASKER_TOKEN", "asker/asker_token%0a", "asker/asker_token%00", "crm/asker_token", "%2e%2e/asker_token"]
    {
        for ask in [world.server.ask("PUT", format!("{PATH}/{path}")).json(&body), world.server.ask("DELETE", format!("{PATH}/{path}"))] {
            ask.cookie(&owner).send().await.expect(404);
        }
    }
    let control = "canary-value\r\nx-admin: 1";
    for wrong in [
        "",
        "short",
        "canary value with spaces",
        control,
        "canary-w\u{f6}rd-of-hers",
        "canary&value",
        "canary\"value",
        "canary'value",
        "canary\\value",
        "canary<value",
        &"canary-8".repeat(65),
        &"canary".repeat(1000),
        &"canary".repeat(10_000),
    ] {
        let reply = put(&world, &owner, "asker_token", wrong).await.expect(422);
        assert!(reply.json()["errors"][0]["path"] == "/value" && !reply.text().contains("canary"), "{}", reply.text());
    }
    let number = 1_234_567_890_123_456_i64;
    for wrong in [
        json!({}),
        json!({ "value": null }),
        json!({ "value": CANARY, "extra": 1 }),
        json!({ "value": number }),
        json!({ "value": { CANARY: number } }),
        json!({ "value": CANARY, CANARY: 1 }),
    ] {
        let reply = world.server.ask("PUT", format!("{PATH}/asker/asker_token")).cookie(&owner).json(&wrong).send().await.expect(422);
        let said = reply.text();
        assert!(reply.json()["errors"][0]["path"] == "/value" && !said.contains("canary") && !said.contains("123456789"), "{said}");
    }
    world.server.ask("DELETE", format!("{PATH}/asker/asker_token")).cookie(&owner).send().await.expect(404);
    for role in [Role::Manager, Role::Finance, Role::Support, Role::Auditor] {
        let person = world.person(role, None).await;
        let session = world.home.session_of(&world.server, person).await.secret;
        prove(&world, person).await;
        assert!(put(&world, &session, "asker_token", CANARY).await.expect(403).text().contains("secrets:manage"), "{role}");
        world.server.ask("DELETE", format!("{PATH}/asker/asker_token")).cookie(&session).send().await.expect(403);
        assert_eq!(listed(&world, &session).await["items"].as_array().expect("items").len(), 2, "names are no secret");
    }
    let token = world.token(&world.home.actor, &Scope::ALL).await.secret;
    world.server.ask("PUT", format!("{PATH}/asker/asker_token")).token(&token).json(&body).send().await.expect(403);
    world.server.ask("DELETE", format!("{PATH}/asker/asker_token")).token(&token).send().await.expect(403);
    assert_eq!(stored(&world).await, 0);
}

#[tokio::test]
async fn a_session_alone_sets_no_secret() {
    let world = World::make().await;
    load_plugin(&world.server.state.host);
    let owner = world.owner().await;
    assert_eq!(put(&world, &owner, "asker_token", CANARY).await.expect(403).json()["code"], "not_proven");
    // A session that is not new makes itself neither a second factor nor a password, with which it would prove to be the owner's.
    let stale = world.owner().await;
    world.server.state.office.clock.advance_ms(11 * 60 * 1000);
    assert_eq!(world.server.ask("POST", "/api/v1/me/totp").cookie(&stale).send().await.expect(403).json()["code"], "not_fresh");
    let own = json!({ "new": "a thief's own password" });
    world.server.ask("PUT", "/api/v1/me/password").cookie(&stale).json(&own).send().await.expect(422);
    let owner = world.owner().await;
    // With a second factor, the password given of late does not do.
    let begun = world.server.ask("POST", "/api/v1/me/totp").cookie(&owner).send().await.expect(201).json();
    let clock = &world.server.state.office.clock;
    let code = || app_code(begun["secret"].as_str().expect("a secret"), clock.now().unix_timestamp());
    world.server.ask("POST", "/api/v1/me/totp/confirm").cookie(&owner).json(&json!({ "code": code() })).send().await.expect(200);
    prove(&world, world.home.owner).await;
    let refused = put(&world, &owner, "asker_token", CANARY).await.expect(403).json();
    assert_eq!((&refused["code"], &refused["step_up"]["factors"]), (&json!("step_up_required"), &json!(["totp"])));
    assert!(!refused.to_string().contains("canary"));
    let step_up = async |bound: &Value| {
        clock.advance_ms(30_000);
        world.server.ask("POST", "/api/v1/session/step-up").cookie(&owner).json(&json!({ "for": bound, "code": code() })).send().await.expect(201);
    };
    // What was given for one secret is good for that one, that change and once.
    step_up(&refused["step_up"]["for"]).await;
    put(&world, &owner, "other_token", CANARY).await.expect(403);
    let other = put(&world, &owner, "asker_token", "another-value-0123456789").await.expect(403).json();
    assert_ne!(other["step_up"]["for"], refused["step_up"]["for"], "another value is another change");
    put(&world, &owner, "asker_token", CANARY).await.expect(200);
    let again = put(&world, &owner, "asker_token", CANARY).await.expect(403).json();
    assert_ne!(again["step_up"]["for"], refused["step_up"]["for"], "another version is another change");
    let remove = || world.server.ask("DELETE", format!("{PATH}/asker/asker_token")).cookie(&owner);
    step_up(&again["step_up"]["for"]).await;
    let removing = remove().send().await.expect(403).json();
    step_up(&removing["step_up"]["for"]).await;
    remove().send().await.expect(204);
    assert_eq!(world.server.database.number("select count(*) from audit_event where action in ('secret.set', 'secret.remove')").await, 2);
}

#[tokio::test]
async fn a_secret_is_listed_with_where_it_goes_and_who_set_it_and_never_with_its_value() {
    let (world, owner) = begun().await;
    let before = listed(&world, &owner).await;
    let names: Vec<&str> = before["items"].as_array().expect("items").iter().map(|item| item["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["asker_token", "other_token"]);
    let first = &before["items"][0];
    assert_eq!(
        first["uses"],
        json!([{ "scheme": "http", "host": "api.asker.test", "port": 8080, "methods": ["GET", "HEAD", "POST"], "paths": ["/v1/*"], "header": "Authorization" }])
    );
    assert!(["set_in", "version", "set_by", "set_at"].iter().all(|field| first[*field].is_null()), "{first}");
    let answers = [
        put(&world, &owner, "asker_token", CANARY).await.expect(200).text(),
        put(&world, &owner, "asker_token", &format!("{CANARY}-and-longer")).await.expect(200).text(),
        listed(&world, &owner).await.to_string(),
        world.server.ask("GET", "/api/v1/integrations").cookie(&owner).send().await.expect(200).text(),
        world.server.ask("GET", "/api/v1/audit/export").cookie(&owner).send().await.expect(200).text(),
        world.server.ask("GET", "/api/v1/audit").cookie(&owner).send().await.expect(200).text(),
    ];
    for answer in &answers {
        assert!(!answer.contains(CANARY), "{answer}");
    }
    let first = listed(&world, &owner).await["items"][0].clone();
    assert_eq!(first["goes_elsewhere"], json!(false));
    // As if the manifest had named another host when it was set: the list says that it is to be set anew.
    world.server.database.raw("set session_replication_role = replica; update secret set origins = '{https://before.example:443 authorization}'").await;
    assert_eq!(listed(&world, &owner).await["items"][0]["goes_elsewhere"], json!(true));
    assert_eq!((&first["set_in"], &first["version"], &first["set_by"]), (&json!("organisation"), &json!(2), &json!(world.home.owner)));
    let mut fields: Vec<&str> = first.as_object().expect("an object").keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["goes_elsewhere", "name", "plugin", "set_at", "set_by", "set_in", "uses", "version"], "no length and no digest");
    // The other organisation has none of it.
    let eve = world.other.session_of(&world.server, world.other.owner).await.secret;
    let theirs = listed(&world, &eve).await;
    assert!(theirs["items"][0]["set_in"].is_null() && !theirs.to_string().contains(&world.home.owner.to_string()), "{theirs}");
    prove(&world, world.other.owner).await;
    world.server.ask("DELETE", format!("{PATH}/asker/asker_token")).cookie(&eve).send().await.expect(404);
    world.server.ask("DELETE", format!("{PATH}/asker/asker_token")).cookie(&owner).send().await.expect(204);
    let first = listed(&world, &owner).await["items"][0].clone();
    assert_eq!((&first["set_in"], &first["version"]), (&Value::Null, &json!(3)));
}

#[tokio::test]
async fn an_organisation_whose_key_does_not_open_keeps_no_other_from_being_wrapped_anew() {
    let world = World::make().await;
    let state = &world.server.state;
    let key = |byte: u8| DataKey::from_secret(&[byte; 32]).expect("a key");
    let before = state.office.clone().sealing(Personal::new(key(7), "/nowhere"));
    let eve = world.other.session_of(&world.server, world.other.owner).await.secret;
    prove(&world, world.other.owner).await;
    let actor = people::actor_of_session(&state.store, &before, &eve).await.expect("eve");
    let mut tx = state.store.begin(&actor).await.expect("begin");
    secrets::set(&mut tx, &before, "asker", "asker_token", &[], &SecretString::from(CANARY)).await.expect("set");
    tx.commit().await.expect("commit");
    // The first organisation's opens with no key.
    sample(&world, &world.home, world.home.owner, true).await;
    let now = state.office.clone().sealing(Personal::new(key(8).after(key(7)), "/nowhere"));
    let worker = &world.server.database.worker;
    let (stop, stopped) = (CancellationToken::new(), CancellationToken::new());
    stopped.cancel();
    assert_eq!(rewrap_secrets::once(worker, &now, &stopped).await.expect("nothing is begun"), 0);
    assert_eq!(rewrap_secrets::once(worker, &now, &stop).await.expect("looked at all"), 1);
    assert_eq!(rewrap_secrets::once(worker, &now, &stop).await.expect("looked at all"), 0);
}
