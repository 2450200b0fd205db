//! Lists one's own open sessions.

use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use serde::Serialize;
use steward_core::{Actor, ActorKind, SessionId};
use steward_office::people;
use steward_store::session::Session;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// An open session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(value_type = String, example = "session_01k4…")]
    session_id: SessionId,
    /// Whether it is the one this request came with.
    is_this: bool,
    /// How it was opened: link or password.
    method: &'static str,
    user_agent: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    seen_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
}

impl SessionView {
    /// Shows sessions to somebody who may be reading in one of them.
    pub(crate) fn seen_by(actor: &Actor) -> impl Fn(Session) -> Self + use<> {
        let this = match actor.kind {
            ActorKind::Person { session, .. } => session,
            ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => None,
        };
        move |row| Self {
            session_id: row.session_id,
            is_this: Some(row.session_id) == this,
            method: row.method.name(),
            user_agent: row.user_agent,
            created_at: row.created_at,
            seen_at: row.seen_at,
            expires_at: row.expires_at,
        }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List one's own open sessions").query::<PageQuery>().answers_page::<SessionView>("Open sessions, oldest first.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<PageQuery>) -> Answer {
    let mut tx = caller.begin().await?;
    let (rows, next) = people::list_sessions(&mut tx, caller.office(), caller.person()?, &query.page()?).await?;
    json(StatusCode::OK, &PageOf::new(rows, next, SessionView::seen_by(caller.actor())))
}
