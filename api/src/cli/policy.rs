//! `steward policy`: are the rules sound, do they decide as their cases say, and what do they decide by default.

use super::Setting;
use super::error::CliError;
use super::output::{Output, Tone, counted};
use super::progress::Progress;
use crate::config::Config;
use crate::wiring::policies::{read_cases, read_rules};
use crate::wiring::{AssembleError, look_at_host};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use steward_core::ToolSpec;
use steward_policies::{CaseFile, CaseReport, CaseResult, RuleFile, SHIPPED_CASES, Summary, check, matrix, run_cases, shipped_rules};

/// Check, test and tabulate the rules
#[derive(Debug, Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    verb: Verb,
}

/// Which rules.
#[derive(Debug, Args)]
struct Which {
    /// A directory with `rules/` and `cases/` [default: the installation's, before the first start the shipped ones]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check the rules against the schema made from the tools; exit 1 when one is wrong
    #[command(after_help = "Example:\n  steward policy check ./policies")]
    Check(Which),
    /// Run the cases beside the rules; exit 1 when one comes out otherwise
    #[command(after_help = "Example:\n  steward policy test ./policies")]
    Test(Which),
    /// Print what the rules say to every tool, by where its arguments come from and who approves
    #[command(after_help = "Example:\n  steward policy matrix > matrix.txt")]
    Matrix(Which),
}

/// Rules with the tools they govern.
struct Set {
    rules: Vec<RuleFile>,
    cases: Vec<CaseFile>,
    tools: Vec<ToolSpec>,
}

impl Policy {
    pub(super) fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        match self.verb {
            Verb::Check(which) => run_check(&setting.output, &read(&config, &which)?, which.json),
            Verb::Test(which) => run_test(&setting.output, &read(&config, &which)?, which.json),
            Verb::Matrix(which) => run_matrix(&setting.output, &read(&config, &which)?, which.json),
        }
    }
}

fn read(config: &Config, which: &Which) -> Result<Set, CliError> {
    let progress = Progress::start("loading the plugins");
    let tools = look_at_host(config)?.specs();
    drop(progress);
    let dir = which.dir.clone().or_else(|| Some(config.policies_dir.clone()).filter(|dir| dir.is_dir()));
    let Some(dir) = dir else {
        let cases = SHIPPED_CASES.iter().map(|(name, text)| CaseFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect();
        return Ok(Set { rules: shipped_rules(), cases, tools });
    };
    let (rules, cases) = (read_rules(&dir)?, read_cases(&dir)?);
    Ok(Set { rules, cases, tools })
}

fn run_check(output: &Output, set: &Set, as_json: bool) -> Result<ExitCode, CliError> {
    let checked = check(&set.rules, &set.tools);
    if as_json {
        match &checked {
            Ok(summary) => output.json(&json!({ "valid": true, "summary": summary }))?,
            Err(err) => output.json(&json!({ "valid": false, "problems": super::chain(err).lines().collect::<Vec<_>>() }))?,
        }
        return Ok(if checked.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let summary = checked.map_err(|err| CliError::from(AssembleError::from(crate::wiring::policies::PoliciesError::from(err))))?;
    print_summary(output, &summary)?;
    Ok(ExitCode::SUCCESS)
}

fn print_summary(output: &Output, summary: &Summary) -> Result<(), CliError> {
    for warning in &summary.warnings {
        output.line(format!("{} {warning}", output.tone(Tone::Warning, "warning:")))?;
    }
    for tool in &summary.without_permit {
        output.line(format!("{} no rule permits `{tool}`: every call of it is blocked", output.tone(Tone::Warning, "warning:")))?;
    }
    let sound = output.tone(Tone::Good, "Sound.");
    output.line(format!(
        "{sound} {} and {} in {} govern {} ({}).",
        counted(summary.permits, "permit", "permits"),
        counted(summary.forbids, "forbid", "forbids"),
        counted(summary.files, "file", "files"),
        counted(summary.tools, "tool", "tools"),
        summary.digest.short()
    ))?;
    Ok(())
}

fn run_test(output: &Output, set: &Set, as_json: bool) -> Result<ExitCode, CliError> {
    let report = run_cases(&set.rules, &set.tools, &set.cases).map_err(|err| CliError::said(super::chain(&err)))?;
    let failed = report.failed().count();
    if as_json {
        output.json(&report)?;
    } else {
        print_report(output, &report, failed)?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_report(output: &Output, report: &CaseReport, failed: usize) -> Result<(), CliError> {
    for case in report.failed() {
        let CaseResult { file, name, tool, differences, by, reason, .. } = case;
        output.line(format!("{} {file}: {name} ({tool})", output.tone(Tone::Bad, "FAILED")))?;
        for difference in differences {
            output.line(format!("    {difference}"))?;
        }
        output.line(output.tone(Tone::Quiet, &format!("    decided by {}: {reason}", if by.is_empty() { "no rule".to_owned() } else { by.join(", ") })))?;
    }
    let verdict = if failed == 0 { output.tone(Tone::Good, "All passed.") } else { output.tone(Tone::Bad, &format!("{failed} failed.")) };
    output.line(format!("{verdict} {}.", counted(report.cases.len(), "case", "cases")))?;
    Ok(())
}

fn run_matrix(output: &Output, set: &Set, as_json: bool) -> Result<ExitCode, CliError> {
    let rules = steward_policies::Rules::load(&set.rules, &set.tools)
        .map_err(|err| CliError::from(AssembleError::from(crate::wiring::policies::PoliciesError::from(err))))?;
    let text = matrix(&rules);
    if as_json {
        output.json(&json!({ "policy_digest": rules.digest(), "matrix": text }))?;
    } else {
        output.line(text.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
