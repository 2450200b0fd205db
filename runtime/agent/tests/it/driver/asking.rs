//! Calls that ask others: what each took is on record, and those of a run have its requests together.

use super::grants::{for_notes, gives_this};
use super::sub_runs::secret;
use super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use steward_agent::testing::{Reply, ScriptedModel, bench_office};
use steward_core::event::Recorded;
use steward_core::{Actor, CallUse, FailureClass, Mode, Outcome, PluginWork};
use steward_host::mcp::Secret;
use steward_host::testing::GuestFiles;
use steward_host::{EgressOptions, Host, HostOptions, PrivateHost};
use steward_office::grants::NewGrant;
use steward_policies::{Rules, shipped_rules};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server of this machine: its port, and how often it was asked.
async fn server() -> (u16, Arc<AtomicU32>) {
    server_after(0).await
}

/// The same, which never answers the first so many.
async fn server_after(unanswered: u32) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(AtomicU32::new(0));
    let counts = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counts = Arc::clone(&counts);
            tokio::spawn(async move {
                let (mut request, mut piece) = (Vec::new(), [0; 1024]);
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut piece).await {
                        Ok(count) if count > 0 => request.extend_from_slice(&piece[..count]),
                        Ok(_) | Err(_) => return,
                    }
                }
                if counts.fetch_add(1, Ordering::AcqRel) < unanswered {
                    return std::future::pending().await;
                }
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
            });
        }
    });
    (port, asked)
}

/// What the server answers with, as it is counted: one header and a body.
const ANSWER_BYTES: u64 = ("content-length".len() + "5".len() + "hello".len()) as u64;

/// An installation with the plugin that asks others, at a server that the operator named.
async fn asking(model: &ScriptedModel, port: u16) -> World {
    asking_with(model, port, [(("asker".to_owned(), "asker_token".to_owned()), Secret::new("the-token-of-the-house"))].into()).await
}

/// The same where the operator set these secrets.
pub(super) async fn asking_with(model: &ScriptedModel, port: u16, secrets: BTreeMap<(String, String), Secret>) -> World {
    let mut world = World::scripted(model).await;
    let networks = ["127.0.0.1", "::1"].map(|address| address.parse().expect("an address")).to_vec();
    let egress = EgressOptions {
        private: vec![PrivateHost { plugin: "asker".to_owned(), host: "localhost".to_owned(), networks }],
        secrets,
        ..EgressOptions::default()
    };
    let host = Host::new(HostOptions { egress, ..HostOptions::default() }).expect("host");
    host.load_shipped().expect("shipped tools");
    let dir = std::env::temp_dir().join(format!("steward-asking-{}", world.tenant));
    GuestFiles::asker_at(port).write(&dir).expect("files");
    host.load_dir(&dir).expect("plugin");
    std::fs::remove_dir_all(&dir).expect("removed");
    world.runtime.rules.replace(Rules::load(&shipped_rules(), &host.specs()).expect("rules"));
    let runtime = Arc::get_mut(&mut world.runtime).expect("not shared yet");
    runtime.host = host;
    let mut agents = (*runtime.agents).clone();
    agents.get_mut("assistant").expect("assistant").tools.push("asker.*".to_owned());
    runtime.agents = Arc::new(agents);
    world
}

fn took(events: &[Recorded]) -> Vec<CallUse> {
    events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::Done { used, .. } => Some(*used),
            _ => None,
        })
        .collect()
}

/// How many requests the plugins of a run make where nothing is said.
const RUN_REQUESTS_MAX: u32 = PluginWork::usual().requests;

