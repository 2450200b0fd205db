//! Sums what runs used, or exports the sums as CSV.

use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::export::{csv_line, moment};
use crate::extract::Query;
use crate::openapi::Doc;
use axum::response::IntoResponse as _;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use steward_office::usage::{self, By};
use steward_store::usage::{ROWS_MAX, UsageRow};
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

/// Days summed unless asked otherwise.
const DAYS: i64 = 30;

/// Which sums.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// By what: day, model, prompt, tool, person or agent; by day without it.
    by: Option<String>,
    /// Runs begun from this day or moment on; thirty days before `to` without it.
    #[param(example = "2026-03-01")]
    from: Option<String>,
    /// Runs begun before this day or moment; now without it.
    to: Option<String>,
}

/// What was used over a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageView {
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    to: OffsetDateTime,
    /// day, model, prompt, tool, person or agent.
    by: &'static str,
    /// Days in order; everything else by cost, tools by time, the most first.
    items: Vec<UsageItem>,
    /// Whether there would be more than the 1,000 that are here.
    is_cut: bool,
}

/// One sum.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageItem {
    /// A day in UTC, `name/model`, `name@version`, a tool, a person's id or an agent.
    key: String,
    /// Runs that had part in it.
    runs: i64,
    /// Answers of models; with tools, calls.
    times: i64,
    /// Tokens, read and written.
    tokens: i64,
    /// What models cost, in millionths of a US dollar; with tools, what they asked of models themselves.
    cost_micros: i64,
    /// Fuel of sandboxes, with tools.
    fuel: i64,
    /// Wall time of calls in milliseconds, with tools.
    ms: i64,
    /// Requests of plugins to others, redirects counted, with tools.
    requests: i64,
    /// Bytes that plugins sent to others and got back, with addresses and headers; with tools.
    bytes: i64,
}

impl From<UsageRow> for UsageItem {
    fn from(row: UsageRow) -> Self {
        let UsageRow { key, runs, times, tokens, cost, fuel, ms, requests, bytes } = row;
        Self { key, runs, times, tokens, cost_micros: cost.0, fuel, ms, requests, bytes }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("Sum what was used and what it cost")
        .about("Of runs begun within the time, at most 366 days, in the workspaces one sees. With `Accept: text/csv` the same as a file; a cell that a spreadsheet would compute begins with an apostrophe.")
        .query::<Wanted>()
        .answers::<UsageView>("200", "The sums.")
        .answers_as("200", "text/csv", "")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Answer {
    let by = wanted.by.as_deref().map_or(Ok(By::Day), str::parse).map_err(|message| ApiError::field("by", message))?;
    let at = |name: &'static str, text: &Option<String>| text.as_deref().map(moment).transpose().map_err(|message| ApiError::field(name, message));
    let to = at("to", &wanted.to)?.unwrap_or_else(|| caller.office().clock.now());
    let from = match at("from", &wanted.from)? {
        Some(from) => from,
        None => to.checked_sub(Duration::days(DAYS)).ok_or_else(|| ApiError::field("to", "give a later day"))?,
    };
    let mut tx = caller.begin().await?;
    let rows = usage::sum(&mut tx, by, from, to).await?;
    let accepts_csv =
        headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok()).any(|text| text.to_ascii_lowercase().contains("text/csv"));
    if accepts_csv {
        return Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\"")], csv(by, rows))
            .into_response());
    }
    let is_cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= ROWS_MAX;
    json(StatusCode::OK, &UsageView { from, to, by: by.name(), items: rows.into_iter().map(UsageItem::from).collect(), is_cut })
}

fn csv(by: By, rows: Vec<UsageRow>) -> String {
    let mut text = format!("{},runs,times,tokens,cost_micros,fuel,ms,requests,bytes\r\n", by.name());
    for row in rows {
        let numbers = [row.runs, row.times, row.tokens, row.cost.0, row.fuel, row.ms, row.requests, row.bytes].map(|number| number.to_string());
        text.push_str(&csv_line(std::iter::once(row.key.as_str()).chain(numbers.iter().map(String::as_str))));
        text.push_str("\r\n");
    }
    text
}
