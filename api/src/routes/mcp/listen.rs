//! Lets an MCP client listen, or go on listening, in its session.

use crate::auth::{Answer, Caller};
use crate::openapi::Doc;
use axum::extract::Request;

pub(crate) fn doc() -> Doc {
    Doc::new("Listen as an MCP client")
        .about("Events of a session, named by `Mcp-Session-Id`; `Last-Event-ID` goes on after one of them.")
        .answers_as("200", "text/event-stream", "The session's events.")
        .refuses("404", "There is no such session, or it is somebody else's.")
}

pub(crate) async fn handle(caller: Caller, request: Request) -> Answer {
    caller.state().mcp_front().answer(&caller, request).await
}
