//! Says whether people can sign in at an OpenID provider, and what it is called.

use crate::auth::{Answer, Visit, json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// What people call it; null where there is none.
    name: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Say where people can sign in").answers::<ProviderView>("200", "The configured provider, if any.")
}

pub(crate) async fn handle(visit: Visit) -> Answer {
    json(StatusCode::OK, &ProviderView { name: visit.state.oidc.as_ref().map(|oidc| oidc.name().to_owned()) })
}
