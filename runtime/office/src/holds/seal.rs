//! The seals of held actions and of what people say of them: keyed digests whose key is not in the database.
//!
//! Whoever can write rows can change what a person is shown, forge a word, or lower what an approval takes; the seal then no longer fits.
//! [`check`] says what fits and names what does not, and nothing is carried out on rows that do not fit whole.

use super::{given, read_needs, suffices};
use crate::error::OfficeError;
use serde_json::{Value, json};
use steward_core::{Approvals, EnvelopeId, EnvelopeKey, PersonId, TenantId};
use steward_store::StoreError;
use steward_store::hold::{ApprovalRow, HoldRow};
use time::OffsetDateTime;

/// The purposes of the two seals; one never passes for the other, nor for an envelope.
const HOLD: &str = "hold/v1";
const WORD: &str = "approval/v1";

/// What is left of the approvals of a held action once every seal was checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Roles and people; empty unless everything fits.
    pub approvals: Approvals,
    /// The envelope as it was approved, canonical text.
    pub envelope: String,
    /// What does not fit: names of rows and fields.
    pub broken: Vec<String>,
}

/// The seal of a held action: every column but the state and when it changed.
pub fn seal_hold(key: &EnvelopeKey, tenant: TenantId, row: &HoldRow) -> Result<Vec<u8>, OfficeError> {
    let content = json!({
        "tenant": tenant, "hold": row.hold_id, "workspace": row.workspace, "run": row.run, "call": row.call_id, "person": row.person, "agent": row.agent,
        "tool": row.tool, "effect": row.effect, "envelope_id": id_text(&row.envelope_id), "envelope": row.envelope, "needs": row.needs,
        "reason": row.reason, "rules": row.rules, "expires_at": ms(row.expires_at), "people": row.people,
        "separate": row.separate, "ask": row.ask, "preview": row.preview, "edits": row.edits, "edited_by": row.edited_by,
        "journal": row.journal,
    });
    sealed(key, HOLD, &content)
}

/// The seal of one person's word on a held action.
pub fn seal_word(key: &EnvelopeKey, tenant: TenantId, hold: &HoldRow, word: &ApprovalRow) -> Result<Vec<u8>, OfficeError> {
    let content = json!({
        "tenant": tenant, "hold": hold.hold_id, "workspace": word.workspace, "person": word.person, "approves": word.approves, "roles": word.roles,
        "envelope_id": id_text(&word.envelope_id), "session": word.session, "method": word.method, "reason": word.reason, "at": ms(word.at),
    });
    sealed(key, WORD, &content)
}

/// Whether a held action is as it was sealed.
pub fn is_sealed(key: &EnvelopeKey, tenant: TenantId, row: &HoldRow) -> Result<bool, OfficeError> {
    Ok(row.seal.as_deref() == Some(seal_hold(key, tenant, row)?.as_slice()))
}

/// Checks a held action that is to be carried out, with all that was said of it. `of_run` are the run's held actions, those that were edited
/// on the way to this one among them.
pub fn check(key: &EnvelopeKey, tenant: TenantId, row: &HoldRow, said: &[ApprovalRow], of_run: &[HoldRow]) -> Result<Checked, OfficeError> {
    let editors = editors(key, tenant, row, of_run)?;
    let mut broken = Vec::new();
    let mut note = |what: &str, holds: bool| {
        if !holds {
            broken.push(what.to_owned());
        }
    };
    note("hold.state", matches!(row.state.as_str(), "approved" | "claimed"));
    note("hold", is_sealed(key, tenant, row)?);
    note("hold.envelope", EnvelopeId::of_text(key, &row.envelope).bytes().as_slice() == row.envelope_id);
    for word in said {
        let seal = seal_word(key, tenant, row, word)?;
        note("hold_approval", word.seal.as_deref() == Some(seal.as_slice()) && word.envelope_id == row.envelope_id);
    }
    note("hold_approval.approves", said.iter().all(|word| word.approves));
    note("hold.edits", editors.is_some());
    let editors = editors.unwrap_or_default();
    let counted: Vec<ApprovalRow> =
        said.iter().filter(|word| !row.separate || (word.person != row.person && !editors.contains(&word.person))).cloned().collect();
    let given = given(&counted)?;
    // Rows that cannot be read do not suffice.
    note("hold_approval.people", read_needs(row).is_ok_and(|needs| suffices(&needs, row.people, &counted)));
    let approvals = if broken.is_empty() { given } else { Approvals::default() };
    Ok(Checked { approvals, envelope: row.envelope.clone(), broken })
}

/// Everybody who edited the action on its way to how it stands; none of it when a row on the way is missing or not as it was sealed.
fn editors(key: &EnvelopeKey, tenant: TenantId, row: &HoldRow, of_run: &[HoldRow]) -> Result<Option<Vec<PersonId>>, OfficeError> {
    let mut editors: Vec<PersonId> = row.edited_by.into_iter().collect();
    let mut next = row.edits;
    // Each edit made one row, so there are no more steps than rows.
    for _ in of_run {
        let Some(id) = next else { break };
        let Some(before) = of_run.iter().find(|one| one.hold_id == id) else { return Ok(None) };
        if !is_sealed(key, tenant, before)? {
            return Ok(None);
        }
        editors.extend(before.edited_by);
        next = before.edits;
    }
    Ok(next.is_none().then_some(editors))
}

fn sealed(key: &EnvelopeKey, purpose: &str, content: &Value) -> Result<Vec<u8>, OfficeError> {
    let seal = key.seal(purpose, content).map_err(|_| StoreError::Corrupt { what: "hold" })?;
    Ok(seal.bytes().to_vec())
}

fn id_text(bytes: &[u8]) -> Option<EnvelopeId> {
    EnvelopeId::from_slice(bytes)
}

fn ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
