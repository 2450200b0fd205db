//! Secrets of organisations in the calls of their runs: each its own, as it stands when the call begins, and in nothing that is kept or told.

use super::asking::asking_with;
use super::*;
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeMap;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Actor, ActorKind, AuthMethod, SessionId};
use steward_host::testing::Echo;
use steward_office::secrets;

const HERS: &str = "canary-hers-0123456789";
const HERS_LATER: &str = "canary-later-0123456789";
const HIS: &str = "canary-his-0123456789";

/// The owner in a browser session in which they gave their password just now.
async fn in_person(world: &World) -> Actor {
    let session: SessionId = world.runtime.office.ids.make();
    let (t, p, s) = (world.tenant.uuid(), world.owner.person.expect("a person").uuid(), session.uuid());
    world
        .db
        .raw(&format!(
            "insert into session (tenant_id, session_id, person_id, token_hash, method, created_at, seen_at, expires_at, proved_at)
             values ('{t}', '{s}', '{p}', sha256('{s}'), 'password', now(), now(), now() + interval '1 day', now() - interval '1 minute')"
        ))
        .await;
    Actor { kind: ActorKind::Person { session: Some(session), method: AuthMethod::Password }, ..world.owner.clone() }
}

async fn set(world: &World, value: &str) {
    let info = world.runtime.host.plugins().into_iter().find(|plugin| plugin.name == "asker").expect("the plugin");
    let origins: Vec<String> = info.egress.iter().filter_map(steward_host::EgressRule::secret_origin).collect();
    let mut tx = world.db.app.begin(&in_person(world).await).await.expect("begin");
    secrets::set(&mut tx, &world.runtime.office, "asker", "asker_token", &origins, &SecretString::from(value)).await.expect("set");
    tx.commit().await.expect("commit");
}

/// What a call of a new run of the organisation's was answered.
async fn answered(world: &World, url: &str) -> String {
    let run = world.say(&format!("Look at {url}")).await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    let events = world.events(run).await;
    let outcome = events.iter().find_map(|recorded| match &recorded.event {
        Event::Done { outcome, .. } => Some(serde_json::to_string(outcome).expect("JSON")),
        _ => None,
    });
    assert!(outcome.is_some(), "no call: {events:?}");
    outcome.expect("a call")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_organisation_calls_with_its_own_secret_as_it_stands_and_without_one_is_told_where_to_set_it() {
    let server = Echo::start().await.expect("a server");
    let url = server.url("/v1/a");
    let at = url.clone();
    let model = ScriptedModel::start_with(move |seen| match seen.tool_results().len() {
        0 => Reply::Calls(vec![("asker.look".to_owned(), json!({ "url": at }))]),
        _ => Reply::text("Done."),
    })
    .await;
    let home = asking_with(&model, server.port, BTreeMap::new()).await;
    let other = home.beside().await;
    let last = || server.seen().pop().unwrap_or_default();
    let refused = |said: &str| assert!(said.contains("the secret `asker_token` is not set") && said.contains("in the settings"), "{said}");

    refused(&answered(&home, &url).await);
    set(&home, HERS).await;
    let said = answered(&home, &url).await;
    assert!(last().contains(&format!("authorization: Bearer {HERS}\r\n")), "{}", last());
    assert!(said.contains("Bearer [asker_token]"), "{said}");
    refused(&answered(&other, &url).await);
    set(&other, HIS).await;
    answered(&other, &url).await;
    assert!(last().contains(HIS) && !last().contains(HERS), "{}", last());
    // From the next call on, and with nothing started anew.
    set(&home, HERS_LATER).await;
    answered(&home, &url).await;
    assert!(last().contains(HERS_LATER) && !last().contains(HERS), "{}", last());
    let mut tx = home.db.app.begin(&in_person(&home).await).await.expect("begin");
    secrets::remove(&mut tx, &home.runtime.office, "asker", "asker_token").await.expect("removed");
    tx.commit().await.expect("commit");
    refused(&answered(&home, &url).await);
    answered(&other, &url).await;
    assert!(last().contains(HIS), "what one removes is the other's no less");
    assert_eq!(server.seen().len(), 4, "what was refused did not leave");

    // A key that opens nothing here: the call is refused, and the other organisation's goes on.
    let broken = format!(
        "set session_replication_role = replica; update secret set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) where tenant_id = '{}'",
        other.tenant.uuid()
    );
    home.db.raw(&broken).await;
    assert!(answered(&other, &url).await.contains("cannot be read now"));
    set(&home, HERS).await;
    answered(&home, &url).await;
    assert!(last().contains(HERS));

    // In the clear or as hexadecimal digits, no value stands anywhere but in what left: not in a table, not in what the model was shown.
    let tables = "select relname::text from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'";
    let tables = home.db.texts(&home.db.superuser_url, "", tables).await.expect("tables");
    let mut kept = vec![("what the model was shown".to_owned(), format!("{:?}", model.requests()))];
    for table in tables {
        let copied = home.db.copied(&home.db.superuser_url, "", &table).await.unwrap_or_else(|| panic!("{table} is not read"));
        kept.push((table, copied));
    }
    assert!(kept.iter().any(|(table, text)| table == "secret" && text.contains("asker_token")), "and the secrets are among them");
    for value in [HERS, HERS_LATER, HIS] {
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (what, text) in &kept {
            assert!(!text.contains(value) && !text.contains(&hex), "a value is in {what}");
        }
    }
}

/// A plugin may have kept one that it came by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_card_of_a_call_that_waits_shows_a_secret_of_its_organisation() {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("asker.send", json!({ "url": "http://localhost:1/open/a", "method": "POST", "body": HERS, "tell": "line" })),
        _ => Reply::text("Done."),
    })
    .await;
    let home = asking_with(&model, 1, BTreeMap::new()).await;
    set(&home, HERS).await;
    home.say("Good morning").await;
    assert_eq!(home.drive().await, Some(RunStatus::Waiting));
    let row = waiting(&home).await.pop().expect("one held action");
    let card = row.preview.expect("a preview");
    assert!(card.matches("[asker_token]").count() == 3 && !card.contains(HERS), "{card}");
}
