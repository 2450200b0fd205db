//! The connections of a run's hot path, which lie beside the pool, serve one organisation after another: nothing is carried over, also when
//! a statement was refused or cut off.

use futures_util::FutureExt as _;
use steward_agent::testing::{ScriptedModel, World};
use steward_core::limits::LEASE_MS;
use steward_core::{Actor, Micros, RunId};
use steward_store::run::RunStatus;
use steward_store::step::{Heard, Step};
use steward_store::{Store, StoreError, StoreOptions};
use time::OffsetDateTime;

/// How often the one connection changes hands.
const TURNS: usize = 1000;

/// A step in which nothing happens but that the lease is renewed.
fn step(run: RunId, fence: i64, at: OffsetDateTime) -> Step<'static> {
    Step {
        run,
        fence,
        from_seq: 1,
        status: RunStatus::Running,
        outcome: None,
        steps: 0,
        tokens: 0,
        cost: Micros(0),
        at,
        lease_until: at + time::Duration::milliseconds(LEASE_MS),
        events: &[],
        decisions: Vec::new(),
        checks: Vec::new(),
        adds: Vec::new(),
        holds: Vec::new(),
        moves: Vec::new(),
        reply: None,
        sub_runs: Vec::new(),
        waits_for: &[],
        later: None,
        audit: Vec::new(),
        lane: None,
        settle: false,
        reserve: None,
    }
}

#[tokio::test]
async fn a_line_that_changes_hands_carries_nothing_over() {
    let model = ScriptedModel::start(Vec::new()).await;
    let home = World::scripted(&model).await;
    let other = home.beside().await;
    let store = Store::connect(&StoreOptions { connections_max: 1, lines_max: 1, ..StoreOptions::new(&home.db.worker_url) }).await.expect("store");
    let mut houses = Vec::new();
    for world in [&home, &other] {
        let run = world.say("Hello").await;
        let leased = store.lease_run("w", world.runtime.office.clock.now(), LEASE_MS).await.expect("lease").expect("a run");
        assert_eq!((leased.tenant, leased.run), (world.tenant, run));
        houses.push((world, leased));
    }
    let mut cuts = 0;
    for turn in 0..TURNS {
        let ((world, mine), (_, theirs)) = (&houses[turn % 2], &houses[(turn + 1) % 2]);
        let (actor, now) = (Actor::worker(mine.tenant), world.runtime.office.clock.now());
        let (before, _) = store.carried_over().await;
        let taken = store.take_up(mine.tenant, mine.person, mine.run).await.expect("one's own");
        assert_eq!((taken.workspace, taken.events.len()), (world.workspace, 1), "turn {turn}");
        let mut cut = false;
        match turn % 5 {
            0 => {
                let heard = store.write_step(&actor, &step(mine.run, mine.fence, now)).await.expect("one's own");
                assert_eq!(heard, Heard::Nothing, "turn {turn}: nobody asked to stop");
            }
            1 => {
                let refused = store.write_step(&actor, &step(mine.run, mine.fence + 1, now)).await;
                assert!(matches!(refused, Err(StoreError::Stale)), "turn {turn}: {refused:?}");
            }
            2 => {
                let refused = store.write_step(&actor, &step(theirs.run, theirs.fence, now)).await;
                assert!(matches!(refused, Err(StoreError::Stale)), "turn {turn}: {refused:?}");
            }
            3 => {
                let refused = store.take_up(mine.tenant, mine.person, theirs.run).await;
                assert!(matches!(refused, Err(StoreError::Missing)), "turn {turn}: {refused:?}");
            }
            _ => {
                // Sent, and dropped before it is answered: the connection is not used again. Now and then the answer is there at once.
                cut = store.take_up(mine.tenant, mine.person, mine.run).now_or_never().is_none();
                cuts += usize::from(cut);
            }
        }
        let (after, carried) = store.carried_over().await;
        assert_eq!((carried, before == after), (None, !cut), "turn {turn}");
    }
    assert!(cuts > 0, "none was cut off in the middle");
}
