//! Deals.

pub(crate) mod add_note;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod notes;
pub(crate) mod show;
pub(crate) mod stages;
pub(crate) mod update;

use crate::error::ApiError;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use steward_core::{CompanyId, ContactId, Currency, DealId, Integrity, Money, WorkspaceId};
use steward_office::crm::{self, Deal};
use steward_store::Tx;
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
    /// What that company is called.
    company_name: Option<String>,
    #[schema(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    /// What that contact is called.
    contact_name: Option<String>,
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

impl DealView {
    /// Shows deals, with what their companies and contacts are called.
    pub(crate) async fn of(tx: &mut Tx, deals: Vec<Deal>) -> Result<Vec<Self>, ApiError> {
        let companies: Vec<CompanyId> = deals.iter().filter_map(|deal| deal.company_id).collect();
        let contacts: Vec<ContactId> = deals.iter().filter_map(|deal| deal.contact_id).collect();
        let companies = crm::company_names(tx, &companies).await?;
        let contacts = crm::contact_names(tx, &contacts).await?;
        Ok(deals.into_iter().map(|deal| Self::named(deal, &companies, &contacts)).collect())
    }

    /// Shows one deal.
    pub(crate) async fn of_one(tx: &mut Tx, deal: Deal) -> Result<Self, ApiError> {
        let companies = crm::company_names(tx, deal.company_id.as_slice()).await?;
        let contacts = crm::contact_names(tx, deal.contact_id.as_slice()).await?;
        Ok(Self::named(deal, &companies, &contacts))
    }

    fn named(deal: Deal, companies: &HashMap<CompanyId, String>, contacts: &HashMap<ContactId, String>) -> Self {
        Self {
            deal_id: deal.deal_id,
            workspace_id: deal.workspace_id,
            title: deal.title,
            stage: deal.stage,
            company_id: deal.company_id,
            company_name: deal.company_id.and_then(|company| companies.get(&company).cloned()),
            contact_id: deal.contact_id,
            contact_name: deal.contact_id.and_then(|contact| contacts.get(&contact).cloned()),
            amount: deal.amount.map(Amount::from),
            integrity: deal.integrity,
            version: deal.version,
            created_at: deal.created_at,
            changed_at: deal.changed_at,
        }
    }
}
