//! What becomes of a person's runs when what that person may do changes: those that may not go on are stopped, and all others are judged anew.

use super::error::PeopleError;
use crate::{Office, audit};
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::{PersonId, RunId, WorkspaceId};
use steward_store::membership::Membership;
use steward_store::{Tx, person, run};

/// The most runs that are named in the entry of the audit log that says they were asked to stop; it always says how many they are.
const RUNS_NAMED_MAX: usize = 1000;

/// Keeps a person and their runs as they are until the transaction is over. The runs come first, as for a step that hands a task on: it has its run
/// locked, and names the person with the run that begins. The other way round each would wait for the other.
pub(super) async fn hold_still(tx: &mut Tx, id: PersonId) -> Result<(), PeopleError> {
    run::judge_anew(tx, id).await?;
    person::lock(tx, id).await.map_err(PeopleError::missing("person"))
}

/// Stops a person's runs where the person may no longer be acted for: all of them, or those outside of these workspaces. Gives those that were
/// not asked to stop before. Whoever drives one says in its journal that it was for this. One entry of the audit log is for all of them: as many
/// entries as runs would be written while nobody else gets at any of these.
pub(super) async fn stop_runs(tx: &mut Tx, office: &Office, id: PersonId, but_in: Option<&[WorkspaceId]>) -> Result<Vec<RunId>, PeopleError> {
    let by = tx.actor().person;
    let stopped = run::ask_cancel_of(tx, id, but_in, by, office.clock.now()).await?;
    if !stopped.is_empty() {
        let named: Vec<RunId> = stopped.iter().take(RUNS_NAMED_MAX).copied().collect();
        let detail = json!({ "why": "person_gone", "count": stopped.len(), "runs": named });
        audit::record(tx, office, audit::Entry { action: "person.stop_runs", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    }
    Ok(stopped)
}

/// The same for a person who has these roles from now on; their other runs are judged anew by them. Whoever calls this has the person locked, so that
/// no run of theirs comes in meanwhile with the roles of before.
pub(super) async fn judge_runs_anew(tx: &mut Tx, office: &Office, id: PersonId, has: &BTreeSet<Membership>) -> Result<Vec<RunId>, PeopleError> {
    // None where one of the roles is for all of the organisation.
    let places: Option<Vec<WorkspaceId>> = has.iter().map(|membership| membership.workspace_id).collect();
    let stopped = match &places {
        Some(places) => stop_runs(tx, office, id, Some(places)).await?,
        None => Vec::new(),
    };
    run::judge_anew(tx, id).await?;
    Ok(stopped)
}
