//! What an import did or would do, as the outside sees it.

use serde::Serialize;
use steward_core::{ContactId, ImportId};
use steward_office::import::{ImportPlan, ImportReport, PlannedRow, Refusal, RowOutcome, TextEncoding, Warning};
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
    display_name: String,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
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
    /// Rows or cards in the file.
    rows: usize,
    created: usize,
    merged: usize,
    unchanged: usize,
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
    list.into_iter().map(|Warning { row, what }| RowWarning { row, what }).collect()
}

fn planned(row: PlannedRow) -> RowPlanned {
    let PlannedRow { row, outcome, contact_id, display_name, email, phone, company } = row;
    RowPlanned { row, outcome, contact_id, display_name, email, phone, company }
}

impl From<ImportPlan> for ImportView {
    fn from(plan: ImportPlan) -> Self {
        Self {
            import_id: None,
            format: plan.format.name(),
            encoding: plan.encoding,
            rows: plan.rows,
            created: plan.created,
            merged: plan.merged,
            unchanged: plan.unchanged,
            companies_created: plan.companies_created,
            refused_count: plan.refused_count,
            refused: refused(plan.refused),
            warning_count: plan.warning_count,
            warnings: warned(plan.warnings),
            sample: plan.sample.into_iter().map(planned).collect(),
        }
    }
}

impl From<ImportReport> for ImportView {
    fn from(report: ImportReport) -> Self {
        Self {
            import_id: Some(report.import_id),
            format: report.format.name(),
            encoding: report.encoding,
            rows: report.rows,
            created: report.created,
            merged: report.merged,
            unchanged: report.unchanged,
            companies_created: report.companies_created,
            refused_count: report.refused_count,
            refused: refused(report.refused),
            warning_count: report.warning_count,
            warnings: warned(report.warnings),
            sample: Vec::new(),
        }
    }
}
