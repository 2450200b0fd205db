//! The list of accepted plugins, written by hand: what people approved comes back, and what nobody accepted on record is told.

use super::policy::{PASSWORD, two_people};
use super::{Home, fed, until};
use serde_json::Value;
use std::fs;
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
    let tools = home.json(&["plugin", "inspect", "data/plugins/hostile", "--json"]);
    let other = tools[0]["plugin_digest"].as_str().expect("a digest").to_owned();
    let list = fs::read_to_string(home.path(LIST)).expect("the list");
    let parsed: Value = serde_json::from_str(&list).expect("JSON");
    let accepted = parsed["plugins"]["hostile"]["plugin"]["facts"]["digest"].as_str().expect("a digest").to_owned();
    assert_ne!(accepted, other);
    fs::write(home.path(LIST), list.replace(&accepted, &other)).expect("written");
    (accepted, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_approved_comes_back_in_the_place_of_what_was_written_by_hand() {
    let database = TestDatabase::make().await;
    let home = installed("edited").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    let key: [u8; 32] = fs::read(home.path("data/keys/data.key")).expect("the data key").try_into().expect("32 bytes");
    let office = Office::new(Clock::System, Ids::System).sealing(Personal::new(DataKey::from_secret(&key).expect("a key"), home.path("data/audit")));
    two_people(&database, &office).await;
    let up = home.up(&[]);
    let said = home.succeeds(&["plugin", "accept", "hostile", "--as", "ben@localhost", "--reason", "For tests."]);
    let id = said.split_whitespace().find(|word| word.starts_with("change_")).expect("an id").to_owned();
    let digest = home.json(&["changes", "show", &id, "--json"])["content_digest"].as_str().expect("a digest").to_owned();
    let ran = fed(home.command(&["changes", "approve", &id, "--digest", &digest]), &format!("{PASSWORD}\n"));
    assert_eq!(ran.code, 0, "{ran:?}");
    up.wait_for_log(&["loaded plugin `hostile`"]);
    up.stop();
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
    up.wait_for_log(&["THE LIST OF ACCEPTED PLUGINS HAS WHAT NOBODY ACCEPTED ON RECORD"]);
    let said = home.run(&["doctor"]);
    assert!(said.out.contains("`hostile` is listed as something that nobody accepted on record"), "{said:?}");
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
    up.wait_for_log(&["THE LIST OF ACCEPTED PLUGINS HAS WHAT NOBODY ACCEPTED ON RECORD"]);
    up.stop();
}
