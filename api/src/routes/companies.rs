//! Companies.

pub(crate) mod add_note;
pub(crate) mod create;
pub(crate) mod duplicates;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod merged;
pub(crate) mod notes;
pub(crate) mod show;
pub(crate) mod update;

use serde::Serialize;
use steward_core::{CompanyId, Integrity, WorkspaceId};
use steward_office::crm::Company;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A company, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompanyView {
    #[schema(value_type = String, example = "company_01k4…")]
    company_id: CompanyId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    name: String,
    website: Option<String>,
    /// The company that stands for this one since they were merged; this one stays as it was.
    #[schema(value_type = Option<String>)]
    merged_into: Option<CompanyId>,
    /// Lowest integrity of the texts it was written from.
    #[schema(value_type = String)]
    integrity: Integrity,
    /// Grows with every change; a change names the version it was made for.
    version: i32,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    changed_at: OffsetDateTime,
}

impl From<Company> for CompanyView {
    fn from(company: Company) -> Self {
        Self {
            company_id: company.company_id,
            workspace_id: company.workspace_id,
            name: company.name,
            website: company.website,
            merged_into: company.merged_into,
            integrity: company.integrity,
            version: company.version,
            created_at: company.created_at,
            changed_at: company.changed_at,
        }
    }
}
