//! Secrets that an organisation has for itself: asked for at the beginning of each call, and in that call the same as the operator's.

use super::{Egress, asks_others};
use crate::mcp::Secret;
use crate::office::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use steward_core::Effect;

/// The longest secret that an organisation has for itself, in bytes.
pub const OWN_SECRET_BYTES_MAX: usize = 512;

/// The organisation's secrets cannot be read or opened now. Why is for whoever keeps them to write down, and for no model to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the organisation's secrets cannot be read")]
pub struct SecretsAway;

/// The secrets of the organisation that a call is made for. One is made for each run, and knows whose it is.
pub trait OwnSecrets: Send + Sync {
    /// Those of these names of a plugin's manifest that have a value which may go to all of the name's origins
    /// ([`EgressRule::secret_origin`](super::EgressRule::secret_origin)).
    fn of_plugin<'a>(&'a self, plugin: &'a str, wanted: &'a BTreeMap<String, Vec<String>>) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, SecretsAway>>;
}

/// Nobody has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSecrets;

impl OwnSecrets for NoSecrets {
    fn of_plugin<'a>(&'a self, _: &'a str, _: &'a BTreeMap<String, Vec<String>>) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, SecretsAway>> {
        Box::pin(std::future::ready(Ok(BTreeMap::new())))
    }
}

impl Egress {
    /// The gate as it is for one call: with what the organisation has of those secrets that the operator set no value for. They are looked for
    /// in what comes back like the operator's, in that call and in no other. A tool of an effect that asks nobody outside needs none.
    ///
    /// # Errors
    /// Away where they cannot be read, or could not be found again in what comes back.
    pub(crate) async fn for_call(self: &Arc<Self>, effect: Effect, own: &dyn OwnSecrets) -> Result<Arc<Self>, SecretsAway> {
        let open = self.open_names();
        if open.is_empty() || !asks_others(effect) {
            return Ok(Arc::clone(self));
        }
        let mut found = own.of_plugin(&self.plugin, &open).await?;
        // Whatever else is told: the operator's counts first, and no name that the manifest has not.
        found.retain(|name, _| open.contains_key(name));
        if found.is_empty() {
            return Ok(Arc::clone(self));
        }
        // What is looked for grows with the value, and is built for each call: a long one would take the server's memory.
        if found.values().any(|secret| secret.expose().len() > OWN_SECRET_BYTES_MAX) {
            tracing::error!(
                plugin.name = self.plugin,
                "a secret of the organisation for `{}` is longer than {OWN_SECRET_BYTES_MAX} bytes, so its call is refused",
                self.plugin
            );
            return Err(SecretsAway);
        }
        // Away from the threads that others' calls go on with.
        let (operators, own) = (self.scrubber.clone(), found.clone());
        let built = tokio::task::spawn_blocking(move || operators.with_own(own.iter().map(|(name, secret)| (name.as_str(), secret.expose()))));
        let scrubber = built.await.map_err(|_| SecretsAway).flatten().inspect_err(|_| {
            tracing::error!(plugin.name = self.plugin, "what looks for the secrets of `{}` cannot be built, so its call is refused", self.plugin);
        })?;
        found.extend(self.secrets.clone());
        Ok(Arc::new(Self { plugin: self.plugin.clone(), rules: self.rules.clone(), secrets: found, scrubber, dialer: Arc::clone(&self.dialer) }))
    }

    /// Names of the manifest's secrets that the operator set no value for, each with every origin it goes to.
    fn open_names(&self) -> BTreeMap<String, Vec<String>> {
        let mut open: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for rule in &self.rules {
            let (Some(secret), Some(origin)) = (&rule.secret, rule.secret_origin()) else { continue };
            for name in secret.names().into_iter().filter(|name| !self.secrets.contains_key(*name)) {
                open.entry(name.to_owned()).or_default().push(origin.clone());
            }
        }
        open
    }
}
