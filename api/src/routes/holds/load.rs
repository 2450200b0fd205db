//! What deciding costs people.

use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::Query;
use crate::openapi::Doc;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::PersonId;
use steward_office::holds;
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

/// Days looked back on, unless asked otherwise, and at most.
const DAYS: u32 = 30;
const DAYS_MAX: u32 = 366;

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Days, 1 to 366; 30 without it.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
}

/// How much waits and who decided how much.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoadView {
    /// Actions that wait now.
    waiting: i64,
    /// Since when the oldest of them waits.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_held_at: Option<OffsetDateTime>,
    /// Who decided, the busiest first.
    people: Vec<PersonLoad>,
    /// What nobody decided in time.
    expired: i64,
}

/// What one person decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonLoad {
    #[schema(value_type = String)]
    person_id: PersonId,
    approved: i64,
    /// Refused or sent back.
    refused: i64,
    /// The middle of the times from held to decided.
    median_seconds: i64,
}

pub(crate) fn doc() -> Doc {
    Doc::new("See what deciding costs people").query::<Wanted>().answers::<LoadView>("200", "How much waits, and who decided how much and how fast.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let days = wanted.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(ApiError::field("days", format!("give 1 to {DAYS_MAX}")));
    }
    let mut tx = caller.begin().await?;
    let load = holds::load(&mut tx, caller.office().clock.now() - Duration::days(i64::from(days))).await?;
    let expired = load.people.iter().find(|row| row.person.is_none());
    let people = load
        .people
        .iter()
        .filter_map(|row| Some(PersonLoad { person_id: row.person?, approved: row.approved, refused: row.refused, median_seconds: row.median_seconds }));
    json(
        StatusCode::OK,
        &LoadView { waiting: load.waiting, oldest_held_at: load.oldest, expired: expired.map_or(0, |row| row.expired), people: people.collect() },
    )
}
