//! `steward plugin test`: the cases of a plugin, run in the real sandbox.

use crate::cli::output::{Tone, counted, printable};
use crate::cli::{CliError, Setting, chain};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use steward_kit::Project;
use steward_kit::cases::{CaseFile, Runner, read_all};

/// Exit code where a case fails, and where the cases could not be run.
const FAILED: u8 = 1;
const NOT_RUN: u8 = 2;

/// Run the cases of a plugin in the sandbox, with what it asks of others answered from them
///
/// Exit code 0 when all pass, 1 when one fails, 2 when they could not be run.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin test\n  steward plugin test ./my-plugin --update")]
pub(super) struct Test {
    /// The plugin's directory
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Only cases whose name or tool has this in it
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write what comes of the calls, and their fuel, into the cases
    #[arg(long)]
    update: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How many cases passed, and what is wrong with those that did not.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

impl Test {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        match self.tried(setting).await {
            Ok(Tally { failed: 0, .. }) => Ok(ExitCode::SUCCESS),
            Ok(_) => Ok(ExitCode::from(FAILED)),
            Err(err) if err.is_closed_pipe() => Err(err),
            Err(err) => {
                for line in chain(&err).lines() {
                    eprintln!("steward: {line}");
                }
                Ok(ExitCode::from(NOT_RUN))
            }
        }
    }

    async fn tried(&self, setting: &Setting) -> Result<Tally, CliError> {
        let project = Project::open(&self.dir)?.compiled_in(setting.compiled());
        let files = read_all(&self.dir)?;
        let runner = Runner::load(&project)?;
        run(setting, &runner, files, self).await
    }

    /// The same from another verb: every case, printed.
    pub(super) const fn all(dir: PathBuf) -> Self {
        Self { dir, only: None, update: false, json: false }
    }
}

/// Runs cases and prints what came of each.
pub(super) async fn run(setting: &Setting, runner: &Runner, files: Vec<CaseFile>, how: &Test) -> Result<Tally, CliError> {
    let output = &setting.output;
    let (mut tally, mut seen, mut untried) = (Tally::default(), Vec::new(), runner.tools().to_vec());
    for mut file in files {
        let (name, before) = (file.path.file_name().unwrap_or_default().to_string_lossy().into_owned(), file.cases.clone());
        for case in &mut file.cases {
            untried.retain(|tool| *tool != case.tool);
            if how.only.as_ref().is_some_and(|only| !case.name.contains(only.as_str()) && !case.tool.contains(only.as_str())) {
                continue;
            }
            let mut result = runner.run(case).await?;
            // What was asked of the host is no golden: an answer to it is somebody's to write.
            if how.update && result.is_golden {
                (case.expect, case.fuel) = (Some(result.got.clone()), result.fuel);
                result.problems.clear();
            }
            let passed = result.problems.is_empty();
            *(if passed { &mut tally.passed } else { &mut tally.failed }) += 1;
            if how.json {
                seen.push(json!({ "file": name, "case": case.name, "tool": case.tool, "passed": passed, "problems": result.problems, "got": result.got, "fuel": result.fuel, "ms": result.ms }));
                continue;
            }
            let mark = if passed { output.tone(Tone::Good, "ok  ") } else { output.tone(Tone::Bad, "FAIL") };
            let fuel = result.fuel.map_or_else(|| "never ran".to_owned(), |fuel| format!("{fuel} fuel"));
            output.line(format!("{mark} {name}: {} {}", printable(&case.name), output.tone(Tone::Quiet, &format!("({fuel})"))))?;
            for problem in &result.problems {
                output.line(format!("  {}", printable(problem)))?;
            }
        }
        if how.update && file.cases != before {
            file.write()?;
        }
    }
    if how.json {
        output.json(&json!({ "passed": tally.passed, "failed": tally.failed, "cases": seen, "tools_without_a_case": untried }))?;
    } else {
        output.line(format!("{} passed, {} failed", counted(tally.passed, "case", "cases"), tally.failed))?;
        if !untried.is_empty() {
            output.line(output.tone(Tone::Bad, &format!("without a case: {}", untried.join(", "))))?;
        }
    }
    Ok(tally)
}
