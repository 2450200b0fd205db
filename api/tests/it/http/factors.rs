//! Second factors over HTTP: signing in, setting up, and what a grave decision takes.

use super::on_record;
use super::sample::{self, ENVELOPE};
use super::server::{Reply, Server};
use super::world::{House, World};
use ring::hmac;
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_core::{Digest, EnvelopeId, Role};
use steward_office::changes::ChangeKind;
use steward_office::grants::{self, NewGrant, Range, Ranges};
use steward_office::{OfficeError, people};
use steward_policies::sample_tools;
use steward_store::governance_change::ChangeRow;

const PASSWORD: &str = "a long enough password";

/// What an app shows for a secret in base32.
pub(crate) fn app_code(secret: &str, second: i64) -> String {
    let five = |letter: u8| if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
    let bits: String = secret.bytes().map(|letter| format!("{:05b}", five(letter))).collect();
    let bytes: Vec<u8> = (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).expect("bits")).collect();
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes), &u64::try_from(second / 30).expect("time").to_be_bytes());
    let at = usize::from(mac.as_ref()[19] & 0xf);
    format!("{:06}", (u32::from_be_bytes(mac.as_ref()[at..at + 4].try_into().expect("four")) & 0x7fff_ffff) % 1_000_000)
}

/// A person with a password and a second factor.
struct Guarded {
    cookie: SecretString,
    secret: String,
}

impl Guarded {
    async fn make(world: &World) -> Self {
        let link = world.owner().await;
        let cookie = world.server.ask("PUT", "/api/v1/me/password").cookie(&link).json(&json!({ "new": PASSWORD })).send().await.expect(200).cookie();
        let begun = world.server.ask("POST", "/api/v1/me/totp").cookie(&cookie).send().await.expect(201).json();
        let guarded = Self { cookie, secret: begun["secret"].as_str().expect("secret").to_owned() };
        let code = guarded.code(world);
        world.server.ask("POST", "/api/v1/me/totp/confirm").cookie(&guarded.cookie).json(&json!({ "code": code })).send().await.expect(200);
        guarded.next(world);
        guarded
    }

    fn code(&self, world: &World) -> String {
        app_code(&self.secret, world.server.state.office.clock.now().unix_timestamp())
    }

    /// Waits for the app to show another code.
    fn next(&self, world: &World) {
        world.server.state.office.clock.advance_ms(30_000);
    }

    async fn step_up(&self, world: &World, bound: &Value) -> Reply {
        let body = json!({ "for": bound, "code": self.code(world) });
        world.server.ask("POST", "/api/v1/session/step-up").cookie(&self.cookie).json(&body).send().await
    }
}

#[tokio::test]
async fn sign_in_with_a_second_factor_says_what_is_missing_and_to_nobody_else() {
    let world = World::make().await;
    let guarded = Guarded::make(&world).await;
    let ask = |body: Value| world.server.ask("POST", "/api/v1/session").json(&body);
    let wrong = ask(json!({ "email": "ada@home.example", "password": "not this one", "code": "000000" })).send().await.expect(401).json();
    assert_eq!((&wrong["code"], &wrong["step_up"]), (&json!("sign_in_refused"), &Value::Null));
    let asked = ask(json!({ "email": "ada@home.example", "password": PASSWORD })).send().await.expect(401);
    assert_eq!(asked.header("set-cookie"), None, "half a sign-in opens nothing");
    assert_eq!(asked.json()["code"], "second_factor_required");
    assert_eq!(asked.json()["step_up"], json!({ "for": null, "factors": ["totp", "recovery"] }));
    let refused = ask(json!({ "email": "ada@home.example", "password": PASSWORD, "code": "000000" })).send().await.expect(422).json();
    assert_eq!(refused["errors"][0]["path"], "/code");
    let code = guarded.code(&world);
    let whole = ask(json!({ "email": "ada@home.example", "password": PASSWORD, "code": code })).send().await.expect(201);
    world.server.ask("GET", "/api/v1/me").cookie(&whole.cookie()).send().await.expect(200);
    ask(json!({ "email": "ada@home.example", "password": PASSWORD, "code": code })).send().await.expect(422);
}

