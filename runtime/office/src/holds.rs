//! Held actions: people decide on exactly what will run.
//!
//! Approval is bound to the envelope's id; the decision itself is taken again, with the approvals as facts, when the run goes on.
//! Only a person in a session decides: no token, no agent, no background work.

use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::{ActorKind, ApprovalSet, Approvals, EnvelopeId, HoldId, Needs, Permission, PersonId, Role, SessionId};
use steward_store::hold::{self, ApprovalRow, HoldRow};
use steward_store::{Page, StoreError, Tx, run};

/// The longest reason a person may give, in bytes.
const REASON_BYTES_MAX: usize = 2000;

/// What a decision led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approved {
    /// Enough people approved: the run goes on.
    Released,
    /// More approvals are needed: any one of these sets of roles.
    StillNeeds(Needs),
}

/// Held actions, oldest first, in one state or all.
pub async fn list(tx: &mut Tx, state: Option<&str>, page: &Page) -> Result<Vec<HoldRow>, OfficeError> {
    if !tx.actor().may(Permission::HoldsRead) {
        return Err(OfficeError::Denied("you may not see held actions".to_owned()));
    }
    Ok(hold::list(tx, state, page).await?)
}

/// One held action with what people said so far.
pub async fn get(tx: &mut Tx, id: HoldId) -> Result<(HoldRow, Vec<ApprovalRow>), OfficeError> {
    if !tx.actor().may(Permission::HoldsRead) {
        return Err(OfficeError::Missing("held action"));
    }
    let row = hold::find(tx, id).await?.ok_or(OfficeError::Missing("held action"))?;
    let said = hold::approvals(tx, id).await?;
    Ok((row, said))
}

