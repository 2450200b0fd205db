//! What `/mcp` says of itself to programs that look for a token (RFC 9728).

use crate::auth::{Answer, Visit, json};
use crate::oauth;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use steward_core::Scope;
use utoipa::ToSchema;

/// An address that takes tokens, and who gives them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceView {
    /// The address, as a token for it is asked.
    resource: String,
    /// Who gives tokens for it: this server alone.
    #[schema(value_type = Vec<String>)]
    authorization_servers: [String; 1],
    #[schema(value_type = Vec<String>)]
    scopes_supported: [Scope; 3],
    /// How a token is brought: in the header `Authorization` alone.
    #[schema(value_type = Vec<String>)]
    bearer_methods_supported: [&'static str; 1],
    resource_name: &'static str,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Say who gives tokens for `/mcp`")
        .about("Protected-resource metadata (RFC 9728).")
        .answers::<ResourceView>("200", "The address, and who gives tokens for it.")
}

pub(crate) async fn handle(visit: Visit) -> Answer {
    let site = &visit.state.site;
    let view = ResourceView {
        resource: oauth::resource(site),
        authorization_servers: [site.public_url().to_owned()],
        scopes_supported: Scope::ALL,
        bearer_methods_supported: ["header"],
        resource_name: "Steward",
    };
    json(StatusCode::OK, &view)
}
