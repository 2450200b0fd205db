//! Merges another contact into one that stays.

use super::ContactView;
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::routes::records::integrity_of;
use http::StatusCode;
use serde::Deserialize;
use steward_core::ContactId;
use steward_office::crm::{self, Choice, CrmError, Merge, Side};
use utoipa::ToSchema;

/// Whose value is kept.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SideView {
    /// The one of the contact that stays.
    Kept,
    /// The one of the contact that is merged away.
    Other,
}

impl From<SideView> for Side {
    fn from(side: SideView) -> Self {
        match side {
            SideView::Kept => Self::Kept,
            SideView::Other => Self::Other,
        }
    }
}

/// Whose value each field has afterwards. Where nothing is said it is the one of the contact that stays, or where that has none, the other's.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoiceOf {
    display_name: Option<SideView>,
    given_name: Option<SideView>,
    family_name: Option<SideView>,
    company: Option<SideView>,
    job_title: Option<SideView>,
    birthday: Option<SideView>,
}

/// What is merged, as it was looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeOf {
    /// The version of the contact that stays.
    version: i32,
    /// The contact that is merged away, of the same workspace.
    #[schema(value_type = String)]
    other_id: ContactId,
    /// Its version.
    other_version: i32,
    #[serde(default)]
    choose: ChoiceOf,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Merge another contact into this one")
        .body::<MergeOf>()
        .answers::<ContactView>("200", "The contact that stays. Addresses, numbers and tags are joined; deals and notes went along.")
        .refuses("409", "One of the two was changed or merged meanwhile.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ContactId>, Json(wanted): Json<MergeOf>) -> Answer {
    let mut tx = caller.begin().await?;
    let ChoiceOf { display_name, given_name, family_name, company, job_title, birthday } = wanted.choose;
    let side = |side: Option<SideView>| side.map(Side::from);
    let choice = Choice {
        display_name: side(display_name),
        given_name: side(given_name),
        family_name: side(family_name),
        company: side(company),
        job_title: side(job_title),
        birthday: side(birthday),
    };
    let merge = Merge { version: wanted.version, other: wanted.other_id, other_version: wanted.other_version, choice };
    let merged = crm::merge_contacts(&mut tx, caller.office(), id, &merge, integrity_of(&caller)).await;
    let merged = merged.map_err(|err| match err {
        CrmError::NoContact(contact) if contact == wanted.other_id => ApiError::field("/other_id", "there is no such contact in this workspace"),
        other => other.into(),
    })?;
    caller.commit(tx, StatusCode::OK, &ContactView::from(merged)).await
}
