//! Second factors given anew, each for one thing and one use.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{PersonId, SessionId, StepUpId};
use time::OffsetDateTime;

/// A second factor given anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepUp {
    /// Its id.
    pub step_up_id: StepUpId,
    /// By whom.
    pub person_id: PersonId,
    /// In which session; none at the terminal.
    pub session_id: Option<SessionId>,
    /// For what: an envelope's id, for example.
    pub bound: String,
    /// By which factor: `totp` or `passkey`.
    pub method: &'static str,
    /// When.
    pub at: OffsetDateTime,
    /// Until when it can be used.
    pub expires_at: OffsetDateTime,
}

/// Stores one.
pub async fn insert(tx: &mut Tx, new: &StepUp) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into step_up (tenant_id, step_up_id, person_id, session_id, bound, method, at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        new.step_up_id.uuid(),
        new.person_id.uuid(),
        new.session_id.map(|id| id.uuid()),
        new.bound,
        new.method,
        new.at,
        new.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uses one up that was given in this session for this thing and still holds. Nothing when there is none: of two at once, one gets it.
pub async fn spend(tx: &mut Tx, person: PersonId, session: Option<SessionId>, bound: &str, now: OffsetDateTime) -> Result<Option<StepUpId>, StoreError> {
    let id = sqlx::query_scalar!(
        "update step_up set used_at = $4
          where used_at is null and step_up_id = (
            select step_up_id from step_up
             where person_id = $1 and session_id is not distinct from $2 and bound = $3 and used_at is null and at <= $4 and expires_at >= $4
             order by at limit 1 for update skip locked)
         returning step_up_id",
        person.uuid(),
        session.map(|id| id.uuid()),
        bound,
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(StepUpId::from_uuid))
}
