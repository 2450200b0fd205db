//! What was typed before something was asked: it answers nothing.

use super::error::CliError;
use rustix::termios::{QueueSelector, tcflush};
use std::io::{self, IsTerminal as _};

/// Throws away what was typed at a terminal before now and read by nobody: whole lines, and the beginning of one. What comes from a file or another
/// program was not typed and is kept.
pub(super) fn forget_typed() -> Result<(), CliError> {
    if io::stdin().is_terminal() {
        tcflush(io::stdin(), QueueSelector::IFlush).map_err(io::Error::from)?;
    }
    Ok(())
}
