//! What becomes of a person's runs when what that person may do changes: those that may not go on are stopped, and all others are judged anew.

use super::error::PeopleError;
use crate::{Office, audit};
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::{PersonId, RunId, WorkspaceId};
use steward_store::membership::Membership;
use steward_store::{Tx, run};

/// Stops a person's runs where the person may no longer be acted for: all of them, or those outside of these workspaces. Gives those that were
/// not asked to stop before. Whoever drives one says in its journal that it was for this.
pub(super) async fn stop_runs(tx: &mut Tx, office: &Office, id: PersonId, but_in: Option<&[WorkspaceId]>) -> Result<Vec<RunId>, PeopleError> {
    let by = tx.actor().person;
    let stopped = run::ask_cancel_of(tx, id, but_in, by, office.clock.now()).await?;
    for run in &stopped {
        let detail = json!({ "why": "person_gone", "person": id });
        audit::record(tx, office, audit::Entry { action: "run.cancel", object: run.to_string(), outcome: "done", detail, request_id: None }).await?;
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
