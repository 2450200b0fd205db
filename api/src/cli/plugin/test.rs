//! `steward plugin test`: the cases of a plugin, run in the real sandbox.

mod live;

use crate::cli::output::{Output, Tone, counted, printable};
use crate::cli::progress::ready;
use crate::cli::{CliError, Setting, chain};
use crate::config::secret_of;
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use steward_host::EgressOptions;
use steward_kit::Project;
use steward_kit::cases::{Case, CaseFile, CaseResult, Runner, read_all};

/// Exit code where a case fails, and where the cases could not be run.
const FAILED: u8 = 1;
const NOT_RUN: u8 = 2;

/// Run the cases of a plugin in the sandbox, with what it asks of others answered from them
///
/// With --live others answer for themselves: what leaves passes the plugin's allow-list and the check of addresses, and a case whose tool sends
/// something sends it. Exit code 0 when all pass, 1 when one fails, 2 when they could not be run.
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
    /// Ask others for real; what the office is asked is still answered from the cases
    #[arg(long)]
    live: bool,
    /// Write into the cases what others were asked and answered, and what came of it
    #[arg(long, requires = "live", conflicts_with = "update")]
    record: bool,
    /// Fill the manifest's secret NAME from this variable of the environment, as `[[plugins.secrets]]` does
    #[arg(long, value_name = "NAME=VARIABLE", requires = "live")]
    secret: Vec<String>,
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
        let runner = ready(|| Runner::load(&project))?;
        if !self.live {
            return run(setting, &runner, files, self).await;
        }
        let live = Runner::load_live(&project, self.egress(setting, &project)?)?;
        if !self.json {
            let hosts: BTreeSet<&str> = project.outline.egress.iter().map(|rule| rule.host.as_str()).collect();
            let words = format!("live: others are asked for real, as far as the manifest lets: {}", hosts.into_iter().collect::<Vec<_>>().join(", "));
            setting.output.line(setting.output.tone(Tone::Warning, &words))?;
        }
        live::run(setting, &runner, &live, files, self).await
    }

    /// What the configuration that the command names gives this plugin on its way to others, and the secrets that the command names. Nothing
    /// else: a project can be somebody else's, and could bring a configuration along, name any secret, and a host of its own to send it to.
    fn egress(&self, setting: &Setting, project: &Project) -> Result<EgressOptions, CliError> {
        let mut egress = if setting.overrides.file.is_some() { setting.config()?.plugin_egress } else { EgressOptions::default() };
        let plugin = &project.outline.name;
        let named: BTreeSet<&str> = project.outline.egress.iter().filter_map(|rule| rule.secret.as_ref()).flat_map(|secret| secret.names()).collect();
        for pair in &self.secret {
            let (name, variable) = pair.split_once('=').ok_or_else(|| CliError::said(format!("`--secret {pair}` is no `NAME=VARIABLE`")))?;
            if !named.contains(name) {
                let names = named.iter().copied().collect::<Vec<_>>().join(", ");
                return Err(CliError::said(format!("the manifest names no secret `{name}`; it names: {names}")));
            }
            let value =
                setting.environment.text(variable).ok_or_else(|| CliError::said(format!("there is no environment variable `{variable}`, or it is empty")))?;
            let value = secret_of(value).map_err(|problem| CliError::said(format!("`{variable}`: {problem}")))?;
            egress.secrets.insert((plugin.clone(), name.to_owned()), value);
        }
        Ok(egress)
    }

    /// Whether this case is one of those that were asked for.
    fn wants(&self, case: &Case) -> bool {
        self.only.as_ref().is_none_or(|only| case.name.contains(only.as_str()) || case.tool.contains(only.as_str()))
    }

    /// The same from another verb: every case, printed.
    pub(super) const fn all(dir: PathBuf) -> Self {
        Self { dir, only: None, update: false, live: false, record: false, secret: Vec::new(), json: false }
    }
}

/// Runs cases and prints what came of each.
pub(super) async fn run(setting: &Setting, runner: &Runner, files: Vec<CaseFile>, how: &Test) -> Result<Tally, CliError> {
    let output = &setting.output;
    let (mut tally, mut seen, mut untried) = (Tally::default(), Vec::new(), runner.tools().to_vec());
    let mut unweighed = 0;
    for mut file in files {
        let (name, before) = (file.path.file_name().unwrap_or_default().to_string_lossy().into_owned(), file.cases.clone());
        for case in &mut file.cases {
            untried.retain(|tool| *tool != case.tool);
            if !how.wants(case) {
                continue;
            }
            let mut result = runner.run(case).await?;
            // What was asked of the host is no golden: an answer to it is somebody's to write.
            if how.update && result.is_golden {
                (case.expect, case.fuel) = (Some(result.got.clone()), result.fuel);
                result.problems.clear();
            }
            let passed = result.problems.is_empty();
            unweighed += usize::from(passed && case.fuel.is_none() && result.fuel.is_some());
            *(if passed { &mut tally.passed } else { &mut tally.failed }) += 1;
            if how.json {
                seen.push(as_json(&name, case, &result));
            } else {
                print(output, &name, case, &result)?;
            }
        }
        if how.update && file.cases != before {
            file.write()?;
        }
    }
    sum_up(output, how, &tally, seen, &untried)?;
    if unweighed > 0 && !how.json {
        let words = format!(
            "{} of no golden fuel: `steward plugin test --update` writes it, and from then on 10 % more or less fails",
            counted(unweighed, "case", "cases")
        );
        output.line(output.tone(Tone::Quiet, &words))?;
    }
    Ok(tally)
}

fn as_json(file: &str, case: &Case, result: &CaseResult) -> Value {
    let passed = result.problems.is_empty();
    json!({
        "file": file, "case": case.name, "tool": case.tool, "passed": passed, "problems": result.problems, "got": result.got, "fuel": result.fuel, "ms": result.ms,
    })
}

fn print(output: &Output, file: &str, case: &Case, result: &CaseResult) -> Result<(), CliError> {
    let mark = if result.problems.is_empty() { output.tone(Tone::Good, "ok  ") } else { output.tone(Tone::Bad, "FAIL") };
    let fuel = result.fuel.map_or_else(|| "never ran".to_owned(), |fuel| format!("{fuel} fuel"));
    output.line(format!("{mark} {file}: {} {}", printable(&case.name), output.tone(Tone::Quiet, &format!("({fuel})"))))?;
    for problem in &result.problems {
        output.line(format!("  {}", printable(problem)))?;
    }
    Ok(())
}

fn sum_up(output: &Output, how: &Test, tally: &Tally, seen: Vec<Value>, untried: &[String]) -> Result<(), CliError> {
    if how.json {
        return Ok(output.json(&json!({ "passed": tally.passed, "failed": tally.failed, "cases": seen, "tools_without_a_case": untried }))?);
    }
    output.line(format!("{} passed, {} failed", counted(tally.passed, "case", "cases"), tally.failed))?;
    if !untried.is_empty() {
        output.line(output.tone(Tone::Bad, &format!("without a case: {}", untried.join(", "))))?;
    }
    Ok(())
}
