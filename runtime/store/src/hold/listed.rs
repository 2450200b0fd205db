//! Held actions as a list: narrowed by what they are and whom they need, a page at a time.

use super::HoldRow;
use crate::decision::literal;
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{Effect, HoldId, PersonId, Role, RunId, WorkspaceId};

/// Which held actions to list; what is none or empty leaves out nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In this state.
    pub state: Option<String>,
    /// Of this effect class.
    pub effect: Option<Effect>,
    /// A tool's name, or a prefix ending in `*`.
    pub tool: Option<String>,
    /// Of this agent.
    pub agent: Option<String>,
    /// For whom the agent acts.
    pub person: Option<PersonId>,
    /// Where.
    pub workspace: Option<WorkspaceId>,
    /// One run only.
    pub run: Option<RunId>,
    /// Those that somebody of this role is needed for, or can release alone.
    pub role: Option<Role>,
    /// Those to which the word of one of these roles helps; of no roles, nothing.
    pub helped_by: Option<Vec<Role>>,
    /// Words that must all stand in the tool's or the agent's name, the reason, what the tool says that it would do, or the arguments; case does
    /// not matter.
    pub words: Vec<String>,
}

/// A filter in the form of the statements: texts as patterns of `like`.
struct Patterns {
    tool: Option<String>,
    role: Option<String>,
    is_anybody: bool,
    helped_by: Vec<String>,
    words: Vec<String>,
}

impl Patterns {
    fn of(filter: &Filter) -> Self {
        // Roles stand in `needs` as JSON has them, and none is a part of another in quotes.
        let quoted = |role: &Role| format!("%\"{}\"%", role.name());
        Self {
            tool: filter.tool.as_ref().map(|tool| literal(tool).replace('*', "%")),
            role: filter.role.as_ref().map(quoted),
            is_anybody: filter.helped_by.is_none(),
            helped_by: filter.helped_by.iter().flatten().map(quoted).collect(),
            words: filter.words.iter().map(|word| format!("%{}%", literal(&word.to_lowercase()))).collect(),
        }
    }
}

// Searched is the envelope with U+FFFD in place of NUL: reading one argument unescapes the whole document, and PostgreSQL has no NUL. What is
// written `\\u0000` in it, a backslash and five letters, is another text then, and JSON still.

/// Held actions, newest first.
pub async fn list(tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Vec<HoldRow>, StoreError> {
    let patterns = Patterns::of(filter);
    let rows = sqlx::query!(
        "select hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at,
                expires_at, decided_at, closed_at, people, separate, ask, preview, edits, edited_by, journal, seal
           from hold
          where ($1::text is null or state = $1) and ($2::uuid is null or hold_id < $2) and ($4::text is null or effect = $4)
            and ($5::text is null or tool like $5) and ($6::text is null or agent = $6) and ($7::uuid is null or person_id = $7)
            and ($8::uuid is null or workspace_id = $8) and ($9::uuid is null or run_id = $9) and ($10::text is null or needs like $10)
            and ($11::boolean or needs like any ($12::text[]))
            and ($13::text[] = '{}' or lower(tool || ' ' || agent || ' ' || reason || ' ' || coalesce(preview::json ->> 'title', '') || ' '
                                             || coalesce((replace(envelope, '\\u0000', '\\ufffd')::json -> 'arguments')::text, '')) like all ($13))
          order by hold_id desc limit $3",
        filter.state,
        page.after_uuid(),
        page.fetch(),
        filter.effect.map(Effect::name),
        patterns.tool,
        filter.agent,
        filter.person.map(PersonId::uuid),
        filter.workspace.map(WorkspaceId::uuid),
        filter.run.map(RunId::uuid),
        patterns.role,
        patterns.is_anybody,
        &patterns.helped_by,
        &patterns.words,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row!(row)).collect())
}

/// Actions that wait for people, those first that lapse first; the filter's state is not looked at.
pub async fn list_waiting(tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Vec<HoldRow>, StoreError> {
    let patterns = Patterns::of(filter);
    let rows = sqlx::query!(
        "select hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at,
                expires_at, decided_at, closed_at, people, separate, ask, preview, edits, edited_by, journal, seal
           from hold
          where state = 'held'
            and ($1::uuid is null or (expires_at, hold_id) > (select last.expires_at, last.hold_id from hold as last where last.hold_id = $1))
            and ($3::text is null or effect = $3) and ($4::text is null or tool like $4) and ($5::text is null or agent = $5)
            and ($6::uuid is null or person_id = $6) and ($7::uuid is null or workspace_id = $7) and ($8::uuid is null or run_id = $8)
            and ($9::text is null or needs like $9) and ($10::boolean or needs like any ($11::text[]))
            and ($12::text[] = '{}' or lower(tool || ' ' || agent || ' ' || reason || ' ' || coalesce(preview::json ->> 'title', '') || ' '
                                             || coalesce((replace(envelope, '\\u0000', '\\ufffd')::json -> 'arguments')::text, '')) like all ($12))
          order by expires_at, hold_id limit $2",
        page.after_uuid(),
        page.fetch(),
        filter.effect.map(Effect::name),
        patterns.tool,
        filter.agent,
        filter.person.map(PersonId::uuid),
        filter.workspace.map(WorkspaceId::uuid),
        filter.run.map(RunId::uuid),
        patterns.role,
        patterns.is_anybody,
        &patterns.helped_by,
        &patterns.words,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row!(row)).collect())
}
