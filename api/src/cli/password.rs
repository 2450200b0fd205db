//! The password of the person at the terminal, for what needs a fresh proof of who they are.

use super::error::CliError;
use super::output::Output;
use secrecy::SecretString;
use std::io::{self, BufRead as _, IsTerminal as _};
use steward_office::people::PASSWORD_BYTES_MAX;

/// One line of standard input. At a terminal it is asked for; it is shown while it is typed, which the question says.
pub(super) async fn read_password(output: &Output, command: &str) -> Result<SecretString, CliError> {
    if io::stdin().is_terminal() {
        output.piece("Your password (it is shown; better pipe it in): ")?;
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::Read::take(io::stdin().lock(), PASSWORD_BYTES_MAX as u64 + 2).read_line(&mut line).map(|_| line)
    });
    let line = read.await.map_err(io::Error::other)??;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(CliError::said(format!("give your password on standard input: `{command} < password.txt`")));
    }
    Ok(SecretString::from(password))
}
