//! One's own API tokens.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;

use serde::Serialize;
use steward_core::{ApiTokenId, Scope, WorkspaceId};
use steward_store::api_token::ApiToken;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// An API token, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TokenView {
    #[schema(value_type = String, example = "token_01k4…")]
    token_id: ApiTokenId,
    name: String,
    /// What it may be used for: converse, read, write.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<OffsetDateTime>,
    /// The client that it was given to on a page of this house; null for one that was made here.
    client: Option<TokenClientView>,
}

/// To whom a token was given, and what for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TokenClientView {
    /// The address of the client's document.
    client_id: String,
    /// Whose tools it uses.
    agent: String,
    /// The only workspace it sees; null for every one that the person sees.
    #[schema(value_type = Option<String>, example = "ws_01k4…")]
    workspace_id: Option<WorkspaceId>,
    /// Until when it renews the token by itself.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    renewed_until: OffsetDateTime,
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        Self {
            token_id: token.api_token_id,
            name: token.name,
            scopes: token.scopes.into_iter().collect(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
            revoked_at: token.revoked_at,
            client: token.client.map(|client| TokenClientView {
                client_id: client.client_id,
                agent: client.agent,
                workspace_id: client.only_workspace,
                renewed_until: client.renewed_until,
            }),
        }
    }
}
