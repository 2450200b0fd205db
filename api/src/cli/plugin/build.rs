//! `steward plugin build`: the sources of a plugin become its component.

use crate::cli::{CliError, Setting};
use clap::Args;
use std::path::PathBuf;
use steward_kit::Project;
use steward_kit::build::{Built, build};

/// Build a plugin, and have the host check it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin build\n  steward plugin build ./my-plugin")]
pub(super) struct Build {
    /// The plugin's directory
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

impl Build {
    pub(super) fn run(self, setting: &Setting) -> Result<(), CliError> {
        let project = Project::open(&self.dir)?.compiled_in(setting.compiled());
        let built = build(&project)?;
        Ok(setting.output.line(said(&project, &built))?)
    }
}

/// What was built, in one line.
pub(super) fn said(project: &Project, built: &Built) -> String {
    let kib = built.bytes.div_ceil(1024);
    let tools: Vec<&str> = built.plugin.tools.keys().map(String::as_str).collect();
    format!("built `{}`: {kib} KiB in {:.1} s; {}", project.component().display(), built.took.as_secs_f64(), tools.join(", "))
}
