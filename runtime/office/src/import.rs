//! Contacts from files other programs wrote: Google and Outlook CSV, other CSV with a header, vCard 2.1 to 4.0.
//!
//! Three steps: [`read`] turns bytes into rows and refusals and touches nothing else; [`preview`] says what an import would do;
//! [`run`] does it, all or nothing, in the caller's transaction. A row that cannot be taken is refused with its number and the
//! reason; a value that cannot be taken is left out with a warning. A filled field is never overwritten. Reading the same file
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

mod columns;
mod csv;
mod dates;
mod encoding;
mod error;
mod format;
mod matching;
mod plan;
mod report;
mod row;
mod vcard;
mod write;

pub use encoding::TextEncoding;
pub(crate) use encoding::decode;
pub use error::ImportError;
pub use format::{Detected, Format, detect, parse};
pub use report::{ImportPlan, ImportReport, PlannedRow, RowOutcome, Warning};
pub use row::{Refusal, Row, RowPoint};
pub use write::{preview, run};

use crate::crm::text::{clean_line, control_character};
use steward_core::Digest;

/// The longest file name kept, in characters.
const FILE_NAME_CHARS_MAX: usize = 255;

/// A file, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    /// The name it came under.
    pub file_name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// What it is.
    pub detected: Detected,
    /// Its rows or cards in their order: taken, or refused and why.
    pub rows: Vec<Result<Row, Refusal>>,
}

/// Reads a file. Pure and, for large files, busy for a second: call it on a thread that may wait.
pub fn read(bytes: &[u8], file_name: &str) -> Result<ImportFile, ImportError> {
    let detected = detect(bytes, file_name)?;
    let rows = parse(bytes, &detected)?;
    let shown = if control_character(file_name).is_some() { String::new() } else { clean_line(file_name) };
    let file_name = if shown.is_empty() { "unnamed".to_owned() } else { shown.chars().take(FILE_NAME_CHARS_MAX).collect() };
    Ok(ImportFile { file_name, digest: Digest::of(bytes), detected, rows })
}
