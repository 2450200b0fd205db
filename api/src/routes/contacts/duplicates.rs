//! Lists contacts that look like one person.

use super::ContactView;
use crate::auth::{Answer, Caller, json};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::WorkspaceId;
use steward_office::crm::{self, Alike, AlikeTo, Group};
use utoipa::{IntoParams, ToSchema};

/// Of which workspace.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedDuplicates {
    /// Only this workspace.
    #[param(value_type = Option<String>)]
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// Most groups, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// What two contacts have in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlikeView {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// Name and company, or the name where neither has a company.
    Name,
}

/// A contact that looks like an older one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlikeToView {
    contact: ContactView,
    /// What the two have in common.
    why: Vec<AlikeView>,
}

/// Contacts that look like one person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DuplicatesView {
    /// The oldest of them.
    contact: ContactView,
    /// The others, oldest first, 20 at most.
    others: Vec<AlikeToView>,
}

impl From<AlikeTo> for AlikeToView {
    fn from(other: AlikeTo) -> Self {
        let why = other.why.into_iter().map(|why| match why {
            Alike::Email => AlikeView::Email,
            Alike::Phone => AlikeView::Phone,
            Alike::Name => AlikeView::Name,
        });
        Self { contact: other.contact.into(), why: why.collect() }
    }
}

impl From<Group> for DuplicatesView {
    fn from(group: Group) -> Self {
        Self { contact: group.contact.into(), others: group.others.into_iter().map(AlikeToView::from).collect() }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List contacts that look like one person").query::<WantedDuplicates>().answers_page::<DuplicatesView>(
        "Groups of contacts of one workspace that have an address, a number, or name and company in common, by the oldest of each.",
    )
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<WantedDuplicates>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let mut tx = caller.begin().await?;
    let found = crm::find_alike(&mut tx, wanted.workspace_id, &page).await?;
    json(StatusCode::OK, &PageOf::new(found.items, found.next, DuplicatesView::from))
}
