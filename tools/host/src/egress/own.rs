//! Secrets that an organisation has for itself: asked for at the beginning of each call, and in that call the same as the operator's.

use super::Egress;
use crate::mcp::Secret;
use crate::office::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use steward_core::{Failure, FailureClass};
use tokio::time::timeout_at;

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

/// The gate of a plugin that has one, as it is for one call of this tool, or why the call is refused. It takes no longer than the call may.
pub(crate) async fn gate_for(gate: Option<&Arc<Egress>>, tool: &str, own: &dyn OwnSecrets, deadline: Instant) -> Result<Option<Arc<Egress>>, Failure> {
    let Some(gate) = gate else { return Ok(None) };
    match timeout_at(deadline.into(), gate.for_call(own)).await {
        Ok(Ok(gate)) => Ok(Some(gate)),
        // Without knowing what to look for, nothing that comes back or is told could be said to be clean.
        refused @ (Ok(Err(_)) | Err(_)) => {
            if refused.is_err() {
                tracing::error!(tool.name = tool, "the organisation's secrets were not read in the time of the call, so it is refused");
            }
            let message = "the organisation's secrets for this plugin cannot be read now; nothing was asked".to_owned();
            Err(Failure { class: FailureClass::Unavailable, message, retryable: true })
        }
    }
}

impl Egress {
    /// The gate as it is for one call: with what the organisation has of those secrets that the operator set no value for. They are looked for
    /// like the operator's in what comes back and in all that the plugin tells, in that call and in no other. Whatever its tool's effect is: a tool
    /// that asks nobody outside, or says what a call would do, may tell what another one kept or wrote into a record.
    ///
    /// # Errors
    /// Away where they cannot be read, or could not be found again in what comes back.
    async fn for_call(self: &Arc<Self>, own: &dyn OwnSecrets) -> Result<Arc<Self>, SecretsAway> {
        let open = self.open_names();
        if open.is_empty() {
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
