//! A budget without room: the run waits for a person, who lets it go on by an amount, or not.
//!
//! Whoever has the role decides. Whoever has not may break the glass: they prove anew who they are, say why, and let the run go on by a
//! small amount for a short time; it is loud in the log, and somebody else reviews it afterwards.

use crate::Office;
use crate::audit::personal::{Opened, opened};
use crate::audit::{self, Entry, seal::Subject};
use crate::error::OfficeError;
use crate::people::Proven;
use serde_json::json;
use std::collections::BTreeMap;
use steward_core::limits::{BREAK_GLASS_DAY_MICROS_MAX, BREAK_GLASS_HOURS, BREAK_GLASS_MICROS_MAX, HOLD_HOURS, PAGE_MAX, RESERVATION_LEAST};
use steward_core::{Actor, ActorKind, AuditId, BudgetHoldId, Micros, Permission, PersonId, ReservationId, RunId, WorkspaceId};
use steward_store::budget_hold::{self, BudgetHoldRow, Said};
use steward_store::{Page, Store, StoreError, Tx, run};
use time::Duration;
use tracing::warn;

/// The longest reason a person may give, in bytes.
const REASON_BYTES_MAX: usize = 2000;
/// Pages of waiting runs that are looked at in one round.
const WAITS_PAGES_MAX: usize = 50;
/// The shortest reason for breaking the glass, in letters.
const REASON_LETTERS_MIN: usize = 10;

/// A run that has no room.
#[derive(Debug, Clone)]
pub struct Breach<'a> {
    /// The run.
    pub run: RunId,
    /// Where.
    pub workspace: WorkspaceId,
    /// For whom the agent acts.
    pub person: PersonId,
    /// The agent.
    pub agent: &'a str,
    /// Before which step.
    pub step: u32,
    /// What the next answer may cost.
    pub need: Micros,
    /// What the run has cost.
    pub cost: Micros,
    /// Whether it is the run's own limit rather than a budget's.
    pub of_run: bool,
    /// Which limit has no room, in words.
    pub why: &'a str,
}

