//! What the process does by itself, again and again: one file a job. A job ends when it is told to stop, and only then.

pub mod budget_holds;
pub mod erase_again;
pub mod escalate_holds;
pub mod expire_holds;
pub mod expire_reservations;
pub mod reload_policies;
pub mod sign_audit;
pub mod supervise_database;
pub mod sweep;

use crate::config::Config;
use crate::wiring::{Assembled, audit_key};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;

/// Starts every job that works on records, and the watch over the rules.
pub fn start(tasks: &TaskTracker, assembled: &Assembled, config: &Config, stop: &CancellationToken) {
    let runtime = &assembled.runtime;
    tasks.spawn(erase_again::run(runtime.store.clone(), runtime.office.clone(), stop.clone()));
    tasks.spawn(budget_holds::run(runtime.store.clone(), runtime.office.clone(), runtime.live.clone(), stop.clone()));
    tasks.spawn(escalate_holds::run(runtime.store.clone(), runtime.office.clone(), runtime.live.clone(), stop.clone()));
    tasks.spawn(expire_holds::run(runtime.store.clone(), runtime.office.clone(), runtime.live.clone(), stop.clone()));
    tasks.spawn(expire_reservations::run(runtime.store.clone(), runtime.office.clone(), stop.clone()));
    tasks.spawn(sweep::run(runtime.store.clone(), runtime.office.clone(), stop.clone()));
    match audit_key::sequencer(config) {
        Ok(sequencer) => {
            tasks.spawn(sign_audit::run(runtime.store.clone(), sequencer, stop.clone()));
        }
        Err(err) => error!("this process does not sign the audit log: {}", crate::cli::chain(&err)),
    }
    watch_rules(tasks, assembled, config, stop);
}

/// Starts the watch over the rules alone.
pub fn watch_rules(tasks: &TaskTracker, assembled: &Assembled, config: &Config, stop: &CancellationToken) {
    let runtime = &assembled.runtime;
    let records = (runtime.store.clone(), runtime.office.clone());
    tasks.spawn(reload_policies::run(config.policies_dir.clone(), runtime.host.specs(), records, runtime.rules.clone(), stop.clone()));
}

/// Rows one round of a job takes.
const BATCH_MAX: i32 = 100;

/// A beat that ends with a token. A beat that was missed is not made up for.
struct Every {
    interval: Interval,
    stop: CancellationToken,
}

impl Every {
    fn seconds(seconds: u64, stop: CancellationToken) -> Self {
        let mut interval = interval(Duration::from_secs(seconds.max(1)));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval, stop }
    }

    /// Waits for the next beat; `false` when it is time to stop.
    async fn next(&mut self) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            _ = self.interval.tick() => true,
        }
    }
}
