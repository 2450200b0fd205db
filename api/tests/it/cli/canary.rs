//! Names, addresses, accounts and secrets that pass through an installation show in neither its logs nor its audit log.

use super::{Home, Ran};
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};

const EMAIL: &str = "lena.canary@partner-canary.example";
const NAME: &str = "Lena Canarybird";
const PHONE: &str = "+4930901820777";
const IBAN: &str = "DE89370400440532013000";
const SAID: &str = "canaryword";
const KEY: &str = "sk-canary-0123456789abcdef0123456789";

/// A model that makes a contact of what it is told, writes a note on it, is refused something, and repeats all of it.
async fn model() -> ScriptedModel {
    ScriptedModel::start_with(|seen| {
        let results = seen.tool_results();
        match results.len() {
            0 => Reply::call("crm.create_contact", json!({ "name": NAME, "emails": [EMAIL], "phones": [PHONE] })),
            1 => {
                let made: Value = serde_json::from_str(results[0]).expect("a result");
                let id = made["ok"]["id"].as_str().or_else(|| made["ok"]["contact"]["id"].as_str()).unwrap_or("missing").to_owned();
                Reply::call("crm.add_note", json!({ "contact_id": id, "text": format!("Pays from {IBAN}, says {SAID}.") }))
            }
            2 => Reply::call("crm.pay", json!({ "iban": IBAN, "to": EMAIL })),
            3 => Reply::call("crm.create_contact", json!({ "name": 7, "emails": EMAIL, "note": SAID })),
            _ => Reply::text(format!("{NAME} ({EMAIL}, {PHONE}) is in the book, with {IBAN} and {SAID}.")),
        }
    })
    .await
}

fn clean(what: &str, text: &str) {
    for canary in [EMAIL, NAME, "Canarybird", PHONE, IBAN, SAID, KEY, "stw_"] {
        let at = text.find(canary).map(|at| text.get(at.saturating_sub(300)..(at + 100).min(text.len())).unwrap_or(text));
        assert_eq!(at, None, "`{canary}` is in {what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_address_account_or_secret_is_in_a_log() {
    let model = model().await;
    let toml = format!("[models.strong]\nmodel = \"scripted\"\nbase_url = \"{}\"\napi_key_env = \"CANARY_KEY\"\n", model.base_url());
    let home = Home::made("canary", &toml).await.set("CANARY_KEY", KEY).set("RUST_LOG", "debug");
    let up = home.up(&[]);
    home.write("lena.csv", &format!("Name,E-mail 1 - Value,Phone 1 - Value,Notes\n{NAME} Senior,senior.{EMAIL},{PHONE}1,{IBAN} {SAID}\n"));
    let mut logs = Vec::new();
    let mut ran = |arguments: &[&str]| -> Ran {
        let ran = home.run(arguments);
        logs.push((arguments.join(" "), ran.err.clone()));
        ran
    };
    assert_eq!(ran(&["contacts", "import", "lena.csv"]).code, 0, "{logs:?}");
    let asked = ran(&["chat", "--json", &format!("Put {NAME}, {EMAIL}, {PHONE} in the book and note {IBAN} and {SAID}.")]);
    assert!(asked.out.contains(SAID), "the run came to its end: {asked:?}");
    for (what, log) in &logs {
        clean(&format!("the log of `{what}`"), log);
    }
    clean("the server's log", &up.log());
    let audit = home.succeeds(&["audit", "export"]);
    let actions: Vec<String> = audit.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?["action"].as_str().map(str::to_owned)).collect();
    for wanted in ["contact.create", "call.start", "call.end"] {
        assert!(actions.iter().any(|action| action == wanted), "`{wanted}` is on record: {actions:?}");
    }
    clean("the audit log", &audit);
    assert!(up.stop().success());
}
