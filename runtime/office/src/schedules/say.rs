//! One moment of one schedule: it becomes a run, or stands on record with why not. All of it is one transaction, so a process that ends in
//! the middle of it has neither said anything nor lost the moment.

use super::{given_of, record, when};
use crate::Office;
use crate::conversations::{self, AgentPins, Outset};
use crate::error::OfficeError;
use crate::people::of_people;
use serde_json::json;
use steward_core::{Permission, RunId};
use steward_store::conversation;
use steward_store::schedule::{self, Last, ScheduleRow};
use steward_store::{Tx, person};
use tracing::info;

/// How a schedule's runs come in.
pub const CHANNEL: &str = "schedule";

/// What became of a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is this run.
    Run(RunId),
    /// There was none, for this reason.
    Not(String),
}

/// Whether and why a moment passes without a run.
struct Refusal {
    why: String,
    /// Nothing of the schedule can be said until somebody changes something.
    pauses: bool,
}

/// What has been due longest in the organisation of this transaction, but for so many that could not be said, held until the transaction
/// ends; none when nothing is due.
pub async fn next_due(tx: &mut Tx, office: &Office, but: i64) -> Result<Option<ScheduleRow>, OfficeError> {
    Ok(schedule::lock_due(tx, office.clock.now(), but).await?)
}

/// Says a schedule that is due. `pins` are what its agent is pinned to now, or why it is not there.
///
/// A moment that has passed while nobody looked is said late, and all that passed with it become that one run.
pub async fn say(tx: &mut Tx, office: &Office, row: &ScheduleRow, pins: Result<AgentPins, String>) -> Result<Said, OfficeError> {
    let now = office.clock.now();
    let due_at = row.next_at.ok_or_else(|| OfficeError::Conflict("the schedule is not due".to_owned()))?;
    let said = match (refused(tx, row).await?, pins) {
        (Some(refusal), _) => Err(refusal),
        (None, Err(why)) => Err(Refusal { why, pauses: true }),
        (None, Ok(pins)) => Ok(start(tx, office, row, pins).await?),
    };
    let id = row.schedule_id;
    let last = Last { due_at, run: said.as_ref().ok().copied(), outcome: None, why: said.as_ref().err().map(|refusal| refusal.why.clone()) };
    schedule::record(tx, row, &last, now).await?;
    // A clock that was put back does not bring a moment again.
    schedule::set_next(tx, id, when::next_after(row, now.max(due_at))).await?;
    let due_at_ms = due_at.unix_timestamp().saturating_mul(1000);
    match said {
        Ok(run) => {
            record(tx, office, "schedule.say", id, "done", json!({ "run": run, "due_at_ms": due_at_ms })).await?;
            Ok(Said::Run(run))
        }
        Err(Refusal { why, pauses }) => {
            if pauses {
                schedule::pause(tx, id, now, Some(&why)).await?;
            }
            record(tx, office, "schedule.say", id, "refused", json!({ "why": why, "due_at_ms": due_at_ms, "paused": pauses })).await?;
            info!(schedule.id = %id, "a moment of a schedule passed without a run: {why}");
            Ok(Said::Not(why))
        }
    }
}

/// Why nothing may be said now. The person's rights are those of this moment.
async fn refused(tx: &mut Tx, row: &ScheduleRow) -> Result<Option<Refusal>, OfficeError> {
    let pause = |why: &str| Ok(Some(Refusal { why: why.to_owned(), pauses: true }));
    if !person::is_active(tx, row.person).await? {
        return pause("the person it is for is no longer here");
    }
    let actors = of_people(tx, &[row.person]).await?;
    if !actors.iter().any(|actor| actor.may(Permission::Converse) && actor.workspaces.sees(row.workspace)) {
        return pause("the person it is for may no longer talk with agents there");
    }
    if row.last.as_ref().is_some_and(|last| last.run.is_some() && last.outcome.is_none()) {
        return Ok(Some(Refusal { why: "the run of the time before is not over".to_owned(), pauses: false }));
    }
    if let Some(id) = row.conversation
        && conversation::find(tx, id).await?.is_none_or(|found| found.person != row.person || found.agent != row.agent || found.workspace != row.workspace)
    {
        return pause("its conversation is with another agent now, or gone");
    }
    Ok(None)
}

/// Starts the run, in the person's name.
async fn start(tx: &mut Tx, office: &Office, row: &ScheduleRow, pins: AgentPins) -> Result<RunId, OfficeError> {
    let given = given_of(row.schedule_id, &row.text, row.own_words, &row.label);
    let outset = Outset { person: row.person, workspace: row.workspace, conversation: row.conversation, text: &row.text, channel: CHANNEL, given };
    Ok(conversations::set_out(tx, office, outset, pins).await?.run)
}
