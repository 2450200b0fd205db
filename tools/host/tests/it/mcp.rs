//! MCP servers, most of them bad: real child processes, real HTTP, permits from the real gate.

mod asks;
mod conformance;
mod leaks;
mod others;
mod peer;
mod proxied;

use crate::support::{Folder, Gate, call, context};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use steward_core::{Effect, Failure, FailureClass, Outcome};
use steward_host::mcp::{Difference, McpError, McpServer, McpToolRules, McpTransport, Secret, accept, accepted, offered, put, review};
use steward_host::testing::{MemoryOffice, Seed};
use steward_host::{Host, HostOptions};

fn office() -> Arc<MemoryOffice> {
    Arc::new(MemoryOffice::new(serde_json::from_value::<Seed>(json!({ "contacts": [] })).expect("seed")))
}

fn rules(effect: Effect, roles: &[(&str, &str)]) -> McpToolRules {
    let roles = roles.iter().map(|(name, role)| ((*name).to_owned(), role.parse().expect("role"))).collect();
    McpToolRules { effect: Some(effect), roles, ..McpToolRules::default() }
}

/// The server of this kind as a child process, its tools configured.
fn server(kind: &str) -> McpServer {
    let exe = std::env::current_exe().expect("this binary");
    let command = [exe.to_str().expect("a path"), peer::ENTRY, "--exact", "--nocapture", "--test-threads=1"].map(str::to_owned).to_vec();
    let environment = BTreeMap::from([(peer::PEER.to_owned(), kind.to_owned())]);
    let mut tools = BTreeMap::from([
        ("echo".to_owned(), rules(Effect::Read, &[("text", "query")])),
        ("elicit".to_owned(), rules(Effect::Read, &[("text", "query")])),
        ("add".to_owned(), rules(Effect::Read, &[("a", "value"), ("b", "value")])),
    ]);
    let others = ["change", "change_silently", "change_with_resources", "change_with_prompts", "cancelled", "capabilities"];
    for name in ["hang", "die", "flood", "big", "wrong", "fail", "refuse", "break", "ask", "picture", "inject"].into_iter().chain(others) {
        tools.insert(name.to_owned(), rules(Effect::Read, &[]));
    }
    for name in ["hang_send", "die_send", "flood_send", "fail_send", "refuse_send", "break_send", "own_send", "gone_send", "missing_send"] {
        tools.insert(name.to_owned(), rules(Effect::Send, &[]));
    }
    McpServer {
        name: "peer".to_owned(),
        transport: McpTransport::Command { command, environment, dir: PathBuf::from("/") },
        timeout_ms: 20_000,
        output_kb: 256,
        asks: false,
        tools,
    }
}

/// A host with all tools of a server accepted; the server that is called may be of another kind than the accepted one.
async fn host(folder: &Folder, accepted: &McpServer, called: &McpServer) -> Host {
    let lock = folder.path().join("mcp.lock.json");
    accept(&lock, accepted, &offered(accepted).await.expect("offered"), &[]).expect("accepted");
    let host = Host::new(HostOptions::default()).expect("host");
    host.load_mcp(std::slice::from_ref(called), &lock).expect("loaded");
    host
}

async fn ask(host: &Host, tool: &str, arguments: Value) -> Outcome {
    call(host, tool, arguments, "key", &office()).await.outcome
}

fn failure(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Failed { failure } => failure,
        Outcome::Ok { result, .. } => panic!("it worked: {result}"),
    }
}

fn result(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Ok { result, .. } => result,
        Outcome::Failed { failure } => panic!("failed: {failure:?}"),
    }
}

#[tokio::test]
async fn what_nobody_accepted_does_not_exist() {
    let folder = Folder::new();
    let host = Host::new(HostOptions::default()).expect("host");
    let infos = host.load_mcp(&[server("plain")], &folder.path().join("mcp.lock.json")).expect("loaded");
    assert!(host.specs().is_empty(), "{infos:?}");
    assert!(infos[0].refused.iter().any(|(tool, why)| tool == "echo" && why.contains("steward plugin accept peer")), "{infos:?}");
}

