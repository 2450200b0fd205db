//! Who asks, and whether they may: from a cookie or a token to a [`Caller`]. Decides nothing about records; row security and office do.

mod credentials;
mod guard;
mod idempotency;

pub use guard::guard;

use crate::error::{ApiError, ProblemCode};
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use idempotency::Claim;
pub(crate) use idempotency::takes_key;
use serde::Serialize;
use steward_core::{Actor, ActorKind, Permission, PersonId, RequestId};
use steward_office::people::PeopleError;
use steward_office::{Office, people};
use steward_store::Tx;

/// Who a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// Anyone signed in, by session or token.
    SignedIn,
    /// A person in a browser session; no token ever.
    Session,
    /// Whoever holds this permission, and with a token its scope.
    May(Permission),
}

impl Access {
    /// Refuses an actor the route is not for.
    pub(crate) fn check(self, actor: &Actor) -> Result<(), ApiError> {
        match self {
            Self::Public | Self::SignedIn => Ok(()),
            Self::Session if matches!(actor.kind, ActorKind::Person { session: Some(_), .. }) => Ok(()),
            Self::Session => Err(ApiError::denied("only a person in a browser session may do this; a token never does")),
            Self::May(permission) if actor.may(permission) => Ok(()),
            Self::May(permission) => Err(ApiError::denied(format!("this needs `{}`, which you do not have here", permission.name()))),
        }
    }
}

/// One request, known to nobody yet.
#[derive(Clone)]
pub struct Visit {
    /// The server.
    pub state: AppState,
    /// The office, acting for this request.
    pub office: Office,
    /// The request's id.
    pub request_id: RequestId,
    /// The client's network address, if known.
    pub address: Option<String>,
    /// The browser's own description of itself.
    pub user_agent: Option<String>,
}

/// One request of somebody.
#[derive(Clone)]
pub struct Caller {
    visit: Visit,
    actor: Actor,
    /// Who the route of the request is for.
    access: Access,
    /// The one agent whose tools the caller's token is for.
    agent: Option<String>,
    claim: Option<Claim>,
}

/// Who comes in a session, as browsers do: nobody without one, and nobody whose session has ended. A token is none.
///
/// For pages, which have no route of the table and so no guard before them.
pub(crate) async fn in_session(state: &AppState, headers: &HeaderMap) -> Result<Option<Actor>, PeopleError> {
    let Some(secret) = credentials::session_in(headers, &state.site) else { return Ok(None) };
    match people::actor_of_session(&state.store, &state.office, &secret).await {
        Ok(actor) => Ok(Some(actor)),
        Err(PeopleError::NotSignedIn) => Ok(None),
        Err(err) => Err(err),
    }
}

/// What every handler answers.
pub type Answer = Result<Response, ApiError>;

impl Caller {
    /// The server.
    pub fn state(&self) -> &AppState {
        &self.visit.state
    }

    /// The office, acting for this request.
    pub fn office(&self) -> &Office {
        &self.visit.office
    }

    /// Who asks.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The one agent whose tools the caller may use, if their token was given for that.
    pub fn only_agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// The request itself.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The person who asks. Every caller of HTTP is one, in a session or behind a token.
    pub fn person(&self) -> Result<PersonId, ApiError> {
        self.actor.person.ok_or_else(ApiError::not_signed_in)
    }

    /// The same caller at this moment; refused when session, token or account has ended, or when they have lost the right to the route.
    ///
    /// For what goes on after the request was let in.
    pub(crate) async fn again(&self) -> Result<Actor, ApiError> {
        let actor = people::actor_again(&self.state().store, self.office(), &self.actor).await?;
        self.access.check(&actor)?;
        Ok(actor)
    }

    /// A transaction of the caller. With an idempotency key it takes the key first, so that effect and answer stand or fall with it.
    pub async fn begin(&self) -> Result<Tx, ApiError> {
        let mut tx = self.state().store.begin(&self.actor).await?;
        if let Some(claim) = &self.claim {
            claim.take(&mut tx, self.person()?, self.office().clock.now()).await?;
        }
        Ok(tx)
    }

    /// Makes the transaction durable and answers; with an idempotency key the answer is remembered in the same transaction.
    pub async fn commit<T: Serialize>(&self, tx: Tx, status: StatusCode, answer: &T) -> Answer {
        self.commit_secret(tx, status, answer, answer).await
    }

    /// As [`Caller::commit`], but remembers another form of the answer: one without the secret that is shown only once.
    pub async fn commit_secret<T: Serialize, R: Serialize>(&self, mut tx: Tx, status: StatusCode, answer: &T, remembered: &R) -> Answer {
        if let Some(claim) = &self.claim {
            claim.remember(&mut tx, self.person()?, status, &encode(remembered)?).await?;
        }
        tx.commit().await?;
        Ok(json_text(status, encode(answer)?))
    }

    /// Makes the transaction durable and answers without a body.
    pub async fn commit_empty(&self, mut tx: Tx) -> Answer {
        if let Some(claim) = &self.claim {
            claim.remember(&mut tx, self.person()?, StatusCode::NO_CONTENT, "").await?;
        }
        tx.commit().await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}

fn encode<T: Serialize>(value: &T) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|err| {
        let mut bug = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Bug, "the answer cannot be written");
        bug.source = Some(Box::new(err));
        bug
    })
}

/// An answer as JSON.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    Ok(json_text(status, encode(value)?))
}

fn json_text(status: StatusCode, text: String) -> Response {
    let mut response = (status, text).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::not_signed_in)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Bug, "this route has no guard"))
    }
}
