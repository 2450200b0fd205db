//! Waits for what becomes of a call: its result, a denial, or people who have to decide, of whom the client is told while it waits.

use super::answer::{Standing, of_run};
use super::book::Book;
use super::call::Begun;
use super::tell;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::follow::{Followed, follow, shut_out};
use crate::routes::runs::cancel;
use futures_util::StreamExt as _;
use rmcp::model::{CallToolResult, ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use steward_agent::run::Run;
use steward_core::{Event, HasKind, HoldId, Kind, RunId};
use steward_office::runs;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// How long a call waits for people before its client is told to come back, in seconds. Many clients give up after a minute.
pub(super) const PEOPLE_SECONDS: u64 = 45;
/// The longest that a client may ask to wait for people, in seconds.
pub(super) const PEOPLE_SECONDS_MAX: u64 = 600;
/// How long a call may wait for a worker beyond what its run may take, in seconds.
const QUEUE_SECONDS_MAX: u64 = 60;
/// How often a client that wants to know is told that the call still waits, in seconds.
const PROGRESS_SECONDS: u64 = 5;

/// How to wait, and whom to tell.
pub(super) struct Waiting<'a> {
    pub(super) caller: &'a Caller,
    /// Who else waits for the same run.
    pub(super) book: &'a Arc<Book>,
    /// How long the run may take, in seconds.
    pub(super) run_seconds: u32,
    /// How long to wait for people, in seconds.
    pub(super) people_seconds: u64,
    /// Where the client wants to hear of progress.
    pub(super) progress: Option<ProgressToken>,
    pub(super) peer: &'a Peer<RoleServer>,
    /// Cancelled when the client takes its call back.
    pub(super) stop: CancellationToken,
}

/// Waits for the run's call. None when the client took it back: then it is stopped, and nobody hears more of it.
pub(super) async fn outcome(waiting: &Waiting<'_>, begun: &Begun) -> Result<Option<CallToolResult>, ApiError> {
    let state = waiting.caller.state();
    // Whichever way this ends early, a call that its client does not want any more is not carried out.
    waiting.book.awaits(begun.run);
    let mut withdrawal = Withdrawal { caller: waiting.caller.clone(), book: Arc::clone(waiting.book), run: begun.run, is_open: true };
    let mut followed = pin!(follow(state.clone(), waiting.caller.actor().clone(), begun.run, 0));
    let mut shut_out = pin!(shut_out(waiting.caller.clone(), begun.run));
    let overall = Instant::now() + Duration::from_secs(u64::from(waiting.run_seconds).saturating_add(QUEUE_SECONDS_MAX));
    let mut run = Run::default();
    let mut ended = None;
    let mut held: Option<Held> = None;
    let standing = loop {
        let until = held.as_ref().map_or(overall, |held| held.until);
        let told = async {
            match &mut held {
                Some(held) => drop(held.ticks.tick().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = waiting.stop.cancelled() => return Ok(None),
            refusal = &mut shut_out => {
                // Whoever has lost the right to hear of it has not taken it back: people decide, and it stands in the log.
                withdrawal.is_open = false;
                return Err(refusal);
            }
            next = followed.next() => match next {
                Some(Ok(Followed::Event(recorded))) => {
                    run.apply(&recorded);
                    if let Event::Ended { message, .. } = &recorded.event {
                        ended = Some(message.clone());
                    }
                }
                Some(Ok(Followed::Delta { .. })) => continue,
                Some(Err(err)) => {
                    withdrawal.is_open = false;
                    return Err(err.into());
                }
                None => break Standing::Over,
            },
            () = told => {
                if let Some(held) = &held {
                    waiting.tell(held, state.site.public_url()).await;
                }
                continue;
            }
            () = sleep_until(until) => break held.as_ref().map_or(Standing::UnderWay, |held| Standing::Waits(held.hold)),
        }
        if run.ended.is_some() || run.steps.iter().flat_map(|step| &step.calls).any(|call| call.outcome.is_some()) {
            break Standing::Over;
        }
        let open = run.open_holds().map(|(_, hold)| hold.hold_id).next();
        if open != held.as_ref().map(|held| held.hold) {
            held = open.map(|hold| Held::new(hold, waiting.people_seconds));
        }
    };
    withdrawal.is_open = false;
    Ok(Some(of_run(begun.run, &run, &standing, ended.as_deref(), state.site.public_url(), begun.repeated)))
}

/// A call that waits for people.
struct Held {
    hold: HoldId,
    since: Instant,
    until: Instant,
    ticks: tokio::time::Interval,
}

impl Held {
    fn new(hold: HoldId, seconds: u64) -> Self {
        let since = Instant::now();
        // The first comes at once.
        let mut ticks = interval_at(since, Duration::from_secs(PROGRESS_SECONDS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { hold, since, until: since + Duration::from_secs(seconds), ticks }
    }
}

impl Waiting<'_> {
    async fn tell(&self, held: &Held, public_url: &str) {
        let Some(token) = self.progress.clone() else { return };
        let total = held.until.saturating_duration_since(held.since).as_secs_f64();
        // It has to grow each time, and reaches its end only with an answer.
        let seconds = held.since.elapsed().as_secs_f64().min(total);
        let message = format!("This waits for a person's decision: {public_url}/holds/{}", held.hold);
        let progress = ProgressNotificationParam::new(token, seconds).with_total(total).with_message(message);
        // A client that hears nothing gets its answer all the same, and that it takes nothing in keeps no decision and no end from this call.
        tell(self.peer.notify_progress(progress)).await;
    }
}

/// Stops the run when it is dropped, unless it is known what became of the call, it may be asked for again, or the same call still waits for it
/// elsewhere: a line that was cut may be noticed only after its client has come again.
struct Withdrawal {
    caller: Caller,
    book: Arc<Book>,
    run: RunId,
    is_open: bool,
}

impl Drop for Withdrawal {
    fn drop(&mut self) {
        let is_last = self.book.leaves(self.run);
        if !self.is_open || !is_last {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (caller, run) = (self.caller.clone(), self.run);
        runtime.spawn(async move {
            if let Err(err) = withdraw(&caller, run).await
                // It was over by then.
                && !matches!(err.kind(), Kind::Conflict)
            {
                warn!(run.id = %run, error = %err, "a call that its MCP client took back could not be stopped");
            }
        });
    }
}

async fn withdraw(caller: &Caller, run: RunId) -> Result<(), steward_office::OfficeError> {
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let asked = async {
        runs::take_back(&mut tx, caller.office(), run).await?;
        Ok::<(), steward_office::OfficeError>(tx.commit().await?)
    };
    match asked.await {
        // It stops here all the same, and is written down when there is room. The call is the caller's own.
        Err(full @ steward_office::OfficeError::Store(steward_store::StoreError::Full(_))) => {
            return cancel::stop_without_room(caller, run).await?.map(|_| ()).ok_or(full);
        }
        other => other?,
    }
    caller.state().live.stop(run);
    caller.state().live.wake();
    Ok(())
}
