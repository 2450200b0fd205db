//! Starts the private PostgreSQL again when it is killed. Runs under way wait for it; nothing is lost.

use crate::wiring::database::Database;
use futures_util::future::join_all;
use std::time::{Duration, Instant};
use steward_store::Store;
use steward_store::engines::cluster::{Cluster, ClusterError, ClusterOptions};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// Restarts within [`WINDOW_SECONDS`] after which we give up.
const RESTARTS_MAX: usize = 5;
/// Questions that take up every connection of a pool.
const ASKED_AT_ONCE: usize = 64;
/// See [`RESTARTS_MAX`].
const WINDOW_SECONDS: u64 = 120;

/// A broken connection shows itself on first use, and goes. Asked all at once, every one shows itself here and not to a user.
async fn refresh(pool: &Store) {
    join_all((0..ASKED_AT_ONCE).map(|_| pool.ping())).await;
}

/// Watches until `stop`, then gives the database back for closing. `Err` when it cannot be kept running.
///
/// `pools` are freed of connections to the server that was.
pub async fn run(mut database: Database, options: ClusterOptions, pools: Vec<Store>, stop: CancellationToken) -> (Database, Result<(), ClusterError>) {
    let mut restarts: Vec<Instant> = Vec::new();
    loop {
        let how = match &database.cluster {
            Some(cluster) => tokio::select! {
                how = cluster.ended() => how,
                () = stop.cancelled() => return (database, Ok(())),
            },
            None => {
                stop.cancelled().await;
                return (database, Ok(()));
            }
        };
        error!("PostgreSQL ended ({how}); starting it again");
        restarts.retain(|at| at.elapsed() < Duration::from_secs(WINDOW_SECONDS));
        restarts.push(Instant::now());
        database.cluster = None;
        let started = tokio::select! {
            started = Cluster::attach_or_start(&options) => started,
            // Repairing itself after a crash may take PostgreSQL minutes. Given up, the attempt ends the server that it started, and the next
            // start repairs what is left.
            () = stop.cancelled() => return (database, Ok(())),
        };
        match started {
            Ok(cluster) if restarts.len() <= RESTARTS_MAX => {
                info!("PostgreSQL runs again");
                database.cluster = Some(cluster);
                join_all(pools.iter().map(refresh)).await;
            }
            Ok(cluster) => {
                database.cluster = Some(cluster);
                return (database, Err(ClusterError::Unstable { times: restarts.len(), seconds: WINDOW_SECONDS }));
            }
            Err(err) => return (database, Err(err)),
        }
    }
}
