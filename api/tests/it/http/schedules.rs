//! Schedules: what cannot be one, whose they are, and that each moment becomes one run or stands on record with why not.

use super::working::Working;
use super::world::World;
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_api::jobs::run_schedules::once;
use steward_core::limits::SCHEDULES_MAX;
use steward_core::{Clock, Role, Scope};
use time::macros::datetime;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

fn daily() -> Value {
    json!({ "agent": "assistant", "text": "What is new?", "cron": "0 9 * * *", "time_zone": "UTC" })
}

async fn made(working: &Working, who: &SecretString, body: &Value) -> String {
    let made = working.ask("POST", "/api/v1/schedules").cookie(who).json(body).send().await.expect(201).json();
    made["schedule_id"].as_str().expect("id").to_owned()
}

/// In a fresh session: those of before end while the clock goes on.
async fn shown(working: &Working, id: &str) -> Value {
    working.ask("GET", format!("/api/v1/schedules/{id}")).cookie(&working.world.owner().await).send().await.expect(200).json()
}

/// A house on a day in March, half an hour before nine.
async fn house() -> (Working, Clock) {
    let clock = Clock::manual(datetime!(2026-03-02 08:30 UTC));
    (Working::at_time(clock.clone(), "Nothing.").await, clock)
}

async fn runs(working: &Working) -> i64 {
    working.world.server.database.number("select count(*) from run").await
}

/// All runs are over.
async fn settled(working: &Working) {
    working.runtime.live.wake();
    loop {
        if working.world.server.database.number("select count(*) from run where status <> 'ended'").await == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_no_schedule_is_refused_by_field() {
    let world = World::make().await;
    let owner = world.owner().await;
    let with = |field: &str, value: Value| {
        let mut body = daily();
        body[field] = value;
        body
    };
    for (body, path) in [
        (json!({}), "/agent"),
        (with("agent", json!("nobody")), "/agent"),
        (with("text", json!("")), "/text"),
        (with("text", json!("x".repeat(256 * 1024 + 1))), "/text"),
        (with("cron", json!("every day")), "/cron"),
        (with("cron", json!("*/5 * * * *")), "/cron"),
        (with("cron", json!("0 9 31 2 *")), "/cron"),
        (with("time_zone", json!("Mars/Base")), "/time_zone"),
        (with("time_zone", Value::Null), "/time_zone"),
        (with("at", json!("2026-05-01T09:00:00Z")), "/time_zone"),
        (json!({ "agent": "assistant", "text": "Hello" }), "/cron"),
        (json!({ "agent": "assistant", "text": "Hello", "at": "2020-01-01T00:00:00Z" }), "/at"),
        (json!({ "agent": "assistant", "text": "Hello", "at": "soon" }), "/at"),
        (with("workspace_id", json!(world.other.workspace)), "/workspace_id"),
        (with("conversation_id", json!("conv_00000000000000000000000000")), "/conversation_id"),
        (with("person_id", json!(world.home.owner)), "/person_id"),
        (with("own_words", json!(true)), "/own_words"),
    ] {
        let reply = world.server.ask("POST", "/api/v1/schedules").cookie(&owner).json(&body).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], path, "{}: {reply}", body.to_string().chars().take(120).collect::<String>());
    }
    assert_eq!(world.server.database.number("select count(*) from schedule").await, 0);
}

