//! Takes one message of an MCP client and answers it.

use crate::auth::{Answer, Caller};
use crate::openapi::Doc;
use axum::extract::Request;

pub(crate) fn doc() -> Doc {
    Doc::new("Send a message as an MCP client")
        .about(
            "The Model Context Protocol over streamable HTTP: one JSON-RPC message, answered as JSON or as events. \
             `?agent=` names the agent whose tools are offered, `?workspace=` where their calls belong. \
             Every call is a run of its own and goes through the gate; with a token, tools that look need the scope `read` and all others `write`. \
             A session belongs to the token it was opened with.",
        )
        .body_bytes(&["application/json"])
        .answers_as("200", "text/event-stream", "The answer, after whatever the client is told while it waits.")
        .answers_as("200", "application/json", "The answer.")
        .refuses("403", "The request names another host or comes from a page of another site.")
        .refuses("404", "There is no such session, or it is somebody else's: begin another.")
        .refuses("429", "Too many requests or sessions with this token.")
}

pub(crate) async fn handle(caller: Caller, request: Request) -> Answer {
    caller.state().mcp_front().answer(&caller, request).await
}
