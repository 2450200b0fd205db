//! Checks the rules in force: what they say to every situation, whether their cases pass, and whether the safety properties hold.

use super::backtest::{broken, given_up};
use super::propose::installed_cases;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::openapi::Doc;
use crate::policy_set::{FailedCaseView, NamedText, PolicySet, PropertyView, measure_within};
use crate::recorded::judging;
use crate::wiring::adopt::approved_set;
use http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use steward_core::limits::COMPARE_EVALUATIONS_MAX;
use steward_core::{Digest, Effect, ToolSpec, Verdict};
use steward_policies::{Effort, MatrixCell, PropertyFile, Rules, RulesError, matrix_cells_within};
use utoipa::ToSchema;

/// What the rules in force say to one situation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatrixView {
    /// What is asked, and in whose words; before that who acts, for whom and where, if a rule names them.
    situation: String,
    tool: String,
    #[schema(value_type = String)]
    effect: Effect,
    /// Who has approved, or is acted for.
    column: &'static str,
    #[schema(value_type = String)]
    verdict: Verdict,
    /// Sets of roles that would release it, in words.
    needs: Vec<String>,
}

impl From<MatrixCell> for MatrixView {
    fn from(cell: MatrixCell) -> Self {
        let MatrixCell { situation, tool, effect, column, verdict, needs } = cell;
        Self { situation, tool, effect, column, verdict, needs }
    }
}

/// What the checks of the rules in force found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChecksView {
    /// Names the set of rules.
    #[schema(value_type = String)]
    digest: Digest,
    /// Whether all cases pass and every safety property is proved.
    sound: bool,
    /// Every situation, tool and column.
    matrix: Vec<MatrixView>,
    /// How many cases were tried.
    cases: usize,
    failed_cases: Vec<FailedCaseView>,
    /// The safety properties, and how each was looked at.
    properties: Vec<PropertyView>,
    /// Checks that could not be made, and why.
    problems: Vec<String>,
}

impl ChecksView {
    /// The matrix has an effort of its own: what was sound when it was measured alone, as a proposal is, is so here too.
    fn of(
        (measuring, matrix): (&Effort, &Effort),
        in_force: &Rules,
        set: &PolicySet,
        properties: &[PropertyFile],
        tools: &[ToolSpec],
    ) -> Result<Self, RulesError> {
        let mut report = measure_within(measuring, in_force, set, properties, tools, Vec::new())?;
        let cells = matrix_cells_within(matrix, in_force).into_iter().map(MatrixView::from).collect();
        if matrix.is_spent() {
            report.problems.push("the matrix was not made to the end, which would take too much; make the rules simpler".to_owned());
        }
        Ok(Self {
            digest: in_force.digest(),
            sound: report.sound && !matrix.is_spent(),
            matrix: cells,
            cases: report.cases,
            failed_cases: report.failed_cases,
            properties: report.properties,
            problems: report.problems,
        })
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("Check the rules in force")
        .about("What `steward policy matrix`, `test` and `prove` say of the rules of this organisation. Takes some seconds.")
        .answers::<ChecksView>("200", "The matrix, the cases that fail, and the safety properties.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    let approved = approved_set(&mut tx, caller.office()).await?;
    tx.rollback().await?;
    let (in_force, tools, files) = (caller.state().rules.of(caller.actor().tenant), caller.state().host.specs(), caller.state().policy_files.now());
    let set = match approved {
        Some(set) => set,
        None => {
            let mut texts: BTreeMap<&str, String> = BTreeMap::new();
            for rule in in_force.list() {
                let text = texts.entry(&rule.file).or_default();
                text.push_str(&rule.text);
                text.push('\n');
            }
            let rules = texts.into_iter().map(|(name, text)| NamedText { name: name.to_owned(), text }).collect();
            PolicySet::new(rules, installed_cases(&caller), Vec::new()).map_err(|message| ApiError::field("/files", message))?
        }
    };
    let place = judging().await?;
    let judged = tokio::task::spawn_blocking(move || -> Result<ChecksView, RulesError> {
        // Whoever asked may be gone: the place is free when the work is done and not before.
        let _place = place;
        let (measuring, matrix) = (Effort::of(COMPARE_EVALUATIONS_MAX), Effort::of(COMPARE_EVALUATIONS_MAX));
        ChecksView::of((&measuring, &matrix), &in_force, &set, &files.properties, &tools)
    });
    let view = judged.await.map_err(given_up)?;
    json(StatusCode::OK, &view.map_err(|err| broken(&err))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_policies::{sample_tools, shipped_cases, shipped_properties, shipped_rules};

    #[test]
    fn the_matrix_and_what_is_measured_beside_it_take_nothing_from_each_other() {
        let tools = sample_tools().expect("tools");
        let rules = Rules::load(&shipped_rules(), &tools).expect("rules");
        let texts = shipped_rules().into_iter().map(|one| NamedText { name: one.name, text: one.text }).collect();
        let cases = shipped_cases().into_iter().map(|one| NamedText { name: one.name, text: one.text }).collect();
        let set = PolicySet::new(texts, cases, Vec::new()).expect("a set");
        let of = |measuring: u64, matrix: u64| {
            ChecksView::of((&Effort::of(measuring), &Effort::of(matrix)), &rules, &set, &shipped_properties(), &tools).expect("rules that load")
        };
        let whole = of(COMPARE_EVALUATIONS_MAX, COMPARE_EVALUATIONS_MAX);
        assert!(whole.sound && whole.problems.is_empty(), "{:?}", whole.problems);
        let of_the_matrix = |checks: &ChecksView| checks.problems.iter().any(|problem| problem.starts_with("the matrix was not made to the end"));
        let cut = of(500, COMPARE_EVALUATIONS_MAX);
        assert!(!cut.sound && cut.matrix.len() == whole.matrix.len() && !of_the_matrix(&cut), "{:?}", cut.problems);
        let cut = of(COMPARE_EVALUATIONS_MAX, 500);
        assert!(!cut.sound && cut.matrix.len() < whole.matrix.len() && of_the_matrix(&cut), "{:?}", cut.problems);
        assert!(cut.failed_cases.is_empty() && cut.cases == whole.cases);
    }
}
