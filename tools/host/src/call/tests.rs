//! From a plugin's files to what runs, and what is left of a call that nobody waits for.

mod code;

use super::*;
use crate::egress::{line_max, no_place};
use crate::mcp::Secret;
use crate::plugin::Package;
use crate::testing::{GuestFiles, MemoryOffice};
use crate::{EgressOptions, HostOptions, SIGNATURE_FILE, SigningKey, Trust};
use serde_json::json;
use std::fs;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use steward_core::PluginWork;
use tokio::time::timeout;

/// The same component that says something else: of the same length, and as sound as the first.
fn other(component: &[u8]) -> Vec<u8> {
    let (from, to) = (b"no such thing", b"ANOTHER THING");
    let at = component.windows(from.len()).position(|part| part == from).expect("what it says");
    component.iter().enumerate().map(|(place, byte)| place.checked_sub(at).and_then(|place| to.get(place)).copied().unwrap_or(*byte)).collect()
}

#[tokio::test]
async fn what_was_verified_is_what_is_compiled_whatever_lies_there_by_then() {
    let guest = GuestFiles::hostile();
    let dir = std::env::temp_dir().join(format!("steward-verified-{}", std::process::id()));
    guest.write(&dir).expect("written");
    let key = SigningKey::from_secret(&[7; 32]).expect("a key");
    let trust = Trust { keys: vec![key.public()], allow_unsigned: false };
    let host = Host::new(HostOptions::default()).expect("host");
    fs::write(dir.join(SIGNATURE_FILE), key.sign(&Package::read(&dir).expect("a package").digest())).expect("signed");

    // As plugins of the installation are loaded: read, then verified. Here, in between, another writes.
    let package = Package::read(&dir).expect("a package");
    let digest = package.digest();
    trust.check("hostile", &digest, package.signature.as_deref()).expect("it counts");
    fs::write(dir.join("hostile.wasm"), other(&guest.component)).expect("written");
    fs::write(dir.join("tool.toml"), guest.manifest.replace("\"read\"", "\"admin\"")).expect("written");
    let info = host.load(&package).expect("loaded");
    assert_eq!(info.digest, digest);

    let tool = host.tool("hostile.refuse").expect("a tool");
    let tenant = "org_00000000000000000000000001".parse().expect("an id");
    let context =
        CallContext { key: "key".to_owned(), deadline_ms: 60_000, locale: "en".to_owned(), time_zone: "UTC".to_owned(), now_ms: 0, run: Default::default() };
    let around = Around { office: Arc::new(MemoryOffice::default()), people: Arc::new(mcp::Nobody), secrets: Arc::new(NoSecrets) };
    let report = host.run(tenant, &tool, &json!({ "text": "missing" }), context, around).await;
    let Outcome::Failed { failure } = report.outcome else { panic!("it says no: {:?}", report.outcome) };
    assert_eq!(failure.message, "no such thing", "what runs is what was verified");

    // What lies there now is another plugin, which nobody signed.
    let later = Package::read(&dir).expect("a package");
    assert_ne!(later.digest(), digest);
    assert!(trust.check("hostile", &later.digest(), later.signature.as_deref()).is_err());
    fs::remove_dir_all(&dir).expect("removed");
}

