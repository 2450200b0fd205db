//! Asks the next roles of their route for held actions that nobody decided.

use super::{BATCH_MAX, Done, Round};
use steward_agent::live::Live;
use steward_core::Actor;
use steward_office::holds::escalate::escalate;
use steward_office::{Office, OfficeError};
use steward_store::Store;
use tokio_util::sync::CancellationToken;

/// Routes are counted in minutes.
const ROUND: Round = Round {
    every_seconds: 20,
    done: "held actions that nobody decided: others are asked too",
    failed: "others could not be asked for held actions",
    act: |store, office, worker| Box::pin(of_one(store, office, worker)),
};

/// Works until `stop`.
pub async fn run(store: Store, office: Office, live: Live, stop: CancellationToken) {
    ROUND.run(store, office, live, stop).await;
}

/// Takes every step whose time has come, in every organisation, and says how many.
pub async fn once(store: &Store, office: &Office) -> Result<usize, OfficeError> {
    ROUND.once(store, office).await
}

async fn of_one(store: &Store, office: &Office, worker: Actor) -> Done {
    let mut tx = store.begin(&worker).await?;
    let steps = escalate(&mut tx, office, i64::from(BATCH_MAX)).await?;
    tx.commit().await?;
    Ok(steps)
}