/// Writes down that a run waits. A run that waits already keeps waiting for the same decision.
pub async fn hold(tx: &mut Tx, office: &Office, breach: &Breach<'_>) -> Result<BudgetHoldRow, OfficeError> {
    if let Some(open) = budget_hold::open_of_run(tx, breach.run).await? {
        return Ok(open);
    }
    let now = office.clock.now();
    let row = BudgetHoldRow {
        budget_hold_id: office.ids.make(),
        workspace: breach.workspace,
        run: breach.run,
        person: breach.person,
        agent: breach.agent.to_owned(),
        step: breach.step,
        need: breach.need,
        cost: breach.cost,
        of_run: breach.of_run,
        why: breach.why.to_owned(),
        state: "held".to_owned(),
        allowed: None,
        allowed_until: None,
        broke_glass: false,
        decided_by: None,
        decided_at: None,
        reason: None,
        decided_audit: None,
        review: None,
        reviewed_by: None,
        reviewed_at: None,
        held_at: now,
        expires_at: now + Duration::hours(HOLD_HOURS),
    };
    budget_hold::insert(tx, &row).await?;
    let detail = json!({ "run": row.run, "step": row.step, "need_micros": row.need, "cost_micros": row.cost });
    audit::record(tx, office, Entry { action: "budget.hold", object: row.budget_hold_id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(row)
}

/// Runs that wait for room, oldest first, in one state or all; with `unreviewed`, only overrides nobody has reviewed.
pub async fn list(tx: &mut Tx, office: &Office, state: Option<&str>, unreviewed: bool, page: &Page) -> Result<Vec<BudgetHoldRow>, OfficeError> {
    if !tx.actor().may(Permission::BudgetsRead) {
        return Err(OfficeError::Denied("you may not see budgets".to_owned()));
    }
    let rows = budget_hold::list(tx, state, unreviewed, page).await?;
    with_reasons(tx, office, rows).await
}

/// The rows with the reasons that are sealed; whose personal details were erased gave none.
async fn with_reasons(tx: &mut Tx, office: &Office, mut rows: Vec<BudgetHoldRow>) -> Result<Vec<BudgetHoldRow>, OfficeError> {
    let entries: Vec<AuditId> = rows.iter().filter_map(|row| row.decided_audit).collect();
    if entries.is_empty() {
        return Ok(rows);
    }
    let found = opened(tx, office, &entries).await?;
    for row in &mut rows {
        if let Some(Opened::Details(details)) = row.decided_audit.and_then(|audit| found.get(&audit)) {
            row.reason = details.get("reason").and_then(|reason| reason.as_str().map(str::to_owned));
        }
    }
    Ok(rows)
}

/// One of them.
pub async fn get(tx: &mut Tx, office: &Office, id: BudgetHoldId) -> Result<BudgetHoldRow, OfficeError> {
    if !tx.actor().may(Permission::BudgetsRead) {
        return Err(OfficeError::Missing("budget hold"));
    }
    let row = budget_hold::find(tx, id).await?.ok_or(OfficeError::Missing("budget hold"))?;
    with_reasons(tx, office, vec![row]).await?.pop().ok_or(OfficeError::Missing("budget hold"))
}

/// Lets a run go on by an amount beyond what it has cost.
pub async fn allow(tx: &mut Tx, office: &Office, id: BudgetHoldId, amount: Micros, reason: &str) -> Result<(), OfficeError> {
    let person = decider(tx.actor(), Permission::BudgetsDecide)?;
    let reason = words(reason)?;
    let row = open(tx, office, id).await?;
    enough(&row, amount)?;
    let said = Said { state: "allowed", allowed: Some(amount), until: None, broke_glass: false, by: Some(person), reason, audit: None, at: office.clock.now() };
    let detail = json!({ "run": row.run, "amount_micros": amount, "need_micros": row.need });
    say(tx, office, &row, &said, "budget.allow", detail).await
}

/// Ends the wait: the run stops and says why.
pub async fn refuse(tx: &mut Tx, office: &Office, id: BudgetHoldId, reason: &str) -> Result<(), OfficeError> {
    let person = decider(tx.actor(), Permission::BudgetsDecide)?;
    let reason = words(reason)?;
    let row = open(tx, office, id).await?;
    let said = Said { state: "refused", allowed: None, until: None, broke_glass: false, by: Some(person), reason, audit: None, at: office.clock.now() };
    let detail = json!({ "run": row.run });
    say(tx, office, &row, &said, "budget.refuse", detail).await
}

/// Lets a run go on although one has not the role to decide: by little, for a short time, with a reason, and to be reviewed.
pub async fn break_glass(tx: &mut Tx, office: &Office, id: BudgetHoldId, amount: Micros, reason: &str, proven: Proven) -> Result<(), OfficeError> {
    let person = decider(tx.actor(), Permission::BreakGlass)?;
    if !proven.is_of(person) {
        return Err(OfficeError::Denied("somebody else proved who they are".to_owned()));
    }
    let Some(reason) = words(reason)?.filter(|reason| reason.chars().count() >= REASON_LETTERS_MIN) else {
        return Err(OfficeError::Invalid(format!("say why, in at least {REASON_LETTERS_MIN} letters: whoever reviews it reads that first")));
    };
    let row = open(tx, office, id).await?;
    enough(&row, amount)?;
    if amount > BREAK_GLASS_MICROS_MAX {
        return Err(OfficeError::Denied(format!("without the role for it at most {BREAK_GLASS_MICROS_MAX} at once; somebody with the role can allow more")));
    }
    let now = office.clock.now();
    let before = budget_hold::broken_since(tx, person, now - Duration::hours(24)).await?;
    if before.plus(amount) > BREAK_GLASS_DAY_MICROS_MAX {
        return Err(OfficeError::Denied(format!("you let {before} through in the last day already, and {BREAK_GLASS_DAY_MICROS_MAX} is the most")));
    }
    let until = now + Duration::hours(BREAK_GLASS_HOURS);
    let detail = json!({ "run": row.run, "amount_micros": amount, "need_micros": row.need, "until_ms": audit::at_ms(until), "must_be_reviewed": true });
    let entry = Entry { action: "budget.break_glass", object: id.to_string(), outcome: "done", detail, request_id: None };
    let audit = audit::record_about(tx, office, entry, Subject::Person(person), &json!({ "reason": reason })).await?;
    let said =
        Said { state: "allowed", allowed: Some(amount), until: Some(until), broke_glass: true, by: Some(person), reason: None, audit: Some(audit), at: now };
    if !budget_hold::say(tx, id, &said).await? {
        return Err(OfficeError::Conflict("somebody else decided first".to_owned()));
    }
    run::wake(tx, row.run).await?;
    warn!(tenant.id = %tx.actor().tenant, run.id = %row.run, "THE GLASS WAS BROKEN: a person without the role let a run go {amount} over its budget; somebody has to review `{id}`");
    Ok(())
}

/// What somebody else finds about a broken glass.
pub async fn review(tx: &mut Tx, office: &Office, id: BudgetHoldId, is_justified: bool) -> Result<(), OfficeError> {
    let person = decider(tx.actor(), Permission::BudgetsManage)?;
    let row = budget_hold::lock(tx, id).await?.ok_or(OfficeError::Missing("budget hold"))?;
    if !row.broke_glass {
        return Err(OfficeError::Conflict("the glass was not broken here; there is nothing to review".to_owned()));
    }
    if row.review.is_some() {
        return Err(OfficeError::Conflict("it is already reviewed".to_owned()));
    }
    if row.decided_by == Some(person) {
        return Err(OfficeError::Denied("nobody reviews what they did themselves".to_owned()));
    }
    let found = if is_justified { "justified" } else { "not_justified" };
    budget_hold::review(tx, id, found, person, office.clock.now()).await?;
    let detail = json!({ "run": row.run, "found": found });
    Ok(audit::record(tx, office, Entry { action: "budget.review", object: id.to_string(), outcome: "done", detail, request_id: None }).await?)
}

/// Closes those that nobody decided on in time. Returns how many.
pub async fn expire(tx: &mut Tx, office: &Office, most: i64) -> Result<usize, OfficeError> {
    let now = office.clock.now();
    let overdue = budget_hold::overdue(tx, now, most).await?;
    for id in &overdue {
        let Some(row) = budget_hold::lock(tx, *id).await?.filter(|row| row.state == "held") else { continue };
        let said = Said { state: "expired", allowed: None, until: None, broke_glass: false, by: None, reason: None, audit: None, at: now };
        let detail = json!({ "run": row.run });
        say(tx, office, &row, &said, "budget.expire", detail).await?;
    }
    Ok(overdue.len())
}

/// Lets runs go on whose budgets have room again: another run gave back what it had set aside, a limit was raised, or a new day began.
/// Nobody has to say so. Returns how many.
///
/// Whoever has waited longest goes first, and what is offered to one is not offered to the next: there is as much room as there is. Those
/// that still have none hold up nobody whose budgets have some.
pub async fn release(tx: &mut Tx, office: &Office, most: usize) -> Result<usize, OfficeError> {
    let (actor, now) = (tx.actor().clone(), office.clock.now());
    let (mut released, mut offered) = (0, BTreeMap::<(&str, String), Micros>::new());
    let mut page = Page::new(Some(PAGE_MAX), None);
    for _ in 0..WAITS_PAGES_MAX {
        let (rows, next) = page.cut(budget_hold::list(tx, Some("held"), false, &page).await?, |row| row.budget_hold_id.uuid());
        for row in rows.into_iter().filter(|row| !row.of_run) {
            let scopes = super::scopes_of(&actor, &row.agent, row.person, row.workspace);
            let amount = row.need.max(RESERVATION_LEAST);
            let before = scopes.iter().filter_map(|scope| offered.get(scope)).max().copied().unwrap_or(Micros(0));
            if !budget_hold::has_room(tx, &scopes, before.plus(amount), now).await? {
                continue;
            }
            let said = Said { state: "cancelled", allowed: None, until: None, broke_glass: false, by: None, reason: None, audit: None, at: now };
            let detail = json!({ "run": row.run });
            say(tx, office, &row, &said, "budget.release", detail).await?;
            for scope in scopes {
                let so_far = offered.entry(scope).or_insert(Micros(0));
                *so_far = so_far.plus(amount);
            }
            released += 1;
            if released == most {
                return Ok(released);
            }
        }
        let Some(cursor) = next else { break };
        page = Page::new(Some(PAGE_MAX), Some(cursor));
    }
    Ok(released)
}

/// Takes back what a run that has ended still waits for.
pub async fn withdraw(tx: &mut Tx, office: &Office, run: RunId) -> Result<(), OfficeError> {
    let Some(row) = budget_hold::open_of_run(tx, run).await? else { return Ok(()) };
    let said = Said { state: "cancelled", allowed: None, until: None, broke_glass: false, by: None, reason: None, audit: None, at: office.clock.now() };
    let detail = json!({ "run": run });
    say(tx, office, &row, &said, "budget.withdraw", detail).await
}

/// Sets an amount aside for a run that a person allowed to go over, in every budget it falls under.
pub async fn reserve_over(
    store: &Store,
    actor: &Actor,
    office: &Office,
    run: RunId,
    scopes: &[(&str, String)],
    amount: Micros,
) -> Result<ReservationId, OfficeError> {
    let now = office.clock.now();
    let id: ReservationId = office.ids.make();
    store.reserve_over(actor, id, run, scopes, amount, now, now + Duration::minutes(steward_core::limits::RESERVATION_MINUTES)).await?;
    Ok(id)
}

/// Who decides: a person, never a token or an agent, with this right.
fn decider(actor: &Actor, permission: Permission) -> Result<PersonId, OfficeError> {
    match (&actor.kind, actor.person) {
        (ActorKind::Person { .. }, Some(person)) if actor.may(permission) => Ok(person),
        _ => Err(OfficeError::Denied(format!("only a signed-in person with `{}` may do this; tokens and agents never do", permission.name()))),
    }
}

fn words(reason: &str) -> Result<Option<&str>, OfficeError> {
    let reason = reason.trim();
    if reason.len() > REASON_BYTES_MAX || reason.contains('\0') {
        return Err(OfficeError::Invalid(format!("a reason has at most {REASON_BYTES_MAX} bytes and no NUL")));
    }
    Ok((!reason.is_empty()).then_some(reason))
}

/// Whether the amount lets the next answer be asked for at all.
fn enough(row: &BudgetHoldRow, amount: Micros) -> Result<(), OfficeError> {
    if amount.0 <= 0 || amount < row.need {
        return Err(OfficeError::Invalid(format!("the next answer may cost {}; allow at least that", row.need)));
    }
    Ok(())
}

/// The waiting run, locked, still waiting and in time.
async fn open(tx: &mut Tx, office: &Office, id: BudgetHoldId) -> Result<BudgetHoldRow, OfficeError> {
    let row = budget_hold::lock(tx, id).await?.ok_or(OfficeError::Missing("budget hold"))?;
    if row.state != "held" {
        return Err(OfficeError::Conflict(format!("this is already {}", row.state)));
    }
    if row.expires_at <= office.clock.now() {
        return Err(OfficeError::Conflict("this has expired".to_owned()));
    }
    Ok(row)
}

async fn say(tx: &mut Tx, office: &Office, row: &BudgetHoldRow, said: &Said<'_>, action: &str, detail: serde_json::Value) -> Result<(), OfficeError> {
    match budget_hold::say(tx, row.budget_hold_id, said).await {
        Ok(true) => {}
        Ok(false) | Err(StoreError::Refused { .. }) => return Err(OfficeError::Conflict("somebody else decided first".to_owned())),
        Err(err) => return Err(err.into()),
    }
    audit::record(tx, office, Entry { action, object: row.budget_hold_id.to_string(), outcome: "done", detail, request_id: None }).await?;
    run::wake(tx, row.run).await?;
    Ok(())
}
