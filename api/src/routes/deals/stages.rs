//! Lists the stages that deals stand at.

use super::Amount;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::openapi::Doc;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::WorkspaceId;
use steward_office::crm::{self, StageRow, Stages};
use utoipa::{IntoParams, ToSchema};

/// Of which workspace.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only this workspace.
    #[param(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
}

/// A stage, with what stands at it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StageView {
    stage: String,
    /// How many deals.
    count: i64,
    /// What they are worth together, for each currency by itself.
    amounts: Vec<Amount>,
}

/// Stages that deals stand at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StagesView {
    /// In the order of their names, 100 at most: those with the most deals.
    items: Vec<StageView>,
    /// Whether there are more stages than these.
    is_cut: bool,
}

impl From<StageRow> for StageView {
    fn from(row: StageRow) -> Self {
        Self { stage: row.stage, count: row.count, amounts: row.amounts.into_iter().map(Amount::from).collect() }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List the stages of deals").query::<Wanted>().answers::<StagesView>("200", "Stages that deals stand at, with how many and what they are worth.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let mut tx = caller.begin().await?;
    let Stages { items, is_cut } = crm::list_stages(&mut tx, wanted.workspace_id).await?;
    json(StatusCode::OK, &StagesView { items: items.into_iter().map(StageView::from).collect(), is_cut })
}
