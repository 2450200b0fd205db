//! Lists the entries that were merged into a company.

use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Serialize;
use steward_core::CompanyId;
use steward_office::crm::{self, MergedCompanyRow};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// An entry that was merged away. It can still be read, as it was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MergedCompanyView {
    #[schema(value_type = String, example = "company_01k4…")]
    company_id: CompanyId,
    name: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    merged_at: OffsetDateTime,
}

impl From<MergedCompanyRow> for MergedCompanyView {
    fn from(row: MergedCompanyRow) -> Self {
        Self { company_id: row.company, name: row.name, merged_at: row.merged_at }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List what was merged into a company").answers_page::<MergedCompanyView>("Entries, oldest first, on one page.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<CompanyId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &PageOf::new(crm::merged_companies(&mut tx, id).await?, None, MergedCompanyView::from))
}
