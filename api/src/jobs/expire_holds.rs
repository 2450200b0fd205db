//! Closes held actions whose time is over, so that their runs go on without them.

use super::{BATCH_MAX, Done, Round};
use steward_agent::live::Live;
use steward_core::Actor;
use steward_office::{Office, OfficeError, holds};
use steward_store::Store;
use tokio_util::sync::CancellationToken;

const ROUND: Round = Round {
    every_seconds: 5,
    done: "held actions expired",
    failed: "held actions could not be expired",
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
    let closed = holds::expire_overdue(&mut tx, office, i64::from(BATCH_MAX)).await?;
    tx.commit().await?;
    Ok(closed)
}
