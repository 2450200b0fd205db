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
use crate::world;
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
    /// How long the language's tools took to make the component.
    pub built_in: Duration,
    /// How long the host took to compile it for this machine and to look it over.
    pub compiled_in: Duration,
}

/// What a build is at, told as it begins: some of it says nothing by itself for a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A compiler runs that speaks for itself on standard error; this is what for.
    Speaks(&'static str),
    /// A packager is at work that says nothing until it is done.
    Packs(&'static str),
    /// What a packager said.
    Said(&'a str),
    /// The host compiles the component for this machine, unless it has before.
    Compiles,
}

/// Who is told.
type Told<'a> = &'a mut dyn FnMut(Step<'_>);

/// Builds a plugin into `<name>.wasm` of its folder and has the host check it. What compilers say goes to standard error, or to `told`.
///
/// # Errors
/// When something is missing, does not compile, or would not be loaded.
pub fn build(project: &Project, told: &mut dyn FnMut(Step<'_>)) -> Result<Built, KitError> {
    let begun = Instant::now();
    let language: Language = project.outline.language.parse().map_err(|problem| KitError::said(format!("tool.toml: language: {problem}")))?;
    if project.outline.imports.contains(&world::WASI) && matches!(language, Language::Python | Language::C) {
        let said = "the kit's Python and C ask others by `http`; put `http = true` in the place of `wasi-http = true`, or make the component by another tool";
        return Err(KitError::said(said));
    }
    let component = match language {
        Language::Rust => rust::build(project, told),
        Language::Js => js::build(project, told),
        Language::Python => python::build(project, told),
        Language::C => c::build(project),
    }?;
    // In one step, so that whoever watches the folder never reads half of it.
    let (path, half) = (project.component(), project.own("built")?.join("component.half"));
    std::fs::write(&half, &component).map_err(KitError::write(&half))?;
    std::fs::rename(&half, &path).map_err(KitError::write(&path))?;
    let built_in = begun.elapsed();
    told(Step::Compiles);
    let plugin = project.host(EgressOptions::default())?.examine_unsigned(&project.dir).map_err(project.failed())?;
    Ok(Built { plugin, bytes: component.len(), built_in, compiled_in: begun.elapsed().saturating_sub(built_in) })
}
