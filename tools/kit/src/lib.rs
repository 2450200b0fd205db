//! The kit for whoever makes plugins: a project to begin with, its build in four languages, its cases in the real sandbox, its archive,
//! and its way to a registry and back.
//!
//! A plugin is built and tried here as it will run: compiled, checked and called by `steward-host`, behind the gate. What it asks of the
//! office and of others is answered from its cases; nothing here knows an office, only the build starts other programs, and only the registry is asked over a network.

pub mod archive;
pub mod build;
pub mod cases;
mod error;
mod project;
pub mod registry;
mod scaffold;
mod world;

pub use error::KitError;
pub use project::{Language, Project};
pub use scaffold::scaffold;
