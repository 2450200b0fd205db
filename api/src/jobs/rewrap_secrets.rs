//! Wraps anew, with the data key of now, what a former one wrapped: keys of organisations' secrets, keys of personal details and secrets for
//! one-time codes. After that what the database has opens without the former, which may be destroyed (`steward doctor` says when). The keys that
//! were wrapped stay: whoever had the former key and the database before can open what is sealed with them.

use super::Every;
use crate::cli::chain;
use steward_core::{Actor, TenantId};
use steward_office::rewrap::{self, Place};
use steward_office::{Office, OfficeError, secrets};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// How often, in seconds; the first time at once.
const EVERY_SECONDS: u64 = 600;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop.clone());
    while every.next().await {
        match once(&store, &office, &stop).await {
            Ok(0) => {}
            Ok(rewrapped) => info!(rewrapped, "what a former data key wrapped is wrapped with the new one"),
            Err(err) => error!(error = chain(&err), "what a former data key wrapped cannot be wrapped with the new one; trying again"),
        }
    }
}

/// Looks at every organisation once, and on although something of one does not open; no further after `stop`. Returns how much was wrapped anew.
pub async fn once(store: &Store, office: &Office, stop: &CancellationToken) -> Result<u64, OfficeError> {
    let (mut rewrapped, mut left) = (0_u64, 0_u64);
    for row in store.all_tenants().await? {
        if stop.is_cancelled() {
            break;
        }
        match of_secrets(store, office, row.tenant).await {
            Ok(is_done) => rewrapped += u64::from(is_done),
            Err(err) => {
                left += 1;
                error!(tenant.id = %row.tenant, left, error = chain(&err), "the key of an organisation's secrets cannot be wrapped with the data key; trying again");
            }
        }
        match of_people(store, office, row.tenant, stop).await {
            Ok(done) => rewrapped += done,
            Err(err) => {
                error!(tenant.id = %row.tenant, error = chain(&err), "keys of personal details cannot be wrapped with the data key; trying again");
            }
        }
    }
    Ok(rewrapped)
}

async fn of_secrets(store: &Store, office: &Office, tenant: TenantId) -> Result<bool, OfficeError> {
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let is_done = secrets::rewrap(&mut tx, office).await?;
    tx.commit().await?;
    Ok(is_done)
}

/// Pass after pass, each a transaction, to the end of the organisation's rows. One that cannot be finished ends it for now.
async fn of_people(store: &Store, office: &Office, tenant: TenantId, stop: &CancellationToken) -> Result<u64, OfficeError> {
    let (mut rewrapped, mut left, mut from) = (0_u64, 0_u64, Some(Place::default()));
    while let Some(place) = from.take().filter(|_| !stop.is_cancelled()) {
        let mut tx = store.begin(&Actor::worker(tenant)).await?;
        let pass = rewrap::pass(&mut tx, office, &place).await?;
        tx.commit().await?;
        rewrapped += pass.details + pass.codes;
        left += pass.left;
        from = pass.next;
    }
    if left > 0 {
        error!(tenant.id = %tenant, left, "keys of personal details or secrets for one-time codes open with none of the data keys that are here");
    }
    Ok(rewrapped)
}
