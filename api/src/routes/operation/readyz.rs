//! Says whether requests can be answered: the database does.

use crate::auth::Visit;
use crate::error::ApiError;
use crate::openapi::Doc;

pub(crate) fn doc() -> Doc {
    Doc::new("Can requests be answered").answers_as("200", "text/plain", "They can.").refuses("503", "The database does not answer.")
}

pub(crate) async fn handle(visit: Visit) -> Result<&'static str, ApiError> {
    visit.state.store.ping().await?;
    Ok("ready\n")
}
