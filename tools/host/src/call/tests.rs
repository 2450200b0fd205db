//! From a plugin's files to what runs.

use super::*;
use crate::plugin::Package;
use crate::testing::{GuestFiles, MemoryOffice};
use crate::{HostOptions, SIGNATURE_FILE, SigningKey, Trust};
use serde_json::json;
use std::fs;

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
