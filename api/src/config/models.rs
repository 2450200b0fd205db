//! `[models.<name>]`: which models there are. The keys themselves come from the variables that `api_key_env` names.

use super::environment::Environment;
use super::reader::Reader;
use secrecy::SecretString;
use steward_agent::models::{CONNECT_TIMEOUT_MS, ModelConfig, ModelsConfig, OUTPUT_TOKENS_MAX, Price, Provider, SILENCE_MS, TIMEOUT_MS};

/// Keys of `[models]` itself.
const SHARED: [&str; 2] = ["connect_timeout_ms", "proxy"];
/// The model of the retrieval that is still to come.
const EMBEDDING: &str = "embedding";
/// An hour, in milliseconds: no wait is longer.
const HOUR_MS: u64 = 3_600_000;

pub(super) fn read(reader: &mut Reader, environment: &Environment) -> ModelsConfig {
    let mut config = ModelsConfig {
        connect_timeout_ms: reader.number("models.connect_timeout_ms", CONNECT_TIMEOUT_MS, 100..=HOUR_MS),
        proxy: Some(reader.secret("models.proxy", super::mask_url)).filter(|proxy| !proxy.is_empty()),
        ..ModelsConfig::default()
    };
    for name in reader.names_under("models", &SHARED) {
        let table = format!("models.{name}");
        reader.know(&table);
        if name == EMBEDDING {
            for key in ["provider", "model", "api_key_env", "base_url"] {
                reader.not_yet(&format!("{table}.{key}"), "contacts are found by their words");
            }
            continue;
        }
        if let Some(model) = read_one(reader, environment, &table) {
            config.models.insert(name, model);
        }
    }
    let known: Vec<String> = config.models.keys().cloned().collect();
    for (name, model) in &config.models {
        if let Some(lost) = model.fallback.iter().find(|one| !known.contains(one)) {
            reader.refuse(&format!("models.{name}.fallback"), &format!("there is no model `{lost}`; configured are {}", known.join(", ")));
        }
    }
    config
}

fn read_one(reader: &mut Reader, environment: &Environment, table: &str) -> Option<ModelConfig> {
    let key = |name: &str| format!("{table}.{name}");
    let provider = reader.parsed(
        &key("provider"),
        "openai",
        "providers are `openai` (chat completions, by OpenAI or anything compatible), `openai-responses`, `anthropic` and `gemini`",
        |text| match text {
            "openai" => Some(Provider::OpenAi),
            "openai-responses" => Some(Provider::OpenAiResponses),
            "anthropic" => Some(Provider::Anthropic),
            "gemini" => Some(Provider::Gemini),
            _ => None,
        },
    );
    let advice = "write the provider's name of the model, for example `gpt-4o-mini`";
    let model = reader.parsed(&key("model"), "", advice, |text| (!text.trim().is_empty()).then(|| text.to_owned()));
    let api_key_env = reader.parsed(&key("api_key_env"), "", "write the name of an environment variable, not the key itself", |text| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then(|| text.to_owned())
    });
    let advice = "write it like `https://host/v1`, or leave it empty for the provider's own";
    let base_url = reader.parsed(&key("base_url"), "", advice, |text| if text.is_empty() { Some(String::new()) } else { super::web_address(text) });
    let price = price(reader, &key("price"));
    let config = ModelConfig {
        provider: provider?,
        api_key: api_key_env.as_ref().and_then(|name| environment.text(name)).map(SecretString::from),
        api_key_env: api_key_env.filter(|name| !name.is_empty()),
        base_url: base_url?,
        timeout_ms: reader.number(&key("timeout_ms"), TIMEOUT_MS, 100..=HOUR_MS),
        silence_ms: reader.number(&key("silence_ms"), SILENCE_MS, 100..=HOUR_MS),
        output_tokens_max: u32::try_from(reader.number(&key("output_tokens_max"), u64::from(OUTPUT_TOKENS_MAX), 16..=1_000_000)).unwrap_or(OUTPUT_TOKENS_MAX),
        context_tokens_max: reader.number_or_none(&key("context_tokens_max"), 1_024..=100_000_000).and_then(|most| u32::try_from(most).ok()),
        fallback: reader.list(&key("fallback"), &[]),
        price,
        ..ModelConfig::new(String::new())
    };
    Some(ModelConfig { model: model?, ..config })
}

/// A price of one's own, in dollars for a million tokens.
fn price(reader: &mut Reader, table: &str) -> Option<Price> {
    const MOST: u64 = 1_000_000_000;
    let one = |reader: &mut Reader, name: &str| reader.number_or_none(&format!("{table}.{name}"), 0..=MOST);
    let (input, cached, output) = (one(reader, "input"), one(reader, "cached"), one(reader, "output"));
    match (input, output) {
        (Some(input), Some(output)) => Some(Price { input, cached, output }),
        (None, None) if cached.is_none() => None,
        (_, _) => {
            let missing = if input.is_none() { "input" } else { "output" };
            reader.refuse(&format!("{table}.{missing}"), "a price has `input` and `output`, in millionths of a dollar for a million tokens");
            None
        }
    }
}
