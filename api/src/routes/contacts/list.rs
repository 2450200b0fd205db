//! Lists and searches contacts.

use super::ContactView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Deserialize;
use steward_core::{CompanyId, WorkspaceId};
use steward_office::crm::{self, ContactQuery};
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
    Doc::new("List and search contacts").query::<Wanted>().answers_page::<ContactView>("Contacts, by name.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
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
