//! `steward audit`: the log of everything that was changed, for others to keep and check.

mod verify;

use super::Setting;
use super::error::CliError;
use super::output::counted;
use super::progress::Progress;
use super::terminal::{Terminal, Who, with};
use crate::export::{AUDIT_CSV_HEADER, audit_csv, audit_json, moment};
use crate::wiring::{audit_key, logging};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use steward_core::limits::PAGE_MAX;
use steward_core::{Permission, Workspaces};
use steward_office::audit::files::LogDir;
use steward_office::audit::personal;
use steward_office::audit::seal::Subject;
use steward_office::audit::sequence::export_telling;
use steward_store::audit::{AuditFilter, list};
use steward_store::audit_log;
use steward_store::page::Page;
use time::OffsetDateTime;

/// What is said while entries are written out.
const WRITING: &str = "writing entries";

/// Check and export the audit log
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward audit verify")]
pub(super) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check that nothing was changed, removed, reordered or cut off: in a directory without any server, or in the database
    #[command(
        after_help = "Example:\n  steward audit verify audit-2026 --key audit-key.txt --checkpoint received-by-mail.txt\n\nExit codes: 0 all is as it was signed, 1 tampered with, 2 nothing can be said"
    )]
    Verify(verify::Verify),
    /// Write the log out: every entry as a line of JSON or CSV, or a directory that `steward audit verify` checks anywhere
    #[command(
        after_help = "Example:\n  steward audit export --output audit.jsonl\n  steward audit export --format csv --from 2026-03-01 --output march.csv\n  steward audit export --format bundle --output audit-2026"
    )]
    Export(Export),
    /// Make the personal details of a person or contact in the log unreadable for ever; the log stays as it was signed
    #[command(after_help = "Example:\n  steward audit erase contact_01h2xcejqtf2nbrexx3vqjhp41 --yes")]
    Erase(Erase),
    /// Print the public key that checkpoints are checked with; give it to whoever should check
    #[command(after_help = "Example:\n  steward audit key > audit-key.txt")]
    Key(Key),
}

/// In which form the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line of JSON an entry, oldest first: its fields, its exact bytes and its leaf hash
    Jsonl,
    /// A heading, and a line of comma-separated values an entry, with the same fields; no spreadsheet computes a cell
    Csv,
    /// A directory of entries, tiles and signed checkpoints
    Bundle,
}

