//! Secrets of plugins: what they are called and where they go, and for owners setting and removing the organisation's own. A value goes in
//! and comes out nowhere.

pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod set;

use crate::error::ApiError;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use serde::Serialize;
use std::collections::BTreeMap;
use steward_core::PersonId;
use steward_host::{EgressRule, Host};
use steward_office::secrets;
use steward_store::secret::SecretRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What names a secret in a path: its plugin and its name.
pub(crate) type Named = Result<Path<(String, String)>, PathRejection>;

/// Whatever names no secret is missing, however it is spelt.
fn named(path: Named) -> Result<(String, String), ApiError> {
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    path.ok().map(|Path(named)| named).filter(|(plugin, name)| is_name(plugin) && is_name(name)).ok_or_else(ApiError::missing)
}

/// Where a secret goes, by the manifest of its plugin: there and nowhere else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretUse {
    /// https, or http where the operator named an address for it.
    #[schema(example = "https")]
    scheme: String,
    #[schema(example = "api.example.com")]
    host: String,
    port: u16,
    methods: Vec<String>,
    /// A part that is `*` is any one part, and as the last all that follows.
    paths: Vec<String>,
    /// The header it is sent in.
    #[schema(example = "Authorization")]
    header: String,
    /// The host's own word for where that is.
    #[serde(skip)]
    origin: String,
}

/// A secret that a plugin's manifest names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginSecretView {
    plugin: String,
    name: String,
    /// Where it goes; empty where no loaded plugin names it any more.
    uses: Vec<SecretUse>,
    /// configuration: the operator set it for all organisations, which counts first. organisation: an owner set it here. Null where nobody did.
    set_in: Option<&'static str>,
    /// Whether the plugin goes elsewhere than when the organisation's own value was set: that one is not sent until an owner sets it anew.
    goes_elsewhere: bool,
    /// Counts the changes of the organisation's own value, removals too; null where there never was one.
    version: Option<i32>,
    /// Who changed that last.
    #[schema(value_type = Option<String>, example = "person_01k4…")]
    set_by: Option<PersonId>,
    /// When.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    set_at: Option<OffsetDateTime>,
}

/// Everything that goes out under a secret of the loaded plugins, by plugin and name.
fn uses(host: &Host) -> BTreeMap<(String, String), Vec<SecretUse>> {
    let mut uses: BTreeMap<(String, String), Vec<SecretUse>> = BTreeMap::new();
    for plugin in host.plugins() {
        for rule in &plugin.egress {
            let Some(secret) = &rule.secret else { continue };
            let mut names = secret.names();
            names.sort_unstable();
            names.dedup();
            for name in names {
                uses.entry((plugin.name.clone(), name.to_owned())).or_default().push(SecretUse::of(rule, &secret.header));
            }
        }
    }
    uses
}

/// Where a secret goes.
fn origins(uses: &[SecretUse]) -> Vec<String> {
    uses.iter().map(|one| one.origin.clone()).collect()
}

impl SecretUse {
    fn of(rule: &EgressRule, header: &str) -> Self {
        Self {
            scheme: rule.scheme.to_string(),
            host: rule.host.clone(),
            port: rule.port(),
            methods: rule.methods.clone(),
            paths: rule.paths.clone(),
            header: header.to_owned(),
            origin: rule.secret_origin().unwrap_or_default(),
        }
    }
}

impl PluginSecretView {
    fn of(host: &Host, (plugin, name): (String, String), uses: Vec<SecretUse>, row: Option<&SecretRow>) -> Self {
        let is_own = row.is_some_and(|row| row.sealed.is_some());
        let set_in = if host.has_secret(&plugin, &name) {
            Some("configuration")
        } else if is_own {
            Some("organisation")
        } else {
            None
        };
        let goes_elsewhere = set_in == Some("organisation") && row.is_some_and(|row| !secrets::is_for(row, &origins(&uses)));
        Self {
            set_in,
            goes_elsewhere,
            uses,
            version: row.map(|row| row.version),
            set_by: row.map(|row| row.set_by),
            set_at: row.map(|row| row.set_at),
            plugin,
            name,
        }
    }
}
