//! Approves a change that somebody else proposed, which is in force from then on.

use super::{ChangeDetail, Yes, detail, here};
use crate::auth::{Answer, Caller};
use crate::cli::chain;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::tool_sets::take_up;
use crate::wiring::adopt::adopt;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes::ChangeKind;
use tracing::error;

pub(crate) fn doc() -> Doc {
    Doc::new("Approve a proposed change of what governs")
        .about("Never by who proposed it. Who has a second factor gives it for this very change (`POST /api/v1/session/step-up`, for what the refusal names); everybody else gave their password within four hours (`POST /api/v1/session/prove`). Rules are in force in this process with the answer, in every other within a second or two; held actions that were approved under the rules of before are judged anew and wait again. Rules are checked once more: properties that were tightened since they were proposed count for them too. So are tools: where the rules in force keep a safety property now and would not with them, they are refused. A label counts for every run that begins from now on. What an agent asked for is a standing grant of who approves, never of whom the agent acts for. Accepted tools can be called within a second or two.")
        .body::<Yes>()
        .answers::<ChangeDetail>("200", "It is in force.")
        .refuses("409", "It is already decided, stale, did not pass its checks or does not pass them as things are now, or is not what was shown.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>, Json(yes): Json<Yes>) -> Answer {
    let (state, here) = (caller.state(), here(&caller));
    let checked = here.check_again(&state.store, caller.actor(), id, yes.content_digest).await?;
    let mut tx = caller.begin().await?;
    let row = here.approve(&state.store, &mut tx, id, (yes.content_digest, &yes.reason), None, checked).await?;
    let kind = ChangeKind::of(&row)?;
    let shown: ChangeDetail = detail(&mut tx, &caller, &row).await?;
    let answer = caller.commit(tx, StatusCode::OK, &shown).await?;
    if kind == ChangeKind::Tool {
        if let Err(err) = take_up(&state.mcp_lock, &row) {
            error!(error = chain(&err), "accepted tools are there a moment later here: the lock file could not be written");
        }
        if let Err(err) = state.host.reload_mcp(&state.mcp, &state.mcp_lock) {
            error!(error = chain(&err), "accepted tools are there a moment later here: the lock file could not be read");
        }
    }
    if kind == ChangeKind::Policy {
        if let Err(err) = adopt(&state.store, caller.office(), &state.host.specs(), &state.rules).await {
            error!(tenant.id = %caller.actor().tenant, error = chain(&err), "approved rules are in force a moment later here: the database did not answer");
        }
        state.live.wake();
    }
    Ok(answer)
}
