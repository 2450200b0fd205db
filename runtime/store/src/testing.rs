//! A database for one test: a copy of a migrated template on the server named by `STEWARD_TEST_DATABASE_URL`.
//!
//! `make test` starts that server; without it the tests that need PostgreSQL fail and say so.

use crate::migrate::migrate;
use crate::tx::{Store, StoreOptions};
use futures_util::StreamExt as _;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use steward_core::{Ids, RunId};

/// One test's own database with a pool for each role. The database is dropped by the next template change, not by the test.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    /// As the server and the command line.
    pub app: Store,
    /// As the worker.
    pub worker: Store,
    /// Superuser URL, for tests that look behind the walls.
    pub superuser_url: String,
    /// The server's role, as a URL.
    pub app_url: String,
    /// The worker's role, as a URL.
    pub worker_url: String,
}

#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "test support reads the test server's address and may stop the test")]
impl TestDatabase {
    /// Makes a database. Panics with a hint when no test server is named.
    pub async fn make() -> Self {
        let base = std::env::var("STEWARD_TEST_DATABASE_URL")
            .expect("STEWARD_TEST_DATABASE_URL is not set: run the tests with `make test`, or point it at a PostgreSQL superuser");
        let digest = crate::migrate::digest();
        let template = format!("steward_template_{}", digest.short());
        let mut conn = PgConnection::connect(&base).await.expect("test server");
        sqlx::query("select pg_advisory_lock(7341)").execute(&mut conn).await.expect("lock");
        let there: bool =
            sqlx::query_scalar("select exists(select from pg_database where datname = $1)").bind(&template).fetch_one(&mut conn).await.expect("look");
        if !there {
            let making = format!("{template}_making");
            sqlx::raw_sql(AssertSqlSafe(format!("drop database if exists {making}"))).execute(&mut conn).await.expect("drop");
            sqlx::raw_sql(AssertSqlSafe(format!("create database {making} template template0"))).execute(&mut conn).await.expect("create");
            migrate(&with_database(&base, &making)).await.expect("migrate");
            sqlx::raw_sql(AssertSqlSafe(format!("alter database {making} rename to {template}"))).execute(&mut conn).await.expect("rename");
        }
        let name = format!("t_{}", Ids::System.make::<RunId>().uuid().simple());
        // Files are copied in half the time that the log of every page takes.
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name} template {template} strategy file_copy"))).execute(&mut conn).await.expect("copy");
        sqlx::query("select pg_advisory_unlock(7341)").execute(&mut conn).await.expect("unlock");
        conn.close().await.expect("close");
        Self::attach(&with_database(&base, &name)).await
    }

    /// The database behind this superuser URL, which another process made.
    pub async fn attach(superuser_url: &str) -> Self {
        let superuser_url = superuser_url.to_owned();
        let app_url = with_user(&superuser_url, "steward_app");
        let worker_url = with_user(&superuser_url, "steward_worker");
        let small = |url: &str| StoreOptions { connections_max: 8, ..StoreOptions::new(url) };
        Self {
            app: Store::connect(&small(&app_url)).await.expect("app"),
            worker: Store::connect(&small(&worker_url)).await.expect("worker"),
            superuser_url,
            app_url,
            worker_url,
        }
    }

    /// Closes both pools, for tests that make many databases.
    pub async fn close(&self) {
        self.app.close().await;
        self.worker.close().await;
    }

    /// Runs statements as superuser, past every wall.
    pub async fn raw(&self, sql: &str) {
        let mut conn = PgConnection::connect(&self.superuser_url).await.expect("superuser");
        sqlx::raw_sql(AssertSqlSafe(format!("set search_path = steward; {sql}"))).execute(&mut conn).await.expect("raw statement");
        conn.close().await.expect("close");
    }

    /// One number from a query, as superuser.
    pub async fn number(&self, sql: &str) -> i64 {
        let mut conn = PgConnection::connect(&self.superuser_url).await.expect("superuser");
        sqlx::raw_sql("set search_path = steward").execute(&mut conn).await.expect("path");
        let value = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut conn).await.expect("number");
        conn.close().await.expect("close");
        value
    }

    /// The first column of a query as text, as whoever `url` signs in, after some statements of their own (settings, for example).
    pub async fn texts(&self, url: &str, before: &str, sql: &str) -> Result<Vec<String>, String> {
        let mut conn = PgConnection::connect(url).await.expect("connect");
        let outcome = async {
            sqlx::raw_sql(AssertSqlSafe(format!("set search_path = steward; {before}"))).execute(&mut conn).await?;
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut conn).await
        };
        let outcome = outcome.await.map_err(|err: sqlx::Error| err.to_string());
        conn.close().await.expect("close");
        outcome
    }

    /// A table as `copy … to stdout` gives it to whoever `url` signs in, after some statements of their own. None where it is refused.
    pub async fn copied(&self, url: &str, before: &str, table: &str) -> Option<String> {
        let mut conn = PgConnection::connect(url).await.expect("connect");
        sqlx::raw_sql(AssertSqlSafe(format!("set search_path = steward; {before}"))).execute(&mut conn).await.expect("settings");
        let mut rows = Vec::new();
        let mut copying = conn.copy_out_raw(&format!("copy (select * from {table}) to stdout")).await.ok()?;
        while let Some(piece) = copying.next().await {
            rows.extend_from_slice(&piece.ok()?);
        }
        Some(String::from_utf8_lossy(&rows).into_owned())
    }
}

