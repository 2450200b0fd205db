//! Decisions on record, as the rules can judge them again.

use crate::error::{ApiError, ProblemCode};
use http::StatusCode;
use std::sync::{Arc, LazyLock};
use steward_core::{BlockClass, Verdict};
use steward_policies::Recorded;
use steward_store::StoreError;
use steward_store::decision::DecisionRow;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests that judge anew at once: each keeps a core busy for seconds and holds thousands of records.
static JUDGING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));
/// Approvals that check what they put in force: nobody who only looks or proposes keeps them waiting.
static APPROVING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// A place for judging what is on record, to be kept until the work is done: a request that is given up does not end its work.
pub(crate) async fn judging() -> Result<OwnedSemaphorePermit, ApiError> {
    place_in(&JUDGING).await
}

/// A place for checking once more what is about to be approved, kept like one for judging.
pub(crate) async fn approving() -> Result<OwnedSemaphorePermit, ApiError> {
    place_in(&APPROVING).await
}

async fn place_in(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
    let place = Arc::clone(places).acquire_owned().await;
    place.map_err(|_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ProblemCode::Away, "the server is stopping"))
}

/// A row as it can be judged again.
pub(crate) fn recorded(row: DecisionRow) -> Result<Recorded, StoreError> {
    let verdict: Verdict = row.verdict.parse().map_err(|_| StoreError::Corrupt { what: "decision.verdict" })?;
    let class: Option<BlockClass> =
        row.class.map(|class| serde_json::from_value(class.into())).transpose().map_err(|_| StoreError::Corrupt { what: "decision.class" })?;
    Ok(Recorded { name: row.decision_id.to_string(), verdict, class, rules: row.rules, facts: Recorded::facts_of(&row.record) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_approval_waits_for_no_one_who_only_tries_rules() {
        let _reader = judging().await.expect("a place");
        let approval = tokio::time::timeout(std::time::Duration::from_secs(5), approving()).await;
        assert!(approval.expect("nobody is before it").is_ok());
    }
}
