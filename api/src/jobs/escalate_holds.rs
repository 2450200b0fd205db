//! Asks the next roles of their route for held actions that nobody decided.

use super::{BATCH_MAX, Every};
use crate::cli::chain;
use steward_agent::live::Live;
use steward_core::{Actor, TenantId};
use steward_office::holds::escalate::escalate;
use steward_office::{Office, OfficeError};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often, in seconds: routes are counted in minutes.
const EVERY_SECONDS: u64 = 20;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, live: Live, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        match once(&store, &office).await {
            Ok(0) => {}
            Ok(steps) => {
                info!(holds = steps, "held actions that nobody decided: others are asked too");
                live.wake();
            }
            Err(err) => warn!(error = chain(&err), "others could not be asked for held actions; trying again"),
        }
    }
}

/// Takes every step whose time has come, in every organisation, and says how many.
pub async fn once(store: &Store, office: &Office) -> Result<usize, OfficeError> {
    let mut steps = 0;
    for row in store.all_tenants().await? {
        match of_one(store, office, row.tenant).await {
            Ok(taken) => steps += taken,
            // The others are looked after all the same.
            Err(err) => warn!(tenant.id = %row.tenant, error = chain(&err), "others could not be asked for held actions; trying again"),
        }
    }
    Ok(steps)
}

async fn of_one(store: &Store, office: &Office, tenant: TenantId) -> Result<usize, OfficeError> {
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let steps = escalate(&mut tx, office, i64::from(BATCH_MAX)).await?;
    tx.commit().await?;
    Ok(steps)
}
