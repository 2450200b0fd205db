//! Lists the signed checkpoints of the audit log.

use super::check_sees_all;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::{Order, OrderedQuery, PageOf};
use http::StatusCode;
use serde::Serialize;
use steward_core::Digest;
use steward_store::audit_log::{self, CheckpointRow};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A signed statement of how long the audit log was and what it held.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckpointView {
    /// How many entries.
    tree_size: u64,
    /// The root of the tree over them.
    #[schema(value_type = String)]
    root: Digest,
    /// The note as it was signed: keep it elsewhere, and give it to `steward audit verify --checkpoint`.
    note: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    signed_at: OffsetDateTime,
}

impl From<CheckpointRow> for CheckpointView {
    fn from(row: CheckpointRow) -> Self {
        Self { tree_size: row.tree_size, root: row.root, note: row.note, signed_at: row.signed_at }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List checkpoints of the audit log")
        .about("Each is a C2SP checkpoint, signed with the installation's audit key.")
        .query::<OrderedQuery>()
        .answers_page::<CheckpointView>("Checkpoints, in the order asked for: the oldest is the smallest.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<OrderedQuery>) -> Answer {
    check_sees_all(&caller)?;
    let page = wanted.page()?;
    // A checkpoint is known by its size; the cursor carries it.
    let size = page.after_uuid().map(|uuid| u64::try_from(uuid.as_u128()).unwrap_or(u64::MAX));
    let mut tx = caller.begin().await?;
    let rows = match wanted.order {
        Order::Oldest => audit_log::checkpoints(&mut tx, size.unwrap_or(0), page.fetch()).await?,
        Order::Newest => audit_log::newest_checkpoints(&mut tx, size.unwrap_or(u64::MAX), page.fetch()).await?,
    };
    let (rows, next) = page.cut(rows, |row| Uuid::from_u128(u128::from(row.tree_size)));
    json(StatusCode::OK, &PageOf::new(rows, next, CheckpointView::from))
}
