//! Asks a run to stop.

use super::RunView;
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::RunId;
use steward_office::runs;
use tracing::warn;

pub(crate) fn doc() -> Doc {
    Doc::new("Stop a run")
        .about("One's own, or with `runs:cancel` another's. It ends at its next step, with outcome `cancelled`; what already happened stays.")
        .answers::<RunView>("202", "The run, asked to stop.")
        .refuses("409", "The run is already over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<RunId>) -> Answer {
    let mut tx = caller.begin().await?;
    runs::cancel(&mut tx, caller.office(), id).await?;
    let run = runs::get(&mut tx, id).await?;
    let answer = caller.commit(tx, StatusCode::ACCEPTED, &RunView::from(run)).await?;
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