#[tokio::test]
async fn what_is_shown_once_is_not_shown_again() {
    let world = World::make().await;
    let owner = world.owner().await;
    let enrol = || world.server.ask("POST", "/api/v1/me/totp").cookie(&owner).header("idempotency-key", "one");
    let begun = enrol().send().await.expect(201).json();
    assert_eq!(enrol().send().await.expect(201).json(), json!({ "secret": null, "uri": null, "picture": null }));
    assert_eq!(world.server.database.number("select count(*) from audit_event where action = 'factor.begin'").await, 1, "on record, once");
    let (size, path) = (begun["picture"]["size"].as_i64().expect("size"), begun["picture"]["path"].as_str().expect("path"));
    assert!(size > 29 && path.len() > 500, "{begun}");
    let code = app_code(begun["secret"].as_str().expect("secret"), world.server.state.office.clock.now().unix_timestamp());
    let confirm = || world.server.ask("POST", "/api/v1/me/totp/confirm").cookie(&owner).header("idempotency-key", "two").json(&json!({ "code": code }));
    assert_eq!(confirm().send().await.expect(200).json()["recovery_codes"].as_array().expect("codes").len(), 10);
    assert_eq!(confirm().send().await.expect(200).json(), json!({ "recovery_codes": null }));
    let seen = world.server.ask("GET", "/api/v1/me/factors").cookie(&owner).send().await.expect(200).json();
    assert_eq!((&seen["recovery_left"], &seen["is_required"]), (&json!(10), &json!(false)));
    assert!(seen["totp_since"].is_string(), "{seen}");
    world.server.ask("POST", "/api/v1/me/totp").cookie(&owner).send().await.expect(409);
}

#[tokio::test]
async fn of_two_confirmations_at_once_one_makes_the_secret_count_and_wrong_codes_are_on_record() {
    let world = World::make().await;
    let owner = world.owner().await;
    let begun = world.server.ask("POST", "/api/v1/me/totp").cookie(&owner).send().await.expect(201).json();
    let code = app_code(begun["secret"].as_str().expect("secret"), world.server.state.office.clock.now().unix_timestamp());
    let confirm = |code: &str| world.server.ask("POST", "/api/v1/me/totp/confirm").cookie(&owner).json(&json!({ "code": code })).send();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    confirm(wrong).await.expect(422);
    let on_record = |outcome: &str| format!("select count(*) from audit_event where action = 'factor.add' and outcome = '{outcome}'");
    assert_eq!(world.server.database.number(&on_record("refused")).await, 1);
    let (first, second) = tokio::join!(confirm(&code), confirm(&code));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", first.text(), second.text());
    assert_eq!(world.server.database.number(&on_record("done")).await, 1);
    // The codes that were shown are those that count.
    let shown = if first.status == 200 { first } else { second };
    assert_eq!(shown.json()["recovery_codes"].as_array().expect("codes").len(), 10);
    assert_eq!(world.server.database.number("select count(*) from recovery_code").await, 10);
}

