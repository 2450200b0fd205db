//! Companies the organisation knows.

use crate::paging::{LIMIT_MAX, counted, page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steward_plugin_sdk::{Answer, Answered, Line, Preview, PreviewLine, Previewed, Request, crm, crm_write};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindCompanies {
    /// Words to look for in names. Empty lists all companies.
    #[serde(default)]
    query: Line,
    /// How many at most.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: Option<u32>,
    /// The `next` of the page before, to go on reading.
    after: Option<Line>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetCompany {
    /// Id of the company, as found by crm.find_companies.
    company_id: Line,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCompany {
    /// Name of the company.
    #[schemars(length(min = 1))]
    name: Line,
    /// Address of its web site.
    website: Option<Line>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCompany {
    /// Id of the company, as found by crm.find_companies.
    company_id: Line,
    /// New name.
    #[schemars(length(min = 1))]
    name: Option<Line>,
    /// New address of its web site; an empty text takes it away.
    website: Option<Line>,
}

#[derive(Serialize, JsonSchema)]
pub struct Company {
    id: String,
    name: String,
    website: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Companies {
    companies: Vec<Company>,
    /// Give it as `after` to read on; null when this is the end.
    next: Option<String>,
}

impl From<crm::Company> for Company {
    fn from(company: crm::Company) -> Self {
        let crm::Company { id, name, website } = company;
        Self { id, name, website }
    }
}

pub(crate) fn find(wanted: FindCompanies, _: &Request) -> Answered<Companies> {
    let found = crm::find_companies(wanted.query.as_str(), &page(wanted.limit, wanted.after))?;
    let companies: Vec<Company> = found.items.into_iter().map(Company::from).collect();
    let summary = counted(companies.len(), "company", "companies", found.next.is_some());
    Ok(Answer::new(Companies { companies, next: found.next }, summary))
}

pub(crate) fn get(wanted: GetCompany, _: &Request) -> Answered<Company> {
    let company = Company::from(crm::get_company(wanted.company_id.as_str())?);
    let summary = company.name.clone();
    Ok(Answer::new(company, summary))
}

pub(crate) fn create(new: CreateCompany, _: &Request) -> Answered<Company> {
    let company = Company::from(crm_write::create_company(&crm_write::NewCompany { name: new.name.into(), website: new.website.map(Into::into) })?);
    let summary = format!("created company {}", company.name);
    Ok(Answer::new(company, summary))
}

pub(crate) fn update(change: UpdateCompany, _: &Request) -> Answered<Company> {
    let patch = crm_write::CompanyPatch { name: change.name.map(Into::into), website: change.website.map(Into::into) };
    let company = Company::from(crm_write::update_company(change.company_id.as_str(), &patch)?);
    let summary = format!("changed company {}", company.name);
    Ok(Answer::new(company, summary))
}

/// The company as it is, beside what the change would make of it.
pub(crate) fn would_update(change: UpdateCompany, _: &Request) -> Previewed {
    let now = crm::get_company(change.company_id.as_str())?;
    let text = |label, before: Option<String>, after: Option<Line>| {
        let after = String::from(after?);
        PreviewLine::change(label, before, (!after.is_empty()).then_some(after))
    };
    let lines = [text("name", Some(now.name.clone()), change.name), text("website", now.website, change.website)];
    Ok(Preview { title: format!("Changes the company {}", now.name), lines: lines.into_iter().flatten().collect() })
}
