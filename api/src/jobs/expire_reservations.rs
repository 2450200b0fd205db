//! Gives back what dead workers had set aside in budgets.

use super::{BATCH_MAX, Every};
use crate::cli::chain;
use steward_core::Actor;
use steward_office::{Office, OfficeError, budgets};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often, in seconds.
const EVERY_SECONDS: u64 = 30;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        match once(&store, &office).await {
            Ok(0) => {}
            Ok(freed) => info!(reservations = freed, "reservations of dead workers were given back"),
            Err(err) => warn!(error = chain(&err), "reservations could not be expired; trying again"),
        }
    }
}

/// Gives back what is over now, one transaction each, and says how many.
pub async fn once(store: &Store, office: &Office) -> Result<usize, OfficeError> {
    let mut freed = 0;
    for (tenant, reservation) in store.expired_reservations(office.clock.now(), BATCH_MAX).await? {
        let mut tx = store.begin(&Actor::worker(tenant)).await?;
        freed += usize::from(budgets::expire(&mut tx, reservation).await?);
        tx.commit().await?;
    }
    Ok(freed)
}
