//! The sets of rules that were ever approved: what was in force, since when, and who said so.

use crate::auth::{Answer, Caller};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::PageQuery;
use crate::routes::changes::{ChangeView, list};
use steward_office::changes::ChangeKind;

pub(crate) fn doc() -> Doc {
    Doc::new("List the rules that were approved")
        .about("Each was in force from its decision on until the next. Until the first of them the rules of the installation's files hold.")
        .query::<PageQuery>()
        .answers_page::<ChangeView>("Approved changes, newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<PageQuery>) -> Answer {
    list::answer(&caller, Some(ChangeKind::Policy), Some("approved"), wanted.limit, wanted.cursor.as_deref()).await
}
