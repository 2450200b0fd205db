//! Lists the prompts.

use super::PromptView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use std::collections::{BTreeMap, BTreeSet};
use steward_agent::pins::labels;

pub(crate) fn doc() -> Doc {
    Doc::new("List the prompts").answers_page::<PromptView>("All versions of all prompts, by name and number.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let prompts = &caller.state().prompts;
    let names: BTreeSet<&str> = prompts.list().map(|prompt| prompt.name.as_str()).collect();
    let mut tx = caller.begin().await?;
    let mut points = BTreeMap::new();
    for name in names {
        points.insert(name, labels(&mut tx, caller.office(), prompts, name).await?);
    }
    let none = BTreeMap::new();
    json(StatusCode::OK, &PageOf::new(prompts.list().collect(), None, |prompt| PromptView::of(prompt, points.get(prompt.name.as_str()).unwrap_or(&none))))
}
