//! The bare address leads to the door.

use crate::openapi::Doc;
use axum::response::Redirect;

pub(crate) fn doc() -> Doc {
    Doc::new("To the sign-in page").answers_as("303", "text/html", "The door is at `/sign-in`.")
}

pub(crate) async fn handle() -> Redirect {
    Redirect::to("/sign-in")
}
