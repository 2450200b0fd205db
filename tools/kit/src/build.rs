//! Building a plugin: its sources become one component in its folder, and the host says whether it would load it.
//!
//! Compilers and packagers are the ones of the language, at the versions the project names; what is missing is named with the command that
//! brings it, and nothing is installed behind anybody's back.

mod c;
mod js;
mod python;
mod rust;
mod tools;

use crate::error::KitError;
use crate::project::{Language, Project};
use std::time::{Duration, Instant};
use steward_host::EgressOptions;
use steward_host::installed::Candidate;

/// What a build made.
#[derive(Debug)]
pub struct Built {
    /// The plugin as the host sees it.
    pub plugin: Candidate,
    /// The component's size in bytes.
    pub bytes: usize,
    /// How long the build took.
    pub took: Duration,
}

/// Builds a plugin into `<name>.wasm` of its folder and has the host check it. What compilers say goes to standard error.
///
/// # Errors
/// When something is missing, does not compile, or would not be loaded.
pub fn build(project: &Project) -> Result<Built, KitError> {
    let begun = Instant::now();
    let language: Language = project.outline.language.parse().map_err(|problem| KitError::said(format!("tool.toml: language: {problem}")))?;
    let component = match language {
        Language::Rust => rust::build(project),
        Language::Js => js::build(project),
        Language::Python => python::build(project),
        Language::C => c::build(project),
    }?;
    // In one step, so that whoever watches the folder never reads half of it.
    let (path, half) = (project.component(), project.own("built")?.join("component.half"));
    std::fs::write(&half, &component).map_err(KitError::write(&half))?;
    std::fs::rename(&half, &path).map_err(KitError::write(&path))?;
    let took = begun.elapsed();
    let plugin = project.host(EgressOptions::default())?.examine_unsigned(&project.dir).map_err(project.failed())?;
    Ok(Built { plugin, bytes: component.len(), took })
}
