//! `steward plugin dev`: builds and tries a plugin whenever it changes, and calls a tool when one is typed.

use super::build::{said, shown};
use super::test::{Test, run};
use crate::cli::output::{Tone, printable};
use crate::cli::{CliError, Setting, chain};
use clap::Args;
use serde_json::Value;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use steward_host::installed::FolderLook;
use steward_kit::Project;
use steward_kit::cases::{Case, Runner, read_all};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

/// How often the folder is looked at, in milliseconds.
const LOOK_MS: u64 = 300;
/// What builds make, and is no change of anybody's.
const MADE: [&str; 6] = [".steward", "target", "node_modules", ".venv", "__pycache__", ".git"];
const HELP: &str = "Type a tool and its arguments, such as  hello.greet {\"name\": \"Lena\"}  or  test,  tools,  quit.";

/// Build and test a plugin whenever it changes, and call its tools by hand
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin dev\n  steward plugin dev ./my-plugin")]
pub(super) struct Dev {
    /// The plugin's directory
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

impl Dev {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        // What is no plugin at all is said at once; what is none for a moment is waited for.
        let component = format!("{}.wasm", Project::open(&self.dir)?.outline.name);
        let skipped: Vec<&str> = MADE.into_iter().chain([component.as_str()]).collect();
        let mut lines = lines();
        let mut looking = interval(Duration::from_millis(LOOK_MS));
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        let mut seen = FolderLook::at(&self.dir, &skipped);
        let mut runner = self.again(setting).await?;
        setting.output.line(HELP)?;
        prompt();
        loop {
            tokio::select! {
                _ = &mut interrupted => return Ok(ExitCode::SUCCESS),
                _ = looking.tick() => {
                    let now = FolderLook::at(&self.dir, &skipped);
                    if now != seen {
                        seen = now;
                        // What was built before is still called while the new one is broken.
                        runner = self.again(setting).await?.or(runner);
                        prompt();
                    }
                }
                line = lines.recv() => match line.as_deref().map(str::trim) {
                    None | Some("quit" | "exit") => return Ok(ExitCode::SUCCESS),
                    Some(line) => {
                        self.answer(setting, runner.as_ref(), line).await?;
                        prompt();
                    }
                },
            }
        }
    }

    /// Builds, and runs the cases. What goes wrong is said; none where there is nothing to call.
    async fn again(&self, setting: &Setting) -> Result<Option<Runner>, CliError> {
        let built = tokio::task::block_in_place(|| {
            let project = Project::open(&self.dir)?.compiled_in(setting.compiled());
            let built = shown(&project)?;
            let runner = Runner::load(&project)?;
            Ok::<_, CliError>((said(&project, &built), runner))
        });
        match built {
            Err(err) => wrong(setting, &err).map(|()| None),
            Ok((said, runner)) => {
                setting.output.line(said)?;
                self.test(setting, &runner).await?;
                Ok(Some(runner))
            }
        }
    }

    async fn test(&self, setting: &Setting, runner: &Runner) -> Result<(), CliError> {
        let tried = match read_all(&self.dir) {
            Ok(files) => run(setting, runner, files, &Test::all(self.dir.clone())).await,
            Err(err) => Err(err.into()),
        };
        tried.map(|_| ()).or_else(|err| wrong(setting, &err))
    }

    /// What a typed line asks for.
    async fn answer(&self, setting: &Setting, runner: Option<&Runner>, line: &str) -> Result<(), CliError> {
        let output = &setting.output;
        let Some(runner) = runner else { return Ok(output.line("there is nothing to call until it builds")?) };
        let (tool, arguments) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match tool {
            "" | "help" => return Ok(output.line(HELP)?),
            "test" => return self.test(setting, runner).await,
            "tools" => return Ok(output.line(runner.tools().join(", "))?),
            _ => {}
        }
        let arguments: Value = match arguments.trim() {
            "" => Value::Object(Default::default()),
            text => match serde_json::from_str(text) {
                Ok(arguments) => arguments,
                Err(err) => return Ok(output.line(output.tone(Tone::Bad, &format!("the arguments are no JSON: {err}")))?),
            },
        };
        match runner.call(&Case::of(tool, arguments)).await {
            Err(err) => wrong(setting, &err.into()),
            Ok(result) => {
                let got = serde_json::to_string_pretty(&result.got).map_err(std::io::Error::other)?;
                output.line(printable(&got))?;
                // Nobody is there to be asked: what it wanted to ask is shown.
                result.problems.iter().try_for_each(|problem| output.line(printable(problem)))?;
                let fuel = result.fuel.map_or_else(|| "it never ran".to_owned(), |fuel| format!("{fuel} fuel, {} ms", result.ms));
                Ok(output.line(output.tone(Tone::Quiet, &fuel))?)
            }
        }
    }
}

fn wrong(setting: &Setting, err: &CliError) -> Result<(), CliError> {
    if err.is_closed_pipe() {
        return Ok(());
    }
    chain(err).lines().try_for_each(|line| Ok(setting.output.line(setting.output.tone(Tone::Bad, line))?))
}

fn prompt() {
    if std::io::stdin().is_terminal() {
        eprint!("> ");
    }
}

/// Lines of standard input, read by a thread of their own: it cannot be interrupted, and need not be.
fn lines() -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
