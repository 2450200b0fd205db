//! Schedules: a text that is said to an agent at times to come, for a person, with the rights that person has by then.
//!
//! A person writes one in their own words. What an agent writes counts for as much as what it was written from, also when it is said: what
//! stood in a stranger's letter does not become the person's word by being put off. Each moment becomes one run, or stands on record with
//! the reason why not.

mod say;
mod when;

pub use say::{CHANNEL, Said, next_due, say};
pub use when::{Wall, When, WrongTime};

use crate::Office;
use crate::audit::{self, Entry};
use crate::conversations::{check_text, converse};
use crate::error::OfficeError;
use serde_json::json;
use steward_core::event::{Given, GivenBy};
use steward_core::limits::SCHEDULES_MAX;
use steward_core::{ActorKind, ConversationId, Integrity, Label, PersonId, Readers, RunId, ScheduleId, Source, WorkspaceId};
use steward_store::schedule::{self, ScheduleRow};
use steward_store::{Page, Tx};
use time::OffsetDateTime;

/// A schedule to be made.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// To which agent.
    pub agent: String,
    /// Where its runs work.
    pub workspace: WorkspaceId,
    /// In which conversation; a new one each time without it.
    pub conversation: Option<ConversationId>,
    /// What is said.
    pub text: String,
    /// When.
    pub when: When,
}

/// Makes a schedule of the actor's own, in their own words.
pub async fn create(tx: &mut Tx, office: &Office, new: NewSchedule) -> Result<ScheduleRow, OfficeError> {
    let person = converse(tx)?;
    let label = Label { integrity: Integrity::Owner, readers: Readers::Public, sources: [].into() };
    insert(tx, office, new, person, None, (true, label)).await
}

/// Makes a schedule for the person that an agent acts for, out of a call of its run. A repeat of the call finds what the first one made.
///
/// `label` is that of the text, as the gate worked it out. Only a text that equals the person's own words, and is nothing else, is theirs;
/// whatever else a run wrote is a fact at most.
pub async fn create_in_run(
    tx: &mut Tx,
    office: &Office,
    new: NewSchedule,
    call: &str,
    label: Label,
) -> Result<(ScheduleId, Option<OffsetDateTime>), OfficeError> {
    let (ActorKind::Agent { run, .. }, Some(person)) = (&tx.actor().kind, tx.actor().person) else {
        return Err(OfficeError::Denied("only a run makes schedules in this way".to_owned()));
    };
    let run = *run;
    if let Some(made) = schedule::find_of_call(tx, run, call).await? {
        return Ok(made);
    }
    let made = insert(tx, office, new, person, Some((run, call.to_owned())), counts_for(label)).await?;
    Ok((made.schedule_id, made.next_at))
}

/// What a text that a run has said later counts for then, by what the gate worked out: whether it is the person's own word, and its label.
pub fn counts_for(label: Label) -> (bool, Label) {
    let own = is_own_words(&label);
    (own, if own { Label { readers: Readers::Public, ..label } } else { Label { integrity: label.integrity.min(Integrity::Fact), ..label } })
}

/// What a run is about that a schedule says: nothing beside the text where that is the person's own word.
pub fn given_of(id: ScheduleId, text: &str, own_words: bool, label: &Label) -> Option<Given> {
    let Label { integrity, readers, sources } = label.clone();
    (!own_words).then(|| Given { text: text.to_owned(), integrity, readers, sources, exposed: false, by: GivenBy::Schedule { schedule_id: id } })
}

/// Whether a text with this label is the person's own words, and nothing else.
fn is_own_words(label: &Label) -> bool {
    label.integrity == Integrity::Owner && !label.sources.is_empty() && label.sources.iter().all(|source| matches!(source, Source::Message { .. }))
}

