//! Pauses one of one's own schedules.

use super::ScheduleView;
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::ScheduleId;
use steward_office::schedules;

pub(crate) fn doc() -> Doc {
    Doc::new("Pause a schedule")
        .about("Until it is resumed nothing of it is said, and what is due meanwhile is not made up for.")
        .answers::<ScheduleView>("200", "The schedule.")
        .refuses("409", "It is paused already.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ScheduleId>) -> Answer {
    let mut tx = caller.begin().await?;
    schedules::pause(&mut tx, caller.office(), id).await?;
    let shown = schedules::get(&mut tx, id).await?;
    caller.commit(tx, StatusCode::OK, &ScheduleView::from(shown)).await
}
