//! Lists the named models.

use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::keyed::KeyedQuery;
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Serialize;
use steward_agent::agents::Agents;
use steward_agent::models::{Listed, Price};
use utoipa::ToSchema;

/// A model that agents can be given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelView {
    /// As the configuration names it.
    #[schema(example = "strong")]
    name: String,
    /// As its provider calls it.
    #[schema(example = "gpt-4o-mini")]
    model: String,
    /// How it is spoken to: openai for chat completions, openai-responses, anthropic, gemini.
    #[schema(example = "openai")]
    provider: &'static str,
    /// What it is charged at.
    price: ModelPrice,
    /// Whether the configuration or the list that ships says what it costs; otherwise it is charged as a dear one.
    is_price_known: bool,
    /// Models that are tried when it fails, in this order.
    fallback: Vec<String>,
    /// Agents that ask it first.
    agents: Vec<String>,
}

/// What a million tokens cost, in millionths of a US dollar.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelPrice {
    /// Tokens read.
    input_micros: u64,
    /// Tokens read from the provider's cache of prompts.
    cached_micros: u64,
    /// Tokens written.
    output_micros: u64,
}

impl From<Price> for ModelPrice {
    fn from(price: Price) -> Self {
        Self { input_micros: price.input, cached_micros: price.cached.unwrap_or(price.input), output_micros: price.output }
    }
}

impl ModelView {
    fn of(model: Listed, agents: &Agents) -> Self {
        Self {
            agents: agents.values().filter(|agent| agent.model == model.name).map(|agent| agent.name.clone()).collect(),
            name: model.name,
            model: model.model,
            provider: model.provider.name(),
            price: model.price.into(),
            is_price_known: model.is_price_known,
            fallback: model.fallback,
        }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List the models")
        .about("What a model is called, what it costs and which agents ask it. Its address and its key are in no answer.")
        .query::<KeyedQuery>()
        .answers_page::<ModelView>("The models of the configuration, by name.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<KeyedQuery>) -> Answer {
    let state = caller.state();
    let (models, next) = query.page::<String>()?.cut(state.models.clone(), |model| model.name.clone());
    json(StatusCode::OK, &PageOf::keyed(models, next, |model| ModelView::of(model, &state.agents)))
}
