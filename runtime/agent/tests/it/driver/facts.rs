//! What a manifest asks of the world reaches the rules: by the clock of the run's person, and the same when it is asked again.

use super::echo::{echoes, with_echo};
use super::replay::{Other, again};
use super::*;
use serde_json::{Value, json};
use steward_agent::testing::ScriptedModel;
use steward_core::event::Recorded;
use steward_core::{BlockClass, Clock, Verdict};
use steward_host::testing::GuestFiles;
use steward_office::people::{ProfileChange, change_profile};
use steward_office::schedules::{self, NewSchedule, When};
use time::macros::datetime;

/// Nothing by itself at night; who is there may ask at any hour.
const QUIET: &str = r#"
@id("quiet-hours") @reason("No mail to partners at night.") @tell("It is night there; wait until seven.")
forbid (principal, action == Action::"hostile.echo", resource)
when { context.run.channel == "schedule" && context.facts.local_hour < 7 };
"#;

/// The assistant has a tool whose manifest asks for all that can be told.
async fn world(clock: Clock, model: &ScriptedModel) -> World {
    let mut files = GuestFiles::hostile();
    let name = "name = \"hostile.echo\"";
    files.manifest = files.manifest.replace(name, &format!("{name}\nfacts = [\"known_contacts\", \"local_hour:long\", \"weekday:long\"]"));
    with_echo(World::at(clock, &model.base_url(), &[]).await, &files, &[QUIET])
}

async fn lives_in(world: &World, zone: &str) {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let change = ProfileChange { time_zone: Some(zone.to_owned()), ..ProfileChange::default() };
    change_profile(&mut tx, &world.runtime.office, change).await.expect("changed");
    tx.commit().await.expect("commit");
}

/// What was decided on the one call of a run: verdict, class, rules.
fn decided(events: &[Recorded]) -> (Verdict, Option<BlockClass>, Vec<String>) {
    let mut all = events.iter().filter_map(|recorded| match &recorded.event {
        Event::Decided { verdict, class, rules, .. } => Some((*verdict, *class, rules.clone())),
        _ => None,
    });
    let one = all.next().expect("a decision");
    assert_eq!(all.next(), None, "one call, one decision");
    one
}

#[tokio::test]
async fn quiet_hours_are_those_of_the_person_and_a_replay_says_the_same() {
    let model = echoes(&[(1, "x")]).await;
    // In Kathmandu it is five to three, on Thursday; in Greenwich it is still Wednesday evening.
    let clock = Clock::manual(datetime!(2026-03-04 21:10 UTC));
    let world = world(clock.clone(), &model).await;
    lives_in(&world, "Asia/Kathmandu").await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let when = When::cron("15 3,12 * * *", "Asia/Kathmandu", clock.now()).expect("a time");
    let plan = NewSchedule { agent: "assistant".to_owned(), workspace: world.workspace, conversation: None, text: "Echo".to_owned(), when };
    schedules::create(&mut tx, &world.runtime.office, plan).await.expect("schedule");
    tx.commit().await.expect("commit");

    let by_chat = world.say("Echo").await;
    settle(&world).await;
    let mut runs = Vec::new();
    for minutes in [21, 9 * 60] {
        clock.advance_ms(minutes * 60_000);
        assert_eq!(world.say_due().await, 1);
        settle(&world).await;
        let newest = "select run_id::text from schedule_run where run_id is not null order by due_at desc limit 1";
        let newest = world.db.texts(&world.db.superuser_url, "", newest).await.expect("look");
        runs.push(RunId::from_uuid(newest[0].parse().expect("an id")));
    }

    let quiet = (Verdict::Block, Some(BlockClass::Policy), vec!["quiet-hours".to_owned()]);
    assert_eq!(decided(&world.events(runs[0]).await), quiet, "at a quarter past three");
    for free in [runs[1], by_chat] {
        let (verdict, class, rules) = decided(&world.events(free).await);
        assert_eq!((verdict, class, rules.as_slice()), (Verdict::Allow, None, ["read".to_owned()].as_slice()));
    }
    let told = |record: &String| serde_json::from_str::<Value>(record).expect("JSON")["facts"]["facts"].clone();
    let records = "select record from decision where tool = 'hostile.echo' order by decided_at";
    let records = world.db.texts(&world.db.superuser_url, "", records).await.expect("records");
    let at = |hour: i64| json!({ "known_contacts": true, "local_hour": hour, "weekday": 4 });
    assert_eq!(records.iter().map(told).collect::<Vec<_>>(), [at(2), at(3), at(12)], "it stands with the decision");

    // Where the person lives by now, and what time it is, change nothing of it.
    lives_in(&world, "America/Los_Angeles").await;
    clock.advance_ms(5 * 3_600_000);
    for run in [runs[0], runs[1], by_chat] {
        let replayed = again(&world, run, Other::default()).await.expect("replayed");
        assert_eq!((replayed.decisions, replayed.differences.as_slice()), (1, [].as_slice()));
    }
}
