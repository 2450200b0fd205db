//! Shows one entry of the audit log.

use super::{AuditView, check_sees_all};
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::AuditId;
use steward_office::audit::personal::opened;
use steward_store::audit;

pub(crate) fn doc() -> Doc {
    Doc::new("Show an entry of the audit log").answers::<AuditView>("200", "What was done, by whom, and how it went.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<AuditId>) -> Answer {
    check_sees_all(&caller)?;
    let mut tx = caller.begin().await?;
    let row = audit::find(&mut tx, id).await?.ok_or_else(ApiError::missing)?;
    let personal = opened(&mut tx, caller.office(), &[id]).await?.remove(&id);
    json(StatusCode::OK, &AuditView::of(row, personal))
}
