//! `steward plugin forget`: takes away all that a plugin keeps in a workspace, where its own calls cannot.

use crate::cli::output::counted;
use crate::cli::terminal::{Who, with};
use crate::cli::{CliError, Setting};
use crate::wiring::logging;
use clap::Args;
use serde_json::json;
use steward_office::kept::Keeper;

/// Take away all that a plugin keeps between its calls, in one workspace
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin forget weather --workspace Sales --yes")]
pub(super) struct Forget {
    /// The plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    /// In which workspace, by name or id, where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// Do it: nothing brings the entries back
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

impl Forget {
    pub(super) async fn run(self, setting: &Setting) -> Result<(), CliError> {
        let Self { plugin, workspace, yes, json: as_json, who } = self;
        if !yes {
            return Err(CliError::said(format!("this cannot be undone; run it again with `--yes` to take away all that `{plugin}` keeps")));
        }
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let (gone, workspace, name) = with(config, &who, "steward plugin forget", async |terminal| {
            let (workspace, name) = terminal.named_workspace(workspace.as_deref()).await?;
            // The server's role only looks at what is kept.
            let worker = terminal.database.worker().await?;
            let forgotten = Keeper::new(worker.clone()).forget(&terminal.actor, &terminal.office, workspace, &plugin).await;
            worker.close().await;
            Ok((forgotten?, workspace, name))
        })
        .await?;
        if as_json {
            let said = json!({ "plugin": plugin, "workspace_id": workspace, "workspace": name, "entries": gone });
            return Ok(setting.output.json(&said)?);
        }
        Ok(setting.output.line(match gone {
            0 => format!("`{plugin}` keeps nothing in {name}."),
            gone => format!("{} of `{plugin}` in {name} taken away.", counted(gone, "entry", "entries")),
        })?)
    }
}
