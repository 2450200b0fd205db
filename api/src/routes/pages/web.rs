//! Everything that is no route: a page of the web, the page that says there is none, or nothing. A page that somebody's roles may not see
//! is answered to them like one that is nowhere, to the byte.

use super::Page;
use crate::auth::in_session;
use crate::cli::chain;
use crate::edge::named;
use crate::error::ApiError;
use crate::state::AppState;
use crate::web::OwnPage;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use std::sync::LazyLock;
use std::time::Duration;
use steward_core::RequestId;
use tracing::warn;

/// Below these, programs ask: what is not there is a problem document and no page.
const FOR_PROGRAMS: [&str; 6] = ["/api", "/v1", "/webhooks", "/mcp", "/metrics", "/.well-known"];

/// How long looking up who asks for a page may take, in milliseconds.
const LOOK_MS_MAX: u64 = 2_000;

static NOT_BUILT: LazyLock<Page> = LazyLock::new(|| Page::new("Steward, without its web", include_str!("page.css"), include_str!("not_built.html"), None));

/// Answers for every path that the router's table does not have.
pub(crate) async fn answer(State(state): State<AppState>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let (path, headers) = (parts.uri.path(), &parts.headers);
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    if !is_read || is_for_programs(path) {
        return ApiError::missing().into_response();
    }
    let is_page = path == "/" || path == "/sign-in" || wants_page(headers);
    if !state.web.is_built() && is_page {
        let mut page = NOT_BUILT.answer();
        page.extensions_mut().insert(OwnPage);
        return named(page, "web");
    }
    let is_there = state.web.has(path) && !is_kept(&state, &parts).await;
    if !is_there && !is_page {
        return ApiError::missing().into_response();
    }
    let page = if is_there { state.web.answer(path, headers) } else { state.web.missing(headers) };
    match page {
        // Of paths that are not there are arbitrarily many, and they are counted as such.
        Some(page) if page.status().is_client_error() => page,
        Some(page) => named(page, "web"),
        None => ApiError::missing().into_response(),
    }
}

/// Whether what stands at a path is kept from whoever asks: somebody signed in, none of whose roles may see its place.
///
/// Who asks is looked up only for what belongs to such a place. Whoever is not signed in gets the page, which holds nothing and leads to
/// the door; and so does everybody where that cannot be looked up, for what the page asks for then is refused by itself.
async fn is_kept(state: &AppState, parts: &Parts) -> bool {
    let Some(place) = state.web.kept(parts.uri.path()) else { return false };
    let found = tokio::time::timeout(Duration::from_millis(LOOK_MS_MAX), in_session(state, &parts.headers)).await;
    let why = match found {
        Ok(Ok(who)) => return who.is_some_and(|actor| !place.is_for(&actor)),
        Ok(Err(err)) => chain(&err),
        Err(_) => format!("the database did not answer in {LOOK_MS_MAX} ms"),
    };
    let request_id = parts.extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    warn!(request.id = request_id, error = why, "who asks for a page could not be looked up, so it comes as to nobody in particular");
    false
}

fn is_for_programs(path: &str) -> bool {
    FOR_PROGRAMS.iter().any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}
