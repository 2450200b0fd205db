//! Refuses to register a program: it would let anybody fill a table, and say whatever name it likes.

use super::refused;
use crate::auth::{Answer, Visit};
use crate::openapi::Doc;
use http::StatusCode;

pub(crate) fn doc() -> Doc {
    Doc::new("Register a client, which is refused")
        .about("Dynamic registration (RFC 7591) is not offered: a client is the document at its own address, or is given an API token. This says so to clients that try.")
        .answers_as("403", "application/json", "What to do instead.")
}

pub(crate) async fn handle(_: Visit) -> Answer {
    let description = "clients are not registered here: give the address of your client's metadata document as client_id, or ask the person for an API token";
    refused(StatusCode::FORBIDDEN, "access_denied", description)
}
