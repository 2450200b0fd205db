//! Held actions: people decide on exactly what will run.
//!
//! Approval is bound to the envelope's id; the decision itself is taken again, with the approvals as facts, when the run goes on.
//! Only a person in a session decides: no token, no agent, no background work.

mod about;
pub mod card;
mod compare;
pub mod edit;
pub mod escalate;
pub mod routing;
pub mod seal;
mod state;

pub use about::about;
pub use compare::{Change, LastSimilar, Load, last_similar, load};
pub use state::{Stands, stands};

use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use crate::grants::roles_in;
use crate::people::{GRAVE, spend_step_up};
use routing::Ask;
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::{Actor, ActorKind, ApprovalSet, Approvals, EnvelopeId, EnvelopeKey, HoldId, Needs, Permission, PersonId, Role, RunId, SessionId};
use steward_store::hold::{self, ApprovalRow, Filter, HoldRow};
use steward_store::{Page, StoreError, Tx, run};

/// The longest reason a person may give, in bytes.
const REASON_BYTES_MAX: usize = 2000;

/// The states a held action can be in.
pub const STATES: [&str; 11] = ["held", "approved", "rejected", "expired", "cancelled", "edited", "revised", "claimed", "done", "failed", "unknown"];

/// What a decision led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approved {
    /// Enough people approved: the run goes on.
    Released,
    /// More approvals are needed: any one of these sets of roles, and so many people more.
    StillNeeds {
        /// The sets of roles.
        needs: Needs,
        /// People still missing; at least one.
        people: u16,
    },
}

