//! Deals.

pub(crate) mod add_note;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod notes;
pub(crate) mod show;
pub(crate) mod update;

use serde::{Deserialize, Serialize};
use steward_core::{CompanyId, ContactId, Currency, DealId, Integrity, Money, WorkspaceId};
use steward_office::crm::Deal;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// An amount in the currency's minor unit, for example cents.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Amount {
    #[schema(example = 1250)]
    minor: i64,
    #[schema(value_type = String, example = "EUR", pattern = "^[A-Z]{3}$")]
    currency: Currency,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self { minor: money.minor, currency: money.currency }
    }
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        Self { minor: amount.minor, currency: amount.currency }
    }
}

/// A deal, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DealView {
    #[schema(value_type = String, example = "deal_01k4…")]
    deal_id: DealId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    title: String,
    stage: String,
    #[schema(value_type = Option<String>)]
    company_id: Option<CompanyId>,
    #[schema(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    amount: Option<Amount>,
    /// Lowest integrity of the texts it was written from.
    #[schema(value_type = String)]
    integrity: Integrity,
    /// Grows with every change; a change names the version it was made for.
    version: i32,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    changed_at: OffsetDateTime,
}

impl From<Deal> for DealView {
    fn from(deal: Deal) -> Self {
        Self {
            deal_id: deal.deal_id,
            workspace_id: deal.workspace_id,
            title: deal.title,
            stage: deal.stage,
            company_id: deal.company_id,
            contact_id: deal.contact_id,
            amount: deal.amount.map(Amount::from),
            integrity: deal.integrity,
            version: deal.version,
            created_at: deal.created_at,
            changed_at: deal.changed_at,
        }
    }
}
