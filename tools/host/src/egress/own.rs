//! Secrets that an organisation has for itself: asked for at the beginning of each call, and in that call the same as the operator's.

use super::{Dialer, Egress};
use crate::mcp::Secret;
use crate::office::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The organisation's secrets cannot be read or opened now. Why is for whoever keeps them to write down, and for no model to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the organisation's secrets cannot be read")]
pub struct SecretsAway;

/// The secrets of the organisation that a call is made for. One is made for each run, and knows whose it is.
pub trait OwnSecrets: Send + Sync {
    /// Those of these names of a plugin's manifest that have a value.
    fn of_plugin<'a>(&'a self, plugin: &'a str, names: &'a [String]) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, SecretsAway>>;
}

/// Nobody has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSecrets;

impl OwnSecrets for NoSecrets {
    fn of_plugin<'a>(&'a self, _plugin: &'a str, _names: &'a [String]) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, SecretsAway>> {
        Box::pin(std::future::ready(Ok(BTreeMap::new())))
    }
}

impl Egress {
    /// The gate as it is for one call: with what the organisation has of those secrets that the operator set no value for. They are looked for
    /// in what comes back like the operator's, in that call and in no other.
    pub(crate) async fn for_call(self: &Arc<Self>, own: &dyn OwnSecrets) -> Result<Arc<Self>, SecretsAway> {
        let open = self.open_names();
        if open.is_empty() {
            return Ok(Arc::clone(self));
        }
        let mut found = own.of_plugin(&self.plugin, &open).await?;
        // Whatever else is told: the operator's counts first, and no name that the manifest has not.
        found.retain(|name, _| open.contains(name));
        if found.is_empty() {
            return Ok(Arc::clone(self));
        }
        found.extend(self.secrets.clone());
        Ok(Arc::new(Self::with(self.plugin.clone(), self.rules.clone(), found, Arc::clone(&self.dialer))))
    }

    /// Names of the manifest's secrets that the operator set no value for, each once.
    fn open_names(&self) -> Vec<String> {
        let named = self.rules.iter().filter_map(|rule| rule.secret.as_ref()).flat_map(|secret| secret.names());
        let mut open: Vec<String> = named.filter(|name| !self.secrets.contains_key(*name)).map(str::to_owned).collect();
        open.sort_unstable();
        open.dedup();
        open
    }

    pub(super) fn with(plugin: String, rules: Vec<super::EgressRule>, secrets: BTreeMap<String, Secret>, dialer: Arc<Dialer>) -> Self {
        let scrubber = super::Scrubber::of(secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose())));
        Self { plugin, rules, secrets, scrubber, dialer }
    }
}
