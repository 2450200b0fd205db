//! Takes one of one's own schedules away.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::ScheduleId;
use steward_office::schedules;

pub(crate) fn doc() -> Doc {
    Doc::new("Take a schedule away").about("Runs that it became stay.").answers_nothing("It is gone.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ScheduleId>) -> Answer {
    let mut tx = caller.begin().await?;
    schedules::remove(&mut tx, caller.office(), id).await?;
    caller.commit_empty(tx).await
}
