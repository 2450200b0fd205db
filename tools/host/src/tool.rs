//! One tool, of a plugin or by MCP: its specification, its compiled schemas, what it is made of.

use crate::egress::{CALL_EGRESS_BYTES_MAX, CALL_REQUESTS_MAX};
use crate::error::PluginError;
use crate::manifest::{Limits, ToolEntry};
use crate::mcp::call::Remote;
use crate::plugin::Plugin;
use crate::sandbox::QUESTIONS_MAX;
use crate::schema::{ArgumentError, Arguments, Results, has_place, is_open_text, without_role};
use serde_json::Value;
use std::sync::Arc;
use steward_core::{ArgumentRole, Digest, Effect, Origin, PluginWork, ToolSpec};

/// What a tool is made of.
#[derive(Debug)]
pub(crate) enum Body {
    /// A plugin's code, with its limits.
    Plugin { plugin: Arc<Plugin>, limits: Limits },
    /// A tool of an MCP server.
    Mcp(Remote),
    /// Carried out by the loop itself.
    Own,
}

impl Body {
    /// Whether a call may tell others: the manifest lets the plugin ask some, and the effect says that this tool does.
    fn reaches_out(&self, effect: Effect) -> bool {
        matches!(self, Self::Plugin { plugin, .. } if plugin.egress.is_some()) && !matches!(effect, Effect::Read | Effect::Write)
    }

