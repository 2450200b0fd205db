//! Runs above and below at work in the same moment: none is forgotten, none waits for ever, and what was set aside is given back.

use super::*;
use steward_agent::live::Happening;
use steward_agent::worker::work;
use steward_office::budgets;
use steward_store::testing::Session;
use tokio_util::sync::CancellationToken;

/// Two runs that two processes have under way: one above, at the point where it has nothing left to do but wait, and one below.
struct Pair {
    _model: ScriptedModel,
    world: World,
    above: RunId,
    below: RunId,
}

impl Pair {
    async fn make() -> Self {
        let model = ScriptedModel::start_with(|seen| if is_of(seen, "clerk") { Reply::text("Hello.") } else { delegate("clerk", "Say hello") }).await;
        let world = desk(&model, Mode::Traced).await;
        let above = world.say("Say hello").await;
        assert_eq!(world.drive().await, Some(RunStatus::Waiting));
        let below = only_below(&world, above).await;
        world.db.raw("update run set status = 'running', lease_owner = 'w', lease_until = now() + interval '1 hour'").await;
        Self { _model: model, world, above, below }
    }

    /// A worker's connection, in a transaction of its own.
    async fn worker(&self) -> Session {
        let before = format!("set deadlock_timeout = '100ms'; set app.tenant = '{}'; set app.workspaces = '*'; begin", self.world.tenant.uuid());
        let url = &self.world.db.superuser_url;
        self.world.db.session(url, &before).await
    }

    fn waits(&self) -> String {
        format!("update run set status = 'waiting', lease_owner = null, lease_until = null where run_id = '{}'", self.above.uuid())
    }

    fn awaits(&self) -> String {
        format!("select await_runs('{}', '*', '{}', array['{}']::uuid[])", self.world.tenant.uuid(), self.above.uuid(), self.below.uuid())
    }

    fn ends(&self) -> String {
        format!(
            "update run set status = 'ended', outcome = 'replied', ended_at = now(), lease_owner = null, lease_until = null where run_id = '{}'",
            self.below.uuid()
        )
    }

    /// Whether the run above has been brought back.
    async fn is_back(&self) -> bool {
        self.world.db.number(&format!("select count(*) from run where run_id = '{}' and status = 'queued'", self.above.uuid())).await == 1
    }

