//! Other programs: found, or named with what brings them; run, and their words shown.

use super::{Step, Told};
use crate::error::KitError;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A program of the project's own, installed by the packager of its language.
pub(super) fn own(dir: &Path, path: &str, install: &str) -> Result<PathBuf, KitError> {
    let found = dir.join(path);
    match found.is_file() {
        true => std::path::absolute(&found).map_err(KitError::read(&found)),
        false => Err(KitError::said(format!("`{path}` is missing in `{}`; install it with: cd {} && {install}", dir.display(), dir.display()))),
    }
}

/// Runs a program to its end. Whatever it says goes to standard error, as it says it.
pub(super) fn run(command: &mut Command, what: &str, missing: &str) -> Result<(), KitError> {
    command.stdin(Stdio::null()).stdout(Stdio::from(io::stderr())).stderr(Stdio::inherit());
    ended(command.status(), what, missing)
}

/// Runs a program that says nothing for long, behind a sign of life: what it says is told when it has ended, so that neither writes over the other.
pub(super) fn run_told(command: &mut Command, what: &str, missing: &str, told: Told<'_>) -> Result<(), KitError> {
    let done = command.stdin(Stdio::null()).output().map(|output| {
        let said = [output.stdout, output.stderr].concat();
        if !said.is_empty() {
            told(Step::Said(&String::from_utf8_lossy(&said)));
        }
        output.status
    });
    ended(done, what, missing)
}

/// Runs a test of a project: its compiler speaks for itself on standard error, and what the test prints is shown where it fails.
pub(super) fn run_test(command: &mut Command, what: &str, missing: &str) -> Result<(), KitError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let done = command.spawn().and_then(Child::wait_with_output).and_then(|output| {
        if !output.status.success() {
            io::stderr().write_all(&output.stdout)?;
        }
        Ok(output.status)
    });
    ended(done, what, missing)
}

/// What came of a program.
fn ended(done: io::Result<ExitStatus>, what: &str, missing: &str) -> Result<(), KitError> {
    match done {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(KitError::said(format!("{what} failed; what it says stands above"))),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Err(KitError::said(missing.to_owned())),
        Err(err) => Err(KitError::said(format!("{what} does not start: {err}"))),
    }
}

/// Runs a program for what it prints; none when it is not there or fails.
pub(super) fn said(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
