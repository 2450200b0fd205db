//! Wraps the keys of organisations' secrets with the data key of now, where a former one wrapped them: after that the former opens none of them.

use super::Every;
use crate::cli::chain;
use steward_core::Actor;
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

/// Looks at every organisation once. Returns how many keys were wrapped anew.
pub async fn once(store: &Store, office: &Office) -> Result<u64, OfficeError> {
    let mut rewrapped = 0;
    for row in store.all_tenants().await? {
        let mut tx = store.begin(&Actor::worker(row.tenant)).await?;
        rewrapped += u64::from(secrets::rewrap(&mut tx, office).await?);
        tx.commit().await?;
    }
    Ok(rewrapped)
}
