//! Begins a sign-in by passkey.

use super::{PasskeyRequest, party};
use crate::auth::{Answer, Visit, json};
use crate::openapi::Doc;
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Begin a sign-in by passkey")
        .about("The answer of the browser goes to `POST /api/v1/session` within two minutes. Nothing is stored until then.")
        .answers::<PasskeyRequest>("201", "What the browser is asked with.")
        .refuses("409", "People come here by a bare address, for which browsers keep no passkeys.")
}

pub(crate) async fn handle(visit: Visit) -> Answer {
    let party = party(&visit.state.site)?;
    json(StatusCode::CREATED, &PasskeyRequest::of(people::begin_sign_in(&visit.office)?, party))
}
