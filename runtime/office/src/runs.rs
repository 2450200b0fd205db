//! Runs as people see them: list, look, follow, stop.

use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use serde_json::{Value, json};
use steward_core::event::Recorded;
use steward_core::{Actor, ActorKind, Permission, RunId, RunOutcome};
use steward_store::run::{RunRow, RunStatus};
use steward_store::{Page, Store, Tx, journal, run};

/// The action that the log calls a stop by.
const STOP: &str = "run.cancel";
/// The most events read at once.
const EVENTS_MAX: i64 = 1000;

/// Runs, newest first: everybody's for those who may see them, else the actor's own. `status` is where they stand now ([`RunRow::status_at`]).
pub async fn list(tx: &mut Tx, office: &Office, status: Option<RunStatus>, page: &Page) -> Result<Vec<RunRow>, OfficeError> {
    let own = if tx.actor().may(Permission::RunsRead) {
        None
    } else if tx.actor().may(Permission::Converse) {
        Some(tx.actor().person.ok_or_else(|| OfficeError::Denied("you may not see runs".to_owned()))?)
    } else {
        return Err(OfficeError::Denied("you may not see runs".to_owned()));
    };
    Ok(run::list(tx, office.clock.now(), own, status, page).await?)
}

/// One run, if the actor may see it.
pub async fn get(tx: &mut Tx, id: RunId) -> Result<RunRow, OfficeError> {
    let found = run::find(tx, id).await?.ok_or(OfficeError::Missing("run"))?;
    let actor = tx.actor();
    let own = Some(found.person) == actor.person && actor.may(Permission::Converse);
    if own || actor.may(Permission::RunsRead) { Ok(found) } else { Err(OfficeError::Missing("run")) }
}

/// The runs that serve calls of a run, oldest first.
pub async fn sub_runs(tx: &mut Tx, id: RunId) -> Result<Vec<RunRow>, OfficeError> {
    get(tx, id).await?;
    Ok(run::list_sub_runs(tx, id).await?)
}

/// Everything recorded of all runs below one, if the actor may see it.
pub async fn journals_below(tx: &mut Tx, id: RunId) -> Result<Vec<(RunId, Vec<Recorded>)>, OfficeError> {
    get(tx, id).await?;
    let mut all = Vec::new();
    for row in run::list_below(tx, id).await? {
        all.push((row.run_id, journal(tx, row.run_id).await?));
    }
    Ok(all)
}

/// Asks all runs that serve this one to stop, each in a transaction of its own: whoever ends just then holds rows that others wait for. Gives
/// those that were asked. What is missed here is stopped when this run ends.
pub async fn cancel_below(store: &Store, actor: &Actor, office: &Office, id: RunId) -> Result<Vec<RunId>, OfficeError> {
    let (mut open, mut asked) = (vec![id], Vec::new());
    while let Some(above) = open.pop() {
        let mut tx = store.begin(actor).await?;
        let rows = run::list_sub_runs(&mut tx, above).await?;
        tx.rollback().await?;
        for row in rows {
            open.push(row.run_id);
            if row.status == RunStatus::Ended {
                continue;
            }
            let mut tx = store.begin(actor).await?;
            match cancel(&mut tx, office, row.run_id).await {
                Ok(()) => {
                    tx.commit().await?;
                    asked.push(row.run_id);
                }
                // It came to its end by itself in this moment.
                Err(OfficeError::Conflict(_)) => tx.rollback().await?,
                Err(err) => return Err(err),
            }
        }
    }
    Ok(asked)
}

/// Whether workers have something to do for a run: itself, or one of those below it. Otherwise people are waited for, or it is over.
pub async fn is_at_work(tx: &mut Tx, id: RunId) -> Result<bool, OfficeError> {
    let found = get(tx, id).await?;
    Ok(matches!(found.status, RunStatus::Queued | RunStatus::Running) || found.status == RunStatus::Waiting && run::is_at_work_below(tx, id).await?)
}

/// Events of a run after a number, in order, at most a thousand.
pub async fn events(tx: &mut Tx, id: RunId, after: u32) -> Result<Vec<Recorded>, OfficeError> {
    get(tx, id).await?;
    Ok(journal::read(tx, id, after, EVENTS_MAX).await?)
}

