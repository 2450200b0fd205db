//! Lists the audit log.

use super::{AuditView, at, check_sees_all};
use crate::auth::{Answer, Caller, json};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::{Order, PageOf};
use http::StatusCode;
use serde::Deserialize;
use steward_core::{PersonId, RunId};
use steward_office::audit::personal::opened;
use steward_store::audit::{self, AuditFilter};
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
    /// `oldest` or `newest` first; `oldest` without it.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    order: Order,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List the audit log").query::<Wanted>().answers_page::<AuditView>("Entries, in the order asked for.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    check_sees_all(&caller)?;
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let mut tx = caller.begin().await?;
    let filter = AuditFilter {
        action: wanted.action.as_deref(),
        person: wanted.person,
        run: wanted.run,
        from: at("from", wanted.from.as_deref())?,
        to: at("to", wanted.to.as_deref())?,
    };
    let rows = match wanted.order {
        Order::Oldest => audit::list(&mut tx, &page, filter).await?,
        Order::Newest => audit::list_newest(&mut tx, &page, filter).await?,
    };
    let (rows, next) = page.cut(rows, |row| row.audit_id.uuid());
    let mut personal = opened(&mut tx, caller.office(), &rows.iter().map(|row| row.audit_id).collect::<Vec<_>>()).await?;
    let rows: Vec<AuditView> = rows.into_iter().map(|row| (personal.remove(&row.audit_id), row)).map(|(personal, row)| AuditView::of(row, personal)).collect();
    json(StatusCode::OK, &PageOf::new(rows, next, std::convert::identity))
}
