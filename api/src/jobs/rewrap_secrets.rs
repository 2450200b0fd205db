//! Wraps the keys of organisations' secrets with the data key of now, where a former one wrapped them: after that what the database has then
//! opens without the former. The keys themselves stay: whoever had the former key and the database before can open what is sealed with them.

use super::Every;
use crate::cli::chain;
use steward_core::{Actor, TenantId};
use steward_office::{Office, OfficeError, secrets};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// How often, in seconds; the first time at once.
const EVERY_SECONDS: u64 = 600;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        match once(&store, &office).await {
            Ok(0) => {}
            Ok(rewrapped) => info!(rewrapped, "keys of secrets are wrapped with the new data key"),
            Err(err) => error!(error = chain(&err), "keys of secrets cannot be wrapped with the data key; trying again"),
        }
    }
}

/// Looks at every organisation once, and on although the key of one does not open. Returns how many keys were wrapped anew.
pub async fn once(store: &Store, office: &Office) -> Result<u64, OfficeError> {
    let (mut rewrapped, mut left) = (0_u64, 0_u64);
    for row in store.all_tenants().await? {
        match rewrap(store, office, row.tenant).await {
            Ok(is_done) => rewrapped += u64::from(is_done),
            Err(err) => {
                left += 1;
                error!(tenant.id = %row.tenant, left, error = chain(&err), "the key of an organisation's secrets cannot be wrapped with the data key; trying again");
            }
        }
    }
    Ok(rewrapped)
}

async fn rewrap(store: &Store, office: &Office, tenant: TenantId) -> Result<bool, OfficeError> {
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let is_done = secrets::rewrap(&mut tx, office).await?;
    tx.commit().await?;
    Ok(is_done)
}
