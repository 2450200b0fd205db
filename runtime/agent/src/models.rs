//! Models: who can be asked, what it costs, and one question at a time.
//!
//! Every failure is a stated outcome with its charge; nothing is retried here, because the driver decides on that. The
//! environment is never read, nothing is logged, and no message carries a key.

mod anthropic;
mod ask;
#[cfg(test)]
mod came;
mod candidate;
mod chat;
mod config;
mod error;
mod gather;
mod gemini;
mod loose;
mod names;
mod prices;
mod request;
mod responses;
mod tokens;
mod tools;
mod turns;
mod wire;
mod words;

pub use candidate::{Bounds, Candidate, Listed};
pub use config::{CONNECT_TIMEOUT_MS, ModelConfig, ModelConfigError, ModelsConfig, OUTPUT_TOKENS_MAX, Provider, SILENCE_MS, TIMEOUT_MS};
pub use error::AskError;
pub use prices::{Price, Prices, PricesError};
pub use request::{Answer, AskRequest, ModelMessage, ModelTool, ProposedCall};

use std::collections::BTreeMap;
use std::time::Duration;
use steward_core::{Clock, Micros, Usage};
use tokio::sync::mpsc::UnboundedSender;

/// The configured models and the one HTTP client they are asked through.
#[derive(Debug)]
pub struct Models {
    orders: BTreeMap<String, Vec<Candidate>>,
    http: reqwest::Client,
    clock: Clock,
    tools: tools::ToolSets,
    counter: tokens::Counter,
}

impl Models {
    /// Checks the configuration and makes the client. Nothing is connected to yet.
    pub fn new(config: ModelsConfig, clock: Clock) -> Result<Self, ModelConfigError> {
        let orders = candidate::orders(&config, &Prices::shipped()?)?;
        let encrypted = orders.values().flatten().any(Candidate::is_https);
        let http = client(&config, encrypted)?;
        Ok(Self { orders, http, clock, tools: tools::ToolSets::default(), counter: tokens::Counter::default() })
    }

    /// What may be shown of those that there are, by name.
    pub fn listed(&self) -> Vec<Listed> {
        self.orders.values().filter_map(|order| order.split_first()).map(|(first, after)| first.listed(after.iter())).collect()
    }

    /// The models to try for this name, in order; none for a name that is not configured.
    pub fn candidates(&self, name: &str) -> Option<&[Candidate]> {
        self.orders.get(name).map(Vec::as_slice)
    }

    /// Asks once. With `deltas` the answer is streamed and its text is sent there as it comes; without, it is fetched whole.
    /// Dropping the future drops the request.
    pub async fn ask(&self, candidate: &Candidate, request: &AskRequest, deltas: Option<&UnboundedSender<String>>) -> Result<Answer, AskError> {
        ask::ask(self, candidate, request, deltas).await
    }

    /// What this question may take at this model.
    pub fn bounds(&self, candidate: &Candidate, request: &AskRequest) -> Bounds {
        candidate.bounds(request, || self.count_tokens(candidate, request))
    }

    /// Tokens of this request, counted on our side; what was counted before is remembered.
    pub fn count_tokens(&self, candidate: &Candidate, request: &AskRequest) -> u64 {
        let encoding = candidate.inner.encoding;
        let text = |text: &str| self.counter.text(encoding, text);
        let call = |call: &ProposedCall| {
            text(&call.tool) + self.counter.remembered((encoding, &call.arguments), || encoding.count(&call.arguments.to_string())) + tokens::PER_CALL
        };
        let message = |message: &ModelMessage| match message {
            ModelMessage::Person { text: said } => text(said),
            ModelMessage::ToolResult { provider_id, text: said, .. } => text(said) + text(provider_id) + tokens::PER_CALL,
            ModelMessage::Agent { text: said, calls } => text(said) + calls.iter().map(call).sum::<u64>(),
        };
        let messages: u64 = request.messages.iter().map(|one| message(one) + tokens::PER_MESSAGE).sum();
        text(&request.system) + tokens::PER_MESSAGE + messages + self.tools.ready(&request.tools).tokens(encoding) + tokens::PER_ANSWER
    }

    /// Loads the vocabularies that counting needs, about 45 MB and a fraction of a second each, so that the first run does not
    /// wait for them. Blocks; without it they load on first use.
    pub fn warm(&self) {
        for candidate in self.orders.values().flatten() {
            candidate.inner.encoding.count(".");
        }
    }

    /// What so many tokens would cost, none of them cached: for a reservation.
    pub fn estimate(&self, candidate: &Candidate, input_tokens: u64, output_tokens: u64) -> Micros {
        candidate.price().cost(Usage { input: input_tokens, cached: 0, output: output_tokens })
    }
}

/// The one client. It repeats nothing, follows nothing, and takes no proxy from the environment.
fn client(config: &ModelsConfig, encrypted: bool) -> Result<reqwest::Client, ModelConfigError> {
    // Whoever installed a provider first wins; all of them do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(Duration::from_millis(config.connect_timeout_ms.max(1)))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
        .no_proxy()
        .user_agent(concat!("steward/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = &config.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(ModelConfigError::Proxy)?);
    }
    if !encrypted {
        // Without an https address the system's certificates need be neither there nor read.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(ModelConfigError::Client)
}
