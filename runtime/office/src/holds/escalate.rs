//! Held actions that nobody decided: after so long the next roles of their route are asked too, on record.
//!
//! Being asked gives no right: who may approve is the word of the rules, before and after.

use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use serde_json::json;
use steward_core::{HoldId, Permission};
use steward_store::escalation::{self, EscalationRow};
use steward_store::{Tx, run};

/// Who was asked too for a held action, in order of time.
pub async fn steps_of(tx: &mut Tx, id: HoldId) -> Result<Vec<EscalationRow>, OfficeError> {
    if !tx.actor().may(Permission::HoldsRead) {
        return Err(OfficeError::Missing("held action"));
    }
    Ok(escalation::of_hold(tx, id).await?)
}

/// Asks whoever is next for actions of this organisation that still wait. Returns how many steps were taken.
pub async fn escalate(tx: &mut Tx, office: &Office, most: i64) -> Result<usize, OfficeError> {
    let now = office.clock.now();
    let due = escalation::due(tx, now, most).await?;
    for step in &due {
        escalation::insert(tx, step, now).await?;
        let detail = json!({ "run": step.run, "tool": step.tool, "after_minutes": step.after_minutes, "roles": step.roles });
        audit::record(tx, office, Entry { action: "hold.escalate", object: step.hold_id.to_string(), outcome: "done", detail, request_id: None }).await?;
        // The run tells whoever follows it, and goes on waiting.
        run::wake(tx, step.run).await?;
    }
    Ok(due.len())
}
