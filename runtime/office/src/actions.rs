//! The action log: every verdict of the gate, searchable. The blocked-action log is its rows with verdict `block`.

use crate::error::OfficeError;
use steward_core::{DecisionId, Permission};
use steward_store::decision::{self, DecisionRow, Filter};
use steward_store::hold::{self, HabitRow};
use steward_store::{Page, Tx};
use time::OffsetDateTime;

/// The most habits that are looked at.
const HABITS_MAX: i64 = 20;

/// Verdicts, newest first.
pub async fn list(tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Vec<DecisionRow>, OfficeError> {
    if !tx.actor().may(Permission::ActionsRead) {
        return Err(OfficeError::Denied("you may not see the action log".to_owned()));
    }
    Ok(decision::list(tx, filter, page).await?)
}

/// One verdict.
pub async fn get(tx: &mut Tx, id: DecisionId) -> Result<DecisionRow, OfficeError> {
    if !tx.actor().may(Permission::ActionsRead) {
        return Err(OfficeError::Missing("action"));
    }
    decision::of_ids(tx, &[id]).await?.pop().ok_or(OfficeError::Missing("action"))
}

/// What people always approved since a time, at least so often: calls of one tool by one agent in one workspace; most first.
pub async fn always_approved(tx: &mut Tx, since: OffsetDateTime, least: u32) -> Result<Vec<HabitRow>, OfficeError> {
    if !tx.actor().may(Permission::ActionsRead) {
        return Err(OfficeError::Denied("you may not see the action log".to_owned()));
    }
    Ok(hold::always_approved(tx, since, i64::from(least), HABITS_MAX).await?)
}
