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
    let (action, object) = RELOAD;
    steward_store::audit::alone(tx, action).await?;
    let newest = steward_store::audit::newest_of(tx, action, object).await?;
    let newest: Option<Value> = newest.and_then(|canon| serde_json::from_slice(&canon).ok());
    if newest.as_ref().and_then(|entry| entry.pointer("/detail/after")) == Some(&json!(after)) {
        return Ok(());
    }
    let detail = json!({ "before": before, "after": after, "rules": rules });
    audit::record(tx, office, Entry { action, object: object.to_owned(), outcome: "done", detail, request_id: None }).await
}
