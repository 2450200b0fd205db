//! The transaction of an actor. Row security sees its organisation and workspaces from the first statement on.

use crate::audit_writer::{Lane, Lanes, Place};
use crate::error::StoreError;
use crate::line::{LINES_MAX, Lines};
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
    /// Most connections beside them, for transactions of one statement.
    pub lines_max: usize,
    /// How long to wait for a free connection, in milliseconds.
    pub acquire_timeout_ms: u64,
}

impl StoreOptions {
    /// Sixteen connections and ten seconds of patience.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections_max: 16, lines_max: LINES_MAX, acquire_timeout_ms: 10_000 }
    }
}

/// A database as one of its roles. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
    pub(crate) lines: Lines,
}

impl Store {
    /// Opens a pool. Fails when the first connection cannot be made.
    pub async fn connect(options: &StoreOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(&options.url)?.application_name("steward");
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max)
            .acquire_timeout(Duration::from_millis(options.acquire_timeout_ms))
            // A broken connection shows itself on first use; a ping before each would cost a round trip.
            .test_before_acquire(false);
        // Nobody who waits for it carries all of a connection's beginning within.
        let pool = Box::pin(pool.connect_with(connect.clone())).await?;
        Ok(Self { pool, lines: Lines::new(connect, options.lines_max, Duration::from_millis(options.acquire_timeout_ms)) })
    }

    /// A store that leads nowhere: every transaction fails. For runs whose journal is in memory.
    pub fn nowhere() -> Self {
        let connect = PgConnectOptions::new().socket("/nonexistent");
        Self { pool: PgPoolOptions::new().connect_lazy_with(connect.clone()), lines: Lines::new(connect, LINES_MAX, Duration::ZERO) }
    }

    /// Begins a transaction for this actor.
    pub async fn begin(&self, actor: &Actor) -> Result<Tx, StoreError> {
        // Only parsed ids are spliced into the text: a simple query takes no parameters, and one round trip is worth it.
        let person = actor.person.map(|person| person.uuid().to_string()).unwrap_or_default();
        let sql = format!(
            "begin; select set_config('app.tenant', '{}', true), set_config('app.workspaces', '{}', true), set_config('app.person', '{person}', true)",
            actor.tenant.uuid(),
            workspaces(actor)
        );
        let inner = self.pool.begin_with(AssertSqlSafe(sql)).await?;
        Ok(Tx { inner, actor: actor.clone(), lane: None })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// As whom this pool signs in, where no wall holds that role: it takes on another one and could lay it down.
    pub async fn signs_in_past_walls(&self) -> Result<Option<String>, StoreError> {
        let sql = "select rolname::text from pg_roles where rolname = session_user and (rolsuper or rolbypassrls)";
        Ok(sqlx::query_scalar(sql).fetch_optional(&self.pool).await?)
    }

    /// Closes every connection and waits for them.
    pub async fn close(&self) {
        self.lines.close().await;
        self.pool.close().await;
    }
}

/// What `app.workspaces` says for this actor: a star, or uuids joined by commas.
pub(crate) fn workspaces(actor: &Actor) -> String {
    match &actor.workspaces {
        Workspaces::All => "*".to_owned(),
        Workspaces::Only(set) => {
            let mut text = String::with_capacity(set.len() * 37);
            for (index, workspace) in set.iter().enumerate() {
                let _ = write!(text, "{}{}", if index == 0 { "" } else { "," }, workspace.uuid());
            }
            text
        }
    }
}

/// A transaction of one actor. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub struct Tx {
    // Dropped before the lane, so that the rollback is under way when its numbers are free again.
    inner: Transaction<'static, Postgres>,
    actor: Actor,
    lane: Option<Lane>,
}

impl Tx {
    /// Whose transaction this is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Makes everything durable, or fails: also when a statement failed and somebody passed over it.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        // PostgreSQL answers the commit of an aborted transaction with a rollback and no error, and sqlx does not look. Any other statement
        // is refused in one. Without this, what was never written would count as written, and its audit numbers as used.
        sqlx::raw_sql("select").execute(&mut *self.inner).await?;
        if let Some(lane) = &self.lane {
            lane.sent();
        }
        self.inner.commit().await?;
        if let Some(lane) = &self.lane {
            lane.committed();
        }
        Ok(())
    }

    /// The place of this transaction's next audit entry.
    pub fn audit_place(&mut self, lanes: &Lanes) -> Place {
        let tenant = self.actor.tenant;
        self.lane.get_or_insert_with(|| lanes.take(tenant)).next()
    }

    /// Forgets everything.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }

    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
