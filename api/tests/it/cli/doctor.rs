//! What the doctor sees, and what it exits with.

use super::{Home, until};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use steward_core::{AuditId, Clock, Ids, Role};
use steward_office::Office;
use steward_office::audit::personal::{self, Opened, Personal};
use steward_office::audit::seal::DataKey;
use steward_office::people::{self, Grant, Invitation};
use steward_store::audit::{self, AuditFilter};
use steward_store::page::Page;
use steward_store::testing::TestDatabase;

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
        ("models", "api_key_env` names is not set"),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_not_told_and_a_mail_server_that_is_not_there_are_named() {
    let database = TestDatabase::make().await;
    let mail = "[notices.mail]\nurl = \"smtp+plain://127.0.0.1:9\"\nfrom = \"Steward <steward@home.example>\"\n";
    let home = Home::with_config("untold", mail).set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    assert_eq!(fs::metadata(home.path("data/keys/push.key")).expect("made").permissions().mode() & 0o777, 0o600);
    database
        .raw(
            "insert into notice (tenant_id, notice_id, person_id, channel, target_id, matter, matter_id, expires_at, state, tries, why, made_at, done_at)
               select tenant_id, gen_random_uuid(), person_id, 'mail', person_id, 'hold', '01900000-0000-7000-8000-000000000000', now(), 'dead', 8,
                      'the mail server asks to try later (451)', now(), now() from person",
        )
        .await;
    let report = sick(&home);
    let (mail, lost) = (check(&report, "mail"), check(&report, "notices"));
    assert_eq!((&mail["state"], &lost["state"]), (&Value::from("wrong"), &Value::from("warning")));
    assert!(mail["message"].as_str().is_some_and(|message| message.contains("127.0.0.1:9: ") && message.contains("check `notices.mail`")), "{mail}");
    let said = lost["message"].as_str().expect("text");
    assert!(said.contains("was not told by mail of `hold_") && said.contains("try later (451)") && !said.contains('@'), "{said}");
    assert_eq!(check(&report, "push key")["state"], "good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_change_of_the_data_key_it_is_said_when_the_former_one_may_be_destroyed_and_the_log_stays_sound() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("data-key", "").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    let (file, former) = (home.path("data/keys/data.key"), home.path("data/keys/data.former.key"));
    let office = || {
        let key: [u8; 32] = fs::read(&file).expect("the data key").try_into().expect("32 bytes");
        Office::new(Clock::System, Ids::System).sealing(Personal::new(DataKey::from_secret(&key).expect("a key"), home.path("data/audit")))
    };
    let tenant = database.app.all_tenants().await.expect("tenants")[0].tenant;
    let owner = people::actor_of_person(&database.app, tenant, "owner@localhost").await.expect("the owner");
    let mut tx = database.app.begin(&owner).await.expect("tx");
    let grants = vec![Grant { workspace: None, role: Role::Support }];
    let lena = Invitation { email: "lena@example.org".to_owned(), display_name: "Lena".to_owned(), grants };
    let lena = people::invite(&mut tx, &office(), &lena).await.expect("invited").person;
    tx.commit().await.expect("commit");
    // What the log shows of everybody, with the data key alone that is in force: readable, and erased.
    let shown = async || {
        let mut tx = database.app.begin(&owner).await.expect("tx");
        let rows = audit::list(&mut tx, &Page::first(), AuditFilter::default()).await.expect("entries");
        let entries: Vec<AuditId> = rows.iter().map(|row| row.audit_id).collect();
        let opened = personal::opened(&mut tx, &office(), &entries).await.expect("looked");
        let count = |is_so: fn(&Opened) -> bool| opened.values().filter(|said| is_so(said)).count();
        (count(|said| matches!(said, Opened::Details(_))), count(|said| matches!(said, Opened::Erased(_))))
    };
    let (readable, erased) = shown().await;
    assert!(readable >= 2 && erased == 0, "{readable} and {erased}");
    home.succeeds(&["audit", "erase", &lena.to_string(), "--yes"]);
    let is_silent = || home.json(&["doctor", "--json"])["checks"].as_array().expect("checks").iter().all(|check| check["name"] != "data key");
    assert!(is_silent(), "with one key there is nothing to say");
    let erased = shown().await.1;
    assert_eq!((shown().await.0, erased > 0), (readable - erased, true));

    // Half of the change: the key so far is called the former one, and none has come in its place.
    fs::copy(&file, &former).expect("copied");
    let said = home.json(&["doctor", "--json"]);
    let (state, message) = (&check(&said, "data key")["state"], check(&said, "data key")["message"].as_str().expect("text"));
    assert!(state == "warning" && message.starts_with("the data key in force stands among the former ones too") && !message.contains("then destroy"), "{said}");

    fs::rename(&file, &former).expect("the former");
    fs::write(&file, [42; 32]).expect("the new");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
    let said = home.json(&["doctor", "--json"]);
    let (state, message) = (&check(&said, "data key")["state"], check(&said, "data key")["message"].as_str().expect("text"));
    assert!(state == "warning" && message.starts_with("1 keys of personal details still need a former data key"), "{said}");
    assert_eq!(shown().await, (0, erased));

    let up = home.up(&[]);
    until("nothing to need the former key", || check(&home.json(&["doctor", "--json"]), "data key")["state"] == "good");
    up.stop();
    let said = home.succeeds(&["doctor"]);
    for part in ["needs a former data key any more", "make a backup, then destroy", "show no personal detail", "stays readable"] {
        assert!(said.contains(part), "`{part}` in {said}");
    }
    // What opens with nothing, though the former key stands beside it, keeps that in place for no time.
    let secret: [u8; 32] = fs::read(&former).expect("the former").try_into().expect("32 bytes");
    let name = DataKey::from_secret(&secret).expect("a key").name().to_owned();
    let sealed = format!(
        "insert into totp (tenant_id, person_id, sealed, data_key, made_at)
         select tenant_id, person_id, decode(repeat('00', 49), 'hex'), '{name}', now() from person where email = 'owner@localhost'"
    );
    database.raw(&sealed).await;
    let said = home.json(&["doctor", "--json"]);
    let (state, message) = (&check(&said, "data key")["state"], check(&said, "data key")["message"].as_str().expect("text"));
    assert!(state == "warning" && message.starts_with("1 secrets for one-time codes open with none") && message.contains("then destroy the former"), "{said}");
    database.raw("delete from totp").await;

    fs::remove_file(&former).expect("destroyed");
    assert!(is_silent());
    assert_eq!(shown().await, (readable - erased, erased), "everybody else, and nothing of her");
    assert!(home.succeeds(&["audit", "verify"]).contains("All is as it was signed."));
    home.up(&[]).stop();
}
