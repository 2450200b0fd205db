//! Takes queued runs, one lease each, and drives as many side by side as the process allows.
//!
//! A lease is renewed while the run is driven. When a worker dies, its leases run out and others go on where the journal ends. Where several
//! organisations have runs, the next one is of whoever holds the fewest places, and a run that has to wait for its model hands its place back.

use crate::driver::{Assignment, DriveError, HandsFor, Journal, Waits, drive};
use crate::hands::{Hands, Steady};
use crate::live::Driving;
use crate::runtime::Runtime;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use steward_core::limits::{LEASE_MS, RESERVATION_MINUTES};
use steward_core::{Actor, Event, HasKind, Kind, PersonId, RunId, WorkspaceId, Workspaces};
use steward_office::people::actor_of_agent;
use steward_store::doors::Leased;
use steward_store::run::RunStatus;
use steward_store::step::{Heard, TakenUp};
use steward_store::{StoreError, budget, run};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

/// How often the queue is looked at when nothing wakes the worker, in milliseconds.
const POLL_MS: u64 = 500;
/// How long to wait before looking again when the database is away, in milliseconds.
const AWAY_MS: u64 = 2_000;
/// How often a run is taken up anew under one lease, each time because somebody changed what its person may do.
const TAKEN_ANEW_MAX: u32 = 1_000;