    /// Says a statement that has to wait for another connection, and returns once it does. What it is answered comes later.
    async fn stuck(&self, mut session: Session, sql: String) -> tokio::task::JoinHandle<(Session, Result<(), String>)> {
        let process = session.process;
        let saying = tokio::spawn(async move {
            let said = session.say(&sql).await;
            (session, said)
        });
        while !saying.is_finished() && !self.world.db.waits(process).await {}
        assert!(!saying.is_finished(), "it did not wait for the other");
        saying
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_begins_to_wait_while_a_run_below_ends_is_brought_back_in_either_order() {
    // The one above is first, and has not committed when the one below comes to its end.
    let pair = Pair::make().await;
    let (mut above, mut below) = (pair.worker().await, pair.worker().await);
    above.say(&format!("{}; {}", pair.waits(), pair.awaits())).await.expect("waits");
    below.say(&pair.ends()).await.expect("ends");
    let ending = pair.stuck(below, "commit".to_owned()).await;
    above.say("commit").await.expect("committed");
    let (_, ended) = ending.await.expect("no panic");
    ended.expect("committed");
    assert!(pair.is_back().await, "the end came after the waiting had begun, and was heard");

    // The one below is first, and has not committed when the one above begins to wait.
    let pair = Pair::make().await;
    let (mut above, mut below) = (pair.worker().await, pair.worker().await);
    below.say(&format!("{}; set constraints all immediate", pair.ends())).await.expect("ends");
    above.say(&pair.waits()).await.expect("waits");
    let waiting = pair.stuck(above, pair.awaits()).await;
    below.say("commit").await.expect("committed");
    let (mut above, waits) = waiting.await.expect("no panic");
    waits.expect("looked");
    above.say("commit").await.expect("committed");
    assert!(pair.is_back().await, "the end had come before, and was found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_settle_the_same_budget_stand_in_no_ring() {
    let settles = "update budget set reserved_micros = reserved_micros";
    // As it is written, and as it would be if the one below woke the other before it had written all of its own.
    for (at_once, rings) in [(false, false), (true, true)] {
        let pair = Pair::make().await;
        let world = &pair.world;
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        budgets::put(&mut tx, &world.runtime.office, "organisation", "", "day", Micros(10_000_000)).await.expect("budget");
        tx.commit().await.expect("commit");
        let (mut above, mut below) = (pair.worker().await, pair.worker().await);
        above.say(&format!("{}; {settles}", pair.waits())).await.expect("waits and settles");
        below.say(&format!("{}{}", if at_once { "set constraints all immediate; " } else { "" }, pair.ends())).await.expect("ends");
        let settling = pair.stuck(below, settles.to_owned()).await;
        let mut said = vec![above.say(&pair.awaits()).await];
        if said[0].is_ok() {
            said.push(above.say("commit").await);
        }
        let (mut below, settled) = settling.await.expect("no panic");
        said.push(settled);
        if said[2..].iter().all(Result::is_ok) {
            said.push(below.say("commit").await);
        }
        let collided = said.iter().any(|said| said.as_ref().is_err_and(|err| err.contains("deadlock")));
        assert_eq!(collided, rings, "{said:?}");
        if !rings {
            assert!(pair.is_back().await);
        }
    }
}

/// Works on all there is with so many places until these runs are over.
async fn work_off(world: &World, places: usize, runs: &[RunId]) {
    let mut watch = world.runtime.live.watch();
    let stop = CancellationToken::new();
    let working = tokio::spawn(work(world.runtime.clone(), places, stop.clone()));
    let mut open: Vec<RunId> = runs.to_vec();
    while !open.is_empty() {
        match tokio::time::timeout(std::time::Duration::from_secs(60), watch.recv()).await.expect("it goes on") {
            Ok(Happening::Event { run, event }) if matches!(event.event, Event::Ended { .. }) => open.retain(|open| *open != run),
            Ok(_) => {}
            Err(_) => {
                let mut still = Vec::new();
                for run in open {
                    if world.run(run).await.ended.is_none() {
                        still.push(run);
                    }
                }
                open = still;
            }
        }
    }
    stop.cancel();
    working.await.expect("worker");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_above_and_below_at_work_at_once_all_come_to_their_end_within_their_budgets() {
    let model = ScriptedModel::start_with(|seen| match (is_of(seen, "clerk"), seen.tool_results().len()) {
        (false, 0) => Reply::Calls((0..3).map(|at| ("steward.delegate".to_owned(), json!({ "agent": "clerk", "task": format!("Say {at}") }))).collect()),
        (false, 3) => delegate("clerk", "Say it once more"),
        _ => Reply::text("Said."),
    })
    .await;
    let world = desk(&model, Mode::Traced).await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    for (kind, name) in [("organisation", ""), ("agent", "clerk"), ("agent", "assistant")] {
        budgets::put(&mut tx, &world.runtime.office, kind, name, "day", Micros(100_000_000)).await.expect("budget");
    }
    tx.commit().await.expect("commit");
    let mut all = Vec::new();
    for at in 0..6 {
        all.push(world.say(&format!("Say some numbers, {at}")).await);
    }
    work_off(&world, 4, &all).await;
    for run in all {
        let state = world.run(run).await;
        assert_eq!(state.ended, Some(RunOutcome::Replied), "{:?}", world.events(run).await.last());
        assert_eq!(below(&world, run).await.len(), 4);
        let answered = outcomes(&world, run).await.iter().filter(|outcome| matches!(outcome, Outcome::Ok { .. })).count();
        assert_eq!(answered, 4);
    }
    assert_eq!(world.db.number("select count(*) from run where status <> 'ended' or outcome <> 'replied'").await, 0);
    assert_eq!(world.db.number("select count(*) from budget where reserved_micros <> 0").await, 0);
    let (spent, paid) = (
        world.db.number("select spent_micros from budget where scope = 'organisation'").await,
        world.db.number("select sum(cost_micros)::bigint from run").await,
    );
    assert_eq!(spent, paid, "each answer is paid once");
    assert_eq!(super::super::record::problems(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_the_server_took_back_for_another_is_made_again() {
    let model = ScriptedModel::start_with(|seen| match (is_of(seen, "clerk"), seen.tool_results().len()) {
        (false, 0) => delegate("clerk", "Say hello"),
        _ => Reply::text("Hello."),
    })
    .await;
    let world = desk(&model, Mode::Traced).await;
    let run = world.say("Say hello").await;
    // The number that is drawn stands although its transaction does not: each commit of a run is refused once, in one way or the other.
    world
        .db
        .raw(
            "create sequence steward.collision; grant usage on sequence steward.collision to steward_worker;
             create function steward.collide() returns trigger language plpgsql as $$
             begin
               if nextval('steward.collision') % 2 = 1 then
                 raise exception 'taken back' using errcode = case when currval('steward.collision') % 4 = 1 then '40P01' else '40001' end;
               end if;
               return null;
             end $$;
             create trigger collide before update of last_seq on steward.run for each statement execute function steward.collide();",
        )
        .await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let state = world.run(run).await;
    assert_eq!(state.ended, Some(RunOutcome::Replied), "{:?}", world.events(run).await.last());
    assert_eq!((model.requests().len(), below(&world, run).await.len()), (3, 1), "nothing was asked or begun twice");
    world.db.raw("drop trigger collide on steward.run").await;
    assert_eq!(super::super::record::problems(&world).await, Vec::<String>::new());
}
