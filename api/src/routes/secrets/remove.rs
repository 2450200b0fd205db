//! Removes the organisation's value of a plugin's secret.

use super::{Named, named};
use crate::auth::{Answer, Caller};
use crate::openapi::Doc;
use steward_office::secrets;

pub(crate) fn doc() -> Doc {
    Doc::new("Remove the organisation's value of a plugin's secret")
        .about("Nothing of it is kept; calls from now on go without it, and say so. Takes a second factor given for this, or without any the password given within ten minutes.")
        .answers_nothing("It is gone.")
}

pub(crate) async fn handle(caller: Caller, path: Named) -> Answer {
    let (plugin, name) = named(path)?;
    let mut tx = caller.begin().await?;
    secrets::remove(&mut tx, caller.office(), &plugin, &name).await?;
    caller.commit_empty(tx).await
}
