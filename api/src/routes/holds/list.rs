//! Lists held actions.

use super::HoldView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Deserialize;
use steward_office::holds::{self, STATES};
use utoipa::IntoParams;

/// Which held actions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only these, for example `held` for what waits now.
    state: Option<String>,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List held actions")
        .query::<Wanted>()
        .answers_page::<HoldView>("Held actions: with `state=held` those first that lapse first, otherwise newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    if wanted.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(ApiError::field("state", format!("give one of {}", STATES.join(", "))));
    }
    let mut tx = caller.begin().await?;
    let rows = holds::list(&mut tx, wanted.state.as_deref(), &page).await?;
    let now = caller.office().clock.now();
    let (rows, next) = page.cut(rows, |row| row.hold_id.uuid());
    let views: Vec<HoldView> = rows.into_iter().map(|row| HoldView::of(row, now)).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &PageOf::new(views, next, |view| view))
}