#[tokio::test]
async fn schedules_are_ones_own_and_as_many_as_one_may_have() {
    let (working, _) = house().await;
    let (owner, manager) = (working.world.owner().await, working.as_role(Role::Manager).await);
    let theirs = made(&working, &manager, &daily()).await;
    for (method, path) in [
        ("GET", format!("/api/v1/schedules/{theirs}")),
        ("DELETE", format!("/api/v1/schedules/{theirs}")),
        ("POST", format!("/api/v1/schedules/{theirs}/pause")),
        ("POST", format!("/api/v1/schedules/{theirs}/resume")),
    ] {
        assert_eq!(working.ask(method, path.as_str()).cookie(&owner).send().await.expect(404).json()["code"], "missing", "{method} {path}");
    }
    assert_eq!(working.ask("GET", "/api/v1/schedules").cookie(&owner).send().await.expect(200).json()["items"], json!([]));
    // A conversation of somebody else's is none.
    let conversation = working.ask("POST", "/api/v1/conversations").cookie(&manager).json(&json!({ "agent": "assistant" })).send().await.expect(201).json();
    let mut body = daily();
    body["conversation_id"] = conversation["conversation_id"].clone();
    assert_eq!(working.ask("POST", "/api/v1/schedules").cookie(&owner).json(&body).send().await.expect(422).json()["errors"][0]["path"], "/conversation_id");
    // A token speaks for its person, with the scope to.
    let world = &working.world;
    let reader = world.token(&world.home.actor, &[Scope::Read, Scope::Write]).await.secret;
    working.ask("POST", "/api/v1/schedules").token(&reader).json(&daily()).send().await.expect(403);

    for _ in 0..SCHEDULES_MAX {
        made(&working, &owner, &daily()).await;
    }
    let refused = working.ask("POST", "/api/v1/schedules").cookie(&owner).json(&daily()).send().await.expect(409).json();
    assert!(refused["detail"].as_str().expect("detail").contains("take one away"), "{refused}");
    let first = working.ask("GET", "/api/v1/schedules?limit=1").cookie(&owner).send().await.expect(200).json();
    let id = first["items"][0]["schedule_id"].as_str().expect("id").to_owned();
    working.ask("DELETE", format!("/api/v1/schedules/{id}")).cookie(&owner).send().await.expect(204);
    working.ask("GET", format!("/api/v1/schedules/{id}")).cookie(&owner).send().await.expect(404);
    made(&working, &owner, &daily()).await;
}

#[tokio::test]
async fn a_moment_becomes_one_run_whoever_looks_and_whatever_the_clock_does() {
    let (working, clock) = house().await;
    let owner = working.world.owner().await;
    let id = made(&working, &owner, &daily()).await;
    let runtime = &working.runtime;
    assert_eq!(once(runtime).await.expect("a round"), 0, "not yet");
    clock.advance_ms(30 * MINUTE_MS);
    let (a, b, c) = tokio::join!(once(runtime), once(runtime), once(runtime));
    assert_eq!(a.expect("a round") + b.expect("a round") + c.expect("a round"), 1, "of several processes one says it");
    settled(&working).await;
    let shown_now = shown(&working, &id).await;
    let owner = working.world.owner().await;
    assert_eq!((&shown_now["last"]["outcome"], &shown_now["next_at"]), (&json!("replied"), &json!("2026-03-03T09:00:00Z")));
    let run =
        working.ask("GET", format!("/api/v1/runs/{}", shown_now["last"]["run_id"].as_str().expect("a run"))).cookie(&owner).send().await.expect(200).json();
    assert_eq!(run["channel"], "schedule");
    // In one's own words: it is said as if one said it now.
    let conversation = run["conversation_id"].as_str().expect("id").to_owned();
    let messages = working.ask("GET", format!("/api/v1/conversations/{conversation}/messages")).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&messages["items"][0]["text"], &messages["items"][1]["text"]), (&json!("What is new?"), &json!("Nothing.")));
    // Whose it is stands beside it, and beside the answer it does not.
    assert_eq!((&messages["items"][0]["schedule_id"], &messages["items"][0]["integrity"]), (&json!(id), &json!("owner")));
    assert_eq!(messages["items"][1]["schedule_id"], Value::Null);

    // Put back by an hour and forward again: the same moment does not come twice.
    clock.advance_ms(-60 * MINUTE_MS);
    assert_eq!(once(runtime).await.expect("a round"), 0);
    clock.advance_ms(61 * MINUTE_MS);
    assert_eq!(once(runtime).await.expect("a round"), 0);
    // Nothing ran for ten days: what passed is one run.
    clock.advance_ms(10 * DAY_MS);
    assert_eq!(once(runtime).await.expect("a round"), 1);
    settled(&working).await;
    assert_eq!(once(runtime).await.expect("a round"), 0);
    assert_eq!(shown(&working, &id).await["next_at"], "2026-03-13T09:00:00Z");
    assert_eq!(runs(&working).await, 2);
}