/// Works until `stop`; then takes nothing new and waits for the runs under way to reach their next commit.
pub async fn work(runtime: Arc<Runtime>, runs_max: usize, stop: CancellationToken) {
    let _working = runtime.live.working();
    let places = Arc::new(Semaphore::new(runs_max));
    let tasks = TaskTracker::new();
    while !stop.is_cancelled() {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = places.clone().acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        match lease(&runtime).await {
            Ok(Some((leased, taken))) => {
                let runtime = runtime.clone();
                let stop = stop.clone();
                tasks.spawn(async move {
                    let _place = place;
                    tokio::select! {
                        outcome = drive_taken(&runtime, leased, taken) => report(leased.run, &outcome),
                        // What is under way stays as its journal says; another worker, or the next start, goes on from there.
                        () = leave(&stop) => Box::pin(hand_back(&runtime, leased)).await,
                    }
                });
            }
            Ok(None) => {
                drop(place);
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = runtime.live.queued() => {}
                    () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
                }
            }
            Err(err) => {
                drop(place);
                warn!(error = %err, "cannot look for runs; trying again");
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(Duration::from_millis(AWAY_MS)) => {}
                }
            }
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// The run that is next, with what is needed to drive it. One whose records the server itself cannot read is leased alone,
/// so that it fails by itself and does not stand before the others.
async fn lease(runtime: &Runtime) -> Result<Option<(Leased, Result<TakenUp, StoreError>)>, StoreError> {
    let now = runtime.office.clock.now();
    match runtime.store.lease_and_take_up(&runtime.worker, now, LEASE_MS).await {
        Err(StoreError::Statement(err)) => {
            warn!(error = %err, "a run cannot be taken up; leasing it by itself");
            // Which run it was is not said, and another may come first while the refused statement is being rolled back.
            let Some(leased) = runtime.store.lease_run(&runtime.worker, now, LEASE_MS).await? else { return Ok(None) };
            Ok(Some((leased, Box::pin(runtime.store.take_up(leased.tenant, leased.person, leased.run)).await)))
        }
        other => other,
    }
}

/// How long runs under way may go on after a stop was asked for, in milliseconds.
const GRACE_MS: u64 = 10_000;

async fn leave(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(Duration::from_millis(GRACE_MS)).await;
}

async fn hand_back(runtime: &Runtime, leased: Leased) {
    let actor = Actor::worker(leased.tenant);
    let released = async {
        let mut tx = runtime.store.begin(&actor).await?;
        run::release(&mut tx, leased.run, leased.fence).await?;
        tx.commit().await
    };
    if let Err(err) = released.await {
        warn!(run.id = %leased.run, error = %err, "could not hand the run back; its lease will run out");
    }
}

fn report(run: RunId, outcome: &Result<RunStatus, DriveError>) {
    match outcome {
        Ok(_) => {}
        Err(err) if matches!(err.kind(), Kind::Conflict) => info!(run.id = %run, "another worker has the run"),
        Err(err) => error!(run.id = %run, error = %err, source = ?std::error::Error::source(err).map(ToString::to_string), "the run could not be driven on"),
    }
}

/// Drives a run that is leased to this process alone until it ends or waits for others, renewing the lease meanwhile. Its place is one that no
/// other run wants, so it is kept also while the models want to be left alone.
pub async fn drive_leased(runtime: &Arc<Runtime>, leased: Leased) -> Result<RunStatus, DriveError> {
    let taken = Box::pin(runtime.store.take_up(leased.tenant, leased.person, leased.run)).await;
    drive_so(runtime, leased, taken, Waits::InPlace, |actor, workspace| hands_for(runtime, actor, leased.run, workspace)).await
}

/// Drives a run that was taken up with its lease until it ends, waits for others, or hands its place back and is queued: then it is leased again,
/// by whichever worker, once its models may be asked.
pub async fn drive_taken(runtime: &Arc<Runtime>, leased: Leased, taken: Result<TakenUp, StoreError>) -> Result<RunStatus, DriveError> {
    drive_so(runtime, leased, taken, Waits::Queued, |actor, workspace| hands_for(runtime, actor, leased.run, workspace)).await
}

/// The same, with an office of the caller's choice behind the plugins.
pub async fn drive_with(
    runtime: &Arc<Runtime>,
    leased: Leased,
    taken: Result<TakenUp, StoreError>,
    hands: impl Fn(&Actor, WorkspaceId) -> HandsFor,
) -> Result<RunStatus, DriveError> {
    drive_so(runtime, leased, taken, Waits::Queued, hands).await
}

async fn drive_so(
    runtime: &Arc<Runtime>,
    leased: Leased,
    mut taken: Result<TakenUp, StoreError>,
    waits: Waits,
    hands: impl Fn(&Actor, WorkspaceId) -> HandsFor,
) -> Result<RunStatus, DriveError> {
    for _ in 0..TAKEN_ANEW_MAX {
        match drive_as_taken(runtime, leased, taken, waits, &hands).await {
            // Under the same lease, with what the person may do by now.
            Err(DriveError::RolesChanged(_)) => taken = Box::pin(take_anew(runtime, leased)).await,
            other => return other,
        }
    }
    Box::pin(hand_back(runtime, leased)).await;
    Ok(RunStatus::Queued)
}

/// A run that is leased already, as it is now.
async fn take_anew(runtime: &Runtime, leased: Leased) -> Result<TakenUp, StoreError> {
    let mut tx = runtime.store.begin(&Actor::worker(leased.tenant)).await?;
    run::taken_anew(&mut tx, leased.run, leased.fence).await?;
    tx.commit().await?;
    // Read behind that commit: a change that this does not see yet is told again.
    runtime.store.take_up(leased.tenant, leased.person, leased.run).await
}

async fn drive_as_taken(
    runtime: &Arc<Runtime>,
    leased: Leased,
    taken: Result<TakenUp, StoreError>,
    waits: Waits,
    hands: &impl Fn(&Actor, WorkspaceId) -> HandsFor,
) -> Result<RunStatus, DriveError> {
    let Leased { tenant, run: run_id, person, fence } = leased;
    let worker = Actor::worker(tenant);
    let driving = runtime.live.driving(run_id);
    let failed = |source: StoreError| DriveError::Journal { run: run_id, source: source.into() };
    let taken = taken.map_err(failed)?;
    let actor = match actor_of_agent(tenant, person, run_id, &taken) {
        Some(actor) => actor,
        // The person may no longer be acted for: the run is stopped, by the worker itself.
        None => {
            let stopped = Box::pin(async {
                let mut tx = runtime.store.begin(&worker).await?;
                run::ask_cancel(&mut tx, run_id, None, runtime.office.clock.now()).await?;
                tx.commit().await
            });
            stopped.await.map_err(failed)?;
            driving.token.cancel();
            worker.as_agent(run_id, &taken.agent)
        }
    };
    if taken.cancelled {
        driving.token.cancel();
    }
    let changed = disagreements(&taken, person);
    let assignment = Assignment {
        tenant,
        run: run_id,
        fence,
        changed,
        roles: actor.roles.clone(),
        hands: hands(&actor, taken.workspace),
        journal: Journal::Postgres { store: runtime.store.clone(), actor },
        events: taken.events,
        waits,
        roles_changed: Arc::default(),
    };
    let roles_changed = assignment.roles_changed.clone();
    let lost = CancellationToken::new();
    tokio::select! {
        biased;
        outcome = drive(runtime, assignment, driving.token.clone()) => outcome,
        () = keep_lease(runtime, leased, &driving, &roles_changed, &lost) => Err(DriveError::LeaseLost(run_id)),
    }
}

/// Where the run's row says something else than its journal: it was written past us, and nothing of this run is carried out.
fn disagreements(taken: &TakenUp, person: PersonId) -> Vec<String> {
    let Some(Event::Started { pins, .. }) = taken.events.first().map(|recorded| &recorded.event) else { return Vec::new() };
    let differs = [("run.workspace_id", pins.workspace != taken.workspace), ("run.agent", pins.agent != taken.agent), ("run.person_id", pins.person != person)];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}

pub(crate) fn hands_for(runtime: &Runtime, actor: &Actor, run: RunId, workspace: WorkspaceId) -> HandsFor {
    // A run belongs to one workspace, and so do the records that its tools reach: a person who sees several did not mean them all.
    let actor = Actor { workspaces: Workspaces::Only([workspace].into()), ..actor.clone() };
    let (store, office) = (runtime.store.clone(), runtime.office.clone());
    Arc::new(move |floor, stood| {
        let hands = Hands::new(store.clone(), office.clone(), actor.clone(), run, workspace, floor);
        Arc::new(Steady(hands.approved_beside(stood)))
    })
}

/// Renews the lease until it is lost, and passes on to the driver what is heard with that.
async fn keep_lease(runtime: &Runtime, leased: Leased, driving: &Driving, roles_changed: &AtomicBool, lost: &CancellationToken) {
    let worker = Actor::worker(leased.tenant);
    while !lost.is_cancelled() {
        tokio::time::sleep(Duration::from_millis(runtime.heartbeat_ms)).await;
        let now = runtime.office.clock.now();
        // In a box of its own: most of the time it is not under way, and every run carries this future.
        let renewed = Box::pin(async {
            let mut tx = runtime.store.begin(&worker).await?;
            let heard = run::heartbeat(&mut tx, leased.run, leased.fence, now + time::Duration::milliseconds(LEASE_MS)).await?;
            budget::extend(&mut tx, leased.run, now + time::Duration::minutes(RESERVATION_MINUTES)).await?;
            tx.commit().await?;
            Ok::<Heard, StoreError>(heard)
        });
        match renewed.await {
            Ok(Heard::Stop) => driving.token.cancel(),
            Ok(Heard::RolesChanged) => roles_changed.store(true, Ordering::Relaxed),
            Ok(Heard::Nothing) => {}
            // A commit of this very drive may have taken the run out of its hands; what it does behind that is not cut off.
            Err(StoreError::Stale) => {
                if Box::pin(is_lost(runtime, &worker, leased)).await {
                    return;
                }
            }
            // The database is away: the lease may still be ours when it comes back, and every commit checks.
            Err(err) => warn!(run.id = %leased.run, error = %err, "could not renew the lease"),
        }
    }
}

/// Whether somebody else has taken the run since it was leased. Where that cannot be read it is not known, and every commit checks.
async fn is_lost(runtime: &Runtime, worker: &Actor, leased: Leased) -> bool {
    let found = async {
        let mut tx = runtime.store.begin(worker).await?;
        run::find(&mut tx, leased.run).await
    };
    match found.await {
        Ok(row) => row.is_none_or(|row| row.fence != leased.fence),
        Err(err) => {
            warn!(run.id = %leased.run, error = %err, "could not look who has the run");
            false
        }
    }
}
