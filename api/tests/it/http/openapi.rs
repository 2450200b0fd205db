//! The document is checked in, whole, and served as it is checked in. `UPDATE=1` rewrites it; a reviewer reads the difference.

use super::server::Server;
use serde_json::Value;
use std::collections::BTreeSet;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
#[expect(clippy::disallowed_methods, reason = "whether to rewrite the file is asked of the one who runs the test")]
fn the_checked_in_document_is_the_one_the_code_makes() {
    let text = steward_api::openapi::text();
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(PATH, &text).expect("write");
    }
    let checked_in = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(checked_in == text, "api/openapi.json is not what the code makes: run this test with UPDATE=1 and read the difference");
}

#[tokio::test]
async fn the_served_document_is_the_checked_in_one_and_hangs_together() {
    let served = Server::start().await.ask("GET", "/openapi.json").send().await.expect(200);
    assert_eq!(served.text(), steward_api::openapi::text());
    let document = served.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("item") {
            assert!(ids.insert(operation["operationId"].as_str().expect("id").to_owned()), "{method} {path} has another's id");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{method} {path} says nothing of itself");
            let answers = operation["responses"].as_object().expect("responses");
            let is_good = |status: &String| status.starts_with('2') || status.starts_with('3');
            // One is there to refuse, and says to programs what to do instead.
            assert!(answers.keys().any(is_good) || path == "/oauth/register", "{method} {path} has no good answer");
        }
    }
    assert_eq!(ids.len(), steward_api::router::table().len());
}

fn collect(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                into.insert(reference.to_owned());
            }
            map.values().for_each(|inner| collect(inner, into));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