    fn full_name(&self) -> String {
        match self {
            Self::Plugin { plugin, .. } => plugin.full_name(),
            Self::Mcp(remote) => remote.full_name(),
            Self::Own => concat!("steward@", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// A tool that can be judged and called.
#[derive(Debug)]
pub struct Tool {
    spec: ToolSpec,
    arguments: Arguments,
    pub(crate) results: Results,
    pub(crate) body: Body,
    readers: Option<String>,
    /// Whether its code says what a call would do.
    pub(crate) preview: bool,
}

impl Tool {
    /// The MCP server it is of.
    pub(crate) fn server(&self) -> Option<&str> {
        match &self.body {
            Body::Mcp(remote) => Some(&remote.server.config.name),
            Body::Plugin { .. } | Body::Own => None,
        }
    }

    /// The plugin it is of.
    pub(crate) fn plugin(&self) -> Option<&str> {
        match &self.body {
            Body::Plugin { plugin, .. } => Some(plugin.name()),
            Body::Mcp(_) | Body::Own => None,
        }
    }

    /// Compiles the schemas and checks that every annotation of the manifest has its place in them.
    pub(crate) fn new(body: Body, mut entry: ToolEntry, deadline_ms: u64, arguments: Value, result: Value) -> Result<Self, PluginError> {
        let reaches_out = body.reaches_out(entry.effect);
        if reaches_out {
            // What comes back is another's word, however the manifest calls it: authentic at most.
            for origin in entry.result_labels.values_mut() {
                *origin = if *origin == Origin::Outside { Origin::Outside } else { Origin::Fact };
            }
        }
        let entry = entry;
        let refuse = |problem: String| PluginError::Schema { tool: entry.name.clone(), problem };
        let compiled = Arguments::compile(&arguments).map_err(refuse)?;
        let results = Results::compile(&result).map_err(|problem| refuse(format!("the result's schema is {problem}")))?;
        for role in entry.roles.keys() {
            let pointer = if role.starts_with('/') { role.clone() } else { format!("/{role}") };
            if !has_place(&arguments, &pointer) {
                return Err(refuse(format!("role `{role}` names no argument of the schema")));
            }
            // A switch says nothing by itself, so it is not judged by who may read it: where others are asked it must be one.
            if reaches_out && entry.roles.get(role) == Some(&ArgumentRole::Mode) && is_open_text(&arguments, &pointer) {
                return Err(refuse(format!(
                    "argument `{role}` has the role `mode` and takes any text, which others would be told; list its words as `enum`, or give it another role"
                )));
            }
        }
        for name in arguments.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys()) {
            let deeper = format!("/{name}/");
            if !entry.roles.keys().any(|role| role == name || role.strip_prefix('/') == Some(name) || role.starts_with(&deeper)) {
                return Err(refuse(format!("argument `{name}` has no role; say under roles what it is for")));
            }
        }
        // What is inside of an argument steers as well: a receiver in a list that only the list has a role for would be judged as content.
        if let Some(place) = without_role(&arguments, &entry.roles) {
            return Err(refuse(format!(
                "argument `{place}` has no role; say under roles what it is for, or what its whole argument is for by the argument's name"
            )));
        }
        let pointers = entry.result_labels.keys().chain(&entry.anchors).chain(&entry.readers);
        for pointer in pointers {
            if !pointer.starts_with('/') || !has_place(&result, pointer) {
                return Err(refuse(format!("`{pointer}` names no field of the result's schema")));
            }
        }
        let mut records = entry.records.clone();
        for record in &mut records {
            // Readers that the tool names as a place are a field of the record that holds it.
            let field = entry.readers.as_deref().and_then(|place| place.strip_prefix(&record.at)?.strip_prefix('/'));
            record.readers.extend(field.filter(|field| !field.contains('/')).map(str::to_owned));
            for field in record.key.iter().chain(&record.anchors).chain(&record.readers) {
                let pointer = format!("{}/{field}", record.at);
                if !has_place(&result, &pointer) {
                    return Err(refuse(format!("the record `{}` names `{pointer}`, which is no field of the result's schema", record.of)));
                }
            }
        }
        let schema_digest = Digest::of_value(&[&arguments, &result]).map_err(|err| refuse(err.to_string()))?;
        let timeout_ms = entry.timeout_ms.unwrap_or(deadline_ms);
        let plugin_digest = match &body {
            Body::Plugin { plugin, .. } => plugin.digest,
            Body::Mcp(remote) => remote.identity(&entry).map_err(|err| refuse(err.to_string()))?,
            Body::Own => schema_digest,
        };
        let spec = ToolSpec {
            name: entry.name,
            plugin: body.full_name(),
            description: entry.description,
            effect: entry.effect,
            reversible: entry.reversible,
            idempotent: entry.idempotent,
            arguments,
            result,
            roles: entry.roles,
            result_labels: entry.result_labels,
            anchors: entry.anchors,
            records,
            // What is for some readers is not for all.
            private: entry.private || entry.readers.is_some(),
            reaches_out,
            facts: entry.facts,
            timeout_ms,
            plugin_digest,
            schema_digest,
        };
        Ok(Self { spec, arguments: compiled, results, body, readers: entry.readers, preview: entry.preview })
    }

    /// Everything others need to know of the tool.
    pub fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    /// Whether a call of it reaches nothing but this process and the office: the code of a plugin whose manifest lets it ask nobody else.
    pub fn stays_inside(&self) -> bool {
        matches!(&self.body, Body::Plugin { plugin, .. } if plugin.egress.is_none())
    }

    /// What one call of it may take at most of what the plugins of a run have together: nothing where no plugin runs.
    pub fn work_max(&self) -> PluginWork {
        let Body::Plugin { plugin, limits } = &self.body else { return PluginWork::default() };
        let (requests, egress_bytes) = if plugin.egress.is_some() { (CALL_REQUESTS_MAX, CALL_EGRESS_BYTES_MAX) } else { (0, 0) };
        PluginWork { requests, questions: QUESTIONS_MAX, egress_bytes, fuel: limits.fuel }
    }

    /// Where the result says who may read it, as a JSON pointer with `*`.
    pub fn readers(&self) -> Option<&str> {
        self.readers.as_deref()
    }

    /// Cleans and checks arguments; the gate judges what comes back. Larger than 64 KiB, nested deeper than 32 levels,
    /// an unknown field or a NUL character are refused with the place as a JSON pointer.
    pub fn check_arguments(&self, arguments: &Value) -> Result<Value, ArgumentError> {
        self.arguments.check(arguments)
    }

    /// Whether arguments that were checked once still match.
    pub(crate) fn accepts(&self, arguments: &Value) -> bool {
        self.arguments.matches(arguments)
    }
}
