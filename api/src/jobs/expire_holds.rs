//! Closes held actions whose time is over, so that their runs go on without them.

use super::{BATCH_MAX, Every};
use crate::cli::chain;
use steward_agent::live::Live;
use steward_core::Actor;
use steward_office::{Office, OfficeError, holds};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often, in seconds.
const EVERY_SECONDS: u64 = 5;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, live: Live, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        match once(&store, &office).await {
            Ok(0) => {}
            Ok(closed) => {
                info!(holds = closed, "held actions expired");
                live.wake();
            }
            Err(err) => warn!(error = chain(&err), "held actions could not be expired; trying again"),
        }
    }
}

/// Closes what is over now, one transaction each, and says how many.
pub async fn once(store: &Store, office: &Office) -> Result<usize, OfficeError> {
    let mut closed = 0;
    for (tenant, hold) in store.expired_holds(office.clock.now(), BATCH_MAX).await? {
        let mut tx = store.begin(&Actor::worker(tenant)).await?;
        closed += usize::from(holds::expire(&mut tx, office, hold).await?);
        tx.commit().await?;
    }
    Ok(closed)
}
