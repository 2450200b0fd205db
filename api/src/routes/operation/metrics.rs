//! What the server counts about itself.

use crate::auth::Visit;
use crate::openapi::Doc;
use axum::response::{IntoResponse as _, Response};
use http::header;

pub(crate) fn doc() -> Doc {
    Doc::new("Counters in Prometheus' text form").answers_as("200", "text/plain", "Counters of this process; nothing names an organisation or a person.")
}

pub(crate) async fn handle(visit: Visit) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], visit.state.meters.text()).into_response()
}
