//! Erases somebody's personal details from the audit log.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::openapi::Doc;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use steward_office::audit::personal;
use steward_office::audit::seal::Subject;

pub(crate) fn doc() -> Doc {
    Doc::new("Erase somebody's personal details from the audit log")
        .about("`id` is a person's or a contact's. The key of the details is erased: nothing brings them back, and the log stays as it was signed. Records kept elsewhere are not touched.")
        .answers_nothing("The details can no longer be read.")
}

pub(crate) async fn handle(caller: Caller, id: Result<Path<String>, PathRejection>) -> Answer {
    let Path(id) = id.map_err(|_| ApiError::missing())?;
    let subject: Subject = id.parse().map_err(|_| ApiError::missing())?;
    let mut tx = caller.begin().await?;
    personal::erase(&mut tx, caller.office(), subject).await?;
    caller.commit_empty(tx).await
}
