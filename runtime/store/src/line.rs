//! Connections for transactions of one statement, beside the pool.
//!
//! sqlx's pool pings a connection each time it comes back, from a task of its own: a second round trip for a path that has one.
//! Here a connection goes back only after its statement succeeded or was refused by the server; one that was cut, or whose future
//! was dropped half-way, is closed, and so are its idle sisters when the server went away.

use crate::error::StoreError;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most connections of one store used this way, unless it is opened with another number. A statement takes well under a millisecond, so few
/// serve many runs.
pub(crate) const LINES_MAX: usize = 8;

/// The connections. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    connect: Arc<PgConnectOptions>,
    patience: Duration,
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<PgConnection>>>,
}

/// One connection in use.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) conn: PgConnection,
    idle: Arc<Mutex<Vec<PgConnection>>>,
    _place: OwnedSemaphorePermit,
}

impl Lines {
    /// At most `most`, none of which is opened before it is needed. `patience` is how long to wait for a free one.
    pub(crate) fn new(connect: PgConnectOptions, most: usize, patience: Duration) -> Self {
        Self { connect: Arc::new(connect), patience, places: Arc::new(Semaphore::new(most)), idle: Arc::default() }
    }

    /// A connection, taken or made.
    pub(crate) async fn take(&self) -> Result<Line, StoreError> {
        let waiting = self.places.clone().acquire_owned();
        let place = tokio::time::timeout(self.patience, waiting).await.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => PgConnection::connect_with(&self.connect).await?,
        };
        Ok(Line { conn, idle: self.idle.clone(), _place: place })
    }

    /// Closes what is idle; nothing is handed out any more.
    pub(crate) async fn close(&self) {
        self.places.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for conn in idle {
            // Its end is the same either way.
            let _ = conn.close().await;
        }
    }
}

impl Line {
    /// Gives the connection back if it can serve again.
    pub(crate) fn done<T>(self, outcome: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let outcome = outcome.map_err(StoreError::from);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        match &outcome {
            // What one connection learnt of the server is true of the others: they are made anew.
            Err(StoreError::Away(_)) => idle.clear(),
            Err(StoreError::Statement(_)) => {}
            _ => idle.push(self.conn),
        }
        drop(idle);
        outcome
    }
}
