//! Changes what one says of oneself.

use super::Me;
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_office::people::{self, ProfileChange};
use utoipa::ToSchema;

/// What is to be otherwise; what is not given stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeChange {
    /// What one is called: 1 to 200 letters.
    #[schema(example = "Ada Lovelace")]
    display_name: Option<String>,
    /// How one reads: a BCP 47 tag.
    #[schema(example = "de-CH")]
    locale: Option<String>,
    /// By whose clock: an IANA name.
    #[schema(example = "Europe/Zurich")]
    time_zone: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Say what one is called, how one reads and by whose clock")
        .about("Tools are told language and zone in every run that begins from then on.")
        .body::<MeChange>()
        .answers::<Me>("200", "The caller, as it is now.")
}

pub(crate) async fn handle(caller: Caller, Json(change): Json<MeChange>) -> Answer {
    let MeChange { display_name, locale, time_zone } = change;
    let mut tx = caller.begin().await?;
    people::change_profile(&mut tx, caller.office(), ProfileChange { display_name, locale, time_zone }).await?;
    let me = Me::of(&mut tx, caller.actor()).await?;
    caller.commit(tx, StatusCode::OK, &me).await
}