#[tokio::test]
async fn what_second_factors_do_is_on_record_in_the_same_transaction() {
    let world = World::make().await;
    let since = on_record::transaction(&world).await;
    let guarded = Guarded::make(&world).await;
    let sign_in = json!({ "email": "ada@home.example", "password": PASSWORD, "code": guarded.code(&world) });
    world.server.ask("POST", "/api/v1/session").json(&sign_in).send().await.expect(201);
    guarded.next(&world);
    guarded.step_up(&world, &json!("env_0")).await.expect(201);
    guarded.next(&world);
    let say = |path: &'static str, code: String| world.server.ask("POST", path).cookie(&guarded.cookie).json(&json!({ "code": code })).send();
    let wrong = || if guarded.code(&world) == "000000" { "000001".to_owned() } else { "000000".to_owned() };
    say("/api/v1/me/recovery-codes", wrong()).await.expect(422);
    say("/api/v1/me/recovery-codes", guarded.code(&world)).await.expect(200);
    guarded.next(&world);
    say("/api/v1/me/totp/remove", wrong()).await.expect(422);
    say("/api/v1/me/totp/remove", guarded.code(&world)).await.expect(204);
    let done = "select action from audit_event where outcome = 'done' and (action like 'factor.%' or action in ('session.create', 'session.step_up')) order by writer_seq";
    let database = &world.server.database;
    let said = database.texts(&database.superuser_url, "", done).await.expect("entries");
    let said: Vec<&str> = said.iter().map(String::as_str).filter(|action| *action != "factor.use").collect();
    let expect =
        ["session.create", "session.create", "factor.begin", "factor.add", "session.create", "session.step_up", "factor.recovery_codes", "factor.remove"];
    assert_eq!(said, expect);
    assert_eq!(on_record::without_an_entry(&world, since).await, [""; 0]);
}

#[tokio::test]
async fn what_a_code_was_given_for_stands_in_the_log_in_clear_only_where_it_is_an_envelope() {
    let world = World::make().await;
    let guarded = Guarded::make(&world).await;
    let envelope = format!("env_{}", "0".repeat(64));
    for bound in ["lena@partner.example", envelope.as_str()] {
        guarded.step_up(&world, &json!(bound)).await.expect(201);
        guarded.next(&world);
    }
    let holds = |bound: &str| format!("select count(*) from audit_event where position('{bound}'::bytea in canon) > 0");
    assert_eq!(world.server.database.number(&holds("lena@partner.example")).await, 0);
    assert_eq!(world.server.database.number(&holds(&envelope)).await, 1);
    let listed = world.server.ask("GET", "/api/v1/audit?action=session.step_up").cookie(&guarded.cookie).send().await.expect(200).json();
    assert_eq!(listed["items"][0]["personal"], json!({ "for": "lena@partner.example" }), "whoever may read the log sees it");
    assert_eq!(listed["items"][1]["detail"]["for"], json!(envelope));
}

#[tokio::test]
async fn a_grave_approval_takes_the_second_factor_for_its_very_envelope() {
    let world = World::make().await;
    let guarded = Guarded::make(&world).await;
    let envelope = EnvelopeId::of_text(world.server.state.office.key.as_ref().expect("key"), ENVELOPE).to_string();
    let body = json!({ "envelope_id": envelope });
    for effect in ["money", "credential", "member", "admin"] {
        let path = format!("/api/v1/holds/{}/approve", sample::hold_of(&world, &world.home, effect).await);
        let ask = || world.server.ask("POST", path.as_str()).cookie(&guarded.cookie).json(&body);
        let refused = ask().send().await.expect(403).json();
        assert_eq!(refused["code"], "step_up_required", "{effect}");
        assert_eq!(refused["step_up"], json!({ "for": envelope, "factors": ["totp"] }));
        // One for something else does not help, and a code counts once.
        guarded.step_up(&world, &json!("env_0")).await.expect(201);
        ask().send().await.expect(403);
        guarded.step_up(&world, &refused["step_up"]["for"]).await.expect(422);
        guarded.next(&world);
        guarded.step_up(&world, &refused["step_up"]["for"]).await.expect(201);
        assert_eq!(ask().send().await.expect(200).json()["state"], "approved", "{effect}");
        guarded.next(&world);
    }
    // What is not grave, and who has no second factor, goes as before.
    let path = format!("/api/v1/holds/{}/approve", sample::hold_of(&world, &world.home, "send").await);
    world.server.ask("POST", path).cookie(&guarded.cookie).json(&body).send().await.expect(200);
    let path = format!("/api/v1/holds/{}/approve", sample::hold_of(&world, &world.home, "admin").await);
    world.server.ask("POST", path).cookie(&world.session(Role::Manager).await.secret).json(&body).send().await.expect(200);
}

