//! Lists and searches companies.

use super::CompanyView;
use crate::auth::{Answer, Caller, json};
use crate::export::{COMPANY_CSV_HEADER, company_csv};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::{PageOf, exports};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use steward_core::WorkspaceId;
use steward_office::crm::{self, CompanyQuery, CrmError};
use steward_store::{Cursor, Page};
use utoipa::IntoParams;

/// Which companies.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Words that must all appear in the name.
    q: Option<String>,
    /// Only this workspace.
    #[param(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List and search companies")
        .about("With `Accept: text/csv` all that are found leave as a file; that is on record.")
        .query::<Wanted>()
        .answers_page::<CompanyView>("Companies.")
        .answers_as("200", "text/csv", "")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let query = CompanyQuery { text: wanted.q.unwrap_or_default(), workspace: wanted.workspace_id };
    if exports::wants_csv(&headers) {
        return export(caller, query, page.after).await;
    }
    let mut tx = caller.begin().await?;
    let found = crm::find_companies(&mut tx, &query, &page).await?;
    json(StatusCode::OK, &PageOf::new(found.items, found.next, CompanyView::from))
}

async fn export(caller: Caller, query: CompanyQuery, after: Option<Cursor>) -> Answer {
    exports::on_record(&caller, "company.export").await?;
    let (lines, next) = read(&caller, &query, exports::page_after(after)).await?;
    let body = exports::body(format!("{COMPANY_CSV_HEADER}\r\n{lines}"), next, move |page| {
        let (caller, query) = (caller.clone(), query.clone());
        async move { read(&caller, &query, page).await }
    });
    Ok(exports::csv_file(body, "attachment; filename=\"companies.csv\""))
}

async fn read(caller: &Caller, query: &CompanyQuery, page: Page) -> Result<(String, Option<Cursor>), CrmError> {
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let found = crm::find_companies(&mut tx, query, &page).await?;
    Ok((found.items.iter().map(|company| format!("{}\r\n", company_csv(company))).collect(), found.next))
}
