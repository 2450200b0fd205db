//! Erases again whoever was erased and is back: a database that was restored from a backup forgets who asked to be forgotten.

use super::Every;
use crate::cli::chain;
use steward_core::Actor;
use steward_office::audit::personal;
use steward_office::{Office, OfficeError};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

/// How often, in seconds; the first time at once.
const EVERY_SECONDS: u64 = 600;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        match once(&store, &office).await {
            Ok(0) => {}
            Ok(erased) => warn!(subjects = erased, "personal details that had been erased were back and are erased again: is this an older database?"),
            Err(err) => error!(error = chain(&err), "whether erased personal details are back cannot be told; trying again"),
        }
    }
}

/// Looks at every organisation once.
pub async fn once(store: &Store, office: &Office) -> Result<u64, OfficeError> {
    let mut erased = 0;
    for row in store.all_tenants().await? {
        let mut tx = store.begin(&Actor::worker(row.tenant)).await?;
        erased += personal::erase_again(&mut tx, office).await?;
        tx.commit().await?;
    }
    Ok(erased)
}
