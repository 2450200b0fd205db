//! The seals of held actions and of what people say of them: keyed digests whose key is not in the database.
//!
//! Whoever can write rows can change what a person is shown, forge a word, or lower what an approval takes; the seal then no longer fits.
//! [`check`] names each column that does not fit, and nothing is carried out on rows that do not fit whole. A column that repeats a field of
//! the envelope is compared with it, as the envelope's name is keyed itself; of the others the seal has a mark each.

use super::{given, read_needs, suffices};
use crate::error::OfficeError;
use serde_json::{Value, json};
use steward_core::{Approvals, Envelope, EnvelopeId, EnvelopeKey, PersonId, TenantId};
use steward_store::StoreError;
use steward_store::hold::{ApprovalRow, HoldRow};
use time::OffsetDateTime;

/// The purposes of the two seals; one never passes for the other, nor for an envelope.
const HOLD: &str = "hold/v2";
const WORD: &str = "approval/v2";
/// The same of the marks of single columns.
const MARKS: &str = "marks/v1";

/// A seal is so many bytes of a keyed digest over the whole row, and that decides: 144 bits that nobody guesses.
const WHOLE_BYTES: usize = 18;
/// The rest are marks of single columns, so many bytes each. They let nothing through; they name what was changed.
const MARK_BYTES: usize = 2;
/// The columns of a held action that nothing else repeats.
const MARKED: [&str; 7] = ["effect", "needs", "reason", "rules", "ask", "preview", "journal"];
/// The columns of a word that nothing else repeats.
const MARKED_WORD: [&str; 7] = ["person_id", "approves", "roles", "session_id", "method", "reason", "at"];

/// What is left of the approvals of a held action once every seal was checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Roles and people; empty unless everything fits.
    pub approvals: Approvals,
    /// The envelope as it was approved, canonical text.
    pub envelope: String,
    /// The words that count, whoever gave them may do now.
    pub counted: Vec<ApprovalRow>,
    /// What does not fit: names of rows and fields.
    pub broken: Vec<String>,
}

/// The seal of a held action: every column but the state and when it changed.
pub fn seal_hold(key: &EnvelopeKey, tenant: TenantId, row: &HoldRow) -> Result<Vec<u8>, OfficeError> {
    let content = json!({
        "tenant_id": tenant, "hold_id": row.hold_id, "workspace_id": row.workspace, "run_id": row.run, "call_id": row.call_id, "person_id": row.person,
        "agent": row.agent, "tool": row.tool, "effect": row.effect, "envelope_id": id_text(&row.envelope_id), "envelope": row.envelope, "needs": row.needs,
        "reason": row.reason, "rules": row.rules, "expires_at": ms(row.expires_at), "people": row.people,
        "separate": row.separate, "ask": row.ask, "preview": row.preview, "edits": row.edits, "edited_by": row.edited_by,
        "journal": row.journal,
    });
    sealed(key, HOLD, &content, MARKED)
}

/// The seal of one person's word on a held action.
pub fn seal_word(key: &EnvelopeKey, tenant: TenantId, hold: &HoldRow, word: &ApprovalRow) -> Result<Vec<u8>, OfficeError> {
    let content = json!({
        "tenant_id": tenant, "hold_id": hold.hold_id, "workspace_id": word.workspace, "person_id": word.person, "approves": word.approves,
        "roles": word.roles, "envelope_id": id_text(&word.envelope_id), "session_id": word.session, "method": word.method, "reason": word.reason,
        "at": ms(word.at),
    });
    sealed(key, WORD, &content, MARKED_WORD)
}

/// Whether a held action is as it was sealed.
pub fn is_sealed(key: &EnvelopeKey, tenant: TenantId, row: &HoldRow) -> Result<bool, OfficeError> {
    Ok(row.seal.as_deref() == Some(seal_hold(key, tenant, row)?.as_slice()))
}