/// Held actions that fit. Those that wait come in the order in which they lapse, so that what is urgent is on the first page; all others newest
/// first.
///
/// # Errors
/// Denied to whoever may not see held actions.
pub async fn list(tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Vec<HoldRow>, OfficeError> {
    if !tx.actor().may(Permission::HoldsRead) {
        return Err(OfficeError::Denied("you may not see held actions".to_owned()));
    }
    match filter.state.as_deref() {
        Some("held") => Ok(hold::list_waiting(tx, filter, page).await?),
        Some(_) | None => Ok(hold::list(tx, filter, page).await?),
    }
}

/// The roles in which somebody's word can help to release anything; none for tokens, for agents, and for people who never decide.
pub fn helping_roles(actor: &Actor) -> Vec<Role> {
    match actor.kind {
        ActorKind::Person { .. } if actor.may(Permission::HoldsDecide) => actor.roles.iter().copied().collect(),
        ActorKind::Person { .. } | ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => Vec::new(),
    }
}

/// The run that a held action's own run serves, where it is a sub-run.
pub async fn serves(tx: &mut Tx, row: &HoldRow) -> Result<Option<RunId>, OfficeError> {
    Ok(run::find(tx, row.run).await?.and_then(|found| found.parent).map(|(parent, _)| parent))
}

/// The held action that took the place of one that somebody edited.
pub async fn edited_into(tx: &mut Tx, row: &HoldRow) -> Result<Option<HoldId>, OfficeError> {
    if row.state != "edited" {
        return Ok(None);
    }
    Ok(hold::of_run(tx, row.run).await?.into_iter().find(|next| next.edits == Some(row.hold_id)).map(|next| next.hold_id))
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
    let decider = decider(tx)?;
    let key = key(office)?;
    let row = open(tx, office, id).await?;
    if row.envelope_id != envelope_id.bytes() {
        return Err(OfficeError::Conflict("what waits is not what you were shown; look at it again and decide on that".to_owned()));
    }
    as_sealed(tx, key, &row)?;
    let needs: Needs = read_needs(&row)?;
    let helps = helping(tx, &needs)?;
    if row.separate && (decider.person == row.person || hold::editors(tx, id).await?.contains(&decider.person)) {
        return Err(OfficeError::Denied(
            "who asked for this or edited it leaves the approval to others; ask somebody else, or set `separate = false` for it under [[approvals]]".to_owned(),
        ));
    }
    if GRAVE.iter().any(|effect| effect.name() == row.effect) {
        spend_step_up(tx, office, &envelope_id.to_string()).await?;
    }
    say(tx, office, &row, &decider, true, None, Some(key)).await?;
    let detail = json!({ "envelope_id": envelope_id, "roles": helps, "run": row.run, "tool": row.tool });
    audit::record(tx, office, Entry { action: "hold.approve", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    let said = hold::approvals(tx, id).await?;
    let said = still_counting(tx, &row, said).await?;
    if !suffices(&needs, row.people, &said) {
        let so_far = u16::try_from(said.iter().filter(|word| word.approves).count()).unwrap_or(u16::MAX);
        return Ok(Approved::StillNeeds { needs, people: row.people.saturating_sub(so_far).max(1) });
    }
    change(tx, office, &row, "approved").await?;
    Ok(Approved::Released)
}

/// Refuses a held action, in a role in which one could help to approve it. One refusal is enough; the model sees the reason.
pub async fn reject(tx: &mut Tx, office: &Office, id: HoldId, reason: &str) -> Result<(), OfficeError> {
    let decider = decider(tx)?;
    let words = words(reason, "a reason")?;
    let row = open(tx, office, id).await?;
    // A card that was changed in the database does not say whose it is: whoever decides at all may call it off.
    let is_changed = office.key.as_ref().is_some_and(|key| !seal::is_sealed(key, tx.actor().tenant, &row).unwrap_or(false));
    if !is_changed {
        helping(tx, &read_needs(&row)?)?;
    }
    say(tx, office, &row, &decider, false, words, office.key.as_ref()).await?;
    let detail = json!({ "run": row.run, "tool": row.tool });
    audit::record(tx, office, Entry { action: "hold.reject", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    change(tx, office, &row, "rejected").await
}

/// Sends a held action back: the model is told in the person's words how it should be done, and this card is over.
pub async fn revise(tx: &mut Tx, office: &Office, id: HoldId, guidance: &str) -> Result<(), OfficeError> {
    let decider = decider(tx)?;
    let words = words(guidance, "guidance")?.ok_or_else(|| OfficeError::Invalid("say what should be different".to_owned()))?;
    let row = open(tx, office, id).await?;
    helping(tx, &read_needs(&row)?)?;
    say(tx, office, &row, &decider, false, Some(words), office.key.as_ref()).await?;
    let detail = json!({ "run": row.run, "tool": row.tool });
    audit::record(tx, office, Entry { action: "hold.revise", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    change(tx, office, &row, "revised").await
}

/// Closes held actions whose time is over. Returns how many.
pub async fn expire_overdue(tx: &mut Tx, office: &Office, most: i64) -> Result<usize, OfficeError> {
    let mut closed = 0;
    for id in hold::overdue(tx, office.clock.now(), most).await? {
        closed += usize::from(expire(tx, office, id).await?);
    }
    Ok(closed)
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

/// Who is asked for a held action, and when.
pub fn read_ask(row: &HoldRow) -> Result<Vec<Ask>, OfficeError> {
    Ok(serde_json::from_str(&row.ask).map_err(|_| StoreError::Corrupt { what: "hold.ask" })?)
}

/// The sets in words: `owner, or manager and finance`.
pub fn needs_in_words(needs: &Needs) -> String {
    let one = |set: &ApprovalSet| set.iter().map(|role| role.name()).collect::<Vec<_>>().join(" and ");
    needs.iter().map(one).collect::<Vec<_>>().join(", or ")
}

/// What an approval takes, in words: `owner, or manager`, and how many people when it is more than one.
pub fn takes_in_words(row: &HoldRow) -> Result<String, OfficeError> {
    let mut text = needs_in_words(&read_needs(row)?);
    if row.people > 1 {
        text = format!("{text}; {} different people", row.people);
    }
    if row.separate {
        text.push_str("; not who asked for it");
    }
    Ok(text)
}

/// What was said, each approval in the roles that its giver had then and has still. Who was shut out since, or has none of them any more, counts no
/// more than if they had said nothing.
async fn still_counting(tx: &mut Tx, row: &HoldRow, said: Vec<ApprovalRow>) -> Result<Vec<ApprovalRow>, OfficeError> {
    let mut counting = Vec::with_capacity(said.len());
    for mut word in said {
        if word.approves {
            let now = roles_in(tx, word.person, row.workspace).await?;
            word.roles.retain(|role| now.iter().any(|held| held.name() == role.as_str()));
        }
        if !word.approves || !word.roles.is_empty() {
            counting.push(word);
        }
    }
    Ok(counting)
}

/// The approvals among the words that released a held action, as far as their givers could give them still: it is to be carried out now, which may
/// be long after the last word. None where they are too few.
///
/// # Errors
/// When a role or what it needs cannot be read.
pub async fn still_given(tx: &mut Tx, row: &HoldRow, said: Vec<ApprovalRow>) -> Result<Option<Approvals>, OfficeError> {
    let counting = still_counting(tx, row, said).await?;
    if suffices(&read_needs(row)?, row.people, &counting) { Ok(Some(given(&counting)?)) } else { Ok(None) }
}

/// Whether these words release it: some set of roles is there, and enough different people with a role of that set said yes.
fn suffices(needs: &Needs, people: u16, said: &[ApprovalRow]) -> bool {
    needs.iter().any(|set| {
        let names: BTreeSet<&str> = set.iter().map(|role| role.name()).collect();
        let helping: Vec<&ApprovalRow> = said.iter().filter(|word| word.approves && word.roles.iter().any(|role| names.contains(role.as_str()))).collect();
        let there: BTreeSet<&str> = helping.iter().flat_map(|word| word.roles.iter().map(String::as_str)).collect();
        let distinct: BTreeSet<PersonId> = helping.iter().map(|word| word.person).collect();
        names.is_subset(&there) && distinct.len() >= usize::from(people)
    })
}

/// The key that approvals are sealed with.
fn key(office: &Office) -> Result<&EnvelopeKey, OfficeError> {
    office.key.as_ref().ok_or_else(|| {
        OfficeError::Denied("this process has no envelope key, so its approvals would not count; set `STEWARD_ENVELOPE_KEY` or copy the key file".to_owned())
    })
}

/// Who decides.
struct Decider {
    person: PersonId,
    session: Option<SessionId>,
    method: String,
}

/// A person in a session, with the right to decide at all.
fn decider(tx: &Tx) -> Result<Decider, OfficeError> {
    let actor = tx.actor();
    match (&actor.kind, actor.person) {
        (ActorKind::Person { session, method }, Some(person)) if actor.may(Permission::HoldsDecide) => {
            Ok(Decider { person, session: *session, method: method.name().to_owned() })
        }
        _ => Err(OfficeError::Denied("only a signed-in person with the right to decide may do this; tokens and agents never do".to_owned())),
    }
}

/// The roles in which the actor's word helps; refused when there is none.
fn helping(tx: &Tx, needs: &Needs) -> Result<BTreeSet<Role>, OfficeError> {
    let helps: BTreeSet<Role> = tx.actor().roles.iter().copied().filter(|role| needs.iter().any(|set| set.contains(role))).collect();
    if helps.is_empty() {
        return Err(OfficeError::Denied(format!("your role does not suffice; needed: {}", needs_in_words(needs))));
    }
    Ok(helps)
}

/// Words of a person for the model; none when there are none.
fn words(text: &str, what: &str) -> Result<Option<String>, OfficeError> {
    let text = text.trim();
    if text.len() > REASON_BYTES_MAX || text.contains('\0') {
        return Err(OfficeError::Invalid(format!("{what} has at most {REASON_BYTES_MAX} bytes and no NUL")));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The held action, locked, still waiting and in time.
async fn open(tx: &mut Tx, office: &Office, id: HoldId) -> Result<HoldRow, OfficeError> {
    let row = hold::lock(tx, id).await?.ok_or(OfficeError::Missing("held action"))?;
    if row.state != "held" {
        return Err(OfficeError::Conflict(match row.state.as_str() {
            "expired" => "this action has expired: nobody decided in time".to_owned(),
            "edited" => "this action was edited; another one waits in its place".to_owned(),
            state => format!("this action is already {state}"),
        }));
    }
    if row.expires_at <= office.clock.now() {
        return Err(OfficeError::Conflict("this action has expired: nobody decided in time".to_owned()));
    }
    Ok(row)
}

/// Refuses what is stored otherwise than it was sealed: nobody can know what they would say yes to.
fn as_sealed(tx: &Tx, key: &EnvelopeKey, row: &HoldRow) -> Result<(), OfficeError> {
    if seal::is_sealed(key, tx.actor().tenant, row)? {
        return Ok(());
    }
    Err(OfficeError::Conflict(
        "this action was changed in the database after it was sealed, so it cannot be approved; refuse it, and look for who can write there".to_owned(),
    ))
}

async fn say(
    tx: &mut Tx,
    office: &Office,
    row: &HoldRow,
    by: &Decider,
    approves: bool,
    reason: Option<String>,
    key: Option<&EnvelopeKey>,
) -> Result<(), OfficeError> {
    let roles = tx.actor().roles.iter().map(|role| role.name().to_owned()).collect();
    let mut word = ApprovalRow {
        person: by.person,
        workspace: row.workspace,
        approves,
        roles,
        envelope_id: row.envelope_id.clone(),
        method: by.method.clone(),
        reason,
        at: office.clock.now(),
        session: by.session,
        seal: None,
    };
    if let Some(key) = key {
        word.seal = Some(seal::seal_word(key, tx.actor().tenant, row, &word)?);
    }
    match hold::insert_approval(tx, row, &word).await {
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
