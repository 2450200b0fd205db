//! What a configuration of models may say.

use super::{CHAT, KEY, ask, model, request};
use steward_agent::models::{ModelConfig, Models, ModelsConfig, Price, Provider};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Clock, HasKind, Kind, Micros};

fn read(text: &str) -> Result<Models, String> {
    let config: ModelsConfig = toml::from_str(text).map_err(|error| error.to_string())?;
    Models::new(config, Clock::System).map_err(|error| {
        assert_eq!(error.kind(), Kind::Invalid, "{error}");
        error.to_string()
    })
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let check = |text: &str, expect: &str| {
        let error = read(text).expect_err(text);
        assert!(error.contains(expect), "{text}: {error}");
    };
    check("[models.a]", "missing field `model`");
    check("[models.a]\nmodel = \" \"", "models.a names no model");
    check("[models.a]\nmodel = \"m\"\nmodle = 1", "unknown field `modle`");
    check("[models.a]\nmodel = \"m\"\nprovider = \"acme\"", "unknown variant `acme`");
    check("[models.a]\nmodel = \"m\"\napi_key = \"sk-1\"", "unknown field `api_key`");
    check("[models.a]\nmodel = \"m\"\nfallback = [\"b\"]", "falls back to `b`, which is no configured model; configured are a");
    check("[models.a]\nmodel = \"m\"\nbase_url = \"nowhere\"", "`nowhere` is no URL");
    check("[models.a]\nmodel = \"m\"\nbase_url = \"ftp://host/v1\"", "neither http nor https");
    check("[models.a]\nmodel = \"m\"\nbase_url = \"http://host/v1?key=1\"", "query");
    check("[models.a]\nmodel = \"m\"\ntimeout_ms = 0", "models.a.timeout_ms is zero");
    check("[models.a]\nmodel = \"m\"\nsilence_ms = 0", "models.a.silence_ms is zero");
    check("[models.a]\nmodel = \"m\"\noutput_tokens_max = 0", "models.a.output_tokens_max is zero");
    check("[models.a]\nmodel = \"m\"\ncontext_tokens_max = 0", "models.a.context_tokens_max is zero");
    check("[models.a]\nmodel = \"m\"\nprice = { input = -1, output = 1 }", "invalid value");
    check("proxy = \"::\"\n[models.a]\nmodel = \"m\"", "proxy");
    let secret = read("[models.a]\nmodel = \"m\"\nbase_url = \"http://me:hunter2@host/v1\"").expect_err("a password");
    assert!(secret.contains("api_key_env") && !secret.contains("hunter2"), "{secret}");
}

#[test]
fn a_key_with_a_line_end_is_refused_without_being_shown() {
    let config = ModelConfig { api_key: Some(format!("{KEY}\n").into()), ..ModelConfig::new("m") };
    let error = Models::new(ModelsConfig { models: [("a".to_owned(), config)].into(), ..Default::default() }, Clock::System).expect_err("a line end");
    assert!(error.to_string().contains("models.a") && !format!("{error:?}").contains(KEY), "{error:?}");
}

#[test]
fn fallbacks_are_tried_in_order_and_each_once() {
    let order = |models: &Models, name: &str| models.candidates(name).map(|list| list.iter().map(|one| one.name().to_owned()).collect::<Vec<_>>().join(" "));
    let models = read(
        "[models.a]\nmodel = \"m1\"\nfallback = [\"b\", \"c\"]\n\
         [models.b]\nmodel = \"m2\"\nfallback = [\"a\", \"d\"]\n\
         [models.c]\nmodel = \"m3\"\nfallback = [\"c\"]\n\
         [models.d]\nmodel = \"m4\"\nprovider = \"openai-responses\"",
    )
    .expect("models");
    assert_eq!(order(&models, "a").as_deref(), Some("a b d c"));
    assert_eq!(order(&models, "b").as_deref(), Some("b a c d"));
    assert_eq!(order(&models, "c").as_deref(), Some("c"));
    assert_eq!(order(&models, "x"), None);
    let listed: Vec<_> = models.listed().into_iter().map(|one| (one.name, one.model, one.fallback.join(" "))).collect();
    let expect = [("a", "m1", "b d c"), ("b", "m2", "a c d"), ("c", "m3", ""), ("d", "m4", "")];
    assert_eq!(listed, expect.map(|(name, model, fallback)| (name.to_owned(), model.to_owned(), fallback.to_owned())));
    assert_eq!(models.candidates("d").expect("d")[0].label(), "d/m4");
}

