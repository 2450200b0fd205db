//! The rules of the installation's files as a process finds them: on record, in every organisation that goes by them, before anything is decided by
//! them. What changes while it runs is put on record by the watch over the files.

use steward_agent::rules::SharedRules;
use steward_core::Actor;
use steward_office::Office;
use steward_store::doors::TenantRow;
use steward_store::{Store, StoreError};

/// Puts on record which rules a process starts with, where the log says something else or nothing yet.
///
/// # Errors
/// Those of the database: then nothing is to be served.
pub async fn at_start(store: &Store, office: &Office, rules: &SharedRules) -> Result<(), StoreError> {
    let base = rules.base();
    for TenantRow { tenant, .. } in store.all_tenants().await? {
        // One with rules of its own goes by those.
        if rules.version_of(tenant).is_none() {
            let mut tx = store.begin(&Actor::worker(tenant)).await?;
            steward_office::policies::started(&mut tx, office, base.digest(), base.list().len()).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}