#[tokio::test]
async fn a_change_of_what_governs_takes_the_second_factor_for_itself() {
    let world = World::make().await;
    let guarded = Guarded::make(&world).await;
    for kind in [ChangeKind::Policy, ChangeKind::PromptLabel] {
        let make = || sample::change_of(&world, &world.home, world.home.owner, kind, false);
        let (one, other) = (make().await, make().await);
        let ask = |row: &ChangeRow| {
            let digest = Digest::of(row.content.as_bytes());
            let path = format!("/api/v1/changes/{}/approve", row.governance_change_id);
            world.server.ask("POST", path).cookie(&guarded.cookie).json(&json!({ "content_digest": digest }))
        };
        // The password that was given a moment ago is not enough for who has a second factor.
        let refused = ask(&one).send().await.expect(403).json();
        assert_eq!((&refused["code"], &refused["step_up"]["factors"]), (&json!("step_up_required"), &json!(["totp"])), "{kind:?}: {refused}");
        guarded.step_up(&world, &refused["step_up"]["for"]).await.expect(201);
        // One for another change, with the same content even, does not help.
        ask(&other).send().await.expect(403);
        assert_eq!(ask(&one).send().await.expect(200).json()["state"], "approved", "{kind:?}");
        guarded.next(&world);
    }
    assert_eq!(world.server.database.number("select count(*) from governance_change where state = 'approved'").await, 2);
}

#[tokio::test]
async fn who_has_no_second_factor_approves_a_change_with_the_password() {
    let world = World::make().await;
    let change = sample::change_of(&world, &world.home, world.home.owner, ChangeKind::PromptLabel, false).await;
    let body = json!({ "content_digest": Digest::of(change.content.as_bytes()) });
    let path = format!("/api/v1/changes/{}/approve", change.governance_change_id);
    // A session of after the sample, in which nothing was proved.
    let unproven = world.owner().await;
    let refused = world.server.ask("POST", path.as_str()).cookie(&unproven).json(&body).send().await.expect(403).json();
    assert_eq!(refused["code"], "not_proven", "{refused}");
    world.server.ask("PUT", "/api/v1/me/password").cookie(&unproven).json(&json!({ "new": PASSWORD })).send().await.expect(200);
    let proved = world.server.ask("POST", "/api/v1/session").json(&json!({ "email": "ada@home.example", "password": PASSWORD })).send().await;
    let proved = proved.expect(201).cookie();
    world.server.ask("POST", "/api/v1/session/prove").cookie(&proved).json(&json!({ "password": PASSWORD })).send().await;
    assert_eq!(world.server.ask("POST", path.as_str()).cookie(&proved).json(&body).send().await.expect(200).json()["state"], "approved");
}

#[tokio::test]
async fn a_grant_takes_the_second_factor_for_what_it_covers() {
    let world = World::make().await;
    let guarded = Guarded::make(&world).await;
    let (store, office) = (&world.server.state.store, &world.server.state.office);
    let actor = people::actor_of_session(store, office, &guarded.cookie).await.expect("owner");
    let tool = sample_tools().expect("tools").into_iter().find(|tool| tool.name == "crm.get_contact").expect("a tool that reads");
    let ranges: Ranges = tool.roles.keys().map(|name| (format!("/{}", name.trim_start_matches('/')), Range::LettersMax(99))).collect();
    let expires_at = office.clock.now() + time::Duration::days(3);
    let give = async |uses_max: u32| {
        let new = NewGrant { workspace: world.home.workspace, agent: "assistant".to_owned(), person: None, ranges: ranges.clone(), uses_max, expires_at };
        let mut tx = store.begin(&actor).await.expect("tx");
        match grants::give(&mut tx, office, &tool, new).await {
            Ok(_) => {
                tx.commit().await.expect("commit");
                None
            }
            Err(OfficeError::StepUp { bound, .. }) => Some(bound),
            Err(other) => panic!("{other:?}"),
        }
    };
    let (few, many) = (give(3).await.expect("refused"), give(900).await.expect("refused"));
    assert_ne!(few, many, "what is given for one is not for another");
    guarded.step_up(&world, &json!(few)).await.expect(201);
    assert_eq!(give(900).await, Some(many));
    assert_eq!(give(3).await, None);
    assert_eq!(give(3).await, Some(few), "once");
}

