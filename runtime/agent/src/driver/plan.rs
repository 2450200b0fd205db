//! An agent has something said to it later. What it wrote counts then for as much as it does now.

use super::journal::{Journal, Planned};
use super::wish::refused;
use serde::Deserialize;
use serde_json::{Value, json};
use steward_core::{CallId, ConversationId, FailureClass, Integrity, Label, Mode, Outcome, ScheduleId, WorkspaceId};
use steward_office::schedules::{self, NewSchedule, When, WrongTime};
use steward_office::{Office, OfficeError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The checked arguments of such a call.
#[derive(Debug, Deserialize)]
pub(super) struct Arguments {
    text: String,
    cron: Option<String>,
    at: Option<String>,
    time_zone: Option<String>,
    #[serde(default)]
    here: bool,
}

impl Arguments {
    /// From the arguments of a call, handles put in.
    pub(super) fn of(arguments: Value) -> Result<Self, String> {
        serde_json::from_value(arguments).map_err(|_| "the arguments are not those of this tool".to_owned())
    }

    fn when(&self, now: OffsetDateTime) -> Result<When, String> {
        let named = |WrongTime { field, message }: WrongTime| format!("`{field}` {message}");
        match (&self.cron, &self.at) {
            (Some(cron), None) => {
                let zone = self.time_zone.as_deref().ok_or("give `time_zone` with `cron`, such as `Europe/Berlin`")?;
                When::cron(cron, zone, now).map_err(named)
            }
            (None, Some(at)) => {
                let at = OffsetDateTime::parse(at, &Rfc3339).map_err(|_| "`at` is no moment; write it as 2026-05-26T09:00:00+02:00")?;
                When::once(at, now).map_err(named)
            }
            (Some(_), Some(_)) | (None, None) => Err("give either `cron` or `at`".to_owned()),
        }
    }
}

/// Where such a call stands.
pub(super) struct Place {
    pub(super) call: CallId,
    pub(super) workspace: WorkspaceId,
    pub(super) conversation: ConversationId,
    pub(super) agent: String,
    pub(super) mode: Mode,
    /// The label of the text.
    pub(super) said: Label,
}

/// Makes the schedule, in a transaction of its own; what a try before made is found.
pub(super) async fn make(journal: &Journal, office: &Office, from: Place, arguments: Arguments) -> Outcome {
    let Place { call, workspace, conversation, agent, mode, said } = from;
    if mode == Mode::Sealed && said.integrity == Integrity::Outside {
        let why = "the text is from outside, and you would not be shown it then either; write in your own words what is to be done";
        return Outcome::failed(FailureClass::InvalidArguments, why);
    }
    let when = match arguments.when(office.clock.now()) {
        Ok(when) => when,
        Err(why) => return Outcome::failed(FailureClass::InvalidArguments, why),
    };
    let (store, actor) = match journal {
        Journal::Memory(memory) => {
            let (own_words, label) = schedules::counts_for(said);
            let id = memory.plan(Planned { call, schedule: office.ids.make(), agent, text: arguments.text, own_words, label });
            return made(id, Some(when.next_at()));
        }
        Journal::Postgres { store, actor } => (store, actor),
    };
    let new = NewSchedule { agent, workspace, conversation: arguments.here.then_some(conversation), text: arguments.text, when };
    let making = async {
        let mut tx = store.begin(actor).await?;
        let made = schedules::create_in_run(&mut tx, office, new, &call.to_string(), said).await?;
        tx.commit().await?;
        Ok::<_, OfficeError>(made)
    };
    match making.await {
        Ok((id, next_at)) => made(id, next_at),
        Err(err) => refused(&err, "it cannot be written down at the moment"),
    }
}

fn made(id: ScheduleId, next_at: Option<OffsetDateTime>) -> Outcome {
    let next_at = next_at.and_then(|at| at.format(&Rfc3339).ok());
    Outcome::Ok { result: json!({ "schedule_id": id, "next_at": next_at }), summary: None }
}
