//! Plugins from the command line: signed, installed, accepted by others than who asked, and run as they were accepted.

use super::policy::{PASSWORD, two_people};
use super::{Home, fed, until};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use steward_core::{Clock, Ids};
use steward_host::testing::GuestFiles;
use steward_office::Office;
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::DataKey;
use steward_store::testing::TestDatabase;

fn changed(home: &Home) {
    let file = home.path("data/plugins/hostile/tool.toml");
    let before = fs::read_to_string(&file).expect("the manifest");
    fs::write(file, format!("{before}\n# another byte\n")).expect("written");
}

#[test]
fn a_plugin_is_run_only_when_its_signature_counts_and_it_was_accepted_as_it_is() {
    let home = Home::empty("plugin");
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    home.refused(&["plugin", "install", "mine"], &["has no `tool.sig`", "steward plugin sign"]);
    home.refused(&["plugin", "sign", "nowhere", "--key", "secret"], &["cannot read"]);
    let said = home.succeeds(&["plugin", "sign", "mine", "--key", "secret"]);
    let inspected = home.succeeds(&["plugin", "inspect", "mine"]);
    assert!(inspected.contains("signed by    ed25519:") && inspected.contains("not among `plugins.trusted_keys`"), "{inspected}");
    let key = said.lines().find(|line| line.contains("trusted_keys")).and_then(|line| line.split('"').nth(1)).expect("a key").to_owned();
    assert_eq!(fs::metadata(home.path("secret")).expect("the key").mode() & 0o777, 0o600);
    let signed = home.json(&["plugin", "sign", "mine", "--key", "secret", "--json"]);
    assert_eq!((&signed["public_key"], &signed["is_new_key"]), (&json!(key), &json!(false)), "the key is kept: {signed}");
    let inspected = home.json(&["plugin", "inspect", "mine", "--json"]);
    assert_eq!(inspected["signer"], json!({ "is": "key", "key": key, "is_trusted": false }));
    assert_eq!((&inspected["name"], &inspected["digest"]), (&signed["plugin"], &signed["digest"]));
    let another = home.json(&["plugin", "sign", "mine", "--key", "another", "--json"]);
    assert!(another["is_new_key"] == true && another["public_key"] != signed["public_key"], "{another}");
    home.succeeds(&["plugin", "sign", "mine", "--key", "secret"]);
    home.refused(&["plugin", "install", "mine"], &["plugins.trusted_keys", &key]);
    home.write("steward.toml", "[plugins]\ntrusted_keys = [\"abc\"]\n");
    home.refused(&["plugin", "list"], &["`plugins.trusted_keys`", "steward plugin sign"]);
    home.write("steward.toml", &format!("[plugins]\ntrusted_keys = [\"{key}\"]\n"));
    home.refused(&["plugin", "accept", "hostile"], &["no plugin of that name", "steward plugin install"]);
    assert!(home.succeeds(&["plugin", "install", "mine"]).contains("steward plugin accept hostile"));

    let is_run = || home.succeeds(&["plugin", "list"]).lines().any(|line| line.starts_with("hostile."));
    assert!(!is_run() && home.succeeds(&["plugin", "list"]).contains("was not accepted yet"));
    let look = home.succeeds(&["plugin", "accept", "hostile", "--look"]);
    assert!(look.contains(&key) && look.contains("reaches") && look.contains("nothing was accepted"), "{look}");
    assert!(!is_run());
    home.refused(&["plugin", "accept", "hostile", "hostile.spin"], &["accepted whole"]);
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("with the first `steward up`"));
    assert!(is_run());
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("nothing to do"));

    changed(&home);
    assert!(!is_run() && home.succeeds(&["doctor"]).contains("another than was accepted"));
    home.refused(&["plugin", "accept", "hostile"], &["changed after it was signed"]);
    home.succeeds(&["plugin", "sign", "data/plugins/hostile", "--key", "secret"]);
    assert!(!is_run(), "signed is not accepted");
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("accepted"));
    assert!(is_run());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_installs_a_plugin_does_not_accept_it_where_there_is_somebody_else() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("accept", "[plugins]\nallow_unsigned = true\n").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    let key: [u8; 32] = fs::read(home.path("data/keys/data.key")).expect("the data key").try_into().expect("32 bytes");
    let office = Office::new(Clock::System, Ids::System).sealing(Personal::new(DataKey::from_secret(&key).expect("a key"), home.path("data/audit")));
    two_people(&database, &office).await;
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    home.succeeds(&["plugin", "install", "mine"]);
    let up = home.up(&[]);
    up.wait_for_log(&["a plugin is set aside", "was not accepted yet"]);
    home.refused(&["plugin", "accept", "hostile", "--as", "ben@localhost"], &["say why with `--reason`"]);
    let propose = |why: &str| home.run(&["plugin", "accept", "hostile", "--as", "ben@localhost", "--reason", why]);
    let said = propose("For tests.");
    assert!(said.code == 0 && said.out.contains("until then nothing of it is run"), "{said:?}");
    let id = said.out.split_whitespace().find(|word| word.starts_with("change_")).expect("an id").to_owned();
    let shown = home.succeeds(&["changes", "show", &id]);
    for part in ["tools of `plugin:hostile` at hostile@", "signed_by", "imports", "memory_mb", "new hostile."] {
        assert!(shown.contains(part), "`{part}` in {shown}");
    }
    let is_accepted = || fs::read_to_string(home.path("data/plugins.lock.json")).is_ok_and(|list| list.contains("\"hostile\""));
    assert!(!is_accepted());
    let digest = home.json(&["changes", "show", &id, "--json"])["content_digest"].as_str().expect("a digest").to_owned();
    let approve = |id: &str, digest: &str| fed(home.command(&["changes", "approve", id, "--digest", digest]), &format!("{PASSWORD}\n"));
    let ran = approve(&id, &digest);
    assert!(ran.code == 0 && ran.out.contains("Approved."), "{ran:?}");
    assert!(is_accepted());
    up.wait_for_log(&["loaded plugin `hostile`"]);

    // An upgrade waits in the same way, and is judged against what is accepted when it is approved.
    changed(&home);
    let said = propose("A newer one.");
    let id = said.out.split_whitespace().find(|word| word.starts_with("change_")).expect("an id").to_owned();
    let shown = home.json(&["changes", "show", &id, "--json"]);
    assert_ne!(shown["report"]["plugin_before"]["digest"], shown["report"]["plugin_after"]["digest"]);
    assert!(shown["report"]["plugin_before"]["digest"].is_string() && shown["is_stale"] == false, "{shown}");
    assert_eq!(home.json(&["changes", "list", "--json"])["items"][0]["state"], "proposed");
    let loaded = || up.log().lines().filter(|line| line.contains("loaded plugin `hostile`")).count();
    assert_eq!(loaded(), 1);
    let ran = approve(&id, shown["content_digest"].as_str().expect("a digest"));
    assert!(ran.code == 0, "{ran:?}");
    until("the upgrade to be loaded", || loaded() == 2);
    up.stop();

    // When the list is lost, what was approved is not what the only owner accepts after that: the older change does not come back.
    changed(&home);
    fs::remove_file(home.path("data/plugins.lock.json")).expect("removed");
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("nobody else here could"));
    let list = fs::read_to_string(home.path("data/plugins.lock.json")).expect("the list");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&list).expect("JSON")["plugins"]["hostile"]["version"], 2);
    let up = home.up(&[]);
    up.wait_for_log(&["loaded plugin `hostile`"]);
    // An older database was put back: it is said.
    let older = list.replace("\"version\": 2", "\"version\": 3");
    fs::write(home.path("data/plugins.lock.json"), &older).expect("written");
    up.wait_for_log(&["THE DATABASE KNOWS LESS THAN THE LIST OF ACCEPTED TOOLS"]);
    up.stop();
    assert_eq!(fs::read_to_string(home.path("data/plugins.lock.json")).expect("the list"), older);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_plugin_keeps_is_taken_away_at_the_terminal_and_only_with_a_yes() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("forget", "").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    database
        .raw(
            "insert into plugin_state (tenant_id, workspace_id, plugin, bytes, entries) select tenant_id, workspace_id, 'notes', 2, 2 from workspace;
             insert into plugin_entry (tenant_id, workspace_id, plugin, key, value, version, integrity, private, best_integrity, best_private, changed_at)
             select tenant_id, workspace_id, 'notes', key, '', 1, 4, false, 4, false, now() from workspace cross join unnest(array['a', 'b']) as key;",
        )
        .await;
    let entries = async || database.number("select count(*) from plugin_entry").await;
    home.refused(&["plugin", "forget", "notes"], &["this cannot be undone", "`--yes`"]);
    home.refused(&["plugin", "forget", "notes", "--workspace", "Nowhere", "--yes"], &["there is no workspace `Nowhere`"]);
    database
        .raw("insert into workspace (tenant_id, workspace_id, name, created_at) select tenant_id, gen_random_uuid(), 'Sales', created_at from workspace")
        .await;
    home.refused(&["plugin", "forget", "notes", "--yes"], &["there are several workspaces; say which with `--workspace`: ", "General", "Sales"]);
    assert!(home.succeeds(&["plugin", "forget", "mail", "--workspace", "General", "--yes"]).contains("`mail` keeps nothing in General."));
    assert_eq!(entries().await, 2);
    home.refused(&["plugin", "forget", "notes", "--workspace", "General", "--json"], &["this cannot be undone", "`--yes`"]);
    assert_eq!(entries().await, 2, "JSON is no yes");
    assert!(home.succeeds(&["plugin", "forget", "notes", "--workspace", "General", "--yes"]).contains("2 entries of `notes` in General taken away."));
    assert_eq!(entries().await, 0);
    assert_eq!(database.number("select bytes + entries from plugin_state where plugin = 'notes'").await, 0);
    let by = "select count(*) from audit_event where action = 'plugin.forget' and object = 'plugin:notes' and actor_kind = 'person'";
    assert_eq!(database.number(by).await, 1);
    database
        .raw(
            "insert into plugin_entry (tenant_id, workspace_id, plugin, key, value, version, integrity, private, best_integrity, best_private, changed_at)
             select tenant_id, workspace_id, 'notes', 'c', '', 1, 4, false, 4, false, now() from workspace where name = 'General';
             update plugin_state set bytes = 1, entries = 1 where plugin = 'notes'",
        )
        .await;
    let forgotten = home.json(&["plugin", "forget", "notes", "--workspace", "General", "--yes", "--json"]);
    let said = (&forgotten["plugin"], &forgotten["workspace"], &forgotten["entries"]);
    assert_eq!(said, (&json!("notes"), &json!("General"), &json!(1)), "{forgotten}");
    assert!(forgotten["workspace_id"].as_str().is_some_and(|id| id.starts_with("ws_")), "{forgotten}");
    assert_eq!(home.json(&["plugin", "forget", "notes", "--workspace", "General", "--yes", "--json"])["entries"], 0);
}

