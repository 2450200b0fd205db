//! One model that can be asked: its configuration checked once, with all that a request to it needs.

use super::anthropic;
use super::config::{ModelConfig, ModelConfigError, ModelsConfig, Provider};
use super::prices::{Price, Prices};
use super::request::AskRequest;
use super::tokens::Encoding;
use async_openai::config::Config;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where there is room for fewer tokens of an answer than this, the question is not sent: a few words that break off are paid for as well.
const ANSWER_TOKENS_LEAST: u32 = 256;

/// One model that can be asked. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    name: String,
    label: String,
    pub(super) provider: Provider,
    pub(super) model: String,
    pub(super) endpoint: Endpoint,
    pub(super) at_openai: bool,
    pub(super) timeout_ms: u64,
    pub(super) silence_ms: u64,
    output_tokens_max: u32,
    pub(super) context_tokens_max: Option<u32>,
    pub(super) encoding: Encoding,
    price: Price,
    is_price_known: bool,
}

/// What one question may take at a model: the smaller of what the question and the model say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Tokens of the answer; 0 where the question leaves no room for one.
    pub output_tokens_max: u32,
    /// Time for the whole answer, in milliseconds.
    pub timeout_ms: u64,
}

/// A model as people may see it: what it is called, what it costs and what stands in for it; never where it is, or with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name in the configuration.
    pub name: String,
    /// What the provider calls it.
    pub model: String,
    /// The wire protocol.
    pub provider: Provider,
    /// What it is charged at.
    pub price: Price,
    /// Whether the configuration or the shipped list says so; otherwise the default is charged.
    pub is_price_known: bool,
    /// What is tried when it fails, in this order.
    pub fallback: Vec<String>,
}

impl Candidate {
    fn new(name: &str, config: &ModelConfig, prices: &Prices) -> Result<Self, ModelConfigError> {
        if config.model.trim().is_empty() {
            return Err(ModelConfigError::NoModel(name.to_owned()));
        }
        let zero = |field| ModelConfigError::Zero { name: name.to_owned(), field };
        if config.timeout_ms == 0 {
            return Err(zero("timeout_ms"));
        }
        if config.silence_ms == 0 {
            return Err(zero("silence_ms"));
        }
        if config.output_tokens_max == 0 {
            return Err(zero("output_tokens_max"));
        }
        if config.context_tokens_max == Some(0) {
            return Err(zero("context_tokens_max"));
        }
        let endpoint = Endpoint::new(name, config)?;
        let inner = Inner {
            name: name.to_owned(),
            label: format!("{name}/{}", config.model),
            provider: config.provider,
            model: config.model.clone(),
            at_openai: endpoint.host.ends_with("openai.com") || endpoint.host.ends_with("openai.azure.com"),
            endpoint,
            timeout_ms: config.timeout_ms,
            silence_ms: config.silence_ms,
            output_tokens_max: config.output_tokens_max,
            context_tokens_max: config.context_tokens_max,
            encoding: Encoding::of(&config.model),
            price: config.price.unwrap_or_else(|| prices.of(&config.model)),
            is_price_known: config.price.or_else(|| prices.find(&config.model)).is_some(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The name in the configuration.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// `name/model`, as events and messages say it.
    pub fn label(&self) -> &str {
        &self.inner.label
    }

    /// What it costs.
    pub fn price(&self) -> Price {
        self.inner.price
    }

    /// What may be shown of it, with those that are tried after it.
    pub(super) fn listed<'a>(&self, after: impl Iterator<Item = &'a Self>) -> Listed {
        Listed {
            name: self.inner.name.clone(),
            model: self.inner.model.clone(),
            provider: self.inner.provider,
            price: self.inner.price,
            is_price_known: self.inner.is_price_known,
            fallback: after.map(|next| next.inner.name.clone()).collect(),
        }
    }

    /// What a question of so many tokens may take here. They are counted only where they matter.
    pub(super) fn bounds(&self, request: &AskRequest, input_tokens: impl FnOnce() -> u64) -> Bounds {
        let wanted = request.output_tokens_max.unwrap_or(u32::MAX).min(self.inner.output_tokens_max).max(1);
        let room = self.inner.context_tokens_max.map_or(wanted, |most| {
            let room = u64::from(most).saturating_sub(input_tokens());
            u32::try_from(room).unwrap_or(u32::MAX).min(wanted)
        });
        Bounds {
            output_tokens_max: if room < wanted.min(ANSWER_TOKENS_LEAST) { 0 } else { room },
            timeout_ms: request.timeout_ms.unwrap_or(u64::MAX).min(self.inner.timeout_ms),
        }
    }

    /// Whether requests to it are encrypted.
    pub(super) fn is_https(&self) -> bool {
        self.inner.endpoint.base_url.starts_with("https:")
    }
}

/// Where a model is and with which key. Never read from the environment, which the client library's own would be.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    base_url: String,
    pub(super) host: String,
    headers: HeaderMap,
    key: SecretString,
    has_key: bool,
}

impl Endpoint {
    fn new(name: &str, config: &ModelConfig) -> Result<Self, ModelConfigError> {
        let text = config.base_url.trim();
        let text = if text.is_empty() { config.provider.base_url() } else { text };
        let wrong = |url: &str, reason| ModelConfigError::BaseUrl { name: name.to_owned(), url: url.chars().take(200).collect(), reason };
        let url = reqwest::Url::parse(text).map_err(|_| wrong(text, "is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(url.host_str().unwrap_or_default(), "has a user or password in it, which belongs into api_key_env"));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(text, "is neither http nor https"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong(text, "has a query or fragment"));
        }
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(wrong(text, "has no host")),
        };
        let mut headers = HeaderMap::new();
        if config.provider == Provider::Anthropic {
            headers.insert(HeaderName::from_static("anthropic-version"), HeaderValue::from_static(anthropic::VERSION));
        }
        let key = config.api_key.clone().filter(|key| !key.expose_secret().is_empty());
        if let Some(key) = &key {
            let (header, value) = match config.provider {
                Provider::OpenAi | Provider::OpenAiResponses => (header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))),
                Provider::Anthropic => (HeaderName::from_static("x-api-key"), HeaderValue::from_str(key.expose_secret())),
                Provider::Gemini => (HeaderName::from_static("x-goog-api-key"), HeaderValue::from_str(key.expose_secret())),
            };
            let mut value = value.map_err(|_| ModelConfigError::Key(name.to_owned()))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        Ok(Self { base_url: text.trim_end_matches('/').to_owned(), host, headers, has_key: key.is_some(), key: key.unwrap_or_default() })
    }

