//! The JSON Schemas of a plugin's tools: derived from the code, kept as files that the manifest names.
//!
//! Not part of the component; a plugin's test calls [`check`], and `UPDATE=1 cargo test` rewrites the files.

use crate::{Answered, Request};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;
use std::{fs, path::Path};

/// The schemas of one tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSchemas {
    /// The tool's name.
    pub tool: &'static str,
    /// Of its arguments object.
    pub arguments: Value,
    /// Of its result.
    pub result: Value,
}

/// Derives the schemas of a tool function.
pub fn of<A: JsonSchema, R: JsonSchema>(tool: &'static str, _: fn(A, &Request) -> Answered<R>) -> ToolSchemas {
    // Without references: the host walks the schema once, and a model reads it better.
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let derive = |settings: SchemaSettings, make: fn(SchemaSettings) -> schemars::Schema| {
        let mut schema = make(settings);
        schema.remove("title");
        schema.to_value()
    };
    ToolSchemas {
        tool,
        arguments: derive(settings.clone().for_deserialize(), |settings| settings.into_generator().into_root_schema_for::<A>()),
        result: derive(settings.for_serialize(), |settings| settings.into_generator().into_root_schema_for::<R>()),
    }
}

/// Compares the schemas with `<folder>/<verb>.arguments.json` and `<verb>.result.json`; with `update` writes the files.
/// The error names every file that is stale.
pub fn check(folder: &Path, tools: &[ToolSchemas], update: bool) -> Result<(), String> {
    let mut stale = Vec::new();
    for tool in tools {
        let verb = tool.tool.rsplit('.').next().unwrap_or(tool.tool);
        for (part, schema) in [("arguments", &tool.arguments), ("result", &tool.result)] {
            let file = folder.join(format!("{verb}.{part}.json"));
            let fresh = format!("{schema:#}\n");
            if fs::read_to_string(&file).is_ok_and(|text| text == fresh) {
                continue;
            }
            if update {
                fs::write(&file, fresh).map_err(|err| format!("cannot write `{}`: {err}", file.display()))?;
            } else {
                stale.push(file.display().to_string());
            }
        }
    }
    if stale.is_empty() { Ok(()) } else { Err(format!("stale schemas, run the test again with UPDATE=1 and commit: {}", stale.join(", "))) }
}
