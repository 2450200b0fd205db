//! Which models there are, as the configuration's `[models.<name>]` tables say.
//!
//! Only plain structs and their checks. The environment is never read here: `api_key` is filled in by whoever reads it.

use super::prices::Price;
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use steward_core::{HasKind, Kind};

/// Where an empty `base_url` points, by provider.
const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";
const ANTHROPIC_BASE_URL: &str = "https://api.anthropic.com/v1";
const GEMINI_BASE_URL: &str = "https://generativelanguage.googleapis.com/v1beta";
/// How long a TCP and TLS handshake may take, in milliseconds, unless configured.
pub const CONNECT_TIMEOUT_MS: u64 = 10_000;
/// How long a whole answer may take, in milliseconds, unless configured.
pub const TIMEOUT_MS: u64 = 300_000;
/// How long a stream may be silent, the wait for its first event included, in milliseconds, unless configured.
pub const SILENCE_MS: u64 = 90_000;
/// The most tokens one answer may have, unless configured.
pub const OUTPUT_TOKENS_MAX: u32 = 8_192;

/// The models and what they share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// By name: `strong`, `fast`, …
    pub models: BTreeMap<String, ModelConfig>,
    /// How long a handshake may take, in milliseconds.
    pub connect_timeout_ms: u64,
    /// An HTTP proxy for all of them. The environment's proxies are never used.
    pub proxy: Option<String>,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self { models: BTreeMap::new(), connect_timeout_ms: CONNECT_TIMEOUT_MS, proxy: None }
    }
}

/// Which wire protocol a model is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
pub enum Provider {
    /// Chat completions, by OpenAI or anything compatible.
    #[default]
    #[serde(rename = "openai")]
    OpenAi,
    /// The responses API.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// Anthropic's Messages.
    #[serde(rename = "anthropic")]
    Anthropic,
    /// Google's `generateContent`.
    #[serde(rename = "gemini")]
    Gemini,
}

impl Provider {
    /// The word of the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenAiResponses => "openai-responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// Whose protocol it is, as people say it.
    pub const fn vendor(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenAiResponses => "OpenAI",
            Self::Anthropic => "Anthropic",
            Self::Gemini => "Google",
        }
    }

    /// Where its vendor is asked: what an empty `base_url` means.
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenAiResponses => OPENAI_BASE_URL,
            Self::Anthropic => ANTHROPIC_BASE_URL,
            Self::Gemini => GEMINI_BASE_URL,
        }
    }
}

/// One named model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The wire protocol.
    #[serde(default)]
    pub provider: Provider,
    /// What the provider calls it.
    pub model: String,
    /// The environment variable that holds the key. It names the key in messages and is not read here.
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// The key itself, filled in by whoever reads the environment.
    #[serde(skip)]
    pub api_key: Option<SecretString>,
    /// Where it is; empty for the vendor of the protocol.
    #[serde(default)]
    pub base_url: String,
    /// How long a whole answer may take, in milliseconds.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// How long a stream may be silent, the wait for its first event included, in milliseconds.
    #[serde(default = "silence_ms")]
    pub silence_ms: u64,
    /// The most tokens one answer may have.
    #[serde(default = "output_tokens_max")]
    pub output_tokens_max: u32,
    /// The most tokens it takes at once, the question and the answer together; none where that is not known.
    #[serde(default)]
    pub context_tokens_max: Option<u32>,
    /// Other names to try, in this order, when this one fails.
    #[serde(default)]
    pub fallback: Vec<String>,
    /// What it costs, when the shipped list does not know or does not apply.
    #[serde(default)]
    pub price: Option<Price>,
}

impl ModelConfig {
    /// A model with every default: OpenAI's chat completions, no key.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            provider: Provider::default(),
            model: model.into(),
            api_key_env: None,
            api_key: None,
            base_url: String::new(),
            timeout_ms: TIMEOUT_MS,
            silence_ms: SILENCE_MS,
            output_tokens_max: OUTPUT_TOKENS_MAX,
            context_tokens_max: None,
            fallback: Vec::new(),
            price: None,
        }
    }
}

const fn timeout_ms() -> u64 {
    TIMEOUT_MS
}

const fn silence_ms() -> u64 {
    SILENCE_MS
}

const fn output_tokens_max() -> u32 {
    OUTPUT_TOKENS_MAX
}

/// Why a configuration of models is refused.
#[derive(Debug, thiserror::Error)]
pub enum ModelConfigError {
    /// A table without a model.
    #[error("models.{0} names no model; set `model`")]
    NoModel(String),
    /// A fallback that does not exist.
    #[error("models.{name} falls back to `{fallback}`, which is no configured model; configured are {known}")]
    Fallback {
        /// The model that names it.
        name: String,
        /// What it names.
        fallback: String,
        /// What there is.
        known: String,
    },
    /// An address that cannot be used.
    #[error("models.{name}.base_url `{url}` {reason}; write it like https://host/v1")]
    BaseUrl {
        /// The model.
        name: String,
        /// The address, without what may be secret in it.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A key that no header can carry.
    #[error("the key of models.{0} has characters that no HTTP header can carry; is there a line end in it?")]
    Key(String),
    /// A bound of zero.
    #[error("models.{name}.{field} is zero; leave it out for the default")]
    Zero {
        /// The model.
        name: String,
        /// The bound.
        field: &'static str,
    },
    /// A proxy that cannot be used.
    #[error("the models' proxy is no usable address; write it like http://host:3128")]
    Proxy(#[source] reqwest::Error),
    /// The HTTP client cannot be made.
    #[error("the HTTP client for models cannot be made; are the system's CA certificates installed (package ca-certificates)?")]
    Client(#[source] reqwest::Error),
    /// The shipped prices are broken.
    #[error("the list of prices cannot be read")]
    Prices(#[from] super::prices::PricesError),
}

impl HasKind for ModelConfigError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoModel(_) | Self::Fallback { .. } | Self::BaseUrl { .. } | Self::Key(_) | Self::Zero { .. } | Self::Proxy(_) => Kind::Invalid,
            Self::Client(_) => Kind::Away,
            Self::Prices(_) => Kind::Bug,
        }
    }
}
