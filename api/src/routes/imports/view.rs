//! What an import did or would do, as the outside sees it.

use serde::Serialize;
use steward_core::{CompanyId, ContactId, ImportId};
use steward_office::import::{ImportPlan, ImportReport, ImportSummary, PlannedRow, Refusal, RowOutcome, TextEncoding, Warning};
use utoipa::ToSchema;

/// A row that is not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowRefused {
    /// Which row or card, from 1; the header does not count.
    row: usize,
    /// The line it begins on, from 1.
    line: usize,
    why: String,
}

/// A remark on a row that is taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowWarning {
    row: usize,
    /// The line it begins on, from 1.
    line: usize,
    what: String,
}

/// A row as a preview shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowPlanned {
    row: usize,
    /// created, merged or unchanged.
    #[schema(value_type = String)]
    outcome: RowOutcome,
    /// The contact it is added to.
    #[schema(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    /// The company it is added to, in a file of companies.
    #[schema(value_type = Option<String>)]
    company_id: Option<CompanyId>,
    /// The name of the contact, or in a file of companies of the company.
    display_name: String,
    email: Option<String>,
    phone: Option<String>,
    /// The company of a contact.
    company: Option<String>,
    /// The web address of a company.
    website: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportView {
    /// The import; null for a preview.
    #[schema(value_type = Option<String>, example = "import_01k4…")]
    import_id: Option<ImportId>,
    /// google_csv, outlook_csv, vcard or csv.
    format: &'static str,
    /// How the text is written.
    #[schema(value_type = String)]
    encoding: TextEncoding,
    /// Columns that hold something and are not taken, the first hundred, by their names in the file.
    columns_left_out: Vec<String>,
    /// Rows or cards in the file.
    rows: usize,
    created: usize,
    merged: usize,
    unchanged: usize,
    /// Those of contacts, or the file's own.
    companies_created: usize,
    refused_count: usize,
    /// The first thousand of them.
    refused: Vec<RowRefused>,
    warning_count: usize,
    /// The first thousand of them.
    warnings: Vec<RowWarning>,
    /// The first rows, in a preview.
    sample: Vec<RowPlanned>,
}

fn refused(list: Vec<Refusal>) -> Vec<RowRefused> {
    list.into_iter().map(|Refusal { row, line, why }| RowRefused { row, line, why }).collect()
}

fn warned(list: Vec<Warning>) -> Vec<RowWarning> {
    list.into_iter().map(|Warning { row, line, what }| RowWarning { row, line, what }).collect()
}

fn planned(row: PlannedRow) -> RowPlanned {
    let PlannedRow { row, outcome, contact_id, company_id, display_name, email, phone, company, website } = row;
    RowPlanned { row, outcome, contact_id, company_id, display_name, email, phone, company, website }
}

impl ImportView {
    fn of(import_id: Option<ImportId>, summary: ImportSummary, sample: Vec<PlannedRow>) -> Self {
        Self {
            import_id,
            format: summary.format.name(),
            encoding: summary.encoding,
            columns_left_out: summary.columns_left_out,
            rows: summary.rows,
            created: summary.created,
            merged: summary.merged,
            unchanged: summary.unchanged,
            companies_created: summary.companies_created,
            refused_count: summary.refused_count,
            refused: refused(summary.refused),
            warning_count: summary.warning_count,
            warnings: warned(summary.warnings),
            sample: sample.into_iter().map(planned).collect(),
        }
    }
}

impl From<ImportPlan> for ImportView {
    fn from(plan: ImportPlan) -> Self {
        Self::of(None, plan.summary, plan.sample)
    }
}

impl From<ImportReport> for ImportView {
    fn from(report: ImportReport) -> Self {
        Self::of(Some(report.import_id), report.summary, Vec::new())
    }
}
