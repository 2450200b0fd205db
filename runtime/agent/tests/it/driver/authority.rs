//! A run does what its person may do now: of who was shut out it stops, and of who has other roles it is judged by those.

use super::holds::another_owner;
use super::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use steward_agent::driver::DriveError;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_agent::worker::drive_taken;
use steward_core::event::EndReason;
use steward_core::limits::LEASE_MS;
use steward_core::{Actor, Outcome, Role, RunOutcome, Verdict, WorkspaceId};
use steward_office::people::{self, Grant};
use steward_store::testing::TestDatabase;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

/// As good as never, in milliseconds.
const NEVER_MS: u64 = 3_600_000;
/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes companies a matter for managers.
const FOR_MANAGERS: &str = r#"
@id("test-companies-for-managers") @reason("Companies are made by managers in this test.") @tell("Only managers make companies.")
forbid (principal, action == Action::"crm.create_company", resource)
unless { principal.roles.contains(Role::"manager") };
"#;

/// A model that wants to make a company until it was told something twice, and whose first answer comes when it is let.
struct Patient {
    model: ScriptedModel,
    heard: UnboundedReceiver<()>,
    answer: mpsc::Sender<()>,
}

impl Patient {
    async fn start() -> Self {
        let (asked, heard) = tokio::sync::mpsc::unbounded_channel();
        let (answer, answers) = mpsc::channel::<()>();
        let answers = Mutex::new(answers);
        let model = ScriptedModel::start_with(move |seen| {
            if seen.number == 0 {
                let _ = asked.send(());
                let _ = answers.lock().expect("lock").recv_timeout(PATIENCE);
            }
            match seen.tool_results().len() {
                0 | 1 => Reply::call("crm.create_company", json!({ "name": "Acme" })),
                _ => Reply::text("I could not."),
            }
        })
        .await;
        Self { model, heard, answer }
    }
}

/// A manager of the organisation who is nobody's last owner.
async fn manager(world: &World) -> Actor {
    let bea = another_owner(world, 95).await;
    sets_roles(world, &bea, Role::Manager, None).await;
    people::actor_of_person(&world.db.app, world.tenant, "owner95@test.example").await.expect("a manager")
}

/// Says something as somebody; the run is queued.
async fn says(world: &World, actor: &Actor, text: &str) -> RunId {
    let mut tx = world.db.app.begin(actor).await.expect("begin");
    let made = conversations::create(&mut tx, &world.runtime.office, "assistant", world.workspace, "A test").await.expect("conversation");
    let posted = conversations::post(&mut tx, &world.runtime.office, made.conversation_id, text, "api", world.pins(), None).await.expect("post");
    tx.commit().await.expect("commit");
    posted.run
}

/// Gives somebody another role; which runs are asked to stop for it.
async fn sets_roles(world: &World, whose: &Actor, role: Role, workspace: Option<WorkspaceId>) -> Vec<RunId> {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let id = whose.person.expect("a person");
    let stopped = people::set_roles(&mut tx, &world.runtime.office, id, &[Grant { role, workspace }]).await.expect("other roles");
    tx.commit().await.expect("commit");
    stopped
}

async fn shuts_out(world: &World, whose: &Actor) -> Vec<RunId> {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let stopped = people::disable(&mut tx, &world.runtime.office, whose.person.expect("a person")).await.expect("shut out");
    tx.commit().await.expect("commit");
    stopped
}

async fn driving(world: &World) -> JoinHandle<Result<RunStatus, DriveError>> {
    let runtime = world.runtime.clone();
    let (leased, taken) = runtime.store.lease_and_take_up("w", runtime.office.clock.now(), LEASE_MS).await.expect("lease").expect("a run");
    tokio::spawn(async move { drive_taken(&runtime, leased, taken).await })
}

