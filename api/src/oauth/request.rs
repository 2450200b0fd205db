//! What a program sends the person's browser here with, checked in the order in which it may be answered: as long as it is not known who asks
//! and where the answer goes, nothing is sent anywhere.

use super::client::{Client, ClientDocuments, ClientError};
use super::{redirect, resource};
use crate::error::{ApiError, ProblemCode};
use crate::oidc::encoded;
use crate::site::Site;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use steward_core::{Digest, PersonId, Scope};
use steward_office::people::ClientAsked;

/// The longest request, in bytes.
const ASKED_BYTES_MAX: usize = 8 << 10;
/// The longest state, in bytes.
const STATE_BYTES_MAX: usize = 1_024;
/// What is asked for where a program does not say.
const USUAL: [Scope; 2] = [Scope::Converse, Scope::Read];

/// A request as it stands in the address of the page. What is not known here is left out, as the protocol wants it.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    response_type: Option<String>,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    resource: Option<String>,
}

/// What is wrong with a request of a known program, in the words of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The protocol's word.
    pub(crate) error: &'static str,
    /// A sentence.
    pub(crate) description: String,
}

/// A request of a known program to a place that its document names.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Who asks.
    pub(crate) client: Client,
    /// Where the answer goes.
    pub(crate) redirect_uri: String,
    /// The same, host and port alone.
    pub(crate) redirect_host: String,
    /// Whether that is the person's own machine.
    pub(crate) is_local: bool,
    state: Option<String>,
    /// What is asked, or what is wrong with it.
    pub(crate) asked: Result<ClientAsked, Problem>,
}

/// Name and value pairs as in a form or after a `?`; a name that comes twice is refused, as is what is none.
pub(crate) fn form_of<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    let refuse = |why: String| ApiError::new(StatusCode::BAD_REQUEST, ProblemCode::Malformed, why);
    if text.len() > ASKED_BYTES_MAX || text.contains('#') || text.contains("%00") {
        return Err(refuse(format!("a request has at most {ASKED_BYTES_MAX} bytes, no fragment and no NUL character")));
    }
    let uri: http::Uri = format!("/?{text}").parse().map_err(|_| refuse("this is no list of names and values".to_owned()))?;
    let taken = axum::extract::Query::<T>::try_from_uri(&uri).map_err(|err| refuse(err.body_text()))?;
    Ok(taken.0)
}

/// Reads a request. Refused here and told to nobody else is one whose program or redirect address is not known.
pub(crate) async fn look(clients: &ClientDocuments, site: &Site, text: &str, person: PersonId) -> Result<Request, ApiError> {
    let asked: Asked = form_of(text.strip_prefix('?').unwrap_or(text))?;
    let client_id = asked.client_id.as_deref().ok_or_else(|| ApiError::field("client_id", "the client did not say who it is"))?;
    let client = clients.find(client_id, person).await.map_err(refused)?;
    let redirect_uri = asked.redirect_uri.clone().ok_or_else(|| ApiError::field("redirect_uri", "the client did not say where the answer goes"))?;
    let (true, Some(read)) = (client.names(&redirect_uri), redirect::read(&redirect_uri)) else {
        let detail = "the client wants the answer sent to where its document does not say, or to where none is sent; nothing was sent";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::RedirectRefused, detail));
    };
    let state = asked.state.clone().filter(|state| is_state(state));
    let checked = check(&asked, &client, &redirect_uri, site);
    Ok(Request { client, redirect_uri, redirect_host: read.authority, is_local: read.is_local, state, asked: checked })
}

fn refused(err: ClientError) -> ApiError {
    match err {
        ClientError::TooMany => {
            let mut limit = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ProblemCode::Limit, err.to_string());
            limit.retry_after_s = Some(60);
            limit
        }
        ClientError::Id(_) | ClientError::Read(_) | ClientError::Document(_) => {
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::ClientRefused, err.to_string())
        }
    }
}

fn is_state(state: &str) -> bool {
    state.len() <= STATE_BYTES_MAX && !state.chars().any(char::is_control)
}

fn check(asked: &Asked, client: &Client, redirect_uri: &str, site: &Site) -> Result<ClientAsked, Problem> {
    let problem = |error: &'static str, description: &str| Problem { error, description: description.to_owned() };
    if asked.response_type.as_deref() != Some("code") {
        return Err(problem("unsupported_response_type", "ask with response_type=code; nothing else is given here"));
    }
    if asked.state.as_deref().is_some_and(|state| !is_state(state)) {
        return Err(problem("invalid_request", "state is too long, or has control characters"));
    }
    if asked.code_challenge_method.as_deref() != Some("S256") {
        return Err(problem("invalid_request", "ask with code_challenge_method=S256; a plain challenge protects nothing"));
    }
    let challenge = asked.code_challenge.as_deref().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let Some(challenge) = challenge else {
        return Err(problem("invalid_request", "code_challenge is the SHA-256 of a verifier, in base64url without padding"));
    };
    let resource = resource(site);
    if asked.resource.as_deref() != Some(resource.as_str()) {
        return Err(Problem { error: "invalid_target", description: format!("ask with resource={resource}; tokens are given for that address alone") });
    }
    let scopes: Result<BTreeSet<Scope>, String> = match asked.scope.as_deref() {
        None | Some("") => Ok(USUAL.into()),
        Some(text) => text.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect(),
    };
    let scopes = scopes.map_err(|description| Problem { error: "invalid_scope", description })?;
    if !scopes.contains(&Scope::Converse) {
        return Err(problem("invalid_scope", "ask for the scope converse too; without it a client cannot connect"));
    }
    Ok(ClientAsked {
        client_id: client.client_id.clone(),
        client_name: client.name.clone(),
        redirect_uri: redirect_uri.to_owned(),
        challenge: Digest::from_bytes(challenge),
        resource,
        scopes,
    })
}

impl Request {
    /// The address that takes a code to the program.
    pub(crate) fn with_code(&self, site: &Site, code: &str) -> String {
        self.back(site, &[("code", code)])
    }

    /// The address that tells the program that it is given nothing.
    pub(crate) fn with_problem(&self, site: &Site, problem: &Problem) -> String {
        self.back(site, &[("error", problem.error), ("error_description", &problem.description)])
    }

    /// The same for a person who said no.
    pub(crate) fn with_refusal(&self, site: &Site) -> String {
        self.with_problem(site, &Problem { error: "access_denied", description: "the person said no".to_owned() })
    }

    /// Every answer says who gives it (RFC 9207), and repeats the program's own word for the request.
    fn back(&self, site: &Site, said: &[(&str, &str)]) -> String {
        let mut pairs = said.to_vec();
        if let Some(state) = &self.state {
            pairs.push(("state", state));
        }
        pairs.push(("iss", site.public_url()));
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}", self.redirect_uri, encoded(&pairs))
    }
}
