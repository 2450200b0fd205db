//! What rules are suggested from: habits of approving, and the decisions on record for their tools.

use crate::recorded::recorded;
use serde::Serialize;
use steward_core::WorkspaceId;
use steward_core::limits::PAGE_MAX;
use steward_office::{OfficeError, actions};
use steward_policies::{Habit, Recorded, Suggestion};
use steward_store::decision::Filter;
use steward_store::{Page, Tx};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Days looked back on, unless asked otherwise, and at most.
pub(crate) const DAYS_USUAL: u32 = 90;
pub(crate) const DAYS_MAX: i64 = 366;
/// How often something has to have been approved, unless asked otherwise, at least and at most.
pub(crate) const LEAST_USUAL: u32 = 10;
pub(crate) const LEAST_MIN: i64 = 3;
pub(crate) const LEAST_MAX: i64 = 1_000;
/// Decisions of one tool that a suggestion is tried on.
const DECISIONS_MAX: usize = 2_000;
/// Decisions that are named of those that would come out otherwise.
const NAMED_MAX: usize = 20;

/// What people do, and what is on record.
pub(crate) struct Seen {
    pub(crate) habits: Vec<Habit>,
    pub(crate) recorded: Vec<Recorded>,
}

/// A rule that people may want, with what it would have changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuggestionView {
    /// The rule's name.
    #[schema(example = "approved-mail-send-assistant")]
    id: String,
    agent: String,
    tool: String,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    /// How often it was approved; it was never refused, edited or sent back.
    approved: usize,
    /// How many of the approved calls on record would have run without asking.
    covers: usize,
    /// The rule as Cedar text, for a file of its own below `rules/`.
    rule: String,
    /// What it would have changed of the newest decisions on this tool.
    backtest: TriedView,
}

/// Decisions on record, judged again with the rule; nothing is executed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TriedView {
    /// Decisions judged.
    judged: usize,
    /// Decisions that lack a fact or counter that the rules read.
    not_judged: usize,
    newly_allowed: usize,
    newly_held: usize,
    newly_blocked: usize,
    /// Decisions that would come out otherwise, at most 20.
    decisions: Vec<String>,
}

impl From<Suggestion> for SuggestionView {
    fn from(one: Suggestion) -> Self {
        let Suggestion { id, habit, rule, covers, backtest } = one;
        Self {
            id,
            agent: habit.agent,
            tool: habit.tool,
            workspace_id: habit.workspace,
            approved: habit.approved,
            covers,
            rule,
            backtest: TriedView {
                judged: backtest.judged,
                not_judged: backtest.not_judged,
                newly_allowed: backtest.newly_allowed,
                newly_held: backtest.newly_held,
                newly_blocked: backtest.newly_blocked,
                decisions: backtest.differences.into_iter().take(NAMED_MAX).map(|difference| difference.name).collect(),
            },
        }
    }
}

/// Reads habits since a time, and the decisions of their tools.
pub(crate) async fn look(tx: &mut Tx, since: OffsetDateTime, least: u32) -> Result<Seen, OfficeError> {
    let habits: Vec<Habit> = actions::always_approved(tx, since, least)
        .await?
        .into_iter()
        .map(|row| Habit {
            workspace: row.workspace,
            agent: row.agent,
            tool: row.tool,
            approved: usize::try_from(row.approved).unwrap_or(0),
            decisions: row.decisions.iter().map(ToString::to_string).collect(),
        })
        .collect();
    let tools: std::collections::BTreeSet<&String> = habits.iter().map(|habit| &habit.tool).collect();
    let mut found = Vec::new();
    for tool in tools {
        let filter = Filter { tool: Some(tool.clone()), from: Some(since), ..Filter::default() };
        let (mut page, mut count) = (Page::new(Some(PAGE_MAX), None), 0);
        loop {
            let (rows, next) = page.cut(actions::list(tx, &filter, &page).await?, |row| row.decision_id.uuid());
            for row in rows {
                count += 1;
                found.push(recorded(row)?);
            }
            match next {
                Some(cursor) if count < DECISIONS_MAX => page = Page::new(Some(PAGE_MAX), Some(cursor)),
                _ => break,
            }
        }
    }
    Ok(Seen { habits, recorded: found })
}