#[derive(Debug, Args)]
struct Export {
    /// The file or directory to write; it must not exist yet [default: standard output]
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// The form
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// Only entries of this action, for example `hold.approve`; not with a bundle, which is whole
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Not before this day or moment, for example 2026-03-01; not with a bundle
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    from: Option<OffsetDateTime>,
    /// Before this day or moment; not with a bundle
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    to: Option<OffsetDateTime>,
    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
struct Key {
    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
struct Erase {
    /// Whose: a person's or contact's id
    subject: Subject,
    /// Do it: nothing brings the details back
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    who: Who,
}

impl Audit {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        match self.verb {
            Verb::Verify(verify) => verify.run(setting).await,
            Verb::Export(export) if export.format == Format::Bundle => export.bundle(setting).await,
            Verb::Export(export) => export.lines(setting).await,
            Verb::Erase(erase) => erase.run(setting).await,
            Verb::Key(key) => key.run(setting).await,
        }
    }
}

impl Erase {
    async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        if !self.yes {
            return Err(CliError::said(format!(
                "this cannot be undone; run it again with `--yes` to erase the details of `{}` in the audit log",
                self.subject
            )));
        }
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let erased = with(config, &self.who, "steward audit erase", async |terminal| {
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            let erased = personal::erase(&mut tx, &terminal.office, self.subject).await?;
            tx.commit().await?;
            Ok(erased)
        })
        .await?;
        setting.output.line(if erased {
            format!("Erased: the audit log's details of `{}` can no longer be read. Records kept elsewhere are not touched.", self.subject)
        } else {
            format!("The details of `{}` were erased before.", self.subject)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Key {
    async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let signer = audit_key::find(&config)?;
        let tenant = with(config, &self.who, "steward audit key", async |terminal| Ok(terminal.actor.tenant)).await?;
        setting.output.line(signer.verifier(tenant).to_string())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Export {
    /// The whole log with what was signed, after signing what is new.
    async fn bundle(self, setting: &Setting) -> Result<ExitCode, CliError> {
        if self.action.is_some() || self.from.is_some() || self.to.is_some() {
            return Err(CliError::said("a bundle is the whole log; leave out `--action`, `--from` and `--to`, or use `--format jsonl` or `--format csv`"));
        }
        let Some(output) = self.output else { return Err(CliError::said("a bundle is a directory; name it with `--output DIR`")) };
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let sequencer = audit_key::sequencer(&config)?;
        let size = with(config, &self.who, "steward audit export", async |terminal| {
            check_may_read(terminal)?;
            let worker = terminal.database.worker().await?;
            let passed = sequencer.pass(&worker, terminal.actor.tenant).await;
            worker.close().await;
            passed?;
            std::fs::create_dir(&output).map_err(|err| CliError::said(format!("`{}` cannot be made: {err}", output.display())))?;
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            let progress = Progress::of(0, WRITING);
            let size = export_telling(&mut tx, &LogDir::new(&output), &mut |done, all| progress.told(done, all)).await?;
            drop(progress);
            tx.rollback().await?;
            Ok(size)
        })
        .await?;
        setting.output.line(format!(
            "{1} in `{0}`; check with `steward audit verify {0} --key KEY`.",
            output.display(),
            counted(size, "entry with its checkpoints", "entries with their checkpoints")
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    fn filter(&self) -> AuditFilter<'_> {
        AuditFilter { action: self.action.as_deref(), from: self.from, to: self.to, ..AuditFilter::default() }
    }

    async fn lines(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let export = self;
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let mut out: Box<dyn Write + Send> = match &export.output {
            Some(path) => {
                let file = File::create_new(path).map_err(|err| CliError::said(format!("`{}` cannot be made: {err}", path.display())))?;
                Box::new(BufWriter::new(file))
            }
            None => Box::new(BufWriter::new(io::stdout())),
        };
        // Where the lines go to the same terminal a bar would stand between them.
        let shows = export.output.is_some() || !io::stdout().is_terminal();
        let count = with(config, &export.who, "steward audit export", async |terminal| write_all(terminal, &export, &mut out, shows).await).await?;
        if let Some(path) = &export.output {
            setting.output.line(format!("{} in `{}`.", counted(count, "entry", "entries"), path.display()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether this person may see the whole log.
fn check_may_read(terminal: &Terminal) -> Result<(), CliError> {
    if !terminal.actor.may(Permission::AuditRead) {
        return Err(CliError::said("only owners and auditors may export the audit log; say who you are with `--as EMAIL`"));
    }
    // Somebody who sees only some workspaces would learn of the others from it.
    if terminal.actor.workspaces != Workspaces::All {
        return Err(CliError::said("the audit log is the whole organisation's: it needs a role in all of it"));
    }
    Ok(())
}

async fn write_all(terminal: &Terminal, export: &Export, out: &mut (dyn Write + Send), shows: bool) -> Result<usize, CliError> {
    check_may_read(terminal)?;
    let filter = export.filter();
    // What is written while it is read may be missing: a bundle is what can be checked to be whole.
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let is_whole = filter.action.is_none() && filter.from.is_none() && filter.to.is_none();
    // How many entries a choice of them has nobody has counted; of all it is as many as were signed, and the few since.
    let all = if is_whole && shows { audit_log::latest(&mut tx).await?.map_or(0, |row| row.tree_size) } else { 0 };
    let progress = shows.then(|| if is_whole { Progress::of(all, WRITING) } else { Progress::start(WRITING) });
    if export.format == Format::Csv {
        write!(out, "{AUDIT_CSV_HEADER}\r\n")?;
    }
    let (mut page, mut count) = (Page::new(Some(PAGE_MAX), None), 0);
    loop {
        let rows = list(&mut tx, &page, filter).await?;
        let (rows, next) = page.cut(rows, |row| row.audit_id.uuid());
        count += rows.len();
        for row in &rows {
            match export.format {
                Format::Csv => write!(out, "{}\r\n", audit_csv(row))?,
                // A bundle is a directory, and written elsewhere.
                Format::Jsonl | Format::Bundle => writeln!(out, "{}", audit_json(row))?,
            }
        }
        match &progress {
            Some(bar) if is_whole => bar.told(count as u64, all.max(count as u64)),
            Some(sign) => sign.say(format!("{WRITING}: {count}")),
            None => {}
        }
        match next {
            Some(cursor) => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            None => break,
        }
    }
    drop(progress);
    tx.rollback().await?;
    out.flush()?;
    Ok(count)
}
