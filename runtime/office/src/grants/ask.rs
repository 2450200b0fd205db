//! An agent asks for a standing grant: a held change that another person than whom it acts for approves, or not.
//!
//! It is narrower than any grant a person may give: for this agent, for the person it acts for, where it runs, for one tool as it is now.
//! What it would have let through is found among the decisions on record and shown with it. Nothing is granted by asking.

use super::{NewGrant, Ranges, covers, digest_of, drafted, key, names_all, ranges, write};
use crate::Office;
use crate::changes::{self, Approval, ChangeKind, Proposal};
use crate::error::OfficeError;
use crate::people::Proven;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use steward_core::limits::PAGE_MAX;
use steward_core::{Digest, GovernanceChangeId, PersonId, ToolSpec, WorkspaceId, canonical_json};
use steward_store::decision::{self, DecisionRow, Filter};
use steward_store::governance_change::ChangeRow;
use steward_store::grant::GrantRow;
use steward_store::{Page, StoreError, Tx};
use time::Duration;

/// The purpose of the digest that a wish is named by.
const WISH: &str = "grant-wish/v1";
/// Decisions on record that a wish is tried on.
const DECISIONS_MAX: usize = 1_000;
/// Decisions that are named of those it would have let through.
const NAMED_MAX: usize = 20;

/// What an agent asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Where.
    pub workspace: WorkspaceId,
    /// For which agent.
    pub agent: String,
    /// For the runs of this person.
    pub person: PersonId,
    /// Which tool.
    pub tool: String,
    /// Within which ranges of its arguments.
    pub ranges: Ranges,
    /// How often.
    pub uses_max: u32,
    /// For how many days from the approval on.
    pub days: u32,
}

/// What came of asking.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The change that waits.
    pub change: ChangeRow,
    /// Decisions that were looked at.
    pub judged: usize,
    /// Of these, calls that waited for people and would have run.
    pub newly_allowed: usize,
}

/// Asks for a grant, as the agent of a run.
pub async fn ask(tx: &mut Tx, office: &Office, tool: &ToolSpec, wish: &Wish, reason: &str) -> Result<Asked, OfficeError> {
    if !super::COVERED.contains(&tool.effect) {
        return Err(OfficeError::Invalid(format!("`{}` is of effect {}: each call of it is approved by itself", tool.name, tool.effect)));
    }
    if wish.uses_max == 0 || wish.uses_max > super::USES_MAX || wish.days == 0 || i64::from(wish.days) > super::DAYS_MAX {
        return Err(OfficeError::Invalid(format!("a grant is for 1 to {} uses and 1 to {} days", super::USES_MAX, super::DAYS_MAX)));
    }
    ranges::check(&wish.ranges, tool).map_err(OfficeError::Invalid)?;
    let (judged, passed) = tried(tx, tool, wish).await?;
    let named: Vec<String> = passed.iter().take(NAMED_MAX).map(|row| row.decision_id.to_string()).collect();
    let corrupt = || StoreError::Corrupt { what: "governance_change.content" };
    let report = json!({ "judged": judged, "newly_allowed": passed.len(), "decisions": named }).to_string();
    let content = canonical_json(wish).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(corrupt)?;
    // Each wish is a subject of its own: two of them do not stand in each other's way. The log has it, and tells nobody whom the ranges name.
    let subject = format!("{}@{}", tool.name, key(office)?.seal_bytes(WISH, content.as_bytes()).short());
    let base = tool_digest(tool)?;
    let proposal = Proposal { kind: ChangeKind::Grant, subject: &subject, content, base, report, is_sound: true, reason };
    let change = changes::propose_as_agent(tx, office, proposal).await?;
    Ok(Asked { change, judged, newly_allowed: passed.len() })
}

/// Approves what an agent asked for, and gives the grant in the roles of who approves.
pub async fn approve(
    tx: &mut Tx,
    office: &Office,
    tool: &ToolSpec,
    id: GovernanceChangeId,
    (content_digest, reason): (Digest, &str),
    password: Option<Proven>,
) -> Result<(ChangeRow, GrantRow), OfficeError> {
    let live = tool_digest(tool)?;
    let change = changes::approve(tx, office, id, Approval { content_digest, live, reason }, password).await?;
    let wish = read(&change)?;
    if wish.tool != tool.name {
        return Err(OfficeError::Conflict("this was asked for another tool".to_owned()));
    }
    let new = NewGrant {
        workspace: wish.workspace,
        agent: wish.agent,
        person: Some(wish.person),
        ranges: wish.ranges,
        uses_max: wish.uses_max,
        expires_at: office.clock.now() + Duration::days(i64::from(wish.days)),
    };
    // The second factor was given for the change, whose seal binds all that the grant covers.
    let row = drafted(tx, office, tool, new).await?;
    Ok((change, write(tx, office, row).await?))
}

/// Names a tool as it is: what a wish for it was made for.
pub fn tool_digest(tool: &ToolSpec) -> Result<Digest, OfficeError> {
    Ok(Digest::from_bytes(digest_of(tool)?.try_into().map_err(|_| StoreError::Corrupt { what: "grant.tool" })?))
}

/// What a change of this kind asks for.
pub fn read(row: &ChangeRow) -> Result<Wish, StoreError> {
    serde_json::from_str(&row.content).map_err(|_| StoreError::Corrupt { what: "governance_change.content" })
}

/// How many decisions on record were looked at, and which of them waited for people and would have run.
async fn tried(tx: &mut Tx, tool: &ToolSpec, wish: &Wish) -> Result<(usize, Vec<DecisionRow>), OfficeError> {
    let filter = Filter { tool: Some(tool.name.clone()), ..Filter::default() };
    let (mut page, mut looked_at, mut judged, mut passed) = (Page::new(Some(PAGE_MAX), None), 0, 0, Vec::new());
    loop {
        let (rows, next) = page.cut(decision::list(tx, &filter, &page).await?, |row| row.decision_id.uuid());
        looked_at += rows.len();
        for row in rows {
            if row.workspace != wish.workspace || row.agent != wish.agent || row.person != wish.person {
                continue;
            }
            judged += 1;
            let record: Value = serde_json::from_str(&row.record).unwrap_or_default();
            let arguments = record.pointer("/envelope/arguments").cloned().unwrap_or_default();
            let is_so = |fact: &str| record.pointer(fact).and_then(Value::as_bool) == Some(true);
            let must_be_seen = is_so("/facts/leak") || is_so("/facts/content_actionable");
            if row.verdict == "hold" && covers(&wish.ranges, tool, &arguments) && (!must_be_seen || names_all(&wish.ranges, &arguments)) {
                passed.push(row);
            }
        }
        match next {
            Some(cursor) if looked_at < DECISIONS_MAX => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            _ => return Ok((judged, passed)),
        }
    }
}
