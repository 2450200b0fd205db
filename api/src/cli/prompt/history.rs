//! `steward prompt history`: where labels pointed, since when and by whose word. What an organisation approved comes first, since it counts
//! over what the files say.

use crate::cli::Setting;
use crate::cli::error::CliError;
use crate::cli::output::one_line;
use crate::cli::terminal::{Terminal, Who, with};
use crate::wiring::logging;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use steward_agent::pins::LabelMove;
use steward_core::limits::PAGE_MAX;
use steward_office::changes::{self, ChangeKind};
use steward_prompts::Registry;
use steward_store::Page;
use time::format_description::well_known::Rfc3339;

/// Letters of a reason in the table.
const WHY_LETTERS: usize = 60;
/// What moved a label that no organisation moved.
const FILES: &str = "files";

#[derive(Debug, Args)]
pub(super) struct History {
    /// Only of this prompt
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

/// A move of a label.
#[derive(Serialize)]
struct Moved {
    name: String,
    label: String,
    version: u32,
    /// A day, or a moment.
    at: String,
    /// The approved change, or `files`.
    by: String,
    /// Nothing when the personal details of who said it were erased.
    why: Option<String>,
}

impl History {
    pub(super) async fn run(self, setting: &Setting, prompts: &Registry) -> Result<(), CliError> {
        logging::start(&setting.environment, "warn");
        let names: BTreeSet<&str> = prompts.list().map(|prompt| prompt.name.as_str()).collect();
        if let Some(name) = self.name.as_deref().filter(|name| !names.contains(name)) {
            let known = names.into_iter().collect::<Vec<_>>().join(", ");
            return Err(CliError::said(format!("there is no prompt `{name}`; prompts are: {known}")));
        }
        let mut moves = with(setting.config()?, &self.who, "steward prompt history", async |terminal| approved(terminal).await).await?;
        moves.extend(names.iter().flat_map(|name| of_files(prompts, name)));
        moves.retain(|one| self.name.as_ref().is_none_or(|name| one.name == *name));
        let output = &setting.output;
        if self.json {
            return Ok(output.json(&json!({ "items": moves }))?);
        }
        let row = |one: &Moved| {
            let why = one_line(one.why.as_deref().unwrap_or_default(), WHY_LETTERS);
            vec![format!("{}@{}", one.name, one.label), one.version.to_string(), one.at.clone(), one.by.clone(), why]
        };
        Ok(output.table(&["LABEL", "VERSION", "SINCE", "BY", "WHY"], &moves.iter().map(row).collect::<Vec<_>>())?)
    }
}

/// What the organisation approved, newest first.
async fn approved(terminal: &Terminal) -> Result<Vec<Moved>, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let (mut page, mut all) = (Page::new(Some(PAGE_MAX), None), Vec::new());
    loop {
        let rows = changes::list(&mut tx, Some(ChangeKind::PromptLabel), Some("approved"), &page).await?;
        let (rows, next) = page.cut(rows, |row| row.governance_change_id.uuid());
        let reasons = changes::reasons(&mut tx, &terminal.office, &rows).await?;
        for row in &rows {
            // A list is without what was proposed.
            let whole = changes::get(&mut tx, row.governance_change_id).await?;
            let LabelMove { name, label, version, .. } = LabelMove::read(&whole.content)?;
            let at = row.decided_at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default();
            all.push(Moved { name, label, version, at, by: row.governance_change_id.to_string(), why: reasons.get(&row.proposed_audit).cloned() });
        }
        match next {
            Some(cursor) => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            None => break,
        }
    }
    tx.rollback().await?;
    Ok(all)
}

/// What the files say, newest first.
fn of_files(prompts: &Registry, name: &str) -> impl Iterator<Item = Moved> {
    prompts.history(name).iter().rev().map(move |one| Moved {
        name: name.to_owned(),
        label: one.label.clone(),
        version: one.version,
        at: one.on.to_string(),
        by: FILES.to_owned(),
        why: Some(one.why.clone()),
    })
}
