//! Failed sign-ins, counted per account and per address so that guessing is slow.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{Ids, LinkId};
use time::OffsetDateTime;
use uuid::Uuid;

/// One counted failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure(Uuid);

/// Counts one failure against a subject.
pub async fn insert(tx: &mut Tx, ids: &Ids, subject: &str, at: OffsetDateTime) -> Result<Failure, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    // A failure is never named from outside, so it has no id type of its own.
    let id = ids.make::<LinkId>().uuid();
    sqlx::query!("insert into sign_in_failure (tenant_id, failure_id, subject, at) values ($1, $2, $3, $4)", tenant, id, subject, at)
        .execute(tx.conn())
        .await?;
    Ok(Failure(id))
}

/// Takes one failure back.
pub async fn remove(tx: &mut Tx, failure: Failure) -> Result<(), StoreError> {
    sqlx::query!("delete from sign_in_failure where failure_id = $1", failure.0).execute(tx.conn()).await?;
    Ok(())
}

/// The times of a subject's most recent failures, newest first, at most `most`.
pub async fn list_since(tx: &mut Tx, subject: &str, since: OffsetDateTime, most: i64) -> Result<Vec<OffsetDateTime>, StoreError> {
    Ok(sqlx::query_scalar!("select at from sign_in_failure where subject = $1 and at > $2 order by at desc limit $3", subject, since, most)
        .fetch_all(tx.conn())
        .await?)
}

/// Forgets a subject's failures after a success.
pub async fn clear(tx: &mut Tx, subject: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from sign_in_failure where subject = $1", subject).execute(tx.conn()).await?;
    Ok(())
}

/// Removes failures that no longer count. Returns how many.
pub async fn purge(tx: &mut Tx, before: OffsetDateTime) -> Result<u64, StoreError> {
    Ok(sqlx::query!("delete from sign_in_failure where at < $1", before).execute(tx.conn()).await?.rows_affected())
}
