//! The surface that OpenAI's clients speak: an agent is asked as if it were a model, by its name.
//!
//! A request begins a conversation and a run; the answer is what the run says. The client's own conversation goes along as the run's
//! history, and whoever holds the token speaks for its person: system and developer messages are that person's words, never the agent's
//! prompt. Tools, sampling and limits are the agent's configuration. A client that goes away stops nothing.

mod begin;
pub(crate) mod complete;
pub(crate) mod model;
pub(crate) mod models;
mod question;
pub(crate) mod respond;
mod stream;
mod transcript;

use crate::error::{ApiError, FieldProblem, ProblemCode};
use crate::extract::Json;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;

/// A JSON body in the manner of these routes: what cannot be taken is 400, and fields are named as OpenAI names them.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Json::from_request(request, state).await.map(|Json(value)| Self(value)).map_err(in_their_words)
    }
}

/// A refusal of a field of the request.
fn refused(param: impl Into<String>, message: impl Into<String>) -> ApiError {
    let (path, message) = (param.into(), message.into());
    let mut err = ApiError::new(StatusCode::BAD_REQUEST, ProblemCode::Invalid, format!("`{path}`: {message}"));
    err.errors.push(FieldProblem { path, message });
    err
}

/// Refusals of ours as clients of these routes expect them: 400 for what cannot be taken, and `messages[0].role` for `/messages/0/role`.
fn in_their_words(mut err: ApiError) -> ApiError {
    if err.status != StatusCode::UNPROCESSABLE_ENTITY {
        return err;
    }
    err.status = StatusCode::BAD_REQUEST;
    // What is wrong with the body as a whole is wrong with no field of it.
    if let Some(whole) = err.errors.pop_if(|field| field.path.is_empty()) {
        err.detail = whole.message;
    }
    if let Some(field) = err.errors.first_mut().filter(|field| field.path.starts_with('/')) {
        field.path = dotted(&field.path);
        err.detail = format!("`{}`: {}", field.path, field.message);
    }
    err
}

fn dotted(pointer: &str) -> String {
    let mut text = String::new();
    for part in pointer.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(index) => text.push_str(&format!("[{index}]")),
            Err(_) if text.is_empty() => text.push_str(part),
            Err(_) => text.push_str(&format!(".{part}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_the_clients_know_them() {
        for (pointer, expect) in [("/model", "model"), ("/messages/0/role", "messages[0].role"), ("/messages/12", "messages[12]")] {
            assert_eq!(dotted(pointer), expect);
        }
        let err = in_their_words(ApiError::field("/messages/0/role", "expected a string"));
        assert_eq!((err.status.as_u16(), err.detail.as_str()), (400, "`messages[0].role`: expected a string"));
        let err = in_their_words(ApiError::field("", "give a JSON object"));
        assert_eq!((err.errors.len(), err.detail.as_str()), (0, "give a JSON object"));
    }
}
