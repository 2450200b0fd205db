//! The terminal acts as the local person: whoever may use the data directory may act as anyone in it.

use super::error::CliError;
use crate::config::Config;
use crate::wiring::data_key;
use crate::wiring::database::{Database, is_made};
use crate::wiring::keys::find_key;
use clap::Args;
use steward_core::limits::PAGE_MAX;
use steward_core::{Actor, Clock, Ids, TenantId, WorkspaceId};
use steward_office::people::{actor_of_person, list_workspaces};
use steward_office::{Office, people::PeopleError};
use steward_store::{Page, Store};

/// As whom a command acts.
#[derive(Debug, Clone, Args)]
pub(super) struct Who {
    /// Act as this person [default: the owner of the configuration]
    #[arg(long = "as", value_name = "EMAIL")]
    pub acting_as: Option<String>,
    /// In this organisation, by name or id, where the person is in several
    #[arg(long, value_name = "NAME")]
    pub organisation: Option<String>,
}

/// A command's way to the records.
pub(super) struct Terminal {
    /// The configuration.
    pub config: Config,
    /// The database, as the server's role.
    pub store: Store,
    /// Time, chance and the audit writer.
    pub office: Office,
    /// As whom.
    pub actor: Actor,
    /// What keeps the database open.
    pub database: Database,
}

impl Terminal {
    /// Opens the database and finds out as whom to act. `command` is what others are told who wait for us.
    async fn open(config: Config, who: &Who, command: &str) -> Result<Self, CliError> {
        if !is_made(&config)? {
            let dir = config.data_dir.display();
            return Err(CliError::said(format!(
                "there is no Steward in `{dir}` yet; start it once with `steward up`, or name another with `--data-dir` or `--config`{}",
                config.unread()
            )));
        }
        let database = Database::join(&config, command).await?;
        let found = async {
            let store = database.app().await?;
            // Without the key the terminal can still look at things and refuse them.
            let office = Office::new(Clock::System, Ids::System).sealing(data_key::find_or_say(&config)).requiring_second_factor(config.requires_second_factor);
            let office = if let Ok(key) = find_key(&config) { office.with_key(key) } else { office };
            let actor = find_actor(&store, &config, who).await?;
            Ok((store, office, actor))
        };
        match found.await {
            Ok((store, office, actor)) => Ok(Self { config, store, office, actor, database }),
            Err(err) => {
                database.close(true).await?;
                Err(err)
            }
        }
    }

    /// The workspace of this name or id; without one, the first that the person sees.
    pub(super) async fn workspace(&self, wanted: Option<&str>) -> Result<WorkspaceId, CliError> {
        let mut tx = self.store.begin(&self.actor).await?;
        let (all, _) = list_workspaces(&mut tx, &Page::new(Some(PAGE_MAX), None)).await?;
        tx.rollback().await?;
        let found = match wanted {
            Some(wanted) => all.iter().find(|row| row.name == wanted || row.workspace_id.to_string() == wanted),
            None => all.first(),
        };
        found.map(|row| row.workspace_id).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|row| row.name.as_str()).collect();
            CliError::said(match wanted {
                Some(wanted) => format!("there is no workspace `{wanted}`; you see: {}", names.join(", ")),
                None => "you see no workspace; an owner can give you a role in one".to_owned(),
            })
        })
    }

    /// A workspace that something is done to which cannot be undone: without words for one, the only one that there is. With its name.
    pub(super) async fn named_workspace(&self, wanted: Option<&str>) -> Result<(WorkspaceId, String), CliError> {
        let found = self.workspace(wanted).await?;
        let mut tx = self.store.begin(&self.actor).await?;
        let (all, _) = list_workspaces(&mut tx, &Page::new(Some(PAGE_MAX), None)).await?;
        tx.rollback().await?;
        if wanted.is_none() && all.len() > 1 {
            let names: Vec<&str> = all.iter().map(|row| row.name.as_str()).collect();
            return Err(CliError::said(format!("there are several workspaces; say which with `--workspace`: {}", names.join(", "))));
        }
        let name = all.into_iter().find(|row| row.workspace_id == found).map(|row| row.name).unwrap_or_default();
        Ok((found, name))
    }

    async fn close(self) -> Result<(), CliError> {
        self.store.close().await;
        Ok(self.database.close(true).await?)
    }
}

/// Runs a command with the records open, and closes them however it ends.
pub(super) async fn with<T>(config: Config, who: &Who, command: &str, act: impl AsyncFnOnce(&Terminal) -> Result<T, CliError>) -> Result<T, CliError> {
    // Whoever runs a command does not carry the way to its database within.
    let terminal = Box::pin(Terminal::open(config, who, command)).await?;
    let done = Box::pin(act(&terminal)).await;
    let closed = terminal.close().await;
    let done = done?;
    closed?;
    Ok(done)
}

async fn find_actor(store: &Store, config: &Config, who: &Who) -> Result<Actor, CliError> {
    let email = who.acting_as.as_deref().unwrap_or(&config.owner_email).trim().to_lowercase();
    let tenant = find_tenant(store, &email, who.organisation.as_deref()).await?;
    actor_of_person(store, tenant, &email).await.map_err(|err| match err {
        PeopleError::Missing(_) => unknown(&email),
        other => other.into(),
    })
}

async fn find_tenant(store: &Store, email: &str, organisation: Option<&str>) -> Result<TenantId, CliError> {
    let all = store.all_tenants().await?;
    if all.is_empty() {
        return Err(CliError::said("there is no organisation yet; start Steward once with `steward up`"));
    }
    if let Some(wanted) = organisation {
        let names: Vec<&str> = all.iter().map(|row| row.name.as_str()).collect();
        let found = all.iter().find(|row| row.name == wanted || row.tenant.to_string() == wanted);
        return found.map(|row| row.tenant).ok_or_else(|| CliError::said(format!("there is no organisation `{wanted}`; there are: {}", names.join(", "))));
    }
    match store.tenants_of_email(email).await?.as_slice() {
        [] => Err(unknown(email)),
        [one] => Ok(*one),
        [_, ..] => Err(CliError::said(format!("`{email}` is in several organisations; say which with `--organisation`"))),
    }
}

fn unknown(email: &str) -> CliError {
    CliError::said(format!("nobody here has the address `{email}`; say who you are with `--as EMAIL`, or set `owner_email`"))
}
