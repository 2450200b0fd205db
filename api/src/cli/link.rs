//! `steward link`: another one-time sign-in link, for somebody who cannot get in.

use super::Setting;
use super::error::CliError;
use super::output::Tone;
use super::terminal::{Terminal, Who, with};
use crate::wiring::{logging, web};
use clap::Args;
use std::process::ExitCode;
use steward_core::Permission;
use steward_office::people::{LINK_HOURS, PeopleError, actor_of_person, new_link, remove_factors};

/// What is said with a link that opens no page.
pub(super) const NO_WEB: &str = "(This build has no web, so the link opens no page: `make up` builds one, and `server.web_dir` names a folder that has one.)";

/// Make a one-time sign-in link; earlier links of that person stop working
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward link ada@example.com")]
pub(super) struct Link {
    /// For whom [default: the person you act as]
    #[arg(value_name = "EMAIL")]
    email: Option<String>,
    /// Remove their second factors too, for who lost them
    #[arg(long)]
    without_factors: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

impl Link {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        let (site, has_web) = (config.server.site.clone(), web(&config).is_ok_and(|web| web.is_built()));
        let (email, link) = with(config, &self.who, "steward link", async |terminal| {
            let email = self.email.clone().or_else(|| self.who.acting_as.clone()).unwrap_or_else(|| terminal.config.owner_email.clone());
            Ok((email.clone(), make(terminal, &email, self.without_factors).await?))
        })
        .await?;
        let url = site.sign_in_link(&link);
        if self.json {
            setting.output.json(&serde_json::json!({ "email": email, "url": url, "hours": LINK_HOURS }))?;
        } else {
            setting.output.line(format!("Sign in as {email} with this link. It works once, for {LINK_HOURS} hours:"))?;
            setting.output.line(setting.output.tone(Tone::Strong, &url))?;
            if !has_web {
                setting.output.line(setting.output.tone(Tone::Warning, NO_WEB))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn make(terminal: &Terminal, email: &str, without_factors: bool) -> Result<secrecy::SecretString, CliError> {
    let wanted = actor_of_person(&terminal.store, terminal.actor.tenant, email).await.map_err(|err| match err {
        PeopleError::Missing(_) => CliError::said(format!("nobody here has the address `{email}`")),
        other => other.into(),
    })?;
    let for_self = wanted.person == terminal.actor.person;
    if !for_self && !terminal.actor.may(Permission::PeopleManage) {
        return Err(CliError::said("only an owner may make links for others"));
    }
    let person = wanted.person.ok_or(PeopleError::Missing("person"))?;
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    if without_factors {
        remove_factors(&mut tx, &terminal.office, person).await?;
    }
    let link = new_link(&mut tx, &terminal.office, person).await?;
    tx.commit().await?;
    Ok(link)
}