/// The keeper with a secret that has to be looked for, where so many calls run at once.
fn keeper(slots: u32) -> Host {
    let mut guest = GuestFiles::keeper();
    let with_secret = "paths = [\"/v1/*\"], secret = { header = \"Authorization\", value = \"Bearer {{keeper_token}}\" } }]";
    guest.manifest = guest.manifest.replace("paths = [\"/v1/*\"] }]", with_secret);
    static MADE: AtomicU32 = AtomicU32::new(0);
    let dir = std::env::temp_dir().join(format!("steward-looked-through-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed)));
    guest.write(&dir).expect("written");
    let secrets = [(("keeper".to_owned(), "keeper_token".to_owned()), Secret::new("the-token-of-the-keeper"))].into();
    let egress = EgressOptions { secrets, ..EgressOptions::default() };
    let host = Host::new(HostOptions { egress, slots, ..HostOptions::default() }).expect("host");
    host.load_dir(&dir).expect("loaded");
    fs::remove_dir_all(&dir).expect("removed");
    host
}

/// A call of this organisation's that takes these steps, the last of which may tell something long enough to be looked through away from others.
async fn told(host: &Host, tenant: u32, tool: &str, steps: &[&str], is_long: bool, run: RunBudget) -> CallReport {
    let tool = host.tool(tool).expect("a tool");
    let tenant = format!("org_{tenant:026}").parse().expect("an id");
    let locale = if is_long { "x".repeat(100_000) } else { "en".to_owned() };
    let context = CallContext { key: "key".to_owned(), deadline_ms: 60_000, locale, time_zone: "UTC".to_owned(), now_ms: 0, run };
    let around = Around { office: Arc::new(MemoryOffice::default()), people: Arc::new(mcp::Nobody), secrets: Arc::new(NoSecrets) };
    host.run(tenant, &tool, &json!({ "steps": steps, "key": "a", "value": "x" }), context, around).await
}

#[tokio::test]
async fn what_a_call_did_not_use_is_given_back_before_its_words_wait_to_be_looked_through() {
    let host = keeper(HostOptions::default().slots);
    // As much as the plugin may use: while it runs there is nothing left.
    let all = 500_000_000;
    let run = RunBudget::of(PluginWork { fuel: all, ..PluginWork::usual() });
    let given_back = async {
        loop {
            let left = run.take_fuel(u64::MAX).unwrap_or(0);
            run.give_fuel(left);
            if (1..all).contains(&left) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let taken = no_place().await;
    tokio::select! {
        report = told(&host, 1, "keeper.peek", &["told"], true, run.clone()) => panic!("it waits for its turn: {report:?}"),
        given = timeout(Duration::from_secs(60), given_back) => assert!(given.is_ok(), "it waits with all of it"),
    }
    drop(taken);
}

#[tokio::test]
async fn a_call_whose_words_wait_to_be_looked_through_keeps_no_sandbox_from_others() {
    let host = keeper(1);
    let taken = no_place().await;
    tokio::select! {
        biased;
        report = told(&host, 1, "keeper.peek", &["told"], true, RunBudget::default()) => panic!("it waits for its turn: {report:?}"),
        report = told(&host, 2, "keeper.peek", &["told"], false, RunBudget::default()) => {
            assert!(matches!(report.outcome, Outcome::Ok { .. }), "there is one sandbox: {report:?}");
        }
    }
    drop(taken);
    // Who waits no longer stands in nobody's way.
    let report = told(&host, 1, "keeper.peek", &["told"], true, RunBudget::default()).await;
    assert!(matches!(&report.outcome, Outcome::Ok { result, .. } if result["text"].as_str().is_some_and(|text| text.len() > 100_000)), "{:?}", report.used);
}

#[test]
fn a_call_whose_words_are_not_looked_through_in_its_time_ends_and_shows_none_of_them() {
    let host = keeper(HostOptions::default().slots);
    for (tool, steps, expect, retryable) in [
        ("keeper.peek", &["told"][..], "the tool took longer than it may", true),
        ("keeper.keep", &["set", "told"], "the tool took longer than it may; it had made one change before, which stands", false),
    ] {
        // The clock stands still while there is something to do, and goes on to the deadline when nothing else is waited for.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
        let report = runtime.block_on(async {
            let _taken = no_place().await;
            told(&host, 1, tool, steps, true, RunBudget::default()).await
        });
        let expect = Failure { class: FailureClass::Timeout, message: expect.to_owned(), retryable };
        assert_eq!(report.outcome, Outcome::Failed { failure: expect }, "{tool}");
    }
}

#[test]
fn a_preview_whose_words_are_not_looked_through_in_its_time_shows_none_of_them() {
    let host = keeper(HostOptions::default().slots);
    // The clock stands still while there is something to do.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    let tenant = "org_00000000000000000000000001".parse().expect("an id");
    let shown = |letters: usize| {
        let (locale, time_zone) = ("x".repeat(letters), "UTC".to_owned());
        let context = CallContext { key: "key".to_owned(), deadline_ms: 60_000, locale, time_zone, now_ms: 0, run: RunBudget::default() };
        let (arguments, office) = (json!({ "steps": ["told"], "key": "a", "value": "x" }), Arc::new(MemoryOffice::default()));
        runtime.block_on(async {
            let _taken = no_place().await;
            host.preview(tenant, "keeper.keep", &arguments, context, office).await.expect("a preview")
        })
    };
    let long = shown(100_000);
    assert_eq!((long.title.as_str(), long.failed.as_deref()), ("", Some("the tool took longer than it may")));
    // A short one waits for nobody.
    let short = shown(100);
    assert!(short.failed.is_none() && short.title.starts_with("xxx"), "{short:?}");
}

#[test]
fn behind_too_many_long_answers_a_look_is_refused_and_a_change_waits_to_be_told() {
    let host = keeper(HostOptions::default().slots);
    // The clock stands still while there is something to do.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let _taken = no_place().await;
        let peek = || Box::pin(told(&host, 1, "keeper.peek", &["told"], true, RunBudget::default()));
        let mut many: Vec<_> = (0..line_max() + 2).map(|_| peek()).collect();
        while many.len() > line_max() {
            let (at, report) = poll_fn(|cx| {
                let ready = many.iter_mut().enumerate().find_map(|(at, call)| match call.as_mut().poll(cx) {
                    Poll::Ready(report) => Some((at, report)),
                    Poll::Pending => None,
                });
                ready.map_or(Poll::Pending, Poll::Ready)
            })
            .await;
            drop(many.swap_remove(at));
            let Outcome::Failed { failure } = report.outcome else { panic!("there is no place: {report:?}") };
            assert_eq!((failure.class, failure.retryable), (FailureClass::Unavailable, true), "{}", failure.message);
        }
        // It is not refused at once as they were: the first of those in line runs out of time before it does.
        let mut change = Box::pin(told(&host, 1, "keeper.keep", &["set", "told"], true, RunBudget::default()));
        let report = poll_fn(|cx| {
            if let Poll::Ready(report) = change.as_mut().poll(cx) {
                return Poll::Ready(Some(report));
            }
            if many.iter_mut().any(|call| call.as_mut().poll(cx).is_ready()) { Poll::Ready(None) } else { Poll::Pending }
        })
        .await;
        assert!(report.is_none_or(|report| matches!(report.outcome, Outcome::Failed { failure } if failure.class == FailureClass::Timeout)), "it was refused");
    });
}
