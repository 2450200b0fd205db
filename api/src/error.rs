//! The one place that turns what an error means into a status and a problem document (RFC 9457).
//!
//! What the caller may not know of is missing, with the same bytes as what is not there. Our own failures show nothing but the request's id.

mod code;

pub use code::ProblemCode;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::any::Any;
use std::sync::Arc;
use steward_core::{HasKind, Kind};
use steward_office::OfficeError;
use steward_office::crm::CrmError;
use steward_office::documents::DocumentError;
use steward_office::import::ImportError;
use steward_office::people::PeopleError;

/// A field that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// A JSON pointer into the request's body, or the name of a query parameter.
    pub path: String,
    /// What is wrong with it, and what to give instead.
    pub message: String,
}

/// What a second factor is wanted for, and what can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FactorWanted {
    /// What to give it for at `POST /api/v1/session/step-up`; null when signing in.
    #[serde(rename = "for")]
    pub bound: Option<String>,
    /// What can be given: `totp`, `recovery`, `passkey`.
    pub factors: Vec<&'static str>,
}

/// A refusal or failure on its way out. The edge adds the request's id and writes it down where it is our fault.
#[derive(Debug)]
pub struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: ProblemCode,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldProblem>,
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) step_up: Option<Box<FactorWanted>>,
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    /// A refusal with a status and code of its own.
    pub fn new(status: StatusCode, code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after_s: None, step_up: None, source: None }
    }

    /// Nobody, or nobody any more.
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, ProblemCode::NotSignedIn, "sign in, or send a valid API token")
    }

    /// Known, and not allowed.
    pub fn denied(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, ProblemCode::Denied, detail)
    }

    /// Not there, or not for this caller: the same in both cases.
    pub fn missing() -> Self {
        Self::new(StatusCode::NOT_FOUND, ProblemCode::Missing, "there is nothing here, or nothing you may know of")
    }

    /// One field is wrong.
    pub fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        let (path, message) = (path.into(), message.into());
        let mut err = Self::new(StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::Invalid, format!("`{path}`: {message}"));
        err.errors.push(FieldProblem { path, message });
        err
    }

    fn of_kind(kind: Kind, message: String) -> Self {
        match kind {
            Kind::Invalid => Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind.into(), message),
            Kind::Denied => Self::denied(message),
            Kind::Missing => Self::missing(),
            Kind::Conflict => Self::new(StatusCode::CONFLICT, kind.into(), message),
            Kind::Limit => Self::new(StatusCode::TOO_MANY_REQUESTS, kind.into(), message),
            Kind::Away => {
                let mut err = Self::new(StatusCode::SERVICE_UNAVAILABLE, kind.into(), "something this depends on does not answer: try again shortly");
                err.retry_after_s = Some(2);
                err
            }
            Kind::Bug => Self::new(StatusCode::INTERNAL_SERVER_ERROR, kind.into(), "something of ours failed: the request's id helps to find it"),
        }
    }
}

/// Errors that say more than their kind does: a field, a time to wait, a status of their own.
fn told_apart(err: &dyn Any) -> Option<ApiError> {
    if let Some(err) = err.downcast_ref::<PeopleError>() {
        return match err {
            PeopleError::NotSignedIn => Some(ApiError::not_signed_in()),
            PeopleError::SignInRefused => Some(ApiError::new(StatusCode::UNAUTHORIZED, ProblemCode::SignInRefused, err.to_string())),
            PeopleError::Field { path, message } => Some(ApiError::field(path, message)),
            PeopleError::TooManyFailures { retry_after_s } => {
                let mut limit = ApiError::of_kind(Kind::Limit, err.to_string());
                limit.retry_after_s = Some(*retry_after_s);
                Some(limit)
            }
            PeopleError::StepUp { bound, factors } => {
                let mut wanted = ApiError::new(StatusCode::FORBIDDEN, ProblemCode::StepUpRequired, err.to_string());
                wanted.step_up = Some(Box::new(FactorWanted { bound: Some(bound.clone()), factors: factors.clone() }));
                Some(wanted)
            }
            PeopleError::PasskeyRefused(_) => Some(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::PasskeyRefused, err.to_string())),
            PeopleError::IdentityUnknown => Some(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::IdentityUnknown, err.to_string())),
            PeopleError::NotProven => Some(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::NotProven, err.to_string())),
            PeopleError::NotFresh { .. } => Some(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::NotFresh, err.to_string())),
            PeopleError::SecondFactorRequired { factors } => {
                let mut wanted = ApiError::new(StatusCode::UNAUTHORIZED, ProblemCode::SecondFactorRequired, err.to_string());
                wanted.step_up = Some(Box::new(FactorWanted { bound: None, factors: factors.clone() }));
                Some(wanted)
            }
            _ => None,
        };
    }
    match err.downcast_ref::<OfficeError>() {
        Some(err @ OfficeError::StepUp { bound, factors }) => {
            let mut wanted = ApiError::new(StatusCode::FORBIDDEN, ProblemCode::StepUpRequired, err.to_string());
            wanted.step_up = Some(Box::new(FactorWanted { bound: Some(bound.clone()), factors: factors.clone() }));
            return Some(wanted);
        }
        Some(err @ OfficeError::NotProven) => return Some(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::NotProven, err.to_string())),
        Some(err @ OfficeError::NotFresh { .. }) => return Some(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::NotFresh, err.to_string())),
        Some(err @ OfficeError::NoSecondFactor) => return Some(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::SecondFactorMissing, err.to_string())),
        _ => {}
    }
    if let Some(CrmError::Field { field, problem }) = err.downcast_ref::<CrmError>() {
        // `emails[1]` in the office's words is `/emails/1` in the body.
        return Some(ApiError::field(format!("/{}", field.replace(['[', '.'], "/").replace(']', "")), problem));
    }
    if let Some(err @ DocumentError::TooLarge { .. }) = err.downcast_ref::<DocumentError>() {
        return Some(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, ProblemCode::TooLarge, err.to_string()));
    }
    match err.downcast_ref::<ImportError>() {
        Some(err @ (ImportError::TooLarge { .. } | ImportError::TooManyRows)) => {
            Some(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, ProblemCode::TooLarge, err.to_string()))
        }
        _ => None,
    }
}

impl<E: HasKind + Send + Sync + 'static> From<E> for ApiError {
    fn from(err: E) -> Self {
        let mut answer = told_apart(&err).unwrap_or_else(|| Self::of_kind(err.kind(), err.to_string()));
        if answer.status.is_server_error() {
            answer.source = Some(Box::new(err));
        }
        answer
    }
}

/// The problem document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is, `code` which one.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A stable word for programs.
    pub code: ProblemCode,
    /// A sentence for people.
    pub detail: String,
    /// The request, as it stands in logs and in the audit log.
    pub request_id: String,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// With `step_up_required` and `second_factor_required`: what for, and what can be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_up: Option<FactorWanted>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"steward\""));
        }
        // The edge, which knows the request's id, writes the body.
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
