//! What a plugin's folder says of itself, for who builds, tests or packs it. Nothing is compiled or run by that.

use crate::egress::EgressRule;
use crate::error::PluginError;
use crate::identity::SIGNATURE_FILE;
use crate::manifest::Manifest;
use crate::plugin::Package;
use std::path::Path;
use steward_core::Effect;

/// The manifest in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is written in.
    pub language: String,
    /// The interfaces it asks for.
    pub imports: Vec<&'static str>,
    /// Whom it may ask outside.
    pub egress: Vec<EgressRule>,
    /// Its tools.
    pub tools: Vec<OutlineTool>,
}

/// A tool in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineTool {
    /// `plugin.verb`.
    pub name: String,
    /// What it does.
    pub effect: Effect,
    /// Whether it says what a call would do.
    pub preview: bool,
}

/// Reads and checks a manifest.
///
/// # Errors
/// When it is not right; the message says what to change.
pub fn outline_of(manifest: &str) -> Result<Outline, PluginError> {
    let manifest = Manifest::parse(manifest)?;
    let imports = manifest.grants().into_iter().map(crate::grants::Grant::name).collect();
    let tools = manifest.tools.into_iter().map(|tool| OutlineTool { name: tool.name, effect: tool.effect, preview: tool.preview }).collect();
    let head = manifest.plugin;
    Ok(Outline { name: head.name, version: head.version, language: head.language, imports, egress: manifest.egress.allow, tools })
}

/// Everything a plugin consists of, by path, sorted: manifest, component, schemas, and its signature where there is one. Whatever else lies
/// in its folder is none of it.
///
/// # Errors
/// When a file is missing, is no file, or is too large.
pub fn files_of(dir: &Path) -> Result<Vec<(String, Vec<u8>)>, PluginError> {
    let package = Package::read(dir)?;
    let name = Manifest::parse(&package.manifest)?.plugin.name;
    let mut files: Vec<(String, Vec<u8>)> = package.files.into_iter().map(|(path, text)| (path, text.into_owned().into_bytes())).collect();
    files.push(("tool.toml".to_owned(), package.manifest.into_owned().into_bytes()));
    files.push((format!("{name}.wasm"), package.component.into_owned()));
    files.extend(package.signature.map(|signature| (SIGNATURE_FILE.to_owned(), signature.into_bytes())));
    files.sort();
    Ok(files)
}
