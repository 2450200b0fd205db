//! Deciding on a run that waits for room in a budget, as the person at the terminal.

use super::{Wanted, usd};
use crate::cli::Setting;
use crate::cli::error::CliError;
use crate::cli::output::Tone;
use crate::cli::password::read_password;
use crate::cli::terminal::{Who, with};
use crate::wiring::logging;
use clap::Args;
use steward_core::Micros;
use steward_office::budgets::holds;
use steward_office::people::{self, Passwords};

#[derive(Debug, Args)]
pub(super) struct Allow {
    /// The waiting run, as `steward budgets holds` lists it
    hold: Wanted,
    /// By how much it may go on, in US dollars
    #[arg(long, value_name = "AMOUNT", value_parser = usd)]
    usd: Micros,
    /// Why
    #[arg(long, default_value = "", value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
pub(super) struct Refuse {
    /// The waiting run, as `steward budgets holds` lists it
    hold: Wanted,
    /// Why, in words for whoever the agent acts for
    #[arg(long, default_value = "", value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
pub(super) struct BreakGlass {
    /// The waiting run
    hold: Wanted,
    /// By how much it may go on, in US dollars
    #[arg(long, value_name = "AMOUNT", value_parser = usd)]
    usd: Micros,
    /// Why: whoever reviews it reads that first
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
pub(super) struct Review {
    /// The run that somebody let go on
    hold: Wanted,
    /// Whether it was justified: yes or no
    #[arg(long, value_name = "YES", value_parser = ["yes", "no"])]
    justified: String,
    #[command(flatten)]
    who: Who,
}

impl Allow {
    pub(super) async fn run(self, setting: &Setting) -> Result<(), CliError> {
        logging::start(&setting.environment, "warn");
        with(setting.config()?, &self.who, "steward budgets allow", async |terminal| {
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            holds::allow(&mut tx, &terminal.office, self.hold, self.usd, &self.reason).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok(setting.output.line(format!("{} The run may cost {} more.", setting.output.tone(Tone::Good, "Allowed."), self.usd))?)
    }
}

impl Refuse {
    pub(super) async fn run(self, setting: &Setting) -> Result<(), CliError> {
        logging::start(&setting.environment, "warn");
        with(setting.config()?, &self.who, "steward budgets refuse", async |terminal| {
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            holds::refuse(&mut tx, &terminal.office, self.hold, &self.reason).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok(setting.output.line(format!("{} The run stops and says why.", setting.output.tone(Tone::Bad, "Refused.")))?)
    }
}

impl BreakGlass {
    pub(super) async fn run(self, setting: &Setting) -> Result<(), CliError> {
        logging::start(&setting.environment, "warn");
        let password = read_password(&setting.output, "steward budgets break-glass …").await?;
        with(setting.config()?, &self.who, "steward budgets break-glass", async |terminal| {
            let passwords = Passwords::new(1)?;
            // At the terminal there is no session that remembers a proof: it is given now.
            let proven = people::prove(&terminal.store, &terminal.office, &passwords, &terminal.actor, &password).await?;
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            holds::break_glass(&mut tx, &terminal.office, self.hold, self.usd, &self.reason, proven).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        let word = setting.output.tone(Tone::Warning, "The glass is broken.");
        Ok(setting.output.line(format!("{word} The run may cost {} more for four hours; somebody else reviews it.", self.usd))?)
    }
}

impl Review {
    pub(super) async fn run(self, setting: &Setting) -> Result<(), CliError> {
        logging::start(&setting.environment, "warn");
        with(setting.config()?, &self.who, "steward budgets review", async |terminal| {
            let mut tx = terminal.store.begin(&terminal.actor).await?;
            holds::review(&mut tx, &terminal.office, self.hold, self.justified == "yes").await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok(setting.output.line("Reviewed.")?)
    }
}
