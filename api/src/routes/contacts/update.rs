//! Changes a contact.

use super::{ContactView, PointView, points};
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::routes::records::{integrity_of, named_in_body};
use http::StatusCode;
use serde::Deserialize;
use steward_core::{CompanyId, ContactId};
use steward_office::crm::{self, CrmError};
use utoipa::ToSchema;

/// A change of a contact: what is absent stays, an empty text clears, a list replaces the list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactChange {
    /// The version the change is made for.
    version: i32,
    display_name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    /// A company of the same workspace; `no_company` takes it away.
    #[schema(value_type = Option<String>)]
    company_id: Option<CompanyId>,
    #[serde(default)]
    no_company: bool,
    job_title: Option<String>,
    emails: Option<Vec<PointView>>,
    phones: Option<Vec<PointView>>,
    urls: Option<Vec<PointView>>,
    addresses: Option<Vec<PointView>>,
    tags: Option<Vec<String>>,
    /// `YYYY-MM-DD`, or `--MM-DD` without a year.
    birthday: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Change a contact")
        .body::<ContactChange>()
        .answers::<ContactView>("200", "The contact.")
        .refuses("409", "Somebody changed it since that version, or another contact has one of the addresses.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ContactId>, Json(change): Json<ContactChange>) -> Answer {
    let mut tx = caller.begin().await?;
    let patch = crm::ContactPatch {
        display_name: change.display_name,
        given_name: change.given_name,
        family_name: change.family_name,
        company_id: change.company_id,
        no_company: change.no_company,
        job_title: change.job_title,
        emails: change.emails.map(points),
        phones: change.phones.map(points),
        urls: change.urls.map(points),
        addresses: change.addresses.map(points),
        tags: change.tags,
        birthday: change.birthday,
    };
    let changed = crm::update_contact(&mut tx, caller.office(), id, change.version, &patch, integrity_of(&caller)).await;
    let changed = changed.map_err(|err| match err {
        CrmError::NoContact(_) => ApiError::missing(),
        other => named_in_body(other),
    })?;
    caller.commit(tx, StatusCode::OK, &ContactView::from(changed)).await
}
