//! Browsers in which people want to be told. Nothing here sends anything.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{PersonId, PushSubscriptionId};
use time::OffsetDateTime;

/// A browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSubscriptionRow {
    /// Its id.
    pub push_subscription_id: PushSubscriptionId,
    /// Whose.
    pub person: PersonId,
    /// What it is called.
    pub name: String,
    /// Where its maker takes messages for it.
    pub endpoint: String,
    /// Its public key: a point of P-256, uncompressed.
    pub p256dh: Vec<u8>,
    /// What only it and we know.
    pub auth: Vec<u8>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// When a message for it was last taken.
    pub used_at: Option<OffsetDateTime>,
}

/// Stores one. Whoever had the same browser before has it no longer.
pub async fn insert(tx: &mut Tx, new: &PushSubscriptionRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!("delete from push_subscription where endpoint = $1", new.endpoint).execute(tx.conn()).await?;
    sqlx::query!(
        "insert into push_subscription (tenant_id, push_subscription_id, person_id, name, endpoint, p256dh, auth, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        new.push_subscription_id.uuid(),
        new.person.uuid(),
        new.name,
        new.endpoint,
        new.p256dh,
        new.auth,
        new.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person's browsers, oldest first, at most `most`.
pub async fn list_of(tx: &mut Tx, person: PersonId, most: i64) -> Result<Vec<PushSubscriptionRow>, StoreError> {
    let rows = sqlx::query!(
        "select push_subscription_id, person_id, name, endpoint, p256dh, auth, created_at, used_at from push_subscription
          where person_id = $1 order by push_subscription_id limit $2",
        person.uuid(),
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PushSubscriptionRow {
            push_subscription_id: PushSubscriptionId::from_uuid(row.push_subscription_id),
            person: PersonId::from_uuid(row.person_id),
            name: row.name,
            endpoint: row.endpoint,
            p256dh: row.p256dh,
            auth: row.auth,
            created_at: row.created_at,
            used_at: row.used_at,
        })
        .collect())
}

/// Notes that a message was taken.
pub async fn used(tx: &mut Tx, id: PushSubscriptionId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update push_subscription set used_at = $2 where push_subscription_id = $1", id.uuid(), at).execute(tx.conn()).await?;
    Ok(())
}

/// Removes one of a person's browsers.
pub async fn remove(tx: &mut Tx, person: PersonId, id: PushSubscriptionId) -> Result<(), StoreError> {
    let done = sqlx::query!("delete from push_subscription where push_subscription_id = $1 and person_id = $2", id.uuid(), person.uuid());
    if done.execute(tx.conn()).await?.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Removes a browser that is there no longer.
pub async fn remove_gone(tx: &mut Tx, id: PushSubscriptionId) -> Result<(), StoreError> {
    sqlx::query!("delete from push_subscription where push_subscription_id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(())
}
