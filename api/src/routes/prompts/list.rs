//! Lists the prompts.

use super::PromptView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::keyed::KeyedQuery;
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use std::collections::{BTreeMap, BTreeSet};
use steward_agent::pins::labels;
use steward_prompts::Prompt;

pub(crate) fn doc() -> Doc {
    Doc::new("List the prompts").query::<KeyedQuery>().answers_page::<PromptView>("Versions of prompts, by name and number.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<KeyedQuery>) -> Answer {
    let page = query.page::<(String, u32)>()?;
    let prompts = &caller.state().prompts;
    let all: Vec<&Prompt> = prompts.list().collect();
    let (versions, next) = page.cut(all, |prompt| (prompt.name.clone(), prompt.version));
    let names: BTreeSet<&str> = versions.iter().copied().map(|prompt| prompt.name.as_str()).collect();
    let mut tx = caller.begin().await?;
    let mut points = BTreeMap::new();
    for name in names {
        points.insert(name, labels(&mut tx, caller.office(), prompts, name).await?);
    }
    let none = BTreeMap::new();
    json(StatusCode::OK, &PageOf::keyed(versions, next, |prompt| PromptView::of(prompt, points.get(prompt.name.as_str()).unwrap_or(&none))))
}