#[test]
fn keys_are_in_no_debug_output() {
    let models = super::models(model("http://127.0.0.1:9/v1", CHAT));
    assert!(!format!("{models:?}").contains("canary"));
    // What is shown to people has neither the key nor the address.
    let listed = format!("{:?}", models.listed());
    assert!(!listed.contains("canary") && !listed.contains("127.0.0.1"), "{listed}");
}

#[test]
fn prices_come_from_the_list_or_the_configuration() {
    let models = read(
        "[models.known]\nmodel = \"gpt-4o-mini-2024-07-18\"\n\
         [models.unknown]\nmodel = \"llama3.1:8b\"\n\
         [models.own]\nmodel = \"llama3.1:8b\"\nprice = { input = 0, output = 0 }",
    )
    .expect("models");
    let price = |name: &str| models.candidates(name).expect("a model")[0].price();
    assert_eq!(price("known"), Price { input: 150_000, cached: Some(75_000), output: 600_000 });
    assert_eq!(price("own").cost(steward_core::Usage { input: 9, cached: 0, output: 9 }), Micros(0));
    assert!(price("unknown").input >= 2_500_000 && price("unknown").output >= 15_000_000, "the unknown is dear");
    let known: Vec<_> = models.listed().into_iter().map(|one| (one.name, one.is_price_known)).collect();
    assert_eq!(known, [("known".to_owned(), true), ("own".to_owned(), true), ("unknown".to_owned(), false)]);
}

#[tokio::test]
async fn a_configured_proxy_is_used_and_no_other() {
    let proxy = ScriptedModel::start(vec![Reply::text("through the proxy")]).await;
    let through = proxy.base_url().replace("/v1", "");
    let config = ModelsConfig { models: [("strong".to_owned(), model("http://model.invalid/v1", CHAT))].into(), proxy: Some(through), ..Default::default() };
    let models = Models::new(config, Clock::System).expect("models");
    assert_eq!(ask(&models, CHAT, &request()).await.0.expect("an answer").text, "through the proxy");
    assert_eq!(proxy.requests()[0].headers["host"], "model.invalid");
}

#[tokio::test]
async fn openai_itself_gets_the_newer_field() {
    // The proxy stands in for the host that is not ours to ask.
    let proxy = ScriptedModel::start(vec![Reply::text("ok")]).await;
    let config = ModelsConfig {
        models: [("strong".to_owned(), model("http://api.openai.com/v1/", CHAT))].into(),
        proxy: Some(proxy.base_url().replace("/v1", "")),
        ..Default::default()
    };
    ask(&Models::new(config, Clock::System).expect("models"), CHAT, &request()).await.0.expect("an answer");
    let seen = &proxy.requests()[0];
    assert_eq!(
        (seen.path.as_str(), &seen.body["max_completion_tokens"], seen.body.get("max_tokens")),
        ("/v1/chat/completions", &serde_json::json!(1_000), None)
    );
}

#[tokio::test]
async fn a_model_without_a_key_is_asked_without_one() {
    let server = ScriptedModel::start(vec![Reply::text("ok")]).await;
    let mut config = model(&server.base_url(), CHAT);
    config.api_key = None;
    assert_eq!(config.provider, Provider::OpenAi);
    ask(&super::models(config), CHAT, &request()).await.0.expect("an answer");
    assert!(!server.requests()[0].headers.contains_key("authorization"));
}
