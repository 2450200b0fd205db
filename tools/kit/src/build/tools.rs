//! Other programs: found, or named with what brings them; run, and their words shown.

use crate::error::KitError;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
    match command.status() {
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
