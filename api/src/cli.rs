//! The command line: one file a verb, each with an example in its help, results on standard output, errors in a line or two on standard error.

mod actions;
mod approvals;
mod audit;
mod budgets;
mod changes;
mod chat;
mod companies;
mod completions;
mod contacts;
mod definitions;
mod doctor;
mod error;
mod eval;
mod imports;
mod link;
mod mcp;
mod migrate;
mod openapi;
mod output;
mod parts;
mod password;
mod plugin;
mod policy;
mod progress;
mod prompt;
mod replay;
mod terminal;
mod typed;
mod up;

pub use error::{CliError, chain};

use crate::config::{Config, Environment, Overrides};
use clap::{Args, CommandFactory, Parser, Subcommand};
use output::Output;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit code of an error.
const ERROR: u8 = 1;

/// An agent that acts for an owner, under rules that can be read, tested and audited.
#[derive(Debug, Parser)]
#[command(
    name = "steward",
    version,
    max_term_width = 110,
    after_help = "Example:\n  steward up\n  steward chat \"Hello\"\n\nThe first start prints a link to sign in with."
)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb takes.
#[derive(Debug, Args)]
struct Common {
    /// The configuration file [default: $STEWARD_CONFIG or ./steward.toml]
    #[arg(long, value_name = "FILE", global = true, display_order = 100)]
    config: Option<PathBuf>,
    /// Where everything is kept, instead of `data_dir` of the configuration
    #[arg(long, value_name = "DIR", global = true, display_order = 101)]
    data_dir: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Up(up::Up),
    Serve(parts::Serve),
    Work(parts::Work),
    Migrate(migrate::Migrate),
    Chat(chat::Chat),
    Approvals(approvals::Approvals),
    Actions(actions::Actions),
    Policy(policy::Policy),
    Changes(changes::Changes),
    Eval(eval::Eval),
    Replay(replay::Replay),
    Contacts(contacts::Contacts),
    Companies(companies::Companies),
    Audit(audit::Audit),
    Budgets(budgets::Budgets),
    Prompt(prompt::PromptVerb),
    Plugin(plugin::Plugin),
    Link(link::Link),
    Mcp(mcp::Mcp),
    Doctor(doctor::Doctor),
    Openapi(openapi::Openapi),
    Completions(completions::Completions),
}

/// What a verb has at hand: the environment, the configuration when it asks for it, and where to print.
struct Setting {
    environment: Environment,
    overrides: Overrides,
    output: Output,
}

impl Setting {
    /// Reads and checks the configuration.
    fn config(&self) -> Result<Config, CliError> {
        Ok(Config::load(&self.environment, &self.overrides)?)
    }

    /// The same with flags of the verb over it.
    fn config_with(&self, flags: impl IntoIterator<Item = (&'static str, Option<String>, &'static str)>) -> Result<Config, CliError> {
        let mut overrides = self.overrides.clone();
        overrides.values.extend(flags.into_iter().filter_map(|(key, value, flag)| Some((key, value?, flag))));
        Ok(Config::load(&self.environment, &overrides)?)
    }
}

/// Runs the command line of this process. What `main` does.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version come this way too, with exit code 0; misuse has 2.
        Err(err) => {
            let _ = err.print();
            return ExitCode::from(u8::try_from(err.exit_code()).unwrap_or(ERROR));
        }
    };
    let environment = Environment::of_process();
    let output = Output::of(&environment);
    let values = cli.common.data_dir.map(|dir| ("data_dir", dir, "--data-dir")).into_iter().collect();
    let setting = Setting { environment, overrides: Overrides { file: cli.common.config, values }, output };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(err) => return failed(&CliError::from(err)),
    };
    let done = runtime.block_on(dispatch(cli.verb, &setting));
    // A thread that still reads the terminal must not hold the process.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(err) if err.is_closed_pipe() => ExitCode::SUCCESS,
        Err(err) => failed(&err),
    }
}

fn failed(err: &CliError) -> ExitCode {
    for line in chain(err).lines() {
        eprintln!("steward: {line}");
    }
    ExitCode::from(ERROR)
}

async fn dispatch(verb: Verb, setting: &Setting) -> Result<ExitCode, CliError> {
    match verb {
        Verb::Up(verb) => Box::pin(verb.run(setting)).await,
        Verb::Serve(verb) => Box::pin(verb.run(setting)).await,
        Verb::Work(verb) => Box::pin(verb.run(setting)).await,
        Verb::Mcp(verb) => Box::pin(verb.run(setting)).await,
        Verb::Migrate(verb) => verb.run(setting).await,
        Verb::Chat(verb) => Box::pin(verb.run(setting)).await,
        Verb::Approvals(verb) => Box::pin(verb.run(setting)).await,
        Verb::Actions(verb) => Box::pin(verb.run(setting)).await,
        Verb::Policy(verb) => Box::pin(verb.run(setting)).await,
        Verb::Changes(verb) => Box::pin(verb.run(setting)).await,
        Verb::Eval(verb) => Box::pin(verb.run(setting)).await,
        Verb::Replay(verb) => Box::pin(verb.run(setting)).await,
        Verb::Contacts(verb) => Box::pin(verb.run(setting)).await,
        Verb::Companies(verb) => Box::pin(verb.run(setting)).await,
        Verb::Audit(verb) => Box::pin(verb.run(setting)).await,
        Verb::Budgets(verb) => Box::pin(verb.run(setting)).await,
        Verb::Prompt(verb) => verb.run(setting).await,
        Verb::Plugin(verb) => Box::pin(verb.run(setting)).await,
        Verb::Link(verb) => Box::pin(verb.run(setting)).await,
        Verb::Doctor(verb) => Box::pin(verb.run(setting)).await,
        Verb::Openapi(verb) => verb.run(setting),
        Verb::Completions(verb) => verb.run(&mut Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
