//! Lists the prompts.

use super::PromptView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;

pub(crate) fn doc() -> Doc {
    Doc::new("List the prompts").answers_page::<PromptView>("All versions of all prompts, by name and number.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let prompts = &caller.state().prompts;
    json(StatusCode::OK, &PageOf::new(prompts.list().collect(), None, |prompt| PromptView::of(prompts, prompt)))
}
