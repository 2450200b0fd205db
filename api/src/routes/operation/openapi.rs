//! The OpenAPI document.

use crate::openapi::{Doc, text};
use axum::response::{IntoResponse as _, Response};
use http::header;
use std::sync::LazyLock;

static TEXT: LazyLock<String> = LazyLock::new(text);

pub(crate) fn doc() -> Doc {
    Doc::new("This document").answers_as("200", "application/json", "OpenAPI 3.1.")
}

pub(crate) async fn handle() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], TEXT.as_str()).into_response()
}
