//! Writes down stops that this process heard while the disk of the database was full, as soon as there is room.

use super::Every;
use crate::cli::chain;
use steward_agent::live::Live;
use steward_core::{HasKind as _, Kind};
use steward_office::{Office, OfficeError, runs};
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// How often, in seconds.
const EVERY_SECONDS: u64 = 1;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, live: Live, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        once(&store, &office, &live).await;
    }
}

/// Writes what there is room for. What still finds none is kept.
pub async fn once(store: &Store, office: &Office, live: &Live) {
    for (run, by) in live.unwritten_stops() {
        let written = async {
            let mut tx = store.begin(&by).await?;
            runs::write_late_cancel(&mut tx, office, run).await?;
            Ok::<_, OfficeError>(tx.commit().await?)
        };
        match written.await {
            Ok(()) => {
                live.written(run);
                live.wake();
                info!(run.id = %run, "a stop that was asked for while the disk of the database was full is written down");
            }
            Err(err) if err.kind() == Kind::Away => {}
            Err(err) => {
                live.written(run);
                error!(run.id = %run, error = chain(&err), "a stop that was asked for while the disk of the database was full cannot be written down");
            }
        }
    }
}
