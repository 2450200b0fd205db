//! Exports the audit log as JSON lines or CSV, in the form `steward audit export` writes.

use super::{at, check_sees_all};
use crate::auth::{Answer, Caller};
use crate::export::{AUDIT_CSV_HEADER, audit_csv, audit_json};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::exports::{self, Form};
use http::HeaderMap;
use serde::Deserialize;
use steward_core::{PersonId, RunId};
use steward_office::OfficeError;
use steward_store::audit::{self, AuditFilter, AuditRow};
use steward_store::{Cursor, Page};
use time::OffsetDateTime;
use utoipa::IntoParams;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only this action, for example `hold.approve`, or with a `*` at its end all that begin so, for example `hold.*`.
    action: Option<String>,
    /// Only what this person did.
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
    /// Only what was done to this run and in it.
    #[param(value_type = Option<String>)]
    run: Option<RunId>,
    /// Not before this day or moment.
    #[param(example = "2026-03-01")]
    from: Option<String>,
    /// Before this day or moment.
    to: Option<String>,
}

/// The same, read.
#[derive(Debug, Clone)]
struct Chosen {
    action: Option<String>,
    person: Option<PersonId>,
    run: Option<RunId>,
    from: Option<OffsetDateTime>,
    to: Option<OffsetDateTime>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Export the audit log")
        .about("One JSON object a line, oldest first: an entry's fields, its exact bytes (`canon`) and its leaf hash. \
             With `Accept: text/csv` the same fields as comma-separated values below a heading; a cell that a spreadsheet would compute begins with an apostrophe. \
             What is written while it is read may be missing.")
        .query::<Wanted>()
        .answers_as("200", "application/jsonl", "The entries.")
        .answers_as("200", "text/csv", "")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Answer {
    check_sees_all(&caller)?;
    let chosen = Chosen {
        from: at("from", wanted.from.as_deref())?,
        to: at("to", wanted.to.as_deref())?,
        action: wanted.action,
        person: wanted.person,
        run: wanted.run,
    };
    // Whoever names no kind, or one that there is not, gets what was always given.
    let form = Form::wanted(&headers).unwrap_or(Form::Jsonl);
    let (first, next) = read(&caller, &chosen, form, exports::page_after(None)).await?;
    let first = format!("{}{first}", form.heading(AUDIT_CSV_HEADER));
    let body = exports::body(first, next, move |page| {
        let (caller, chosen) = (caller.clone(), chosen.clone());
        async move { read(&caller, &chosen, form, page).await }
    });
    Ok(form.file(body, "audit"))
}

async fn read(caller: &Caller, chosen: &Chosen, form: Form, page: Page) -> Result<(String, Option<Cursor>), OfficeError> {
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let filter = AuditFilter { action: chosen.action.as_deref(), person: chosen.person, run: chosen.run, from: chosen.from, to: chosen.to };
    let rows = audit::list(&mut tx, &page, filter).await?;
    let (rows, next) = page.cut(rows, |row| row.audit_id.uuid());
    Ok((rows.iter().map(|row| line(form, row)).collect(), next))
}

fn line(form: Form, row: &AuditRow) -> String {
    match form {
        Form::Csv => format!("{}\r\n", audit_csv(row)),
        Form::Jsonl => format!("{}\n", audit_json(row)),
    }
}
