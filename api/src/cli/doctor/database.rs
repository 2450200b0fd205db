//! PostgreSQL: its programs, whether it answers, and whether it is of this version.

use super::Check;
use crate::config::Config;
use crate::wiring::database::Database;
use steward_store::engines::cluster::{Binaries, Cluster};

const NAME: &str = "database";

pub(super) async fn check(config: &Config) -> Vec<Check> {
    if config.database.url.is_some() {
        return vec![reach(config, "the configured database").await];
    }
    let programs = Check::of("PostgreSQL", Binaries::look(&config.cluster()), |found| format!("{} in {}", found.version, found.dir.display()));
    let running = if config.data_dir.join("pg").exists() { Cluster::attach(&config.cluster()).await } else { Ok(None) };
    let database = match running {
        Ok(Some(cluster)) => reach(config, &format!("the private PostgreSQL (process {})", cluster.pid())).await,
        Ok(None) if config.data_dir.join("pg").exists() => Check::good(NAME, "not running; `steward up` starts it"),
        Ok(None) => Check::good(NAME, "made by the first `steward up`"),
        Err(err) => Check::wrong(NAME, crate::cli::chain(&err)),
    };
    vec![programs, database]
}

async fn reach(config: &Config, which: &str) -> Check {
    let reached = async {
        let database = Database::part(config).await.map_err(|err| crate::cli::chain(&err))?;
        let (app, worker) = tokio::try_join!(database.app(), database.worker()).map_err(|err| crate::cli::chain(&err))?;
        app.ping().await.map_err(|err| crate::cli::chain(&err))?;
        tokio::join!(app.close(), worker.close());
        Ok::<_, String>(())
    };
    match reached.await {
        Ok(()) => Check::good(NAME, format!("{which} answers and has all migrations")),
        Err(why) => Check::wrong(NAME, why),
    }
}
