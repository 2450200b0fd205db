//! Lists proposed changes of what governs.

use super::{ChangeView, here};
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
    /// Only of this: policy, prompt_label, grant, tool.
    pub(crate) kind: Option<String>,
    /// Only these, for example `proposed` for what waits now.
    pub(crate) state: Option<String>,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List proposed changes of what governs").query::<Wanted>().answers_page::<ChangeView>("Changes, newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let kind = match wanted.kind.as_deref().map(ChangeKind::of_name) {
        Some(None) => return Err(ApiError::field("kind", format!("give one of {}", ChangeKind::ALL.map(ChangeKind::name).join(", ")))),
        Some(kind) => kind,
        None => None,
    };
    if wanted.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(ApiError::field("state", format!("give one of {}", STATES.join(", "))));
    }
    answer(&caller, kind, wanted.state.as_deref(), wanted.limit, wanted.cursor.as_deref()).await
}

/// A page of them.
pub(crate) async fn answer(caller: &Caller, kind: Option<ChangeKind>, state: Option<&str>, limit: Option<u32>, cursor: Option<&str>) -> Answer {
    let page = page(limit, cursor)?;
    let mut tx = caller.begin().await?;
    let rows = changes::list(&mut tx, kind, state, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.governance_change_id.uuid());
    let reasons = changes::reasons(&mut tx, caller.office(), &rows).await?;
    let here = here(caller);
    let mut views = Vec::with_capacity(rows.len());
    for row in &rows {
        let live = here.live(&mut tx, row).await?;
        views.push(ChangeView::of(row, &reasons, live)?);
    }
    json(StatusCode::OK, &PageOf::new(views, next, |view| view))
}
