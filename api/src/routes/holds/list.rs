//! Lists held actions, or exports them as CSV or JSON lines.

use super::HoldView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::export::{HOLD_CSV_HEADER, hold_csv};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use crate::routes::exports::{self, Form};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use steward_core::{Effect, PersonId, Role, RunId, WorkspaceId};
use steward_office::OfficeError;
use steward_office::holds::{self, STATES, helping_roles};
use steward_store::hold::{Filter, HoldRow};
use steward_store::{Cursor, Page};
use time::OffsetDateTime;
use utoipa::IntoParams;

/// Which held actions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only these, for example `held` for what waits now.
    state: Option<String>,
    /// Only of this effect class: read, fetch, write, send, destroy, money, credential, member, admin.
    #[param(value_type = Option<String>)]
    effect: Option<Effect>,
    /// Only calls of this tool; a star at the end stands for the rest.
    tool: Option<String>,
    /// Only of this agent.
    agent: Option<String>,
    /// Only those in which the agent acts for this person.
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
    /// Only in this workspace.
    #[param(value_type = Option<String>)]
    workspace: Option<WorkspaceId>,
    /// Only of this run.
    #[param(value_type = Option<String>)]
    run: Option<RunId>,
    /// Only those that need somebody of this role, or that such a one can release alone: owner, manager, finance, support, auditor.
    #[param(value_type = Option<String>)]
    role: Option<Role>,
    /// Only those to which the caller's own word can help; for a token there are none.
    #[serde(default)]
    mine: bool,
    /// Words that must all stand in the tool's or the agent's name, the reason, what the tool says that it would do, or the arguments; at most
    /// 12 are looked at.
    q: Option<String>,
    /// Most items, 1 to 200; 50 without it. An export has all.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List held actions")
        .about(
            "With `Accept: text/csv` all that fits is exported, in the order of the list; a cell that a spreadsheet would compute begins with an apostrophe. \
             With `Accept: application/jsonl` it is exported as one held action a line, in the form of a page's items.",
        )
        .query::<Wanted>()
        .answers_page::<HoldView>("Held actions: with `state=held` those first that lapse first, otherwise newest first.")
        .answers_as("200", "text/csv", "")
        .answers_as("200", "application/jsonl", "")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let filter = filter(&caller, wanted)?;
    if let Some(form) = Form::wanted(&headers) {
        return export(caller, filter, page, form).await;
    }
    let (rows, next) = read(&caller, &filter, page).await?;
    let now = caller.office().clock.now();
    let views: Vec<HoldView> = rows.into_iter().map(|row| HoldView::of(row, now)).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &PageOf::new(views, next, |view| view))
}

fn filter(caller: &Caller, wanted: Wanted) -> Result<Filter, ApiError> {
    if wanted.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(ApiError::field("state", format!("give one of {}", STATES.join(", "))));
    }
    Ok(Filter {
        state: wanted.state,
        effect: wanted.effect,
        tool: wanted.tool,
        agent: wanted.agent,
        person: wanted.person,
        workspace: wanted.workspace,
        run: wanted.run,
        role: wanted.role,
        helped_by: wanted.mine.then(|| helping_roles(caller.actor())),
        words: exports::words(wanted.q.as_deref()),
    })
}

fn lines(form: Form, rows: Vec<HoldRow>, now: OffsetDateTime) -> Result<String, OfficeError> {
    let line = |row: HoldRow| -> Result<String, OfficeError> {
        Ok(match form {
            Form::Csv => format!("{}\r\n", hold_csv(&row)?),
            Form::Jsonl => format!("{}\n", serde_json::to_string(&HoldView::of(row, now)?).unwrap_or_default()),
        })
    };
    rows.into_iter().map(line).collect()
}

async fn export(caller: Caller, filter: Filter, page: Page, form: Form) -> Answer {
    let now = caller.office().clock.now();
    let (rows, next) = read(&caller, &filter, exports::page_after(page.after)).await?;
    let first = format!("{}{}", form.heading(HOLD_CSV_HEADER), lines(form, rows, now)?);
    let body = exports::body(first, next, move |page| {
        let (caller, filter) = (caller.clone(), filter.clone());
        async move {
            let (rows, next) = read(&caller, &filter, page).await?;
            Ok::<_, OfficeError>((lines(form, rows, now)?, next))
        }
    });
    Ok(form.file(body, "held"))
}

async fn read(caller: &Caller, filter: &Filter, page: Page) -> Result<(Vec<HoldRow>, Option<Cursor>), OfficeError> {
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let rows = holds::list(&mut tx, filter, &page).await?;
    Ok(page.cut(rows, |row| row.hold_id.uuid()))
}
