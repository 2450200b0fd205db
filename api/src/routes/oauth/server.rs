//! What the house says of itself as the server that gives tokens (RFC 8414).

use crate::auth::{Answer, Visit, json};
use crate::oauth;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use steward_core::Scope;
use utoipa::ToSchema;

/// A server that gives tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenServerView {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    /// Where a client gives a token back (RFC 7009).
    revocation_endpoint: String,
    #[schema(value_type = Vec<String>)]
    response_types_supported: [&'static str; 1],
    #[schema(value_type = Vec<String>)]
    response_modes_supported: [&'static str; 1],
    #[schema(value_type = Vec<String>)]
    grant_types_supported: [&'static str; 2],
    #[schema(value_type = Vec<String>)]
    code_challenge_methods_supported: [&'static str; 1],
    #[schema(value_type = Vec<String>)]
    token_endpoint_auth_methods_supported: [&'static str; 1],
    #[schema(value_type = Vec<String>)]
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    #[schema(value_type = Vec<String>)]
    scopes_supported: [Scope; 3],
    /// Every answer names this server (RFC 9207).
    authorization_response_iss_parameter_supported: bool,
    /// A client is the document at its own address; none is registered.
    client_id_metadata_document_supported: bool,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Say how tokens for `/mcp` are given")
        .about(
            "Authorization-server metadata (RFC 8414). Codes with PKCE by `S256` only, public clients only, and a client is the document at its own address.",
        )
        .answers::<TokenServerView>("200", "Where to ask, and how.")
}

pub(crate) async fn handle(visit: Visit) -> Answer {
    let url = visit.state.site.public_url();
    let view = TokenServerView {
        issuer: url.to_owned(),
        authorization_endpoint: format!("{url}{}", oauth::PAGE),
        token_endpoint: format!("{url}/oauth/token"),
        revocation_endpoint: format!("{url}/oauth/revoke"),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
        revocation_endpoint_auth_methods_supported: ["none"],
        scopes_supported: Scope::ALL,
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
    };
    json(StatusCode::OK, &view)
}
