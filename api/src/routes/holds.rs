//! Held actions: what exactly waits, why, and what people say of it.

pub(crate) mod approve;
pub(crate) mod edit;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod reject;
pub(crate) mod revise;
pub(crate) mod show;

use crate::error::ApiError;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use steward_agent::labels::leaf_roles;
use steward_core::{EnvelopeId, HoldId, Needs, PersonId, Role, RunId, ToolSpec, WorkspaceId};
use steward_office::OfficeError;
use steward_office::holds::routing::asked;
use steward_office::holds::{self, Change, LastSimilar, needs_in_words, read_ask, read_needs};
use steward_store::escalation::EscalationRow;
use steward_store::hold::{ApprovalRow, HoldRow};
use steward_store::{StoreError, Tx};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A held action.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldView {
    #[schema(value_type = String, example = "hold_01k4…")]
    hold_id: HoldId,
    /// Exactly what waits; an approval names it.
    #[schema(value_type = String, example = "env_5f3a…")]
    envelope_id: EnvelopeId,
    /// held, approved, rejected, expired, cancelled, edited, revised, claimed, done, failed, unknown.
    state: String,
    tool: String,
    /// What it is about, in one line of at most 200 letters: what the tool says that it would do, else whom it reaches or pays, or another of its
    /// values. Words of a tool or a model, never what is approved; null where there are none.
    #[schema(example = "Adds the contact Ada Lovelace")]
    about: Option<String>,
    /// The tool's effect class.
    effect: String,
    agent: String,
    /// Whom the agent acts for.
    #[schema(value_type = String)]
    person_id: PersonId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    #[schema(value_type = String)]
    run_id: RunId,
    call_id: String,
    /// Sets of roles that would each suffice.
    #[schema(value_type = Vec<Vec<String>>, example = json!([["owner"], ["manager", "finance"]]))]
    needs: Needs,
    /// The same in words.
    #[schema(example = "owner, or manager and finance")]
    needs_text: String,
    /// How many different people have to approve.
    #[schema(example = 1)]
    people: u16,
    /// Whether whoever asked for it or edited it must leave the approval to others.
    separate: bool,
    /// Roles that are asked by now; nobody in particular when empty.
    #[schema(value_type = Vec<String>, example = json!(["manager"]))]
    asked: BTreeSet<Role>,
    /// The held action that was edited and in whose place this one waits.
    #[schema(value_type = Option<String>)]
    edits: Option<HoldId>,
    /// Who edited it.
    #[schema(value_type = Option<String>)]
    edited_by: Option<PersonId>,
    /// Why it waits.
    reason: String,
    /// The rules that would let it.
    rules: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    held_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
    /// When people decided.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<OffsetDateTime>,
    /// When it was over.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<OffsetDateTime>,
}

/// A held action as it is shown before somebody decides.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldDetail {
    #[serde(flatten)]
    hold: HoldView,
    /// The arguments, exactly as they would be used.
    arguments: Value,
    /// Where each argument came from, as the gate saw it.
    provenance: Value,
    /// What each argument is for, by its JSON pointer: recipient, payee, amount, url and others. Empty for a tool that is no longer there.
    #[schema(value_type = Object, example = json!({ "/to/0": "recipient" }))]
    roles: BTreeMap<String, String>,
    /// What the tool says the call would do when it was held: `title`, `lines` with `label`, `before` and `after`, or `failed` with why it
    /// cannot say. Null for a tool that has no preview and for an action that somebody edited.
    #[schema(value_type = Option<Object>)]
    preview: Option<Value>,
    /// The sealed proposal that `envelope_id` names.
    envelope: Value,
    /// The run that the run of this action serves: what waits here makes that one wait too.
    #[schema(value_type = Option<String>)]
    serves_run_id: Option<RunId>,
    /// The held action that took the place of this one when somebody edited it.
    #[schema(value_type = Option<String>)]
    edited_into: Option<HoldId>,
    /// What people said so far.
    said: Vec<SaidView>,
    /// The last action of this tool and agent that was carried out before, and where this one differs from it; for who may see the action log.
    last_similar: Option<LastView>,
    /// Who was asked too since nobody had decided, in order of time.
    escalated: Vec<EscalationView>,
}

/// A step of the route that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EscalationView {
    /// So many minutes after it was held.
    after_minutes: u32,
    /// Who is asked from then on.
    #[schema(example = json!(["owner"]))]
    roles: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