/// Lines and letters of a screen.
const SCREEN: (usize, usize) = (24, 132);

#[test]
fn what_a_shipped_plugin_can_do_stands_on_one_screen() {
    let home = Home::empty("screen");
    for plugin in ["crm", "documents"] {
        let said = home.succeeds(&["plugin", "inspect", plugin]);
        let (lines, letters) = (said.lines().count(), said.lines().map(|line| line.chars().count()).max().unwrap_or_default());
        assert!(lines <= SCREEN.0 && letters <= SCREEN.1, "{lines} lines of up to {letters} letters:\n{said}");
        for part in ["signed by", "reaches", "asks outside", "secrets", "keeps", "a call uses"] {
            assert!(said.contains(part), "`{part}` in\n{said}");
        }
        let inspected = home.json(&["plugin", "inspect", plugin, "--json"]);
        let parts = (&inspected["name"], &inspected["signer"]["is"], &inspected["egress"], &inspected["secrets"], &inspected["kv"]);
        assert_eq!(parts, (&json!(plugin), &json!("program"), &json!([]), &json!([]), &Value::Null), "{inspected}");
        assert!(inspected["limits"]["memory_mb"].is_u64() && inspected["digest"].is_string(), "{inspected}");
        for tool in inspected["tools"].as_array().expect("tools") {
            let (name, effect) = (tool["name"].as_str().expect("a name"), tool["effect"].as_str().expect("an effect"));
            assert!(said.lines().any(|line| line.split_whitespace().take(2).eq([name, effect])), "{name} {effect} in\n{said}");
        }
    }
}