async fn reason(world: &World, run: RunId) -> Option<EndReason> {
    world.events(run).await.into_iter().find_map(|recorded| if let Event::Ended { reason, .. } = recorded.event { reason } else { None })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runs_of_who_was_shut_out_stop_and_say_why() {
    let mut patient = Patient::start().await;
    // Without a heartbeat: what stops it is the commit that would begin the effect.
    let world = World::scripted(&patient.model).await.that_renews_each(NEVER_MS);
    let bea = manager(&world).await;
    let run = says(&world, &bea, "Add the company Acme").await;
    let at_work = driving(&world).await;
    patient.heard.recv().await.expect("the model is asked");
    let waiting_one = says(&world, &bea, "Add the company Acme").await;
    let other = world.say("Add the company Acme").await;
    let stopped: BTreeSet<RunId> = shuts_out(&world, &bea).await.into_iter().collect();
    assert_eq!(stopped, [run, waiting_one].into());
    patient.answer.send(()).expect("the model waits");
    assert!(matches!(at_work.await.expect("joined"), Ok(RunStatus::Ended)));
    for one in [run, waiting_one] {
        while world.run(one).await.ended.is_none() {
            world.drive().await.expect("a run");
        }
        assert_eq!(world.run(one).await.ended, Some(RunOutcome::Cancelled), "{:?}", world.events(one).await);
        assert_eq!(reason(&world, one).await, Some(EndReason::PersonGone));
    }
    // One entry for all of them, with how many they were and which.
    let said = format!(
        "select count(*) from audit_event, convert_from(canon, 'utf8') as said
          where action = 'person.stop_runs' and object = '{}'
            and said like '%\"count\":2%' and said like '%{run}%' and said like '%{waiting_one}%' and said like '%person_gone%'",
        bea.person.expect("a person"),
    );
    assert_eq!(world.db.number(&said).await, 1);
    assert_eq!(world.db.number("select count(*) from audit_event where action in ('person.stop_runs', 'run.cancel')").await, 1);
    assert_eq!(world.db.number("select count(*) from company").await, 0);
    // Nobody else's stop.
    settle(&world).await;
    assert_eq!(world.run(other).await.ended, Some(RunOutcome::Replied));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_shut_out_while_a_run_of_theirs_hands_a_task_on_is_shut_out() {
    let model = ScriptedModel::start(Vec::new()).await;
    let world = World::scripted(&model).await;
    let bea = manager(&world).await;
    let run = says(&world, &bea, "Add the company Acme").await;
    // A step as it hands a task on: it has its run, and once somebody waits for that it names the person, as the run that begins does.
    let step = format!(
        "do $$ begin
           perform run_id from run where run_id = '{}' for no key update;
           for tries in 1 .. 3000 loop
             perform pg_stat_clear_snapshot();
             exit when exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock');
             perform pg_sleep(0.02);
           end loop;
           perform person_id from person where person_id = '{}' for key share;
         end $$",
        run.uuid(),
        bea.person.expect("a person").uuid(),
    );
    let shut_out = async {
        let has_it = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
        tokio::time::timeout(PATIENCE, async { while world.db.number(has_it).await == 0 {} }).await.expect("the step has its run");
        shuts_out(&world, &bea).await
    };
    let ((), stopped) = tokio::join!(world.db.raw(&step), shut_out);
    assert_eq!(stopped, [run]);
}

#[tokio::test]
async fn what_waits_for_people_is_called_off_when_its_person_is_shut_out() {
    let model = ScriptedModel::start(vec![Reply::call("crm.add_note", json!({ "contact_id": "contact_00000000000000000000000001", "text": "x" }))]).await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    let bea = manager(&world).await;
    let run = says(&world, &bea, "Note x").await;
    assert_eq!(world.drive().await, Some(RunStatus::Waiting));
    assert_eq!(shuts_out(&world, &bea).await, [run]);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!((world.run(run).await.ended, reason(&world, run).await), (Some(RunOutcome::Cancelled), Some(EndReason::PersonGone)));
    assert_eq!(world.db.number("select count(*) from hold where state = 'cancelled'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_under_way_is_judged_by_the_roles_its_person_has_by_then() {
    let mut patient = Patient::start().await;
    let mut world = World::with_rules(TestDatabase::make().await, &patient.model.base_url(), &[FOR_MANAGERS]).await;
    Arc::get_mut(&mut world.runtime).expect("not shared yet").heartbeat_ms = NEVER_MS;
    let bea = manager(&world).await;
    let run = says(&world, &bea, "Add the company Acme").await;
    let at_work = driving(&world).await;
    patient.heard.recv().await.expect("the model is asked");
    assert!(sets_roles(&world, &bea, Role::Support, None).await.is_empty(), "it goes on");
    patient.answer.send(()).expect("the model waits");
    assert!(matches!(at_work.await.expect("joined"), Ok(RunStatus::Ended)));
    // What was allowed by the role of before was not begun, and what was wanted again was judged by the role of now.
    assert_eq!(world.db.number("select count(*) from company").await, 0, "{:?}", world.events(run).await);
    let state = world.run(run).await;
    let calls: Vec<_> = state.steps.iter().flat_map(|step| &step.calls).collect();
    let verdicts: Vec<Option<Verdict>> = calls.iter().map(|call| call.ruled.as_ref().map(|ruled| ruled.verdict)).collect();
    assert_eq!(verdicts, [Some(Verdict::Allow), Some(Verdict::Block)]);
    let first = calls.first().and_then(|call| call.outcome.clone());
    assert!(matches!(&first, Some(Outcome::Failed { failure }) if failure.message.contains("was not begun")), "{first:?}");
    assert_eq!(state.ended, Some(RunOutcome::Replied));
    assert_eq!(world.db.number("select count(*) from decision where record like '%\"roles\":[\"support\"]%'").await, 1);
    assert_eq!(world.db.number("select fence from run").await, 1, "under the same lease");
    assert_eq!(world.db.number("select count(*) from run where roles_changed").await, 0);
    assert_eq!(world.db.number("select count(*) from reservation where state = 'open'").await, 0, "no money stays set aside");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_in_a_workspace_that_its_person_sees_no_more_stops() {
    let mut patient = Patient::start().await;
    let world = World::scripted(&patient.model).await.that_renews_each(20);
    let bea = manager(&world).await;
    let run = says(&world, &bea, "Add the company Acme").await;
    let at_work = driving(&world).await;
    patient.heard.recv().await.expect("the model is asked");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let elsewhere = people::create_workspace(&mut tx, &world.runtime.office, "Elsewhere").await.expect("another workspace");
    tx.commit().await.expect("commit");
    assert_eq!(sets_roles(&world, &bea, Role::Manager, Some(elsewhere.workspace_id)).await, [run]);
    // The model is not waited for: the next heartbeat says it.
    assert!(matches!(at_work.await.expect("joined"), Ok(RunStatus::Ended)));
    assert_eq!((world.run(run).await.ended, reason(&world, run).await), (Some(RunOutcome::Cancelled), Some(EndReason::PersonGone)));
    drop(patient.answer);
}

#[tokio::test]
async fn who_has_other_roles_before_a_run_is_taken_up_is_read_once() {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("crm.create_company", json!({ "name": "Acme" })),
        _ => Reply::text("Done."),
    })
    .await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[FOR_MANAGERS]).await;
    let bea = another_owner(&world, 95).await;
    let run = says(&world, &bea, "Add the company Acme").await;
    sets_roles(&world, &bea, Role::Manager, None).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!((world.run(run).await.ended, world.db.number("select count(*) from company").await), (Some(RunOutcome::Replied), 1));
    assert_eq!(model.requests().len(), 2, "nothing was begun and left");
}
