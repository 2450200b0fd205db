//! PostgreSQL: its programs, whether it answers, whether it is of this version, and which rules in it stand in for the files.

use super::{Check, data_key};
use crate::config::Config;
use crate::wiring::accepted_list::{elsewhere, said_of_elsewhere, strangers};
use crate::wiring::database::{Database, past_walls};
use crate::wiring::mcp_lock;
use steward_core::Actor;
use steward_office::changes::ChangeKind;
use steward_office::{OfficeError, notices};
use steward_store::engines::cluster::{Binaries, Cluster};
use steward_store::{Store, StoreError};

const NAME: &str = "database";
/// Messages of one organisation that are named.
const UNHEARD_MAX: i64 = 10;

pub(super) async fn check(config: &Config) -> Vec<Check> {
    if config.database.url.is_some() {
        return reach(config, "the configured database").await;
    }
    let programs = Check::of("PostgreSQL", Binaries::look(&config.cluster()), |found| format!("{} in {}", found.version, found.dir.display()));
    let running = if config.data_dir.join("pg").exists() { Cluster::attach(&config.cluster()).await } else { Ok(None) };
    let database = match running {
        Ok(Some(cluster)) => reach(config, &format!("the private PostgreSQL (process {})", cluster.pid())).await,
        Ok(None) if config.data_dir.join("pg").exists() => vec![Check::good(NAME, "not running; `steward up` starts it")],
        Ok(None) => vec![Check::good(NAME, "made by the first `steward up`")],
        Err(err) => vec![Check::wrong(NAME, crate::cli::chain(&err))],
    };
    [vec![programs], database].concat()
}

async fn reach(config: &Config, which: &str) -> Vec<Check> {
    let reached = async {
        let database = Database::part(config).await.map_err(|err| crate::cli::chain(&err))?;
        let (app, worker) = tokio::try_join!(database.app(), database.worker()).map_err(|err| crate::cli::chain(&err))?;
        let approved = approved(&app).await.map_err(|err| crate::cli::chain(&err))?;
        let unheard = unheard(&app).await.map_err(|err| crate::cli::chain(&err))?;
        let data_key = data_key::check(&app, config).await.map_err(|err| crate::cli::chain(&err))?;
        let role = past_walls(&[&app, &worker]).await.map_err(|err| crate::cli::chain(&err))?.map(|message| Check::warning("database role", message));
        let mut strangers = strangers(&app, &mcp_lock(config)).await.map_err(|err| crate::cli::chain(&err))?;
        let elsewhere = elsewhere(&app, &mcp_lock(config)).await.map_err(|err| crate::cli::chain(&err))?;
        strangers.extend((!elsewhere.is_empty()).then(|| said_of_elsewhere(&elsewhere, &mcp_lock(config))));
        tokio::join!(app.close(), worker.close());
        Ok::<_, String>((approved, unheard, data_key, role, strangers))
    };
    match reached.await {
        Ok((approved, unheard, data_key, role, strangers)) => {
            let answers = Check::good(NAME, format!("{which} answers and has all migrations"));
            let says = |(name, version)| {
                let dir = config.policies_dir.display();
                format!("`{name}` goes by its own (version {version}): the files in `{dir}` no longer count for it; change them with `steward policy propose`")
            };
            let said: Vec<String> = approved.into_iter().map(says).collect();
            let approved = (!said.is_empty()).then(|| Check::good("approved rules", said.join("\n")));
            let strangers = (!strangers.is_empty()).then(|| Check::warning("accepted plugins", strangers.join("\n")));
            std::iter::once(answers).chain(approved).chain(unheard).chain(data_key).chain(role).chain(strangers).collect()
        }
        Err(why) => vec![Check::wrong(NAME, why)],
    }
}

/// Organisations that go by rules they approved, by name, with the version.
async fn approved(store: &Store) -> Result<Vec<(String, i32)>, StoreError> {
    store.ping().await?;
    let in_force = store.changes_in_force(ChangeKind::Policy.name()).await?;
    let all = store.all_tenants().await?;
    let named = |tenant| all.iter().find(|row| row.tenant == tenant).map_or_else(String::new, |row| row.name.clone());
    Ok(in_force.into_iter().map(|one| (named(one.tenant), one.version)).collect())
}

/// Who was not told that something waits for them, and why: the newest of each organisation.
async fn unheard(store: &Store) -> Result<Option<Check>, OfficeError> {
    let mut said = Vec::new();
    for row in store.all_tenants().await? {
        let mut tx = store.begin(&Actor::worker(row.tenant)).await?;
        for dead in notices::list_dead(&mut tx, UNHEARD_MAX).await? {
            let why = dead.why.unwrap_or_default();
            said.push(format!("`{}` was not told by {} of `{}`, which waits all the same: {why}", dead.person, dead.channel, dead.matter));
        }
    }
    Ok((!said.is_empty()).then(|| Check::warning("notices", said.join("\n"))))
}
