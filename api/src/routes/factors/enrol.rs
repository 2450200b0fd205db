//! Begins with one-time codes: a secret for the app, shown once.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::openapi::Doc;
use crate::picture::Picture;
use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use steward_office::people;
use utoipa::ToSchema;

/// What is put into an app. Shown now and never again; all null when the answer is repeated.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct EnrolmentView {
    /// The secret in base32, for typing.
    secret: Option<String>,
    /// The same for scanning, as `otpauth://totp/…`.
    uri: Option<String>,
    /// `uri` as a picture.
    picture: Option<Picture>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Begin with one-time codes")
        .about("Makes a secret for an app (RFC 6238: SHA-1, six digits, thirty seconds). It counts once a code of it was confirmed; until then another call replaces it.")
        .answers::<EnrolmentView>("201", "The secret, shown once.")
        .refuses("403", "There is a password, and it was not given in this session within ten minutes (`not_proven`), or there is none and the session is older than that (`not_fresh`).")
        .refuses("409", "Codes of an app count already.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    let made = people::enrol_totp(&mut tx, caller.office()).await?;
    let picture = Picture::of(made.uri.expose_secret()).ok_or_else(|| ApiError::field("/email", "is too long for a picture"))?;
    let answer = EnrolmentView { secret: Some(made.secret.expose_secret().to_owned()), uri: Some(made.uri.expose_secret().to_owned()), picture: Some(picture) };
    caller.commit_secret(tx, StatusCode::CREATED, &answer, &EnrolmentView::default()).await
}
