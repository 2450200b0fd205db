//! Says what other rules would have said: to the matrix of situations, and to what is on record. Nothing is executed and nothing changes.

use crate::auth::{Answer, Caller, json};
use crate::error::{ApiError, ProblemCode};
use crate::extract::Json;
use crate::openapi::Doc;
use crate::policy_set::{BacktestView, NamedText};
use crate::recorded::{judging, recorded};
use http::StatusCode;
use serde::Deserialize;
use steward_core::limits::PAGE_MAX;
use steward_office::actions;
use steward_policies::{Recorded, RuleFile, Rules, RulesError};
use steward_store::decision::Filter;
use steward_store::page::Page;
use utoipa::ToSchema;

/// The most decisions judged again by one request.
pub(crate) const DECISIONS_MAX: u32 = 10_000;
/// As many are judged where nothing else is asked.
pub(crate) const DECISIONS_USUAL: u32 = 1_000;
/// The largest body, in bytes.
pub(crate) const BODY_MAX: usize = 1024 * 1024;

/// A set of rules to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposed {
    /// All files of the set: what is not in it would no longer hold.
    #[schema(min_items = 1)]
    files: Vec<NamedText>,
    /// How many of the newest decisions are judged again: 0 to 10,000; 1,000 without it.
    #[schema(minimum = 0, maximum = 10_000)]
    decisions: Option<u32>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Try a set of rules")
        .about("Checks the rules, compares them with those in force over the matrix of situations, and judges the newest decisions of the organisation again. Nothing changes.")
        .body::<Proposed>()
        .answers::<BacktestView>("200", "What these rules would change.")
}

pub(crate) async fn handle(caller: Caller, Json(proposed): Json<Proposed>) -> Answer {
    let most = proposed.decisions.unwrap_or(DECISIONS_USUAL);
    if most > DECISIONS_MAX {
        return Err(ApiError::field("/decisions", format!("at most {DECISIONS_MAX} are judged at once")));
    }
    let files: Vec<RuleFile> = proposed.files.into_iter().map(|file| RuleFile { name: file.name, text: file.text }).collect();
    let place = judging().await?;
    let decisions = newest(&caller, usize::try_from(most).unwrap_or(usize::MAX)).await?;
    let (in_force, tools) = (caller.state().rules.of(caller.actor().tenant), caller.state().host.specs());
    let judged = tokio::task::spawn_blocking(move || -> Result<BacktestView, RulesError> {
        // Whoever asked may be gone: the place is free when the work is done and not before.
        let _place = place;
        Ok(BacktestView::of(&in_force, &Rules::load(&files, &tools)?, decisions))
    });
    let view = judged.await.map_err(given_up)?;
    json(StatusCode::OK, &view.map_err(|err| broken(&err))?)
}

/// The work was cut off.
pub(crate) fn given_up(err: tokio::task::JoinError) -> ApiError {
    let mut bug = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Bug, "the rules could not be tried to the end");
    bug.source = Some(Box::new(err));
    bug
}

/// What is wrong with the rules, place by place.
pub(crate) fn broken(err: &RulesError) -> ApiError {
    let mut answer = ApiError::field("/files", err.to_string());
    if let RulesError::Broken(problems) = err {
        answer.detail = format!("the rules are broken in {} place(s); the rules in force stay in force", problems.len());
        answer.errors = problems.iter().map(|problem| crate::error::FieldProblem { path: "/files".to_owned(), message: problem.to_string() }).collect();
    }
    answer
}

/// The newest decisions of the caller's organisation.
pub(crate) async fn newest(caller: &Caller, most: usize) -> Result<Vec<Recorded>, ApiError> {
    let mut tx = caller.begin().await?;
    let (mut page, mut all) = (Page::new(Some(PAGE_MAX), None), Vec::new());
    while all.len() < most {
        let rows = actions::list(&mut tx, &Filter::default(), &page).await?;
        let (rows, next) = page.cut(rows, |row| row.decision_id.uuid());
        for row in rows.into_iter().take(most - all.len()) {
            all.push(recorded(row)?);
        }
        let Some(cursor) = next else { break };
        page = Page::new(Some(PAGE_MAX), Some(cursor));
    }
    Ok(all)
}
