//! Lists proposed moves of prompt labels.

use super::{LabelProposalView, view};
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use crate::routes::policy_proposals::list::Wanted;
use http::StatusCode;
use steward_office::changes::{self, ChangeKind, STATES};

pub(crate) fn doc() -> Doc {
    Doc::new("List proposed moves of prompt labels").query::<Wanted>().answers_page::<LabelProposalView>("Proposals, newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    if wanted.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(ApiError::field("state", format!("give one of {}", STATES.join(", "))));
    }
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let mut tx = caller.begin().await?;
    let rows = changes::list(&mut tx, ChangeKind::PromptLabel, wanted.state.as_deref(), &page).await?;
    let (rows, next) = page.cut(rows, |row| row.governance_change_id.uuid());
    let reasons = changes::reasons(&mut tx, caller.office(), &rows).await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in &rows {
        views.push(view(&mut tx, &caller, row, &reasons).await?);
    }
    json(StatusCode::OK, &PageOf::new(views, next, |view| view))
}
