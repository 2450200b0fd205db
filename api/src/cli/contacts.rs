//! `steward contacts import`: contacts from Google, Outlook and vCard files, with a preview, all of a file or nothing of it.

use super::Setting;
use super::error::CliError;
use super::output::{Output, Tone, counted, one_line};
use super::progress::Progress;
use super::terminal::{Terminal, Who, with};
use crate::wiring::logging;
use clap::{Args, Subcommand};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use steward_core::limits::IMPORT_BYTES_MAX;
use steward_core::{Integrity, Permission};
use steward_office::import::{self, ImportError, ImportFile, ImportPlan, ImportReport, Refusal, Warning};

/// Refusals and remarks that are printed; `--json` has more.
const LINES_MAX: usize = 20;

/// Import contacts
#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
struct Import {
    /// The file
    file: PathBuf,
    /// Only say what would be done
    #[arg(long)]
    preview: bool,
    /// The workspace, by name or id, where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

/// What was asked for: a plan, or the report of what was done.
enum Told {
    Plan(ImportPlan),
    Report(ImportReport),
}

impl Contacts {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let Verb::Import(wanted) = self.verb;
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let progress = Progress::start(format!("reading `{}`", wanted.file.display()));
        let path = wanted.file.clone();
        let file = tokio::task::spawn_blocking(move || read(&path)).await.map_err(std::io::Error::other)??;
        progress.say(format!("{} {}", if wanted.preview { "looking at" } else { "importing" }, counted(file.rows.len(), "row", "rows")));
        let told = with(config, &wanted.who, "steward contacts import", async |terminal| import(terminal, &wanted, &file).await).await?;
        drop(progress);
        let output = &setting.output;
        match (&told, wanted.json) {
            (Told::Plan(plan), true) => output.json(plan)?,
            (Told::Report(report), true) => output.json(report)?,
            (Told::Plan(plan), false) => print_plan(output, plan)?,
            (Told::Report(report), false) => print_report(output, report)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn read(path: &Path) -> Result<ImportFile, CliError> {
    let failed = |err: std::io::Error| CliError::said(format!("`{}` cannot be read: {err}", path.display()));
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > IMPORT_BYTES_MAX as u64 {
        return Err(ImportError::TooLarge { bytes: usize::try_from(bytes).unwrap_or(usize::MAX) }.into());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(import::read(&fs::read(path).map_err(failed)?, &name)?)
}

async fn import(terminal: &Terminal, wanted: &Import, file: &ImportFile) -> Result<Told, CliError> {
    if !terminal.actor.may(Permission::ContactsImport) {
        return Err(CliError::said("only owners and managers may import contacts; say who you are with `--as EMAIL`"));
    }
    let workspace = terminal.workspace(wanted.workspace.as_deref()).await?;
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    if wanted.preview {
        let plan = import::preview(&mut tx, workspace, file).await?;
        tx.rollback().await?;
        return Ok(Told::Plan(plan));
    }
    // A file that a person picked and imported is curated by them.
    let report = import::run(&mut tx, &terminal.office, workspace, file, Integrity::Directory).await?;
    tx.commit().await?;
    Ok(Told::Report(report))
}

fn print_plan(output: &Output, plan: &ImportPlan) -> Result<(), CliError> {
    output.line(format!("{}, {}, {}.", plan.format.name(), plan.encoding.name(), counted(plan.rows, "row", "rows")))?;
    let rows: Vec<Vec<String>> = plan
        .sample
        .iter()
        .map(|row| {
            let cell = |text: &Option<String>| one_line(text.as_deref().unwrap_or("-"), 36);
            vec![
                row.row.to_string(),
                format!("{:?}", row.outcome).to_lowercase(),
                one_line(&row.display_name, 32),
                cell(&row.email),
                cell(&row.phone),
                cell(&row.company),
            ]
        })
        .collect();
    output.table(&["ROW", "WOULD BE", "NAME", "E-MAIL", "PHONE", "COMPANY"], &rows)?;
    output.line("")?;
    print_sides(output, &plan.refused, plan.refused_count, &plan.warnings, plan.warning_count)?;
    output.line(format!(
        "Would make {} and {}, add to {}, leave {} as they are, refuse {} of {}.",
        counted(plan.created, "contact", "contacts"),
        counted(plan.companies_created, "company", "companies"),
        plan.merged,
        plan.unchanged,
        plan.refused_count,
        counted(plan.rows, "row", "rows")
    ))?;
    Ok(output.line(output.tone(Tone::Quiet, "Nothing is changed yet; run it again without --preview."))?)
}

fn print_report(output: &Output, report: &ImportReport) -> Result<(), CliError> {
    print_sides(output, &report.refused, report.refused_count, &report.warnings, report.warning_count)?;
    let done = output.tone(Tone::Good, "Imported.");
    output.line(format!(
        "{done} Made {} and {}, added to {}, left {} as they were, refused {} of {}.",
        counted(report.created, "contact", "contacts"),
        counted(report.companies_created, "company", "companies"),
        report.merged,
        report.unchanged,
        report.refused_count,
        counted(report.rows, "row", "rows")
    ))?;
    Ok(output.line(output.tone(Tone::Quiet, &format!("{}  {} ({}, {})", report.import_id, report.file_name, report.format.name(), report.encoding.name())))?)
}

fn print_sides(output: &Output, refused: &[Refusal], refused_count: usize, warnings: &[Warning], warning_count: usize) -> Result<(), CliError> {
    for refusal in refused.iter().take(LINES_MAX) {
        output.line(format!("{} row {} (line {}): {}", output.tone(Tone::Bad, "refused"), refusal.row, refusal.line, one_line(&refusal.why, 200)))?;
    }
    if refused_count > LINES_MAX {
        output.line(format!("        … and {} more", refused_count - LINES_MAX))?;
    }
    for warning in warnings.iter().take(LINES_MAX) {
        output.line(format!("{} row {}: {}", output.tone(Tone::Warning, "remark "), warning.row, one_line(&warning.what, 200)))?;
    }
    if warning_count > LINES_MAX {
        output.line(format!("        … and {} more", warning_count - LINES_MAX))?;
    }
    Ok(())
}
