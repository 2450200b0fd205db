//! Lists deals.

use super::DealView;
use crate::auth::{Answer, Caller, json};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::{Order, PageOf};
use http::StatusCode;
use serde::Deserialize;
use steward_core::{CompanyId, ContactId, WorkspaceId};
use steward_office::crm::{self, DealFilter};
use utoipa::IntoParams;

/// Which deals.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only this stage.
    stage: Option<String>,
    /// Only this workspace.
    #[param(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// Only this company.
    #[param(value_type = Option<String>)]
    company_id: Option<CompanyId>,
    /// Only this contact.
    #[param(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    /// `oldest` or `newest` first; `oldest` without it.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    order: Order,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, in the same order.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List deals").query::<Wanted>().answers_page::<DealView>("Deals, in the order asked for.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let mut tx = caller.begin().await?;
    let filter = DealFilter { workspace: wanted.workspace_id, stage: wanted.stage, company: wanted.company_id, contact: wanted.contact_id };
    let found = match wanted.order {
        Order::Oldest => crm::list_deals(&mut tx, &filter, &page).await?,
        Order::Newest => crm::list_deals_newest(&mut tx, &filter, &page).await?,
    };
    let views = DealView::of(&mut tx, found.items).await?;
    json(StatusCode::OK, &PageOf::new(views, found.next, |view| view))
}
