//! Secrets of an organisation: who sets them, what they are sealed for, and that a changed data key loses none.

use crate::fixture::{House, World};
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use steward_core::{Actor, ActorKind, ApiTokenId, AuthMethod, HasKind, Kind, Role, RunId, Scope, SessionId};
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::DataKey;
use steward_office::{Office, OfficeError, rewrap, secrets};

const ORIGIN: &str = "https://api.example.com:443 authorization";
const CANARY: &str = "canary-value-0123456789";

fn data_key(byte: u8) -> DataKey {
    DataKey::from_secret(&[byte; 32]).expect("key")
}

fn sealing(world: &World, key: DataKey) -> Office {
    world.office.clone().sealing(Personal::new(key, "/nowhere"))
}

/// The owner in a browser session in which they gave their password just now.
async fn in_person(world: &World, house: &House) -> Actor {
    let session: SessionId = world.office.ids.make();
    let (t, p, s) = (house.owner.tenant.uuid(), house.owner.person.expect("a person").uuid(), session.uuid());
    world
        .database
        .raw(&format!(
            "insert into session (tenant_id, session_id, person_id, token_hash, method, created_at, seen_at, expires_at, proved_at)
             values ('{t}', '{s}', '{p}', sha256('{s}'), 'password', '2026-03-01', '2026-03-01', '2026-04-01', '2026-03-01 09:00Z')"
        ))
        .await;
    Actor { kind: ActorKind::Person { session: Some(session), method: AuthMethod::Password }, ..house.owner.clone() }
}

async fn set(world: &World, office: &Office, who: &Actor, name: &str, value: &str) -> Result<i32, OfficeError> {
    let mut tx = world.begin(who).await;
    let row = secrets::set(&mut tx, office, "asker", name, &[ORIGIN.to_owned()], &SecretString::from(value)).await?;
    tx.commit().await.expect("commit");
    Ok(row.version)
}

async fn remove(world: &World, office: &Office, who: &Actor, name: &str) -> Result<(), OfficeError> {
    let mut tx = world.begin(who).await;
    secrets::remove(&mut tx, office, "asker", name).await?;
    tx.commit().await.expect("commit");
    Ok(())
}

fn wanted(name: &str, origins: &[&str]) -> BTreeMap<String, Vec<String>> {
    [(name.to_owned(), origins.iter().map(|origin| (*origin).to_owned()).collect())].into()
}

/// What a call of the organisation's would be filled in with.
async fn opened(world: &World, office: &Office, house: &House, plugin: &str, name: &str) -> Result<Option<String>, OfficeError> {
    opened_for(world, office, house, plugin, name, &[ORIGIN]).await
}

async fn opened_for(world: &World, office: &Office, house: &House, plugin: &str, name: &str, origins: &[&str]) -> Result<Option<String>, OfficeError> {
    let mut tx = world.database.worker.begin(&Actor::worker(house.owner.tenant)).await.expect("begin");
    let found = secrets::open(&mut tx, office, plugin, &wanted(name, origins)).await?;
    Ok(found.get(name).map(|value| value.expose_secret().to_owned()))
}

