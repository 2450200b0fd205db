//! `steward serve` and `steward work`: the server and the worker as processes of their own, over one database.

use super::Setting;
use super::error::CliError;
use super::progress::govern;
use crate::config::Config;
use crate::jobs;
use crate::router;
use crate::wiring::database::Database;
use crate::wiring::keys::find_key;
use crate::wiring::{Assembled, assemble, logging, seed_all, serve, signals};
use clap::Args;
use std::process::ExitCode;
use steward_agent::worker;
use tokio_util::task::TaskTracker;
use tracing::info;

/// Run the HTTP server alone
///
/// For installations with several processes over one database. The worker is `steward work`; migrations are `steward migrate`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward serve --listen 0.0.0.0:7700")]
pub(super) struct Serve {
    /// Where to listen, instead of `server.listen`
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

/// Run a worker alone: it drives runs and does the jobs
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward work --runs 16")]
pub(super) struct Work {
    /// Runs driven side by side
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    runs: u16,
}

impl Serve {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config_with([("server.listen", self.listen, "--listen")])?;
        logging::start(&setting.environment, "info,sqlx=error");
        let stop = signals::stop_on_signals()?;
        let listener = serve::bind(config.server.listen).await?;
        let (assembled, database) = part(&config).await?;
        let tasks = TaskTracker::new();
        jobs::watch_rules(&tasks, &assembled, &config, &stop);
        info!("serving at {}", config.server.site.public_url());
        let state = assembled.state(&config)?;
        tasks.spawn(jobs::tell_mcp_clients::run(state.clone(), stop.clone()));
        let served = serve::serve(listener, router::router(state), stop).await;
        close(assembled, database, tasks).await?;
        served?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Work {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "info,sqlx=error");
        let stop = signals::stop_on_signals()?;
        let (assembled, database) = part(&config).await?;
        let tasks = TaskTracker::new();
        jobs::start(&tasks, &assembled, &config, &stop);
        info!(runs = self.runs, "working");
        worker::work(assembled.runtime.clone(), usize::from(self.runs), stop).await;
        close(assembled, database, tasks).await?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn part(config: &Config) -> Result<(Assembled, Database), CliError> {
    let key = find_key(config)?;
    seed_all(config)?;
    let database = Database::part(config).await?;
    let assembled = assemble(config, &database, key, govern).await?;
    Ok((assembled, database))
}

async fn close(assembled: Assembled, database: Database, tasks: TaskTracker) -> Result<(), CliError> {
    tasks.close();
    tasks.wait().await;
    tokio::join!(assembled.app.close(), assembled.runtime.store.close());
    Ok(database.close(false).await?)
}
