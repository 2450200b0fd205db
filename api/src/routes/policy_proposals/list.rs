//! Lists proposed changes of the rules.

use super::{ProposalView, live};
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Deserialize;
use steward_office::changes::{self, ChangeKind, STATES};
use utoipa::IntoParams;

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only these, for example `proposed` for what waits now.
    pub(crate) state: Option<String>,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List proposed changes of the rules").query::<Wanted>().answers_page::<ProposalView>("Proposals, newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    if wanted.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(ApiError::field("state", format!("give one of {}", STATES.join(", "))));
    }
    answer(&caller, wanted.state.as_deref(), wanted.limit, wanted.cursor.as_deref()).await
}

/// A page of them.
pub(crate) async fn answer(caller: &Caller, state: Option<&str>, limit: Option<u32>, cursor: Option<&str>) -> Answer {
    let page = page(limit, cursor)?;
    let mut tx = caller.begin().await?;
    let rows = changes::list(&mut tx, ChangeKind::Policy, state, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.governance_change_id.uuid());
    let reasons = changes::reasons(&mut tx, caller.office(), &rows).await?;
    let live = live(caller);
    let views: Vec<ProposalView> = rows.iter().map(|row| ProposalView::of(row, &reasons, live)).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &PageOf::new(views, next, |view| view))
}
