//! The world of one plugin: the interface of Steward with exactly what the manifest asks for.
//!
//! Guests of languages with an interpreter import the whole world that they are built for, used or not, so each gets one of its own. What of it
//! is WASI, the interpreters that speak it import by themselves.

use crate::error::KitError;
use crate::project::Project;
use std::path::PathBuf;
use steward_host::Outline;

/// The interface, as the host speaks it.
const INTERFACE: &str = include_str!("../../wit/world.wit");
/// Where the interface ends and the worlds begin.
const WORLDS: &str = "/// Everything a plugin may import";
/// The grant whose interfaces are not Steward's own.
pub(crate) const WASI: &str = "wasi-http";
/// The world's name.
pub(crate) const NAME: &str = "plugin";

/// The interface with one world, for the plugin of a manifest.
pub(crate) fn text(outline: &Outline) -> String {
    let interface = INTERFACE.split(WORLDS).next().unwrap_or(INTERFACE).trim_end();
    let own = outline.imports.iter().filter(|name| **name != WASI);
    let imports: String = own.map(|name| format!("  import {name};\n")).collect();
    let (types, preview) = match outline.tools.iter().any(|tool| tool.preview) {
        true => ("manifest-check, request, response, preview as shown, error", "  export preview: func(request: request) -> result<shown, error>;\n"),
        false => ("manifest-check, request, response, error", ""),
    };
    format!(
        "{interface}\n\nworld {NAME} {{\n{imports}  use types.{{{types}}};\n  export describe: func() -> manifest-check;\n  export call: func(request: request) -> result<response, error>;\n{preview}}}\n"
    )
}

/// Writes it into the project, and says which folder it is in.
pub(crate) fn write(project: &Project) -> Result<PathBuf, KitError> {
    let dir = project.own("wit")?;
    let path = dir.join("world.wit");
    std::fs::write(&path, text(&project.outline)).map_err(KitError::write(&path))?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_host::OutlineTool;

    fn outline(imports: &[&'static str], preview: bool) -> Outline {
        let tool = OutlineTool { name: "a.b".to_owned(), effect: steward_core::Effect::Write, preview };
        Outline {
            name: "a".to_owned(),
            version: "1.0.0".to_owned(),
            language: "js".to_owned(),
            imports: imports.to_vec(),
            egress: Vec::new(),
            tools: vec![tool],
        }
    }

    /// `get-contact` as JavaScript says it.
    fn camel(name: &str) -> String {
        let mut parts = name.split('-');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |all, part| all + &part[..1].to_uppercase() + &part[1..])
    }

    #[test]
    fn the_types_for_typescript_have_all_that_the_interface_has() {
        const TYPES: &str = include_str!("../templates/js/interfaces.d.ts");
        let mut resolve = wit_parser::Resolve::default();
        resolve.push_str("world.wit", INTERFACE).expect("the interface");
        let mut functions = 0;
        for (_, interface) in &resolve.interfaces {
            let name = interface.name.as_deref().expect("a name");
            if name == "types" {
                continue;
            }
            let head = format!("declare module \"steward:plugin/{name}@0.1.0\" {{");
            let module = TYPES.split(&head).nth(1).and_then(|rest| rest.split("\n}\n").next()).unwrap_or_else(|| panic!("no module for `{name}`"));
            for function in interface.functions.keys().map(|name| camel(name)) {
                functions += 1;
                let is_there = module.contains(&format!("export function {function}(")) || module.contains(&format!(" as {function} }}"));
                assert!(is_there, "`{name}` has no `{function}`");
            }
            for id in interface.types.values() {
                let wit_parser::TypeDefKind::Record(record) = &resolve.types[*id].kind else { continue };
                for field in record.fields.iter().map(|field| camel(&field.name)) {
                    let is_there = [":", "?:"].iter().any(|mark| module.contains(&format!("{field}{mark} ")));
                    assert!(is_there, "`{name}` has no field `{field}`");
                }
            }
        }
        assert!(functions >= 20, "{functions}");
    }

    #[test]
    fn a_world_has_what_the_manifest_asks_for_and_no_more() {
        for (imports, preview) in
            [(&[][..], false), (&["clock", "crm"][..], false), (&["crm", "crm-write", "http"][..], true), (&["clock", "wasi-http"][..], false)]
        {
            let text = text(&outline(imports, preview));
            let mut resolve = wit_parser::Resolve::default();
            let package = resolve.push_str("world.wit", &text).expect("an interface that can be read");
            let world = resolve.select_world(&[package], Some(NAME)).expect("one world");
            let world = &resolve.worlds[world];
            let imported: Vec<String> = world.imports.keys().map(|key| resolve.name_world_key(key)).collect();
            for name in ["log", "clock", "crm", "crm-write", "http"] {
                let whole = format!("steward:plugin/{name}@0.1.0");
                assert_eq!(imported.contains(&whole), imports.contains(&name), "{name} in {imported:?}");
            }
            assert_eq!(world.exports.len(), if preview { 3 } else { 2 });
        }
    }
}
