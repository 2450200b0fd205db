//! `steward policy`: are the rules sound, do they decide as their cases say, what would others decide, and what can never happen.

mod compare;
mod proofs;
mod propose;
mod recorded;
mod shadow;
mod suggest;
mod why;

use super::Setting;
use super::error::CliError;
use super::output::{Output, Tone, counted};
use super::progress::Progress;
use super::terminal::{Who, with};
use crate::config::Config;
use crate::suggestions::{DAYS_MAX, DAYS_USUAL, LEAST_MAX, LEAST_MIN, LEAST_USUAL};
use crate::wiring::logging;
use crate::wiring::policies::{PoliciesError, read_cases, read_properties, read_rules};
use crate::wiring::{AssembleError, look_at_host};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use steward_core::ToolSpec;
use steward_host::installed::SetAside;
use steward_office::changes::ChangeKind;
use steward_policies::{
    AlwaysAllowed, Backtest, CaseFile, CaseReport, CaseResult, PropertyFile, RuleFile, Rules, RulesError, Summary, check, matrix, run_cases, shipped_cases,
    shipped_properties, shipped_rules,
};

/// Decisions that are judged again unless another number is asked for.
const RECORDED_USUAL: usize = 10_000;

/// Check, test, compare and prove the rules
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward policy check")]
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
    /// Say how other rules differ: which rules, which cells of the matrix; exit 1 when they are looser
    #[command(after_help = "Example:\n  steward policy diff ./policies ./policies-new --decisions 1000")]
    Diff {
        /// The rules of before: a directory with `rules/`
        old: PathBuf,
        /// The rules of after
        new: PathBuf,
        /// Judge so many of the newest recorded decisions again by the rules of after
        #[arg(long, value_name = "N")]
        decisions: Option<usize>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Judge recorded decisions again by these rules; nothing is executed; exit 1 when something would now be allowed
    #[command(after_help = "Example:\n  steward policy backtest ./policies-new --decisions 10000")]
    Backtest {
        #[command(flatten)]
        which: Which,
        /// So many of the newest
        #[arg(long, value_name = "N", default_value_t = RECORDED_USUAL)]
        decisions: usize,
        #[command(flatten)]
        who: Who,
    },
    /// Let these rules judge beside the live ones, and write down every difference; they decide nothing
    #[command(after_help = "Example:\n  steward policy shadow ./policies-new --notes shadow.jsonl --follow")]
    Shadow {
        /// The candidate: a directory with `rules/`
        dir: PathBuf,
        /// Where differences are written, a JSON object a line; what stands there is not judged again
        #[arg(long, value_name = "FILE")]
        notes: PathBuf,
        /// Go on until stopped
        #[arg(long)]
        follow: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Prove the safety properties beside the rules; exit 1 unless all are proved
    #[command(after_help = "Example:\n  steward policy prove ./policies --prover enumerate")]
    Prove {
        #[command(flatten)]
        which: Which,
        /// Which prover
        #[arg(long, value_enum, default_value = "auto")]
        prover: proofs::Prover,
    },
    /// Suggest rules for what people always approved, each with its backtest; none is put in force
    #[command(after_help = "Example:\n  steward policy suggest --days 90 --least 10")]
    Suggest {
        /// Look back on so many days
        #[arg(long, value_name = "N", default_value_t = DAYS_USUAL, value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX))]
        days: u32,
        /// Only what was approved at least so often, and never refused, edited or sent back
        #[arg(long, value_name = "N", default_value_t = LEAST_USUAL, value_parser = clap::value_parser!(u32).range(LEAST_MIN..=LEAST_MAX))]
        least: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Propose a set of rules: it is checked, tried on what is on record, and waits for an owner who did not propose it
    #[command(after_help = "Example:\n  steward policy propose ./policies-new --reason \"Refunds up to 50 need no approval\"")]
    Propose(propose::Propose),
    /// List the rules that were approved, newest first
    #[command(after_help = "Example:\n  steward policy history")]
    History {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Write the rules in force, with cases and properties, into a new directory
    #[command(after_help = "Example:\n  steward policy export ./policies-new")]
    Export {
        /// Where to; it must not exist yet
        dir: PathBuf,
        #[command(flatten)]
        who: Who,
    },
    /// Say which rule decided on a call, and what would have changed it
    #[command(after_help = "Example:\n  steward policy explain env_8c1f…")]
    Explain {
        /// The call, as `steward approvals show` names it, or a decision
        #[arg(value_parser = why::wanted)]
        envelope: why::Wanted,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
}

/// Rules with the tools they govern.
#[derive(Clone)]
struct Set {
    rules: Vec<RuleFile>,
    cases: Vec<CaseFile>,
    properties: Vec<PropertyFile>,
    tools: Vec<ToolSpec>,
    /// Plugins whose tools are not among them.
    aside: Vec<SetAside>,
}

impl Policy {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        let output = setting.output;
        match self.verb {
            Verb::Check(which) => run_check(&output, &read(&config, &which)?, which.json),
            Verb::Test(which) => run_test(&output, &read(&config, &which)?, which.json),
            Verb::Matrix(which) => run_matrix(&output, &read(&config, &which)?, which.json),
            Verb::Prove { which, prover } => proofs::run(&output, &setting.environment, &read(&config, &which)?, prover, which.json).await,
            Verb::Diff { old, new, decisions, json, who } => {
                let read = |dir: PathBuf| read(&config, &Which { dir: Some(dir), json });
                let (old, new) = (read(old)?, read(new)?);
                let (old, new) = (compare::load(&old)?, compare::load(&new)?);
                let again = match decisions {
                    Some(most) => Some(judged_again(setting, &config, &who, most, &new).await?),
                    None => None,
                };
                compare::run_diff(&output, &old, &new, again, json)
            }
            Verb::Backtest { which, decisions, who } => {
                let rules = compare::load(&read(&config, &which)?)?;
                let report = judged_again(setting, &config, &who, decisions, &rules).await?;
                compare::run_backtest(&output, &report, which.json)
            }
            Verb::Shadow { dir, notes, follow, who } => {
                logging::start(&setting.environment, "warn");
                let set = read(&config, &Which { dir: Some(dir), json: false })?;
                shadow::run(&output, &config, &set, &who, &notes, follow).await
            }
            Verb::Propose(propose) => propose.run(setting).await,
            Verb::History { json, who } => {
                logging::start(&setting.environment, "warn");
                super::changes::list(setting, &who, Some(ChangeKind::Policy), Some("approved"), json).await?;
                Ok(ExitCode::SUCCESS)
            }
            Verb::Export { dir, who } => propose::export(setting, &dir, &who).await,
            Verb::Suggest { days, least, json, who } => {
                let mut set = read(&config, &Which { dir: None, json })?;
                logging::start(&setting.environment, "warn");
                let seen = with(config, &who, "steward policy", async |terminal| {
                    propose::put_in_force(terminal, &mut set).await?;
                    suggest::look(terminal, days, least).await
                });
                let seen = seen.await?;
                suggest::print(&output, &Rules::load(&set.rules, &set.tools).map_err(rules_error)?, &set.tools, &seen, json)
            }
            Verb::Explain { envelope, json, who } => {
                let mut set = read(&config, &Which { dir: None, json })?;
                logging::start(&setting.environment, "warn");
                let row = with(config, &who, "steward policy", async |terminal| {
                    propose::put_in_force(terminal, &mut set).await?;
                    why::find(terminal, envelope).await
                });
                let row = row.await?;
                why::run(&output, &set, row, json)
            }
        }
    }
}

/// What these rules say to the newest decisions on record.
async fn judged_again(setting: &Setting, config: &Config, who: &Who, most: usize, rules: &Rules) -> Result<Backtest, CliError> {
    logging::start(&setting.environment, "warn");
    // How many there are is known once the last was read; no more than these are looked at.
    let progress = Progress::of(most as u64, "judging decisions again, at most");
    with(config.clone(), who, "steward policy", async |terminal| recorded::judge(terminal, most, rules, |done| progress.told(done, most as u64)).await).await
}

fn rules_error(err: RulesError) -> CliError {
    CliError::from(AssembleError::from(PoliciesError::from(err)))
}

fn read(config: &Config, which: &Which) -> Result<Set, CliError> {
    let progress = Progress::start("loading the plugins");
    let host = look_at_host(config)?;
    let (tools, aside) = (host.specs(), host.set_aside());
    drop(progress);
    let dir = which.dir.clone().or_else(|| Some(config.policies_dir.clone()).filter(|dir| dir.is_dir()));
    let Some(dir) = dir else {
        return Ok(Set { rules: shipped_rules(), cases: shipped_cases(), properties: shipped_properties(), tools, aside });
    };
    // An installation of before has no properties of its own; what was shipped holds there too.
    let properties = Some(read_properties(&dir)?).filter(|own| !own.is_empty()).unwrap_or_else(shipped_properties);
    Ok(Set { rules: read_rules(&dir)?, cases: read_cases(&dir)?, properties, tools, aside })
}

fn run_check(output: &Output, set: &Set, as_json: bool) -> Result<ExitCode, CliError> {
    let checked = check(&set.rules, &set.tools).map_err(|err| PoliciesError::from(err).beside(&set.aside, &set.tools));
    let is_valid = checked.as_ref().is_ok_and(|summary| summary.impossible.is_empty());
    let code = if is_valid { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if as_json {
        match &checked {
            Ok(summary) if is_valid => output.json(&json!({ "valid": true, "summary": summary }))?,
            Ok(summary) => {
                let problems: Vec<String> = summary.impossible.iter().map(ToString::to_string).collect();
                output.json(&json!({ "valid": false, "problems": problems, "summary": summary }))?;
            }
            Err(err) => output.json(&json!({ "valid": false, "problems": super::chain(err).lines().collect::<Vec<_>>() }))?,
        }
        return Ok(code);
    }
    let summary = checked.map_err(AssembleError::from)?;
    print_summary(output, &summary)?;
    Ok(code)
}

fn print_summary(output: &Output, summary: &Summary) -> Result<(), CliError> {
    for never in &summary.impossible {
        let what = "no call of an installed tool ever meets it; install the plugin it means, mend it, or take it away";
        output.line(format!("{} {never}; {what}", output.tone(Tone::Bad, "error:")))?;
    }
    for warning in summary.warnings.iter().filter(|warning| !summary.impossible.contains(warning)) {
        output.line(format!("{} {warning}", output.tone(Tone::Warning, "warning:")))?;
    }
    for tool in &summary.without_permit {
        output.line(format!("{} no rule permits `{tool}`: every call of it is blocked", output.tone(Tone::Warning, "warning:")))?;
    }
    for AlwaysAllowed { tool, rules } in &summary.always_allowed {
        let by = rules.iter().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(" and ");
        output.line(format!(
            "{} {by} always allows `{tool}`: whoever asks, with whatever a stranger wrote, and without anybody's word",
            output.tone(Tone::Warning, "warning:")
        ))?;
    }
    let sound = if summary.impossible.is_empty() { output.tone(Tone::Good, "Sound.") } else { output.tone(Tone::Bad, "Not sound.") };
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
    let rules = steward_policies::Rules::load(&set.rules, &set.tools).map_err(rules_error)?;
    let text = matrix(&rules);
    if as_json {
        output.json(&json!({ "policy_digest": rules.digest(), "matrix": text }))?;
    } else {
        output.line(text.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
