//! What `contacts import` and `companies import` have in common: their flags, reading the file, and telling what was or would be done.

use super::Setting;
use super::error::CliError;
use super::output::{Output, Tone, counted, one_line};
use super::progress::Progress;
use super::terminal::{Terminal, Who, with};
use crate::wiring::logging;
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use steward_core::limits::IMPORT_BYTES_MAX;
use steward_core::{Integrity, Permission};
use steward_office::import::{AnyFile, ImportError, ImportPlan, ImportReport, ImportSummary, PlannedRow, Subject};

/// Refusals and remarks that are printed; `--json` has more.
const LINES_MAX: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Import {
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

impl Import {
    pub(super) async fn run(self, setting: &Setting, subject: Subject, command: &str) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let progress = Progress::start(format!("reading `{}`", self.file.display()));
        let path = self.file.clone();
        let file = tokio::task::spawn_blocking(move || read(&path, subject)).await.map_err(std::io::Error::other)??;
        drop(progress);
        let rows = counted(file.row_count(), "row", "rows");
        let progress =
            if self.preview { Progress::start(format!("looking at {rows}")) } else { Progress::of(file.row_count() as u64, format!("importing {rows}")) };
        let told = with(config, &self.who, command, async |terminal| import(terminal, &self, &file, &progress).await).await?;
        drop(progress);
        let output = &setting.output;
        match (&told, self.json) {
            (Told::Plan(plan), true) => output.json(plan)?,
            (Told::Report(report), true) => output.json(report)?,
            (Told::Plan(plan), false) => print_plan(output, plan)?,
            (Told::Report(report), false) => print_report(output, report)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn read(path: &Path, subject: Subject) -> Result<AnyFile, CliError> {
    let failed = |err: std::io::Error| CliError::said(format!("`{}` cannot be read: {err}", path.display()));
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > IMPORT_BYTES_MAX as u64 {
        return Err(ImportError::TooLarge { bytes: usize::try_from(bytes).unwrap_or(usize::MAX) }.into());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = fs::read(path).map_err(failed)?;
    Ok(AnyFile::read(subject, &bytes, &name)?)
}

async fn import(terminal: &Terminal, wanted: &Import, file: &AnyFile, progress: &Progress) -> Result<Told, CliError> {
    if !terminal.actor.may(Permission::ContactsImport) {
        let what = match file {
            AnyFile::Contacts(_) => "contacts",
            AnyFile::Companies(_) => "companies",
        };
        return Err(CliError::said(format!("only owners and managers may import {what}; say who you are with `--as EMAIL`")));
    }
    let workspace = terminal.workspace(wanted.workspace.as_deref()).await?;
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    if wanted.preview {
        let plan = file.preview(&mut tx, workspace).await?;
        tx.rollback().await?;
        return Ok(Told::Plan(plan));
    }
    // A file that a person picked and imported is curated by them.
    let report = file.run_telling(&mut tx, &terminal.office, workspace, Integrity::Directory, &mut |done, all| progress.told(done, all)).await?;
    tx.commit().await?;
    Ok(Told::Report(report))
}

/// What is made: `2 contacts and 1 company`, or of a file of companies `2 companies`.
fn made(subject: Subject, summary: &ImportSummary) -> String {
    let companies = counted(summary.companies_created, "company", "companies");
    match subject {
        Subject::Contacts => format!("{} and {companies}", counted(summary.created, "contact", "contacts")),
        Subject::Companies => companies,
    }
}

fn print_plan(output: &Output, plan: &ImportPlan) -> Result<(), CliError> {
    let summary = &plan.summary;
    output.line(format!("{}, {}, {}.", summary.format.name(), summary.encoding.name(), counted(summary.rows, "row", "rows")))?;
    let cell = |text: &Option<String>| one_line(text.as_deref().unwrap_or("-"), 36);
    let row = |row: &PlannedRow| {
        let mut cells = vec![row.row.to_string(), format!("{:?}", row.outcome).to_lowercase(), one_line(&row.display_name, 32)];
        match plan.subject {
            Subject::Contacts => cells.extend([cell(&row.email), cell(&row.phone), cell(&row.company)]),
            Subject::Companies => cells.push(cell(&row.website)),
        }
        cells
    };
    let head: &[&str] = match plan.subject {
        Subject::Contacts => &["ROW", "WOULD BE", "NAME", "E-MAIL", "PHONE", "COMPANY"],
        Subject::Companies => &["ROW", "WOULD BE", "NAME", "WEBSITE"],
    };
    output.table(head, &plan.sample.iter().map(row).collect::<Vec<_>>())?;
    output.line("")?;
    print_sides(output, summary)?;
    output.line(format!(
        "Would make {}, add to {}, leave {} as they are, refuse {} of {}.",
        made(plan.subject, summary),
        summary.merged,
        summary.unchanged,
        summary.refused_count,
        counted(summary.rows, "row", "rows")
    ))?;
    Ok(output.line(output.tone(Tone::Quiet, "Nothing is changed yet; run it again without --preview."))?)
}

fn print_report(output: &Output, report: &ImportReport) -> Result<(), CliError> {
    let summary = &report.summary;
    print_sides(output, summary)?;
    let done = output.tone(Tone::Good, "Imported.");
    output.line(format!(
        "{done} Made {}, added to {}, left {} as they were, refused {} of {}.",
        made(report.subject, summary),
        summary.merged,
        summary.unchanged,
        summary.refused_count,
        counted(summary.rows, "row", "rows")
    ))?;
    Ok(output
        .line(output.tone(Tone::Quiet, &format!("{}  {} ({}, {})", report.import_id, report.file_name, summary.format.name(), summary.encoding.name())))?)
}

fn print_columns(output: &Output, left_out: &[String]) -> Result<(), CliError> {
    if left_out.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = left_out.iter().map(|name| format!("`{}`", one_line(name, 36))).collect();
    Ok(output.line(format!("{} {}", output.tone(Tone::Warning, "columns not taken:"), names.join(", ")))?)
}

fn print_sides(output: &Output, summary: &ImportSummary) -> Result<(), CliError> {
    for refusal in summary.refused.iter().take(LINES_MAX) {
        output.line(format!("{} row {} (line {}): {}", output.tone(Tone::Bad, "refused"), refusal.row, refusal.line, one_line(&refusal.why, 200)))?;
    }
    if summary.refused_count > LINES_MAX {
        output.line(format!("        … and {} more", summary.refused_count - LINES_MAX))?;
    }
    for warning in summary.warnings.iter().take(LINES_MAX) {
        output.line(format!("{} row {} (line {}): {}", output.tone(Tone::Warning, "remark "), warning.row, warning.line, one_line(&warning.what, 200)))?;
    }
    if summary.warning_count > LINES_MAX {
        output.line(format!("        … and {} more", summary.warning_count - LINES_MAX))?;
    }
    print_columns(output, &summary.columns_left_out)
}