/// The same with other bounds on the plugins of a run.
fn within(mut world: World, plugins: PluginWork) -> World {
    let runtime = Arc::get_mut(&mut world.runtime).expect("not shared yet");
    let mut agents = (*runtime.agents).clone();
    agents.get_mut("assistant").expect("assistant").limits.plugins = plugins;
    runtime.agents = Arc::new(agents);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_of_a_run_have_its_requests_together_and_what_each_took_is_on_record() {
    let (port, asked) = server().await;
    let url = format!("http://localhost:{port}/v1/a");
    let at = url.clone();
    let model = ScriptedModel::start_with(move |seen| {
        let call = |times: u32| ("asker.look".to_owned(), json!({ "url": at, "times": times }));
        match seen.tool_results().len() {
            // Thirteen times eight is four too many.
            0 => Reply::Calls((0..13).map(|_| call(8)).collect()),
            13 => Reply::Calls(vec![call(1)]),
            _ => Reply::text("Done."),
        }
    })
    .await;
    let world = asking(&model, port).await;
    let run = world.say(&format!("Look at {url}")).await;
    assert_eq!(world.drive_with(&bench_office()).await, Some(RunStatus::Ended));
    let took = took(&world.events(run).await);
    assert_eq!(took.len(), 14);
    let sum = |of: fn(&CallUse) -> u32| took.iter().map(of).sum::<u32>();
    assert_eq!((sum(|one| one.requests), sum(|one| one.refused)), (RUN_REQUESTS_MAX, 5), "{took:?}");
    assert_eq!(asked.load(Ordering::Acquire), RUN_REQUESTS_MAX);
    assert!(took.iter().all(|one| one.memory_bytes > 0 && one.received_bytes == u64::from(one.requests) * ANSWER_BYTES), "{took:?}");
    // A later step has what is left of them, which is nothing.
    assert_eq!(took.last().map(|one| (one.requests, one.refused, one.host_calls)), Some((0, 1, 1)));
    assert_eq!(world.run(run).await.plugins.requests, RUN_REQUESTS_MAX);
    // The bill has the same sums.
    let mut tx = world.runtime.store.begin(&Actor::worker(world.tenant)).await.expect("begin");
    let (from, to) = (time::OffsetDateTime::UNIX_EPOCH, time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(50_000));
    let bill = steward_store::usage::by_tool(&mut tx, from, to).await.expect("sums");
    let [one] = bill.as_slice() else { panic!("one tool: {bill:?}") };
    let bytes: u64 = took.iter().map(|one| one.sent_bytes + one.received_bytes).sum();
    assert_eq!((one.key.as_str(), one.times, one.requests, one.bytes), ("asker.look", 14, i64::from(RUN_REQUESTS_MAX), i64::try_from(bytes).expect("bytes")));
    assert!(bytes > 0 && world.run(run).await.plugins.egress_bytes == bytes);
    drop(tx);
    // What others learn of is decided and on record before it runs.
    assert_eq!(world.db.number("select count(*) from decision where tool = 'asker.look' and verdict = 'allow'").await, 14);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_asked_for_is_not_told_to_others() {
    let (port, asked) = server().await;
    let url = format!("http://localhost:{port}/open/a?q=what-the-model-thinks");
    let model = ScriptedModel::start_with(move |seen| match seen.tool_results().len() {
        0 => Reply::Calls(vec![
            ("asker.look".to_owned(), json!({ "url": url })),
            ("asker.send".to_owned(), json!({ "url": url, "method": "POST", "body": "x" })),
        ]),
        _ => Reply::text("Done."),
    })
    .await;
    let world = asking(&model, port).await;
    world.say("Good morning").await;
    world.drive_with(&bench_office()).await;
    assert_eq!(world.db.number("select count(*) from decision where tool like 'asker.%' and verdict = 'hold'").await, 2);
    assert_eq!(asked.load(Ordering::Acquire), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_stands_in_for_nobody_who_has_not_seen_what_would_be_told_to_others() {
    const MARGIN: &str = "The margin is 31 percent.";
    let (port, asked) = server().await;
    let url = format!("http://localhost:{port}/v1/a");
    let at = url.clone();
    let model = ScriptedModel::start_with(move |seen| match seen.tool_results().as_slice() {
        [] => Reply::call("documents.search", json!({ "query": "margin" })),
        [first] => {
            let read: Value = serde_json::from_str(first).unwrap_or_default();
            Reply::call("asker.look", json!({ "url": at, "body": read["ok"]["documents"][0]["chunks"][0]["text"] }))
        }
        _ => Reply::text("Done."),
    })
    .await;
    let mut world = asking(&model, port).await;
    let runtime = Arc::get_mut(&mut world.runtime).expect("not shared yet");
    for agent in Arc::make_mut(&mut runtime.agents).values_mut() {
        agent.mode = Mode::Traced;
    }
    secret(&world).await;
    let tool = world.runtime.host.tool("asker.look").expect("the tool").spec().clone();
    let gives = async |body: Value| {
        let ranges = serde_json::from_value(json!({ "/url": { "one_of": [url] }, "/body": body })).expect("ranges");
        gives_this(&world, &world.owner, &tool, NewGrant { ranges, ..for_notes(&world, "", 5, 1) }).await.expect("a grant")
    };
    let uses = "select sum(uses)::bigint from standing_grant";
    gives(json!({ "letters_max": 60 })).await;
    world.say(&format!("Look up the margin and open the page {url}")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let held = "select count(*) from decision where tool = 'asker.look' and verdict = 'hold' and record::jsonb @> '{\"facts\": {\"leak\": true, \"content_actionable\": false}}'";
    assert_eq!((world.db.number(held).await, world.db.number(uses).await), (1, 0), "short enough for the grant, and still private");
    assert_eq!(asked.load(Ordering::Acquire), 0);
    // What was named to the letter was seen by whoever gave the grant.
    gives(json!({ "one_of": [MARGIN] })).await;
    world.say(&format!("Look up the margin and open the page {url}")).await;
    assert_eq!((settle(&world).await, world.db.number(uses).await), (Some(RunStatus::Ended), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_plugins_of_a_run_may_take_together_is_bounded_and_the_model_is_told_what_is_used_up() {
    let (port, asked) = server().await;
    let url = format!("http://localhost:{port}/v1/a");
    let usual = PluginWork::usual();
    // One call takes 1 request, 1 question, some 70 bytes that leave and 20 that come, and some fuel: two of each kind are too many.
    for (bound, class, says) in [
        (PluginWork { requests: 1, ..usual }, None, "as many requests to others as they may"),
        (PluginWork { egress_bytes: 120, ..usual }, None, "as many bytes as they may"),
        (PluginWork { questions: 1, ..usual }, Some(FailureClass::RunLimit), "asked together as often as they may"),
        (PluginWork { fuel: 100, ..usual }, Some(FailureClass::RunLimit), "computed together what they may"),
    ] {
        let at = url.clone();
        let model = ScriptedModel::start_with(move |seen| match seen.tool_results().len() {
            0 | 1 => Reply::Calls(vec![("asker.look".to_owned(), json!({ "url": at, "times": 1 }))]),
            _ => Reply::text("Done."),
        })
        .await;
        let world = within(asking(&model, port).await, bound);
        let before = asked.load(Ordering::Acquire);
        let run = world.say(&format!("Look at {url}")).await;
        assert_eq!(world.drive_with(&bench_office()).await, Some(RunStatus::Ended));
        let events = world.events(run).await;
        let outcomes: Vec<_> = events
            .iter()
            .filter_map(|recorded| match &recorded.event {
                Event::Done { outcome, .. } => Some(outcome),
                _ => None,
            })
            .collect();
        let said = serde_json::to_string(outcomes.last().expect("an outcome")).expect("JSON");
        assert!(outcomes.len() == 2 && said.contains(says), "`{says}`: {outcomes:?}");
        if let Some(class) = class {
            let Some(Outcome::Failed { failure }) = outcomes.last() else { panic!("failed: {outcomes:?}") };
            assert_eq!((failure.class, failure.retryable), (class, false), "{failure:?}");
        }
        assert!(model.requests().last().expect("asked").tool_results().join("").contains(says), "the model is told");
        assert!(asked.load(Ordering::Acquire) - before <= 1, "nobody was asked beyond the bound");
        let used = world.run(run).await.used().plugins;
        assert!(used.requests <= bound.requests && used.questions <= bound.questions && used.egress_bytes <= bound.egress_bytes && used.fuel <= bound.fuel);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_try_that_was_cut_off_may_have_taken_counts() {
    let (port, asked) = server_after(1).await;
    let url = format!("http://localhost:{port}/v1/a");
    let at = url.clone();
    let model = ScriptedModel::start_with(move |seen| match seen.tool_results().len() {
        0 => Reply::Calls(vec![("asker.look".to_owned(), json!({ "url": at, "times": 1 }))]),
        _ => Reply::text("Done."),
    })
    .await;
    let world = asking(&model, port).await;
    let run = world.say(&format!("Look at {url}")).await;
    // The worker goes away while the other side has not answered; what its call took went with it.
    let office = bench_office();
    tokio::select! {
        ended = world.drive_with(&office) => panic!("nobody answered: {ended:?}"),
        () = async { while asked.load(Ordering::Acquire) == 0 { tokio::task::yield_now().await } } => {}
    }
    world.db.raw("update run set lease_until = now() - interval '1 minute' where status = 'running'").await;
    assert_eq!(world.drive_with(&office).await, Some(RunStatus::Ended));
    let events = world.events(run).await;
    let lost: Vec<PluginWork> = events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::Starting { lost, .. } => Some(*lost),
            _ => None,
        })
        .collect();
    let most = world.runtime.host.tool("asker.look").expect("a tool").work_max();
    assert_eq!((lost.as_slice(), most.requests, most.egress_bytes), (&[PluginWork::default(), most][..], 8, 5 << 20));
    let (took, run) = (took(&events), world.run(run).await);
    assert_eq!(run.plugins, most.plus(&took[0].work(run.plugins.fuel - most.fuel)), "{took:?}");
    assert_eq!(run.plugins.requests, 9);
}
