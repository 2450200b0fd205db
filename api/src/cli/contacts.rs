//! `steward contacts import`: contacts from Google, Outlook and vCard files, with a preview, all of a file or nothing of it.

use super::Setting;
use super::error::CliError;
use super::imports::Import;
use clap::{Args, Subcommand};
use std::process::ExitCode;
use steward_office::import::Subject;

/// Import contacts
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward contacts import contacts.csv --preview")]
pub(super) struct Contacts {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Import a CSV file from Google or Outlook, another CSV with a header, or a vCard file
    ///
    /// Reading the same file again changes nothing; a filled field is never overwritten; all of the file is taken, or nothing.
    #[command(after_help = "Example:\n  steward contacts import contacts.csv --preview\n  steward contacts import contacts.csv")]
    Import(Import),
}

impl Contacts {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let Verb::Import(wanted) = self.verb;
        wanted.run(setting, Subject::Contacts, "steward contacts import").await
    }
}
