//! Who somebody is at an OpenID provider. Bound once, never moved.

use crate::error::StoreError;
use crate::tx::{Store, Tx};
use steward_core::{PersonId, TenantId};
use time::OffsetDateTime;

/// Whom an issuer's subject is here.
pub async fn find(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Option<PersonId>, StoreError> {
    let found = sqlx::query_scalar!("select person_id from identity where issuer = $1 and subject = $2", issuer, subject);
    Ok(found.fetch_optional(tx.conn()).await?.map(PersonId::from_uuid))
}

/// Whether a person is bound to some subject of this issuer.
pub async fn is_bound(tx: &mut Tx, person: PersonId, issuer: &str) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(r#"select exists (select from identity where person_id = $1 and issuer = $2) as "is_bound!""#, person.uuid(), issuer);
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Binds a subject to a person. A conflict when either is bound already.
pub async fn insert(tx: &mut Tx, issuer: &str, subject: &str, person: PersonId, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into identity (tenant_id, issuer, subject, person_id, bound_at) values ($1, $2, $3, $4, $5)",
        tenant,
        issuer,
        subject,
        person.uuid(),
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

impl Store {
    /// Organisations that know this identity.
    pub async fn tenants_of_identity(&self, issuer: &str, subject: &str) -> Result<Vec<TenantId>, StoreError> {
        let rows = sqlx::query_scalar!(r#"select tenant as "tenant!" from tenants_of_identity($1, $2) as tenant"#, issuer, subject);
        Ok(rows.fetch_all(&self.pool).await?.into_iter().map(TenantId::from_uuid).collect())
    }
}
