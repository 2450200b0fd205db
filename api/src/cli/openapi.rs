//! `steward openapi`: the description of the HTTP interface, as the server serves it.

use super::Setting;
use super::error::CliError;
use clap::Args;
use std::process::ExitCode;

/// Print the OpenAPI description of the HTTP interface
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward openapi > openapi.json")]
pub(super) struct Openapi {}

impl Openapi {
    pub(super) fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        setting.output.json(&crate::openapi::document())?;
        Ok(ExitCode::SUCCESS)
    }
}
