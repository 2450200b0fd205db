//! From a plugin's files to what runs, and what is left of a call that nobody waits for.

use super::*;
use crate::egress::no_place;
use crate::mcp::Secret;
use crate::plugin::Package;
use crate::testing::{GuestFiles, MemoryOffice};
use crate::{EgressOptions, HostOptions, SIGNATURE_FILE, SigningKey, Trust};
use serde_json::json;
use std::fs;
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
    let info = host.put_in_place(&package, false).expect("loaded");
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

#[tokio::test]
async fn what_a_call_did_not_use_is_given_back_before_its_words_wait_to_be_looked_through() {
    let mut guest = GuestFiles::keeper();
    let with_secret = "paths = [\"/v1/*\"], secret = { header = \"Authorization\", value = \"Bearer {{keeper_token}}\" } }]";
    guest.manifest = guest.manifest.replace("paths = [\"/v1/*\"] }]", with_secret);
    let dir = std::env::temp_dir().join(format!("steward-given-back-{}", std::process::id()));
    guest.write(&dir).expect("written");
    let secrets = [(("keeper".to_owned(), "keeper_token".to_owned()), Secret::new("the-token-of-the-keeper"))].into();
    let egress = EgressOptions { secrets, ..EgressOptions::default() };
    let host = Host::new(HostOptions { egress, ..HostOptions::default() }).expect("host");
    host.load_dir(&dir).expect("loaded");
    fs::remove_dir_all(&dir).expect("removed");

    let tool = host.tool("keeper.peek").expect("a tool");
    let tenant = "org_00000000000000000000000001".parse().expect("an id");
    // As much as the plugin may use: while it runs there is nothing left.
    let all = 500_000_000;
    let run = RunBudget::of(PluginWork { fuel: all, ..PluginWork::usual() });
    // It tells this, which is long enough to be looked through away from others.
    let locale = "x".repeat(100_000);
    let context = CallContext { key: "key".to_owned(), deadline_ms: 60_000, locale, time_zone: "UTC".to_owned(), now_ms: 0, run: run.clone() };
    let around = Around { office: Arc::new(MemoryOffice::default()), people: Arc::new(mcp::Nobody), secrets: Arc::new(NoSecrets) };
    let arguments = json!({ "steps": ["told"] });
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
        report = host.run(tenant, &tool, &arguments, context, around) => panic!("it waits for its turn: {report:?}"),
        given = timeout(Duration::from_secs(60), given_back) => assert!(given.is_ok(), "it waits with all of it"),
    }
    drop(taken);
}
