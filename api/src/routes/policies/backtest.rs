//! Says what other rules would have said: to the matrix of situations, and to what is on record. Nothing is executed and nothing changes.

use crate::auth::{Answer, Caller, json};
use crate::error::{ApiError, ProblemCode};
use crate::extract::Json;
use crate::openapi::Doc;
use crate::policy_set::{BacktestView, NamedText};
use crate::recorded::{judging, recorded};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::limits::{COMPARE_EVALUATIONS_MAX, PAGE_MAX};
use steward_core::{DecisionId, Verdict};
use steward_office::actions;
use steward_policies::{Again, Effort, Judgement, Recorded, RuleFile, Rules, RulesError, judge_again_within};
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
    /// A decision that is judged too, however old it is, and told apart.
    #[schema(value_type = Option<String>, example = "dec_01k0c3v8k2f1n9t5y7w3q6z4ab")]
    decision_id: Option<DecisionId>,
}

/// What came of trying a set of rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrialView {
    #[serde(flatten)]
    changes: BacktestView,
    /// What the rules make of the decision that was named.
    chosen: Option<ChosenView>,
}

/// One decision on record, judged again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChosenView {
    #[schema(value_type = String, example = "dec_01k0c3v8k2f1n9t5y7w3q6z4ab")]
    decision_id: DecisionId,
    /// What came out.
    #[schema(value_type = String)]
    was: Verdict,
    /// What would come out; null where the rules cannot say.
    #[schema(value_type = Option<String>)]
    now: Option<Verdict>,
    was_by: Vec<String>,
    now_by: Vec<String>,
    /// Why, for people.
    reason: Option<String>,
    /// Why the rules cannot say: `left_out`, it never came before them or was refused for what it was; `not_judged`, it lacks a fact or counter
    /// that they read; `unfinished`, judging it takes more than one comparison may.
    why_not: Option<String>,
}

impl ChosenView {
    /// As far as the effort goes.
    fn of(effort: &Effort, decision_id: DecisionId, rules: &Rules, one: Recorded) -> Self {
        let (judgement, why_not) = match judge_again_within(effort, rules, &one) {
            Some(Again::Judged(judgement)) => (Some(judgement), None),
            Some(Again::LeftOut) => (None, Some("left_out".to_owned())),
            Some(Again::NotJudged) => (None, Some("not_judged".to_owned())),
            None => (None, Some("unfinished".to_owned())),
        };
        Self {
            decision_id,
            was: one.verdict,
            now: judgement.as_ref().map(Judgement::verdict),
            was_by: one.rules,
            now_by: judgement.as_ref().map(|now| now.rules().to_vec()).unwrap_or_default(),
            reason: judgement.map(|now| now.reason().to_owned()),
            why_not,
        }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("Try a set of rules")
        .about("Checks the rules, compares them with those in force over the matrix of situations, and judges the newest decisions of the organisation again, and one that is named, whatever its age. Nothing changes.")
        .body::<Proposed>()
        .answers::<TrialView>("200", "What these rules would change.")
        .refuses("404", "The decision that was named is not there, or nothing you may know of.")
}

pub(crate) async fn handle(caller: Caller, Json(proposed): Json<Proposed>) -> Answer {
    let most = proposed.decisions.unwrap_or(DECISIONS_USUAL);
    if most > DECISIONS_MAX {
        return Err(ApiError::field("/decisions", format!("at most {DECISIONS_MAX} are judged at once")));
    }
    let named = match proposed.decision_id {
        Some(id) => Some((id, one(&caller, id).await?)),
        None => None,
    };
    let files: Vec<RuleFile> = proposed.files.into_iter().map(|file| RuleFile { name: file.name, text: file.text }).collect();
    let place = judging().await?;
    let decisions = newest(&caller, usize::try_from(most).unwrap_or(usize::MAX)).await?;
    let (in_force, tools) = (caller.state().rules.of(caller.actor().tenant), caller.state().host.specs());
    let judged = tokio::task::spawn_blocking(move || -> Result<TrialView, RulesError> {
        // Whoever asked may be gone: the place is free when the work is done and not before.
        let _place = place;
        let rules = Rules::load(&files, &tools)?;
        let effort = Effort::of(COMPARE_EVALUATIONS_MAX);
        let chosen = named.map(|(id, one)| ChosenView::of(&effort, id, &rules, one));
        Ok(TrialView { changes: BacktestView::of(&effort, &in_force, &rules, decisions), chosen })
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

/// One decision of the caller's organisation.
async fn one(caller: &Caller, id: DecisionId) -> Result<Recorded, ApiError> {
    let mut tx = caller.begin().await?;
    Ok(recorded(actions::get(&mut tx, id).await?)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use steward_policies::{sample_facts, sample_tools, shipped_rules};

    #[test]
    fn a_decision_that_takes_more_than_is_left_is_said_to_be_unfinished_and_not_judged() {
        let rules = Rules::load(&shipped_rules(), &sample_tools().expect("tools")).expect("rules");
        let id: DecisionId = "dec_01h2xcejqtf2nbrexx3vqjhp41".parse().expect("an id");
        let one = || Recorded { name: "a".into(), verdict: Verdict::Hold, class: None, rules: Vec::new(), facts: Some(sample_facts("mail.send")) };
        let effort = Effort::of(2);
        let cut = ChosenView::of(&effort, id, &rules, one());
        assert_eq!((cut.now, cut.why_not.as_deref(), cut.reason.as_deref()), (None, Some("unfinished"), None));
        assert!(effort.is_spent(), "what was begun is taken from the comparison");
        let whole = ChosenView::of(&Effort::of(COMPARE_EVALUATIONS_MAX), id, &rules, one());
        assert!(whole.now.is_some() && whole.why_not.is_none(), "{whole:?}");
    }
}
