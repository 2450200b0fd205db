//! Makes a deal.

use super::{Amount, DealView};
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::records::{integrity_of, named_in_body, workspace_for};
use http::StatusCode;
use serde::Deserialize;
use steward_core::{CompanyId, ContactId, Money, WorkspaceId};
use steward_office::crm;
use utoipa::ToSchema;

/// What a new deal is made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDeal {
    /// Where; the only workspace one sees without it.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    #[schema(min_length = 1, max_length = 300)]
    title: String,
    #[schema(min_length = 1, max_length = 60)]
    stage: String,
    /// A company of the same workspace.
    #[schema(value_type = Option<String>)]
    company_id: Option<CompanyId>,
    /// A contact of the same workspace.
    #[schema(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    /// Not negative.
    amount: Option<Amount>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Make a deal").body::<NewDeal>().answers::<DealView>("201", "The deal.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewDeal>) -> Answer {
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, "/workspace_id", new.workspace_id).await?;
    let new = crm::NewDeal { title: new.title, stage: new.stage, company_id: new.company_id, contact_id: new.contact_id, amount: new.amount.map(Money::from) };
    let made = crm::create_deal(&mut tx, caller.office(), workspace, &new, integrity_of(&caller)).await.map_err(named_in_body)?;
    let view = DealView::of_one(&mut tx, made).await?;
    caller.commit(tx, StatusCode::CREATED, &view).await
}