/// The last action of the same kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastView {
    #[schema(value_type = String)]
    run_id: RunId,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// Arguments that differ: `path`, `before`, `now`; what was or is not there is null.
    #[schema(value_type = Vec<Object>)]
    changes: Vec<Change>,
}

/// What one person said of a held action.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SaidView {
    #[schema(value_type = String)]
    person_id: PersonId,
    /// Yes or no.
    approves: bool,
    /// In which roles.
    roles: Vec<String>,
    /// How they were signed in: link, password, terminal.
    method: String,
    /// Their words.
    reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

impl HoldView {
    /// Shows a row.
    pub(crate) fn of(row: HoldRow, now: OffsetDateTime) -> Result<Self, OfficeError> {
        let needs = read_needs(&row)?;
        let asked = asked(&read_ask(&row)?, (now - row.held_at).whole_minutes());
        let hex: String = row.envelope_id.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            hold_id: row.hold_id,
            envelope_id: format!("env_{hex}").parse().map_err(|_| StoreError::Corrupt { what: "hold.envelope_id" })?,
            about: holds::about(&row),
            state: row.state,
            tool: row.tool,
            effect: row.effect,
            agent: row.agent,
            person_id: row.person,
            workspace_id: row.workspace,
            run_id: row.run,
            call_id: row.call_id,
            needs_text: needs_in_words(&needs),
            needs,
            people: row.people,
            separate: row.separate,
            asked,
            edits: row.edits,
            edited_by: row.edited_by,
            reason: row.reason,
            rules: row.rules,
            held_at: row.held_at,
            expires_at: row.expires_at,
            decided_at: row.decided_at,
            closed_at: row.closed_at,
        })
    }
}

impl HoldDetail {
    /// The same with the last action of its kind beside it.
    pub(crate) fn beside(self, last: Option<LastSimilar>) -> Self {
        Self { last_similar: last.map(|last| LastView { run_id: last.run, at: last.at, changes: last.changes }), ..self }
    }

    /// The same with what each argument is for.
    pub(crate) fn with_roles(self, tool: Option<&ToolSpec>) -> Self {
        let roles = tool.map(|tool| leaf_roles(&tool.roles, &self.arguments)).unwrap_or_default();
        Self { roles: roles.into_iter().map(|(path, role)| (path, role.to_string())).collect(), ..self }
    }

    /// The same with the run that is served by it.
    pub(crate) fn serving(self, serves_run_id: Option<RunId>) -> Self {
        Self { serves_run_id, ..self }
    }

    /// The same with the held action that took its place.
    pub(crate) fn edited_into(self, edited_into: Option<HoldId>) -> Self {
        Self { edited_into, ..self }
    }

    /// The same with who was asked too.
    pub(crate) fn escalated(self, steps: Vec<EscalationRow>) -> Self {
        let view = |step: EscalationRow| EscalationView { after_minutes: step.after_minutes, roles: step.roles, at: step.at };
        Self { escalated: steps.into_iter().map(view).collect(), ..self }
    }

    /// Reads a held action as it is now.
    pub(crate) async fn read(tx: &mut Tx, id: HoldId, now: OffsetDateTime) -> Result<Self, ApiError> {
        let (row, said) = holds::get(tx, id).await?;
        let serves = holds::serves(tx, &row).await?;
        let next = holds::edited_into(tx, &row).await?;
        Ok(Self::of((row, said), now)?.serving(serves).edited_into(next))
    }

    /// Shows a row with what people said.
    pub(crate) fn of((row, said): (HoldRow, Vec<ApprovalRow>), now: OffsetDateTime) -> Result<Self, ApiError> {
        let envelope: Value = serde_json::from_str(&row.envelope).map_err(|_| StoreError::Corrupt { what: "hold.envelope" })?;
        let part = |name: &str| envelope.get(name).cloned().unwrap_or(Value::Null);
        let said = said.into_iter().map(|one| SaidView {
            person_id: one.person,
            approves: one.approves,
            roles: one.roles,
            method: one.method,
            reason: one.reason,
            at: one.at,
        });
        Ok(Self {
            arguments: part("arguments"),
            provenance: part("evidence"),
            roles: BTreeMap::new(),
            preview: holds::card::said(&row)?,
            said: said.collect(),
            last_similar: None,
            escalated: Vec::new(),
            serves_run_id: None,
            edited_into: None,
            hold: HoldView::of(row, now)?,
            envelope,
        })
    }
}
