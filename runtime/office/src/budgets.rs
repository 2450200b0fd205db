//! Budgets: what agents may spend on models, by organisation, workspace, person and agent.

pub mod holds;

use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use serde_json::json;
use steward_core::limits::RESERVATION_MINUTES;
use steward_core::{Actor, Micros, Permission, PersonId, ReservationId, RunId, WorkspaceId, Workspaces};
use steward_store::budget::{self, BudgetRow};
use steward_store::step::Reserve;
use steward_store::{Store, Tx};
use time::Duration;

/// The scopes a budget can have.
const SCOPES: [&str; 4] = ["organisation", "workspace", "person", "agent"];
/// The periods a budget can have.
const PERIODS: [&str; 3] = ["day", "month", "total"];

/// Budgets with what is spent and set aside: all of them, or, for somebody who sees only some workspaces, those of these workspaces.
pub async fn list(tx: &mut Tx) -> Result<Vec<BudgetRow>, OfficeError> {
    if !tx.actor().may(Permission::BudgetsRead) {
        return Err(OfficeError::Denied("you may not see budgets".to_owned()));
    }
    let rows = budget::list(tx).await?;
    Ok(match &tx.actor().workspaces {
        Workspaces::All => rows,
        Workspaces::Only(seen) => {
            let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
            rows.into_iter().filter(|row| row.scope == "workspace" && seen.contains(&row.scope_id)).collect()
        }
    })
}

/// Makes a budget or changes its limit.
pub async fn put(tx: &mut Tx, office: &Office, scope: &str, scope_id: &str, period: &str, cap: Micros) -> Result<(), OfficeError> {
    if !tx.actor().may(Permission::BudgetsManage) {
        return Err(OfficeError::Denied("only an owner may change budgets".to_owned()));
    }
    if !SCOPES.contains(&scope) {
        return Err(OfficeError::Invalid(format!("`{scope}` is no scope; scopes are {}", SCOPES.join(", "))));
    }
    if !PERIODS.contains(&period) {
        return Err(OfficeError::Invalid(format!("`{period}` is no period; periods are {}", PERIODS.join(", "))));
    }
    if cap.0 < 0 {
        return Err(OfficeError::Invalid("a limit is not negative".to_owned()));
    }
    let scope_id = if scope == "organisation" { tx.actor().tenant.to_string() } else { scope_id.to_owned() };
    budget::put(tx, office.ids.make(), scope, &scope_id, period, cap, office.clock.now()).await?;
    let detail = json!({ "scope": scope, "scope_id": scope_id, "period": period, "cap_micros": cap });
    audit::record(tx, office, Entry { action: "budget.put", object: format!("{scope}/{scope_id}/{period}"), outcome: "done", detail, request_id: None })
        .await?;
    Ok(())
}

/// Sets an amount aside for a run in every budget it falls under. None, and nothing is set aside, when one of them has no room.
#[expect(clippy::too_many_arguments, reason = "what a run is pinned to, each once")]
pub async fn reserve(
    store: &Store,
    actor: &Actor,
    office: &Office,
    run: RunId,
    agent: &str,
    person: PersonId,
    workspace: WorkspaceId,
    amount: Micros,
) -> Result<Option<ReservationId>, OfficeError> {
    let now = office.clock.now();
    let id: ReservationId = office.ids.make();
    let scopes = scopes_of(actor, agent, person, workspace);
    let room = store.reserve(actor, id, run, &scopes, amount, now, now + Duration::minutes(RESERVATION_MINUTES)).await?;
    Ok(room.then_some(id))
}

/// The same as something to be set aside with a step of the run.
pub fn to_reserve(actor: &Actor, office: &Office, agent: &str, person: PersonId, workspace: WorkspaceId, amount: Micros) -> Reserve {
    let expires_at = office.clock.now() + Duration::minutes(RESERVATION_MINUTES);
    Reserve { id: office.ids.make(), scopes: scopes_of(actor, agent, person, workspace), amount, expires_at }
}

/// What a run's budgets are named by.
pub fn scopes_of(actor: &Actor, agent: &str, person: PersonId, workspace: WorkspaceId) -> [(&'static str, String); 4] {
    [("organisation", actor.tenant.to_string()), ("workspace", workspace.to_string()), ("person", person.to_string()), ("agent", agent.to_owned())]
}

/// Gives back what a dead worker's run had set aside, charging what it had cost by then.
pub async fn expire(tx: &mut Tx, id: ReservationId) -> Result<bool, OfficeError> {
    let Some(run) = budget::open_run(tx, id).await? else { return Ok(false) };
    let cost = steward_store::run::find(tx, run).await?.map_or(Micros(0), |row| Micros(row.cost_micros));
    budget::settle_run(tx, run, cost, "expired").await?;
    Ok(true)
}
