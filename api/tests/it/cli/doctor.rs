//! What the doctor sees, and what it exits with.

use super::Home;
use serde_json::Value;

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no check `{name}` in {report}"))
}

/// The report of a doctor that finds something wrong.
fn sick(home: &Home) -> Value {
    let ran = home.run(&["doctor", "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    serde_json::from_str(&ran.out).expect("report")
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let home = Home::with_config(
        "sick",
        "[models.strong]\nmodel = \"m\"\napi_key_env = \"MY_KEY\"\nbase_url = \"http://127.0.0.1:9\"\n[agents.assistant]\ntools = [\"crm.*\", \"mail.*\"]\n",
    );
    home.write("data/policies/rules/mine.cedar", "permit (principal, action, resource) when { context.nothing };\n");
    home.write("data/keys/envelope.key", "short");
    home.write("data/pg/junk", "");
    let report = sick(&home);
    assert_eq!(report["ok"], false);
    for (name, expect) in [
        ("policies", "rules/mine.cedar:1"),
        ("envelope key", "can be read by others"),
        ("PostgreSQL", "is not a PostgreSQL cluster"),
        ("models", "`MY_KEY` is not set"),
    ] {
        let one = check(&report, name);
        assert_eq!(one["state"], "wrong", "{one}");
        assert!(one["message"].as_str().is_some_and(|message| message.contains(expect)), "{one}");
    }
    assert_eq!(check(&report, "agents")["state"], "warning");
    assert!(check(&report, "agents")["message"].as_str().is_some_and(|message| message.contains("`mail.*`")), "{report}");

    let unreachable = home.set("MY_KEY", "sk-secret");
    let report = sick(&unreachable);
    assert!(check(&report, "models")["message"].as_str().is_some_and(|message| message.contains("cannot be reached")), "{report}");
    assert!(!report.to_string().contains("sk-secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_installation_is_found_sound() {
    let home = Home::made("sound", "").await;
    let report = home.json(&["doctor", "--json"]);
    assert_eq!(report["ok"], true, "{report}");
    assert!(check(&report, "database")["message"].as_str().is_some_and(|message| message.contains("has all migrations")), "{report}");
    assert_eq!(check(&report, "models")["state"], "warning");
    let settings = report["settings"].as_array().expect("settings");
    let url = settings.iter().find(|one| one["key"] == "database.url").expect("database.url");
    assert_eq!(url["origin"], "STEWARD_DATABASE__URL");
    assert!(home.succeeds(&["doctor"]).contains("Nothing is wrong."));
}