#[tokio::test]
async fn what_cannot_be_written_down_is_neither_said_nor_lost() {
    let (working, clock) = house().await;
    let owner = working.world.owner().await;
    let id = made(&working, &owner, &daily()).await;
    clock.advance_ms(40 * MINUTE_MS);
    let database = &working.world.server.database;
    // At each thing that is written, as if the process had ended there.
    for table in ["conversation", "run", "message", "run_event", "schedule_run", "audit_event"] {
        database
            .raw(&format!(
                "create or replace function public.no_row() returns trigger language plpgsql as $$ begin raise exception 'no row'; end $$;
                 create trigger no_row before insert on {table} for each row execute function public.no_row()"
            ))
            .await;
        assert_eq!(once(&working.runtime).await.expect("a round"), 0, "{table}");
        database.raw(&format!("drop trigger no_row on {table}")).await;
        assert_eq!(
            database.number("select (select count(*) from run) + (select count(*) from message) + (select count(*) from schedule_run)").await,
            0,
            "{table}"
        );
        assert_eq!(shown(&working, &id).await["next_at"], "2026-03-02T09:00:00Z", "{table}");
    }
    assert_eq!(once(&working.runtime).await.expect("a round"), 1);
    settled(&working).await;
    assert_eq!(runs(&working).await, 1);
}

#[tokio::test]
async fn nothing_is_said_for_somebody_who_may_not_any_more_and_that_is_on_record() {
    for (change, why) in [
        ("update person set disabled_at = '2026-03-01' where person_id = '{person}'", "no longer here"),
        ("update membership set role = 'auditor' where person_id = '{person}'", "may no longer talk"),
        ("delete from membership where person_id = '{person}'", "may no longer talk"),
        (
            "alter table schedule disable trigger schedule_stays; update schedule set agent = 'retired'; alter table schedule enable trigger schedule_stays",
            "agent is no longer there",
        ),
    ] {
        let (working, clock) = house().await;
        let signed_in = working.world.session(Role::Support).await;
        made(&working, &signed_in.secret, &daily()).await;
        let database = &working.world.server.database;
        database.raw(&change.replace("{person}", &signed_in.actor.person.expect("a person").uuid().to_string())).await;
        clock.advance_ms(30 * MINUTE_MS);
        assert_eq!(once(&working.runtime).await.expect("a round"), 0, "{change}");
        assert_eq!(runs(&working).await, 0, "{change}");
        let noted = format!("select count(*) from schedule_run join schedule using (tenant_id, schedule_id) where why like '%{why}%' and paused_why = why");
        assert_eq!(database.number(&noted).await, 1, "{change}");
        assert_eq!(database.number("select count(*) from audit_event where action = 'schedule.say' and outcome = 'refused'").await, 1, "{change}");
        clock.advance_ms(3 * DAY_MS);
        assert_eq!(once(&working.runtime).await.expect("a round"), 0, "{change}: and it stays so until somebody looks");
    }
}

#[tokio::test]
async fn paused_once_and_unfinished_schedules_say_nothing() {
    let (working, clock) = house().await;
    let owner = working.world.owner().await;
    let (paused, single) = (made(&working, &owner, &daily()).await, json!({ "agent": "assistant", "text": "Once", "at": "2026-03-02T09:00:00Z" }));
    let single = made(&working, &owner, &single).await;
    working.ask("POST", format!("/api/v1/schedules/{paused}/resume")).cookie(&owner).send().await.expect(409);
    working.ask("POST", format!("/api/v1/schedules/{paused}/pause")).cookie(&owner).send().await.expect(200);
    working.ask("POST", format!("/api/v1/schedules/{paused}/pause")).cookie(&owner).send().await.expect(409);
    clock.advance_ms(2 * DAY_MS);
    assert_eq!(once(&working.runtime).await.expect("a round"), 1, "the single one");
    settled(&working).await;
    assert_eq!(shown(&working, &single).await["next_at"], Value::Null);
    // What passed while it was paused is not made up for.
    let owner = working.world.owner().await;
    let resumed = working.ask("POST", format!("/api/v1/schedules/{paused}/resume")).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&resumed["next_at"], &resumed["paused_at"]), (&json!("2026-03-04T09:00:00Z"), &Value::Null));
    assert_eq!(once(&working.runtime).await.expect("a round"), 0);
    // A run that waits for people is not joined by another of its kind.
    clock.advance_ms(DAY_MS);
    assert_eq!(once(&working.runtime).await.expect("a round"), 1);
    settled(&working).await;
    let database = &working.world.server.database;
    database
        .raw("update run set status = 'waiting', outcome = null, ended_at = null where run_id = (select run_id from schedule_run order by due_at desc limit 1)")
        .await;
    clock.advance_ms(DAY_MS);
    assert_eq!(once(&working.runtime).await.expect("a round"), 0);
    let last = shown(&working, &paused).await;
    assert_eq!((&last["last"]["why"], &last["paused_at"]), (&json!("the run of the time before is not over"), &Value::Null));
}
