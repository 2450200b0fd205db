//! The few questions asked before there is an actor, or across organisations. Each is one pinned database function.

use crate::error::StoreError;
use crate::tx::Store;
use steward_core::{PersonId, ReservationId, RunId, TenantId};
use time::OffsetDateTime;

/// A run handed to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leased {
    /// The organisation.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// The person it acts for.
    pub person: PersonId,
    /// Grows with every lease; writes of an older holder are refused.
    pub fence: i64,
}

/// An organisation by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRow {
    /// Its id.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
}

impl Store {
    /// Organisations in which somebody signs in with this address.
    pub async fn tenants_of_email(&self, email: &str) -> Result<Vec<TenantId>, StoreError> {
        let rows = sqlx::query_scalar!(r#"select tenant as "tenant!" from tenants_of_email($1) as tenant"#, email).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(TenantId::from_uuid).collect())
    }

    /// All organisations, oldest first.
    pub async fn all_tenants(&self) -> Result<Vec<TenantRow>, StoreError> {
        let rows = sqlx::query!(r#"select tenant_id as "tenant_id!", name as "name!" from all_tenants()"#).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|row| TenantRow { tenant: TenantId::from_uuid(row.tenant_id), name: row.name }).collect())
    }

    /// Leases the run that is next: of the organisation that holds the fewest places, its oldest that nobody works on and that is not left alone.
    /// Only the worker role may.
    pub async fn lease_run(&self, worker: &str, now: OffsetDateTime, lease_ms: i64) -> Result<Option<Leased>, StoreError> {
        let mut line = self.lines.take().await?;
        let row = sqlx::query!(
            r#"select tenant_id as "tenant_id!", run_id as "run_id!", person_id as "person_id!", fence as "fence!" from lease_run($1, $2, $3)"#,
            worker,
            now,
            lease_ms
        )
        .fetch_optional(&mut line.conn)
        .await;
        Ok(line.done(row)?.map(|row| Leased {
            tenant: TenantId::from_uuid(row.tenant_id),
            run: RunId::from_uuid(row.run_id),
            person: PersonId::from_uuid(row.person_id),
            fence: row.fence,
        }))
    }

    /// Reservations whose worker died.
    pub async fn expired_reservations(&self, now: OffsetDateTime, most: i32) -> Result<Vec<(TenantId, ReservationId)>, StoreError> {
        let rows = sqlx::query!(r#"select tenant_id as "tenant_id!", reservation_id as "reservation_id!" from expired_reservations($1, $2)"#, now, most)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|row| (TenantId::from_uuid(row.tenant_id), ReservationId::from_uuid(row.reservation_id))).collect())
    }
}
