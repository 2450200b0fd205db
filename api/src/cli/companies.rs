//! `steward companies import`: companies from the CSV of other programs, with a preview, all of a file or nothing of it.

use super::Setting;
use super::error::CliError;
use super::imports::Import;
use clap::{Args, Subcommand};
use std::process::ExitCode;
use steward_office::import::Subject;

/// Import companies
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward companies import companies.csv --preview")]
pub(super) struct Companies {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Import a CSV file from HubSpot, Pipedrive, Zoho, Salesforce or this program, or another CSV with a header
    ///
    /// Names and web addresses are taken; other columns are named. Reading the same file again changes nothing; a filled field is never
    /// overwritten; all of the file is taken, or nothing.
    #[command(after_help = "Example:\n  steward companies import companies.csv --preview\n  steward companies import companies.csv")]
    Import(Import),
}

impl Companies {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let Verb::Import(wanted) = self.verb;
        wanted.run(setting, Subject::Companies, "steward companies import").await
    }
}
