//! Sets a secret of a plugin for the organisation, or replaces it.

use super::{Named, PluginSecretView, named, origins, uses};
use crate::auth::{Answer, Caller};
use crate::config::check_own_secret;
use crate::error::{ApiError, ProblemCode};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use steward_office::secrets;
use utoipa::ToSchema;

/// The value of a secret, which is shown to nobody again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecret {
    /// 8 to 512 printable ASCII letters without spaces, none of them one of `& < > " ' \`.
    #[schema(value_type = String, min_length = 8, max_length = 512)]
    value: SecretString,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Set or replace a secret of a plugin")
        .about("Of what a loaded plugin names; for the organisation alone, and for the hosts, methods and paths that the plugin's manifest names it for. It counts from the next call on. Takes a second factor given for this, or without any the password given within ten minutes.")
        .body::<NewSecret>()
        .answers::<PluginSecretView>("200", "It is set. The value is in no answer.")
        .refuses("409", "The configuration of the installation sets it, or somebody else did at the same time.")
}

/// A body of another shape is refused without its words: what stands there in the wrong place, or without its quotes, may be the value.
fn unrepeated(err: ApiError) -> ApiError {
    if err.status == StatusCode::UNPROCESSABLE_ENTITY { ApiError::field("/value", "give an object with `value`, a text, and with nothing else") } else { err }
}

pub(crate) async fn handle(caller: Caller, path: Named, given: Result<Json<NewSecret>, ApiError>) -> Answer {
    let Json(given) = given.map_err(unrepeated)?;
    let (plugin, name) = named(path)?;
    let host = &caller.state().host;
    let key = (plugin, name);
    let uses = uses(host).remove(&key).ok_or_else(ApiError::missing)?;
    let (plugin, name) = &key;
    if host.has_secret(plugin, name) {
        let why = "the configuration of the installation sets this secret, and that counts first; whoever runs Steward takes it out of [[plugins.secrets]]";
        return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::Conflict, why));
    }
    check_own_secret(given.value.expose_secret()).map_err(|problem| ApiError::field("/value", problem))?;
    let mut tx = caller.begin().await?;
    let row = secrets::set(&mut tx, caller.office(), plugin, name, &origins(&uses), &given.value).await?;
    let answer = PluginSecretView::of(host, key, uses, Some(&row));
    caller.commit(tx, StatusCode::OK, &answer).await
}
