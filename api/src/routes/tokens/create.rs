//! Makes an API token and shows it, once.

use super::TokenView;
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use steward_core::Scope;
use steward_office::people;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What to call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// At least one of converse, read, write.
    #[schema(value_type = Vec<String>, example = json!(["read"]))]
    scopes: BTreeSet<Scope>,
    /// When it ends, within a year and a day; never without it.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<OffsetDateTime>,
}

/// A token just made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TokenMade {
    #[serde(flatten)]
    token: TokenView,
    /// The token itself. Shown now and never again; null when the answer is repeated.
    #[schema(example = "stw_live_…")]
    secret: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Make an API token")
        .about(
            "A token acts for its person within its scopes. It never decides on held actions and never makes tokens. Takes a second factor given for \
             this, without any the password given within ten minutes, and with neither a sign-in within them.",
        )
        .body::<NewToken>()
        .answers::<TokenMade>("201", "The token, shown once.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewToken>) -> Answer {
    let mut tx = caller.begin().await?;
    let new = people::NewToken { name: new.name, scopes: new.scopes, expires_at: new.expires_at };
    let made = people::make_token(&mut tx, caller.office(), new).await?;
    let secret = Some(made.secret.expose_secret().to_owned());
    let answer = TokenMade { token: made.token.into(), secret };
    let remembered = TokenMade { secret: None, ..answer.clone() };
    caller.commit_secret(tx, StatusCode::CREATED, &answer, &remembered).await
}
