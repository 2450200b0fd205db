//! What an import would do, and what it did. Both are told in the same words.

use super::ImportFile;
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

/// What a file is and how its rows fare. All are counted; the first refusals and remarks are spelled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSummary {
    /// What the file is.
    pub format: Format,
    /// How its text is written.
    pub encoding: TextEncoding,
    /// Names of columns that hold something and are not taken, the first hundred.
    #[serde(default)]
    pub columns_left_out: Vec<String>,
    /// Rows or cards in it.
    pub rows: usize,
    /// Rows that make a contact, or in a file of companies a company.
    pub created: usize,
    /// Rows that add something to one that is there.
    pub merged: usize,
    /// Rows that add nothing.
    pub unchanged: usize,
    /// Rows that are not taken.
    pub refused_count: usize,
    /// The first thousand of them, and why.
    pub refused: Vec<Refusal>,
    /// Companies that are made: those of contacts, or the file's own.
    pub companies_created: usize,
    /// Remarks on rows that are taken.
    pub warning_count: usize,
    /// The first thousand of them.
    pub warnings: Vec<Warning>,
}

/// The summary while the rows are gone through, and the first rows that are taken.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) summary: ImportSummary,
    pub(super) sample: Vec<PlannedRow>,
}

impl Tally {
    /// Of a file of which no row was looked at yet.
    pub(super) fn of<R>(file: &ImportFile<R>) -> Self {
        let summary = ImportSummary {
            format: file.detected.format,
            encoding: file.detected.encoding,
            columns_left_out: file.columns_left_out.clone(),
            rows: file.rows.len(),
            created: 0,
            merged: 0,
            unchanged: 0,
            refused_count: 0,
            refused: Vec::new(),
            companies_created: 0,
            warning_count: 0,
            warnings: Vec::new(),
        };
        Self { summary, sample: Vec::new() }
    }

    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        self.summary.refused_count += 1;
        if self.summary.refused.len() < REPORT_LINES_MAX {
            self.summary.refused.push(refusal.clone());
        }
    }

    /// Counts a row that is taken; `shown` is how a preview shows it.
    pub(super) fn take(&mut self, row: usize, line: usize, outcome: RowOutcome, warnings: Vec<String>, shown: impl FnOnce() -> PlannedRow) {
        let summary = &mut self.summary;
        match outcome {
            RowOutcome::Created => summary.created += 1,
            RowOutcome::Merged => summary.merged += 1,
            RowOutcome::Unchanged => summary.unchanged += 1,
        }
        summary.warning_count += warnings.len();
        let room = REPORT_LINES_MAX.saturating_sub(summary.warnings.len());
        summary.warnings.extend(warnings.into_iter().take(room).map(|what| Warning { row, line, what }));
        if self.sample.len() < PREVIEW_ROWS {
            self.sample.push(shown());
        }
    }
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// What the file's rows are.
    pub subject: Subject,
    /// How they would fare.
    #[serde(flatten)]
    pub summary: ImportSummary,
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
    /// How the rows fared.
    #[serde(flatten)]
    pub summary: ImportSummary,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_report_is_one_flat_object_and_an_older_one_still_reads() {
        let id = ImportId::from_uuid(Uuid::from_u128(1));
        let head = format!(r#""import_id":"{id}","file_name":"a.csv","format":"csv","encoding":"utf-8","#);
        let counts = r#""rows":2,"created":1,"merged":0,"unchanged":0,"refused_count":1,"refused":[{"row":2,"line":3,"why":"empty"}],"companies_created":1,"#;
        let remarks = r#""warning_count":1,"warnings":[{"row":1,"line":2,"what":"cut"}]"#;
        let older = format!("{{{head}{counts}{remarks}}}");
        let report: ImportReport = serde_json::from_str(&older).expect("it reads");
        assert_eq!((report.subject, report.summary.columns_left_out.len()), (Subject::Contacts, 0));
        let whole = format!(r#"{{"subject":"contacts",{head}"columns_left_out":[],{counts}{remarks}}}"#);
        assert_eq!(serde_json::to_string(&report).expect("json"), whole);
    }
}
