//! Looks after runs that wait for room in a budget: they go on where there is room again, and end and say so when their time is over.

use super::{BATCH_MAX, Done, Round};
use steward_agent::live::Live;
use steward_core::Actor;
use steward_office::budgets::holds;
use steward_office::{Office, OfficeError};
use steward_store::Store;
use tokio_util::sync::CancellationToken;

const ROUND: Round = Round {
    every_seconds: 30,
    done: "waits for room in a budget are over",
    failed: "waits for room in a budget could not be looked after",
    act: |store, office, worker| Box::pin(of_one(store, office, worker)),
};

/// Works until `stop`.
pub async fn run(store: Store, office: Office, live: Live, stop: CancellationToken) {
    ROUND.run(store, office, live, stop).await;
}

/// Closes what is over now in every organisation, and says how many.
pub async fn once(store: &Store, office: &Office) -> Result<usize, OfficeError> {
    ROUND.once(store, office).await
}

async fn of_one(store: &Store, office: &Office, worker: Actor) -> Done {
    let mut tx = store.begin(&worker).await?;
    let expired = holds::expire(&mut tx, office, i64::from(BATCH_MAX)).await?;
    let released = holds::release(&mut tx, office, usize::try_from(BATCH_MAX).unwrap_or(1)).await?;
    tx.commit().await?;
    Ok(expired + released)
}
