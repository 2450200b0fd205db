//! What plugins keep: refused where it was not granted, bounded, done once, and read again as what it was written from.

use crate::egress::world::{Server, answer};
use crate::support::{Folder, Gate, context, options, tenant, text};
use serde_json::{Value, json};
use std::sync::Arc;
use steward_core::{FailureClass, Floor, Integrity, Outcome};
use steward_host::testing::{GuestFiles, MadeUp, MemoryOffice, Seed};
use steward_host::{CallContext, CallReport, EgressOptions, Host, HostOptions, KvQuota, PluginError, PrivateHost, Resolver};

const OUTSIDE: Floor = Floor { integrity: Integrity::Outside, private: false };

pub(crate) fn office() -> Arc<MemoryOffice> {
    let seed = json!({ "contacts": [{ "id": "contact_1", "name": "Lena", "outside": true }] });
    Arc::new(MemoryOffice::new(serde_json::from_value::<Seed>(seed).expect("seed")))
}

fn load(host: &Host, files: &GuestFiles) -> Result<steward_host::PluginInfo, PluginError> {
    let folder = Folder::new();
    files.write(folder.path()).expect("written");
    host.load_dir(folder.path())
}

pub(crate) fn keeper(port: u16, options: HostOptions) -> Host {
    let named = PrivateHost { plugin: "keeper".to_owned(), host: "api.keeper.test".to_owned(), networks: vec!["127.0.0.1".parse().expect("an address")] };
    let resolver = Resolver::Made(MadeUp(Arc::new(|_| vec!["127.0.0.1".parse().expect("an address")])));
    let host = Host::new(HostOptions { egress: EgressOptions { private: vec![named], resolver, ..EgressOptions::default() }, ..options }).expect("host");
    let mut files = GuestFiles::keeper();
    files.manifest = files.manifest.replace("8080", &port.to_string());
    load(&host, &files).expect("the plugin");
    host
}

pub(crate) async fn report(host: &Host, office: &Arc<MemoryOffice>, key: &str, tool: &str, arguments: Value) -> CallReport {
    let arguments = host.tool(tool).expect("tool").check_arguments(&arguments).expect("arguments");
    let permit = Gate::new(host).permit(host, tool, arguments);
    host.call(permit, context(key), Arc::clone(office) as _).await
}

/// Calls `keeper.<tool>`, each time with another key.
pub(crate) async fn ask(host: &Host, office: &Arc<MemoryOffice>, tool: &str, arguments: Value) -> String {
    let key = format!("{tool} {arguments} {}", office.question_count());
    text(&report(host, office, &key, &format!("keeper.{tool}"), arguments).await)
}

#[test]
fn nothing_is_kept_without_a_grant_or_without_a_bound() {
    let host = Host::new(options()).expect("host");
    for (from, to, expect) in [
        ("kv = true\n", "", "[kv] says how much is kept"),
        ("[kv]\nbytes_max = 200_000\nentries_max = 5\n", "", "nothing says how much is kept"),
        ("bytes_max = 200_000", "bytes_max = 0", "[kv] bytes_max is 0"),
        ("bytes_max = 200_000", "bytes_max = 1_000_000_000", "[kv] bytes_max is 1000000000"),
        ("entries_max = 5", "entries_max = 1_000_000", "[kv] entries_max is 1000000"),
        ("entries_max = 5", "entries_max = 5\nshared = true", "unknown field `shared`"),
        ("kv = true\n\n[limits]", "\n[limits]", "[kv] says"),
    ] {
        let mut files = GuestFiles::keeper();
        assert!(files.manifest.contains(from), "{from}");
        files.manifest = files.manifest.replacen(from, to, 1);
        let refused = load(&host, &files).expect_err(to).to_string();
        assert!(refused.contains(expect), "{to}: {refused}");
    }
    // Granted nowhere, and yet imported by the code: there is no such function for it.
    let mut files = GuestFiles::keeper();
    files.manifest = files.manifest.replacen("kv = true\n", "", 1).replacen("[kv]\nbytes_max = 200_000\nentries_max = 5\n", "", 1);
    let refused = load(&host, &files).expect_err("not granted");
    assert!(matches!(&refused, PluginError::Undeclared { .. }), "{refused}");
    assert!(host.specs().is_empty());
}

