//! What an import would do, and what it did. Both are told in the same words.

use super::encoding::TextEncoding;
use super::format::Format;
use super::row::Refusal;
use serde::{Deserialize, Serialize};
use steward_core::{ContactId, ImportId};

/// The most refusals, and the most warnings, that a report spells out. The counts are always whole.
pub(super) const REPORT_LINES_MAX: usize = 1000;
/// How many rows a preview shows.
pub(super) const PREVIEW_ROWS: usize = 20;

/// Something a person should know about a row that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Which row or card, from 1; the header does not count.
    pub row: usize,
    /// What.
    pub what: String,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// It makes a new contact.
    Created,
    /// It adds something to a contact that is there, or to an earlier row's.
    Merged,
    /// Everything in it is known.
    Unchanged,
}

/// A row as a preview shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRow {
    /// Which row or card, from 1; the header does not count.
    pub row: usize,
    /// What would become of it.
    pub outcome: RowOutcome,
    /// The contact it would be added to, if that is there already.
    pub contact_id: Option<ContactId>,
    /// The name.
    pub display_name: String,
    /// The first e-mail address.
    pub email: Option<String>,
    /// The first phone number.
    pub phone: Option<String>,
    /// The company.
    pub company: Option<String>,
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// What the file is.
    pub format: Format,
    /// How its text is written.
    pub encoding: TextEncoding,
    /// Rows or cards in it.
    pub rows: usize,
    /// Contacts that would be made.
    pub created: usize,
    /// Rows that would add something to a contact.
    pub merged: usize,
    /// Rows that would add nothing.
    pub unchanged: usize,
    /// Rows that would not be taken.
    pub refused_count: usize,
    /// The first of them, and why.
    pub refused: Vec<Refusal>,
    /// Companies that would be made.
    pub companies_created: usize,
    /// Remarks on rows that would be taken.
    pub warning_count: usize,
    /// The first of them.
    pub warnings: Vec<Warning>,
    /// The first rows that would be taken.
    pub sample: Vec<PlannedRow>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Its id.
    pub import_id: ImportId,
    /// The file's name.
    pub file_name: String,
    /// What the file is.
    pub format: Format,
    /// How its text is written.
    pub encoding: TextEncoding,
    /// Rows or cards in it.
    pub rows: usize,
    /// Contacts made.
    pub created: usize,
    /// Rows that added something to a contact.
    pub merged: usize,
    /// Rows that added nothing.
    pub unchanged: usize,
    /// Rows not taken.
    pub refused_count: usize,
    /// The first of them, and why.
    pub refused: Vec<Refusal>,
    /// Companies made.
    pub companies_created: usize,
    /// Remarks on rows that were taken.
    pub warning_count: usize,
    /// The first of them.
    pub warnings: Vec<Warning>,
}
