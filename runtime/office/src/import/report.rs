//! What an import would do, and what it did. Both are told in the same words.

use super::encoding::TextEncoding;
use super::format::Format;
use super::row::Refusal;
use serde::{Deserialize, Serialize};
use steward_core::{CompanyId, ContactId, ImportId};

/// The most refusals, and the most warnings, that a report spells out. The counts are always whole.
const REPORT_LINES_MAX: usize = 1000;
/// How many rows a preview shows.
const PREVIEW_ROWS: usize = 20;

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// People, with their companies.
    #[default]
    Contacts,
    /// Companies.
    Companies,
}

/// Something a person should know about a row that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Which row or card, from 1; the header does not count.
    pub row: usize,
    /// The line it begins on, from 1.
    #[serde(default)]
    pub line: usize,
    /// What.
    pub what: String,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// It makes a new contact or company.
    Created,
    /// It adds something to one that is there, or to an earlier row's.
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
    /// The same of a company.
    pub company_id: Option<CompanyId>,
    /// The name.
    pub display_name: String,
    /// The first e-mail address.
    pub email: Option<String>,
    /// The first phone number.
    pub phone: Option<String>,
    /// The company of a contact.
    pub company: Option<String>,
    /// The web address of a company.
    pub website: Option<String>,
}

/// How the rows of a file fare: all are counted, the first refusals and remarks are kept, and the first rows that are taken.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: usize,
    pub(super) created: usize,
    pub(super) merged: usize,
    pub(super) unchanged: usize,
    pub(super) refused_count: usize,
    pub(super) refused: Vec<Refusal>,
    pub(super) warning_count: usize,
    pub(super) warnings: Vec<Warning>,
    pub(super) sample: Vec<PlannedRow>,
}

impl Tally {
    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        self.refused_count += 1;
        if self.refused.len() < REPORT_LINES_MAX {
            self.refused.push(refusal.clone());
        }
    }

    /// Counts a row that is taken; `shown` is how a preview shows it.
    pub(super) fn take(&mut self, row: usize, line: usize, outcome: RowOutcome, warnings: Vec<String>, shown: impl FnOnce() -> PlannedRow) {
        match outcome {
            RowOutcome::Created => self.created += 1,
            RowOutcome::Merged => self.merged += 1,
            RowOutcome::Unchanged => self.unchanged += 1,
        }
        self.warning_count += warnings.len();
        let room = REPORT_LINES_MAX.saturating_sub(self.warnings.len());
        self.warnings.extend(warnings.into_iter().take(room).map(|what| Warning { row, line, what }));
        if self.sample.len() < PREVIEW_ROWS {
            self.sample.push(shown());
        }
    }
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// What its rows are.
    pub subject: Subject,
    /// What the file is.
    pub format: Format,
    /// How its text is written.
    pub encoding: TextEncoding,
    /// Names of columns that hold something and are not taken, the first hundred.
    pub columns_left_out: Vec<String>,
    /// Rows or cards in it.
    pub rows: usize,
    /// Contacts, or of a file of companies these, that would be made.
    pub created: usize,
    /// Rows that would add something to one that is there.
    pub merged: usize,
    /// Rows that would add nothing.
    pub unchanged: usize,
    /// Rows that would not be taken.
    pub refused_count: usize,
    /// The first of them, and why.
    pub refused: Vec<Refusal>,
    /// Companies that would be made: those of contacts, or the file's own.
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
    /// What the file's rows are.
    #[serde(default)]
    pub subject: Subject,
    /// Its id.
    pub import_id: ImportId,
    /// The file's name.
    pub file_name: String,
    /// What the file is.
    pub format: Format,
    /// How its text is written.
    pub encoding: TextEncoding,
    /// Names of columns that hold something and were not taken, the first hundred.
    #[serde(default)]
    pub columns_left_out: Vec<String>,
    /// Rows or cards in it.
    pub rows: usize,
    /// Contacts, or of a file of companies these, made.
    pub created: usize,
    /// Rows that added something to one that was there.
    pub merged: usize,
    /// Rows that added nothing.
    pub unchanged: usize,
    /// Rows not taken.
    pub refused_count: usize,
    /// The first of them, and why.
    pub refused: Vec<Refusal>,
    /// Companies made: those of contacts, or the file's own.
    pub companies_created: usize,
    /// Remarks on rows that were taken.
    pub warning_count: usize,
    /// The first of them.
    pub warnings: Vec<Warning>,
}
