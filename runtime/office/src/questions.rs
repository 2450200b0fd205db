//! Questions that servers put to a person in the middle of calls: who sees them, who answers, and what counts as an answer.
//!
//! Only the person of the run answers, in a session or at the terminal; a token never does, nor an agent, nor anybody in their place. What
//! they give goes to the server that asked and nowhere else: whoever drives the run fetches it, and no text of ours is made of it.

use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use serde_json::{Map, Value, json};
use steward_core::limits::ANSWER_BYTES_MAX;
use steward_core::{Actor, ActorKind, AnswerError, HasKind, Kind, PersonId, QuestionId, QuestionOutcome, RunId};
use steward_store::question::{self, QuestionRow};
use steward_store::{StoreError, Tx};
use time::OffsetDateTime;

/// The most questions that are listed: as many as the calls of one person's runs can have open.
const LISTED_MAX: i64 = 200;

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The answer does not fit the form.
    #[error("the answer does not fit what is asked")]
    Answer(#[source] AnswerError),
    /// Anything else.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl From<StoreError> for QuestionError {
    fn from(err: StoreError) -> Self {
        Self::Office(err.into())
    }
}

impl HasKind for QuestionError {
    fn kind(&self) -> Kind {
        match self {
            Self::Answer(_) => Kind::Invalid,
            Self::Office(err) => err.kind(),
        }
    }
}

/// What a person does with a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Gives this.
    Answer(Map<String, Value>),
    /// Does not say.
    Decline,
    /// Puts it away.
    Cancel,
}

/// What is asked of the actor and waits, oldest first.
pub async fn list(tx: &mut Tx, office: &Office) -> Result<Vec<QuestionRow>, OfficeError> {
    let person = asked(tx.actor())?;
    Ok(question::list_open(tx, person, office.clock.now(), LISTED_MAX).await?)
}

/// Takes the word of the person who is asked. The first counts.
pub async fn tell(tx: &mut Tx, office: &Office, id: QuestionId, told: Told) -> Result<QuestionRow, QuestionError> {
    let person = asked(tx.actor())?;
    let row = question::lock(tx, id).await?.filter(|row| row.person == person).ok_or(OfficeError::Missing("question"))?;
    if row.outcome.is_some() {
        return Err(OfficeError::Conflict("it is already answered, or nobody waits for the answer any more".to_owned()).into());
    }
    let now = office.clock.now();
    if !row.is_awaited || now >= row.expires_at {
        return Err(OfficeError::Conflict("nobody waits for the answer any more: the call that asked is over".to_owned()).into());
    }
    let (outcome, answer) = match &told {
        Told::Answer(answer) => {
            row.question.check(answer).map_err(QuestionError::Answer)?;
            if serde_json::to_string(answer).map_or(usize::MAX, |text| text.len()) > ANSWER_BYTES_MAX {
                return Err(OfficeError::Invalid(format!("an answer has at most {ANSWER_BYTES_MAX} bytes")).into());
            }
            (QuestionOutcome::Answered, Some(answer))
        }
        Told::Decline => (QuestionOutcome::Declined, None),
        Told::Cancel => (QuestionOutcome::Cancelled, None),
    };
    if !question::close(tx, id, outcome, answer, now).await? {
        return Err(OfficeError::Conflict("it is already answered".to_owned()).into());
    }
    // What was given stands in the journal of the run; here is only that it was, by whom and to whom.
    let detail = json!({ "run": row.run, "call": row.call_id, "server": row.server });
    let entry = Entry { action: "question.tell", object: id.to_string(), outcome: outcome.name(), detail, request_id: None };
    audit::record(tx, office, entry).await.map_err(OfficeError::from)?;
    Ok(QuestionRow { outcome: Some(outcome), answer: answer.cloned(), ..row })
}

/// Puts a question to the person of a run under way. Only whoever drives it does.
pub async fn put(tx: &mut Tx, row: &QuestionRow) -> Result<(), OfficeError> {
    Ok(question::insert(tx, row).await?)
}

/// Whether a question that is put now would be seen: a person began the run from a session or the terminal, and may be there.
pub fn is_anybody_there(channel: &str) -> bool {
    matches!(channel, "chat" | "terminal")
}

/// What became of the questions that a run asked under this lease.
pub async fn of_run(tx: &mut Tx, run: RunId, fence: i64) -> Result<Vec<QuestionRow>, OfficeError> {
    Ok(question::of_run(tx, run, fence).await?)
}

/// Closes a question that nobody answered, for the driver of its run. False when somebody did at the last moment.
pub async fn close(tx: &mut Tx, id: QuestionId, outcome: QuestionOutcome, at: OffsetDateTime) -> Result<bool, OfficeError> {
    Ok(question::close(tx, id, outcome, None, at).await?)
}

/// The person behind an actor who may be asked.
fn asked(actor: &Actor) -> Result<PersonId, OfficeError> {
    match (&actor.kind, actor.person) {
        (ActorKind::Person { .. }, Some(person)) => Ok(person),
        (ActorKind::Person { .. } | ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker, _) => {
            Err(OfficeError::Denied("only the person who is asked answers, in a session".to_owned()))
        }
    }
}
