//! `steward up`: everything in one process, on embedded defaults.

use super::Setting;
use super::chain;
use super::error::CliError;
use super::link::NO_WEB;
use super::output::{Output, Tone};
use super::progress::{check, govern};
use crate::config::Config;
use crate::jobs;
use crate::wiring::database::{Database, make_data_dir};
use crate::wiring::keys::find_or_make_key;
use crate::wiring::lock::DataLock;
use crate::wiring::{AssembleError, Assembled, accepted_list, assemble, audit_key, data_key, first_start, logging, mcp_lock};
use crate::wiring::{push_key, rules_on_record, seed_all, serve, signals, web};
use crate::{AppState, router, site::Site};
use clap::Args;
use secrecy::SecretString;
use std::process::ExitCode;
use std::time::Duration;
use steward_agent::worker;
use steward_store::engines::cluster::ClusterError;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

/// Runs driven side by side.
const RUNS_MAX: usize = 64;
/// How long everything but the database may take to stop, in seconds.
const STOP_SECONDS_MAX: u64 = 15;
/// How long open connections may take to close, in seconds.
const CLOSE_SECONDS_MAX: u64 = 3;

/// Start everything: a private PostgreSQL unless another is configured, the server and the worker
///
/// The first start makes the data directory, the organisation and its owner, and prints a one-time sign-in link. Ctrl-C stops everything cleanly.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward up --listen 127.0.0.1:7700 --owner ada@example.com")]
pub(super) struct Up {
    /// Where to listen, instead of `server.listen`
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The owner's address at the first start, instead of `owner_email`
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
}

/// What runs until it is time to stop.
struct Running {
    assembled: Assembled,
    state: AppState,
    listener: TcpListener,
    database: Database,
    link: Option<SecretString>,
    has_web: bool,
}

impl Up {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config_with([("server.listen", self.listen, "--listen"), ("owner_email", self.owner, "--owner")])?;
        logging::start(&setting.environment, "info,sqlx=error");
        let stop = signals::stop_on_signals()?;
        let running = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
            started = start(&config) => started?,
        };
        announce(&setting.output, &config, running.link.as_ref(), running.has_web)?;
        keep(running, &config, stop).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Everything that can go wrong goes wrong here, before anybody is told that we are ready.
async fn start(config: &Config) -> Result<Running, CliError> {
    make_data_dir(config).map_err(crate::wiring::database::DatabaseError::from)?;
    let lock = DataLock::take(&config.data_dir, "steward up").map_err(crate::wiring::database::DatabaseError::from)?;
    let listener = serve::bind(config.server.listen).await?;
    // A folder of pages that is none is said before anything is made, and before there is a link, which is shown once.
    let has_web = web(config)?.is_built();
    let key = find_or_make_key(config)?;
    audit_key::find_or_make(config)?;
    data_key::find_or_make(config)?;
    push_key::find_or_make(config)?;
    seed_all(config)?;
    // Before PostgreSQL is started; what is run is loaded after that, as it stands on record there.
    check(config)?;
    let database = Database::own(config, lock).await?;
    let started = async {
        let assembled = assemble(config, &database, key, govern).await?;
        let state = assembled.state(config)?;
        let link = first_start::organisation(&assembled.app, &assembled.runtime.office, config).await?;
        if link.is_some() {
            // The organisation was not there when the others' logs were told.
            let runtime = &assembled.runtime;
            Box::pin(rules_on_record::at_start(&runtime.store, &runtime.office, &runtime.rules)).await.map_err(AssembleError::from)?;
            look_over(&assembled, config).await;
        }
        Ok::<_, CliError>((assembled, state, link))
    };
    match started.await {
        Ok((assembled, state, link)) => Ok(Running { assembled, state, listener, database, link, has_web }),
        Err(err) => {
            if let Err(second) = database.close(false).await {
                warn!(error = %second, "PostgreSQL could not be stopped");
            }
            Err(err)
        }
    }
}

/// What was accepted before there was an organisation is put on record before anybody can act in it.
async fn look_over(assembled: &Assembled, config: &Config) {
    let Assembled { runtime, .. } = assembled;
    // The link is shown once: what can be done again in a second does not keep it back.
    if let Err(err) = accepted_list::hold(&runtime.store, &runtime.office, &mcp_lock(config), &mut accepted_list::Known::default()).await {
        warn!(error = chain(&err), "the list of accepted plugins could not be held to the record; trying again");
    }
}

