//! `steward completions`: what a shell needs to complete our verbs and flags.

use super::error::CliError;
use clap::Args;
use clap_complete::Shell;
use std::io::Write;
use std::process::ExitCode;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward completions bash > ~/.local/share/bash-completion/completions/steward")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, command: &mut clap::Command) -> Result<ExitCode, CliError> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, command, "steward", &mut text);
        std::io::stdout().lock().write_all(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
