//! The action log: every verdict of the gate, searchable. The blocked-action log is its rows with verdict `block`.

use crate::error::OfficeError;
use steward_core::Permission;
use steward_store::decision::{self, DecisionRow, Filter};
use steward_store::{Page, Tx};

/// Verdicts, newest first.
pub async fn list(tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Vec<DecisionRow>, OfficeError> {
    if !tx.actor().may(Permission::ActionsRead) {
        return Err(OfficeError::Denied("you may not see the action log".to_owned()));
    }
    Ok(decision::list(tx, filter, page).await?)
}
