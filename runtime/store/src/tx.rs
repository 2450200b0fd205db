//! The transaction of an actor. Row security sees its organisation and workspaces from the first statement on.

use crate::error::StoreError;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;
use steward_core::{Actor, Workspaces};

/// How to reach a database.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `postgres://…`; a Unix socket is `postgres:///db?host=/dir&user=name`.
    pub url: String,
    /// Most connections held open.
    pub connections_max: u32,
    /// How long to wait for a free connection, in milliseconds.
    pub acquire_timeout_ms: u64,
}

impl StoreOptions {
    /// Sixteen connections and ten seconds of patience.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections_max: 16, acquire_timeout_ms: 10_000 }
    }
}

/// A database as one of its roles. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
}

impl Store {
    /// Opens a pool. Fails when the first connection cannot be made.
    pub async fn connect(options: &StoreOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(&options.url)?.application_name("steward");
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max)
            .acquire_timeout(Duration::from_millis(options.acquire_timeout_ms))
            // A broken connection shows itself on first use; a ping before each would cost a round trip.
            .test_before_acquire(false)
            .connect_with(connect)
            .await?;
        Ok(Self { pool })
    }

    /// A store that leads nowhere: every transaction fails. For runs whose journal is in memory.
    #[cfg(feature = "testing")]
    pub fn nowhere() -> Self {
        Self { pool: PgPoolOptions::new().connect_lazy_with(PgConnectOptions::new().socket("/nonexistent")) }
    }

    /// Begins a transaction for this actor.
    pub async fn begin(&self, actor: &Actor) -> Result<Tx, StoreError> {
        // Only parsed ids are spliced into the text: a simple query takes no parameters, and one round trip is worth it.
        let mut sql = format!("begin; select set_config('app.tenant', '{}', true), set_config('app.workspaces', '", actor.tenant.uuid());
        match &actor.workspaces {
            Workspaces::All => sql.push('*'),
            Workspaces::Only(set) => {
                for (index, workspace) in set.iter().enumerate() {
                    let _ = write!(sql, "{}{}", if index == 0 { "" } else { "," }, workspace.uuid());
                }
            }
        }
        sql.push_str("', true)");
        let inner = self.pool.begin_with(AssertSqlSafe(sql)).await?;
        Ok(Tx { inner, actor: actor.clone() })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes every connection and waits for them.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A transaction of one actor. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    actor: Actor,
}

impl Tx {
    /// Whose transaction this is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Makes everything durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Forgets everything.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }

    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
