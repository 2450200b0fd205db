//! Decisions on record, as the rules can judge them again.

use steward_core::{BlockClass, Verdict};
use steward_policies::Recorded;
use steward_store::StoreError;
use steward_store::decision::DecisionRow;

/// A row as it can be judged again.
pub(crate) fn recorded(row: DecisionRow) -> Result<Recorded, StoreError> {
    let verdict: Verdict = row.verdict.parse().map_err(|_| StoreError::Corrupt { what: "decision.verdict" })?;
    let class: Option<BlockClass> =
        row.class.map(|class| serde_json::from_value(class.into())).transpose().map_err(|_| StoreError::Corrupt { what: "decision.class" })?;
    Ok(Recorded { name: row.decision_id.to_string(), verdict, class, rules: row.rules, facts: Recorded::facts_of(&row.record) })
}
