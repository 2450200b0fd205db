//! The door: signs in by link or password, says who one is, and the way to go on.

use super::Page;
use crate::openapi::Doc;
use axum::response::Response;
use std::sync::LazyLock;

static PAGE: LazyLock<Page> =
    LazyLock::new(|| Page::new("Sign in to Steward", include_str!("page.css"), include_str!("sign_in.html"), Some(include_str!("sign_in.js"))));

pub(crate) fn doc() -> Doc {
    Doc::new("The sign-in page").answers_as("200", "text/html", "A page that signs in by one-time link or password.")
}

pub(crate) async fn handle() -> Response {
    PAGE.answer()
}