/// A connection on which a test says one statement after another, so that it decides what is under way beside what.
#[derive(Debug)]
pub struct Session {
    conn: PgConnection,
    /// The server's process behind it.
    pub process: i32,
}

#[expect(clippy::expect_used, reason = "test support may stop the test")]
impl TestDatabase {
    /// Opens one as whoever `url` signs in, after these statements.
    pub async fn session(&self, url: &str, before: &str) -> Session {
        let mut conn = PgConnection::connect(url).await.expect("connect");
        sqlx::raw_sql(AssertSqlSafe(format!("set search_path = steward; {before}"))).execute(&mut conn).await.expect("settings");
        let process = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut conn).await.expect("process");
        Session { conn, process }
    }

    /// Whether this process of the server waits for a lock that another has.
    pub async fn waits(&self, process: i32) -> bool {
        self.number(&format!("select count(*) from pg_stat_activity where pid = {process} and wait_event_type = 'Lock'")).await == 1
    }
}

impl Session {
    /// Says a statement.
    pub async fn say(&mut self, sql: &str) -> Result<(), String> {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.conn).await.map(|_| ()).map_err(|err| err.to_string())
    }
}

#[expect(clippy::expect_used, reason = "test support may stop the test")]
impl Store {
    /// The server's process behind the next connection beside the pool, and what an earlier statement left there of its organisation, workspaces
    /// and person.
    pub async fn carried_over(&self) -> (i32, Option<String>) {
        let mut line = self.lines.take().await.expect("a line");
        let sql = "select pg_backend_pid(),
                          nullif(concat(current_setting('app.tenant', true), current_setting('app.workspaces', true), current_setting('app.person', true)), '')";
        let found = sqlx::query_as(sql).fetch_one(&mut line.conn).await;
        line.done(found).expect("settings")
    }
}

/// How often statements of the transaction's connection were run by a plan kept from before, among those that begin with `verb` and name `table`.
#[expect(clippy::expect_used, reason = "test support may stop the test")]
pub async fn kept_plans(tx: &mut crate::Tx, verb: &str, table: &str) -> i64 {
    sqlx::query_scalar(
        "select coalesce(sum(generic_plans), 0)::bigint from pg_prepared_statements where statement ~ ('^\\s*' || $1 || '\\M.*\\m' || $2 || '\\M')",
    )
    .bind(verb)
    .bind(table)
    .fetch_one(tx.conn())
    .await
    .expect("plans")
}

/// CPU time of every PostgreSQL process of this machine, in microseconds, at the kernel's tick of 10 ms.
pub fn postgres_cpu_us() -> f64 {
    let stats = std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    stats.filter(|stat| stat.contains("(postgres")).map(|stat| cpu_us_of(&stat)).sum()
}

/// CPU time of this process, all threads, in microseconds, at the kernel's tick of 10 ms.
pub fn own_cpu_us() -> f64 {
    cpu_us_of(&std::fs::read_to_string("/proc/self/stat").unwrap_or_default())
}

/// The user's and the system's time in a line of `/proc/<pid>/stat` (proc_pid_stat(5), fields 14 and 15).
fn cpu_us_of(stat: &str) -> f64 {
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, tail)| tail).split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum();
    ticks as f64 * 10_000.0
}

/// The same server, another database. The URL's form is `postgres://[user@][host]/database[?…]`.
fn with_database(url: &str, database: &str) -> String {
    let (head, query) = url.split_once('?').map_or((url, None), |(head, query)| (head, Some(query)));
    let start = head.find("://").map_or(0, |at| at + 3);
    let slash = head.get(start..).and_then(|rest| rest.find('/')).map_or(head.len(), |at| start + at);
    let head = head.get(..slash).unwrap_or(head);
    query.map_or_else(|| format!("{head}/{database}"), |query| format!("{head}/{database}?{query}"))
}

/// The same database as another user, who needs no password from the test server.
fn with_user(url: &str, user: &str) -> String {
    if let Some((head, query)) = url.split_once('?') {
        let kept: Vec<&str> = query.split('&').filter(|part| !part.starts_with("user=")).collect();
        return format!("{head}?user={user}&{}", kept.join("&"));
    }
    format!("{url}?user={user}")
}
