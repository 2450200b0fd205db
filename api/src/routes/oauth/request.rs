//! Shows what a program asks for, to the person who has to say yes or no.

use super::agents;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::oauth;
use crate::openapi::Doc;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::Scope;
use utoipa::{IntoParams, ToSchema};

/// A request as it stands in the address of the page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskedQuery {
    /// What stands after the `?` in the address of the page.
    asked: String,
}

/// What a program asks for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientRequestView {
    /// The address of its document.
    client_id: String,
    /// What it calls itself. Anybody can call themselves anything.
    client_name: String,
    /// Whose word its document is.
    client_host: String,
    /// Where the answer goes.
    redirect_uri: String,
    /// The same, host and port alone.
    redirect_host: String,
    /// Whether that is the person's own machine: then any program on it can say that it is this client.
    redirect_is_local: bool,
    /// What it asks to be used for.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// Of that, what the person can allow.
    #[schema(value_type = Vec<String>)]
    scopes_possible: Vec<Scope>,
    /// The agents whose tools it can be given.
    agents: Vec<String>,
    /// What is wrong with the request; then nothing can be allowed.
    problem: Option<ClientProblem>,
}

/// What is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientProblem {
    /// The protocol's word for it.
    error: &'static str,
    /// A sentence.
    description: String,
    /// The client's address, with this answer.
    return_to: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Show what a client asks for")
        .about("The client's document is read from its own address. Nothing is sent anywhere, and nothing is stored.")
        .query::<AskedQuery>()
        .answers::<ClientRequestView>("200", "Who asks, for what, and where the answer goes.")
        .refuses("400", "This is no request.")
        .refuses("429", "Too many clients were looked at in this minute.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<AskedQuery>) -> Answer {
    let site = &caller.state().site;
    let request = oauth::look(&caller.state().clients, site, &query.asked, caller.person()?).await?;
    let (scopes, problem) = match &request.asked {
        Ok(asked) => (asked.scopes.clone(), None),
        Err(problem) => {
            let return_to = request.with_problem(site, problem);
            (std::collections::BTreeSet::new(), Some(ClientProblem { error: problem.error, description: problem.description.clone(), return_to }))
        }
    };
    let own = caller.actor().scopes();
    let view = ClientRequestView {
        client_id: request.client.client_id,
        client_name: request.client.name,
        client_host: request.client.host,
        redirect_uri: request.redirect_uri,
        redirect_host: request.redirect_host,
        redirect_is_local: request.is_local,
        scopes_possible: scopes.intersection(&own).copied().collect(),
        scopes: scopes.into_iter().collect(),
        agents: agents(&caller),
        problem,
    };
    json(StatusCode::OK, &view)
}