/// Runs until `stop`, or until a part that everything needs is gone.
async fn keep(running: Running, config: &Config, stop: CancellationToken) -> Result<(), CliError> {
    let Running { assembled, state, listener, database, .. } = running;
    let (stop_database, tasks) = (CancellationToken::new(), TaskTracker::new());
    tasks.spawn(jobs::tell_mcp_clients::run(state.clone(), stop.clone()));
    let router = router::router(state);
    let pools = vec![assembled.app.clone(), assembled.runtime.store.clone()];
    let mut guard = tokio::spawn(jobs::supervise_database::run(database, config.cluster(), pools, stop_database.clone()));
    jobs::start(&tasks, &assembled, config, &stop);
    tasks.spawn(worker::work(assembled.runtime.clone(), RUNS_MAX, stop.clone()));
    let mut server = tokio::spawn(serve::serve(listener, router, stop.clone()));

    let mut lost: Option<ClusterError> = None;
    let mut served = Ok(());
    let mut kept = None;
    tokio::select! {
        () = stop.cancelled() => {}
        ended = &mut server => served = ended.unwrap_or_else(|err| Err(serve::ServeError::Ended(std::io::Error::other(err)))),
        ended = &mut guard => {
            let (database, outcome) = ended.map_err(std::io::Error::other)?;
            lost = outcome.err();
            kept = Some(database);
        }
    }
    stop.cancel();
    tasks.close();
    let others = async {
        tasks.wait().await;
        if !server.is_finished() {
            let _ = server.await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(STOP_SECONDS_MAX), others).await.is_err() {
        warn!("some work was cut off; it goes on from its last commit at the next start");
    }
    let pools = async { tokio::join!(assembled.app.close(), assembled.runtime.store.close()) };
    let _ = tokio::time::timeout(Duration::from_secs(CLOSE_SECONDS_MAX), pools).await;
    stop_database.cancel();
    let database = match kept {
        Some(database) => database,
        None => guard.await.map_err(std::io::Error::other)?.0,
    };
    database.close(false).await?;
    info!("stopped");
    if let Some(err) = lost {
        return Err(crate::wiring::database::DatabaseError::from(err).into());
    }
    Ok(served?)
}

/// What a person who just started Steward wants to know.
fn announce(output: &Output, config: &Config, link: Option<&SecretString>, has_web: bool) -> std::io::Result<()> {
    let site: &Site = &config.server.site;
    let quiet = |text: &str| output.tone(Tone::Quiet, text);
    output.line("")?;
    output.line(output.tone(Tone::Strong, &format!("Steward is ready at {}", site.public_url())))?;
    for (name, key) in config.models.models.keys().filter_map(|name| Some((name, config.without_key(name)?))) {
        let words =
            format!("  The variable that `{key}` names is not set, or is empty, so the model `{name}` has no key: set it in this terminal and start again.");
        output.line(output.tone(Tone::Warning, &words))?;
    }
    if let Some(link) = link {
        output.line("")?;
        output.line(format!("  Sign in as {} with this link. It works once, for a day:", config.owner_email))?;
        output.line(format!("  {}", site.sign_in_link(link)))?;
        if !has_web {
            output.line(output.tone(Tone::Warning, &format!("  {NO_WEB}")))?;
        }
    }
    output.line("")?;
    output.line(format!("  {}  steward chat \"What can you do?\"", quiet("talk      ")))?;
    output.line(format!("  {}  steward contacts import FILE --preview", quiet("contacts  ")))?;
    output.line(format!("  {}  steward link", quiet("new link  ")))?;
    output.line(format!("  {}  steward doctor", quiet("check-up  ")))?;
    output.line(format!("  {}  {}", quiet("data      "), config.data_dir.display()))?;
    if config.models.models.is_empty() {
        output.line("")?;
        output.line(output.tone(Tone::Warning, "  No model is configured, so agents cannot answer yet. In steward.toml:"))?;
        output.line("    [models.strong]\n    model = \"gpt-4o\"\n    api_key_env = \"OPENAI_API_KEY\"")?;
    }
    output.line("")
}
