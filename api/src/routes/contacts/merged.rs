//! Lists the records that were merged into a contact.

use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Serialize;
use steward_core::ContactId;
use steward_office::crm::{self, MergedRow};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A record that was merged away. It can still be read, as it was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MergedView {
    #[schema(value_type = String, example = "contact_01k4…")]
    contact_id: ContactId,
    display_name: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    merged_at: OffsetDateTime,
}

impl From<MergedRow> for MergedView {
    fn from(row: MergedRow) -> Self {
        Self { contact_id: row.contact, display_name: row.display_name, merged_at: row.merged_at }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List what was merged into a contact").answers_page::<MergedView>("Records, oldest first, on one page.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ContactId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &PageOf::new(crm::merged_records(&mut tx, id).await?, None, MergedView::from))
}
