//! Lists one's own schedules.

use super::ScheduleView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use steward_office::schedules;

pub(crate) fn doc() -> Doc {
    Doc::new("List one's own schedules").query::<PageQuery>().answers_page::<ScheduleView>("Schedules, newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<PageQuery>) -> Answer {
    let page = query.page()?;
    let mut tx = caller.begin().await?;
    let rows = schedules::list(&mut tx, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.schedule_id.uuid());
    json(StatusCode::OK, &PageOf::new(rows, next, ScheduleView::from))
}
