//! Putting other arguments in place of the agent's.

use super::Card;
use crate::cli::error::CliError;
use crate::cli::terminal::Terminal;
use crate::wiring::Governance;
use crate::wiring::adopt::adopt;
use serde_json::Value;
use std::path::Path;
use steward_agent::edit::{Edited, Judges, edit, look};
use steward_core::HoldId;

/// The longest file of arguments, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Arguments as JSON, or `@` and the name of a file that holds it.
pub(super) fn read_arguments(text: &str) -> Result<Value, CliError> {
    let text = match text.strip_prefix('@') {
        Some(path) => {
            let path = Path::new(path);
            let failed = |err: std::io::Error| CliError::said(format!("`{}` cannot be read: {err}", path.display()));
            if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
                return Err(CliError::said(format!("`{}` is longer than {FILE_BYTES_MAX} bytes", path.display())));
            }
            std::fs::read_to_string(path).map_err(failed)?
        }
        None => text.to_owned(),
    };
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(CliError::said("write the arguments as one JSON object, for example `--arguments '{\"text\": \"Hello\"}'`")),
        Err(err) => Err(CliError::said(format!("the arguments are not JSON: {err}"))),
    }
}

/// Edits, and gives the card that waits now.
pub(super) async fn run(terminal: &Terminal, governance: &Governance, hold: HoldId, arguments: Value) -> Result<Card, CliError> {
    adopt(&terminal.store, &terminal.office, &governance.host.specs(), &governance.rules).await?;
    let rules = governance.rules.of(terminal.actor.tenant);
    let judges = Judges {
        office: &terminal.office,
        store: &terminal.store,
        host: &governance.host,
        rules: &rules,
        agents: &governance.agents,
        approvals: &terminal.config.approvals,
    };
    let looked = look(&terminal.actor, &judges, hold, arguments).await;
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let edited = edit(&mut tx, &judges, looked).await?;
    tx.commit().await?;
    match edited {
        Edited::Waits(row) => Card::read(terminal, row.hold_id).await,
        Edited::Blocked { reason, .. } => Err(CliError::said(format!("blocked with these arguments: {reason}; the action waits on as it was"))),
    }
}
