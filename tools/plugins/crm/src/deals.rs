//! Deals in the pipeline, to look at.

use crate::paging::{LIMIT_MAX, counted, page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steward_plugin_sdk::{Answer, Answered, Line, Request, crm};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListDeals {
    /// Only deals with this company.
    company_id: Option<Line>,
    /// Only deals with this contact.
    contact_id: Option<Line>,
    /// Only deals in this stage.
    stage: Option<Line>,
    /// How many at most.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: Option<u32>,
    /// The `next` of the page before, to go on reading.
    after: Option<Line>,
}

#[derive(Serialize, JsonSchema)]
pub struct Money {
    /// In the currency's smallest unit.
    minor: i64,
    /// ISO 4217 code.
    currency: String,
}

#[derive(Serialize, JsonSchema)]
pub struct Deal {
    id: String,
    title: String,
    stage: String,
    amount: Option<Money>,
    company_id: Option<String>,
    contact_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Deals {
    deals: Vec<Deal>,
    /// Give it as `after` to read on; null when this is the end.
    next: Option<String>,
}

impl From<crm::Deal> for Deal {
    fn from(deal: crm::Deal) -> Self {
        let crm::Deal { id, title, stage, amount, company_id, contact_id } = deal;
        Self { id, title, stage, amount: amount.map(|money| Money { minor: money.minor, currency: money.currency }), company_id, contact_id }
    }
}

pub(crate) fn list(wanted: ListDeals, _: &Request) -> Answered<Deals> {
    let filter =
        crm::DealFilter { company_id: wanted.company_id.map(Into::into), contact_id: wanted.contact_id.map(Into::into), stage: wanted.stage.map(Into::into) };
    let found = crm::list_deals(&filter, &page(wanted.limit, wanted.after))?;
    let deals: Vec<Deal> = found.items.into_iter().map(Deal::from).collect();
    let summary = counted(deals.len(), "deal", "deals", found.next.is_some());
    Ok(Answer::new(Deals { deals, next: found.next }, summary))
}
