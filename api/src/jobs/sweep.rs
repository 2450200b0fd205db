//! Removes what no longer counts: old sign-in failures, remembered answers and what became of old messages, in every organisation.

use super::Every;
use crate::cli::chain;
use steward_core::Actor;
use steward_office::people::{self, PeopleError};
use steward_office::{Office, notices};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// How often, in seconds.
const EVERY_SECONDS: u64 = 600;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        if let Err(err) = once(&store, &office).await {
            warn!(error = chain(&err), "old sign-in failures and answers could not be removed; trying again");
        }
    }
}

/// Removes what is old now.
pub async fn once(store: &Store, office: &Office) -> Result<(), PeopleError> {
    for row in store.all_tenants().await? {
        let mut tx = store.begin(&Actor::worker(row.tenant)).await?;
        let swept = people::sweep(&mut tx, office).await?;
        let forgotten = notices::sweep(&mut tx, office).await?;
        tx.commit().await?;
        debug!(failures = swept.failures, answers = swept.answers, notices = forgotten, "swept");
    }
    Ok(())
}