#[tokio::test]
async fn a_server_that_offers_too_much_is_refused() {
    for (kind, says) in
        [("many", "more than 200 tools"), ("endless", "more than 100 pages"), ("huge", "a definition of"), ("posing", "a tool called `resources/read`")]
    {
        let refused = offered(&server(kind)).await.expect_err(kind);
        assert!(matches!(refused, McpError::TooMuch { .. }) && refused.to_string().contains(says), "{kind}: {refused}");
    }
}

#[tokio::test]
async fn what_does_not_start_is_away() {
    let mut none = server("plain");
    none.transport = McpTransport::Command { command: vec!["/nowhere/server".to_owned()], environment: BTreeMap::new(), dir: PathBuf::from("/") };
    assert!(matches!(offered(&none).await, Err(McpError::Away { .. })));
    let folder = Folder::new();
    let host = host(&folder, &server("plain"), &none).await;
    for _ in 0..3 {
        let failed = failure(ask(&host, "peer.hang_send", json!({})).await);
        assert_eq!((failed.class, failed.retryable), (FailureClass::Unavailable, true), "nothing was sent: {failed:?}");
    }
}

#[tokio::test]
async fn a_changed_definition_is_refused_until_it_is_accepted() {
    let folder = Folder::new();
    let lock = folder.path().join("mcp.lock.json");
    let host = host(&folder, &server("plain"), &server("changed")).await;
    let failed = failure(ask(&host, "peer.echo", json!({ "text": "a" })).await);
    assert_eq!((failed.class, failed.retryable), (FailureClass::Denied, false));
    assert!(failed.message.contains("changed it after it was accepted"), "{failed:?}");
    // The others did not change.
    assert_eq!(result(ask(&host, "peer.add", json!({ "a": 1, "b": 2 })).await), json!({ "sum": 3 }));

    let now = offered(&server("changed")).await.expect("offered");
    let differences = review(&lock, "peer", &now).expect("reviewed");
    assert!(matches!(&differences[..], [Difference::Changed { tool, parts, .. }] if tool == "echo" && *parts == ["description"]), "{differences:?}");
    let before = host.tool("peer.echo").expect("tool").spec().clone();
    assert!(!before.description.contains("all you know"), "the model never saw the new words");

    accept(&lock, &server("changed"), &now, &["echo".to_owned()]).expect("accepted");
    let again = Host::new(HostOptions::default()).expect("host");
    again.load_mcp(&[server("changed")], &lock).expect("loaded");
    assert_eq!(result(ask(&again, "peer.echo", json!({ "text": "a" })).await), json!({ "text": "a" }));
    assert_ne!(again.tool("peer.echo").expect("tool").spec().plugin_digest, before.plugin_digest, "an old approval does not hold for it");
}

