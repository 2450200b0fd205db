//! Asks a run to stop.

use super::RunView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use steward_core::RunId;
use steward_office::{OfficeError, runs};
use steward_store::StoreError;
use steward_store::run::{RunRow, RunStatus};
use tracing::warn;
use utoipa::ToSchema;

/// A run that was asked to stop.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StopView {
    #[serde(flatten)]
    run: RunView,
    /// Whether the stop is written down. False while the disk of the database is full: the process that has the run stops it at once, and writes
    /// it when there is room.
    is_written: bool,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Stop a run")
        .about("One's own, or with `runs:cancel` another's. It ends at its next step, with outcome `cancelled`; what already happened stays. While the disk of the database is full it stops in the process that has it or one that serves it, or takes one of them up behind a wait for its model, and `is_written` is false until there is room.")
        .answers::<StopView>("202", "The run, asked to stop.")
        .refuses("409", "The run is already over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<RunId>) -> Answer {
    let answer = match ask(&caller, id).await {
        Err(err) if is_full(&err) => return ask_without_room(&caller, id).await?.ok_or(err).and_then(|stopped| json(StatusCode::ACCEPTED, &stopped)),
        asked => asked?,
    };
    // A run that is driven here stops at once; one that waits for people is queued, and a worker ends it.
    caller.state().live.stop(id);
    // What serves it is stopped with it, and not only when it ends: until then it may be at work.
    match runs::cancel_below(&caller.state().store, caller.actor(), caller.office(), id).await {
        Ok(below) => below.into_iter().for_each(|run| caller.state().live.stop(run)),
        Err(err) => warn!(run.id = %id, error = %err, "runs that serve a run were not asked to stop; they are stopped when it ends"),
    }
    caller.state().live.wake();
    Ok(answer)
}

async fn ask(caller: &Caller, id: RunId) -> Answer {
    let mut tx = caller.begin().await?;
    runs::cancel(&mut tx, caller.office(), id).await?;
    let run = RunView::at(caller.office().clock.now(), runs::get(&mut tx, id).await?);
    caller.commit(tx, StatusCode::ACCEPTED, &StopView { run, is_written: true }).await
}

async fn ask_without_room(caller: &Caller, id: RunId) -> Result<Option<StopView>, ApiError> {
    let stopped = stop_without_room(caller, id).await?;
    Ok(stopped.map(|run| StopView { run: RunView::at(caller.office().clock.now(), run), is_written: false }))
}

/// Stops a run where this process drives it or one that serves it, or may take one of them up that is left alone until its model may be asked; with
/// all that serve it. None where all are driven elsewhere, which only the database could tell.
pub(crate) async fn stop_without_room(caller: &Caller, id: RunId) -> Result<Option<RunRow>, OfficeError> {
    // Looks only, so no room is needed; the key of the request is not remembered, and a repeat asks for the same.
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let run = runs::may_cancel(&mut tx, id).await?;
    let mut open = runs::list_below(&mut tx, id).await?;
    tx.rollback().await?;
    open.retain(|row| row.status != RunStatus::Ended);
    // Who waits for others is driven by nobody until they end, so all are stopped as one.
    let ids: Vec<RunId> = [id].into_iter().chain(open.iter().map(|row| row.run_id)).collect();
    let is_left_alone = std::iter::once(&run).chain(&open).any(|row| row.status == RunStatus::Queued && row.left_until.is_some());
    let live = &caller.state().live;
    let is_stopped = live.stop_unwritten(&ids, caller.actor()) || (is_left_alone && live.stop_when_taken_up(&ids, caller.actor()));
    if !is_stopped {
        return Ok(None);
    }
    warn!(run.id = %id, "the disk of the database is full; a run is stopped here, and that is written down when there is room");
    Ok(Some(run))
}

fn is_full(err: &ApiError) -> bool {
    let Some(source) = err.source.as_deref() else { return false };
    matches!(source.downcast_ref::<StoreError>(), Some(StoreError::Full(_)))
        || matches!(source.downcast_ref::<OfficeError>(), Some(OfficeError::Store(StoreError::Full(_))))
}
