//! An agent asks for a standing grant: for itself, for whom it acts for, where it runs. It only asks; people decide.

use serde::Deserialize;
use serde_json::{Value, json};
use steward_core::{Actor, ActorKind, FailureClass, HasKind, Kind, Outcome, ToolSpec, WorkspaceId};
use steward_office::grants::{Range, Ranges, Wish, ask};
use steward_office::{Office, OfficeError};
use steward_store::Store;

/// The checked arguments of such a call.
#[derive(Debug, Deserialize)]
pub(super) struct Arguments {
    /// Which tool.
    pub(super) tool: String,
    covers: Vec<Covered>,
    uses_max: u32,
    days: u32,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Covered {
    path: String,
    one_of: Option<Vec<Value>>,
    min: Option<i64>,
    max: Option<i64>,
    letters_max: Option<u32>,
}

impl Covered {
    /// One kind of range; never *any*, which only people give.
    fn range(self) -> Result<(String, Range), String> {
        let range = match (self.one_of, self.min.zip(self.max), self.letters_max) {
            (Some(values), None, None) => Range::OneOf(values),
            (None, Some((min, max)), None) => Range::Between { min, max },
            (None, None, Some(letters)) => Range::LettersMax(letters),
            _ => return Err(format!("`{}`: give `one_of`, or `min` and `max`, or `letters_max`", self.path)),
        };
        Ok((self.path, range))
    }
}

impl Arguments {
    /// From the arguments of a call, handles put in.
    pub(super) fn of(arguments: Value) -> Result<Self, String> {
        serde_json::from_value(arguments).map_err(|_| "the arguments are not those of this tool".to_owned())
    }
}

/// Asks, in a transaction of its own.
pub(super) async fn propose(store: &Store, office: &Office, actor: &Actor, workspace: WorkspaceId, tool: &ToolSpec, arguments: Arguments) -> Outcome {
    let (ActorKind::Agent { agent, .. }, Some(person)) = (&actor.kind, actor.person) else {
        return Outcome::failed(FailureClass::Failed, "nobody can be asked here");
    };
    let ranges: Ranges = match arguments.covers.into_iter().map(Covered::range).collect() {
        Ok(ranges) => ranges,
        Err(why) => return Outcome::failed(FailureClass::InvalidArguments, why),
    };
    let (uses_max, days) = (arguments.uses_max, arguments.days);
    let wish = Wish { workspace, agent: agent.clone(), person, tool: tool.name.clone(), ranges, uses_max, days };
    let asked = async {
        let mut tx = store.begin(actor).await?;
        let asked = ask(&mut tx, office, tool, &wish, &arguments.reason).await?;
        tx.commit().await?;
        Ok::<_, OfficeError>(asked)
    };
    match asked.await {
        Ok(asked) => {
            let result = json!({ "change_id": asked.change.governance_change_id, "judged": asked.judged, "would_have_run": asked.newly_allowed });
            Outcome::Ok { result, summary: None }
        }
        Err(err) => refused(&err, "it cannot be asked for at the moment"),
    }
}

/// What the model is told when the office does not do what its own tools ask: why, or `away` where that is nothing it could mend.
pub(super) fn refused(err: &OfficeError, away: &str) -> Outcome {
    let class = match err.kind() {
        Kind::Invalid => FailureClass::InvalidArguments,
        Kind::Away | Kind::Bug => FailureClass::Unavailable,
        Kind::Denied => FailureClass::Denied,
        Kind::Missing | Kind::Conflict | Kind::Limit => FailureClass::Failed,
    };
    Outcome::failed(class, if class == FailureClass::Unavailable { away.to_owned() } else { err.to_string() })
}
