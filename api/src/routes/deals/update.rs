//! Changes a deal.

use super::{Amount, DealView};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::routes::records::{integrity_of, named_in_body};
use http::StatusCode;
use serde::Deserialize;
use steward_core::{CompanyId, ContactId, DealId, Money};
use steward_office::crm;
use utoipa::ToSchema;

/// A change of a deal: what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DealChange {
    /// The version the change is made for.
    version: i32,
    title: Option<String>,
    stage: Option<String>,
    /// A company of the same workspace.
    #[schema(value_type = Option<String>)]
    company_id: Option<CompanyId>,
    /// A contact of the same workspace.
    #[schema(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    /// Not negative; `no_amount` takes it away.
    amount: Option<Amount>,
    #[serde(default)]
    no_amount: bool,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Change a deal").body::<DealChange>().answers::<DealView>("200", "The deal.").refuses("409", "Somebody changed it since that version.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<DealId>, Json(change): Json<DealChange>) -> Answer {
    let mut tx = caller.begin().await?;
    let patch = crm::DealPatch {
        title: change.title,
        stage: change.stage,
        company_id: change.company_id,
        contact_id: change.contact_id,
        amount: change.amount.map(Money::from),
        no_amount: change.no_amount,
    };
    let changed = crm::update_deal(&mut tx, caller.office(), id, change.version, &patch, integrity_of(&caller)).await.map_err(named_in_body)?;
    let view = DealView::of_one(&mut tx, changed).await?;
    caller.commit(tx, StatusCode::OK, &view).await
}
