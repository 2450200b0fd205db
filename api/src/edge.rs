//! The outermost layer: an id for every request, security headers on every answer, one form for every problem, and a count.

use crate::error::{ApiError, Problem, ProblemCode};
use crate::state::AppState;
use crate::web::OwnPage;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;
use steward_core::RequestId;
use tracing::{error, warn};

/// The request's id, in every answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What a page of ours may load unless it says otherwise: nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Wraps every route, known or not.
pub(crate) async fn edge(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id: RequestId = state.office.ids.make();
    request.extensions_mut().insert(request_id);
    let method = method_name(request.method());
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    // Of unknown paths there are arbitrarily many; they count as one.
    let route = response.extensions_mut().remove::<RouteName>().map_or("unknown", |name| name.0);
    response = as_problem(response, &path, request_id);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, NOTHING);
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    if state.site.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    state.meters.request(method, route, response.status().as_u16(), started.elapsed());
    response
}

/// The path of the route that answered, as the router's table spells it.
#[derive(Debug, Clone, Copy)]
struct RouteName(&'static str);

/// Notes which route answers.
pub(crate) async fn name_route(State(name): State<&'static str>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(RouteName(name));
    response
}

/// Names the route of an answer that comes from no route of the table.
pub(crate) fn named(mut response: Response, name: &'static str) -> Response {
    response.extensions_mut().insert(RouteName(name));
    response
}

/// Methods are few and known; what else is sent counts as one.
fn method_name(method: &http::Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Gives every refusal and failure its body, and writes down what is our fault.
fn as_problem(mut response: Response, path: &str, request_id: RequestId) -> Response {
    let status = response.status();
    let is_page = response.extensions_mut().remove::<OwnPage>().is_some();
    if is_page || (!status.is_client_error() && !status.is_server_error()) {
        return response;
    }
    let known = response.extensions_mut().remove::<Arc<ApiError>>();
    // A refusal of the framework itself (no such route, wrong method) has no error of ours.
    let err = known.unwrap_or_else(|| Arc::new(of_framework(status)));
    if status.is_server_error() {
        let causes = causes(&err);
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            error!(request.id = %request_id, http.status = status.as_u16(), causes, "a request failed");
        } else {
            warn!(request.id = %request_id, http.status = status.as_u16(), causes, "a request could not be answered");
        }
    }
    let (kind, body) =
        if path.starts_with("/v1/") { ("application/json", openai(&err, request_id)) } else { ("application/problem+json", problem(&err, request_id)) };
    let mut answer = (status, body).into_response();
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            answer.headers_mut().append(name, value.clone());
        }
    }
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn of_framework(status: StatusCode) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => ApiError::missing(),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::new(status, ProblemCode::WrongMethod, "this path does not take this method; `Allow` lists those it takes"),
        StatusCode::INTERNAL_SERVER_ERROR => ApiError::new(status, ProblemCode::Bug, "something of ours failed: the request's id helps to find it"),
        other => ApiError::new(other, ProblemCode::Refused, other.canonical_reason().unwrap_or("refused")),
    }
}

fn problem(err: &ApiError, request_id: RequestId) -> String {
    let problem = Problem {
        kind: "about:blank",
        title: err.status.canonical_reason().unwrap_or("Problem"),
        status: err.status.as_u16(),
        code: err.code,
        detail: err.detail.clone(),
        request_id: request_id.to_string(),
        errors: err.errors.clone(),
        step_up: err.step_up.as_deref().cloned(),
    };
    serde_json::to_string(&problem).unwrap_or_default()
}

/// The type of an error, as clients of the OpenAI-compatible routes know it.
pub(crate) fn openai_type(err: &ApiError) -> &'static str {
    match err.status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    }
}

/// The form those clients expect.
fn openai(err: &ApiError, request_id: RequestId) -> String {
    let param = err.errors.first().map(|field| field.path.clone());
    json!({ "error": { "message": err.detail, "type": openai_type(err), "code": err.code, "param": param, "request_id": request_id } }).to_string()
}

fn causes(err: &ApiError) -> String {
    let mut text = String::new();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = err.source.as_deref().map(|source| source as _);
    while let Some(this) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&this.to_string());
        cause = this.source();
    }
    text
}