#[tokio::test]
async fn an_approval_without_it_is_refused_by_the_database_too() {
    let world = World::make().await;
    let guarded = Guarded::make(&world).await;
    let hold = sample::hold_of(&world, &world.home, "money").await;
    let (tenant, owner, workspace) = (world.home.tenant.uuid(), world.home.owner.uuid(), world.home.workspace.uuid());
    let say = format!(
        "insert into hold_approval (tenant_id, hold_id, person_id, workspace_id, approves, roles, envelope_id, method, at)
         select tenant_id, hold_id, '{owner}', '{workspace}', true, '{{owner}}', envelope_id, 'password', '2026-03-01 09:01Z' from hold where tenant_id = '{tenant}' and hold_id = '{}'",
        hold.uuid()
    );
    let refused = world.server.database.texts(&world.server.database.superuser_url, &say, "select 'nothing'").await.expect_err("refused");
    assert!(refused.contains("second factor"), "{refused}");

    let change = sample::change_of(&world, &world.home, world.home.owner, ChangeKind::Policy, false).await;
    let approve = format!(
        "update governance_change set state = 'approved', version = 1, decided_by = '{owner}', decided_at = '2026-03-01 09:01Z',
                decided_audit_id = proposed_audit_id, decided_seal = sha256('x') where governance_change_id = '{}' returning '1'",
        change.governance_change_id.uuid()
    );
    let approve = async || world.server.database.texts(&world.server.database.superuser_url, "", &approve).await;
    let refused = approve().await.expect_err("refused");
    assert!(refused.contains("second factor given for this change"), "{refused}");
    // One for something else, one that was not used, one that was over: none of them helps.
    let bound = format!("change:{}", Digest::of(&change.seal));
    for (bound, used, until) in [("change:0", "'09:01Z'", "09:02Z"), (bound.as_str(), "null", "09:02Z"), (&bound, "'09:00:30Z'", "09:00:40Z")] {
        let used = used.replace("'09", "'2026-03-01 09");
        world
            .server
            .database
            .raw(&format!(
                "insert into step_up (tenant_id, step_up_id, person_id, bound, method, at, expires_at, used_at)
             values ('{tenant}', gen_random_uuid(), '{owner}', '{bound}', 'totp', '2026-03-01 09:00Z', '2026-03-01 {until}', {used})"
            ))
            .await;
        approve().await.expect_err("refused");
    }
    world.server.database.raw(&format!("update step_up set used_at = '2026-03-01 09:01Z' where bound = '{bound}' and used_at is null")).await;
    approve().await.expect("given and used for it");
    drop(guarded);
}

#[tokio::test]
async fn an_owner_takes_away_a_lost_factor_and_nobody_else_does() {
    let world = World::make().await;
    let owner = world.owner().await;
    let person = world.person(Role::Support, None).await;
    let theirs = world.home.session_of(&world.server, person).await.secret;
    let begun = world.server.ask("POST", "/api/v1/me/totp").cookie(&theirs).send().await.expect(201).json();
    let code = app_code(begun["secret"].as_str().expect("secret"), world.server.state.office.clock.now().unix_timestamp());
    world.server.ask("POST", "/api/v1/me/totp/confirm").cookie(&theirs).json(&json!({ "code": code })).send().await.expect(200);
    let path = format!("/api/v1/people/{person}/factors");
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    world.server.ask("DELETE", path.as_str()).cookie(&elsewhere).send().await.expect(404);
    world.server.ask("DELETE", path.as_str()).cookie(&world.session(Role::Manager).await.secret).send().await.expect(403);
    world.server.ask("GET", "/api/v1/me").cookie(&theirs).send().await.expect(200);
    world.server.ask("DELETE", path.as_str()).cookie(&owner).send().await.expect(204);
    world.server.ask("GET", "/api/v1/me").cookie(&theirs).send().await.expect(401);
    let again = world.home.session_of(&world.server, person).await.secret;
    let seen = world.server.ask("GET", "/api/v1/me/factors").cookie(&again).send().await.expect(200).json();
    assert_eq!((&seen["totp_since"], &seen["recovery_left"]), (&Value::Null, &json!(0)));
}