/// Checks a held action that is to be carried out, with all that was said of it. `of_run` are the run's held actions, those that were edited
/// on the way to this one among them.
pub fn check(key: &EnvelopeKey, tenant: TenantId, row: &HoldRow, said: &[ApprovalRow], of_run: &[HoldRow]) -> Result<Checked, OfficeError> {
    let editors = editors(key, tenant, row, of_run)?;
    let mut broken = Broken::default();
    broken.note("hold.state", matches!(row.state.as_str(), "approved" | "claimed"));
    let (name, envelope) = authentic(key, row, said, &mut broken);
    if let Some(envelope) = &envelope {
        repeated(tenant, row, envelope, &mut broken);
    }
    broken.note("hold.edits", editors.is_some() && row.edits.is_some() == row.edited_by.is_some());
    broken.seal("hold", row.seal.as_deref(), &seal_hold(key, tenant, row)?, MARKED);
    for word in said {
        let mut of_word = Broken::default();
        of_word.note("hold_approval.workspace_id", envelope.as_ref().is_none_or(|envelope| envelope.circumstances.workspace == Some(word.workspace)));
        of_word.note("hold_approval.envelope_id", word.envelope_id == name);
        of_word.seal("hold_approval", word.seal.as_deref(), &seal_word(key, tenant, row, word)?, MARKED_WORD);
        of_word.0.iter().for_each(|what| broken.note(what, false));
    }
    broken.note("hold_approval.approves", said.iter().all(|word| word.approves));
    let editors = editors.unwrap_or_default();
    let counted: Vec<ApprovalRow> =
        said.iter().filter(|word| !row.separate || (word.person != row.person && !editors.contains(&word.person))).cloned().collect();
    let given = given(&counted)?;
    // Rows that cannot be read do not suffice.
    broken.note("hold_approval.people", read_needs(row).is_ok_and(|needs| suffices(&needs, row.people, &counted)));
    let Broken(broken) = broken;
    let approvals = if broken.is_empty() { given } else { Approvals::default() };
    Ok(Checked { approvals, envelope: row.envelope.clone(), counted, broken })
}

/// Names of what does not fit, each once.
#[derive(Default)]
struct Broken(Vec<String>);

impl Broken {
    fn note(&mut self, what: &str, holds: bool) {
        if !holds && !self.0.iter().any(|known| known == what) {
            self.0.push(what.to_owned());
        }
    }

    /// Names the columns whose marks differ; where the whole does not fit and nothing of the row is named, the seal itself was changed.
    fn seal(&mut self, table: &str, found: Option<&[u8]>, expect: &[u8], marked: [&str; 7]) {
        let marks = |seal: &[u8]| -> Vec<Vec<u8>> { seal.get(WHOLE_BYTES..).unwrap_or_default().chunks(MARK_BYTES).map(<[u8]>::to_vec).collect() };
        for (column, (was, is)) in marked.iter().zip(marks(found.unwrap_or_default()).iter().zip(marks(expect))) {
            self.note(&format!("{table}.{column}"), *was == is);
        }
        self.note(&format!("{table}.seal"), found == Some(expect) || !self.0.is_empty());
    }
}

/// The envelope of a held action, if its keyed name fits, and that name. Where text and name do not fit each other, those who approved say
/// which of the two was changed.
fn authentic(key: &EnvelopeKey, row: &HoldRow, said: &[ApprovalRow], broken: &mut Broken) -> (Vec<u8>, Option<Envelope>) {
    let name = EnvelopeId::of_text(key, &row.envelope).bytes().to_vec();
    let fits = name == row.envelope_id;
    let is_renamed = !fits && said.iter().any(|word| word.envelope_id == name);
    broken.note("hold.envelope", fits || is_renamed);
    broken.note("hold.envelope_id", !is_renamed);
    if fits || is_renamed {
        let envelope = serde_json::from_str(&row.envelope).ok();
        broken.note("hold.envelope", envelope.is_some());
        return (name, envelope);
    }
    (row.envelope_id.clone(), None)
}

/// Compares the columns that repeat a field of the envelope with it.
fn repeated(tenant: TenantId, row: &HoldRow, envelope: &Envelope, broken: &mut Broken) {
    let around = &envelope.circumstances;
    let expires_at_ms = ms(row.expires_at);
    for (column, same) in [
        ("hold.tenant_id", envelope.tenant == tenant),
        ("hold.workspace_id", around.workspace == Some(row.workspace)),
        ("hold.run_id", envelope.run == row.run),
        ("hold.call_id", envelope.call.to_string() == row.call_id),
        ("hold.person_id", envelope.principal.person == row.person),
        ("hold.agent", envelope.principal.agent == row.agent),
        ("hold.tool", envelope.tool == row.tool),
        // An edit never buys time: its card may end before its envelope does.
        ("hold.expires_at", expires_at_ms == envelope.expires_at_ms || row.edits.is_some() && expires_at_ms < envelope.expires_at_ms),
        ("hold.people", around.terms.people == row.people),
        ("hold.separate", around.terms.separate == row.separate),
        ("hold.edited_by", around.edited_by == row.edited_by),
    ] {
        broken.note(column, same);
    }
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

fn sealed(key: &EnvelopeKey, purpose: &str, content: &Value, marked: [&str; 7]) -> Result<Vec<u8>, OfficeError> {
    let digest = |purpose: &str, content: &Value| key.seal(purpose, content).map_err(|_| StoreError::Corrupt { what: "hold" });
    let mut seal: Vec<u8> = digest(purpose, content)?.bytes().iter().take(WHOLE_BYTES).copied().collect();
    for column in marked {
        seal.extend(digest(MARKS, &json!([purpose, column, content.get(column)]))?.bytes().iter().take(MARK_BYTES));
    }
    Ok(seal)
}

fn id_text(bytes: &[u8]) -> Option<EnvelopeId> {
    EnvelopeId::from_slice(bytes)
}

fn ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