/// Everything recorded of a run, if the actor may see it.
pub async fn journal(tx: &mut Tx, id: RunId) -> Result<Vec<Recorded>, OfficeError> {
    get(tx, id).await?;
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |recorded: &Recorded| recorded.seq);
        let next = journal::read(tx, id, after, EVENTS_MAX).await?;
        if next.is_empty() {
            return Ok(all);
        }
        all.extend(next);
    }
}

/// Asks a run to stop. One's own always; another's with the right to. An agent never stops a run.
pub async fn cancel(tx: &mut Tx, office: &Office, id: RunId) -> Result<(), OfficeError> {
    may_cancel(tx, id).await?;
    let by = tx.actor().person;
    if !run::ask_cancel(tx, id, by, office.clock.now()).await? {
        return Err(over());
    }
    audit::record(tx, office, Entry { action: STOP, object: id.to_string(), outcome: "done", detail: json!({}), request_id: None }).await?;
    Ok(())
}

/// Asks a run about one call to stop because whoever made that call takes it back. Where somebody has asked for the stop already, that stands.
pub async fn take_back(tx: &mut Tx, office: &Office, id: RunId) -> Result<(), OfficeError> {
    let is_asked = may_cancel(tx, id).await?.cancel_at.is_some();
    let by = tx.actor().person;
    if !run::ask_cancel(tx, id, by, office.clock.now()).await? {
        return Err(over());
    }
    // Behind the change, which waits for whoever asks at the same time.
    let is_ours = newest_stop(tx, id).await?.map_or(!is_asked, |stop| is_taken_back(&stop));
    let detail = if is_ours { json!({ "taken_back": true }) } else { json!({}) };
    audit::record(tx, office, Entry { action: STOP, object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(())
}

/// Whether a run was asked to stop by who took its call back, and by nobody else, as the log has it.
pub async fn was_taken_back(tx: &mut Tx, id: RunId) -> Result<bool, OfficeError> {
    get(tx, id).await?;
    Ok(newest_stop(tx, id).await?.is_some_and(|stop| is_taken_back(&stop)))
}

/// What the log says last of a stop of a run; nothing where nobody asked for one.
async fn newest_stop(tx: &mut Tx, id: RunId) -> Result<Option<Value>, OfficeError> {
    let newest = steward_store::audit::newest_of(tx, STOP, &id.to_string()).await?;
    // An entry that cannot be read is somebody's all the same.
    Ok(newest.map(|canon| serde_json::from_slice(&canon).unwrap_or_default()))
}

fn is_taken_back(stop: &Value) -> bool {
    stop.pointer("/detail/taken_back") == Some(&json!(true))
}

/// The run, if the actor may stop it and it is not over. Writes nothing.
pub async fn may_cancel(tx: &mut Tx, id: RunId) -> Result<RunRow, OfficeError> {
    let found = get(tx, id).await?;
    let actor = tx.actor();
    if matches!(actor.kind, ActorKind::Agent { .. } | ActorKind::Worker)
        || !(Some(found.person) == actor.person && actor.may(Permission::Converse) || actor.may(Permission::RunsCancel))
    {
        return Err(OfficeError::Denied("you may not stop this run".to_owned()));
    }
    if found.status == RunStatus::Ended { Err(over()) } else { Ok(found) }
}

fn over() -> OfficeError {
    OfficeError::Conflict("the run is already over".to_owned())
}

/// Writes down a stop that was asked for, by an actor who might, while there was no room for it. The run may have come to its end by it; where it
/// ended by itself meanwhile, that is what goes on record.
pub async fn write_late_cancel(tx: &mut Tx, office: &Office, id: RunId) -> Result<(), OfficeError> {
    let by = tx.actor().person;
    let is_stopped = run::ask_cancel(tx, id, by, office.clock.now()).await?
        || run::find(tx, id).await?.is_some_and(|row| row.outcome.as_deref() == Some(RunOutcome::Cancelled.name()));
    let (outcome, detail) = match is_stopped {
        true => ("done", json!({ "late": true })),
        false => ("refused", json!({ "late": true, "reason": over().to_string() })),
    };
    audit::record(tx, office, Entry { action: STOP, object: id.to_string(), outcome, detail, request_id: None }).await?;
    Ok(())
}

/// All runs that serve one, and those that serve these.
pub async fn list_below(tx: &mut Tx, id: RunId) -> Result<Vec<RunRow>, OfficeError> {
    get(tx, id).await?;
    Ok(run::list_below(tx, id).await?)
}
