//! `steward prompt label`: moving a label is proposed here, and decided by somebody else with `steward changes`.

use crate::cli::Setting;
use crate::cli::error::CliError;
use crate::cli::terminal::{Who, with};
use crate::label_moves::propose;
use crate::wiring::logging;
use clap::Args;
use steward_prompts::Registry;

#[derive(Debug, Args)]
pub(super) struct Label {
    /// The prompt
    name: String,
    /// The label, for example `production`
    label: String,
    /// The version it is to point to, as `steward prompt list` shows it
    version: u32,
    /// Why: whoever decides reads that first
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: Who,
}

impl Label {
    pub(super) async fn run(self, setting: &Setting, prompts: &Registry) -> Result<(), CliError> {
        logging::start(&setting.environment, "warn");
        let row = with(setting.config()?, &self.who, "steward prompt label", async |terminal| {
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            let row = propose(&mut tx, &terminal.office, prompts, (&self.name, &self.label, self.version), &self.reason).await?;
            tx.commit().await?;
            Ok(row)
        });
        let id = row.await?.governance_change_id;
        Ok(setting.output.line(format!("{id} waits: another owner approves it, see `steward changes show {id}`."))?)
    }
}