#[tokio::test]
async fn where_everybody_needs_one_a_session_without_does_nothing_but_set_it_up() {
    let server = Server::start_strict().await;
    let home = House::make(&server, "Home", "ada@home.example").await;
    let cookie = home.session_of(&server, home.owner).await.secret;
    for (method, path) in
        [("GET", "/api/v1/contacts"), ("GET", "/api/v1/sessions"), ("GET", "/api/v1/people"), ("POST", "/api/v1/workspaces"), ("GET", "/v1/models")]
    {
        let refused = server.ask(method, path).cookie(&cookie).json(&json!({ "name": "Second" })).send().await.expect(403).text();
        assert!(refused.contains("second_factor_missing"), "{path}: {refused}");
    }
    server.ask("GET", "/api/v1/me").cookie(&cookie).send().await.expect(200);
    assert_eq!(server.ask("GET", "/api/v1/me/factors").cookie(&cookie).send().await.expect(200).json()["is_required"], true);
    let begun = server.ask("POST", "/api/v1/me/totp").cookie(&cookie).send().await.expect(201).json();
    server.ask("GET", "/api/v1/contacts").cookie(&cookie).send().await.expect(403);
    let code = app_code(begun["secret"].as_str().expect("secret"), server.state.office.clock.now().unix_timestamp());
    server.ask("POST", "/api/v1/me/totp/confirm").cookie(&cookie).json(&json!({ "code": code })).send().await.expect(200);
    server.ask("GET", "/api/v1/contacts").cookie(&cookie).send().await.expect(200);
}

#[tokio::test]
async fn a_stolen_session_makes_itself_no_way_in_and_says_what_is_missing() {
    let world = World::make().await;
    let link = world.owner().await;
    let cookie = world.server.ask("PUT", "/api/v1/me/password").cookie(&link).json(&json!({ "new": PASSWORD })).send().await.expect(200).cookie();
    world.server.pass_minutes(11);
    let path = format!("/api/v1/people/{}", world.home.owner);
    let token = json!({ "name": "Night job", "scopes": ["read"] });
    let ask = world.server.ask("POST", "/api/v1/tokens").cookie(&cookie).json(&token);
    assert_eq!(ask.send().await.expect(403).json()["code"], "not_proven", "a token would outlast it");
    let body = json!({ "email": "eve@home.example", "display_name": "Eve", "roles": [{ "role": "owner" }] });
    for (method, path) in [("POST", format!("{path}/links")), ("DELETE", format!("{path}/factors")), ("POST", "/api/v1/people".to_owned())] {
        let ask = world.server.ask(method, path.as_str()).cookie(&cookie).json(&body);
        assert_eq!(ask.send().await.expect(403).json()["code"], "not_proven", "{method} {path}");
    }
    world.server.ask("POST", "/api/v1/session/prove").cookie(&cookie).json(&json!({ "password": PASSWORD })).send().await.expect(204);
    world.server.ask("POST", format!("{path}/links")).cookie(&cookie).send().await.expect(201);
    world.server.ask("POST", "/api/v1/tokens").cookie(&cookie).json(&token).send().await.expect(201);
    // Who has no password signs in anew.
    world.server.database.raw("update person set password_hash = null").await;
    world.server.pass_minutes(11);
    let refused = world.server.ask("POST", format!("{path}/links")).cookie(&cookie).send().await.expect(403).json();
    assert_eq!(refused["code"], "not_fresh", "{refused}");
}
