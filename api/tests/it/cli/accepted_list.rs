//! The list of accepted plugins, written by hand: what people approved comes back, and what nobody accepted on record is told and not run.

use super::policy::{PASSWORD, two_people};
use super::{Home, Up, fed, until};
use serde_json::Value;
use std::fs;
use std::process::Command;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Clock, Ids};
use steward_host::testing::GuestFiles;
use steward_office::Office;
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::DataKey;
use steward_store::testing::TestDatabase;

const LIST: &str = "data/plugins.lock.json";

/// A home with the hostile plugin in its folder.
fn installed(name: &str) -> Home {
    let home = Home::with_config(name, "[plugins]\nallow_unsigned = true\n");
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    home.succeeds(&["plugin", "install", "mine"]);
    home
}

/// Other bytes in the folder, and their digest in the list in the place of the accepted one. Gives both digests.
fn edit(home: &Home) -> (String, String) {
    let manifest = home.path("data/plugins/hostile/tool.toml");
    let before = fs::read_to_string(&manifest).expect("the manifest");
    fs::write(&manifest, format!("{before}\n# another byte\n")).expect("written");
    let inspected = home.json(&["plugin", "inspect", "data/plugins/hostile", "--json"]);
    let other = inspected["digest"].as_str().expect("a digest").to_owned();
    let list = fs::read_to_string(home.path(LIST)).expect("the list");
    let parsed: Value = serde_json::from_str(&list).expect("JSON");
    let accepted = parsed["plugins"]["hostile"]["plugin"]["facts"]["digest"].as_str().expect("a digest").to_owned();
    assert_ne!(accepted, other);
    fs::write(home.path(LIST), list.replace(&accepted, &other)).expect("written");
    (accepted, other)
}

const STRANGER: &str = "THE LIST OF ACCEPTED PLUGINS HAS WHAT NOBODY ACCEPTED ON RECORD";
const MANIFEST: &str = "data/plugins/hostile/tool.toml";

/// One whose plugin was approved as a first change, by somebody else than who proposed it. It does not run now.
async fn approved(name: &str) -> (TestDatabase, Home) {
    let database = TestDatabase::make().await;
    let home = installed(name).set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    let key: [u8; 32] = fs::read(home.path("data/keys/data.key")).expect("the data key").try_into().expect("32 bytes");
    let office = Office::new(Clock::System, Ids::System).sealing(Personal::new(DataKey::from_secret(&key).expect("a key"), home.path("data/audit")));
    two_people(&database, &office).await;
    let up = home.up(&[]);
    approve(&home);
    up.wait_for_log(&["loaded plugin `hostile`"]);
    up.stop();
    (database, home)
}

