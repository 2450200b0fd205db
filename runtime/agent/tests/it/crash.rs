//! The process is killed at every point of the journal, again and again: nothing is lost, nothing is done twice, in the database or outside it,
//! and no model is asked twice for what it answered.
//!
//! The victim is this test binary run as a process of its own, killed with SIGKILL by itself at the nth point it passes.
//! Courses run in lanes: a database a lane, an organisation a course.

mod outside;

use outside::{effects, with_effects};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use steward_agent::points;
use steward_agent::testing::{Reply, ScriptedModel, Seen, World};
use steward_core::{Event, HoldId, Mode, RunId, RunLimits};
use steward_office::holds;
use steward_store::hold::Filter;
use steward_store::testing::TestDatabase;
use tokio::process::Command;

/// How many kills are enough.
const KILLS: u32 = 200;

/// How many of the last points a course may end before: a look that is slow passes two more than one that is quick, for it is written by
/// itself, and the points are counted on one course for all.
const TOGETHER: i64 = 4;

/// Holds `crm.add_note`, so that every course goes through people once.
pub(crate) const HOLD_NOTES: &str = r#"
@id("test-notes-ask") @reason("Notes ask the owner in this test.")
forbid (principal, action == Action::"crm.add_note", resource)
unless { context.approvals.roles.contains(Role::"owner") };
"#;

/// Only does something as the child of the test below.
#[tokio::test]
async fn victim() {
    let told = |name: &str| std::env::var(format!("STEWARD_CRASH_{name}")).ok();
    let (Some(database), Some(tenant), Some(model), Some(nth)) = (told("DATABASE"), told("TENANT"), told("MODEL"), told("AT")) else { return };
    let world = World::attach(&database, tenant.parse().expect("an organisation"), &model, &[HOLD_NOTES]).await;
    let world = if told("DELEGATES").is_some() { that_delegates(world) } else { world };
    let hands = told("EFFECTS").zip(told("RUN")).map(|(file, run)| with_effects(&world, run.parse().expect("a run"), Path::new(&file)));
    points::crash_at(nth.parse().expect("a number"));
    match &hands {
        Some(hands) => while world.drive_with(hands).await.is_some() {},
        None => while world.drive().await.is_some() {},
    }
    println!("points left: {}", points::points_left());
}

async fn run_victim(world: &World, model: &ScriptedModel, nth: i64) -> ExitStatus {
    run_victim_with(world, model, nth, &[]).await
}

async fn run_victim_with(world: &World, model: &ScriptedModel, nth: i64, told: &[(&str, &str)]) -> ExitStatus {
    let output = Command::new(std::env::current_exe().expect("own path"))
        .envs(told.iter().copied())
        .args(["crash::victim", "--exact", "--nocapture"])
        .env("STEWARD_CRASH_DATABASE", &world.db.superuser_url)
        .env("STEWARD_CRASH_TENANT", world.tenant.to_string())
        .env("STEWARD_CRASH_MODEL", model.base_url())
        .env("STEWARD_CRASH_AT", nth.to_string())
        .output()
        .await
        .expect("the victim starts");
    use std::os::unix::process::ExitStatusExt as _;
    assert!(output.status.success() || output.status.signal() == Some(9), "the victim failed by itself: {}", String::from_utf8_lossy(&output.stderr));
    output.status
}

/// A model that makes a contact, writes a note on it, and reports. What it says depends only on what it is shown.
pub(crate) async fn model() -> ScriptedModel {
    ScriptedModel::start_with(says).await
}

