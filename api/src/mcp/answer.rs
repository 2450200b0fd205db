//! What a client is told of its call: the result, or a typed error its model can read; beside it, for programs, the run under `_meta`.

use crate::error::ApiError;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde::Serialize;
use serde_json::{Map, Value, json};
use steward_agent::run::{Call, Run};
use steward_core::{Failure, HoldId, Outcome, RunId};
use tracing::error;

/// The field of `_meta` with what programs may want to know.
const META: &str = "steward";

/// How a call stands.
#[derive(Debug)]
pub(super) enum Standing {
    /// It is over.
    Over,
    /// People have to decide, and have not in time.
    Waits(HoldId),
    /// Nobody has come to it yet, or it takes long.
    UnderWay,
}

/// What programs are told.
#[derive(Debug, Serialize)]
struct Told {
    run_id: RunId,
    url: String,
    /// `done`, or the class of the error.
    outcome: String,
    /// Whether the run was there already.
    repeated: bool,
}

/// What models are told when there is no result. A refusal has the form in which a model of the house is told of one.
#[derive(Debug, Default, Serialize)]
struct Problem {
    class: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    denial: Option<String>,
    message: String,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_shape: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_id: Option<HoldId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// An answer about the call of a run, from what its journal says.
pub(super) fn of_run(id: RunId, run: &Run, standing: &Standing, ended: Option<&str>, public_url: &str, repeated: bool) -> CallToolResult {
    let call = run.steps.first().and_then(|step| step.calls.first());
    let outcome = call.and_then(|call| Some((call, call.outcome.as_ref()?)));
    let problem = match (standing, outcome) {
        (_, Some((call, Outcome::Ok { result, .. }))) => {
            return with_told(done(call, result, repeated), id, "done", public_url, repeated);
        }
        (_, Some((call, Outcome::Failed { failure }))) => failed(call, failure),
        (Standing::Waits(hold), None) => {
            let url = format!("{public_url}/holds/{hold}");
            let message = format!(
                "This waits for a person's decision: {url} . It is not done yet. Tell the person about the link; once they have decided, make the very same call \
                 again to get its result. It is not carried out twice."
            );
            Problem { class: "held".to_owned(), message, retryable: true, hold_id: Some(*hold), url: Some(url), ..Problem::default() }
        }
        (Standing::UnderWay, None) => {
            let message = "This is still under way. Make the very same call again to get its result; it is not carried out twice.".to_owned();
            Problem { class: "under_way".to_owned(), message, retryable: true, ..Problem::default() }
        }
        (Standing::Over, None) => Problem { class: "stopped".to_owned(), message: ended.unwrap_or("the call was stopped").to_owned(), ..Problem::default() },
    };
    let class = problem.class.clone();
    with_told(error_of(&problem), id, &class, public_url, repeated)
}

/// A refusal that comes before there is a run.
pub(super) fn refused(denial: &str, message: impl Into<String>, retryable: bool) -> CallToolResult {
    error_of(&Problem { class: "denied".to_owned(), denial: Some(denial.to_owned()), message: message.into(), retryable, ..Problem::default() })
}

fn with_told(mut result: CallToolResult, run_id: RunId, outcome: &str, public_url: &str, repeated: bool) -> CallToolResult {
    let told = Told { run_id, url: format!("{public_url}/runs/{run_id}"), outcome: outcome.to_owned(), repeated };
    result.meta = Some(MetaObject(Map::from_iter([(META.to_owned(), json!(told))])));
    result
}

fn done(call: &Call, value: &Value, repeated: bool) -> CallToolResult {
    let mut content = vec![ContentBlock::text(value.to_string())];
    if call.edit.is_some() {
        content.push(ContentBlock::text("Note: a person changed the arguments of this call before it ran."));
    }
    if repeated && !call.only_reads() {
        content.push(ContentBlock::text(
            "Note: this very call was made before, and this is what came of it; it was not carried out again. To have it done once more, change it or open another session.",
        ));
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = value.is_object().then(|| value.clone());
    result
}

fn failed(call: &Call, failure: &Failure) -> Problem {
    let ruled = call.ruled.as_ref();
    Problem {
        class: json!(failure.class).as_str().unwrap_or_default().to_owned(),
        denial: ruled.and_then(|ruled| ruled.class).map(|class| class.name().to_owned()),
        message: failure.message.clone(),
        retryable: failure.retryable,
        allowed_shape: ruled.and_then(|ruled| ruled.allowed_shape.clone()),
        ..Problem::default()
    }
}

fn error_of(problem: &Problem) -> CallToolResult {
    let error = json!({ "error": problem });
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_string())]);
    result.structured_content = Some(error);
    result
}

/// A failure of ours or a wrong request in the protocol's own form.
pub(super) fn rpc(err: &ApiError) -> ErrorData {
    if err.status.is_server_error() {
        error!(http.status = err.status.as_u16(), causes = err.source.as_deref().map(ToString::to_string), "an MCP request failed");
        return ErrorData::internal_error(err.detail.clone(), None);
    }
    ErrorData::invalid_params(err.detail.clone(), Some(json!({ "code": err.code })))
}
