//! Money: set aside before a model is asked; where a budget has no room, the run waits for a person who lets it go on, or not.

use super::{Drive, DriveError};
use steward_core::event::HoldOutcome;
use steward_core::limits::RESERVATION_LEAST;
use steward_core::{Event, Micros, NoRoom, ReservationId, RunOutcome};
use steward_office::budgets::holds::Breach;
use steward_store::step::Reserve;
use tracing::warn;

impl Drive<'_> {
    /// Makes sure that what is read behind a handle may cost is set aside. Only where no budget has room is it looked whether a person said that
    /// this run may go over.
    pub(super) async fn reserve(&mut self, estimate: Micros) -> Result<bool, DriveError> {
        if self.reserved_left >= estimate {
            return Ok(true);
        }
        let Some(pins) = self.run.pins.clone() else { return Ok(false) };
        let amount = Micros(estimate.0.max(RESERVATION_LEAST.0));
        let reserving = self.journal.reserve(&self.runtime.office, self.run_id, &pins, amount);
        match Box::pin(reserving).await.map_err(|source| self.journal_error(source))? {
            Some(id) => self.set_aside(id, amount),
            None => return self.reserve_over(estimate, amount).await,
        }
        Ok(true)
    }

    /// What has to be set aside with the next question; none where what there is suffices, or where there are no budgets.
    pub(super) fn needed(&mut self, estimate: Micros) -> Option<Reserve> {
        if self.reserved_left >= estimate {
            return None;
        }
        let amount = Micros(estimate.0.max(RESERVATION_LEAST.0));
        let pins = self.run.pins.as_ref()?;
        let reserve = self.journal.to_reserve(&self.runtime.office, pins, amount);
        if reserve.is_none() {
            self.set_aside(self.runtime.office.ids.make(), amount);
        }
        reserve
    }

    /// Sets aside what a person let this run go over its budgets, as far as it suffices.
    pub(super) async fn reserve_over(&mut self, estimate: Micros, amount: Micros) -> Result<bool, DriveError> {
        let Some(pins) = self.run.pins.clone() else { return Ok(false) };
        let room = Micros(self.over_now().0.saturating_sub(self.reserved_left.0));
        if room < estimate {
            return Ok(false);
        }
        let amount = Micros(amount.0.min(room.0));
        let reserving = self.journal.reserve_over(&self.runtime.office, self.run_id, &pins, amount);
        let id = Box::pin(reserving).await.map_err(|source| self.journal_error(source))?;
        self.set_aside(id, amount);
        Ok(true)
    }

    pub(super) fn set_aside(&mut self, id: ReservationId, amount: Micros) {
        self.reservation = Some(id);
        self.reserved_left = self.reserved_left.plus(amount);
    }

    /// How much more the run may cost now beyond its budgets.
    pub(super) fn over_now(&self) -> Micros {
        self.run.over(self.runtime.office.clock.now_ms())
    }

    /// Lets the run wait for a person who may let it go on. Where there are no people, it ends.
    pub(super) async fn ask_for_money(&mut self, step: u32, need: Option<Micros>, of_run: bool, limit: NoRoom) -> Result<(), DriveError> {
        let Some(pins) = self.run.pins.clone() else { return Ok(()) };
        let breach = Breach {
            run: self.run_id,
            workspace: pins.workspace,
            person: pins.person,
            agent: &pins.agent,
            step,
            need: need.unwrap_or(RESERVATION_LEAST),
            cost: self.run.used().cost,
            of_run,
            why: limit.words(),
        };
        match self.journal.hold_budget(&self.runtime.office, &breach).await.map_err(|source| self.journal_error(source))? {
            Some(row) => {
                let expires_at_ms = i64::try_from(row.expires_at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
                let idle_ms = std::mem::take(&mut self.idle_ms);
                self.apply(Event::BudgetHeld { hold_id: row.budget_hold_id, step, need: row.need, why: row.why, expires_at_ms, idle_ms });
            }
            None => self.end(RunOutcome::BudgetLimit, Some(limit.into()), format!("{}; an owner can raise it", limit.words())),
        }
        Ok(())
    }

    /// Takes up what a person said of the money while nobody drove the run.
    pub(super) async fn read_budget_hold(&mut self) -> Result<(), DriveError> {
        let Some(hold_id) = self.run.budget_hold else { return Ok(()) };
        let Some(row) = self.journal.budget_hold(hold_id).await.map_err(|source| self.journal_error(source))? else { return Ok(()) };
        let outcome = match row.state.as_str() {
            "allowed" => HoldOutcome::Approved,
            "refused" => HoldOutcome::Rejected,
            "expired" => HoldOutcome::Expired,
            "cancelled" => HoldOutcome::Cancelled,
            _ => return Ok(()),
        };
        let until_ms = row.allowed_until.map(|until| i64::try_from(until.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX));
        let ceiling = row.allowed.map(|allowed| self.run.used().cost.plus(allowed));
        self.apply(Event::BudgetDecided { hold_id, outcome, ceiling, until_ms, by: row.decided_by, reason: row.reason });
        Ok(())
    }

    /// Takes back what a run that has ended waited for. Should this fail, it lapses by itself.
    pub(super) async fn withdraw(&mut self) {
        if !std::mem::take(&mut self.withdrawn) {
            return;
        }
        if let Err(err) = self.journal.withdraw_budget_hold(&self.runtime.office, self.run_id).await {
            warn!(run.id = %self.run_id, error = %err, "what the run waited for could not be taken back; it lapses by itself");
        }
    }
}