async fn insert(
    tx: &mut Tx,
    office: &Office,
    new: NewSchedule,
    person: PersonId,
    made: Option<(RunId, String)>,
    (own_words, label): (bool, Label),
) -> Result<ScheduleRow, OfficeError> {
    let NewSchedule { agent, workspace, conversation, text, when } = new;
    check_text(&text)?;
    if !tx.actor().workspaces.sees(workspace) {
        return Err(OfficeError::Missing("workspace"));
    }
    if let Some(id) = conversation {
        let found = steward_store::conversation::find(tx, id).await?.filter(|found| found.person == person).ok_or(OfficeError::Missing("conversation"))?;
        if found.agent != agent || found.workspace != workspace {
            return Err(OfficeError::Invalid("the conversation is with another agent, or in another workspace".to_owned()));
        }
    }
    if schedule::count(tx, person).await? >= SCHEDULES_MAX {
        return Err(OfficeError::Conflict(format!("there are {SCHEDULES_MAX} schedules already; take one away first")));
    }
    let row = ScheduleRow {
        schedule_id: office.ids.make(),
        workspace,
        person,
        agent,
        conversation,
        text,
        next_at: Some(when.next_at),
        times: when.times,
        time_zone: when.time_zone,
        paused_at: None,
        paused_why: None,
        made,
        own_words,
        label,
        created_at: office.clock.now(),
        last: None,
    };
    schedule::insert(tx, &row).await?;
    let detail = json!({ "agent": row.agent, "workspace": workspace, "own_words": own_words, "integrity": row.label.integrity, "made_run": row.made.as_ref().map(|(run, _)| run) });
    record(tx, office, "schedule.create", row.schedule_id, "done", detail).await?;
    Ok(row)
}

/// The actor's own schedules, newest first.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<ScheduleRow>, OfficeError> {
    let person = converse(tx)?;
    Ok(schedule::list(tx, person, page).await?)
}

/// One of the actor's own schedules.
pub async fn get(tx: &mut Tx, id: ScheduleId) -> Result<ScheduleRow, OfficeError> {
    let person = converse(tx)?;
    schedule::find(tx, id).await?.filter(|found| found.person == person).ok_or(OfficeError::Missing("schedule"))
}

/// Which of these runs of the actor's own a schedule said, and which schedule.
pub async fn of_runs(tx: &mut Tx, runs: &[RunId]) -> Result<Vec<(RunId, ScheduleId)>, OfficeError> {
    converse(tx)?;
    if runs.is_empty() { Ok(Vec::new()) } else { Ok(schedule::of_runs(tx, runs).await?) }
}

/// Pauses one of the actor's own schedules: until it is resumed nothing of it is said, and nothing of that is made up for.
pub async fn pause(tx: &mut Tx, office: &Office, id: ScheduleId) -> Result<(), OfficeError> {
    let found = get(tx, id).await?;
    if found.paused_at.is_some() {
        return Err(OfficeError::Conflict("the schedule is paused already".to_owned()));
    }
    schedule::pause(tx, id, office.clock.now(), None).await?;
    record(tx, office, "schedule.pause", id, "done", json!({})).await
}

/// Lets a paused schedule of the actor's go on with the first moment to come.
pub async fn resume(tx: &mut Tx, office: &Office, id: ScheduleId) -> Result<(), OfficeError> {
    let found = get(tx, id).await?;
    if found.paused_at.is_none() {
        return Err(OfficeError::Conflict("the schedule is not paused".to_owned()));
    }
    schedule::resume(tx, id, when::next_after(&found, office.clock.now())).await?;
    record(tx, office, "schedule.resume", id, "done", json!({})).await
}

/// Takes one of the actor's own schedules away. Runs that it became stay.
pub async fn remove(tx: &mut Tx, office: &Office, id: ScheduleId) -> Result<(), OfficeError> {
    get(tx, id).await?;
    schedule::remove(tx, id, office.clock.now()).await?;
    record(tx, office, "schedule.remove", id, "done", json!({})).await
}

async fn record(tx: &mut Tx, office: &Office, action: &'static str, id: ScheduleId, outcome: &str, detail: serde_json::Value) -> Result<(), OfficeError> {
    audit::record(tx, office, Entry { action, object: id.to_string(), outcome, detail, request_id: None }).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_person_wrote_is_their_word() {
        let message = Source::Message { start: 0, end: 4 };
        let result = Source::Result { call: "call_1_0".to_owned(), tool: "t".to_owned(), path: String::new() };
        let editor = Source::Editor { person: steward_core::Ids::counter().make() };
        let of = |integrity, sources: &[Source]| Label { integrity, readers: Readers::Public, sources: sources.iter().cloned().collect() };
        for (label, expect) in [
            (of(Integrity::Owner, std::slice::from_ref(&message)), true),
            (of(Integrity::Owner, &[]), false),
            (of(Integrity::Owner, &[Source::Model]), false),
            (of(Integrity::Owner, &[Source::Runtime]), false),
            (of(Integrity::Owner, &[message.clone(), Source::Model]), false),
            (of(Integrity::Owner, &[message.clone(), editor]), false),
            (of(Integrity::Owner, &[result]), false),
            (of(Integrity::Directory, &[message]), false),
        ] {
            assert_eq!(is_own_words(&label), expect, "{label:?}");
        }
    }
}
