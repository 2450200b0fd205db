//! Lists the tools.

use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::keyed::KeyedQuery;
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use steward_core::{ArgumentRole, Digest, Effect, Origin, ToolSpec};
use utoipa::ToSchema;

/// A tool: what the model is told, what the gate judges by, what the host enforces.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolView {
    #[schema(example = "crm.find_contacts")]
    name: String,
    /// The plugin that offers it, with its version.
    #[schema(example = "crm@1.0.0")]
    plugin: String,
    /// For the model.
    description: String,
    /// What it does to the world: read, fetch, write, send, destroy, money, credential, member, admin.
    #[schema(value_type = String)]
    effect: Effect,
    reversible: bool,
    /// Whether it may be repeated with the same key after a crash.
    idempotent: bool,
    /// JSON Schema of the arguments.
    arguments: Value,
    /// JSON Schema of the result.
    result: Value,
    /// What each argument is for.
    #[schema(value_type = BTreeMap<String, String>)]
    roles: BTreeMap<String, ArgumentRole>,
    /// Where each field of the result comes from; what is not named is outside text.
    #[schema(value_type = BTreeMap<String, String>)]
    result_labels: BTreeMap<String, Origin>,
    /// Result fields by which an owner names a record.
    anchors: Vec<String>,
    /// Facts its rules ask for.
    facts: Vec<String>,
    timeout_ms: u64,
    /// SHA-256 over the plugin's wasm and manifest.
    #[schema(value_type = String)]
    plugin_digest: Digest,
    /// SHA-256 over the schemas.
    #[schema(value_type = String)]
    schema_digest: Digest,
}

impl From<ToolSpec> for ToolView {
    fn from(spec: ToolSpec) -> Self {
        Self {
            name: spec.name,
            plugin: spec.plugin,
            description: spec.description,
            effect: spec.effect,
            reversible: spec.reversible,
            idempotent: spec.idempotent,
            arguments: spec.arguments,
            result: spec.result,
            roles: spec.roles,
            result_labels: spec.result_labels,
            anchors: spec.anchors,
            facts: spec.facts,
            timeout_ms: spec.timeout_ms,
            plugin_digest: spec.plugin_digest,
            schema_digest: spec.schema_digest,
        }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List the tools").query::<KeyedQuery>().answers_page::<ToolView>("Tools, by name.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<KeyedQuery>) -> Answer {
    let (specs, next) = query.page::<String>()?.cut(caller.state().host.specs(), |spec| spec.name.clone());
    json(StatusCode::OK, &PageOf::keyed(specs, next, ToolView::from))
}
