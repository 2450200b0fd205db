//! The organisation's own secrets, for the calls of a run: read as the run's actor, so that row security says whose they are.

use super::Drive;
use super::journal::Journal;
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::Arc;
use steward_core::{Actor, RunId};
use steward_host::mcp::Secret;
use steward_host::office::BoxFuture;
use steward_host::{NoSecrets, OWN_SECRET_BYTES_MAX, OwnSecrets, SecretsAway};
use steward_office::{Office, OfficeError, secrets};
use steward_store::Store;
use tracing::error;

// Invariant: what can be set can be used; a longer one would be stored and have each call refused.
const _: () = assert!(secrets::VALUE_BYTES_MAX == OWN_SECRET_BYTES_MAX, "an organisation's secret is as long where it is kept as where it is used");

/// The secrets of the organisation that a run belongs to.
struct OfRun {
    store: Store,
    office: Office,
    actor: Actor,
    run: RunId,
}

impl OfRun {
    async fn open(&self, plugin: &str, wanted: &BTreeMap<String, Vec<String>>) -> Result<BTreeMap<String, Secret>, OfficeError> {
        let mut tx = self.store.begin(&self.actor).await?;
        let found = secrets::open(&mut tx, &self.office, plugin, wanted).await?;
        Ok(found.into_iter().map(|(name, value)| (name, Secret::new(value.expose_secret()))).collect())
    }
}

impl OwnSecrets for OfRun {
    fn of_plugin<'a>(&'a self, plugin: &'a str, wanted: &'a BTreeMap<String, Vec<String>>) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, SecretsAway>> {
        Box::pin(async move {
            self.open(plugin, wanted).await.map_err(|err| {
                let source = err.source().map(ToString::to_string).unwrap_or_default();
                error!(run.id = %self.run, tenant.id = %self.actor.tenant, plugin.name = plugin, error = %err, source, "the organisation's secrets for `{plugin}` cannot be read, so its call is refused");
                SecretsAway
            })
        })
    }
}

/// Those of the organisation that this actor of a run belongs to, opened as that actor.
pub(crate) fn of_run(store: Store, office: Office, actor: Actor, run: RunId) -> Arc<dyn OwnSecrets> {
    Arc::new(OfRun { store, office, actor, run })
}

impl Drive<'_> {
    /// Where calls find what the organisation has for their plugins; a run without a database has nothing.
    pub(super) fn secrets(&self) -> Arc<dyn OwnSecrets> {
        match &self.journal {
            Journal::Postgres { store, actor } => of_run(store.clone(), self.runtime.office.clone(), actor.clone(), self.run_id),
            Journal::Memory(_) => Arc::new(NoSecrets),
        }
    }
}
