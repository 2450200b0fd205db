//! A person does not let a program in.

use super::{AskedBody, ReturnView, good};
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Refuse a client").body::<AskedBody>().answers::<ReturnView>("201", "The client's address, with the answer that the person said no.")
}

pub(crate) async fn handle(caller: Caller, Json(body): Json<AskedBody>) -> Answer {
    let (request, asked) = good(&caller, &body.asked).await?;
    let mut tx = caller.begin().await?;
    people::refuse_client(&mut tx, caller.office(), &asked).await?;
    let answer = ReturnView { return_to: Some(request.with_refusal(&caller.state().site)) };
    caller.commit(tx, StatusCode::CREATED, &answer).await
}