/// What lies in the folder is proposed by one person and approved by another.
fn approve(home: &Home) {
    let said = home.succeeds(&["plugin", "accept", "hostile", "--as", "ben@localhost", "--reason", "For tests."]);
    let id = said.split_whitespace().find(|word| word.starts_with("change_")).expect("an id").to_owned();
    let digest = home.json(&["changes", "show", &id, "--json"])["content_digest"].as_str().expect("a digest").to_owned();
    let ran = fed(home.command(&["changes", "approve", &id, "--digest", &digest]), &format!("{PASSWORD}\n"));
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// The version that the list claims, in the place of this one.
fn claim(home: &Home, version: i32, before: i32) {
    let list = fs::read_to_string(home.path(LIST)).expect("the list");
    let (from, to) = (format!("\"version\": {before}\n"), format!("\"version\": {version}\n"));
    assert!(list.contains(&from), "{list}");
    fs::write(home.path(LIST), list.replace(&from, &to)).expect("written");
}

/// It is told, in the log and by the doctor, and nothing of it was loaded since this start.
fn is_told_and_not_run(home: &Home, up: &Up) {
    up.wait_for_log(&[STRANGER]);
    up.wait_for_log(&["a plugin is set aside"]);
    assert!(!up.log().contains("loaded plugin `hostile`"), "{}", up.log());
    let said = home.run(&["doctor"]);
    assert!(said.out.contains("`hostile` is listed as something that nobody accepted on record"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_version_than_that_of_the_record_is_put_back_whatever_its_digest() {
    let (_database, home) = approved("claims").await;
    let (list, manifest) = (fs::read_to_string(home.path(LIST)).expect("the list"), fs::read_to_string(home.path(MANIFEST)).expect("the manifest"));
    // Other bytes under a higher version, and the approved ones under a higher and a lower one.
    for (version, is_edited) in [(2, true), (2, false), (0, false)] {
        fs::write(home.path(LIST), &list).expect("written");
        fs::write(home.path(MANIFEST), &manifest).expect("written");
        if is_edited {
            edit(&home);
        }
        claim(&home, version, 1);
        let up = home.up(&[]);
        // An older one is taken up from the record before anything is loaded.
        if version > 1 {
            up.wait_for_log(&["THE LIST OF ACCEPTED PLUGINS WAS CHANGED BY HAND"]);
        }
        // What lies in the folder runs if it is what was approved.
        up.wait_for_log(&[if is_edited { "a plugin is set aside" } else { "loaded plugin `hostile`" }]);
        assert_eq!(up.log().contains("loaded plugin `hostile`"), !is_edited, "{}", up.log());
        assert!(!up.log().contains(STRANGER), "{}", up.log());
        assert_eq!(fs::read_to_string(home.path(LIST)).expect("the list"), list);
        up.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_before_the_last_is_not_run_again() {
    let database = TestDatabase::make().await;
    let home = installed("rollback").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    home.succeeds(&["plugin", "accept", "hostile"]);
    let (list, manifest) = (fs::read_to_string(home.path(LIST)).expect("the list"), fs::read_to_string(home.path(MANIFEST)).expect("the manifest"));
    fs::write(home.path(MANIFEST), format!("{manifest}\n# mended\n")).expect("written");
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("nobody else here could"));
    let newer = fs::read_to_string(home.path(LIST)).expect("the list");
    fs::write(home.path(LIST), &list).expect("written");
    fs::write(home.path(MANIFEST), &manifest).expect("written");
    let up = home.up(&[]);
    is_told_and_not_run(&home, &up);
    up.stop();

    // With an approved change the older acceptance counts no more either: what was approved comes back.
    fs::write(home.path(LIST), &newer).expect("written");
    fs::write(home.path(MANIFEST), format!("{manifest}\n# mended again\n")).expect("written");
    let key: [u8; 32] = fs::read(home.path("data/keys/data.key")).expect("the data key").try_into().expect("32 bytes");
    let office = Office::new(Clock::System, Ids::System).sealing(Personal::new(DataKey::from_secret(&key).expect("a key"), home.path("data/audit")));
    two_people(&database, &office).await;
    approve(&home);
    let approved = fs::read_to_string(home.path(LIST)).expect("the list");
    fs::write(home.path(LIST), &list).expect("written");
    claim(&home, 1, 0);
    fs::write(home.path(MANIFEST), &manifest).expect("written");
    let up = home.up(&[]);
    up.wait_for_log(&["THE LIST OF ACCEPTED PLUGINS WAS CHANGED BY HAND"]);
    until("what was approved to be back", || fs::read_to_string(home.path(LIST)).is_ok_and(|list| list == approved));
    up.wait_for_log(&["a plugin is set aside"]);
    assert!(!up.log().contains("loaded plugin `hostile`"), "{}", up.log());
    up.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_comes_into_the_list_after_the_first_start_is_a_stranger() {
    let database = TestDatabase::make().await;
    let home = installed("late");
    // What an acceptance without a record writes is what a hand writes.
    home.succeeds(&["plugin", "accept", "hostile"]);
    let list = fs::read_to_string(home.path(LIST)).expect("the list");
    fs::remove_file(home.path(LIST)).expect("removed");
    let home = home.set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    fs::write(home.path(LIST), &list).expect("written");
    let up = home.up(&[]);
    is_told_and_not_run(&home, &up);
    assert_eq!(database.number("select count(*) from audit_event where action = 'tool.find'").await, 0);
    up.stop();
    // Nor is it one of the second look.
    let up = home.up(&[]);
    is_told_and_not_run(&home, &up);
    up.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_offers_no_plugin_that_is_not_on_record() {
    let model = ScriptedModel::start_with(|_| Reply::text("Hello.")).await;
    let database = TestDatabase::make().await;
    let config = format!(
        "[plugins]\nallow_unsigned = true\n[agents.assistant]\ntools = [\"hostile.*\", \"crm.*\"]\n[models.strong]\nmodel = \"scripted\"\nbase_url = \"{}\"\n",
        model.base_url()
    );
    let home = Home::with_config("chat-stranger", &config).set("STEWARD_DATABASE__URL", &database.superuser_url);
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    home.succeeds(&["plugin", "install", "mine"]);
    home.up(&[]).stop();
    home.succeeds(&["plugin", "accept", "hostile"]);
    let is_offered = || model.requests().last().expect("a request").tools().iter().any(|tool| tool.contains("hostile"));
    home.succeeds(&["chat", "Hello"]);
    assert!(is_offered(), "what is on record is offered");
    edit(&home);
    let ran = home.run(&["chat", "Hello"]);
    assert!(ran.code == 0 && ran.err.contains(STRANGER), "{ran:?}");
    assert!(!is_offered(), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_cannot_be_used_leaves_what_was_loaded_and_is_no_reason_to_load_another() {
    let (database, home) = approved("unusable").await;
    let up = home.up(&[]);
    up.wait_for_log(&["loaded plugin `hostile`"]);
    let forged = "update governance_change set content = '{}' where kind = 'tool'";
    database.raw(&format!("alter table governance_change disable trigger user; {forged}; alter table governance_change enable trigger user")).await;
    edit(&home);
    up.wait_for_log(&["WHAT IS ON RECORD OF A PLUGIN CANNOT BE USED", "what was loaded of it before stays"]);
    assert_eq!(up.log().lines().filter(|line| line.contains("loaded plugin `hostile`")).count(), 1, "{}", up.log());
    up.stop();
    // Nothing was loaded before a start.
    let up = home.up(&[]);
    up.wait_for_log(&["WHAT IS ON RECORD OF A PLUGIN CANNOT BE USED"]);
    assert!(!up.log().contains("loaded plugin `hostile`"), "{}", up.log());
    up.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_approved_comes_back_in_the_place_of_what_was_written_by_hand() {
    let (_database, home) = approved("edited").await;
    let approved = fs::read_to_string(home.path(LIST)).expect("the list");

    // While nobody is there to see it, the doctor says so.
    let (accepted, other) = edit(&home);
    let said = home.run(&["doctor"]);
    assert!(said.out.contains("`hostile` is listed as something else than was approved"), "{said:?}");
    let up = home.up(&[]);
    up.wait_for_log(&["THE LIST OF ACCEPTED PLUGINS WAS CHANGED BY HAND"]);
    until("what was approved to be back", || fs::read_to_string(home.path(LIST)).is_ok_and(|list| list == approved));
    up.wait_for_log(&["a plugin is set aside", "another than was accepted"]);
    assert!(approved.contains(&accepted) && !approved.contains(&other));
    let list = home.succeeds(&["plugin", "list"]);
    assert!(!list.lines().any(|line| line.starts_with("hostile.")), "{list}");
    up.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_accepted_on_record_is_told() {
    let database = TestDatabase::make().await;
    let home = installed("stranger").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("nobody else here could"));
    let up = home.up(&[]);
    up.wait_for_log(&["loaded plugin `hostile`"]);
    assert!(!up.log().contains("ON RECORD"), "{}", up.log());
    edit(&home);
    up.wait_for_log(&[STRANGER]);
    up.wait_for_log(&["a plugin is set aside", "was not accepted yet"]);
    let said = home.run(&["doctor"]);
    assert!(said.out.contains("`hostile` is listed as something that nobody accepted on record"), "{said:?}");
    // Listed it is, and yet there is something to accept: after that it is run.
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("nobody else here could"));
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("nothing to do"));
    until("the accepted one to be loaded", || up.log().lines().filter(|line| line.contains("loaded plugin `hostile`")).count() == 2);
    up.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_before_the_first_start_is_put_on_record_as_it_is_found() {
    let database = TestDatabase::make().await;
    let home = installed("found");
    assert!(home.succeeds(&["plugin", "accept", "hostile"]).contains("with the first `steward up`"));
    let home = home.set("STEWARD_DATABASE__URL", &database.superuser_url);
    let up = home.up(&[]);
    up.wait_for_log(&["a plugin was accepted before anything could be on record"]);
    assert!(!up.log().contains("NOBODY ACCEPTED"), "{}", up.log());
    edit(&home);
    up.wait_for_log(&[STRANGER]);
    up.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_of_before_the_record_has_its_plugins_found_once() {
    let database = TestDatabase::make().await;
    let home = installed("before");
    home.succeeds(&["plugin", "accept", "hostile"]);
    let home = home.set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    let forgotten = "delete from audit_event where action in ('tool.find', 'tool.find_all')";
    database.raw(&format!("set session_replication_role = replica; {forgotten}")).await;
    for found in [1, 0] {
        let up = home.up(&[]);
        up.wait_for_log(&["loaded plugin `hostile`"]);
        assert_eq!(up.log().lines().filter(|line| line.contains("a plugin was accepted before anything could be on record")).count(), found, "{}", up.log());
        assert!(!up.log().contains(STRANGER), "{}", up.log());
        assert_eq!(database.number("select count(*) from audit_event where action = 'tool.find'").await, 1);
        up.stop();
    }
}

/// What `steward plugin list` says of the hostile plugin: its state, why, and whether a tool of it is listed.
fn state(home: &Home) -> (String, String, bool) {
    let listed = home.json(&["plugin", "list", "--json"]);
    // A tool says the version of its plugin too.
    let is_its = |row: &&Value| row["plugin"].as_str().is_some_and(|plugin| plugin.split('@').next() == Some("hostile"));
    let of_plugin = |rows: &Value| rows.as_array().expect("rows").iter().filter(is_its).cloned().collect::<Vec<Value>>();
    let rows = of_plugin(&listed["plugins"]);
    assert_eq!(rows.len(), 1, "{listed}");
    let text = |what: &str| rows[0][what].as_str().unwrap_or_default().to_owned();
    (text("state"), text("reason"), !of_plugin(&listed["tools"]).is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_says_of_each_plugin_whether_it_runs_and_why_not() {
    let database = TestDatabase::make().await;
    let home = installed("states").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    let is = |expect: &str, says: &str, has_tools: bool| {
        let (state, reason, tools) = state(&home);
        assert!(state == expect && reason.contains(says) && tools == has_tools, "{state}: {reason} ({tools})");
        let printed = home.succeeds(&["plugin", "list"]);
        assert_eq!(printed.lines().any(|line| line.starts_with("hostile.")), has_tools, "{printed}");
    };
    is("waits", "was not accepted yet", false);
    home.succeeds(&["plugin", "accept", "hostile"]);
    is("runs", "", true);
    // Another digest in the list, and the same in the folder: nobody accepted that on record.
    let (list, manifest) = (fs::read_to_string(home.path(LIST)).expect("the list"), fs::read_to_string(home.path(MANIFEST)).expect("the manifest"));
    edit(&home);
    is("not_run", "nobody accepted on record", false);
    // Another digest in the folder alone.
    fs::write(home.path(LIST), &list).expect("written");
    is("not_run", "another than was accepted", false);
    fs::write(home.path(MANIFEST), &manifest).expect("written");
    is("runs", "", true);
    // Accepted, and its folder gone.
    fs::rename(home.path("data/plugins/hostile"), home.path("away")).expect("moved");
    is("not_run", "does not lie in", false);
    fs::rename(home.path("away"), home.path("data/plugins/hostile")).expect("moved");
    // Whoever cannot ask the record does not say that it runs.
    let home = home.set("STEWARD_DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing");
    let (state, reason, has_tools) = state(&home);
    assert!(state == "unknown" && reason.contains("could not be asked") && !has_tools, "{state}: {reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_data_directory_on_one_database_is_told_which_plugins_are_accepted_from_the_first() {
    let database = TestDatabase::make().await;
    let first = installed("first").set("STEWARD_DATABASE__URL", &database.superuser_url);
    first.up(&[]).stop();
    first.succeeds(&["plugin", "accept", "hostile"]);
    let told = "PLUGINS ARE ACCEPTED FROM ANOTHER LIST THAN THAT OF THIS DATA DIRECTORY";
    let up = first.up(&[]);
    up.wait_for_log(&["loaded plugin `hostile`"]);
    assert!(!up.log().contains(told), "{}", up.log());
    up.stop();

    // The same keys and folders, and a list of its own.
    let second = Home::with_config("second", "[plugins]\nallow_unsigned = true\n").set("STEWARD_DATABASE__URL", &database.superuser_url);
    let copied = Command::new("cp").args(["-a"]).arg(first.path("data")).arg(second.path("data")).status().expect("cp");
    assert!(copied.success());
    fs::remove_file(second.path(LIST)).expect("removed");
    let up = second.up(&[]);
    up.wait_for_log(&[told, "`hostile`"]);
    assert!(!up.log().contains("loaded plugin `hostile`"), "{}", up.log());
    let said = second.run(&["doctor"]);
    assert!(said.out.contains("accepted on record and not in"), "{said:?}");
    assert_eq!(state(&second).0, "waits");
    // Accepted here as well, byte by byte the same, both run it.
    assert!(second.succeeds(&["plugin", "accept", "hostile"]).contains("nobody else here could"));
    up.wait_for_log(&["loaded plugin `hostile`"]);
    up.stop();
    let up = first.up(&[]);
    up.wait_for_log(&["loaded plugin `hostile`"]);
    up.stop();
}
