//! Looks after runs that wait for room in a budget: they go on where there is room again, and end and say so when their time is over.

use super::{BATCH_MAX, Every};
use crate::cli::chain;
use steward_agent::live::Live;
use steward_core::{Actor, TenantId};
use steward_office::budgets::holds;
use steward_office::{Office, OfficeError};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often, in seconds.
const EVERY_SECONDS: u64 = 30;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, live: Live, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        match once(&store, &office).await {
            Ok(0) => {}
            Ok(closed) => {
                info!(holds = closed, "waits for room in a budget are over");
                live.wake();
            }
            Err(err) => warn!(error = chain(&err), "waits for room in a budget could not be looked after; trying again"),
        }
    }
}

/// Closes what is over now in every organisation, and says how many.
pub async fn once(store: &Store, office: &Office) -> Result<usize, OfficeError> {
    let mut closed = 0;
    for row in store.all_tenants().await? {
        match of_one(store, office, row.tenant).await {
            Ok(over) => closed += over,
            // The others are looked after all the same.
            Err(err) => warn!(tenant.id = %row.tenant, error = chain(&err), "waits for room in a budget could not be looked after; trying again"),
        }
    }
    Ok(closed)
}

async fn of_one(store: &Store, office: &Office, tenant: TenantId) -> Result<usize, OfficeError> {
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let expired = holds::expire(&mut tx, office, i64::from(BATCH_MAX)).await?;
    let released = holds::release(&mut tx, office, BATCH_MAX.unsigned_abs()).await?;
    tx.commit().await?;
    Ok(expired + released)
}
