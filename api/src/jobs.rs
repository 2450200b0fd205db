//! What the process does by itself, again and again: one file a job. A job ends when it is told to stop, and only then.

pub mod budget_holds;
pub mod erase_again;
pub mod escalate_holds;
pub mod expire_holds;
pub mod expire_reservations;
pub mod reload_policies;
pub mod rewrap_secrets;
pub mod run_schedules;
pub mod send_notices;
pub mod sign_audit;
pub mod supervise_database;
pub mod sweep;
pub mod tell_mcp_clients;
pub mod write_stops;

use crate::cli::chain;
use crate::config::Config;
use crate::notices::{MailError, Sender};
use crate::wiring::{Assembled, audit_key, mcp_lock, push_key};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use steward_agent::live::Live;
use steward_core::Actor;
use steward_office::{Office, OfficeError};
use steward_store::Store;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

/// Starts every job that works on records, and the watch over the rules.
pub fn start(tasks: &TaskTracker, assembled: &Assembled, config: &Config, stop: &CancellationToken) {
    let runtime = &assembled.runtime;
    tasks.spawn(erase_again::run(runtime.store.clone(), runtime.office.clone(), stop.clone()));
    tasks.spawn(budget_holds::run(runtime.store.clone(), runtime.office.clone(), runtime.live.clone(), stop.clone()));
    tasks.spawn(escalate_holds::run(runtime.store.clone(), runtime.office.clone(), runtime.live.clone(), stop.clone()));
    tasks.spawn(expire_holds::run(runtime.store.clone(), runtime.office.clone(), runtime.live.clone(), stop.clone()));
    tasks.spawn(expire_reservations::run(runtime.store.clone(), runtime.office.clone(), stop.clone()));
    tasks.spawn(rewrap_secrets::run(runtime.store.clone(), runtime.office.clone(), stop.clone()));
    tasks.spawn(run_schedules::run(runtime.clone(), stop.clone()));
    tasks.spawn(sweep::run(runtime.store.clone(), runtime.office.clone(), stop.clone()));
    tasks.spawn(write_stops::run(assembled.app.clone(), runtime.office.clone(), runtime.live.clone(), stop.clone()));
    match sender(config) {
        Ok(sender) => {
            tasks.spawn(send_notices::run(runtime.store.clone(), runtime.office.clone(), Arc::new(sender), stop.clone()));
        }
        Err(err) => error!("this process tells nobody that something waits: {}", chain(&err)),
    }
    match audit_key::sequencer(config) {
        Ok(sequencer) => {
            tasks.spawn(sign_audit::run(runtime.store.clone(), sequencer, stop.clone()));
        }
        Err(err) => error!("this process does not sign the audit log: {}", chain(&err)),
    }
    watch_rules(tasks, assembled, config, stop);
}

/// What sends. Mail goes out although there is no push key.
fn sender(config: &Config) -> Result<Sender, MailError> {
    let key = push_key::find(config);
    if let Err(err) = &key {
        error!("this process sends nothing to browsers: {}", chain(err));
    }
    Sender::of(config, key.ok().map(Arc::new))
}

/// Starts the watch over the rules and the accepted tools alone.
pub fn watch_rules(tasks: &TaskTracker, assembled: &Assembled, config: &Config, stop: &CancellationToken) {
    let runtime = &assembled.runtime;
    let records = (runtime.store.clone(), runtime.office.clone());
    let watched = reload_policies::Watched {
        dir: config.policies_dir.clone(),
        mcp: config.mcp.clone(),
        mcp_lock: mcp_lock(config),
        plugins_dir: config.plugins_dir.clone(),
        plugin_trust: config.plugin_trust.clone(),
        host: runtime.host.clone(),
        rules: runtime.rules.clone(),
        policy_files: assembled.policy_files.clone(),
    };
    tasks.spawn(reload_policies::run(watched, records, stop.clone()));
}

/// Rows one round of a job takes.
const BATCH_MAX: i32 = 100;

/// What one round of a job did in one organisation: so many things.
type Done = Result<usize, OfficeError>;

/// A job that looks after what is held, again and again, in every organisation.
struct Round {
    /// How often, in seconds.
    every_seconds: u64,
    /// What was done, for the log.
    done: &'static str,
    /// What could not be done.
    failed: &'static str,
    /// One round in the worker's organisation.
    act: for<'a> fn(&'a Store, &'a Office, Actor) -> BoxFuture<'a, Done>,
}

impl Round {
    /// Works until `stop`. Whoever waits for something is woken when something was done.
    async fn run(&self, store: Store, office: Office, live: Live, stop: CancellationToken) {
        let mut every = Every::seconds(self.every_seconds, stop);
        while every.next().await {
            match self.once(&store, &office).await {
                Ok(0) => {}
                Ok(count) => {
                    info!(holds = count, "{}", self.done);
                    live.wake();
                }
                Err(err) => warn!(error = chain(&err), "{}; trying again", self.failed),
            }
        }
    }

    /// One round in every organisation, and how much it did. One in which it fails is told, and holds up no other.
    async fn once(&self, store: &Store, office: &Office) -> Done {
        let mut count = 0;
        for row in store.all_tenants().await? {
            match (self.act)(store, office, Actor::worker(row.tenant)).await {
                Ok(done) => count += done,
                Err(err) => warn!(tenant.id = %row.tenant, error = chain(&err), "{}; trying again", self.failed),
            }
        }
        Ok(count)
    }
}

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
