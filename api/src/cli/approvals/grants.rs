//! Standing grants from the terminal.

use super::decide::asks_for_code;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone};
use crate::cli::terminal::{Terminal, Who};
use crate::config::DEFAULT_AGENT;
use crate::routes::grants::GrantView;
use crate::wiring::Governance;
use clap::Args;
use steward_core::GrantId;
use steward_core::limits::PAGE_MAX;
use steward_office::grants::{self, NewGrant, Ranges, as_rule};
use steward_office::{OfficeError, people};
use steward_store::grant::GrantRow;
use steward_store::page::Page;
use time::Duration;
use time::format_description::well_known::Rfc3339;

/// What is granted.
#[derive(Debug, Args)]
pub(super) struct Give {
    /// The tool
    tool: String,
    /// Which values of which arguments, as JSON by JSON pointer
    #[arg(long, value_name = "JSON")]
    ranges: String,
    /// How often
    #[arg(long, value_name = "N")]
    uses: u32,
    /// For how many days
    #[arg(long, value_name = "N", default_value_t = 7)]
    days: u32,
    /// The agent [default: assistant]
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// The workspace, by name or id [default: the first you see]
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// A code of your app, where you have a second factor
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) who: Who,
}

/// All grants, newest first.
pub(super) async fn list(terminal: &Terminal) -> Result<Vec<GrantRow>, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let rows = grants::list(&mut tx, &Page::new(Some(PAGE_MAX), None)).await?;
    tx.rollback().await?;
    Ok(rows)
}

/// Gives one.
pub(super) async fn give(terminal: &Terminal, governance: &Governance, wanted: &Give) -> Result<GrantRow, CliError> {
    let Some(tool) = governance.host.tool(&wanted.tool) else {
        return Err(CliError::said(format!("there is no tool `{}`; see `steward plugin list`", wanted.tool)));
    };
    let agent = wanted.agent.as_deref().unwrap_or(DEFAULT_AGENT);
    if !governance.agents.contains_key(agent) {
        let known: Vec<&str> = governance.agents.keys().map(String::as_str).collect();
        return Err(CliError::said(format!("there is no agent `{agent}`; there are: {}", known.join(", "))));
    }
    let ranges: Ranges = serde_json::from_str(&wanted.ranges).map_err(|err| {
        CliError::said(format!(
            "the ranges are not what a grant takes: {err}; write for example {{\"/amount\": {{\"between\": {{\"min\": 0, \"max\": 100}}}}}}"
        ))
    })?;
    let workspace = terminal.workspace(wanted.workspace.as_deref()).await?;
    let expires_at = terminal.office.clock.now() + Duration::days(i64::from(wanted.days));
    let new = NewGrant { workspace, agent: agent.to_owned(), person: None, ranges, uses_max: wanted.uses, expires_at };
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let given = grants::give(&mut tx, &terminal.office, tool.spec(), new.clone()).await;
    let (Some(code), Err(OfficeError::StepUp { bound, .. })) = (&wanted.code, &given) else {
        let row = given.map_err(asks_for_code)?;
        tx.commit().await?;
        return Ok(row);
    };
    // What the code is given for is known by the refusal alone.
    tx.rollback().await?;
    people::step_up(&terminal.store, &terminal.office, &terminal.actor, bound, &code.as_str().into()).await?;
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let row = grants::give(&mut tx, &terminal.office, tool.spec(), new).await?;
    tx.commit().await?;
    Ok(row)
}

/// Takes one back.
pub(super) async fn revoke(terminal: &Terminal, id: GrantId) -> Result<GrantRow, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let row = grants::revoke(&mut tx, &terminal.office, id).await?;
    tx.commit().await?;
    Ok(row)
}

/// Prints a list.
pub(super) fn print(output: &Output, rows: Vec<GrantRow>, as_json: bool) -> Result<(), CliError> {
    if as_json {
        return Ok(output.json(&rows.into_iter().map(GrantView::of).collect::<Vec<_>>())?);
    }
    if rows.is_empty() {
        return Ok(output.line("Nothing is granted in advance.")?);
    }
    let row = |row: &GrantRow| {
        let state = if row.revoked_at.is_some() { "taken back" } else { "given" };
        let uses = format!("{} of {}", row.uses, row.uses_max);
        vec![row.grant_id.to_string(), state.to_owned(), row.tool.clone(), row.agent.clone(), uses, row.expires_at.format(&Rfc3339).unwrap_or_default()]
    };
    Ok(output.table(&["GRANT", "STATE", "TOOL", "AGENT", "USED", "UNTIL"], &rows.iter().map(row).collect::<Vec<_>>())?)
}

/// Prints one, as the rule it is.
pub(super) fn print_one(output: &Output, row: GrantRow, as_json: bool) -> Result<(), CliError> {
    if as_json {
        return Ok(output.json(&GrantView::of(row))?);
    }
    let word = if row.revoked_at.is_some() { output.tone(Tone::Warning, "Taken back.") } else { output.tone(Tone::Good, "Given.") };
    output.line(format!("{word} {}", row.grant_id))?;
    Ok(output.line(as_rule(&row).trim_end())?)
}
