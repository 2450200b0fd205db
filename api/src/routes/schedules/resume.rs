//! Lets one of one's own schedules go on.

use super::ScheduleView;
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::ScheduleId;
use steward_office::schedules;

pub(crate) fn doc() -> Doc {
    Doc::new("Resume a schedule")
        .about("It goes on with the first moment to come.")
        .answers::<ScheduleView>("200", "The schedule.")
        .refuses("409", "It is not paused.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ScheduleId>) -> Answer {
    let mut tx = caller.begin().await?;
    schedules::resume(&mut tx, caller.office(), id).await?;
    let shown = schedules::get(&mut tx, id).await?;
    caller.commit(tx, StatusCode::OK, &ScheduleView::from(shown)).await
}
