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
use steward_office::import::{self, CompanyLine, ImportError, ImportFile, ImportPlan, ImportReport, PlannedRow, Refusal, Subject, Warning};

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

/// A file, read as what it was said to be.
enum Read {
    Contacts(ImportFile),
    Companies(ImportFile<CompanyLine>),
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
        let rows = match &file {
            Read::Contacts(file) => file.rows.len(),
            Read::Companies(file) => file.rows.len(),
        };
        progress.say(format!("{} {}", if self.preview { "looking at" } else { "importing" }, counted(rows, "row", "rows")));
        let told = with(config, &self.who, command, async |terminal| import(terminal, &self, &file).await).await?;
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

fn read(path: &Path, subject: Subject) -> Result<Read, CliError> {
    let failed = |err: std::io::Error| CliError::said(format!("`{}` cannot be read: {err}", path.display()));
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > IMPORT_BYTES_MAX as u64 {
        return Err(ImportError::TooLarge { bytes: usize::try_from(bytes).unwrap_or(usize::MAX) }.into());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = fs::read(path).map_err(failed)?;
    Ok(match subject {
        Subject::Contacts => Read::Contacts(import::read(&bytes, &name)?),
        Subject::Companies => Read::Companies(import::read_companies(&bytes, &name)?),
    })
}

async fn import(terminal: &Terminal, wanted: &Import, file: &Read) -> Result<Told, CliError> {
    if !terminal.actor.may(Permission::ContactsImport) {
        let what = match file {
            Read::Contacts(_) => "contacts",
            Read::Companies(_) => "companies",
        };
        return Err(CliError::said(format!("only owners and managers may import {what}; say who you are with `--as EMAIL`")));
    }
    let workspace = terminal.workspace(wanted.workspace.as_deref()).await?;
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    if wanted.preview {
        let plan = match file {
            Read::Contacts(file) => import::preview(&mut tx, workspace, file).await?,
            Read::Companies(file) => import::preview_companies(&mut tx, workspace, file).await?,
        };
        tx.rollback().await?;
        return Ok(Told::Plan(plan));
    }
    // A file that a person picked and imported is curated by them.
    let report = match file {
        Read::Contacts(file) => import::run(&mut tx, &terminal.office, workspace, file, Integrity::Directory).await?,
        Read::Companies(file) => import::run_companies(&mut tx, &terminal.office, workspace, file, Integrity::Directory).await?,
    };
    tx.commit().await?;
    Ok(Told::Report(report))
}

/// What is made: `2 contacts and 1 company`, or of a file of companies `2 companies`.
fn made(subject: Subject, created: usize, companies_created: usize) -> String {
    let companies = counted(companies_created, "company", "companies");
    match subject {
        Subject::Contacts => format!("{} and {companies}", counted(created, "contact", "contacts")),
        Subject::Companies => companies,
    }
}

fn print_plan(output: &Output, plan: &ImportPlan) -> Result<(), CliError> {
    output.line(format!("{}, {}, {}.", plan.format.name(), plan.encoding.name(), counted(plan.rows, "row", "rows")))?;
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
    print_sides(output, &plan.refused, plan.refused_count, &plan.warnings, plan.warning_count)?;
    print_columns(output, &plan.columns_left_out)?;
    output.line(format!(
        "Would make {}, add to {}, leave {} as they are, refuse {} of {}.",
        made(plan.subject, plan.created, plan.companies_created),
        plan.merged,
        plan.unchanged,
        plan.refused_count,
        counted(plan.rows, "row", "rows")
    ))?;
    Ok(output.line(output.tone(Tone::Quiet, "Nothing is changed yet; run it again without --preview."))?)
}

fn print_report(output: &Output, report: &ImportReport) -> Result<(), CliError> {
    print_sides(output, &report.refused, report.refused_count, &report.warnings, report.warning_count)?;
    print_columns(output, &report.columns_left_out)?;
    let done = output.tone(Tone::Good, "Imported.");
    output.line(format!(
        "{done} Made {}, added to {}, left {} as they were, refused {} of {}.",
        made(report.subject, report.created, report.companies_created),
        report.merged,
        report.unchanged,
        report.refused_count,
        counted(report.rows, "row", "rows")
    ))?;
    Ok(output.line(output.tone(Tone::Quiet, &format!("{}  {} ({}, {})", report.import_id, report.file_name, report.format.name(), report.encoding.name())))?)
}

fn print_columns(output: &Output, left_out: &[String]) -> Result<(), CliError> {
    if left_out.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = left_out.iter().map(|name| format!("`{}`", one_line(name, 36))).collect();
    Ok(output.line(format!("{} {}", output.tone(Tone::Warning, "columns not taken:"), names.join(", ")))?)
}

fn print_sides(output: &Output, refused: &[Refusal], refused_count: usize, warnings: &[Warning], warning_count: usize) -> Result<(), CliError> {
    for refusal in refused.iter().take(LINES_MAX) {
        output.line(format!("{} row {} (line {}): {}", output.tone(Tone::Bad, "refused"), refusal.row, refusal.line, one_line(&refusal.why, 200)))?;
    }
    if refused_count > LINES_MAX {
        output.line(format!("        … and {} more", refused_count - LINES_MAX))?;
    }
    for warning in warnings.iter().take(LINES_MAX) {
        output.line(format!("{} row {} (line {}): {}", output.tone(Tone::Warning, "remark "), warning.row, warning.line, one_line(&warning.what, 200)))?;
    }
    if warning_count > LINES_MAX {
        output.line(format!("        … and {} more", warning_count - LINES_MAX))?;
    }
    Ok(())
}
