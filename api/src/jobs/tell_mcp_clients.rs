//! Clients of the MCP server are told when the set of tools is another: a plugin or server was accepted, changed or taken away.

use crate::state::AppState;
use tokio_util::sync::CancellationToken;

/// Tells them until `stop`.
pub async fn run(state: AppState, stop: CancellationToken) {
    state.mcp_front().tell_of_changes(state.host.watch(), stop).await;
}
