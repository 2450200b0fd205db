//! `steward replay`: a run once more, offline, and where it comes out otherwise.

use super::error::CliError;
use super::output::{Output, Tone, counted, one_line};
use super::progress::govern_at;
use super::terminal::{Terminal, Who, with};
use super::{Setting, failed};
use crate::wiring::adopt::adopt;
use crate::wiring::{AssembleError, Governance, logging, policies};
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use steward_agent::agents::of_run;
use steward_agent::replay::{Difference, Replayed, With, replay};
use steward_core::limits::PAGE_MAX;
use steward_core::{DecisionId, Event, RunId};
use steward_office::{actions, runs};
use steward_store::decision::Filter;
use steward_store::page::Page;
use steward_store::{Tx, journal};

/// Exit code where there is nothing to compare.
const CANNOT_READ: u8 = 2;
/// The most events of a run that are replayed.
const EVENTS_MAX: i64 = 100_000;
/// Differences printed; the first is where the run would have gone another way.
const SHOWN: usize = 10;
/// Letters of a value.
const LETTERS: usize = 120;

/// Judge a run once more from its record, offline, and name where it comes out otherwise
///
/// No model is asked, no tool is called and nothing is written. What the model said, and what people and counters were at the time, is
/// taken from the record; questions, labels, facts and verdicts are made anew. Exit code 0: the same; 1: something differs; 2: it cannot be
/// read.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  steward replay run_01h2xcejqtf2nbrexx3vqjhp41\n  steward replay run_01h2xcejqtf2nbrexx3vqjhp41 --policy ./new-rules --from 3"
)]
pub(super) struct Replay {
    /// The run
    #[arg(value_name = "RUN")]
    run: RunId,
    /// Compare from this step on
    #[arg(long, default_value_t = 1, value_name = "STEP")]
    from: u32,
    /// Judge by the rules of this directory in place of those in force
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// Ask with this prompt in place of the run's
    #[arg(long, value_name = "NAME@VERSION")]
    prompt: Option<String>,
    /// Ask this model of the configuration in place of the run's
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

impl Replay {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let replayed = match self.replayed(setting).await {
            Ok(replayed) => replayed,
            // 1 says that something differs, so whatever keeps it from being read is another code.
            Err(err) => {
                failed(&err);
                return Ok(ExitCode::from(CANNOT_READ));
            }
        };
        if self.json {
            setting.output.json(&replayed)?
        } else {
            print(&setting.output, &replayed)?
        }
        Ok(if replayed.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn replayed(&self, setting: &Setting) -> Result<Replayed, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "warn");
        if let Some(model) = self.model.as_ref().filter(|model| !config.models.models.contains_key(*model)) {
            return Err(CliError::said(format!("no model `{model}` is configured; name one of the configuration's")));
        }
        with(config, &self.who, "steward replay", async |terminal| self.with(terminal, &govern_at(terminal).await?).await).await
    }

    async fn with(&self, terminal: &Terminal, governance: &Governance) -> Result<Replayed, CliError> {
        let others = self.policy.as_ref().map(|dir| policies::load(dir, &governance.host.specs())).transpose().map_err(AssembleError::from)?;
        adopt(&terminal.store, &terminal.office, &governance.host.specs(), &governance.rules).await?;
        let key = terminal.office.key.as_ref().ok_or_else(|| CliError::said("the envelope key is not here, so no call can be sealed as it was"))?;
        let tenant = terminal.actor.tenant;
        let rules = others.unwrap_or_else(|| governance.rules.of(tenant));
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        runs::get(&mut tx, self.run).await?;
        let events = journal::read(&mut tx, self.run, 0, EVENTS_MAX).await?;
        let records = records(&mut tx, self.run).await?;
        tx.rollback().await?;
        let Some(Event::Started { pins, .. }) = events.first().map(|recorded| &recorded.event) else {
            return Err(CliError::said("the journal of this run has no beginning"));
        };
        let agent = of_run(&governance.agents, pins).ok_or_else(|| {
            CliError::said(format!("the agent `{}` of this run is no longer configured, so nobody knows which tools it had; add it again", pins.agent))
        })?;
        let reference = self.prompt.as_ref().unwrap_or(&pins.prompt);
        let prompt = governance.prompts.resolve(reference).map_err(|err| CliError::said(err.to_string()))?;
        let with = With {
            rules: &rules,
            host: &governance.host,
            agent: &agent,
            prompt,
            model: self.model.as_ref().unwrap_or(&pins.model),
            key,
            approvals: &terminal.config.approvals,
            tenant,
            from_step: self.from.max(1),
        };
        replay(self.run, &events, &records, &with).map_err(|err| CliError::said(err.to_string()))
    }
}

/// What each decision of a run was made on, as it was written then.
async fn records(tx: &mut Tx, run: RunId) -> Result<BTreeMap<DecisionId, String>, CliError> {
    let filter = Filter { run: Some(run), ..Filter::default() };
    let (mut page, mut all) = (Page::new(Some(PAGE_MAX), None), BTreeMap::new());
    loop {
        let rows = actions::list(tx, &filter, &page).await?;
        let (rows, next) = page.cut(rows, |row| row.decision_id.uuid());
        all.extend(rows.into_iter().map(|row| (row.decision_id, row.record)));
        match next {
            Some(cursor) => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            None => return Ok(all),
        }
    }
}

fn print(output: &Output, replayed: &Replayed) -> Result<(), CliError> {
    let (questions, decisions) = (counted(replayed.questions, "question", "questions"), counted(replayed.decisions, "decision", "decisions"));
    if replayed.differences.is_empty() {
        return Ok(output.line(output.tone(Tone::Good, &format!("Replayed {questions} and {decisions}: all came out the same.")))?);
    }
    output.line(format!("Replayed {questions} and {decisions}; this comes out otherwise, the first first:"))?;
    for one in replayed.differences.iter().take(SHOWN) {
        output.line(said(one))?;
    }
    if let Some(more) = replayed.differences.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        output.line(format!("and {more} more; `--json` has all"))?;
    }
    Ok(())
}

fn said(one: &Difference) -> String {
    let Difference { seq, step, tool, field, was, now, .. } = one;
    let what = tool.as_ref().map_or_else(|| "the question to the model".to_owned(), |tool| format!("`{tool}`"));
    let value = |value: &serde_json::Value| one_line(&value.to_string(), LETTERS);
    format!("  step {step}, event {seq}, {what}: {field} was {}, is {}", value(was), value(now))
}