#[tokio::test]
async fn nobody_but_an_owner_in_person_who_says_anew_who_they_are_sets_or_removes_a_secret() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let office = sealing(&world, data_key(7));
    let owner = in_person(&world, &house).await;
    let as_role = |role: Role| Actor { roles: [role].into(), ..owner.clone() };
    let token = ActorKind::Token { token: world.office.ids.make::<ApiTokenId>(), scopes: Scope::ALL.into() };
    let agent = owner.as_agent(world.office.ids.make::<RunId>(), "assistant");
    let others = [as_role(Role::Manager), as_role(Role::Finance), as_role(Role::Support), as_role(Role::Auditor)];
    for who in others.into_iter().chain([Actor { kind: token, ..owner.clone() }, agent, Actor::worker(owner.tenant)]) {
        for refused in [set(&world, &office, &who, "asker_token", CANARY).await.err(), remove(&world, &office, &who, "asker_token").await.err()] {
            assert!(matches!(refused, Some(OfficeError::Denied(_))), "{who:?}: {refused:?}");
        }
    }
    // At the terminal, where no password was given, and in a session in which it was given too long ago.
    let refused = set(&world, &office, &house.owner, "asker_token", CANARY).await.err();
    assert!(matches!(refused, Some(OfficeError::NotProven)), "{refused:?}");
    let strict = office.clone().requiring_second_factor(true);
    let refused = set(&world, &strict, &owner, "asker_token", CANARY).await.err();
    assert!(matches!(refused, Some(OfficeError::NoSecondFactor)), "{refused:?}");
    for wrong in ["", "canary\r\nx-admin: 1", &"x".repeat(secrets::VALUE_BYTES_MAX + 1)] {
        let refused = set(&world, &office, &owner, "asker_token", wrong).await.expect_err("refused");
        assert!(refused.kind() == Kind::Invalid && !refused.to_string().contains("canary"), "{refused}");
    }
    assert!(matches!(remove(&world, &office, &owner, "asker_token").await, Err(OfficeError::Missing(_))));
    let nothing = "select (select count(*) from secret) + (select count(*) from secret_key) + (select count(*) from audit_event where action like 'secret.%')";
    assert_eq!(world.database.number(nothing).await, 0, "what was refused left nothing");
    // And without the data key nothing is taken, and it is said why.
    let keyless = world.office.clone().sealing(Personal::without_key("there is no data key", std::env::temp_dir()));
    let refused = set(&world, &keyless, &owner, "asker_token", CANARY).await.expect_err("refused");
    assert_eq!(refused.kind(), Kind::Away, "{refused}");

    assert_eq!(set(&world, &office, &owner, "asker_token", CANARY).await.expect("set"), 1);
    assert_eq!(opened(&world, &office, &house, "asker", "asker_token").await.expect("opened").as_deref(), Some(CANARY));
    // A person is shown none, the owner who set it neither.
    let mut tx = world.begin(&owner).await;
    assert!(matches!(secrets::open(&mut tx, &office, "asker", &wanted("asker_token", &[ORIGIN])).await, Err(OfficeError::Denied(_))));
    drop(tx);
    // Minutes count, not the hours that do for other decisions.
    office.clock.advance_ms(11 * 60 * 1000);
    let refused = set(&world, &office, &owner, "asker_token", CANARY).await.err();
    assert!(matches!(refused, Some(OfficeError::NotProven)), "{refused:?}");
}

#[tokio::test]
async fn a_sealed_secret_that_was_moved_opens_nowhere_else_and_says_why() {
    let world = World::make().await;
    let (house, other) = (world.house("acme").await, world.house("other").await);
    let office = sealing(&world, data_key(7));
    let owner = in_person(&world, &house).await;
    set(&world, &office, &owner, "asker_token", CANARY).await.expect("set");
    set(&world, &office, &owner, "other_token", "another-value-of-hers").await.expect("set");
    set(&world, &office, &in_person(&world, &other).await, "asker_token", "a-value-of-the-other").await.expect("set");
    let (t, o) = (house.owner.tenant.uuid(), other.owner.tenant.uuid());
    let hers = format!("(select sealed from secret where tenant_id = '{t}' and name = 'asker_token')");
    // Whoever writes the database past every trigger.
    let moved = async |sql: String| world.database.raw(&format!("set session_replication_role = replica; {sql}")).await;
    let says = |refused: Option<OfficeError>, expect: &str| {
        let refused = refused.expect("refused");
        let whole = format!("{refused} {:?}", std::error::Error::source(&refused).map(ToString::to_string));
        assert!(whole.contains(expect) && !whole.contains("canary"), "{whole}");
    };
    let not_sealed = "was not sealed for this organisation, plugin, name and version, and where it goes";
    moved(format!("update secret set sealed = {hers} where tenant_id = '{o}'")).await;
    says(opened(&world, &office, &other, "asker", "asker_token").await.err(), not_sealed);
    // Not even with the key that it was sealed with.
    moved(format!("update secret_key set wrapped = (select wrapped from secret_key where tenant_id = '{t}') where tenant_id = '{o}'")).await;
    says(opened(&world, &office, &other, "asker", "asker_token").await.err(), "the data key is not the one");
    moved(format!("update secret set sealed = {hers} where tenant_id = '{t}' and name = 'other_token'")).await;
    says(opened(&world, &office, &house, "asker", "other_token").await.err(), not_sealed);
    moved(format!("update secret set plugin = 'crm' where tenant_id = '{t}' and name = 'asker_token'")).await;
    says(opened(&world, &office, &house, "crm", "asker_token").await.err(), not_sealed);
    moved(format!("update secret set plugin = 'asker', version = 2 where tenant_id = '{t}' and name = 'asker_token'")).await;
    says(opened(&world, &office, &house, "asker", "asker_token").await.err(), not_sealed);
    moved(format!("update secret set version = 1 where tenant_id = '{t}' and name = 'asker_token'")).await;
    assert_eq!(opened(&world, &office, &house, "asker", "asker_token").await.expect("opened").as_deref(), Some(CANARY), "back in its place");
    moved(format!("update secret set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) where tenant_id = '{t}' and name = 'asker_token'")).await;
    says(opened(&world, &office, &house, "asker", "asker_token").await.err(), not_sealed);
}

