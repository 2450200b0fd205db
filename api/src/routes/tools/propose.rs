//! Proposes to accept what an MCP server offers now. Nothing of it can be called by that.

use crate::auth::{Answer, Caller};
use crate::cli::chain;
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::changes::{ChangeDetail, detail};
use crate::tool_sets;
use http::StatusCode;
use serde::Deserialize;
use steward_host::mcp;
use steward_office::OfficeError;
use utoipa::ToSchema;

/// The most tools named at once.
const TOOLS_MAX: usize = 200;

/// Which tools of which server.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToolSet {
    /// As it is called in the configuration.
    #[schema(example = "files")]
    server: String,
    /// Only these; all that it offers without it.
    #[serde(default)]
    #[schema(max_items = 200)]
    tools: Vec<String>,
    /// Why, for whoever decides.
    reason: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Propose to accept the tools that an MCP server offers")
        .about("The server is asked what it offers now; each definition is shown beside the accepted one. It waits for an owner who did not propose it, and until then a changed tool stays refused. In the organisation of whoever runs the installation alone.")
        .body::<NewToolSet>()
        .answers::<ChangeDetail>("201", "The proposal, with how the definitions differ.")
        .refuses("409", "The server does not answer, or offers what is accepted already.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewToolSet>) -> Answer {
    let state = caller.state();
    if new.tools.len() > TOOLS_MAX {
        return Err(ApiError::field("/tools", format!("name at most {TOOLS_MAX}")));
    }
    let Some(server) = state.mcp.iter().find(|one| one.name == new.server) else {
        return Err(ApiError::field("/server", format!("there is no MCP server `{}` in the configuration", new.server)));
    };
    // Before anybody is asked over the network.
    let mut tx = caller.begin().await?;
    tool_sets::check_operators(&state.store, &tx).await?;
    tx.rollback().await?;
    let offered = mcp::offered(server).await.map_err(|err| OfficeError::Conflict(chain(&err)))?;
    tx = caller.begin().await?;
    let row = tool_sets::propose(&state.store, &mut tx, caller.office(), (server, &state.mcp_lock), (&offered, &new.tools), &new.reason).await;
    let row = row.map_err(|err| match err {
        OfficeError::Invalid(message) => ApiError::field("/reason", message),
        other => other.into(),
    })?;
    let shown = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::CREATED, &shown).await
}
