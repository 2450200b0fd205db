//! What the log says of the rules of the installation's files: which came in force for an organisation that has approved none of its own, before
//! they do. Who wrote the files is nobody's to know here, so it is the service that says it.

use crate::Office;
use crate::audit::{self, Entry};
use serde_json::{Value, json};
use steward_core::Digest;
use steward_store::{StoreError, Tx};

/// The action, and what it is done to.
const RELOAD: (&str, &str) = ("policy.reload", "policies");

/// Puts on record that rules of the files come in force in the place of others: their digests, and how many there are now. What the newest entry
/// says already, as another process of the installation wrote it, is not said again.
///
/// # Errors
/// Those of the database. Rules that are not on record are not to come in force.
pub async fn reloaded(tx: &mut Tx, office: &Office, before: Digest, after: Digest, rules: usize) -> Result<(), StoreError> {
    let newest = newest_alone(tx).await?;
    // The same rules may have come and gone in between, and come in the place of others now.
    if part(newest.as_ref(), "before") == Some(&json!(before)) && part(newest.as_ref(), "after") == Some(&json!(after)) {
        return Ok(());
    }
    write(tx, office, &json!(before), after, rules).await
}

/// Puts on record which rules of the files a process starts with, unless the newest entry says just that: whoever changes the files while nothing
/// runs stands in the log like whoever changes them meanwhile. The first entry of an organisation names none before.
///
/// # Errors
/// Those of the database. Rules that are not on record are not to come in force.
pub async fn started(tx: &mut Tx, office: &Office, now: Digest, rules: usize) -> Result<(), StoreError> {
    let newest = newest_alone(tx).await?;
    let before = part(newest.as_ref(), "after").cloned().unwrap_or_default();
    if before == json!(now) {
        return Ok(());
    }
    write(tx, office, &before, now, rules).await
}

/// The newest entry; until the transaction ends nobody else writes one.
async fn newest_alone(tx: &mut Tx) -> Result<Option<Value>, StoreError> {
    let (action, object) = RELOAD;
    steward_store::audit::alone(tx, action).await?;
    let newest = steward_store::audit::newest_of(tx, action, object).await?;
    Ok(newest.and_then(|canon| serde_json::from_slice(&canon).ok()))
}

fn part<'a>(entry: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    entry?.get("detail")?.get(name)
}

async fn write(tx: &mut Tx, office: &Office, before: &Value, after: Digest, rules: usize) -> Result<(), StoreError> {
    let (action, object) = RELOAD;
    let detail = json!({ "before": before, "after": after, "rules": rules });
    audit::record(tx, office, Entry { action, object: object.to_owned(), outcome: "done", detail, request_id: None }).await
}
