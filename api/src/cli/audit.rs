//! `steward audit`: the log of everything that was changed, for others to keep and check.

use super::Setting;
use super::error::CliError;
use super::terminal::{Terminal, Who, with};
use crate::export::audit_json;
use crate::wiring::logging;
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use steward_core::limits::PAGE_MAX;
use steward_core::{Permission, Workspaces};
use steward_store::audit::list;
use steward_store::page::Page;

/// Export the audit log
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write every entry as a line of JSON, oldest first: its fields, its exact bytes and its leaf hash
    #[command(after_help = "Example:\n  steward audit export --output audit.jsonl")]
    Export(Export),
}

#[derive(Debug, Args)]
struct Export {
    /// The file to write; it must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only entries of this action, for example `hold.approve`
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    #[command(flatten)]
    who: Who,
}

impl Audit {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let Verb::Export(export) = self.verb;
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let mut out: Box<dyn Write + Send> = match &export.output {
            Some(path) => {
                let file = File::create_new(path).map_err(|err| CliError::said(format!("`{}` cannot be made: {err}", path.display())))?;
                Box::new(BufWriter::new(file))
            }
            None => Box::new(BufWriter::new(io::stdout())),
        };
        let count = with(config, &export.who, "steward audit export", async |terminal| write_all(terminal, export.action.as_deref(), &mut out).await).await?;
        if let Some(path) = &export.output {
            setting.output.line(format!("{count} entries in `{}`.", path.display()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn write_all(terminal: &Terminal, action: Option<&str>, out: &mut (dyn Write + Send)) -> Result<usize, CliError> {
    if !terminal.actor.may(Permission::AuditRead) {
        return Err(CliError::said("only owners and auditors may export the audit log; say who you are with `--as EMAIL`"));
    }
    // Somebody who sees only some workspaces would learn of the others from it.
    if terminal.actor.workspaces != Workspaces::All {
        return Err(CliError::said("the audit log is the whole organisation's: it needs a role in all of it"));
    }
    // One transaction, so that the export is one moment of the log however long it takes.
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let (mut page, mut count) = (Page::new(Some(PAGE_MAX), None), 0);
    loop {
        let rows = list(&mut tx, &page, action).await?;
        let (rows, next) = page.cut(rows, |row| row.audit_id.uuid());
        count += rows.len();
        for row in &rows {
            writeln!(out, "{}", audit_json(row))?;
        }
        match next {
            Some(cursor) => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            None => break,
        }
    }
    tx.rollback().await?;
    out.flush()?;
    Ok(count)
}
