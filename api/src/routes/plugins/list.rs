//! Lists the plugins.

use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::keyed::KeyedQuery;
use crate::openapi::Doc;
use crate::routes::PageOf;
use crate::tool_sets::{EgressView, KvView};
use http::StatusCode;
use serde::Serialize;
use steward_core::Digest;
use steward_host::{PluginInfo, PluginLimits};
use utoipa::ToSchema;

/// What one call of a plugin's tools may use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginLimitsView {
    /// Memory in MiB.
    memory_mb: u64,
    /// Fuel: about one for each instruction.
    fuel: u64,
    /// Time in milliseconds.
    deadline_ms: u64,
    /// Largest result in KiB.
    output_kb: u64,
}

impl From<PluginLimits> for PluginLimitsView {
    fn from(limits: PluginLimits) -> Self {
        let PluginLimits { memory_mb, fuel, deadline_ms, output_kb } = limits;
        Self { memory_mb, fuel, deadline_ms, output_kb }
    }
}

/// A plugin: a component that runs in a sandbox, with what it was granted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginView {
    #[schema(example = "crm")]
    name: String,
    #[schema(example = "1.0.0")]
    version: String,
    /// What it was written in.
    #[schema(example = "rust")]
    language: String,
    /// SHA-256 over its component, manifest and schemas.
    #[schema(value_type = String)]
    digest: Digest,
    /// The interfaces it was granted; it reaches nothing else.
    imports: Vec<String>,
    /// Whom it may ask outside.
    egress: Vec<EgressView>,
    limits: PluginLimitsView,
    /// What it asks to keep between calls.
    kv: Option<KvView>,
    /// Its tools, by their whole names.
    tools: Vec<String>,
}

impl From<PluginInfo> for PluginView {
    fn from(info: PluginInfo) -> Self {
        let PluginInfo { name, version, language, digest, imports, egress, limits, kv, tools } = info;
        let egress = egress.iter().map(EgressView::from).collect();
        Self { name, version, language, digest, imports, egress, limits: limits.into(), kv: kv.map(Into::into), tools }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List the plugins")
        .about("Those that run in the sandbox. Tools of other servers are listed with the tools and have no grants here.")
        .query::<KeyedQuery>()
        .answers_page::<PluginView>("Plugins, by name.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<KeyedQuery>) -> Answer {
    let (plugins, next) = query.page::<String>()?.cut(caller.state().host.plugins(), |plugin| plugin.name.clone());
    json(StatusCode::OK, &PageOf::keyed(plugins, next, PluginView::from))
}