#[tokio::test]
async fn a_secret_goes_nowhere_that_it_was_not_set_for() {
    const ELSEWHERE: &str = "https://elsewhere.example:443 authorization";
    let world = World::make().await;
    let house = world.house("acme").await;
    let office = sealing(&world, data_key(7));
    let owner = in_person(&world, &house).await;
    set(&world, &office, &owner, "asker_token", CANARY).await.expect("set");
    let opened = async |origins: &[&str]| opened_for(&world, &office, &house, "asker", "asker_token", origins).await;
    for narrower in [[ORIGIN].as_slice(), &[]] {
        assert_eq!(opened(narrower).await.expect("opened").as_deref(), Some(CANARY));
    }
    // Another host, another port, another header, and one more host.
    for wider in [[ELSEWHERE].as_slice(), &[ORIGIN, ELSEWHERE], &["https://api.example.com:444 authorization"], &["https://api.example.com:443 x-key"]] {
        assert_eq!(opened(wider).await.expect("left out"), None, "{wider:?}");
    }
    // Whoever writes the database past every trigger sends it nowhere else either.
    world.database.raw(&format!("set session_replication_role = replica; update secret set origins = origins || '{ELSEWHERE}'::text")).await;
    assert!(opened(&[ORIGIN, ELSEWHERE]).await.is_err());
}

#[tokio::test]
async fn a_replaced_secret_is_the_next_version_and_nothing_of_an_earlier_one_is_kept_or_comes_back() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let office = sealing(&world, data_key(7));
    let owner = in_person(&world, &house).await;
    set(&world, &office, &owner, "asker_token", CANARY).await.expect("set");
    let sealed = async || world.database.texts(&world.database.superuser_url, "", "select encode(sealed, 'hex') from secret").await.expect("rows");
    let first = sealed().await.remove(0);
    assert_eq!(set(&world, &office, &owner, "asker_token", "x-another-and-longer-value-than-before").await.expect("set"), 2);
    let second = sealed().await.remove(0);
    assert_eq!((first.len(), first == second), (second.len(), false), "neither tells how long its value is");
    remove(&world, &office, &owner, "asker_token").await.expect("removed");
    assert_eq!(opened(&world, &office, &house, "asker", "asker_token").await.expect("opened"), None);
    assert_eq!(world.database.number("select count(*) from secret where sealed is null and version = 3").await, 1);
    for back in [
        format!("update secret set sealed = decode('{first}', 'hex'), version = 1"),
        format!("update secret set sealed = decode('{second}', 'hex')"),
        "update secret set name = 'other_token', version = version + 1".to_owned(),
        "delete from secret".to_owned(),
        "update secret_key set wrapped = sha256('x') || substr(sha256('x'), 1, 29)".to_owned(),
        "delete from secret_key".to_owned(),
    ] {
        let refused = world.database.texts(&world.database.superuser_url, "", &format!("{back} returning '1'")).await;
        assert!(refused.is_err(), "{back}");
    }
    assert!(matches!(remove(&world, &office, &owner, "asker_token").await, Err(OfficeError::Missing(_))));
    assert_eq!(set(&world, &office, &owner, "asker_token", CANARY).await.expect("set"), 4);
    // What is on record says what was done, and nothing of a value.
    let entries = "select action || ' ' || object || ' ' || convert_from(canon, 'UTF8') from audit_event where action like 'secret.%'
                    order by (convert_from(canon, 'UTF8')::jsonb #>> '{detail,version}')::int";
    let log = world.database.texts(&world.database.superuser_url, "", entries).await.expect("entries");
    assert_eq!(log.len(), 4, "{log:?}");
    for (entry, action) in log.iter().zip(["secret.set", "secret.set", "secret.remove", "secret.set"]) {
        assert!(entry.starts_with(&format!("{action} asker/asker_token ")) && !entry.contains("canary") && !entry.contains("x-another"), "{entry}");
    }
}

