//! How long an answer may be, and take, is what the configuration of its model says: in what is asked for, waited for and set aside.

use super::*;
use std::time::Duration;
use steward_agent::driver::drive;
use steward_agent::models::{ModelConfig, Models, ModelsConfig, Price};
use steward_agent::testing::{Reply, ScriptedModel, bench_office, bench_run, bench_runtime};
use steward_core::event::{AskFailure, Recorded};
use steward_core::{Clock, Micros, Mode, RunOutcome};
use steward_office::budgets;
use tokio_util::sync::CancellationToken;

/// A model at this address.
pub(super) fn at(base_url: &str) -> ModelConfig {
    ModelConfig { base_url: base_url.to_owned(), ..ModelConfig::new("gpt-4o-mini") }
}

fn models(models: Vec<(&str, ModelConfig)>) -> Models {
    let models = models.into_iter().map(|(name, model)| (name.to_owned(), model)).collect();
    Models::new(ModelsConfig { models, ..ModelsConfig::default() }, Clock::System).expect("models")
}

/// The same installation with these models; its agent asks `strong`.
pub(super) fn with_models(mut world: World, named: Vec<(&str, ModelConfig)>) -> World {
    std::sync::Arc::get_mut(&mut world.runtime).expect("not shared yet").models = models(named);
    world
}

/// A hundred dollars for a million tokens of an answer, and nothing for the question: a token of an answer costs a hundred.
pub(super) const PRICE: Price = Price { input: 0, cached: None, output: 100_000_000 };

/// The tokens and the money that were set aside for the questions of a run.
fn reserved(events: &[Recorded]) -> Vec<(u64, Micros)> {
    events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::Asked { reserved_tokens, reserved_cost, .. } => Some((*reserved_tokens, *reserved_cost)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn an_answer_may_be_as_long_as_its_model_allows_and_as_much_is_set_aside() {
    for most in [20_000, 512] {
        let model = ScriptedModel::start(vec![Reply::text("Hello.")]).await;
        let config = ModelConfig { output_tokens_max: most, price: Some(PRICE), ..at(&model.base_url()) };
        let world = with_models(World::scripted(&model).await, vec![("strong", config)]);
        let run = world.say("Hello").await;
        assert_eq!(world.drive().await, Some(RunStatus::Ended));
        assert_eq!(model.requests()[0].body["max_tokens"], most, "{:?}", world.events(run).await);
        let [(tokens, cost)] = reserved(&world.events(run).await)[..] else { panic!("one question: {:?}", world.events(run).await) };
        assert_eq!(cost, Micros(i64::from(most) * 100));
        assert!(tokens > u64::from(most), "the question counts as well: {tokens}");
    }
}

#[tokio::test]
async fn a_model_of_short_answers_needs_little_room_in_a_budget() {
    // 512 tokens of an answer fit, and 8,192 would not.
    let model = ScriptedModel::start(vec![Reply::text("Hello.")]).await;
    let config = ModelConfig { output_tokens_max: 512, price: Some(PRICE), ..at(&model.base_url()) };
    let world = with_models(World::scripted(&model).await, vec![("strong", config)]);
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    budgets::put(&mut tx, &world.runtime.office, "organisation", "", "day", Micros(100_000)).await.expect("budget");
    tx.commit().await.expect("commit");
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Replied), "{:?}", world.events(run).await);
    assert_eq!(world.db.number("select reserved_micros from budget").await, 0);
}

#[tokio::test]
async fn a_question_that_its_model_cannot_take_is_not_sent_and_says_so() {
    let small = ScriptedModel::start(vec![Reply::text("never")]).await;
    let config = ModelConfig { context_tokens_max: Some(1_024), ..at(&small.base_url()) };
    let world = with_models(World::scripted(&small).await, vec![("strong", config.clone())]);
    let words = "Please look at all of this. ".repeat(400);
    let run = world.say(&words).await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::ModelFailed));
    let said = format!("{:?}", world.events(run).await);
    assert!(said.contains("takes 1024 tokens at once (context_tokens_max)") && said.contains("begin a new conversation"), "{said}");
    assert!(small.requests().is_empty(), "nothing is sent, so nothing is charged");
    assert_eq!(world.db.number("select cost_micros from run").await, 0);

    // One that takes more stands in.
    let large = ScriptedModel::start(vec![Reply::text("I looked.")]).await;
    let config = ModelConfig { fallback: vec!["large".to_owned()], ..config };
    let world = with_models(World::scripted(&small).await, vec![("strong", config), ("large", at(&large.base_url()))]);
    let run = world.say(&words).await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("I looked."));
    assert!(small.requests().is_empty());
}

#[tokio::test]
async fn an_answer_gets_what_its_question_leaves_of_a_small_model() {
    const ALL: u64 = 20_000;
    let model = ScriptedModel::start(vec![Reply::text("Hello.")]).await;
    let config = ModelConfig { context_tokens_max: u32::try_from(ALL).ok(), output_tokens_max: 20_000, ..at(&model.base_url()) };
    let world = with_models(World::scripted(&model).await, vec![("strong", config)]);
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    let events = world.events(run).await;
    let answer = model.requests()[0].body["max_tokens"].as_u64().expect("a bound");
    assert!(answer > 0 && answer < ALL, "{answer}: {events:?}");
    // What is set aside is the question and the room that it leaves: all of it.
    assert_eq!(reserved(&events).iter().map(|(tokens, _)| *tokens).collect::<Vec<_>>(), [ALL]);
}

/// More than six minutes are waited for on a clock that jumps: with the journal in memory nothing else waits for anything.
#[tokio::test]
async fn a_model_may_take_as_long_as_its_owner_says() {
    const TIMEOUT_MS: u64 = 400_000;
    let model = ScriptedModel::start_with(|seen| if seen.number == 0 { Reply::Hang } else { Reply::text("At last.") }).await;
    let mut runtime = bench_runtime(&model.base_url(), Mode::default());
    runtime.models = models(vec![("strong", ModelConfig { timeout_ms: TIMEOUT_MS, ..at(&model.base_url()) })]);
    assert!(u64::from(runtime.agents["assistant"].limits.seconds) * 1_000 > TIMEOUT_MS, "it is the model's time that ends the wait");
    let (journal, assignment) = bench_run(&runtime, bench_office(), "Think long.");
    let driving = drive(&runtime, assignment, CancellationToken::new());
    tokio::pin!(driving);
    let asked = async {
        while model.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        ended = &mut driving => panic!("nobody answered: {ended:?}"),
        () = asked => {}
    }
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    assert_eq!(driving.await.expect("drive"), RunStatus::Ended);
    assert!(begun.elapsed() >= Duration::from_millis(TIMEOUT_MS - 1_000), "{:?}", begun.elapsed());
    let failed = journal.events().into_iter().find_map(|recorded| match recorded.event {
        Event::AskFailed { failure, message, .. } => Some((failure, message)),
        _ => None,
    });
    let (failure, message) = failed.expect("the first question has no answer");
    assert!(failure == AskFailure::Timeout && message.contains("did not answer within 400000 ms"), "{failure:?}: {message}");
}
