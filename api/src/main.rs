//! The one binary: `steward`. All it does is in `cli`, one file a verb.

use std::process::ExitCode;

fn main() -> ExitCode {
    steward_api::cli::run(std::env::args_os())
}