#[test]
fn whom_a_plugin_asks_is_shown_and_one_host_more_is_another_plugin() {
    let home = Home::empty("egress");
    home.write("steward.toml", "[plugins]\nallow_unsigned = true\n");
    GuestFiles::asker().write(&home.path("mine")).expect("written");
    let rule = "GET, HEAD, POST http://api.asker.test:8080 /v1/* with `asker_token` in `Authorization`";
    let inspected = home.succeeds(&["plugin", "inspect", "mine"]);
    assert!(inspected.contains("asks outside ") && inspected.contains("asker_token, other_token") && inspected.contains(rule), "{inspected}");
    let inspected = home.json(&["plugin", "inspect", "mine", "--json"]);
    assert_eq!((&inspected["secrets"], &inspected["signer"]), (&json!(["asker_token", "other_token"]), &json!({ "is": "nobody" })));
    assert_eq!(inspected["egress"][0]["host"], "api.asker.test", "{inspected}");
    let installed = home.json(&["plugin", "install", "mine", "--json"]);
    assert_eq!((&installed["plugin"], &installed["digest"], &installed["is_listed"]), (&json!("asker"), &inspected["digest"], &json!(false)));
    assert!(installed["version"].is_string() && installed["installed_in"].as_str().is_some_and(|dir| dir.ends_with("plugins/asker")), "{installed}");
    let ran = home.run(&["plugin", "accept", "asker", "--json"]);
    assert!(ran.code == 2 && ran.err.contains("--look"), "what is accepted is not printed for programs: {ran:?}");
    let look = home.json(&["plugin", "accept", "asker", "--look", "--json"]);
    assert_eq!((&look["is_accepted"], &look["before"]), (&json!(false), &Value::Null));
    assert_eq!((&look["after"]["facts"]["egress"], &look["after"]["facts"]["digest"]), (&inspected["egress"], &inspected["digest"]));
    assert!(look["changes"].as_array().expect("changes").iter().all(|change| change["is"] == "new"), "{look}");
    let look = home.succeeds(&["plugin", "accept", "asker", "--look"]);
    assert!(
        look.contains("asks outside") && look.contains(rule) && look.contains("GET http://other.asker.test:8080 /v1/* with `other_token` in `X-Key`"),
        "{look}"
    );
    home.succeeds(&["plugin", "accept", "asker"]);
    let look = home.json(&["plugin", "accept", "asker", "--look", "--json"]);
    assert_eq!((&look["is_accepted"], &look["changes"]), (&json!(true), &json!([])));
    assert_eq!(home.json(&["plugin", "install", "mine", "--json"])["is_listed"], true);
    let is_run = || home.succeeds(&["plugin", "list"]).lines().any(|line| line.starts_with("asker."));
    assert!(is_run());

    let file = home.path("data/plugins/asker/tool.toml");
    let before = fs::read_to_string(&file).expect("the manifest");
    fs::write(&file, before.replace("other.asker.test", "collects.example")).expect("written");
    assert!(!is_run(), "another host is another plugin");
    let look = home.succeeds(&["plugin", "accept", "asker", "--look"]);
    assert!(look.contains("http://other.asker.test:8080") && look.contains("http://collects.example:8080"), "both are shown: {look}");
    let look = home.json(&["plugin", "accept", "asker", "--look", "--json"]);
    let hosts = |side: &str| look[side]["facts"]["egress"].to_string();
    assert!(hosts("before").contains("other.asker.test") && hosts("after").contains("collects.example") && look["is_accepted"] == false, "{look}");
    home.succeeds(&["plugin", "accept", "asker"]);
    assert!(is_run());
}
