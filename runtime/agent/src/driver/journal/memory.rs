//! A journal in memory, with what people and other runs add to it. Nothing of it outlasts the process.

use super::{Batch, Closed, Side};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steward_core::event::{HoldOutcome, Recorded};
use steward_core::{Approvals, CallId, HoldId, Label, PersonId, Role, RunId, ScheduleId};

/// Events of one run in memory, what people said to its held calls, and what came of it beside: runs that serve it, and what it has said later.
#[derive(Clone, Default)]
pub struct MemoryJournal {
    events: Arc<Mutex<Vec<Recorded>>>,
    beside: Arc<Mutex<Beside>>,
}

/// What the runs of one tree have together.
#[derive(Default)]
struct Beside {
    said: Vec<Said>,
    sub_runs: Vec<(RunId, Arc<Mutex<Vec<Recorded>>>)>,
    planned: Vec<Planned>,
}

/// What a run in memory has said later.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The call that asked for it.
    pub call: CallId,
    /// The schedule's name.
    pub schedule: ScheduleId,
    /// To which agent.
    pub agent: String,
    /// What is said.
    pub text: String,
    /// Whether that is the person's own word.
    pub own_words: bool,
    /// For how much it counts.
    pub label: Label,
}

/// One person's word on a held call.
struct Said {
    hold: HoldId,
    person: PersonId,
    role: Role,
    approves: bool,
}

impl MemoryJournal {
    /// A journal that begins with these events.
    pub fn new(events: Vec<Recorded>) -> Self {
        Self { events: Arc::new(Mutex::new(events)), beside: Arc::default() }
    }

    /// Keeps a person's word on a held call for the next time the run is driven. The first word counts.
    pub fn say(&self, hold: HoldId, person: PersonId, role: Role, approves: bool) {
        self.beside().said.push(Said { hold, person, role, approves });
    }

    /// What people said to calls that are held.
    pub(super) fn closed(&self) -> Vec<Closed> {
        let run = crate::run::Run::fold(&self.events());
        let beside = self.beside();
        let word = |hold: HoldId| beside.said.iter().find(|word| word.hold == hold);
        run.open_holds()
            .filter_map(|(call, hold)| {
                let word = word(hold.hold_id)?;
                let outcome = if word.approves { HoldOutcome::Approved } else { HoldOutcome::Rejected };
                Some((call, hold.hold_id, outcome, vec![word.person], None))
            })
            .collect()
    }

    /// Who approved a held call.
    pub(super) fn approvals(&self, hold: HoldId) -> Approvals {
        let beside = self.beside();
        let word = beside.said.iter().find(|word| word.hold == hold).filter(|word| word.approves);
        Approvals { roles: word.iter().map(|word| word.role).collect(), people: word.iter().map(|word| word.person).collect() }
    }

    fn beside(&self) -> MutexGuard<'_, Beside> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runs below the one at the top, oldest first.
    pub fn sub_runs(&self) -> Vec<(RunId, Self)> {
        let of = |(id, events): &(RunId, Arc<Mutex<Vec<Recorded>>>)| (*id, Self { events: events.clone(), beside: self.beside.clone() });
        self.beside().sub_runs.iter().map(of).collect()
    }

    /// How many there are of them.
    pub(super) fn sub_run_count(&self) -> usize {
        self.beside().sub_runs.len()
    }

    /// What runs of this tree have said later.
    pub fn planned(&self) -> Vec<Planned> {
        self.beside().planned.clone()
    }

    /// Keeps what is to be said later. A repeat of the call finds what the first one kept.
    pub(in crate::driver) fn plan(&self, planned: Planned) -> ScheduleId {
        let mut beside = self.beside();
        if let Some(made) = beside.planned.iter().find(|made| made.call == planned.call) {
            return made.schedule;
        }
        let id = planned.schedule;
        beside.planned.push(planned);
        id
    }

    /// Writes a batch and the runs that begin with it.
    pub(super) fn write(&self, batch: &Batch<'_>) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.extend_from_slice(batch.events);
        drop(events);
        let begun = batch.sides.iter().filter_map(|side| if let Side::SubRun(new) = side { Some(new) } else { None });
        self.beside().sub_runs.extend(begun.map(|new| (new.run_id, Arc::new(Mutex::new(new.events.clone())))));
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Recorded> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
