//! An upgrade of a plugin that changes all there is to change at once: each difference is shown to who decides, in words and over HTTP.

use super::asked::Browser;
use super::kit::{tools, with_cargo};
use super::policy::two_people;
use super::{Home, ended};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use steward_core::{Clock, Ids};
use steward_office::Office;
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::DataKey;
use steward_store::testing::TestDatabase;

const EGRESS: &str = r#"
[egress]
allow = [
    { host = "api.example.com", methods = ["GET"], paths = ["/v1/people/*"], secret = { header = "Authorization", value = "Bearer {{people_token}}" } },
    { host = "static.example.com", methods = ["GET"], paths = ["/*"] },
]
"#;

fn replace(home: &Home, path: &str, from: &str, to: &str) {
    let before = fs::read_to_string(home.path(path)).expect("a file");
    assert!(before.contains(from), "`{from}` in {before}");
    home.write(path, &before.replacen(from, to, 1));
}

/// Whether a line begins with this sign and has all of these parts.
fn has(shown: &str, sign: &str, parts: &[&str]) {
    let is_there = shown.lines().any(|line| line.trim_start().starts_with(sign) && parts.iter().all(|part| line.contains(part)));
    assert!(is_there, "`{sign}` with {parts:?} in\n{shown}");
}

fn build(home: &Home) {
    let ran = ended(with_cargo(home.command(&["plugin", "build", "hello"])));
    assert_eq!(ran.code, 0, "{ran:?}");
    home.succeeds(&["plugin", "install", "hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_changes_everything_shows_each_difference_before_anybody_accepts_it() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("upgrade", "[plugins]\nallow_unsigned = true\n").set("STEWARD_DATABASE__URL", &database.superuser_url);
    // A real component, of the kit: it asks records and others.
    home.succeeds(&["plugin", "new", "hello", "--lang", "js"]);
    symlink(tools("kit/node_modules"), home.path("hello/node_modules")).expect("linked");
    replace(&home, "hello/tool.toml", "crm = true\n", &format!("crm = true\nhttp = true\n{EGRESS}"));
    // For some only, of whom nothing is said yet.
    replace(&home, "hello/tool.toml", "roles = { contact_id = \"id:contact\" }\n", "roles = { contact_id = \"id:contact\" }\nprivate = true\n");
    build(&home);
    home.up(&[]).stop();
    assert!(home.succeeds(&["plugin", "accept", "hello", "--reason", "The first."]).contains("accepted"));

    // A host, a secret, a limit, an effect and a schema; and with them what is kept, an interface less and another tool's words.
    for (path, from, to) in [
        ("hello/tool.toml", "host = \"api.example.com\"", "host = \"collects.example\""),
        ("hello/tool.toml", "{{people_token}}", "{{master_key}}"),
        ("hello/tool.toml", "memory_mb = 16", "memory_mb = 32"),
        ("hello/tool.toml", "deadline_ms = 5000", "deadline_ms = 9000"),
        ("hello/tool.toml", "effect = \"read\" #", "effect = \"send\" #"),
        ("hello/tool.toml", "http = true\n", "http = true\nkv = true\n\n[kv]\nbytes_max = 1000\nentries_max = 10\n"),
        ("hello/tool.toml", "Greets a contact by id.", "Greets a contact by id, warmly."),
        ("hello/src/index.ts", "effect: \"read\", call: greet }", "effect: \"send\", call: greet }"),
        (
            "hello/schemas/greet.arguments.json",
            "\"name\": {",
            "\"title\": { \"type\": \"string\", \"maxLength\": 20, \"description\": \"How to address them.\" },\n    \"name\": {",
        ),
        ("hello/tool.toml", "roles = { name = \"content\" }", "roles = { name = \"content\", title = \"content\" }"),
        ("hello/tool.toml", "private = true\n", "private = true\nreaders = \"/text\"\n"),
        ("hello/schemas/greet.result.json", "\"The greeting.\"", "\"The greeting, in full.\""),
        ("hello/schemas/greet.result.json", "\"type\": \"string\"", "\"type\": [\"string\", \"null\"]"),
    ] {
        replace(&home, path, from, to);
    }
    build(&home);
    // Who is the only owner has nothing but this look to decide by.
    let look = home.succeeds(&["plugin", "accept", "hello", "--look"]);
    for (sign, parts) in [
        ("- ", ["description", "by id. Look"]),
        ("+ ", ["description", "by id, warmly. Look"]),
        ("+ arguments", ["/properties/title/maxLength", "20"]),
        ("- result", ["/properties/text/description", "The greeting."]),
        ("+ result", ["/properties/text/description", "The greeting, in full."]),
        ("- result", ["/properties/text/type", "string"]),
        ("+ result", ["/properties/text/type/1", "null"]),
        ("effect", ["\"read\"", "→ \"send\""]),
        ("readers", ["null", "→ \"/text\""]),
        ("changed: hello.greet_contact", ["description", "hints"]),
    ] {
        has(&look, sign, &parts);
    }
    assert!(!look.contains("/properties/name"), "what stays is not shown as other: {look}");
    let key: [u8; 32] = fs::read(home.path("data/keys/data.key")).expect("the data key").try_into().expect("32 bytes");
    let office = Office::new(Clock::System, Ids::System).sealing(Personal::new(DataKey::from_secret(&key).expect("a key"), home.path("data/audit")));
    two_people(&database, &office).await;
    let up = home.up(&[]);
    let said = home.succeeds(&["plugin", "accept", "hello", "--as", "ben@localhost", "--reason", "A newer one."]);
    let id = said.split_whitespace().find(|word| word.starts_with("change_")).expect("an id").to_owned();

    // In words, in full: what goes and what comes.
    let shown = home.succeeds(&["changes", "show", &id]);
    for (field, was, is) in [
        ("egress", "api.example.com", "collects.example"),
        ("egress", "people_token", "master_key"),
        ("memory_mb", "16", "32"),
        ("deadline_ms", "5000", "9000"),
        ("kv", "—", "\"entries_max\":10"),
        ("hints", "/effect read", "/effect send"),
        ("description", "by id. Look", "by id, warmly. Look"),
    ] {
        has(&shown, "- ", &[field, was]);
        has(&shown, "+ ", &[field, is]);
    }
    has(&shown, "+ imports", &["kv"]);
    has(&shown, "egress", &["static.example.com"]);
    has(&shown, "+ arguments", &["/properties/title/maxLength 20"]);
    has(&shown, "+ arguments", &["/properties/title/description How to address them."]);
    has(&shown, "+ hints", &["/roles/title content"]);
    has(&shown, "- result", &["/properties/text/description The greeting."]);
    has(&shown, "+ result", &["/properties/text/description The greeting, in full."]);
    has(&shown, "+ hints", &["/readers /text"]);
    has(&shown, "changed hello.greet (send", &["arguments, result, hints"]);
    has(&shown, "changed hello.greet_contact", &["description, hints"]);
    assert!(
        !shown.contains("- imports") && !shown.lines().any(|line| line.contains("- ") && line.contains("static.example.com")),
        "what stays is not gone: {shown}"
    );

    // The same over HTTP, for the owner who decides in the web.
    let link = home.succeeds(&["link", "--as", "owner@localhost"]);
    let whole = Browser::signed_in(&up, &link).expect(200, "GET", &format!("/api/v1/changes/{id}"), None);
    let report = &whole["report"];
    let (before, after) = (&report["plugin_before"], &report["plugin_after"]);
    for (place, was, is) in [
        ("/egress/0/host", json!("api.example.com"), json!("collects.example")),
        ("/egress/0/secrets", json!(["people_token"]), json!(["master_key"])),
        ("/egress/1/host", json!("static.example.com"), json!("static.example.com")),
        ("/memory_mb", json!(16), json!(32)),
        ("/deadline_ms", json!(5000), json!(9000)),
        ("/imports", json!(["crm", "http"]), json!(["crm", "http", "kv"])),
        ("/kv", Value::Null, json!({ "bytes_max": 1000, "entries_max": 10 })),
    ] {
        assert_eq!((before.pointer(place).cloned().unwrap_or_default(), after.pointer(place).cloned().unwrap_or_default()), (was, is), "{place}");
    }
    let tools = report["tools"].as_array().expect("tools");
    let greet = tools.iter().find(|tool| tool["name"] == "hello.greet").expect("the tool");
    assert_eq!((&greet["change"], &greet["effect"], &greet["parts"]), (&json!("changed"), &json!("send"), &json!(["arguments", "result", "hints"])), "{greet}");
    assert_eq!((&greet["before"]["hints"]["effect"], &greet["after"]["hints"]["effect"]), (&json!("read"), &json!("send")));
    assert_eq!(
        (&greet["before"]["arguments"]["properties"]["title"], &greet["after"]["arguments"]["properties"]["title"]["maxLength"]),
        (&Value::Null, &json!(20))
    );
    // What is in force is still the one before.
    let list = fs::read_to_string(home.path("data/plugins.lock.json")).expect("the list");
    assert!(list.contains("api.example.com") && !list.contains("collects.example"));
    up.stop();
}
