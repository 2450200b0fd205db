//! Bringing a database to this version. Migrations are embedded, run once each, in order, by the owner role.

use crate::error::StoreError;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::str::FromStr;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");
const ROLES: &str = include_str!("../../../deploy/postgres/roles.sql");

/// Applies roles and migrations as whoever `url` signs in: a superuser, or a member of `steward_owner` where the roles exist.
///
/// Running it again changes nothing. Returns how many migrations the database now has.
pub async fn migrate(url: &str) -> Result<usize, StoreError> {
    let mut conn = PgConnectOptions::from_str(url)?.application_name("steward-migrate").connect().await?;
    let superuser: bool = sqlx::query_scalar("select rolsuper from pg_roles where rolname = current_user").fetch_one(&mut conn).await?;
    if superuser {
        // Roles belong to the whole server: two databases brought up side by side would change the same rows, and PostgreSQL
        // refuses the second. Advisory locks end at the database, so the catalogue itself is held; readers do not notice.
        sqlx::raw_sql("begin; lock table pg_authid in share row exclusive mode").execute(&mut conn).await?;
        sqlx::raw_sql(ROLES).execute(&mut conn).await?;
        sqlx::raw_sql("do $$ begin execute format('grant create on database %I to steward_owner', current_database()); end $$; commit")
            .execute(&mut conn)
            .await?;
    }
    sqlx::raw_sql("set role steward_owner; create schema if not exists steward authorization steward_owner; set search_path = steward")
        .execute(&mut conn)
        .await?;
    MIGRATOR.run(&mut conn).await?;
    conn.close().await?;
    Ok(MIGRATOR.iter().count())
}

/// How many migrations this program knows and how many the database has had.
pub async fn migration_state(url: &str) -> Result<(usize, usize), StoreError> {
    let mut conn = PgConnectOptions::from_str(url)?.connect().await?;
    let there: bool = sqlx::query_scalar("select to_regclass('steward._sqlx_migrations') is not null").fetch_one(&mut conn).await?;
    let had: i64 = if there { sqlx::query_scalar("select count(*) from steward._sqlx_migrations where success").fetch_one(&mut conn).await? } else { 0 };
    conn.close().await?;
    Ok((MIGRATOR.iter().count(), usize::try_from(had).unwrap_or(0)))
}

/// What this program would make of an empty database: a digest over the roles and every migration.
#[cfg(feature = "testing")]
pub(crate) fn digest() -> steward_core::Digest {
    let mut all = ROLES.as_bytes().to_vec();
    MIGRATOR.iter().for_each(|migration| all.extend_from_slice(&migration.checksum));
    steward_core::Digest::of(&all)
}
