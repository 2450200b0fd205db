//! `steward eval`: exams. A compromised model against the real loop, gate and MCP client; nothing leaves this process.

mod tables;

use super::Setting;
use super::error::{CliError, chain};
use super::progress::Progress;
use crate::wiring::policies::read_rules;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use steward_core::Mode;
use steward_evals::Through;
use steward_evals::adaptive::explore;
use steward_evals::agentdojo::load;
use steward_evals::attacks::{AttacksReport, Corpus, hold};
use steward_evals::replay::{Replay, replay};
use steward_evals::report::Report;
use steward_policies::{RuleFile, shipped_rules};

/// The exam could not be held.
const NOT_HELD: u8 = 2;

/// Hold exams: a compromised model against the gate
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward eval agentdojo ./suites --mode traced")]
pub(super) struct Eval {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Replay suites of the AgentDojo format over MCP; exit 1 when an attack had an effect without a person, 2 when it could not be held
    #[command(after_help = "Example:\n  steward eval agentdojo ./agentdojo --mode traced --json report.json")]
    Agentdojo(Agentdojo),
    /// Try our own corpus of attack texts, or one in a folder; exit codes as of `agentdojo`
    #[command(after_help = "Example:\n  steward eval attacks --mode traced --json attacks.json")]
    Attacks(Attacks),
}

#[derive(Debug, Args)]
struct Agentdojo {
    /// A folder with `annotations.json` and a `<suite>.json` for each suite it names
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Also let an attacker in who knows the gate and picks every argument himself
    #[arg(long)]
    adaptive: bool,
    /// By which way attacks come about, instead of at once; several, one after the other: `putting-off,handing-on`
    #[arg(long, value_name = "WAY", value_enum, value_delimiter = ',')]
    through: Vec<Way>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct Attacks {
    /// A folder with `desk.toml` and a file of cases for each class [default: the shipped corpus]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

/// What every exam takes.
#[derive(Debug, Args)]
struct How {
    /// How closely calls are watched; may be given more than once [default: every mode there is]
    #[arg(long, value_name = "MODE", value_enum, value_delimiter = ',')]
    mode: Vec<Watch>,
    /// Rules to be examined, a directory with `rules/` [default: the shipped ones]
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Write everything that was found to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A mode, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Watch {
    /// Labels only
    Open,
    /// Arguments traced to the owner's words
    Traced,
    /// Text of others behind handles
    Sealed,
}

/// A way of an attack, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// By another agent, to whom it is handed on
    HandingOn,
    /// At a time to come; the owner lets the plan pass
    PuttingOff,
}

impl Way {
    fn through(self) -> Through {
        match self {
            Self::HandingOn => Through::HandingOn,
            Self::PuttingOff => Through::PuttingOff,
        }
    }
}

impl Watch {
    fn mode(self) -> Mode {
        match self {
            Self::Open => Mode::Open,
            Self::Traced => Mode::Traced,
            Self::Sealed => Mode::Sealed,
        }
    }
}

impl How {
    fn modes(&self) -> Vec<Mode> {
        let asked = |mode: &Mode| self.mode.is_empty() || self.mode.iter().any(|watch| watch.mode() == *mode);
        Mode::ALL.into_iter().filter(asked).collect()
    }

    fn rules(&self) -> Result<Vec<RuleFile>, CliError> {
        self.policies.as_ref().map_or_else(|| Ok(shipped_rules()), |dir| Ok(read_rules(dir)?))
    }
}

impl Eval {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let held = match self.verb {
            Verb::Agentdojo(exam) => exam.hold(setting).await,
            Verb::Attacks(exam) => exam.hold(setting).await,
        };
        match held {
            Ok(true) => Ok(ExitCode::SUCCESS),
            Ok(false) => Ok(ExitCode::FAILURE),
            Err(err) if err.is_closed_pipe() => Err(err),
            Err(err) => {
                for line in chain(&err).lines() {
                    eprintln!("steward: {line}");
                }
                Ok(ExitCode::from(NOT_HELD))
            }
        }
    }
}

impl Agentdojo {
    async fn hold(self, setting: &Setting) -> Result<bool, CliError> {
        let (modes, rules) = (self.how.modes(), self.how.rules()?);
        let suites: Vec<_> = load(&self.dir)?.into_iter().map(Arc::new).collect();
        let mut found = Vec::new();
        for suite in &suites {
            for mode in &modes {
                let (told, _shown) = telling(format!("{} {}", suite.name, mode.name()));
                let through = self.through.iter().map(|way| way.through()).collect();
                let how = Replay { rules: rules.clone(), side_by_side: lanes(), progress: told, through, ..Replay::new(*mode) };
                let mut report = replay(Arc::clone(suite), &how).await?;
                if self.adaptive {
                    report.adaptive = Some(explore(Arc::clone(suite), &how).await?);
                }
                found.push(report);
            }
        }
        let report = Report::new(found);
        write(self.how.json.as_deref(), &report)?;
        tables::agentdojo(&setting.output, &report)?;
        Ok(report.passed)
    }
}

impl Attacks {
    async fn hold(self, setting: &Setting) -> Result<bool, CliError> {
        let (modes, rules) = (self.how.modes(), self.how.rules()?);
        let corpus = Arc::new(self.dir.as_deref().map_or_else(Corpus::shipped, Corpus::load)?);
        // Compiled plugins are kept where there is an installation; elsewhere they are compiled anew.
        let modules = setting.config().ok().map(|config| config.data_dir).filter(|dir| dir.is_dir()).map(|dir| dir.join("cache/plugins"));
        let mut found = Vec::new();
        for mode in modes {
            let (told, _shown) = telling(format!("attacks {}", mode.name()));
            let how = Replay { rules: rules.clone(), side_by_side: lanes(), progress: told, ..Replay::new(mode) };
            found.push(hold(Arc::clone(&corpus), &how, modules.clone()).await?);
        }
        let report = AttacksReport::new(found);
        write(self.how.json.as_deref(), &report)?;
        tables::attacks(&setting.output, &report)?;
        Ok(report.passed)
    }
}

/// As many runs at once as there are processors.
fn lanes() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// A bar, and the handle that takes it away.
fn telling(what: String) -> (steward_evals::replay::Progress, Arc<Mutex<Progress>>) {
    let shown = Arc::new(Mutex::new(Progress::of(0, what)));
    let kept = Arc::clone(&shown);
    let told = Arc::new(move |done: usize, all: usize| shown.lock().unwrap_or_else(PoisonError::into_inner).told(done as u64, all as u64));
    (told, kept)
}

fn write(path: Option<&Path>, report: &impl Serialize) -> Result<(), CliError> {
    let Some(path) = path else { return Ok(()) };
    let mut text = serde_json::to_string_pretty(report).map_err(std::io::Error::other)?;
    text.push('\n');
    std::fs::write(path, text).map_err(|err| CliError::said(format!("`{}` cannot be written: {err}", path.display())))
}