    /// The key, to hide it in messages.
    pub(super) fn secret(&self) -> Option<SecretString> {
        self.has_key.then(|| self.key.clone())
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        [&self.base_url, path].concat()
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// Every name with the models to try for it, in order: itself, then its fallbacks with theirs, each once.
pub(super) fn orders(config: &ModelsConfig, prices: &Prices) -> Result<BTreeMap<String, Vec<Candidate>>, ModelConfigError> {
    let mut candidates = BTreeMap::new();
    for (name, model) in &config.models {
        candidates.insert(name.as_str(), Candidate::new(name, model, prices)?);
        if let Some(fallback) = model.fallback.iter().find(|fallback| !config.models.contains_key(*fallback)) {
            let known = config.models.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(ModelConfigError::Fallback { name: name.clone(), fallback: fallback.clone(), known });
        }
    }
    let mut orders = BTreeMap::new();
    for name in config.models.keys() {
        let mut order: Vec<&str> = Vec::new();
        let mut open = vec![name.as_str()];
        while let Some(next) = open.pop() {
            // Two models may well fall back to each other; each is tried once.
            if order.contains(&next) {
                continue;
            }
            order.push(next);
            open.extend(config.models.get(next).into_iter().flat_map(|model| model.fallback.iter().rev().map(String::as_str)));
        }
        orders.insert(name.clone(), order.into_iter().filter_map(|name| candidates.get(name).cloned()).collect());
    }
    Ok(orders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_may_take_is_what_its_configuration_says_unless_a_question_wants_less() {
        let prices = Prices::shipped().expect("prices");
        let of = |timeout_ms, output_tokens_max| {
            let config = ModelConfig { timeout_ms, output_tokens_max, ..ModelConfig::new("m") };
            Candidate::new("strong", &config, &prices).expect("a model")
        };
        let (hour, large) = (3_600_000, 1_000_000);
        let bounds = |model: &Candidate, request: &AskRequest| {
            let Bounds { output_tokens_max, timeout_ms } = model.bounds(request, || panic!("nobody has to count"));
            (output_tokens_max, timeout_ms)
        };
        assert_eq!(bounds(&of(hour, large), &AskRequest::default()), (large, hour));
        let less = AskRequest { output_tokens_max: Some(256), timeout_ms: Some(20_000), ..AskRequest::default() };
        assert_eq!(bounds(&of(hour, large), &less), (256, 20_000));
        assert_eq!(bounds(&of(100, 16), &less), (16, 100));
        assert_eq!(bounds(&of(100, 16), &AskRequest { output_tokens_max: Some(0), ..less }), (1, 100));
    }

    #[test]
    fn an_answer_has_the_room_that_its_question_leaves_or_none() {
        let config = ModelConfig { context_tokens_max: Some(8_192), output_tokens_max: 4_096, ..ModelConfig::new("m") };
        let model = Candidate::new("small", &config, &Prices::shipped().expect("prices")).expect("a model");
        let check = |wanted: Option<u32>, input: u64, expect: u32| {
            let request = AskRequest { output_tokens_max: wanted, ..AskRequest::default() };
            assert_eq!(model.bounds(&request, || input).output_tokens_max, expect, "{wanted:?}, {input}");
        };
        check(None, 1_000, 4_096);
        check(None, 4_096, 4_096);
        check(None, 4_097, 4_095);
        check(None, 8_192 - 256, 256);
        check(None, 8_192 - 255, 0);
        check(Some(100), 8_192 - 100, 100);
        check(Some(100), 8_192 - 99, 0);
        check(None, 8_192, 0);
        check(None, u64::MAX, 0);
    }
}
