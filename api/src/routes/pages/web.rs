//! Everything that is no route: a page of the web, the page that says there is none, or nothing.

use super::Page;
use crate::edge::named;
use crate::error::ApiError;
use crate::state::AppState;
use crate::web::OwnPage;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Method, header};
use std::sync::LazyLock;

/// Below these, programs ask: what is not there is a problem document and no page.
const FOR_PROGRAMS: [&str; 6] = ["/api", "/v1", "/webhooks", "/mcp", "/metrics", "/.well-known"];

static NOT_BUILT: LazyLock<Page> = LazyLock::new(|| Page::new("Steward, without its web", include_str!("page.css"), include_str!("not_built.html"), None));

/// Answers for every path that the router's table does not have.
pub(crate) async fn answer(State(state): State<AppState>, request: Request) -> Response {
    let (path, headers) = (request.uri().path(), request.headers());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || is_for_programs(path) {
        return ApiError::missing().into_response();
    }
    let is_page = path == "/" || path == "/sign-in" || wants_page(headers);
    if !state.web.is_built() && is_page {
        let mut page = NOT_BUILT.answer();
        page.extensions_mut().insert(OwnPage);
        return named(page, "web");
    }
    if !state.web.has(path) && !is_page {
        return ApiError::missing().into_response();
    }
    match state.web.answer(path, headers) {
        // Of paths that are not there are arbitrarily many, and they are counted as such.
        Some(page) if page.status().is_client_error() => page,
        Some(page) => named(page, "web"),
        None => ApiError::missing().into_response(),
    }
}

fn is_for_programs(path: &str) -> bool {
    FOR_PROGRAMS.iter().any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}