fn says(seen: &Seen) -> Reply {
    let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    match results.len() {
        0 => Reply::Calls(vec![
            ("crm.find_contacts".into(), json!({ "query": "nobody" })),
            ("crm.create_contact".into(), json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
        ]),
        2 => {
            let id = results[1]["ok"]["id"].as_str().or_else(|| results[1]["ok"]["contact"]["id"].as_str()).unwrap_or("missing").to_owned();
            Reply::call("crm.add_note", json!({ "contact_id": id, "text": "Met at the fair." }))
        }
        _ => Reply::text("Lena is in the book, with a note."),
    }
}

/// The steps that a model was asked for, in order, by the number of the course.
#[derive(Clone, Default)]
struct AskedSteps(Arc<Mutex<HashMap<String, Vec<u32>>>>);

impl AskedSteps {
    /// The same model, whose questions are counted.
    async fn counting() -> (ScriptedModel, Self) {
        let asked = Self::default();
        let kept = asked.clone();
        let model = ScriptedModel::start_with(move |seen| {
            if let Some(course) = course_in(&seen.body.to_string()) {
                // Which step it is shows in what came of those before: two calls, then one.
                let step = match seen.tool_results().len() {
                    0 => 1,
                    2 => 2,
                    _ => 3,
                };
                kept.0.lock().expect("lock").entry(course).or_default().push(step);
            }
            says(seen)
        })
        .await;
        (model, asked)
    }

    fn of(&self, course: usize) -> Vec<u32> {
        self.0.lock().expect("lock").get(&course.to_string()).cloned().unwrap_or_default()
    }
}

/// Approves whatever waits, as the owner.
pub(crate) async fn approve_all(world: &World) {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let held = Filter { state: Some("held".to_owned()), ..Filter::default() };
    let waiting = holds::list(&mut tx, &held, &steward_store::Page::first()).await.expect("holds");
    for row in waiting {
        let envelope = format!("env_{}", row.envelope_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).parse().expect("envelope id");
        let id: HoldId = row.hold_id;
        holds::approve(&mut tx, &world.runtime.office, id, envelope).await.expect("approve");
    }
    tx.commit().await.expect("commit");
}

/// The dead worker's lease runs out now rather than in fifteen seconds.
pub(crate) async fn let_leases_lapse(world: &World) {
    world.db.raw("update run set lease_until = now() - interval '1 minute' where status = 'running'").await;
}

/// Whoever is left alone until its models may be asked is so no more, rather than in some seconds.
pub(crate) async fn let_waits_end(world: &World) {
    world.db.raw("update run set left_until = now() - interval '1 second' where left_until is not null").await;
}

/// One course: killed at each of `deaths` in turn, each time taken over by a new process; then to its end. Returns how many were killed.
async fn course(lane: &World, (model, asked): (&ScriptedModel, &AskedSteps), number: usize, deaths: &[i64]) -> u32 {
    let world = lane.beside().await;
    let run = world.say(&format!("Put Lena Petrova, lena@partner.example, in the book and note that we met at the fair. This is course {number}.")).await;
    let file = std::env::temp_dir().join(format!("stw-effects-{}-{number}", std::process::id()));
    let (path, run_id) = (file.to_string_lossy().into_owned(), run.to_string());
    let mut kills = 0;
    // What was asked by then, and which steps had their answer on record.
    let mut stood: Vec<(usize, Vec<u32>)> = Vec::new();
    for nth in deaths {
        if !run_victim_with(&world, model, *nth, &[("STEWARD_CRASH_EFFECTS", path.as_str()), ("STEWARD_CRASH_RUN", run_id.as_str())]).await.success() {
            kills += 1;
        }
        stood.push((asked.of(number).len(), answered(&world, run).await));
        let_leases_lapse(&world).await;
        approve_all(&world).await;
    }
    let hands = with_effects(&world, run, &file);
    while world.run(run).await.ended.is_none() {
        let driven = world.drive_with(&hands).await;
        approve_all(&world).await;
        assert!(driven.is_some(), "killed at {deaths:?}: the run is neither over nor can it go on");
    }
    check(&world, run, deaths).await;
    let steps = asked.of(number);
    for (so_far, answered) in &stood {
        let again: Vec<&u32> = steps[*so_far..].iter().filter(|step| answered.contains(step)).collect();
        assert!(again.is_empty(), "killed at {deaths:?}: steps {again:?} had their answer on record and were asked again: {steps:?}, {stood:?}");
    }
    let most = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    assert!((3..=3 + kills).contains(&most), "killed at {deaths:?}: only what a death cut off is asked again: {steps:?}");
    // Outside, an effect is told from its repeat by its key alone: there are those of the database and no others, and only a death repeats one.
    let outside = effects(&file);
    let sql = format!("select distinct key from host_effect where tenant_id = '{}' order by key", world.tenant.uuid());
    let inside = world.db.texts(&world.db.superuser_url, "", &sql).await.expect("keys");
    assert_eq!(outside.keys().collect::<BTreeSet<_>>(), inside.iter().collect::<BTreeSet<_>>(), "killed at {deaths:?}: {outside:?}");
    assert_eq!(outside.len(), 2, "killed at {deaths:?}: a contact and a note, each under its key: {outside:?}");
    assert!(outside.values().sum::<u32>() <= 2 + kills, "killed at {deaths:?}: only what a death cut off is done again: {outside:?}");
    let _ = std::fs::remove_file(&file);
    kills
}

/// The steps whose answer is on record.
async fn answered(world: &World, run: RunId) -> Vec<u32> {
    world.events(run).await.iter().filter_map(|recorded| if let Event::Answered { step, .. } = recorded.event { Some(step) } else { None }).collect()
}

pub(crate) async fn check(world: &World, run: RunId, deaths: &[i64]) {
    let at = format!("disturbed at {deaths:?}");
    let events = world.events(run).await;
    let replies = events.iter().filter(|recorded| matches!(recorded.event, Event::Replied { .. })).count();
    assert_eq!(replies, 1, "{at}: {events:#?}");
    assert!(events.iter().enumerate().all(|(index, recorded)| usize::try_from(recorded.seq) == Ok(index + 1)), "{at}: events are numbered without gaps");
    assert_eq!(answered(world, run).await, [1, 2, 3], "{at}: each step is answered once");
    let ours = format!("tenant_id = '{}'", world.tenant.uuid());
    let count = async |what: &str| world.db.number(&format!("select count(*) from {what} {ours}")).await;
    assert_eq!(count("contact where").await, 1, "{at}: one contact");
    assert_eq!(count("note where").await, 1, "{at}: one note");
    assert_eq!(count("message where by_agent and").await, 1, "{at}: one reply");
    assert_eq!(count("hold where state = 'done' and").await, 1, "{at}: the held action is done");
    assert_eq!(count("budget where reserved_micros > 0 and").await, 0, "{at}: nothing stays set aside");
    assert_eq!(world.run(run).await.ended.map(|outcome| outcome.name()), Some("replied"), "{at}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_lose_nothing_and_repeat_nothing() {
    let (model, asked) = AskedSteps::counting().await;
    // A first process passes this many points before people are needed, a second one the rest.
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    world.say("Count the points.").await;
    points::crash_at(i64::MAX);
    while world.drive().await.is_some() {}
    let before = i64::MAX - points::points_left();
    approve_all(&world).await;
    points::crash_at(i64::MAX);
    while world.drive().await.is_some() {}
    let after = i64::MAX - points::points_left();
    assert!(before > 10 && after > 6, "courses of {before} and {after} points test nothing");
    world.db.close().await;

    // First every point once, before people were needed and after; then deaths in a row, until there are enough.
    let mut deaths: Vec<[i64; 3]> = (1..=before).map(|first| [first, -1, -1]).collect();
    deaths.extend((1..=after).map(|second| [-1, second, -1]));
    let points = deaths.len();
    for turn in 0..12 {
        for first in 1..=before {
            deaths.push([first, 1 + (first * 5 + turn * 3) % after, 1 + (first * 7 + turn) % after]);
        }
    }
    let (next, killed) = (AtomicUsize::new(0), AtomicU32::new(0));
    let lane = async || {
        let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
        loop {
            let place = next.fetch_add(1, Ordering::SeqCst);
            // Every point is met; of the deaths in a row, enough are enough.
            let go_on = place < points || killed.load(Ordering::SeqCst) < KILLS;
            let Some(deaths) = deaths.get(place).filter(|_| go_on) else { break };
            let kills = course(&world, (&model, &asked), place, deaths).await;
            let is_last = |nth: i64, of: i64| nth > of - TOGETHER;
            let may_end_before = is_last(deaths[0], before) || deaths[0] < 0 && is_last(deaths[1], after);
            assert!(place >= points || kills == 1 || may_end_before, "the course at place {place} was to be killed exactly once");
            killed.fetch_add(kills, Ordering::SeqCst);
        }
        world.db.close().await;
    };
    tokio::join!(lane(), lane(), lane(), lane());
    let kills = killed.into_inner();
    println!("{kills} kills over {before} and {after} points");
    assert!(kills >= KILLS, "only {kills} kills");
}

/// The same installation with a desk that hands tasks to a clerk.
fn that_delegates(world: World) -> World {
    let tools = &["crm.*", "steward.delegate"];
    world.that_delegates(&[("assistant", tools, Mode::Traced), ("clerk", tools, Mode::Traced)], RunLimits::default(), &[HOLD_NOTES])
}

/// A desk that looks something up and hands two tasks on in one answer, and a clerk that makes a company of one of them, which is named in it.
async fn delegating() -> ScriptedModel {
    ScriptedModel::start_with(|seen| {
        let body = seen.body.to_string();
        let is_clerk = body.contains("You are clerk, an assistant");
        match (is_clerk, seen.tool_results().len()) {
            (false, 0) => Reply::Calls(vec![
                ("crm.find_contacts".into(), json!({ "query": "nobody" })),
                ("steward.delegate".into(), json!({ "agent": "clerk", "task": "Put the company Wood in the book" })),
                ("steward.delegate".into(), json!({ "agent": "clerk", "task": "Put the company Iron in the book" })),
            ]),
            (true, 0) => Reply::call("crm.create_company", json!({ "name": if body.contains("company Wood") { "Wood" } else { "Iron" } })),
            (true, _) => Reply::text("It is in the book."),
            (false, _) => Reply::text("Both are in the book."),
        }
    })
    .await
}

/// One course, killed once, then to its end by others.
async fn delegating_course(lane: &World, model: &ScriptedModel, nth: i64) -> bool {
    let world = lane.beside().await;
    let run = world.say("Put the companies Wood and Iron in the book.").await;
    let killed = !run_victim_with(&world, model, nth, &[("STEWARD_CRASH_DELEGATES", "yes")]).await.success();
    let_leases_lapse(&world).await;
    while world.drive().await.is_some() {}
    let at = format!("killed at {nth}");
    let events = world.events(run).await;
    assert_eq!(world.run(run).await.ended.map(|outcome| outcome.name()), Some("replied"), "{at}: {events:#?}");
    let count = |is: fn(&Event) -> bool| events.iter().filter(|recorded| is(&recorded.event)).count();
    assert_eq!(count(|event| matches!(event, Event::Delegated { .. })), 2, "{at}: {events:#?}");
    assert_eq!(count(|event| matches!(event, Event::Returned { .. })), 2, "{at}: {events:#?}");
    assert_eq!(count(|event| matches!(event, Event::Done { .. })), 3, "{at}: {events:#?}");
    assert_eq!(count(|event| matches!(event, Event::Replied { .. })), 1, "{at}");
    let ours = format!("tenant_id = '{}'", world.tenant.uuid());
    let count = async |what: &str| world.db.number(&format!("select count(*) from {what} {ours}")).await;
    assert_eq!(count("run where parent_run_id is not null and").await, 2, "{at}: one run a call");
    assert_eq!(count("run where status <> 'ended' and").await, 0, "{at}: nothing is left under way");
    assert_eq!(count("company where").await, 2, "{at}: each was made once");
    assert_eq!(count("message where by_agent and").await, 1, "{at}: one reply");
    assert_eq!(count("budget where reserved_micros > 0 and").await, 0, "{at}: nothing stays set aside");
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_leaves_one_sub_run_a_call_and_one_answer() {
    let model = delegating().await;
    let make = async || that_delegates(World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await);
    let world = make().await;
    world.say("Count the points.").await;
    points::crash_at(i64::MAX);
    while world.drive().await.is_some() {}
    let all = i64::MAX - points::points_left();
    assert!(all > 20, "a course of {all} points tests nothing");
    world.db.close().await;
    let (next, killed) = (AtomicUsize::new(1), AtomicU32::new(0));
    let lane = async || {
        let world = make().await;
        loop {
            let nth = i64::try_from(next.fetch_add(1, Ordering::SeqCst)).unwrap_or(i64::MAX);
            if nth > all {
                break;
            }
            let is_killed = delegating_course(&world, &model, nth).await;
            assert!(is_killed || nth > all - TOGETHER, "the course at {nth} of {all} was to be killed");
            killed.fetch_add(u32::from(is_killed), Ordering::SeqCst);
        }
        world.db.close().await;
    };
    tokio::join!(lane(), lane());
    println!("{} kills over {all} points", killed.into_inner());
}

/// The number of the course in whose message a text stands.
fn course_in(body: &str) -> Option<String> {
    body.split_once("This is course ").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect())
}

/// A model that wants each course to leave it alone for long, once, and answers then.
async fn busy_once() -> ScriptedModel {
    let known = Mutex::new(BTreeSet::new());
    ScriptedModel::start_with(move |seen| {
        if known.lock().expect("lock").insert(course_in(&seen.body.to_string())) {
            return Reply::Status(429, vec![("retry-after".to_owned(), "50".to_owned())], r#"{"error":{"message":"too many requests"}}"#.to_owned());
        }
        Reply::text("Now I can.")
    })
    .await
}

/// One course of a run that has to wait: a process is killed before it waits, or another one after that; then to its end.
async fn waiting_course(lane: &World, model: &ScriptedModel, number: usize, deaths: [i64; 2]) -> u32 {
    let world = lane.beside().await;
    let run = world.say(&format!("This is course {number}.")).await;
    let mut kills = 0;
    for nth in deaths {
        kills += u32::from(!run_victim(&world, model, nth).await.success());
        let_leases_lapse(&world).await;
        let_waits_end(&world).await;
    }
    while world.run(run).await.ended.is_none() {
        assert!(world.drive().await.is_some(), "killed at {deaths:?}: the run is neither over nor can it go on");
        let_waits_end(&world).await;
    }
    let at = format!("killed at {deaths:?}");
    let events = world.events(run).await;
    let count = |is: fn(&Event) -> bool| events.iter().filter(|recorded| is(&recorded.event)).count();
    assert_eq!(world.run(run).await.ended.map(|outcome| outcome.name()), Some("replied"), "{at}: {events:#?}");
    assert_eq!(count(|event| matches!(event, Event::Answered { .. })), 1, "{at}: {events:#?}");
    assert_eq!(count(|event| matches!(event, Event::Replied { .. })), 1, "{at}: {events:#?}");
    let (asked, failed) = (count(|event| matches!(event, Event::Asked { .. })), count(|event| matches!(event, Event::AskFailed { .. })));
    let requests = model.requests().iter().filter(|seen| course_in(&seen.body.to_string()) == Some(number.to_string())).count();
    assert!(requests <= asked, "{at}: nothing is asked that is not on record: {events:#?}");
    let lost = asked - failed - 1;
    assert!(lost <= usize::try_from(kills).unwrap_or(usize::MAX), "{at}: only what a death cut off is asked again: {events:#?}");
    let ours = format!("tenant_id = '{}'", world.tenant.uuid());
    let rows = async |what: &str| world.db.number(&format!("select count(*) from {what} and {ours}")).await;
    assert_eq!(rows("reservation where state = 'open'").await, 0, "{at}: nothing stays set aside");
    assert_eq!(rows("message where by_agent").await, 1, "{at}: one reply");
    assert_eq!(rows("run where left_until is not null").await, 0, "{at}: nothing is left alone any more");
    kills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_before_or_after_a_wait_for_a_model_loses_and_repeats_nothing() {
    let model = busy_once().await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    world.say("This is course 0.").await;
    let mut passed = [0; 2];
    for one in &mut passed {
        points::crash_at(i64::MAX);
        while world.drive().await.is_some() {}
        *one = i64::MAX - points::points_left();
        let_waits_end(&world).await;
    }
    let [before, after] = passed;
    assert!(before >= 5 && after >= 5, "courses of {before} and {after} points test nothing");
    let deaths = (1..=before).map(|nth| [nth, -1]).chain((1..=after).map(|nth| [-1, nth]));
    for (number, deaths) in (1..).zip(deaths) {
        assert_eq!(waiting_course(&world, &model, number, deaths).await, 1, "the course at {deaths:?} was to be killed exactly once");
    }
}
