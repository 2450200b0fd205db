//! Makes a budget, or changes the limit of the one there is.

use super::BudgetView;
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_core::{Micros, PersonId, WorkspaceId};
use steward_office::budgets;
use steward_store::{StoreError, Tx, person, workspace};
use utoipa::ToSchema;

/// What a budget is for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BudgetScope {
    Organisation,
    Workspace,
    Person,
    Agent,
}

/// How long a budget's limit lasts.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BudgetPeriod {
    Day,
    Month,
    Total,
}

/// A budget to make or change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBudget {
    scope: BudgetScope,
    /// The id of a workspace or person, or an agent's name; absent for the organisation.
    scope_id: Option<String>,
    period: BudgetPeriod,
    /// The limit, in millionths of a US dollar.
    #[schema(minimum = 0)]
    cap_micros: i64,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Make a budget or change its limit").body::<NewBudget>().answers::<BudgetView>("200", "The budget.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewBudget>) -> Answer {
    if new.cap_micros < 0 {
        return Err(ApiError::field("/cap_micros", "a limit is not negative"));
    }
    let mut tx = caller.begin().await?;
    let (scope, scope_id) = scope(&caller, &mut tx, &new).await?;
    let period = match new.period {
        BudgetPeriod::Day => "day",
        BudgetPeriod::Month => "month",
        BudgetPeriod::Total => "total",
    };
    budgets::put(&mut tx, caller.office(), scope, &scope_id, period, Micros(new.cap_micros)).await?;
    let rows = budgets::list(&mut tx).await?;
    let made = rows.into_iter().find(|row| row.scope == scope && row.scope_id == scope_id && row.period == period).ok_or(StoreError::Missing)?;
    caller.commit(tx, StatusCode::OK, &BudgetView::from(made)).await
}

/// The scope's name and which one. A budget of something that is not there would limit nothing and look as if it did.
async fn scope(caller: &Caller, tx: &mut Tx, new: &NewBudget) -> Result<(&'static str, String), ApiError> {
    let refuse = |message: &str| ApiError::field("/scope_id", message);
    let given = new.scope_id.as_deref();
    match new.scope {
        BudgetScope::Organisation if given.is_none() => Ok(("organisation", caller.actor().tenant.to_string())),
        BudgetScope::Organisation => Err(refuse("leave it out: there is one organisation")),
        BudgetScope::Workspace => {
            let id: WorkspaceId = given.unwrap_or_default().parse().map_err(|_| refuse("give a workspace's id"))?;
            found(workspace::get(tx, id).await, refuse("there is no such workspace"))?;
            Ok(("workspace", id.to_string()))
        }
        BudgetScope::Person => {
            let id: PersonId = given.unwrap_or_default().parse().map_err(|_| refuse("give a person's id"))?;
            found(person::get(tx, id).await, refuse("there is no such person"))?;
            Ok(("person", id.to_string()))
        }
        BudgetScope::Agent => {
            let name = given.filter(|name| caller.state().agents.contains_key(*name)).ok_or_else(|| refuse("give the name of an agent"))?;
            Ok(("agent", name.to_owned()))
        }
    }
}

fn found<T>(looked: Result<T, StoreError>, missing: ApiError) -> Result<(), ApiError> {
    match looked {
        Ok(_) => Ok(()),
        Err(StoreError::Missing) => Err(missing),
        Err(err) => Err(err.into()),
    }
}
