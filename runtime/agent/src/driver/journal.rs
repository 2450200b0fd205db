//! Where a run's events are: in PostgreSQL, or in memory for evals, rehearsals and measurements. One mechanism, two engines.

mod held;
mod memory;
mod step;

pub use memory::{MemoryJournal, Planned};

use self::step::step_of;
use crate::agents::Agent;
use crate::counts::Counted;
use crate::gate::Approved;
use crate::pins::{as_configured, pin};
use crate::points::point;
use crate::run::HoldState;
use crate::runtime::Runtime;
use std::time::Duration;
use steward_core::event::{HoldOutcome, Pins, Recorded};
use steward_core::limits::LEASE_MS;
use steward_core::{
    Actor, Approvals, BudgetHoldId, CallId, EnvelopeId, EnvelopeKey, Event, HoldId, Micros, PersonId, QuestionId, QuestionOutcome, ReservationId, RunId,
    RunOutcome,
};
use steward_office::budgets::holds::Breach;
use steward_office::conversations::AgentPins;
use steward_office::crm;
use steward_office::grants::{self, Granted};
use steward_office::holds::{self, Stands, card, seal};
use steward_office::people::agent_of;
use steward_office::{Office, OfficeError, budgets, questions};
use steward_store::budget_hold::{self, BudgetHoldRow};
use steward_store::conversation::Message;
use steward_store::counter::{Stood, Wanted};
use steward_store::decision::DecisionRow;
use steward_store::escalation::{self, EscalationRow};
use steward_store::hold::{self, HoldRow};
use steward_store::question::QuestionRow;
use steward_store::run::{self, RunStatus};
use steward_store::step::{Heard, Later, NewSubRun, Reserve};
use steward_store::{Store, StoreError, Tx, journal};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// The most events of one run.
const EVENTS_MAX: i64 = 100_000;
/// How often a commit is tried while the database is away or short of something, or others are in its way.
const TRIES_MAX: u32 = 8;
/// How often a commit is tried while the disk of the database is full: for about an hour, in which somebody may make room or stop the run.
const FULL_TRIES_MAX: u32 = 1_200;
/// The longest wait between two tries, in milliseconds.
const PAUSE_MS_MAX: u64 = 3_200;

/// A journal engine.
#[derive(Clone)]
pub enum Journal {
    /// The truth.
    Postgres {
        /// The database, as the worker role.
        store: Store,
        /// The agent, acting for the person.
        actor: Actor,
    },
    /// Gone with the process.
    Memory(MemoryJournal),
}

/// What else is written in the transaction of the events.
pub(super) enum Side {
    Decision(Box<DecisionSide>),
    Hold(Box<HoldRow>),
    CallHold {
        call: CallId,
        from: &'static str,
        to: &'static str,
    },
    /// A held action of a run that ends: whether people have approved it meanwhile or not, it does not happen.
    CalledOff {
        call: CallId,
    },
    Message(Message),
    /// A run that begins in the same commit, to serve a call of this one.
    SubRun(Box<NewSubRun>),
    /// What an allowed call was judged by, and what it adds.
    Counted(Counted),
}

/// A decision with what the audit log says of it.
pub(super) struct DecisionSide {
    pub(super) row: DecisionRow,
    pub(super) detail: serde_json::Value,
}

/// One commit.
pub(super) struct Batch<'a> {
    pub(super) run: RunId,
    pub(super) fence: i64,
    pub(super) from_seq: u32,
    pub(super) to_seq: u32,
    pub(super) status: RunStatus,
    pub(super) outcome: Option<RunOutcome>,
    pub(super) steps: u32,
    pub(super) tokens: u64,
    pub(super) cost: Micros,
    pub(super) settle: bool,
    pub(super) events: &'a [Recorded],
    pub(super) sides: &'a [Side],
    /// Of a run that is to wait: the runs whose end brings it back.
    pub(super) waits_for: &'a [RunId],
    /// Of a run that is queued: how it is left alone.
    pub(super) later: Option<&'a Later>,
    pub(super) reserve: Option<&'a Reserve>,
}

