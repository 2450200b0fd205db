//! Says whether one wants mail, and in which language.

use super::NoticesView;
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_office::notices;
use utoipa::ToSchema;

/// How one wants to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeWishBody {
    /// Whether by mail.
    mail: bool,
    /// In which language: en, es, ar, ne; the installation's without it.
    #[schema(example = "en")]
    language: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Say how one wants to be told")
        .about("Browsers are added and removed at `/api/v1/me/push`.")
        .body::<NoticeWishBody>()
        .answers::<NoticesView>("200", "As it is now.")
}

pub(crate) async fn handle(caller: Caller, Json(wish): Json<NoticeWishBody>) -> Answer {
    let mut tx = caller.begin().await?;
    notices::set_wish(&mut tx, caller.office(), wish.mail, wish.language).await?;
    let view = NoticesView::of(&mut tx, &caller.state().notices).await?;
    caller.commit(tx, StatusCode::OK, &view).await
}
