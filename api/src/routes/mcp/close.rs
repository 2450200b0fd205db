//! Ends an MCP client's session. Calls of it that are under way are taken back.

use crate::auth::{Answer, Caller};
use crate::openapi::Doc;
use axum::extract::Request;

pub(crate) fn doc() -> Doc {
    Doc::new("End a session as an MCP client")
        .about("The session named by `Mcp-Session-Id`. Its calls under way are stopped.")
        .answers_nothing("It is ended.")
        .refuses("404", "There is no such session, or it is somebody else's.")
}

pub(crate) async fn handle(caller: Caller, request: Request) -> Answer {
    caller.state().mcp_front().answer(&caller, request).await
}
