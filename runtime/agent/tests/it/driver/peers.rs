//! The whole loop on a model server that is not ours, over HTTP: what is allowed runs, what is held waits, what is blocked does not happen,
//! what fails is said, and the money is charged once.

use super::bounds::with_models;
use super::*;
use crate::models::at;
use crate::models::peers::Mock;
use steward_agent::models::{ModelConfig, Provider};
use steward_agent::worker::work;
use steward_core::ContactId;
use steward_core::RunOutcome;
use steward_office::holds;
use tokio_util::sync::CancellationToken;

const LENA: &str = "insert into contact (tenant_id, contact_id, workspace_id, display_name, search, created_at, changed_at)
    select tenant_id, '{id}', workspace_id, 'Lena Petrova', 'lena petrova', now(), now() from workspace";

async fn with_lena(world: &World) {
    let id: ContactId = "contact_00000000000000000000000001".parse().expect("an id");
    world.db.raw(&LENA.replace("{id}", &id.uuid().to_string())).await;
}

/// The same installation, whose model is spoken to in this protocol.
fn speaking(world: World, provider: Provider, mock: &Mock) -> World {
    let model = ModelConfig { provider, base_url: at(&mock.base_url, provider), api_key: Some("test-key".into()), ..ModelConfig::new("gpt-4o-mini") };
    with_models(world, vec![("strong", model)])
}

/// Every protocol.
const PROVIDERS: [Provider; 4] = [Provider::OpenAi, Provider::OpenAiResponses, Provider::Anthropic, Provider::Gemini];

/// Open reservations, and questions that were answered or failed without one of their own.
async fn unsettled(world: &World) -> i64 {
    world.db.number("select count(*) from reservation where state = 'open'").await
}

#[tokio::test]
async fn a_run_on_a_third_partys_server_comes_to_its_reply() {
    let mock = Mock::start().await;
    for (provider, streamed) in PROVIDERS.into_iter().flat_map(|provider| [(provider, false), (provider, true)]) {
        let world = speaking(World::make(&mock.base_url).await, provider, &mock);
        with_lena(&world).await;
        let _watch = streamed.then(|| world.runtime.live.watch());
        let run = world.say("Who is Lena, and what does she owe?").await;
        assert_eq!(world.drive().await, Some(RunStatus::Ended), "{provider:?} {streamed}: {:?}", world.events(run).await);
        assert_eq!(reply(&world, run).await.as_deref(), Some("Lena Petrova; what she owes I may not see."), "{provider:?} {streamed}");
        assert_eq!(world.db.number("select count(*) from decision where verdict = 'block' and class = 'unknown_tool'").await, 1);
        assert_eq!(world.db.number("select count(*) from decision where verdict = 'allow'").await, 1);
        assert_eq!(world.db.number("select steps::bigint from run").await, 2);
        let cost = world.run(run).await.cost.0;
        assert!(cost > 0, "{provider:?} {streamed}");
        assert_eq!(world.db.number("select cost_micros from run").await, cost, "{provider:?} {streamed}: charged once");
        assert_eq!(unsettled(&world).await, 0);
    }
}

#[tokio::test]
async fn what_a_third_partys_server_asks_for_waits_for_a_person() {
    let mock = Mock::start().await;
    for provider in PROVIDERS {
        let world = World::with_rules(steward_store::testing::TestDatabase::make().await, &mock.base_url, &[HOLD_NOTES]).await;
        let world = speaking(world, provider, &mock);
        with_lena(&world).await;
        let run = world.say("Note that Lena called.").await;
        assert_eq!(world.drive().await, Some(RunStatus::Waiting), "{provider:?}");
        assert_eq!(world.db.number("select count(*) from note").await, 0, "{provider:?}: nothing before the yes");
        let hold = waiting(&world).await.remove(0);
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        holds::approve(&mut tx, &world.runtime.office, hold.hold_id, envelope_of(&hold)).await.expect("approved");
        tx.commit().await.expect("commit");
        assert_eq!(settle(&world).await, Some(RunStatus::Ended), "{provider:?}");
        assert_eq!(reply(&world, run).await.as_deref(), Some("Noted, once somebody had agreed."), "{provider:?}");
        assert_eq!(world.db.number("select count(*) from note").await, 1, "{provider:?}");
    }
}

#[tokio::test]
async fn a_third_partys_refusal_ends_the_run_and_says_so() {
    let mock = Mock::start().await;
    for provider in PROVIDERS {
        let world = speaking(World::make(&mock.base_url).await, provider, &mock);
        let run = world.say("refuse").await;
        assert_eq!(world.drive().await, Some(RunStatus::Ended), "{provider:?}");
        assert_eq!(world.run(run).await.ended, Some(RunOutcome::ModelFailed), "{provider:?}");
        let said = format!("{:?}", world.events(run).await);
        assert!(said.contains("that model is not yours"), "{provider:?}: {said}");
        assert_eq!(unsettled(&world).await, 0);
    }
}

/// How many runs go through a server that fails at random.
const RUNS: usize = 30;

/// Three of four requests come to nothing: a failure of the server, JSON that is none, a limit, a connection that is cut.
const CHAOS: [&str; 8] = ["--chaos-drop", "0.25", "--chaos-malformed", "0.25", "--chaos-disconnect", "0.25", "--chaos-ratelimit", "0.25"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_third_partys_server_does_a_run_ends_once_and_is_charged_once() {
    let mock = Mock::start_with(&CHAOS).await;
    let first = World::make(&mock.base_url).await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let world = first.beside().await;
        let run = world.say("Put Max Meier, max@partner.example, in the book.").await;
        runs.push((world, run));
    }
    let stop = CancellationToken::new();
    let working = tokio::spawn(work(first.runtime.clone(), RUNS, stop.clone()));
    while first.db.number("select count(*) from run where status <> 'ended'").await > 0 {}
    stop.cancel();
    working.await.expect("the worker");
    let mut replied = 0;
    for (world, run) in &runs {
        let (state, events) = (world.run(*run).await, world.events(*run).await);
        let ended = state.ended.expect("it is over");
        let contacts = world.db.number(&format!("select count(*) from contact where tenant_id = '{}'", world.tenant.uuid())).await;
        match ended {
            RunOutcome::Replied => {
                replied += 1;
                assert_eq!((contacts, reply(world, *run).await.as_deref()), (1, Some("Max is in the book.")), "{events:?}");
            }
            // It may have failed after the change, and then that stands; twice it was not made.
            RunOutcome::ModelFailed => assert!(contacts <= 1, "{events:?}"),
            other => panic!("{other:?}: {events:?}"),
        }
        let count = |is_it: fn(&Event) -> bool| events.iter().filter(|recorded| is_it(&recorded.event)).count();
        let (asked, answered) = (count(|event| matches!(event, Event::Asked { .. })), count(|event| matches!(event, Event::Answered { .. })));
        assert_eq!(asked, answered + count(|event| matches!(event, Event::AskFailed { .. })), "each question has one end: {events:?}");
        assert!(answered <= 2 && count(|event| matches!(event, Event::Replied { .. })) == usize::from(ended == RunOutcome::Replied), "{events:?}");
        assert_eq!(
            world.db.number(&format!("select cost_micros from run where run_id = '{}'", run.uuid())).await,
            state.cost.0,
            "charged for what its journal says"
        );
    }
    assert!((1..RUNS).contains(&replied), "{replied} of {RUNS} came to a reply: by chance alone neither all nor none do");
    assert_eq!(unsettled(&first).await, 0);
}