#[tokio::test]
async fn a_new_data_key_loses_no_secret_and_is_not_wrapped_back() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let owner = in_person(&world, &house).await;
    let before = sealing(&world, data_key(7));
    set(&world, &before, &owner, "asker_token", CANARY).await.expect("set");
    let now = sealing(&world, data_key(8).after(data_key(7)));
    let alone = sealing(&world, data_key(8));
    let read = async |office: &Office| opened(&world, office, &house, "asker", "asker_token").await.map(|value| value.unwrap_or_default());
    assert!(read(&alone).await.is_err(), "without the former key it is not read");
    assert_eq!(read(&now).await.expect("opened"), CANARY, "and with it before anything was wrapped anew");
    let rewrap = async |office: &Office| {
        let mut tx = world.database.worker.begin(&Actor::worker(house.owner.tenant)).await.expect("begin");
        let done = secrets::rewrap(&mut tx, office).await;
        tx.commit().await.expect("commit");
        done
    };
    assert!(!rewrap(&before).await.expect("looked"), "it is wrapped with that key");
    assert!(rewrap(&now).await.expect("wrapped"));
    assert!(!rewrap(&now).await.expect("looked"), "once");
    assert_eq!((read(&now).await.expect("opened"), read(&alone).await.expect("opened")), (CANARY.to_owned(), CANARY.to_owned()));
    let refused = read(&before).await.expect_err("the former key opens nothing any more");
    assert!(std::error::Error::source(&refused).expect("a source").to_string().contains("the data key is not the one"), "{refused:?}");
    // A process that has the two the other way about reads it, and does not wrap it back.
    let turned = sealing(&world, data_key(7).after(data_key(8)));
    assert!(!rewrap(&turned).await.expect("looked"), "two such would go on for ever");
    assert_eq!(read(&turned).await.expect("opened"), CANARY);
    assert_eq!(world.database.number("select count(*) from audit_event where action = 'secret.rewrap'").await, 1);
    // A third key, with both before it: what was sealed with the first opens too, and nothing is foreign.
    let third = sealing(&world, data_key(9).after_all(&[[8; 32], [7; 32]]).expect("keys"));
    let first = before.personal.clone();
    for about in ["totp|x", "totp|y"] {
        let sealed = data_key(7).seal_secret(about, b"a secret for codes").expect("sealed");
        assert_eq!(data_key(9).after_all(&[[8; 32], [7; 32]]).expect("keys").open_secret(about, &sealed).expect("opened"), b"a secret for codes");
        assert!(data_key(9).after_all(&[[8; 32]]).expect("keys").open_secret(about, &sealed).is_err());
    }
    let foreign = async |personal: &Personal| {
        let mut tx = world.database.worker.begin(&Actor::worker(house.owner.tenant)).await.expect("begin");
        rewrap::needs(&mut tx, personal).await.expect("looked").foreign.secrets
    };
    assert_eq!((foreign(&third.personal).await, foreign(&first).await), (0, 1));
    // Secrets go on as before.
    assert_eq!(set(&world, &alone, &owner, "asker_token", "another-value").await.expect("set"), 2);
    assert_eq!(read(&alone).await.expect("opened"), "another-value");
}
