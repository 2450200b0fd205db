//! Organisations: the outer wall. A transaction only ever sees its own.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::TenantId;
use time::OffsetDateTime;

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub tenant_id: TenantId,
    /// Its name.
    pub name: String,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// Makes the organisation of this transaction's actor.
pub async fn insert(tx: &mut Tx, name: &str, created_at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!("insert into tenant (tenant_id, name, created_at) values ($1, $2, $3)", tenant, name, created_at).execute(tx.conn()).await?;
    Ok(())
}

/// The organisation of this transaction's actor.
pub async fn get(tx: &mut Tx) -> Result<Tenant, StoreError> {
    let row = sqlx::query!("select tenant_id, name, created_at from tenant").fetch_one(tx.conn()).await?;
    Ok(Tenant { tenant_id: TenantId::from_uuid(row.tenant_id), name: row.name, created_at: row.created_at })
}

/// Lets one transaction at a time change who may do what in this organisation, so that two owners cannot remove each other at once.
///
/// Rows that name the organisation by a foreign key are written meanwhile: a step that counts and waited here, holding what the change needs next,
/// would wait for ever.
pub async fn lock(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query_scalar!("select tenant_id from tenant for no key update").fetch_one(tx.conn()).await?;
    Ok(())
}
