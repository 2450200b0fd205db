//! Says that the process answers. Asks nothing else, so that a slow database does not get the process killed.

use crate::openapi::Doc;

pub(crate) fn doc() -> Doc {
    Doc::new("Is the process alive").answers_as("200", "text/plain", "It is.")
}

pub(crate) async fn handle() -> &'static str {
    "ok\n"
}