#[tokio::test]
async fn what_only_reads_keeps_nothing_and_a_preview_neither() {
    let (host, office) = (keeper(8080, options()), office());
    for tool in ["peek", "look"] {
        for step in ["set", "cas", "delete"] {
            let answer = ask(&host, &office, tool, json!({ "steps": [step], "key": "a", "value": "b" })).await;
            assert!(answer.starts_with("denied: not allowed here; a tool that only reads keeps nothing"), "{tool} {step}: {answer}");
        }
    }
    let arguments = json!({ "steps": ["set", "get"], "key": "a", "value": "b" });
    let preview = host.preview(tenant(1), "keeper.keep", &arguments, context("key"), Arc::clone(&office) as _);
    let title = preview.await.expect("a preview").title;
    assert!(title.starts_with("denied: ") && title.ends_with("None"), "{title}");
    assert_eq!(office.kept("keeper", "a"), None);
}

#[tokio::test]
async fn keys_values_and_sums_have_their_bounds() {
    let (host, office) = (keeper(8080, options()), office());
    let long = "k".repeat(257);
    for (arguments, expect) in [
        (json!({ "steps": ["get", "set"], "key": "" }), "invalid: a key has 1 to 256 bytes"),
        (json!({ "steps": ["get", "set"], "key": long }), "invalid: a key has 1 to 256 bytes"),
        (json!({ "steps": ["get", "set", "list"], "key": "a\u{7}b" }), "invalid: a key has"),
        (json!({ "steps": ["list"], "key": long }), "invalid: a key has at most 256 bytes"),
        (json!({ "steps": ["set"], "key": "a", "bytes": 65_537 }), "invalid: a value has at most 65536 bytes"),
    ] {
        let answer = ask(&host, &office, "keep", arguments.clone()).await;
        assert!(answer.lines().all(|line| line.starts_with(expect)), "{arguments}: {answer}");
    }
    for key in ["a", "b", "c"] {
        assert_eq!(ask(&host, &office, "keep", json!({ "steps": ["set"], "key": key, "bytes": 65_536 })).await, "\"set\"");
    }
    let full = ask(&host, &office, "keep", json!({ "steps": ["set"], "key": "d", "bytes": 65_536 })).await;
    assert_eq!(full, "over quota: a plugin keeps at most 200000 bytes in 5 entries here");
    for key in ["d", "e"] {
        assert_eq!(ask(&host, &office, "keep", json!({ "steps": ["set"], "key": key, "value": "x" })).await, "\"set\"");
    }
    let many = ask(&host, &office, "keep", json!({ "steps": ["set", "delete", "set"], "key": "f", "value": "x" })).await;
    assert!(many.lines().all(|line| line.starts_with("over quota") || line == "false"), "{many}");
    assert_eq!(ask(&host, &office, "keep", json!({ "steps": ["delete"], "key": "a" })).await, "true");
    assert_eq!(ask(&host, &office, "keep", json!({ "steps": ["set"], "key": "f", "value": "x" })).await, "\"set\"");
    assert_eq!(ask(&host, &office, "peek", json!({ "steps": ["list"], "key": "", "limit": 3 })).await, r#"(["b", "c", "d"], Some("d"))"#);
    assert_eq!(ask(&host, &office, "peek", json!({ "steps": ["list"], "key": "", "after": "d" })).await, r#"(["e", "f"], None)"#);
    // A question to what is kept is one like any other.
    let many = vec!["get"; 201];
    let report = report(&host, &office, "many", "keeper.peek", json!({ "steps": many, "key": "e" })).await;
    let Outcome::Failed { failure } = &report.outcome else { panic!("{report:?}") };
    assert!(failure.message.contains("more than 200 times") && report.used.host_calls == 201, "{report:?}");
}

#[tokio::test]
async fn the_operator_has_the_last_word_on_how_much() {
    let host = keeper(8080, HostOptions { kv: KvQuota { bytes_max: 10, entries_max: 1 }, ..options() });
    let office = office();
    assert_eq!(host.plugins()[0].kv, Some(KvQuota { bytes_max: 200_000, entries_max: 5 }), "what it asks for");
    assert_eq!(ask(&host, &office, "keep", json!({ "steps": ["set"], "key": "a", "value": "123456789" })).await, "\"set\"");
    let full = ask(&host, &office, "keep", json!({ "steps": ["set"], "key": "b", "value": "" })).await;
    assert_eq!(full, "over quota: a plugin keeps at most 10 bytes in 1 entries here");
    assert!(ask(&host, &office, "keep", json!({ "steps": ["set"], "key": "a", "value": "1234567890" })).await.starts_with("over quota"));
}

#[tokio::test]
async fn one_plugin_never_sees_what_another_keeps() {
    let host = keeper(8080, options());
    let mut other = GuestFiles::keeper();
    other.name = "kipper".to_owned();
    other.manifest = other.manifest.replace("keeper", "kipper");
    // The same code under another name: its own word for itself is put right in place, and both are of one length.
    let (from, to) = (b"keeper".as_slice(), b"kipper".as_slice());
    for at in 0..other.component.len() - from.len() {
        if other.component[at..].starts_with(from) {
            other.component[at..at + from.len()].copy_from_slice(to);
        }
    }
    load(&host, &other).expect("the other plugin");
    let office = office();
    assert_eq!(ask(&host, &office, "keep", json!({ "steps": ["set"], "key": "a", "value": "mine" })).await, "\"set\"");
    let seen = report(&host, &office, "other", "kipper.keep", json!({ "steps": ["get", "list", "delete", "set"], "key": "a", "value": "its own" })).await;
    assert_eq!(text(&seen), "None\n([], None)\nfalse\n\"set\"");
    assert_eq!(ask(&host, &office, "peek", json!({ "steps": ["get"], "key": "a" })).await, "Some(\"mine\")");
}

#[tokio::test]
async fn versions_tell_a_change_even_of_what_was_made_again() {
    let (host, office) = (keeper(8080, options()), office());
    let cas = |expect: u64| json!({ "steps": ["cas"], "key": "a", "value": "x", "expect": expect });
    assert_eq!(ask(&host, &office, "keep", cas(1)).await, "conflict");
    let first = ask(&host, &office, "keep", cas(0)).await;
    assert_eq!(ask(&host, &office, "keep", cas(0)).await, "conflict");
    assert_eq!(ask(&host, &office, "keep", json!({ "steps": ["delete", "set"], "key": "a", "value": "y" })).await, "true\n\"set\"");
    assert_eq!(ask(&host, &office, "keep", cas(first.parse().expect("a version"))).await, "conflict", "it was deleted and made again");
}

#[tokio::test]
async fn a_repeat_does_nothing_twice_and_ends_where_it_would() {
    let (host, office) = (keeper(8080, options()), office());
    assert_eq!(ask(&host, &office, "keep", json!({ "steps": ["set"], "key": "a", "value": "1" })).await, "\"set\"");
    // The same call again finds its answers.
    let set = json!({ "steps": ["delete", "set"], "key": "b", "value": "x" });
    for _ in 0..2 {
        assert_eq!(text(&report(&host, &office, "again", "keeper.keep", set.clone()).await), "false\n\"set\"");
    }
    // One that counts up was cut off after it counted. Its code would count once more, and goes on trying where it is told of a conflict.
    let add = json!({ "steps": ["add", "spin"], "key": "a" });
    let short = CallContext { deadline_ms: 300, ..context("cut off") };
    let permit = Gate::new(&host).permit(&host, "keeper.keep", add.clone());
    let cut = host.call(permit, short, Arc::clone(&office) as _).await;
    assert!(matches!(cut.outcome, Outcome::Failed { .. }), "{cut:?}");
    assert_eq!(office.kept("keeper", "a").map(|(text, _)| text).as_deref(), Some("2"));
    let again = report(&host, &office, "cut off", "keeper.keep", add).await;
    let Outcome::Failed { failure } = &again.outcome else { panic!("{again:?}") };
    assert_eq!(failure.class, FailureClass::Unknown, "{failure:?}");
    assert!(failure.message.contains("asks to keep something else") && !failure.retryable, "{failure:?}");
    assert_eq!(office.kept("keeper", "a").map(|(text, _)| text).as_deref(), Some("2"), "counted once");
    // An answer that was lost is not taken for nothing having happened.
    office.lose_answers();
    let lost = report(&host, &office, "lost", "keeper.keep", json!({ "steps": ["set"], "key": "c", "value": "x" })).await;
    assert_eq!(text(&lost), "unavailable");
}

#[tokio::test]
async fn what_is_kept_has_the_floor_of_all_the_call_had_seen() {
    let server = Server::start(|_| answer("200 OK", "", "from outside")).await;
    let (host, office) = (keeper(server.port, options()), office());
    let floor = |key: &str| office.kept("keeper", key).map(|(_, floor)| floor);
    let set = |steps: &[&str], key: &str| json!({ "steps": steps, "key": key, "value": "x" });
    ask(&host, &office, "keep", set(&["set"], "a")).await;
    assert_eq!(floor("a"), Some(Floor::CLEAN), "the owner's words alone");
    ask(&host, &office, "keep", set(&["contact", "set"], "b")).await;
    assert_eq!(floor("b"), Some(Floor { integrity: Integrity::Outside, private: true }), "a record that was shown");
    let url = format!("http://api.keeper.test:{}/v1/x", server.port);
    let sent = ask(&host, &office, "send", json!({ "steps": ["ask", "set"], "key": "d", "value": url })).await;
    assert_eq!((sent.as_str(), floor("d")), ("200 from outside\n\"set\"", Some(OUTSIDE)), "what others answered");
    office.judge(Floor { integrity: Integrity::Fact, private: true });
    ask(&host, &office, "keep", set(&["set"], "c")).await;
    assert_eq!(floor("c"), Some(Floor { integrity: Integrity::Fact, private: true }), "the call's arguments");
    office.judge(OUTSIDE);
    ask(&host, &office, "keep", set(&["set"], "a")).await;
    office.judge(Floor::CLEAN);
    // Read in one call and written on under another key: it is no better for that.
    let copied = report(&host, &office, "copy", "keeper.keep", json!({ "steps": ["list", "set"], "key": "a", "value": "y" })).await;
    assert_eq!((copied.kept, floor("a")), (Some(OUTSIDE), Some(OUTSIDE)));
    let read = report(&host, &office, "read", "keeper.peek", json!({ "steps": ["get"], "key": "a" })).await;
    assert_eq!(read.kept, Some(OUTSIDE));
    let none = report(&host, &office, "none", "keeper.peek", json!({ "steps": ["get", "list"], "key": "nothing" })).await;
    assert_eq!(none.kept, None);
}

#[tokio::test]
async fn what_is_kept_steers_nothing_and_private_matters_leave_by_no_detour() {
    let server = Server::start(|_| answer("200 OK", "", "told")).await;
    let (host, office) = (keeper(8080, options()), office());
    let step = |steps: &[&str], key: &str| json!({ "steps": steps, "key": key, "value": "x" });
    office.judge(OUTSIDE);
    ask(&host, &office, "keep", step(&["set"], "strange")).await;
    office.judge(Floor { integrity: Integrity::Owner, private: true });
    ask(&host, &office, "keep", step(&["set"], "private")).await;
    office.judge(Floor::CLEAN);

    // Before it reads, it may; after that it may not any more.
    let steered = ask(&host, &office, "keep", step(&["note", "get", "note"], "strange")).await;
    let lines: Vec<&str> = steered.lines().collect();
    assert_eq!((lines[0], lines[1]), ("Ok(\"noted\")", "Some(\"x\")"), "{steered}");
    assert!(lines[2].contains("take it as an argument instead"), "{steered}");
    assert_eq!(office.note_count(), 1);
    // What it keeps is its own to go on with.
    assert_eq!(ask(&host, &office, "keep", step(&["get", "set"], "strange")).await, "Some(\"x\")\n\"set\"");
    let posted = ask(&host, &office, "send", step(&["get", "post"], "strange")).await;
    assert!(posted.ends_with("take it as an argument instead"), "{posted}");
    for (tool, method) in [("look", "ask"), ("send", "ask"), ("send", "post")] {
        let told = ask(&host, &office, tool, step(&["get", method], "private")).await;
        assert!(told.contains("kept of private matters, so it asks nobody outside"), "{tool}: {told}");
        let listed = ask(&host, &office, tool, step(&["list", method], "priv")).await;
        assert!(listed.contains("kept of private matters"), "{tool}: {listed}");
    }
    // That an entry stands there is a little of it.
    for change in ["cas", "delete"] {
        let told = ask(&host, &office, "send", step(&[change, "ask"], "private")).await;
        assert!(told.contains("kept of private matters"), "{change}: {told}");
    }
    assert_eq!(server.seen().len(), 0);
    // A call that was judged by such a text anyway is not steered by it.
    office.judge(OUTSIDE);
    let judged = ask(&host, &office, "keep", step(&["get", "note"], "strange")).await;
    assert!(judged.ends_with("Ok(\"noted\")"), "{judged}");
}
