//! Lists the action log, or exports it as CSV or JSON lines.

use super::ActionView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::export::{ACTION_CSV_HEADER, action_csv, moment};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use crate::routes::exports::{self, Form};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use steward_core::{RunId, Verdict};
use steward_office::{OfficeError, actions};
use steward_store::decision::{DecisionRow, Filter};
use steward_store::{Cursor, Page};
use utoipa::IntoParams;

/// Which actions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only these: allowed, held, blocked.
    verdict: Option<String>,
    /// Only calls of this tool; a star at the end stands for the rest.
    tool: Option<String>,
    /// Words that must all stand in the tool's or the agent's name, the reason or the arguments; at most 12 are looked at.
    q: Option<String>,
    /// Only of this run.
    #[param(value_type = Option<String>)]
    run: Option<RunId>,
    /// Not before this day or moment.
    #[param(example = "2026-03-01")]
    from: Option<String>,
    /// Before this day or moment.
    to: Option<String>,
    /// Most items, 1 to 200; 50 without it. An export has all.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List actions with their verdicts")
        .about("`verdict=blocked` is the blocked-action log. With `Accept: text/csv` it is exported whole; a cell that a spreadsheet would compute begins with an apostrophe. \
             With `Accept: application/jsonl` it is exported whole as one action a line, in the form of a page's items.")
        .query::<Wanted>()
        .answers_page::<ActionView>("Actions, newest first.")
        .answers_as("200", "text/csv", "")
        .answers_as("200", "application/jsonl", "")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let filter = filter(&wanted)?;
    if let Some(form) = Form::wanted(&headers) {
        return export(caller, filter, page, form).await;
    }
    let mut tx = caller.begin().await?;
    let rows = actions::list(&mut tx, &filter, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.decision_id.uuid());
    json(StatusCode::OK, &PageOf::new(rows, next, ActionView::from))
}

fn filter(wanted: &Wanted) -> Result<Filter, ApiError> {
    let at = |name: &'static str, text: &Option<String>| text.as_deref().map(moment).transpose().map_err(|message| ApiError::field(name, message));
    let verdict = wanted.verdict.as_deref().map(str::parse::<Verdict>).transpose().map_err(|message| ApiError::field("verdict", message))?;
    Ok(Filter {
        verdict: verdict.map(|verdict| verdict.name().to_owned()),
        tool: wanted.tool.clone(),
        run: wanted.run,
        from: at("from", &wanted.from)?,
        to: at("to", &wanted.to)?,
        words: exports::words(wanted.q.as_deref()),
    })
}

fn lines(form: Form, rows: Vec<DecisionRow>) -> String {
    rows.into_iter()
        .map(|row| match form {
            Form::Csv => format!("{}\r\n", action_csv(&row)),
            Form::Jsonl => format!("{}\n", serde_json::to_string(&ActionView::from(row)).unwrap_or_default()),
        })
        .collect()
}

async fn export(caller: Caller, filter: Filter, page: Page, form: Form) -> Answer {
    let (rows, next) = read(&caller, &filter, exports::page_after(page.after)).await?;
    let first = format!("{}{}", form.heading(ACTION_CSV_HEADER), lines(form, rows));
    let body = exports::body(first, next, move |page| {
        let (caller, filter) = (caller.clone(), filter.clone());
        async move {
            let (rows, next) = read(&caller, &filter, page).await?;
            Ok::<_, OfficeError>((lines(form, rows), next))
        }
    });
    Ok(form.file(body, "actions"))
}

async fn read(caller: &Caller, filter: &Filter, page: Page) -> Result<(Vec<DecisionRow>, Option<Cursor>), OfficeError> {
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let rows = actions::list(&mut tx, filter, &page).await?;
    Ok(page.cut(rows, |row| row.decision_id.uuid()))
}
