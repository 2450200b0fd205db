//! Checks the audit log in the database against what was signed, as `steward audit verify` does.

use super::check_sees_all;
use super::checkpoints::CheckpointView;
use crate::auth::{Answer, Caller, json};
use crate::error::{ApiError, ProblemCode};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use std::sync::LazyLock;
use steward_office::audit::live::{self, LiveError};
use steward_store::audit_log;
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

/// A check reads the whole log: one at a time is enough for everybody.
static CHECKING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1));

/// What a check of the audit log found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationView {
    /// Whether everything is as it was signed and written.
    whole: bool,
    /// Entries looked at.
    entries: u64,
    /// Entries under the last signed checkpoint.
    signed: u64,
    /// Entries that wait for their place.
    waiting: u64,
    /// What is wrong, in the order in which it was found; at most a hundred.
    problems: Vec<String>,
    /// How many more there are.
    more: usize,
    /// When it was looked.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    checked_at: OffsetDateTime,
    /// The last signed checkpoint.
    checkpoint: Option<CheckpointView>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Check the audit log")
        .about("Entries, columns, hashes, and the checkpoints in the database and in the data directory. Whoever does not trust this server checks with `steward audit verify`, away from it.")
        .answers::<VerificationView>("200", "What the check found.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    check_sees_all(&caller)?;
    let away = |detail: &str| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ProblemCode::Away, detail.to_owned());
    let sequencer =
        caller.state().audit.as_ref().ok_or_else(|| away("this process has no audit key; check with `steward audit verify` where the log is signed"))?;
    let _place = CHECKING.acquire().await.map_err(|_| away("the server is stopping"))?;
    let tenant = caller.actor().tenant;
    let elsewhere = sequencer.checkpoints_of(tenant);
    let mut tx = caller.begin().await?;
    let report = live::verify(&mut tx, &elsewhere, &sequencer.signer().verifier(tenant)).await;
    let latest = audit_log::latest(&mut tx).await?;
    let report = report.map_err(|err| match err {
        LiveError::Store(err) => ApiError::from(err),
        LiveError::Files(err) => away(&format!("{err}; nothing can be said of the log")),
    })?;
    let view = VerificationView {
        whole: report.is_clean(),
        entries: report.entries,
        signed: latest.as_ref().map_or(0, |row| row.tree_size),
        waiting: report.waiting,
        problems: report.problems.iter().map(ToString::to_string).collect(),
        more: report.more,
        checked_at: caller.office().clock.now(),
        checkpoint: latest.map(CheckpointView::from),
    };
    json(StatusCode::OK, &view)
}
