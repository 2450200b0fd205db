//! Letting programs in for `/mcp`: what the house says of itself, the page's questions and answers, and what programs bring and are given.

pub(crate) mod allow;
pub(crate) mod refuse;
pub(crate) mod register;
pub(crate) mod request;
pub(crate) mod resource;
pub(crate) mod revoke;
pub(crate) mod server;
pub(crate) mod token;

use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::oauth::{self, Request};
use crate::web::OwnPage;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use steward_core::Mode;
use steward_office::people::ClientAsked;
use utoipa::ToSchema;

/// A request as it stands in the address of the page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedBody {
    /// What stands after the `?` in the address of the page.
    #[schema(max_length = 8192, example = "response_type=code&client_id=…")]
    asked: String,
}

/// Where the browser goes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReturnView {
    /// The client's address, with the answer; null when this is repeated.
    return_to: Option<String>,
}

/// The request that a page was opened with, if something can be said to it.
async fn good(caller: &Caller, asked: &str) -> Result<(Request, ClientAsked), ApiError> {
    let request = oauth::look(&caller.state().clients, &caller.state().site, asked, caller.person()?).await?;
    match request.asked.clone() {
        Ok(asked) => Ok((request, asked)),
        Err(problem) => Err(ApiError::field("/asked", problem.description)),
    }
}

/// The agents whose tools are for clients, by name.
fn agents(caller: &Caller) -> Vec<String> {
    caller.state().agents.values().filter(|agent| agent.mode != Mode::Sealed).map(|agent| agent.name.clone()).collect()
}

/// A refusal in the form in which clients of the protocol read it (RFC 6749, 5.2).
fn refused(status: StatusCode, error: &str, description: &str) -> Answer {
    let mut response = json(status, &json!({ "error": error, "error_description": description }))?;
    response.extensions_mut().insert(OwnPage);
    Ok(response)
}