/// Whether a run is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToStop {
    /// Nobody asked for it.
    No,
    /// Somebody asked for it.
    Asked,
    /// The person it acts for was shut out, or is no longer let into its workspace.
    PersonGone,
}

/// A hold that people closed: call, hold, how, who, in which words.
pub(super) type Closed = (CallId, HoldId, HoldOutcome, Vec<PersonId>, Option<String>);

impl Journal {
    /// Whether what lies beside the events is written: decisions, held actions, the audit log. In memory nobody would read it.
    pub(super) const fn is_lasting(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    pub(super) async fn load(&self, run: RunId) -> Result<Vec<Recorded>, OfficeError> {
        match self {
            Self::Memory(memory) => Ok(memory.events()),
            Self::Postgres { store, actor } => {
                let mut tx = store.begin(actor).await?;
                Ok(journal::read(&mut tx, run, 0, EVENTS_MAX).await?)
            }
        }
    }

    /// Writes a batch: all of it or nothing. Tells whether somebody asked the run to stop, or whether it is to be taken up anew.
    /// While the database is away, short of something or its disk is full, or when it took the commit back because others were in its way, it is
    /// tried again; a lost answer to a commit is found out. Once `stop` is cancelled nothing is waited for longer than an outage.
    pub(super) async fn commit(&self, office: &Office, batch: &Batch<'_>, stop: &CancellationToken) -> Result<Heard, OfficeError> {
        match self {
            Self::Memory(memory) => {
                memory.write(batch);
                Ok(Heard::Nothing)
            }
            // What a commit needs is kept only while it lasts: a run that waits for its model would hold it all the time.
            Self::Postgres { store, actor } => Box::pin(self.write(store, actor, office, batch, stop)).await,
        }
    }

    async fn write(&self, store: &Store, actor: &Actor, office: &Office, batch: &Batch<'_>, stop: &CancellationToken) -> Result<Heard, OfficeError> {
        let mut step = step_of(actor, office, batch)?;
        // Counted apart: after a long wait for room, a server that is started anew is waited for as if it were the first.
        let (mut full, mut away) = (0_u32, 0_u32);
        loop {
            // What had to wait holds the lease from now on: counted from the first try it would be over, and the run free, as it is written.
            step.lease_until = office.clock.now() + time::Duration::milliseconds(LEASE_MS);
            point();
            let outcome = store.write_step(actor, &step).await;
            point();
            // Who asked the run to stop is not to wait an hour for it.
            let full_max = if stop.is_cancelled() { TRIES_MAX } else { FULL_TRIES_MAX };
            let tries = match outcome {
                Err(StoreError::Full(_)) if full < full_max => {
                    if full == 0 {
                        warn!(run.id = %batch.run, "the disk of the database is full; the run waits where it is until there is room");
                    }
                    // It answers: what was in the way before is over.
                    away = 0;
                    full += 1;
                    full
                }
                Err(StoreError::Away(_) | StoreError::Collided(_) | StoreError::Short(_)) if away < TRIES_MAX => {
                    away += 1;
                    away
                }
                // The answer to an earlier try may have been lost after its commit: then the row is where this batch would bring it.
                Err(err @ (StoreError::Stale | StoreError::Moved)) if full > 0 || away > 0 => {
                    return self.heard_at(batch, step.lease_until).await?.ok_or_else(|| OfficeError::from(err));
                }
                other => return Ok(other?),
            };
            // A stop ends the pause that it comes into: the next try is the first that counts against it.
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis((100_u64 << tries.min(5)).min(PAUSE_MS_MAX))) => {}
                () = stop.cancelled(), if !stop.is_cancelled() => {}
            }
        }
    }

    /// What the lost answer would have told, where the run stands where this batch brings it: a stop that is not heard here is heard by nobody
    /// until the next commit. None where it stands elsewhere.
    async fn heard_at(&self, batch: &Batch<'_>, lease_until: OffsetDateTime) -> Result<Option<Heard>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(None) };
        let mut tx = store.begin(actor).await?;
        let row = run::find(&mut tx, batch.run).await?.filter(|row| row.fence == batch.fence && i64::from(row.last_seq) == i64::from(batch.to_seq));
        let Some(row) = row else { return Ok(None) };
        // One that is driven on hears of other roles as well, as with any sign of life.
        if row.status == RunStatus::Running {
            let heard = run::heartbeat(&mut tx, batch.run, batch.fence, lease_until).await?;
            tx.commit().await?;
            return Ok(Some(heard));
        }
        Ok(Some(if row.cancel_at.is_some() { Heard::Stop } else { Heard::Nothing }))
    }

    /// What would be set aside with a step; with a journal in memory there are no budgets.
    pub(super) fn to_reserve(&self, office: &Office, pins: &Pins, amount: Micros) -> Option<Reserve> {
        let Self::Postgres { actor, .. } = self else { return None };
        Some(budgets::to_reserve(actor, office, &pins.agent, pins.person, pins.workspace, amount))
    }

    pub(super) async fn reserve(&self, office: &Office, run: RunId, pins: &Pins, amount: Micros) -> Result<Option<ReservationId>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(Some(office.ids.make())) };
        budgets::reserve(store, actor, office, run, &pins.agent, pins.person, pins.workspace, amount).await
    }

    /// The counters as they stand; none where this run has no others beside it.
    pub(super) async fn count_now(&self, wanted: &[Wanted], run: RunId, call: CallId) -> Result<Option<Vec<Stood>>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(None) };
        Ok(Some(store.count_now(actor, wanted, run, call).await?))
    }

    pub(super) async fn reserve_over(&self, office: &Office, run: RunId, pins: &Pins, amount: Micros) -> Result<ReservationId, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(office.ids.make()) };
        let scopes = budgets::scopes_of(actor, &pins.agent, pins.person, pins.workspace);
        budgets::holds::reserve_over(store, actor, office, run, &scopes, amount).await
    }

    /// Writes down that the run waits for money. None where there are no people to decide.
    pub(super) async fn hold_budget(&self, office: &Office, breach: &Breach<'_>) -> Result<Option<BudgetHoldRow>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(None) };
        let mut tx = store.begin(actor).await?;
        let row = budgets::holds::hold(&mut tx, office, breach).await?;
        tx.commit().await?;
        Ok(Some(row))
    }

    pub(super) async fn budget_hold(&self, id: BudgetHoldId) -> Result<Option<BudgetHoldRow>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(None) };
        let mut tx = store.begin(actor).await?;
        Ok(budget_hold::find(&mut tx, id).await?)
    }

    pub(super) async fn withdraw_budget_hold(&self, office: &Office, run: RunId) -> Result<(), OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(()) };
        let mut tx = store.begin(actor).await?;
        budgets::holds::withdraw(&mut tx, office, run).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the run is to stop, and whether because its person is gone. In memory nobody asks but who drives it.
    pub(super) async fn to_stop(&self, run: RunId) -> Result<ToStop, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(ToStop::Asked) };
        let mut tx = store.begin(actor).await?;
        let Some(row) = run::find(&mut tx, run).await?.filter(|row| row.cancel_at.is_some()) else { return Ok(ToStop::No) };
        let acting = agent_of(&mut tx, row.person, run, &row.agent, row.workspace).await?;
        Ok(if acting.is_some() { ToStop::Asked } else { ToStop::PersonGone })
    }

    /// What the run knew of its models when it last handed its place back.
    pub(super) async fn turns(&self, run: RunId) -> Result<Option<String>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(None) };
        let mut tx = store.begin(actor).await?;
        Ok(run::turns(&mut tx, run).await?)
    }

    /// How many runs there are below the one at the top, and what one of this agent that begins now is pinned to.
    pub(super) async fn before_sub_run(&self, runtime: &Runtime, root: RunId, agent: &Agent) -> Result<(i64, Result<AgentPins, OfficeError>), OfficeError> {
        let (store, actor) = match self {
            Self::Memory(memory) => return Ok((i64::try_from(memory.sub_run_count()).unwrap_or(i64::MAX), Ok(as_configured(agent)))),
            Self::Postgres { store, actor } => (store, actor),
        };
        let mut tx = store.begin(actor).await?;
        let there_are = run::count_sub_runs(&mut tx, root).await?;
        Ok((there_are, pin(&mut tx, &runtime.office, &runtime.prompts, agent).await))
    }

    /// What is known of a run that serves this one: its journal, once it is over.
    pub(super) async fn sub_run(&self, id: RunId) -> Result<Option<Vec<Recorded>>, OfficeError> {
        let (store, actor) = match self {
            Self::Memory(memory) => {
                let found = memory.sub_runs().into_iter().find(|(run, _)| *run == id).map(|(_, journal)| journal.events());
                return Ok(found.filter(|events| events.last().is_some_and(|last| matches!(last.event, Event::Ended { .. }))));
            }
            Self::Postgres { store, actor } => (store, actor),
        };
        let mut tx = store.begin(actor).await?;
        if run::find(&mut tx, id).await?.is_none_or(|row| row.status != RunStatus::Ended) {
            return Ok(None);
        }
        Ok(Some(journal::read(&mut tx, id, 0, EVENTS_MAX).await?))
    }

    /// Which of these are closed: decided by people, over in time, or changed past us.
    pub(super) async fn closed_holds(&self, key: &EnvelopeKey, run: RunId, open: &[(CallId, HoldId)]) -> Result<Vec<Closed>, OfficeError> {
        let (store, actor) = match self {
            Self::Memory(memory) => return Ok(memory.closed()),
            Self::Postgres { store, actor } => (store, actor),
        };
        let mut tx = store.begin(actor).await?;
        let found = held::look(&mut tx, key, run, open).await?;
        Ok(found.into_iter().filter_map(held::Found::closed).collect())
    }

    /// All held actions of a run, those that were edited too.
    pub(super) async fn holds(&self, run: RunId) -> Result<Vec<HoldRow>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(Vec::new()) };
        let mut tx = store.begin(actor).await?;
        Ok(hold::of_run(&mut tx, run).await?)
    }

    /// How the records stood that a held action names when its card was made.
    pub(super) async fn stood(&self, id: HoldId) -> Result<crm::Stood, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(crm::Stood::default()) };
        let mut tx = store.begin(actor).await?;
        let row = hold::find(&mut tx, id).await?;
        Ok(row.as_ref().map(card::stood).transpose()?.unwrap_or_default())
    }

    /// Who was asked too for actions of a run that still wait.
    pub(super) async fn escalations(&self, run: RunId) -> Result<Vec<EscalationRow>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(Vec::new()) };
        let mut tx = store.begin(actor).await?;
        Ok(escalation::of_run(&mut tx, run).await?)
    }

    /// Puts a server's question where its person sees it.
    pub(super) async fn put_question(&self, row: &QuestionRow) -> Result<(), OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(()) };
        let mut tx = store.begin(actor).await?;
        questions::put(&mut tx, row).await?;
        Ok(tx.commit().await?)
    }

    /// The questions that a run asked under this lease, with what became of them.
    pub(super) async fn questions(&self, run: RunId, fence: i64) -> Result<Vec<QuestionRow>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(Vec::new()) };
        let mut tx = store.begin(actor).await?;
        questions::of_run(&mut tx, run, fence).await
    }

    /// Closes a question that nobody answered.
    pub(super) async fn close_question(&self, id: QuestionId, outcome: QuestionOutcome, at: time::OffsetDateTime) -> Result<(), OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(()) };
        let mut tx = store.begin(actor).await?;
        questions::close(&mut tx, id, outcome, at).await?;
        Ok(tx.commit().await?)
    }

    /// A use of a standing grant, counted before anything runs on it.
    pub(super) async fn take_grant(&self, office: &Office, wanted: &grants::Wanted<'_>) -> Result<Option<Granted>, OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(None) };
        let mut tx = store.begin(actor).await?;
        let granted = grants::take(&mut tx, office, wanted).await?;
        tx.commit().await?;
        Ok(granted)
    }

    /// The records and the run's actor, where there are any.
    pub(super) fn records(&self) -> Option<(Store, Actor)> {
        match self {
            Self::Postgres { store, actor } => Some((store.clone(), actor.clone())),
            Self::Memory(_) => None,
        }
    }

    /// Takes a run that waits from now on up again where somebody decided just then. Whoever decides has the row locked until that is committed, and
    /// wakes no run that does not wait yet: behind the same lock, either they found this one waiting or what they said is found here.
    pub(super) async fn wake_if_decided(&self, key: &EnvelopeKey, run: RunId, waits_for: Option<BudgetHoldId>) -> Result<(), OfficeError> {
        let Self::Postgres { store, actor } = self else { return Ok(()) };
        let mut tx = store.begin(actor).await?;
        let is_allowed = match waits_for {
            Some(id) => budget_hold::lock(&mut tx, id).await?.is_some_and(|row| row.state != "held"),
            None => false,
        };
        if is_allowed || is_to_be_read(&mut tx, key, run).await? {
            run::wake(&mut tx, run).await?;
            return Ok(tx.commit().await?);
        }
        // Nobody who decides now waits for this.
        Ok(tx.rollback().await?)
    }

    /// What people approved, counted only for this envelope, only as far as every seal fits, and only of those who could approve it still. `has_begun`
    /// is what the journal says of the call.
    pub(super) async fn approved(&self, key: &EnvelopeKey, run: RunId, call: CallId, held: &HoldState, has_begun: bool) -> Result<Approved, OfficeError> {
        let (id, envelope_id) = (held.hold_id, held.envelope_id);
        let so = |approvals: Approvals, broken: Vec<String>| Approved { approvals, envelope_id, envelope: String::new(), broken, is_orphaned: false };
        let nothing = |what: &str| so(Approvals::default(), vec![what.to_owned()]);
        let (store, actor) = match self {
            // Nobody else reaches what is in memory, so there is nothing that could no longer fit.
            Self::Memory(memory) => return Ok(so(memory.approvals(id), Vec::new())),
            Self::Postgres { store, actor } => (store, actor),
        };
        let mut tx = store.begin(actor).await?;
        let Some(row) = hold::find(&mut tx, id).await? else { return Ok(nothing(held::missing(&mut tx, key, run, call).await?)) };
        let said = hold::approvals(&mut tx, id).await?;
        let of_run = if row.edits.is_some() { hold::of_run(&mut tx, row.run).await? } else { Vec::new() };
        let mut checked = seal::check(key, actor.tenant, &row, &said, &of_run)?;
        if row.envelope_id != envelope_id.bytes() {
            checked.broken.push("hold.envelope_id".to_owned());
        }
        // One that an edit made has no place in the journal of its own; the journal follows it.
        let is_named = checked.broken.iter().any(|name| name == "hold.journal");
        let is_other = row.edits.is_none() && !is_named && row.journal.as_deref() != Some(held.chain.bytes().as_slice());
        // An approval is for once: of a journal that was cut off behind it, the log knows that the call began.
        let began_before = !has_begun && steward_store::audit::newest_of(&mut tx, "call.start", &format!("{run}/{call}")).await?.is_some();
        if is_other || began_before {
            checked.broken.push("journal".to_owned());
        }
        // Of what does not fit, nobody's word counts at all.
        let given = if checked.broken.is_empty() { Box::pin(holds::still_given(&mut tx, &row, checked.counted)).await? } else { Some(checked.approvals) };
        // The name that was approved, not the journal's: where they differ, the difference is found.
        let envelope_id = EnvelopeId::from_slice(&row.envelope_id).unwrap_or(envelope_id);
        let is_orphaned = given.is_none();
        Ok(Approved { approvals: given.unwrap_or_default(), envelope_id, envelope: checked.envelope, broken: checked.broken, is_orphaned })
    }
}

/// Whether something became of a held action and the journal does not know yet. The actions stay locked until the transaction ends.
async fn is_to_be_read(tx: &mut Tx, key: &EnvelopeKey, run: RunId) -> Result<bool, OfficeError> {
    let events = journal::read(tx, run, 0, EVENTS_MAX).await?;
    let known = crate::run::Run::fold(&events);
    let open: Vec<(CallId, HoldId)> = known.open_holds().map(|(call, hold)| (call, hold.hold_id)).collect();
    for (_, id) in &open {
        hold::lock(tx, *id).await?;
    }
    Ok(held::look(tx, key, run, &open).await?.iter().any(|found| found.stands != Stands::Waits))
}
