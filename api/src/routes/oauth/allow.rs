//! A person lets a program in: it is sent a code, good once and for a minute.

use super::{ReturnView, agents, good};
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use std::collections::BTreeSet;
use steward_core::{Scope, WorkspaceId};
use steward_office::people::{self, ClientAllowed};
use utoipa::ToSchema;

/// What is allowed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllowBody {
    /// What stands after the `?` in the address of the page.
    #[schema(max_length = 8192)]
    asked: String,
    /// Whose tools.
    agent: String,
    /// The only workspace; every one that the person sees without it.
    #[schema(value_type = Option<String>, example = "ws_01k4…")]
    workspace_id: Option<WorkspaceId>,
    /// What for: `converse`, and of the rest what was asked and is wanted.
    #[schema(value_type = Vec<String>)]
    scopes: BTreeSet<Scope>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Let a client in")
        .about(
            "The client is given a token of an hour for `/mcp` alone, which it renews by itself. It stands in the list of one's tokens, and is revoked there. \
             It never decides on held actions. Takes a second factor given for this, without any the password given within ten minutes, and with neither \
             a sign-in within them.",
        )
        .body::<AllowBody>()
        .answers::<ReturnView>("201", "The client's address, with a code that is good once and for a minute.")
        .refuses("429", "Too many clients were looked at in this minute.")
}

pub(crate) async fn handle(caller: Caller, Json(body): Json<AllowBody>) -> Answer {
    let (request, asked) = good(&caller, &body.asked).await?;
    if !agents(&caller).contains(&body.agent) {
        return Err(ApiError::field("/agent", "there is no such agent, or its tools are not for clients"));
    }
    let mut tx = caller.begin().await?;
    let allowed = ClientAllowed { agent: body.agent, workspace: body.workspace_id, scopes: body.scopes };
    let code = people::allow_client(&mut tx, caller.office(), &asked, allowed).await?;
    let answer = ReturnView { return_to: Some(request.with_code(&caller.state().site, code.expose_secret())) };
    caller.commit_secret(tx, StatusCode::CREATED, &answer, &ReturnView { return_to: None }).await
}
