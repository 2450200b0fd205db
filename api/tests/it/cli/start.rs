//! Starts that cannot be: each says why in a line, and leaves everything as it was.

use super::Home;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn a_taken_port_is_said_before_anything_is_made() {
    let home = Home::empty("port");
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("port");
    let listen = taken.local_addr().expect("address").to_string();
    home.refused(&["up", "--listen", &listen], &[&format!("another program listens on {listen}"), "`server.listen` (or `--listen`)"]);
    assert!(!home.path("data/pg").exists() && !home.path("data/keys").exists());
    home.refused(&["up", "--listen", "192.0.2.7:7700"], &["`server.public_url` is not set"]);
    home.refused(&["up", "--listen", "7700"], &["`server.listen` is `7700` (--listen)"]);
}

#[test]
fn commands_before_the_first_start_say_what_to_do() {
    let home = Home::empty("before");
    for words in [&["approvals", "list"][..], &["actions", "list"], &["audit", "export"], &["chat", "hello"], &["link"]] {
        home.refused(words, &["there is no Steward in", "steward up"]);
    }
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["work"]] {
        home.refused(words, &["there is no envelope key"]);
    }
    assert!(!home.path("data").exists(), "a look makes nothing");
    // What needs no records works all the same.
    assert!(home.succeeds(&["policy", "check"]).starts_with("Sound."));
    assert!(home.succeeds(&["prompt", "list"]).contains("assistant@1"));
    assert!(home.succeeds(&["plugin", "list"]).contains("crm.find_contacts"));
    assert!(home.succeeds(&["doctor"]).contains("Nothing is wrong."));
    assert!(!home.path("data").exists(), "a look makes nothing");
}

#[test]
fn a_wrong_envelope_key_stops_the_start() {
    let home = Home::empty("key");
    home.write("data/keys/envelope.key", "0123456789abcdef0123456789abcdef");
    let file = home.path("data/keys/envelope.key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("mode");
    home.refused(&["up", "--listen", "127.0.0.1:0"], &["can be read by others (mode 644)", "chmod 600"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
    fs::write(&file, "short").expect("write");
    home.refused(&["up", "--listen", "127.0.0.1:0"], &["has 5 bytes and must have 32"]);
    assert_eq!(fs::read_to_string(&file).expect("kept"), "short");
    Home::empty("variable").set("STEWARD_ENVELOPE_KEY", "abc").refused(&["up", "--listen", "127.0.0.1:0"], &["must be 64 hexadecimal digits"]);
}

#[test]
fn broken_rules_stop_the_start() {
    let home = Home::empty("rules");
    home.write("data/policies/rules/mine.cedar", "permit (principal, action, resource)\n");
    home.refused(&["up", "--listen", "127.0.0.1:0"], &["rules/mine.cedar:"]);
    home.write("data/policies/rules/mine.cedar", "");
    home.refused(&["up", "--listen", "127.0.0.1:0"], &["there is no rule"]);
    assert!(!home.path("data/pg").exists(), "nothing was started");
}

#[test]
fn a_database_that_does_not_answer_is_named() {
    let home = Home::empty("away").set("STEWARD_DATABASE__URL", "postgres://u:hunter2@127.0.0.1:1/d");
    let ran = home.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("the database in `database.url` cannot be used"), "{ran:?}");
    assert!(!ran.err.contains("hunter2"), "{ran:?}");
}

#[test]
fn a_folder_without_pages_stops_the_start_before_anybody_has_a_link() {
    let home = Home::empty("pages");
    home.write("pages/readme.txt", "no page");
    home.write("steward.toml", "[server]\nweb_dir = \"pages\"\n");
    let ran = home.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("pages") && !ran.out.contains("#token="), "{ran:?}");
    assert!(!home.path("data/pg").exists() && !home.path("data/keys").exists(), "nothing was made");
}

/// A folder of a release that looked at less, or one on another disk: it is said, and costs time.
#[tokio::test]
async fn a_folder_of_compiled_plugins_that_cannot_be_used_does_not_stop_the_start() {
    let home = Home::made("compiled", "").await;
    let (folder, elsewhere) = (home.path("data/cache/plugins"), home.path("elsewhere"));
    let starts_and_says = |reason: &str| {
        let up = home.up(&[]);
        up.wait_for_log(&["compiled plugins are not kept", "cannot use `", reason, "remove it, a new one is made", "\"level\":\"ERROR\""]);
        assert!(up.stop().success(), "{reason}");
    };
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o775)).expect("mode");
    starts_and_says("others may write to it");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("mode");
    fs::rename(&folder, &elsewhere).expect("moved");
    symlink(&elsewhere, &folder).expect("linked");
    starts_and_says("it is a link");
    fs::remove_file(&folder).expect("removed");
    let up = home.up(&[]);
    assert!(!up.log().contains("compiled plugins are not kept") && folder.join("key").is_file(), "a new one is made: {}", up.log());
    up.stop();
}
