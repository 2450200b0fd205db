//! `steward migrate`: brings the database to this version.

use super::Setting;
use super::error::CliError;
use crate::wiring::database::migrate_now;
use crate::wiring::logging;
use clap::Args;
use std::process::ExitCode;

/// Bring the database to this version
///
/// `steward up` does this by itself; run it before new versions of `steward serve` and `steward work`. Running it again changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward migrate --config /etc/steward/steward.toml")]
pub(super) struct Migrate {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let migrations = migrate_now(&config).await?;
        if self.json {
            setting.output.json(&serde_json::json!({ "migrations": migrations }))?;
        } else {
            setting.output.line(format!("The database has all {migrations} migrations of this version."))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