#[tokio::test]
async fn a_changed_schema_is_refused_until_it_is_accepted() {
    for (kind, part) in [("asks_more", "arguments"), ("answers_otherwise", "result")] {
        let folder = Folder::new();
        let lock = folder.path().join("mcp.lock.json");
        let host = host(&folder, &server("plain"), &server(kind)).await;
        let failed = failure(ask(&host, "peer.echo", json!({ "text": "a" })).await);
        assert_eq!((failed.class, failed.retryable), (FailureClass::Denied, false), "{kind}");
        assert!(failed.message.contains("changed it after it was accepted"), "{kind}: {failed:?}");
        assert_eq!(result(ask(&host, "peer.add", json!({ "a": 1, "b": 2 })).await), json!({ "sum": 3 }), "{kind}: the others did not change");
        let shown = host.tool("peer.echo").expect("tool").spec().arguments.to_string();
        assert!(!shown.contains("copy_to"), "{kind}: the model never saw what is new: {shown}");

        let now = offered(&server(kind)).await.expect("offered");
        let differences = review(&lock, "peer", &now).expect("reviewed");
        assert!(matches!(&differences[..], [Difference::Changed { tool, parts, .. }] if tool == "echo" && *parts == [part]), "{kind}: {differences:?}");
        accept(&lock, &server(kind), &now, &["echo".to_owned()]).expect("accepted");
        assert!(review(&lock, "peer", &now).expect("reviewed").is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn accepted_tools_are_taken_up_without_a_restart() {
    let folder = Folder::new();
    let lock = folder.path().join("mcp.lock.json");
    let changed = server("changed");
    let host = host(&folder, &server("plain"), &changed).await;
    assert_eq!(failure(ask(&host, "peer.echo", json!({ "text": "a" })).await).class, FailureClass::Denied);
    let reload = || host.reload_mcp(std::slice::from_ref(&changed), &lock);
    assert_eq!(reload().expect("nothing new"), []);
    let generation = host.generation();
    accept(&lock, &changed, &offered(&changed).await.expect("offered"), &["echo".to_owned()]).expect("accepted");
    assert_eq!(reload().expect("another tool").len(), 1);
    assert!(host.generation() > generation, "whoever keeps a list of tools makes it anew");
    assert_eq!(result(ask(&host, "peer.echo", json!({ "text": "a" })).await), json!({ "text": "a" }));
    assert_eq!(reload().expect("nothing new"), []);
    // What is accepted no more is gone, and a broken file changes nothing.
    let mut fewer = accepted(&lock, "peer").expect("lock");
    fewer.tools.retain(|name, _| name == "add");
    put(&lock, "peer", fewer).expect("written");
    reload().expect("fewer");
    assert_eq!(host.specs().iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>(), ["peer.add"]);
    std::fs::write(&lock, "{").expect("written");
    assert!(matches!(reload(), Err(McpError::LockBroken { .. })));
    assert!(host.tool("peer.add").is_some());
}

#[tokio::test]
async fn a_change_in_the_middle_is_seen() {
    let folder = Folder::new();
    let peer = server("plain");
    let host = host(&folder, &peer, &peer).await;
    assert_eq!(result(ask(&host, "peer.echo", json!({ "text": "a" })).await), json!({ "text": "a" }));
    result(ask(&host, "peer.change", json!({})).await);
    assert_eq!(failure(ask(&host, "peer.echo", json!({ "text": "a" })).await).class, FailureClass::Denied);
}

#[tokio::test]
async fn whatever_a_server_says_is_other_now_it_is_looked_at_again() {
    for change in ["peer.change_with_resources", "peer.change_with_prompts"] {
        let folder = Folder::new();
        let peer = server("plain");
        let host = host(&folder, &peer, &peer).await;
        assert_eq!(result(ask(&host, "peer.echo", json!({ "text": "a" })).await), json!({ "text": "a" }));
        result(ask(&host, change, json!({})).await);
        assert_eq!(failure(ask(&host, "peer.echo", json!({ "text": "a" })).await).class, FailureClass::Denied, "{change}");
    }
}

#[tokio::test]
async fn a_silent_change_is_seen_before_the_next_call_that_does_more_than_read() {
    for asks in [false, true] {
        let folder = Folder::new();
        let mut peer = McpServer { asks, ..server("plain") };
        let host_of_reads = host(&folder, &peer, &peer).await;
        peer.tools.insert("echo".to_owned(), rules(Effect::Send, &[("text", "content")]));
        let host_of_sends = host(&folder, &peer, &peer).await;
        let echo = async |host: &Host| ask(host, "peer.echo", json!({ "text": "a" })).await;
        for host in [&host_of_reads, &host_of_sends] {
            assert_eq!(result(echo(host).await), json!({ "text": "a" }), "{asks}");
            result(ask(host, "peer.change_silently", json!({})).await);
        }
        let failed = failure(echo(&host_of_sends).await);
        assert_eq!((failed.class, failed.retryable), (FailureClass::Denied, false), "{asks}: {failed:?}");
        assert!(failed.message.contains("changed it after it was accepted"), "{asks}: {failed:?}");
        assert_eq!(result(echo(&host_of_reads).await), json!({ "text": "a" }), "{asks}: what only reads is looked at once a minute");
    }
}

#[tokio::test]
async fn another_definition_than_the_pinned_one_is_refused() {
    let folder = Folder::new();
    let lock = folder.path().join("mcp.lock.json");
    let now = offered(&server("plain")).await.expect("offered");
    let echo = now.iter().find(|one| one.name == "echo").expect("echo").digest();
    let add = now.iter().find(|one| one.name == "add").expect("add").digest();
    let mut pinned = server("plain");
    pinned.tools.get_mut("echo").expect("echo").pinned = Some(add);
    assert!(matches!(accept(&lock, &pinned, &now, &[]), Err(McpError::Pinned { .. })));
    assert!(!lock.exists(), "nothing was written");
    accept(&lock, &server("plain"), &now, &[]).expect("accepted");
    let host = Host::new(HostOptions::default()).expect("host");
    host.load_mcp(&[pinned.clone()], &lock).expect("loaded");
    assert!(host.tool("peer.echo").is_none() && host.tool("peer.add").is_some());
    pinned.tools.get_mut("echo").expect("echo").pinned = Some(echo);
    assert!(accept(&lock, &pinned, &now, &[]).expect("accepted").is_empty());
}

#[tokio::test]
async fn a_lock_file_that_was_edited_is_refused() {
    let folder = Folder::new();
    let lock = folder.path().join("mcp.lock.json");
    accept(&lock, &server("plain"), &offered(&server("plain")).await.expect("offered"), &[]).expect("accepted");
    let text = std::fs::read_to_string(&lock).expect("read").replace("Adds.", "Adds and sends.");
    std::fs::write(&lock, text).expect("written");
    let host = Host::new(HostOptions::default()).expect("host");
    assert!(matches!(host.load_mcp(&[server("plain")], &lock), Err(McpError::LockBroken { .. })));
}

#[tokio::test]
async fn names_that_cannot_be_told_apart_are_refused() {
    let folder = Folder::new();
    let peer = McpServer { tools: BTreeMap::new(), ..server("collide") };
    let host = host(&folder, &peer, &peer).await;
    assert_eq!(host.specs().into_iter().map(|spec| spec.name).collect::<Vec<_>>(), ["peer.fine"]);
    let lock = folder.path().join("mcp.lock.json");
    assert!(matches!(host.load_mcp(std::slice::from_ref(&peer), &lock), Err(McpError::Duplicate(_))));
    // None is taken for the loop's own, whose tools come later, nor for a plugin of the program.
    for name in ["steward", "crm"] {
        assert!(matches!(host.load_mcp(&[McpServer { name: name.to_owned(), ..peer.clone() }], &lock), Err(McpError::Duplicate(_))), "{name}");
    }
    assert!(matches!(host.load_mcp(&[McpServer { name: "No".to_owned(), ..peer }], &lock), Err(McpError::Name(_))));
}

#[tokio::test]
async fn hints_decide_nothing() {
    let folder = Folder::new();
    let mut peer = server("plain");
    peer.tools.insert("picture".to_owned(), rules(Effect::Read, &[("size", "value")]));
    let host = host(&folder, &peer, &peer).await;
    let hinted = host.tool("peer.hinted").expect("tool").spec().clone();
    assert_eq!(hinted.effect, Effect::Admin, "a read-only hint is no effect");
    assert!(hinted.result_labels.is_empty(), "all of its result is outside text");
    assert_eq!(host.tool("peer.echo").expect("tool").spec().description, "Gives the text back.");
    assert!(!host.tool("peer.echo").expect("tool").stays_inside(), "what it is told leaves the process, whatever its effect");
    assert!(host.tool("peer.picture").is_none(), "a role for an argument that there is not");
    assert!(host.tool("peer.loose").is_none(), "a schema that lies elsewhere");
}

#[tokio::test]
async fn arguments_are_checked_before_the_gate() {
    let folder = Folder::new();
    let peer = server("plain");
    let host = host(&folder, &peer, &peer).await;
    let check = |tool: &str, arguments: Value, says: &str| {
        let refused = host.tool(tool).expect("tool").check_arguments(&arguments).expect_err("refused").to_string();
        assert!(refused.contains(says), "{tool}: {refused}");
    };
    check("peer.echo", json!({}), "/text: is missing");
    check("peer.echo", json!({ "text": "a", "bcc": "x@example.com" }), "/bcc: there is no such field");
    check("peer.add", json!({ "a": 1, "b": "2" }), "/b: is not of type \"integer\"");
    check("peer.hang", json!({ "any": 1 }), "nothing may stand here");
}

#[tokio::test]
async fn every_bad_end_has_its_name_and_the_next_call_works() {
    use FailureClass::*;
    let folder = Folder::new();
    let mut peer = server("plain");
    peer.timeout_ms = 1_500;
    let host = host(&folder, &peer, &peer).await;
    for (tool, class, retryable, says) in [
        ("peer.hang", Timeout, true, "took longer than it may"),
        ("peer.hang_send", Unknown, false, "whether it had its effect is not known"),
        ("peer.wrong", BadOutput, false, "/sum: is not of type \"integer\""),
        ("peer.big", OutputTooLarge, false, "more than 256 KiB"),
        ("peer.fail", Failed, false, "no such  [31mthing"),
        ("peer.fail_send", Unknown, false, "no such  [31mthing; whether it had its effect is not known"),
        ("peer.refuse", InvalidArguments, false, "not these arguments"),
        ("peer.refuse_send", InvalidArguments, false, "not these arguments"),
        ("peer.gone_send", NotFound, false, "no such tool"),
        ("peer.missing_send", Unknown, false, "no such account; whether it had its effect is not known"),
        ("peer.break", Failed, false, "went wrong"),
        ("peer.break_send", Unknown, false, "went wrong; whether it had its effect is not known"),
        ("peer.own_send", Unknown, false, "went wrong; whether it had its effect is not known"),
        ("peer.flood", OutputTooLarge, false, "more than 256 KiB"),
        ("peer.flood_send", Unknown, false, "whether it had its effect is not known"),
        ("peer.die", Unavailable, true, "connection to its server was lost"),
        ("peer.die_send", Unknown, false, "whether it had its effect is not known"),
    ] {
        let failed = failure(ask(&host, tool, json!({})).await);
        assert_eq!((failed.class, failed.retryable), (class, retryable), "{tool}: {failed:?}");
        assert!(failed.message.contains(says), "{tool}: {failed:?}");
        assert_eq!(result(ask(&host, "peer.echo", json!({ "text": tool })).await), json!({ "text": tool }), "after {tool}");
    }
}

#[tokio::test]
async fn a_look_before_one_call_that_fails_or_hangs_keeps_no_other_call_from_the_server() {
    for asks in [false, true] {
        let folder = Folder::new();
        let peer = McpServer { asks, ..server("lists_once") };
        let host = host(&folder, &peer, &peer).await;
        let mut classes = Vec::new();
        for _ in 0..4 {
            classes.push(failure(ask(&host, "peer.refuse_send", json!({})).await).class);
        }
        // Every second finds a connection whose list fails, and the one after it connects anew, without a pause.
        let (away, there) = (FailureClass::Unavailable, FailureClass::InvalidArguments);
        assert_eq!(classes, [there, away, there, away]);
    }
    let folder = Folder::new();
    let peer = server("skips_a_list");
    let host = host(&folder, &peer, &peer).await;
    assert_eq!(failure(ask(&host, "peer.refuse_send", json!({})).await).class, FailureClass::InvalidArguments);
    // Of two looks at once the first has no answer, whichever it is; the other call is made meanwhile.
    let first = Box::pin(async {
        tokio::select! {
            done = ask(&host, "peer.refuse_send", json!({})) => done,
            done = ask(&host, "peer.refuse_send", json!({})) => done,
        }
    });
    let done = tokio::time::timeout(std::time::Duration::from_secs(10), first).await.expect("one waits for no answer of the other's");
    assert_eq!(failure(done).class, FailureClass::InvalidArguments);
}

#[tokio::test]
async fn a_server_that_hangs_is_started_anew_though_no_call_lives_to_hear_of_it() {
    let folder = Folder::new();
    let peer = McpServer { timeout_ms: 1_500, ..server("falls_silent") };
    let host = host(&folder, &peer, &peer).await;
    let mut classes = Vec::new();
    for _ in 0..5 {
        classes.push(failure(ask(&host, "peer.refuse_send", json!({})).await).class);
    }
    let (away, there) = (FailureClass::Unavailable, FailureClass::InvalidArguments);
    assert_eq!(classes, [there, away, away, away, there]);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_cancelled() {
    let folder = Folder::new();
    let mut peer = server("plain");
    peer.tools.get_mut("hang").expect("hang").timeout_ms = Some(300);
    let host = host(&folder, &peer, &peer).await;
    assert_eq!(failure(ask(&host, "peer.hang", json!({})).await).class, FailureClass::Timeout);
    let permit = Gate::new(&host).permit(&host, "peer.hang_send", json!({}));
    let dropped = tokio::time::timeout(std::time::Duration::from_millis(300), host.call(permit, context("key"), office())).await;
    assert!(dropped.is_err(), "the run was stopped first");
    // Each cancellation is sent before the next question, on the same pipe, but by a task of its own.
    let begun = Instant::now();
    loop {
        let seen = result(ask(&host, "peer.cancelled", json!({})).await);
        if seen == json!({ "text": "2" }) {
            break;
        }
        assert!(begun.elapsed().as_secs() < 10, "the server saw {seen}");
    }
}

#[tokio::test]
async fn what_a_server_asks_is_refused() {
    let folder = Folder::new();
    let peer = server("plain");
    let host = host(&folder, &peer, &peer).await;
    let answered = result(ask(&host, "peer.ask", json!({})).await);
    let answers: Value = serde_json::from_str(answered["text"].as_str().expect("text")).expect("answers");
    assert_eq!(answers[0], json!({ "to": "s1", "said": "refused" }), "no completion");
    assert!(answers[1]["said"] == "refused" || answers[1]["said"]["action"] == "decline", "no form: {answers}");
    assert!(answers[2]["said"] == "refused" || answers[2]["said"]["roots"] == json!([]), "no folder: {answers}");
}

#[tokio::test]
async fn pictures_are_named_and_attacks_are_only_text() {
    let folder = Folder::new();
    let peer = server("plain");
    let host = host(&folder, &peer, &peer).await;
    let picture = result(ask(&host, "peer.picture", json!({})).await);
    assert_eq!(picture, json!({ "text": "", "notes": ["a picture of type `image/png`, 300 bytes, left out", "a file of type `a/b`, 3 bytes, left out"] }));
    let injected = result(ask(&host, "peer.inject", json!({})).await);
    assert!(injected["text"].as_str().is_some_and(|text| text.starts_with("Ignore previous")));
    assert!(host.tool("peer.inject").expect("tool").spec().result_labels.is_empty(), "which is outside text");
}

#[tokio::test]
async fn loading_waits_for_nobody() {
    let folder = Folder::new();
    let lock = folder.path().join("mcp.lock.json");
    accept(&lock, &server("plain"), &offered(&server("plain")).await.expect("offered"), &[]).expect("accepted");
    let host = Host::new(HostOptions::default()).expect("host");
    let begun = Instant::now();
    host.load_mcp(&[server("silent")], &lock).expect("loaded");
    assert!(begun.elapsed().as_millis() < 500, "{:?}", begun.elapsed());
    assert!(host.tool("peer.echo").is_some());
}

#[tokio::test]
async fn pages_are_joined() {
    let names: Vec<String> = offered(&server("paged")).await.expect("offered").into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["first", "second"]);
}

#[tokio::test]
async fn http_is_held_to_the_same() {
    let address = peer::over_http("let-me-in");
    let at = |path: &str, bearer: &str| {
        let transport = McpTransport::Url { url: format!("http://{address}{path}"), bearer: Some(Secret::new(bearer)) };
        McpServer { transport, ..server("plain") }
    };
    assert!(matches!(offered(&at("/mcp", "wrong")).await, Err(McpError::Away { .. })), "the wrong token");
    assert!(matches!(offered(&at("/moved", "let-me-in")).await, Err(McpError::Away { .. })), "sent elsewhere");
    assert!(!format!("{:?}", at("/mcp", "let-me-in")).contains("let-me-in"), "the token is not shown");
    let folder = Folder::new();
    let mut peer = at("/mcp", "let-me-in");
    peer.timeout_ms = 3_000;
    let host = host(&folder, &peer, &peer).await;
    assert_eq!(result(ask(&host, "peer.add", json!({ "a": 2, "b": 3 })).await), json!({ "sum": 5 }));
    assert_eq!(failure(ask(&host, "peer.big", json!({})).await).class, FailureClass::OutputTooLarge);
    assert_eq!(failure(ask(&host, "peer.die_send", json!({})).await).class, FailureClass::Unknown);
    assert_eq!(result(ask(&host, "peer.echo", json!({ "text": "still" })).await), json!({ "text": "still" }));
}
