//! Shows one of one's own schedules.

use super::ScheduleView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::ScheduleId;
use steward_office::schedules;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a schedule").answers::<ScheduleView>("200", "The schedule.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ScheduleId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &ScheduleView::from(schedules::get(&mut tx, id).await?))
}
