//! Other arguments in place of the model's: the held action that was shown is over, and another one waits in its place.
//!
//! What the gate says of the new arguments is found out by the caller; a new card needs its own approval, and who edited is on it.

use super::seal::seal_hold;
use super::{as_sealed, change, decider, helping, key, open, read_needs};
use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use serde_json::{Value, json};
use steward_core::{HoldId, PersonId};
use steward_store::hold::{self, HoldRow};
use steward_store::{StoreError, Tx};

/// A held action that somebody who may is editing. It stays locked until the transaction ends.
#[derive(Debug)]
pub struct Editing {
    /// The action as it waits.
    pub row: HoldRow,
    /// Who edits.
    pub by: PersonId,
}

/// Opens a held action for editing.
pub async fn begin(tx: &mut Tx, office: &Office, id: HoldId) -> Result<Editing, OfficeError> {
    let by = decider(tx)?.person;
    let row = open(tx, office, id).await?;
    as_sealed(tx, key(office)?, &row)?;
    helping(tx, &read_needs(&row)?)?;
    Ok(Editing { row, by })
}

/// Writes down that an edit was refused; the action waits on as it was.
pub async fn refuse(tx: &mut Tx, office: &Office, editing: &Editing, class: &str, rules: &[String]) -> Result<(), OfficeError> {
    let detail = json!({ "run": editing.row.run, "tool": editing.row.tool, "class": class, "rules": rules });
    Ok(audit::record(tx, office, Entry { action: "hold.edit", object: editing.row.hold_id.to_string(), outcome: "refused", detail, request_id: None }).await?)
}

/// Closes the action that was edited and lets `next` wait in its place.
pub async fn replace(tx: &mut Tx, office: &Office, editing: &Editing, mut next: HoldRow) -> Result<HoldRow, OfficeError> {
    let before = &editing.row;
    next.edits = Some(before.hold_id);
    next.edited_by = Some(editing.by);
    // An edit never buys time.
    next.expires_at = next.expires_at.min(before.expires_at);
    next.journal = None;
    next.seal = Some(seal_hold(key(office)?, tx.actor().tenant, &next)?);
    let detail = json!({
        "run": before.run, "tool": before.tool, "next": next.hold_id, "arguments": changed_names(&before.envelope, &next.envelope)?,
    });
    audit::record(tx, office, Entry { action: "hold.edit", object: before.hold_id.to_string(), outcome: "done", detail, request_id: None }).await?;
    change(tx, office, before, "edited").await?;
    hold::insert(tx, &next).await?;
    Ok(next)
}

/// The names of the arguments in which two envelopes differ. Their values are in the envelopes.
fn changed_names(before: &str, after: &str) -> Result<Vec<String>, OfficeError> {
    let read = |text: &str| -> Result<Value, OfficeError> {
        let value: Value = serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what: "hold.envelope" })?;
        Ok(value.get("arguments").cloned().unwrap_or_default())
    };
    let (before, after) = (read(before)?, read(after)?);
    let names = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut all = names(&before);
    all.extend(names(&after));
    all.sort();
    all.dedup();
    Ok(all.into_iter().filter(|name| before.get(name) != after.get(name)).collect())
}