/// Approves a held action, for exactly this envelope.
pub async fn approve(tx: &mut Tx, office: &Office, id: HoldId, envelope_id: EnvelopeId) -> Result<Approved, OfficeError> {
    let (person, session, method) = decider(tx)?;
    let row = open(tx, office, id).await?;
    if row.envelope_id != envelope_id.bytes() {
        return Err(OfficeError::Conflict("what waits is not what you were shown; look at it again and decide on that".to_owned()));
    }
    let needs: Needs = read_needs(&row)?;
    let helps: BTreeSet<Role> = tx.actor().roles.iter().copied().filter(|role| needs.iter().any(|set| set.contains(role))).collect();
    if helps.is_empty() {
        return Err(OfficeError::Denied(format!("your role does not suffice; needed: {}", needs_in_words(&needs))));
    }
    let roles = tx.actor().roles.iter().map(|role| role.name().to_owned()).collect();
    say(tx, &row, ApprovalRow { person, approves: true, roles, envelope_id: row.envelope_id.clone(), method, reason: None, at: office.clock.now() }, session)
        .await?;
    let detail = json!({ "envelope_id": envelope_id, "roles": helps, "run": row.run, "tool": row.tool });
    audit::record(tx, office, Entry { action: "hold.approve", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    let given = given(&hold::approvals(tx, id).await?)?;
    if !suffices(&needs, &given) {
        return Ok(Approved::StillNeeds(needs));
    }
    change(tx, office, &row, "approved").await?;
    Ok(Approved::Released)
}

/// Refuses a held action. One refusal is enough; the model sees the reason.
pub async fn reject(tx: &mut Tx, office: &Office, id: HoldId, reason: &str) -> Result<(), OfficeError> {
    let (person, session, method) = decider(tx)?;
    let reason = reason.trim();
    if reason.len() > REASON_BYTES_MAX || reason.contains('\0') {
        return Err(OfficeError::Invalid(format!("a reason has at most {REASON_BYTES_MAX} bytes and no NUL")));
    }
    let row = open(tx, office, id).await?;
    let roles = tx.actor().roles.iter().map(|role| role.name().to_owned()).collect();
    let words = (!reason.is_empty()).then(|| reason.to_owned());
    say(tx, &row, ApprovalRow { person, approves: false, roles, envelope_id: row.envelope_id.clone(), method, reason: words, at: office.clock.now() }, session)
        .await?;
    let detail = json!({ "run": row.run, "tool": row.tool });
    audit::record(tx, office, Entry { action: "hold.reject", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    change(tx, office, &row, "rejected").await
}

/// Closes a held action whose time is over. Nothing happens when somebody decided meanwhile.
pub async fn expire(tx: &mut Tx, office: &Office, id: HoldId) -> Result<bool, OfficeError> {
    let Some(row) = hold::lock(tx, id).await? else { return Ok(false) };
    if row.state != "held" || row.expires_at > office.clock.now() {
        return Ok(false);
    }
    let detail = json!({ "run": row.run, "tool": row.tool });
    audit::record(tx, office, Entry { action: "hold.expire", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    change(tx, office, &row, "expired").await?;
    Ok(true)
}

/// The approvals among what people said: roles and people.
pub fn given(said: &[ApprovalRow]) -> Result<Approvals, OfficeError> {
    let mut approvals = Approvals::default();
    for row in said.iter().filter(|row| row.approves) {
        approvals.people.insert(row.person);
        for role in &row.roles {
            approvals.roles.insert(role.parse().map_err(|_| StoreError::Corrupt { what: "hold_approval.roles" })?);
        }
    }
    Ok(approvals)
}

/// The sets of roles a held action needs.
pub fn read_needs(row: &HoldRow) -> Result<Needs, OfficeError> {
    Ok(serde_json::from_str(&row.needs).map_err(|_| StoreError::Corrupt { what: "hold.needs" })?)
}

/// The sets in words: `owner, or manager and finance`.
pub fn needs_in_words(needs: &Needs) -> String {
    let one = |set: &ApprovalSet| set.iter().map(|role| role.name()).collect::<Vec<_>>().join(" and ");
    needs.iter().map(one).collect::<Vec<_>>().join(", or ")
}

fn suffices(needs: &Needs, given: &Approvals) -> bool {
    needs.iter().any(|set| set.is_subset(&given.roles))
}

/// Who decides: a person in a session, with the right to decide at all.
fn decider(tx: &Tx) -> Result<(PersonId, Option<SessionId>, String), OfficeError> {
    let actor = tx.actor();
    match (&actor.kind, actor.person) {
        (ActorKind::Person { session, method }, Some(person)) if actor.may(Permission::HoldsDecide) => Ok((person, *session, method.name().to_owned())),
        _ => Err(OfficeError::Denied("only a signed-in person with the right to decide may do this; tokens and agents never do".to_owned())),
    }
}

/// The held action, locked, still waiting and in time.
async fn open(tx: &mut Tx, office: &Office, id: HoldId) -> Result<HoldRow, OfficeError> {
    let row = hold::lock(tx, id).await?.ok_or(OfficeError::Missing("held action"))?;
    if row.state != "held" {
        return Err(OfficeError::Conflict(format!("this action is already {}", row.state)));
    }
    if row.expires_at <= office.clock.now() {
        return Err(OfficeError::Conflict("this action has expired".to_owned()));
    }
    Ok(row)
}

async fn say(tx: &mut Tx, row: &HoldRow, word: ApprovalRow, session: Option<SessionId>) -> Result<(), OfficeError> {
    match hold::insert_approval(tx, row, &word, session.map(SessionId::uuid)).await {
        Err(StoreError::Conflict { .. }) => Err(OfficeError::Conflict("you have already decided on this action".to_owned())),
        other => Ok(other?),
    }
}

async fn change(tx: &mut Tx, office: &Office, row: &HoldRow, to: &str) -> Result<(), OfficeError> {
    if !hold::change_state(tx, row.hold_id, "held", to, office.clock.now()).await? {
        return Err(OfficeError::Conflict("somebody else decided first".to_owned()));
    }
    run::wake(tx, row.run).await?;
    Ok(())
}
