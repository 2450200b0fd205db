//! `steward plugin new`: a project to begin with.

use crate::cli::{CliError, Setting};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use steward_kit::{Language, scaffold};

/// Begin a plugin: a project that builds and passes its cases as it is
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin new weather\n  steward plugin new weather --lang python")]
pub(super) struct New {
    /// What it is called: lower-case letters, digits and `_`, a letter first
    name: String,
    /// What it is written in
    #[arg(long, value_enum, default_value_t = Lang::Rust)]
    lang: Lang,
    /// Where its directory is made
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    parent: PathBuf,
}

/// A language, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// Rust, with cargo
    Rust,
    /// JavaScript or TypeScript, in QuickJS
    #[value(aliases = ["ts", "typescript", "javascript"])]
    Js,
    /// Python
    Python,
    /// C, without a library
    C,
}

impl New {
    pub(super) fn run(self, setting: &Setting) -> Result<(), CliError> {
        let language = match self.lang {
            Lang::Rust => Language::Rust,
            Lang::Js => Language::Js,
            Lang::Python => Language::Python,
            Lang::C => Language::C,
        };
        let (dir, next) = scaffold(&self.parent, &self.name, language)?;
        setting.output.line(format!("`{}` lies in `{}`. What comes next:", self.name, dir.display()))?;
        Ok(next.iter().try_for_each(|command| setting.output.line(format!("  {command}")))?)
    }
}
