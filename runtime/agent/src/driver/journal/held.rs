//! What the rows of held actions say of those that a run's journal has open.
//!
//! A row is looked for by its id wherever it is, and not by what it says of its run and its call: whoever can write there can change that, too.

use super::Closed;
use crate::held::next_of;
use steward_core::event::HoldOutcome;
use steward_core::{CallId, EnvelopeKey, HoldId, PersonId, RunId};
use steward_office::OfficeError;
use steward_office::holds::{Stands, seal, stands};
use steward_store::Tx;
use steward_store::hold::{self, ApprovalRow, HoldRow};

/// A held action that the journal has open, and how it stands.
pub(super) struct Found {
    call: CallId,
    hold: HoldId,
    pub(super) stands: Stands,
    said: Vec<ApprovalRow>,
}

impl Found {
    /// How it was closed, if it was.
    pub(super) fn closed(self) -> Option<Closed> {
        match self.stands {
            Stands::Waits | Stands::Edited => None,
            Stands::Closed(outcome) => {
                let reason = self.said.iter().find(|word| !word.approves).and_then(|word| word.reason.clone());
                let by: Vec<PersonId> = self.said.iter().map(|word| word.person).collect();
                Some((self.call, self.hold, outcome, by, reason))
            }
            // Nobody brought it there who could be named.
            Stands::Changed => Some((self.call, self.hold, HoldOutcome::Changed, Vec::new(), None)),
        }
    }
}

/// How each of these stands, in their order.
pub(super) async fn look(tx: &mut Tx, key: &EnvelopeKey, run: RunId, open: &[(CallId, HoldId)]) -> Result<Vec<Found>, OfficeError> {
    let rows = if open.is_empty() { Vec::new() } else { hold::of_run(tx, run).await? };
    let mut found = Vec::with_capacity(open.len());
    for (call, hold) in open.iter().copied() {
        let (mut stands, mut said) = look_at(tx, key, &rows, hold).await?;
        if stands == Stands::Changed {
            // The row was read before the words on it. Who decided in between has written both, so the row is read behind them now.
            let rows = hold::of_run(tx, run).await?;
            (stands, said) = look_at(tx, key, &rows, hold).await?;
        }
        found.push(Found { call, hold, stands, said });
    }
    Ok(found)
}

async fn look_at(tx: &mut Tx, key: &EnvelopeKey, rows: &[HoldRow], id: HoldId) -> Result<(Stands, Vec<ApprovalRow>), OfficeError> {
    let of_run = rows.iter().find(|row| row.hold_id == id);
    let elsewhere = if of_run.is_none() { hold::find(tx, id).await? } else { None };
    // It was written in the commit that says in the journal that it waits.
    let Some(row) = of_run.or(elsewhere.as_ref()) else { return Ok((Stands::Changed, Vec::new())) };
    let said = hold::approvals(tx, id).await?;
    let has_next = next_of(key, tx.actor().tenant, rows, id).is_some();
    Ok((stands(row, &said, has_next), said))
}

/// What was changed where the row is not there that the journal names: the row's name where the call has another one, the journal's word where
/// that one is as it was sealed, or the row itself, which is gone or belongs to another organisation.
pub(super) async fn missing(tx: &mut Tx, key: &EnvelopeKey, run: RunId, call: CallId) -> Result<&'static str, OfficeError> {
    let call = call.to_string();
    let rows = hold::of_run(tx, run).await?;
    // Those that were edited are known to be no longer what waits.
    Ok(match rows.iter().find(|row| row.call_id == call && row.state != "edited") {
        None => "hold",
        Some(row) if seal::is_sealed(key, tx.actor().tenant, row)? => "journal",
        Some(_) => "hold.hold_id",
    })
}
