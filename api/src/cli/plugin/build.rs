//! `steward plugin build`: the sources of a plugin become its component.

use crate::cli::progress::Progress;
use crate::cli::{CliError, Setting};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use steward_kit::build::{Built, Step, build};
use steward_kit::{KitError, Project};

/// Build a plugin, and have the host check it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin build\n  steward plugin build ./my-plugin")]
pub(super) struct Build {
    /// The plugin's directory
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Build {
    pub(super) fn run(self, setting: &Setting) -> Result<(), CliError> {
        let project = Project::open(&self.dir)?.compiled_in(setting.compiled());
        let built = shown(&project)?;
        if self.json {
            let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            let said = json!({
                "plugin": built.plugin.name,
                "version": built.plugin.facts.version,
                "digest": built.plugin.facts.digest,
                "component": project.component().display().to_string(),
                "bytes": built.bytes,
                "built_in_ms": milliseconds(built.built_in),
                "compiled_in_ms": milliseconds(built.compiled_in),
                "tools": built.plugin.tools.keys().collect::<Vec<_>>(),
            });
            return Ok(setting.output.json(&said)?);
        }
        Ok(setting.output.line(said(&project, &built))?)
    }
}

/// Builds, with a sign of life wherever nobody else speaks.
pub(super) fn shown(project: &Project) -> Result<Built, KitError> {
    let mut sign: Option<Progress> = None;
    build(project, &mut |step| {
        // The one of before first: two would write over each other.
        drop(sign.take());
        match step {
            Step::Speaks(words) => eprintln!("{words}"),
            Step::Packs(words) => sign = Some(Progress::start(words)),
            Step::Said(text) => eprint!("{text}"),
            Step::Compiles => sign = Some(Progress::start("compiling it for this machine, once for each build")),
        }
    })
}

/// What was built, in one line.
pub(super) fn said(project: &Project, built: &Built) -> String {
    let kib = built.bytes.div_ceil(1024);
    let tools: Vec<&str> = built.plugin.tools.keys().map(String::as_str).collect();
    format!("built `{}`: {kib} KiB in {}; {}", project.component().display(), time_of(built.built_in, built.compiled_in), tools.join(", "))
}

/// How long it took as whoever waited had it, and what of it was which.
fn time_of(built: Duration, compiled: Duration) -> String {
    let seconds = |time: Duration| format!("{:.1}", time.as_secs_f64());
    format!("{} s ({} to build, {} to compile)", seconds(built.saturating_add(compiled)), seconds(built), seconds(compiled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_told_is_the_whole_wait() {
        let check = |built, compiled, expect: &str| assert_eq!(time_of(Duration::from_millis(built), Duration::from_millis(compiled)), expect);
        check(18_000, 54_000, "72.0 s (18.0 to build, 54.0 to compile)");
        check(300, 20, "0.3 s (0.3 to build, 0.0 to compile)");
    }
}
