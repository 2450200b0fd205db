//! `steward doctor`: does everything that Steward needs work, and if not, what to do. It changes nothing and starts nothing.

mod data_key;
mod database;
mod machine;
mod notices;
mod rules;

use super::Setting;
use super::error::CliError;
use super::output::{Output, Tone};
use crate::config;
use crate::wiring::database::is_made;
use crate::wiring::logging;
use clap::Args;
use serde::Serialize;
use std::process::ExitCode;

/// Check everything Steward needs, and show the configuration in force; exit 1 when something is wrong
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward doctor\n  steward doctor --json | jq '.checks[] | select(.state == \"wrong\")'")]
pub(super) struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// As it should be.
    Good,
    /// Works, and deserves a look.
    Warning,
    /// Does not work.
    Wrong,
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    /// What.
    name: &'static str,
    /// How it is.
    state: State,
    /// In words; when it is not good, with what to do.
    message: String,
}

impl Check {
    fn good(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, state: State::Good, message: message.into() }
    }

    fn warning(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, state: State::Warning, message: message.into() }
    }

    fn wrong(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, state: State::Wrong, message: message.into() }
    }

    /// Good with these words, or wrong with the error's.
    fn of<T, E: std::error::Error>(name: &'static str, outcome: Result<T, E>, good: impl FnOnce(T) -> String) -> Self {
        match outcome {
            Ok(value) => Self::good(name, good(value)),
            Err(err) => Self::wrong(name, super::chain(&err)),
        }
    }
}

/// Everything the doctor has to say.
#[derive(Debug, Serialize)]
struct Report {
    /// Whether nothing is wrong.
    ok: bool,
    /// What was looked at.
    checks: Vec<Check>,
    /// The configuration in force, with origins.
    settings: Vec<config::Setting>,
}

impl Doctor {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        logging::start(&setting.environment, "error");
        let report = look(setting).await;
        if self.json {
            setting.output.json(&report)?;
        } else {
            print(&setting.output, &report)?;
        }
        Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn look(setting: &Setting) -> Report {
    let config = match setting.config() {
        Ok(config) => config,
        Err(err) => {
            let checks = super::chain(&err).lines().map(|line| Check::wrong("configuration", line)).collect();
            return Report { ok: false, checks, settings: Vec::new() };
        }
    };
    let from = config.file.as_ref().map_or_else(|| "no file; defaults and environment".to_owned(), |file| file.display().to_string());
    let mut checks = vec![Check::good("configuration", from)];
    if let Err(err) = is_made(&config) {
        checks.push(Check::wrong("data directory", super::chain(&err)));
        return Report { ok: false, checks, settings: config.settings };
    }
    checks.extend(machine::check(&config));
    checks.extend(database::check(&config).await);
    checks.extend(notices::check(&config).await);
    checks.extend(rules::check(&config).await);
    Report { ok: checks.iter().all(|check| check.state != State::Wrong), checks, settings: config.settings }
}

fn print(output: &Output, report: &Report) -> Result<(), CliError> {
    let width = report.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for check in &report.checks {
        let mark = match check.state {
            State::Good => output.tone(Tone::Good, "ok     "),
            State::Warning => output.tone(Tone::Warning, "look at"),
            State::Wrong => output.tone(Tone::Bad, "WRONG  "),
        };
        let indent = format!("\n{:width$}", "", width = width + 11);
        output.line(format!("{mark}  {:width$}  {}", check.name, check.message.replace('\n', &indent)))?;
    }
    if !report.settings.is_empty() {
        output.line("")?;
        let rows: Vec<Vec<String>> = report.settings.iter().map(|one| vec![one.key.clone(), one.value.clone(), one.origin.clone()]).collect();
        output.table(&["SETTING", "VALUE", "FROM"], &rows)?;
    }
    let wrong = report.checks.iter().filter(|check| check.state == State::Wrong).count();
    output.line("")?;
    let verdict = if wrong == 0 { output.tone(Tone::Good, "Nothing is wrong.") } else { output.tone(Tone::Bad, &format!("{wrong} wrong.")) };
    Ok(output.line(verdict)?)
}
