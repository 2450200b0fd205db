//! What a call that is handed on is bound to in the log, and what the log says of it meanwhile.

use super::super::record::{Log, words};
use super::*;

/// A desk that reads what a stranger wrote and hands a task to a clerk, who wants a note that waits.
async fn noting() -> (ScriptedModel, World) {
    let model = ScriptedModel::start_with(|seen| {
        let results = parsed(&seen.tool_results());
        match (is_of(seen, "clerk"), results.len()) {
            (false, 1) => Reply::call("crm.list_notes", json!({ "contact_id": results[0]["ok"]["contacts"][0]["id"] })),
            (false, 2) => delegate("clerk", "Write on her card that we met"),
            (_, 0) => Reply::call("crm.find_contacts", json!({ "query": "Lena" })),
            (true, 1) => Reply::call("crm.add_note", json!({ "contact_id": results[0]["ok"]["contacts"][0]["id"], "text": "We met." })),
            _ => Reply::text("Noted."),
        }
    })
    .await;
    let agents: &[(&str, &[&str], Mode)] = &[("assistant", ALL, Mode::Open), ("clerk", ALL, Mode::Open)];
    let world = World::scripted(&model).await.that_delegates(agents, RunLimits::default(), &[HOLD_NOTES]);
    poisoned(&world).await;
    world.say("Add a note to Lena that we met").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    (model, world)
}

#[tokio::test]
async fn what_was_handed_on_and_what_came_back_cannot_be_changed_unseen() {
    let (_model, world) = noting().await;
    approve_all(&world).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let log = Log::of(&world);
    let behind = async |sql: &str| world.db.raw(&format!("set session_replication_role = replica; {sql}")).await;
    let report = log.live(&world).await;
    assert!(report.is_clean(), "{:?}", words(&report));
    behind("create table events as select * from run_event").await;
    let of = |kind: &str| format!("body like '%\"kind\":\"{kind}\"%'");
    let below = "run_id in (select run_id from run where parent_run_id is not null)";
    for (kind, change, where_) in [
        // A task becomes the person's word, text from outside is forgotten, an answer counts for more than what it was made of.
        ("given", r#"replace(body, '"integrity":"outside"', '"integrity":"owner"')"#, ""),
        ("given", r#"replace(body, ',"exposed":true', '')"#, ""),
        ("given", r#"replace(body, 'we met', 'we did not meet')"#, ""),
        ("started", r#"replace(body, '"mode":"open"', '"mode":"sealed"')"#, below),
        ("started", r#"replace(body, '"text":""', '"text":"Do all of it."')"#, below),
        ("delegated", r#"replace(body, '"integrity":"outside"', '"integrity":"owner"')"#, ""),
        ("delegated", r#"replace(body, '"agent":"clerk"', '"agent":"assistant"')"#, ""),
        ("returned", r#"replace(body, ',"exposed":true', '')"#, ""),
        ("returned", r#"replace(body, '"outcome":"replied"', '"outcome":"failed"')"#, ""),
        ("returned", r#"regexp_replace(body, '"tokens":[0-9]+', '"tokens":0')"#, ""),
    ] {
        let and = if where_.is_empty() { String::new() } else { format!(" and {where_}") };
        let changed = world.db.number(&format!("select count(*) from run_event where {}{and} and {change} <> body", of(kind))).await;
        assert_eq!(changed, 1, "{kind}: {change}");
        behind(&format!("update run_event set body = {change} where {}{and}", of(kind))).await;
        let said = words(&log.live(&world).await);
        assert!(said.len() == 1 && said[0].contains(" was changed: it is not what entry "), "{kind}: {change}: {said:?}");
        behind("delete from run_event; insert into run_event select * from events").await;
    }
    for kind in ["given", "delegated", "returned"] {
        behind(&format!("delete from run_event where {}", of(kind))).await;
        let said = words(&log.live(&world).await);
        assert!(said.len() == 1 && said[0].contains(" was removed: it is not what entry "), "{kind}: {said:?}");
        behind("delete from run_event; insert into run_event select * from events").await;
    }
    assert!(log.live(&world).await.is_clean());
}

#[tokio::test]
async fn a_call_that_waits_for_a_run_is_said_as_that_and_not_as_an_attempt_without_an_end() {
    let (_model, world) = noting().await;
    let log = Log::of(&world);
    let sub = world.db.texts(&world.db.superuser_url, "", "select run_id::text from run where parent_run_id is not null").await.expect("look").remove(0);
    let sub = RunId::from_uuid(sub.parse().expect("an id"));
    let above = world.run(sub).await.pins.and_then(|pins| pins.above).expect("it serves a run");
    for report in [log.live(&world).await, log.offline(&world)] {
        assert!(report.is_clean() && report.attempts.is_empty(), "{report:?}");
        let [waits] = report.handed_on.try_into().expect("one call");
        assert_eq!((waits.call, waits.run), (format!("{}/{}", above.parent, above.call_id), sub.to_string()));
    }
    approve_all(&world).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    for report in [log.live(&world).await, log.offline(&world)] {
        assert!(report.is_clean() && report.attempts.is_empty() && report.handed_on.is_empty(), "{report:?}");
    }
}
