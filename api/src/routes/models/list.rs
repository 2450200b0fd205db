//! Lists the named models.

use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A model that agents can be given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelView {
    /// As the configuration names it.
    #[schema(example = "strong")]
    name: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List the models").answers_page::<ModelView>("The names of the configuration.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    json(StatusCode::OK, &PageOf::new(caller.state().models.clone(), None, |name| ModelView { name }))
}
