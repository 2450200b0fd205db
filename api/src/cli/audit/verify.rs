//! `steward audit verify`: of a directory, with nothing but it and a public key; or of the database, against the copies outside it.

use super::super::Setting;
use super::super::error::{CliError, chain};
use super::super::output::counted;
use super::super::progress::Progress;
use super::super::terminal::{Who, with};
use super::check_may_read;
use crate::wiring::{audit_key, logging};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use steward_office::audit::files::LogDir;
use steward_office::audit::live::{self, LiveError};
use steward_office::audit::note::Verifier;
use steward_office::audit::report::Report;
use steward_office::audit::verify;

/// Something is not as it was signed.
const TAMPERED: u8 = 1;
/// Nothing can be said.
const CANNOT_READ: u8 = 2;
/// What is said while entries are checked.
const CHECKING: &str = "checking entries";
/// Calls without an outcome that are named one by one.
const ATTEMPTS_SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// A directory that `steward audit export --format bundle` wrote [default: this installation's database]
    dir: Option<PathBuf>,
    /// The public key, or a file with it, as `steward audit key` prints it [default: that of this installation]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A checkpoint that was kept elsewhere, or a directory of them; may be given several times
    #[arg(long = "checkpoint", value_name = "PATH")]
    checkpoints: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

impl Verify {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let json = self.json;
        let report = match self.check(setting).await {
            Ok(report) => report,
            Err(err) => {
                eprintln!("steward: {}", chain(&err));
                return Ok(ExitCode::from(CANNOT_READ));
            }
        };
        if json {
            let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
            let said = json!({
                "ok": report.is_clean(), "entries": report.entries, "checkpoints": report.checkpoints, "writers": report.writers, "waiting": report.waiting,
                "root": report.root, "calls_without_outcome": report.attempts.iter().map(|attempt| &attempt.call).collect::<Vec<_>>(),
                "calls_handed_on": report.handed_on.iter().map(|handed| &handed.call).collect::<Vec<_>>(), "problems": problems, "more_problems": report.more,
            });
            setting.output.line(said.to_string())?;
        } else {
            tell(setting, &report)?;
        }
        Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(TAMPERED) })
    }

    async fn check(self, setting: &Setting) -> Result<Report, CliError> {
        let given = self.key.as_deref().map(read_key).transpose()?;
        if let Some(dir) = self.dir {
            // No configuration is read: whoever checks may have none.
            let key =
                given.ok_or_else(|| CliError::said("say with which key to check: `--key KEY`, as `steward audit key` prints it where the log was written"))?;
            let progress = Progress::of(0, CHECKING);
            return Ok(verify::verify_telling(&LogDir::new(dir), &self.checkpoints, &key, &mut |done, all| progress.told(done, all))?);
        }
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let sequencer = audit_key::sequencer(&config)?;
        let progress = Progress::of(0, CHECKING);
        with(config, &self.who, "steward audit verify", async |terminal| {
            check_may_read(terminal)?;
            let tenant = terminal.actor.tenant;
            let mut elsewhere = self.checkpoints.clone();
            // The copies that this installation itself keeps outside the database, once there are any.
            elsewhere.extend(sequencer.checkpoints_of(tenant));
            let key = given.clone().unwrap_or_else(|| sequencer.signer().verifier(tenant));
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            let checked = live::verify_telling(&mut tx, &elsewhere, &key, &mut |done, all| progress.told(done, all)).await;
            let report = checked.map_err(|err| match err {
                LiveError::Store(err) => CliError::from(err),
                LiveError::Files(err) => err.into(),
            })?;
            tx.rollback().await?;
            Ok(report)
        })
        .await
    }
}

/// A key as given, or in the file of that name.
fn read_key(given: &str) -> Result<Verifier, CliError> {
    let text = std::fs::read_to_string(given).unwrap_or_else(|_| given.to_owned());
    text.parse().map_err(|err| CliError::said(format!("{err}")))
}

fn tell(setting: &Setting, report: &Report) -> Result<(), CliError> {
    let output = &setting.output;
    for problem in &report.problems {
        output.line(format!("TAMPERED: {problem}"))?;
    }
    if report.more > 0 {
        output.line(format!("TAMPERED: and {} more", report.more))?;
    }
    let root = report.root.map(|root| root.to_string()).unwrap_or_default();
    output.line(format!(
        "{} of {} against {}; root {root}",
        counted(report.entries, "entry", "entries"),
        counted(report.writers as u64, "writer", "writers"),
        counted(report.checkpoints as u64, "checkpoint", "checkpoints"),
    ))?;
    if report.waiting > 0 {
        output.line(counted(report.waiting, "entry waits for its place and is not signed yet", "entries wait for their place and are not signed yet"))?;
    }
    for attempt in report.attempts.iter().take(ATTEMPTS_SHOWN) {
        output.line(format!("no outcome yet: call `{}`, started with entry {}", attempt.call, attempt.index))?;
    }
    if report.attempts.len() > ATTEMPTS_SHOWN {
        output.line(format!("no outcome yet: and {} more", report.attempts.len() - ATTEMPTS_SHOWN))?;
    }
    for handed in report.handed_on.iter().take(ATTEMPTS_SHOWN) {
        output.line(format!("handed on: call `{}` waits for run `{}`", handed.call, handed.run))?;
    }
    if report.handed_on.len() > ATTEMPTS_SHOWN {
        output.line(format!("handed on: and {} more", report.handed_on.len() - ATTEMPTS_SHOWN))?;
    }
    if report.is_clean() {
        output.line("All is as it was signed.")?;
    }
    Ok(())
}
