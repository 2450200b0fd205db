//! Lists the signed checkpoints of the audit log.

use super::check_sees_all;
use crate::auth::{Answer, Caller, json};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::Digest;
use steward_store::audit_log::{self, CheckpointRow};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which checkpoints.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

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
        .query::<Wanted>()
        .answers_page::<CheckpointView>("Checkpoints, smallest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    check_sees_all(&caller)?;
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    // A checkpoint is known by its size; the cursor carries it.
    let after = page.after_uuid().map_or(0, |uuid| u64::try_from(uuid.as_u128()).unwrap_or(u64::MAX));
    let mut tx = caller.begin().await?;
    let rows = audit_log::checkpoints(&mut tx, after, page.fetch()).await?;
    let (rows, next) = page.cut(rows, |row| Uuid::from_u128(u128::from(row.tree_size)));
    json(StatusCode::OK, &PageOf::new(rows, next, CheckpointView::from))
}
