//! Lists and searches contacts.

use super::ContactView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::export::{contact_csv, contact_csv_header};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::{PageOf, exports};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use steward_core::{CompanyId, WorkspaceId};
use steward_office::crm::{self, ContactQuery, CrmError};
use steward_store::{Cursor, Page};
use utoipa::IntoParams;

/// Which contacts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Words that must all appear in the name, an address, a number, a tag, the job title or the company's name.
    q: Option<String>,
    /// Exactly this e-mail address; not together with `q`, `company_id`, `limit` or `cursor`.
    email: Option<String>,
    /// Only this workspace.
    #[param(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// Only this company.
    #[param(value_type = Option<String>)]
    company_id: Option<CompanyId>,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List and search contacts")
        .about(
            "With `Accept: text/csv` all that are found leave as a file with the columns of Google Contacts, which an import takes again; that is on record.",
        )
        .query::<Wanted>()
        .answers_page::<ContactView>("Contacts, by name.")
        .answers_as("200", "text/csv", "")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    if exports::wants_csv(&headers) && wanted.email.is_none() {
        let query = ContactQuery { text: wanted.q.unwrap_or_default(), workspace: wanted.workspace_id, company: wanted.company_id };
        return export(caller, query, page.after).await;
    }
    let mut tx = caller.begin().await?;
    if let Some(email) = &wanted.email {
        if wanted.q.is_some() || wanted.company_id.is_some() || wanted.limit.is_some() || wanted.cursor.is_some() {
            return Err(ApiError::field("email", "stands alone, or with `workspace_id`"));
        }
        let found = crm::find_contacts_by_email(&mut tx, wanted.workspace_id, email).await?;
        return json(StatusCode::OK, &PageOf::new(found, None, ContactView::from));
    }
    let query = ContactQuery { text: wanted.q.unwrap_or_default(), workspace: wanted.workspace_id, company: wanted.company_id };
    let found = crm::find_contacts(&mut tx, &query, &page).await?;
    json(StatusCode::OK, &PageOf::new(found.items, found.next, ContactView::from))
}

async fn export(caller: Caller, query: ContactQuery, after: Option<Cursor>) -> Answer {
    exports::on_record(&caller, "contact.export").await?;
    let (lines, next) = read(&caller, &query, exports::page_after(after)).await?;
    let body = exports::body(format!("{}\r\n{lines}", contact_csv_header()), next, move |page| {
        let (caller, query) = (caller.clone(), query.clone());
        async move { read(&caller, &query, page).await }
    });
    Ok(exports::csv_file(body, "attachment; filename=\"contacts.csv\""))
}

async fn read(caller: &Caller, query: &ContactQuery, page: Page) -> Result<(String, Option<Cursor>), CrmError> {
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let found = crm::find_contacts(&mut tx, query, &page).await?;
    Ok((found.items.iter().map(|contact| format!("{}\r\n", contact_csv(contact))).collect(), found.next))
}
