//! Contacts and companies from files other programs wrote: Google and Outlook CSV, other CSV with a header, vCard 2.1 to 4.0;
//! companies from CSV with a header.
//!
//! Three steps: [`read`] turns bytes into rows and refusals and touches nothing else; [`preview`] says what an import would do;
//! [`run`] does it, all or nothing, in the caller's transaction. [`read_companies`], [`preview_companies`] and [`run_companies`]
//! are the same for companies, and [`AnyFile`] is for callers that take both. A row that cannot be taken is refused with its number and the
//! reason; a value that cannot be taken is left out with a warning; columns that nobody knows are named. A filled field is never overwritten. Reading the same file
//! again changes nothing.
//!
//! # Encodings
//! A byte-order mark decides. Without one: UTF-16 when NUL bytes stand at every other place; UTF-8 when all of the file is
//! UTF-8; otherwise line by line, a line that is not UTF-8 as Windows-1252, which Latin-1 is part of (a vCard line with a
//! `CHARSET` parameter in that charset).
//!
//! # Duplicates
//! A row is the same contact as another row, or as a contact of the workspace, when it shares an e-mail address; else a phone
//! number and the name; else the id the other program gave it (`UID`) and the name; else, with neither address nor number on
//! both sides, name and company.
//!
//! A row of companies is the same company as another when both have the same web address, which the bare host of a provider of mail
//! or pages is not; else when the names are the same but for case, accents, points and commas, at the same host before all others.

mod columns;
mod companies;
mod company;
mod csv;
mod dates;
mod encoding;
mod error;
mod format;
mod matching;
mod plan;
mod report;
mod row;
mod subject;
mod vcard;
mod write;

pub use companies::{preview_companies, run_companies};
pub use company::CompanyLine;
pub use encoding::TextEncoding;
pub(crate) use encoding::decode;
pub use error::ImportError;
pub use format::{Detected, Format};
pub use report::{ImportPlan, ImportReport, ImportSummary, PlannedRow, RowOutcome, Subject, Warning};
pub use row::{Refusal, Row, RowPoint};
pub use subject::AnyFile;
pub use write::{preview, run};

use self::csv::Rows;
use crate::crm::text::{clean_line, control_character};
use steward_core::Digest;

/// The longest file name kept, in characters.
const FILE_NAME_CHARS_MAX: usize = 255;

/// A file, read: contacts, or with another `R` something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile<R = Row> {
    /// What its rows are.
    pub subject: Subject,
    /// The name it came under.
    pub file_name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// What it is.
    pub detected: Detected,
    /// Names of columns that hold something and are not taken, the first hundred.
    pub columns_left_out: Vec<String>,
    /// Its rows or cards in their order: taken, or refused and why.
    pub rows: Vec<Result<R, Refusal>>,
}

/// Reads a file of contacts. Pure and, for large files, busy for a second: call it on a thread that may wait.
pub fn read(bytes: &[u8], file_name: &str) -> Result<ImportFile, ImportError> {
    let (detected, rows) = format::read_contacts(bytes, file_name)?;
    Ok(file_of(Subject::Contacts, bytes, file_name, detected, rows))
}

/// Reads a file of companies, with the same care.
pub fn read_companies(bytes: &[u8], file_name: &str) -> Result<ImportFile<CompanyLine>, ImportError> {
    let (detected, rows) = format::read_companies(bytes, file_name)?;
    Ok(file_of(Subject::Companies, bytes, file_name, detected, rows))
}

fn file_of<R>(subject: Subject, bytes: &[u8], file_name: &str, detected: Detected, rows: Rows<R>) -> ImportFile<R> {
    let shown = if control_character(file_name).is_some() { String::new() } else { clean_line(file_name) };
    let file_name = if shown.is_empty() { "unnamed".to_owned() } else { shown.chars().take(FILE_NAME_CHARS_MAX).collect() };
    ImportFile { subject, file_name, digest: Digest::of(bytes), detected, columns_left_out: rows.columns_left_out, rows: rows.rows }
}
