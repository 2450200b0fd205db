//! Gives audit entries their places and signs each organisation's tree. One process at a time does it; the others find nothing to do.

use super::Every;
use crate::cli::chain;
use std::collections::HashMap;
use steward_core::TenantId;
use steward_office::audit::sequence::Sequencer;
use steward_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

/// How often, in seconds.
const EVERY_SECONDS: u64 = 1;
/// A log that does not go on is spoken of again after so many rounds.
const SAY_AGAIN_ROUNDS: u32 = 60;

/// Works until `stop`.
pub async fn run(store: Store, sequencer: Sequencer, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    let mut failing: HashMap<TenantId, u32> = HashMap::new();
    while every.next().await {
        if let Err(err) = once(&store, &sequencer, &mut failing).await {
            warn!(error = chain(&err), "the audit log could not be signed; trying again");
        }
    }
}

/// One pass over every organisation. An organisation whose log does not go on does not hold up the others.
async fn once(store: &Store, sequencer: &Sequencer, failing: &mut HashMap<TenantId, u32>) -> Result<(), StoreError> {
    for row in store.all_tenants().await? {
        match sequencer.pass(store, row.tenant).await {
            Ok(passed) => {
                failing.remove(&row.tenant);
                if let Some(passed) = passed.filter(|passed| passed.added > 0) {
                    debug!(tenant.id = %row.tenant, "{} audit entries were signed; the log has {}", passed.added, passed.size);
                }
            }
            Err(err) => {
                let rounds = failing.entry(row.tenant).or_default();
                if rounds.is_multiple_of(SAY_AGAIN_ROUNDS) {
                    error!(tenant.id = %row.tenant, "THE AUDIT LOG DOES NOT GO ON: {}", chain(&err));
                }
                *rounds = rounds.wrapping_add(1);
            }
        }
    }
    Ok(())
}
