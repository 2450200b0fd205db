//! Suggests rules for what people always approved. None is put in force.

use crate::auth::{Answer, Caller, json};
use crate::error::{ApiError, ProblemCode};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::recorded::judging;
use crate::suggestions::{DAYS_MAX, DAYS_USUAL, LEAST_MAX, LEAST_MIN, LEAST_USUAL, SuggestionView, look};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::limits::SUGGEST_EVALUATIONS_MAX;
use steward_policies::{Effort, suggest_within};
use time::Duration;
use utoipa::{IntoParams, ToSchema};

/// From what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Days looked back on, 1 to 366; 90 without it.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
    /// How often something has to have been approved, 3 to 1000; 10 without it.
    #[param(minimum = 3, maximum = 1000)]
    least: Option<u32>,
}

/// Rules that people may want.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Suggestions {
    items: Vec<SuggestionView>,
    /// Whether not everything that was approved was looked at, for that takes more than one request may: there may be more to suggest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unfinished: bool,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Suggest rules for what people always approved")
        .about("A suggestion is Cedar text for a person to read, with its backtest; nothing is put in force. It is for one agent, tool and workspace, at the labels that were seen, and names every value that text from outside steered. None is made for money, keys, people, removal or Steward itself, nor for what was refused, edited or sent back even once.")
        .query::<Wanted>()
        .answers::<Suggestions>("200", "Suggested rules, the most approved first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let (days, least) = (wanted.days.unwrap_or(DAYS_USUAL), wanted.least.unwrap_or(LEAST_USUAL));
    if !(1..=DAYS_MAX).contains(&i64::from(days)) {
        return Err(ApiError::field("days", format!("give 1 to {DAYS_MAX}")));
    }
    if !(LEAST_MIN..=LEAST_MAX).contains(&i64::from(least)) {
        return Err(ApiError::field("least", format!("give {LEAST_MIN} to {LEAST_MAX}")));
    }
    let place = judging().await?;
    let mut tx = caller.begin().await?;
    let seen = look(&mut tx, caller.office().clock.now() - Duration::days(i64::from(days)), least).await?;
    tx.rollback().await?;
    let (rules, tools) = (caller.state().rules.of(caller.actor().tenant), caller.state().host.specs());
    // The rules are loaded again for each suggestion: too long to keep other requests waiting.
    let made = tokio::task::spawn_blocking(move || {
        let _place = place;
        suggest_within(&Effort::of(SUGGEST_EVALUATIONS_MAX), &rules, &tools, &seen.habits, &seen.recorded)
    });
    let made = made.await;
    let found = made.map_err(|err| {
        let mut bug = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Bug, "the suggestions could not be made");
        bug.source = Some(Box::new(err));
        bug
    })??;
    json(StatusCode::OK, &Suggestions { items: found.suggestions.into_iter().map(SuggestionView::from).collect(), unfinished: found.unfinished })
}
