//! Says what other rules would have said: to the matrix of situations, and to what is on record. Nothing is executed and nothing changes.

use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use crate::recorded::{judging, recorded};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::limits::PAGE_MAX;
use steward_core::{Digest, Verdict};
use steward_office::actions;
use steward_policies::{Backtest, CellChange, Difference, PolicyDiff, Recorded, RuleFile, Rules, RulesError, backtest, diff};
use steward_store::decision::Filter;
use steward_store::page::Page;
use utoipa::ToSchema;

/// The most decisions judged again by one request.
const DECISIONS_MAX: u32 = 10_000;
/// As many are judged where nothing else is asked.
const DECISIONS_USUAL: u32 = 1_000;
/// The largest body, in bytes.
pub(crate) const BODY_MAX: usize = 1024 * 1024;

/// A set of rules to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposed {
    /// All files of the set: what is not in it would no longer hold.
    #[schema(min_items = 1)]
    files: Vec<ProposedFile>,
    /// How many of the newest decisions are judged again: 0 to 10,000; 1,000 without it.
    #[schema(minimum = 0, maximum = 10_000)]
    decisions: Option<u32>,
}

/// One file of rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposedFile {
    /// For messages.
    #[schema(example = "30-send.cedar")]
    name: String,
    /// Cedar text.
    text: String,
}

/// What the rules would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BacktestView {
    /// The rules in force.
    #[schema(value_type = String)]
    in_force: Digest,
    /// The rules that were tried.
    #[schema(value_type = String)]
    proposed: Digest,
    /// Rules that are new, by id.
    added: Vec<String>,
    /// Rules that would be gone.
    removed: Vec<String>,
    /// Rules that read otherwise.
    changed: Vec<String>,
    /// Cells of the matrix of situations that would say something else.
    cells: Vec<CellView>,
    /// Whether a cell would be looser: allowed and was not, or released by others than before.
    looser: bool,
    /// What is doubtful in the rules that were tried.
    warnings: Vec<String>,
    /// What is on record, judged again.
    decisions: DecisionsView,
}

/// A cell of the matrix that would say something else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CellView {
    /// How the call came about.
    situation: &'static str,
    /// Who has approved, or for whom the agent acts.
    column: &'static str,
    tool: String,
    /// What is said; nothing where there was no such tool.
    was: Option<String>,
    now: Option<String>,
    looser: bool,
}

impl From<CellChange> for CellView {
    fn from(cell: CellChange) -> Self {
        let CellChange { situation, column, tool, was, now, looser } = cell;
        Self { situation, column, tool, was, now, looser }
    }
}

/// Decisions on record, judged again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionsView {
    /// So many were judged.
    judged: usize,
    /// So many never came before the rules.
    left_out: usize,
    /// So many lack a fact or counter that the rules read.
    not_judged: usize,
    newly_allowed: usize,
    newly_held: usize,
    newly_blocked: usize,
    /// The same verdict by other rules.
    otherwise_decided: usize,
    /// Those that would come out otherwise, newly allowed ones first; at most 200.
    differences: Vec<DifferenceView>,
    /// Rules that decided nothing of all this.
    dead: Vec<String>,
}

/// A decision that would come out otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    /// The decision.
    #[schema(example = "dec_01k0c3v8k2f1n9t5y7w3q6z4ab")]
    id: String,
    tool: String,
    /// What came out.
    #[schema(value_type = String)]
    was: Verdict,
    /// What would come out.
    #[schema(value_type = String)]
    now: Verdict,
    was_by: Vec<String>,
    now_by: Vec<String>,
    /// Why, for people.
    reason: String,
}

impl From<Backtest> for DecisionsView {
    fn from(report: Backtest) -> Self {
        let differences = report.differences.into_iter().map(|one| {
            let Difference { name, tool, was, now, was_by, now_by, reason } = one;
            DifferenceView { id: name, tool, was, now, was_by, now_by, reason }
        });
        Self {
            judged: report.judged,
            left_out: report.left_out,
            not_judged: report.not_judged,
            newly_allowed: report.newly_allowed,
            newly_held: report.newly_held,
            newly_blocked: report.newly_blocked,
            otherwise_decided: report.otherwise_decided,
            differences: differences.collect(),
            dead: report.dead,
        }
    }
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
    let (in_force, tools) = (caller.state().rules.current(), caller.state().host.specs());
    let judged = tokio::task::spawn_blocking(move || -> Result<BacktestView, RulesError> {
        // Whoever asked may be gone: the place is free when the work is done and not before.
        let _place = place;
        let rules = Rules::load(&files, &tools)?;
        let PolicyDiff { added, removed, changed, cells } = diff(&in_force, &rules);
        Ok(BacktestView {
            in_force: in_force.digest(),
            proposed: rules.digest(),
            added,
            removed,
            changed,
            looser: cells.iter().any(|cell| cell.looser),
            cells: cells.into_iter().map(CellView::from).collect(),
            warnings: rules.warnings().iter().map(ToString::to_string).collect(),
            decisions: backtest(&rules, decisions).into(),
        })
    });
    let view = judged.await.map_err(|err| {
        let mut bug = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the rules could not be tried to the end");
        bug.source = Some(Box::new(err));
        bug
    })?;
    json(StatusCode::OK, &view.map_err(|err| broken(&err))?)
}

/// What is wrong with the rules, place by place.
fn broken(err: &RulesError) -> ApiError {
    let mut answer = ApiError::field("/files", err.to_string());
    if let RulesError::Broken(problems) = err {
        answer.detail = format!("the rules are broken in {} place(s); the rules in force stay in force", problems.len());
        answer.errors = problems.iter().map(|problem| crate::error::FieldProblem { path: "/files".to_owned(), message: problem.to_string() }).collect();
    }
    answer
}

/// The newest decisions of the caller's organisation.
async fn newest(caller: &Caller, most: usize) -> Result<Vec<Recorded>, ApiError> {
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
