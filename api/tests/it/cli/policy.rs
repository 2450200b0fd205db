//! The rules from the command line: what is broken, what decides otherwise than its cases say.

use super::{Home, fed, signal};
use crate::http::factors::app_code;
use secrecy::{ExposeSecret as _, SecretString};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use steward_core::{Clock, Ids};
use steward_office::Office;
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::DataKey;
use steward_office::people::{self, PasswordChange, Passwords, SignedIn};
use steward_store::testing::TestDatabase;

const READS: &str = "@id(\"read\") @reason(\"Looking is free.\")\npermit (principal, action in Action::\"read\", resource);\n";

#[test]
fn broken_rules_are_refused_with_file_and_line() {
    let check = |text: &str, expect: &[&str]| {
        let home = Home::empty("broken");
        home.write("mine/rules/a.cedar", text);
        home.refused(&["policy", "check", "mine"], expect);
        let ran = home.run(&["policy", "check", "mine", "--json"]);
        assert_eq!(ran.code, 1);
        let report: serde_json::Value = serde_json::from_str(&ran.out).expect("report");
        assert_eq!(report["valid"], false);
    };
    check("", &["there is no rule"]);
    check("\npermit (principal action, resource);", &["rules/a.cedar:2"]);
    check("@id(\"x\") @reason(\"x\")\npermit (principal, action, resource)\nwhen { context.dest == \"high\" };", &["rules/a.cedar:"]);
    let home = Home::empty("nowhere");
    home.refused(&["policy", "check", "nowhere"], &["the rules in `nowhere` cannot be read"]);
}

#[test]
fn a_rule_that_no_call_can_meet_is_an_error() {
    let home = Home::empty("never");
    home.write(
        "mine/rules/a.cedar",
        &format!("{READS}@id(\"x\") @reason(\"X.\")\npermit (principal, action in Action::\"money\", resource)\nwhen {{ context.args has purpose }};\n"),
    );
    let ran = home.run(&["policy", "check", "mine"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in ["error:", "rules/a.cedar:3: rule `x`: policy is impossible", "no call of an installed tool ever meets it", "Not sound. 2 permits"] {
        assert!(ran.out.contains(part), "`{part}` in {ran:?}");
    }
    let ran = home.run(&["policy", "check", "mine", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("report");
    assert_eq!((ran.code, &report["valid"], report["problems"].as_array().map(Vec::len)), (1, &false.into(), Some(1)), "{report}");
}

#[test]
fn sound_rules_are_summed_up_with_what_they_leave_out() {
    let home = Home::empty("sound");
    home.write("mine/rules/a.cedar", READS);
    let out = home.succeeds(&["policy", "check", "mine"]);
    assert!(out.contains("no rule permits `crm.create_contact`"), "{out}");
    assert!(out.contains("Sound. 1 permit and 0 forbids in 1 file"), "{out}");
    assert_eq!(home.json(&["policy", "check", "mine", "--json"])["summary"]["permits"], 1);
}

#[test]
fn cases_that_come_out_otherwise_fail() {
    let home = Home::empty("cases");
    home.write("mine/rules/a.cedar", READS);
    home.write("mine/cases/a.toml", "[[case]]\nname = \"looking is allowed\"\ntool = \"crm.find_contacts\"\nexpect = \"allow\"\nby = [\"read\"]\n");
    assert!(home.succeeds(&["policy", "test", "mine"]).contains("All passed. 1 case."));
    home.write("mine/cases/b.toml", "[[case]]\nname = \"looking is blocked\"\ntool = \"crm.find_contacts\"\nexpect = \"block\"\n");
    let ran = home.run(&["policy", "test", "mine"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in ["FAILED", "b.toml: looking is blocked (crm.find_contacts)", "expected block, got allow", "1 failed. 2 cases."] {
        assert!(ran.out.contains(part), "`{part}` in {ran:?}");
    }
    home.write("mine/cases/b.toml", "[[case]]\nname = \"x\"\ntool = \"crm.no_such_tool\"\nexpect = \"block\"\n");
    home.refused(&["policy", "test", "mine"], &["there is no tool `crm.no_such_tool`"]);
}

#[test]
fn the_shipped_rules_pass_their_cases() {
    let home = Home::empty("shipped");
    assert!(home.succeeds(&["policy", "test"]).contains("All passed."));
    let matrix = home.succeeds(&["policy", "matrix"]);
    assert!(matrix.contains("crm.update_contact") && matrix.contains("hold"), "{matrix}");
}

const LOOSE: &str = "@id(\"all\") @reason(\"Everything is allowed.\")\npermit (principal, action, resource);\n";

#[test]
fn looser_rules_are_named_cell_by_cell() {
    let home = Home::empty("diff");
    home.write("old/rules/a.cedar", READS);
    home.write("new/rules/a.cedar", LOOSE);
    let ran = home.run(&["policy", "diff", "old", "new"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in ["rule new: all", "rule gone: read", "crm.create_contact (nobody): block -> allow", "looser"] {
        assert!(ran.out.contains(part), "`{part}` in {ran:?}");
    }
    assert!(home.succeeds(&["policy", "diff", "old", "old"]).contains("The rules are the same."));
    let tighter = home.json(&["policy", "diff", "new", "old", "--json"]);
    assert!(tighter["diff"]["cells"].as_array().expect("cells").iter().all(|cell| cell["looser"] == false), "{tighter}");
}

#[test]
fn rules_that_name_more_than_are_compared_are_named_and_count_as_looser() {
    let home = Home::empty("diff-cut");
    let agents: Vec<String> = (0..9).map(|number| format!("Agent::\"a{number}\"")).collect();
    let many = format!("@id(\"many\") @reason(\"r\")\nforbid (principal, action, resource) when {{ [{}].contains(principal) }};\n", agents.join(", "));
    home.write("old/rules/a.cedar", READS);
    home.write("new/rules/a.cedar", READS);
    home.write("new/rules/b.cedar", &many);
    let ran = home.run(&["policy", "diff", "old", "new"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("rule many names more than are compared") && ran.out.contains(", 0 of them looser"), "{ran:?}");
    assert!(home.succeeds(&["policy", "diff", "new", "new"]).contains("The rules are the same."));
}

#[test]
fn a_broken_property_is_shown_as_a_case_that_then_fails() {
    let home = Home::empty("prove");
    home.write("mine/rules/a.cedar", LOOSE);
    home.write("mine/properties/p.txt", "never crm.create_contact when uninvited\n");
    let ran = home.run(&["policy", "prove", "mine", "--prover", "enumerate"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("BROKEN never crm.create_contact when uninvited") && ran.out.contains("allowed by all"), "{ran:?}");
    let case = home.run(&["policy", "prove", "mine", "--prover", "enumerate", "--json"]);
    let case: serde_json::Value = serde_json::from_str(&case.out).expect("json");
    home.write("mine/cases/found.toml", case["proofs"][0]["counter_example"]["case"].as_str().expect("a case"));
    let ran = home.run(&["policy", "test", "mine"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("expected refused, got allow"), "{ran:?}");
    home.write("mine/properties/p.txt", "never nothing\n");
    home.refused(&["policy", "prove", "mine"], &["properties/p.txt:1", "no installed tool and no effect class"]);
}

#[test]
fn what_is_neither_proved_nor_broken_fails_and_says_which_rule_it_hangs_on() {
    let home = Home::empty("open");
    home.write(
        "mine/rules/a.cedar",
        &format!("{READS}@id(\"odd\") @reason(\"Odd.\")\npermit (principal, action in Action::\"money\", resource)\nwhen {{ context.args has purpose }};\n"),
    );
    home.write("mine/properties/p.txt", "never money without approval by owner\n");
    let ran = home.run(&["policy", "prove", "mine", "--prover", "enumerate"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        "NOT PROVED never money without approval by owner (not broken in ",
        "; not proved)",
        "`odd` may allow it of a tool of class `money` that is to come",
        "0 broken, 1 not proved.",
    ] {
        assert!(ran.out.contains(part), "`{part}` in {ran:?}");
    }
    let said = home.run(&["policy", "prove", "mine", "--prover", "enumerate", "--json"]);
    assert_eq!(said.code, 1, "{said:?}");
}

#[test]
fn a_proof_gives_a_sign_of_life_at_a_terminal_and_nowhere_else() {
    let home = Home::empty("sign").set("TERM", "xterm");
    let prove = ["policy", "prove", "--prover", "enumerate"];
    let shown = home.typed(&prove, b"");
    assert!(shown.code == 0 && shown.out.contains("proving the safety properties ("), "{shown:?}");
    let elsewhere = home.run(&prove);
    assert!(elsewhere.code == 0 && !elsewhere.err.contains("proving") && !elsewhere.out.contains("proving"), "{elsewhere:?}");
}

#[test]
fn the_shipped_properties_are_proved_by_whichever_prover_is_there() {
    let home = Home::empty("proved");
    for prover in ["auto", "enumerate"] {
        let proved = home.json(&["policy", "prove", "--prover", prover, "--json"]);
        let proofs = proved["proofs"].as_array().expect("proofs");
        assert!(proofs.len() >= 15 && proofs.iter().all(|proof| proof["proved"] == true), "{proved}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_on_record_are_judged_again_and_explained() {
    let model = super::chat::gullible("Done what was allowed.").await;
    let home = super::chat::home("backtest", &model, "").await;
    assert!(home.run(&["policy", "explain", "env_1"]).err.contains("say which"));
    home.refused(&["policy", "explain", &format!("env_{}", "0".repeat(64))], &["there is no such decision on record"]);
    home.write("lena.vcf", super::chat::CARD);
    home.succeeds(&["contacts", "import", "lena.vcf"]);
    home.write("new/rules/a.cedar", LOOSE);
    assert_eq!(home.json(&["policy", "backtest", "new", "--json"])["judged"], 0);
    assert!(home.succeeds(&["policy", "shadow", "new", "--notes", "notes.jsonl"]).contains("0 differences new; 0 in `notes.jsonl`"));
    // One that follows has looked once, and looks on while decisions are made.
    let mut follows = home.command(&["policy", "shadow", "new", "--notes", "live.jsonl", "--follow"]).stdout(Stdio::piped()).spawn().expect("start");
    let mut said = BufReader::new(follows.stdout.take().expect("a pipe")).lines();
    let first = said.next().expect("a line").expect("text");
    assert!(first.contains("0 decisions judged beside the live rules, 0 differences new"), "{first}");
    assert_eq!(home.run(&["chat", "What do we know about Lena?"]).code, 3, "one call waits");
    // Until then each look says that it found nothing.
    let found = said.find(|line| !line.as_ref().is_ok_and(|line| line.contains("0 differences new"))).expect("a line").expect("text");
    assert!(found.contains("crm.create_contact: hold -> allow by all"), "{found}");
    let sum = said.next().expect("a line").expect("text");
    assert!(sum.contains("1 difference new; 1 in `live.jsonl`"), "{sum}");
    let live = std::fs::read_to_string(home.path("live.jsonl")).expect("notes");
    assert_eq!(live.matches("\"now\":\"allow\"").count(), 1, "{live}");
    signal(i32::try_from(follows.id()).expect("pid"), rustix::process::Signal::INT);
    assert!(follows.wait().expect("end").success(), "stopping it is no failure");
    assert_eq!(said.count(), 0);

    let same = home.json(&["policy", "backtest", "--json"]);
    assert_eq!((&same["judged"], &same["newly_allowed"], &same["newly_held"], &same["newly_blocked"]), (&3.into(), &0.into(), &0.into(), &0.into()), "{same}");
    for command in [&["policy", "backtest", "new"][..], &["policy", "diff", "new", "new", "--decisions", "10"]] {
        let ran = home.run(command);
        assert_eq!(ran.code, i32::from(command[1] == "backtest"), "{ran:?}");
        assert!(ran.out.contains("crm.create_contact: hold -> allow by all") && ran.out.contains("1 newly allowed, 0 newly held"), "{ran:?}");
    }
    assert_eq!(home.json(&["approvals", "list", "--json"]).as_array().map(Vec::len), Some(1), "nothing was executed");
    assert!(home.succeeds(&["policy", "suggest", "--least", "3"]).contains("Nothing is suggested"));
    assert_eq!(home.json(&["policy", "suggest", "--json"])["items"], serde_json::json!([]));

    let shadow = || home.succeeds(&["policy", "shadow", "new", "--notes", "notes.jsonl"]);
    let first = shadow();
    assert!(first.contains("crm.create_contact: hold -> allow by all") && first.contains("1 difference new; 1 in `notes.jsonl`"), "{first}");
    assert_eq!(shadow(), "", "what is written down is not written down again");
    let notes = std::fs::read_to_string(home.path("notes.jsonl")).expect("notes");
    assert_eq!((notes.matches("\"now\":\"allow\"").count(), notes.matches("seen_at").count()), (1, 1), "{notes}");

    let envelope = home.json(&["approvals", "list", "--json"])[0]["envelope_id"].as_str().expect("envelope").to_owned();
    let why = home.succeeds(&["policy", "explain", &envelope]);
    for part in ["`crm.create_contact` came out as hold, by write-approved", "permit (", "It is released by", "It would have come out otherwise if"] {
        assert!(why.contains(part), "`{part}` in {why}");
    }
    assert_eq!(home.json(&["policy", "explain", &envelope, "--json"])["now"]["verdict"], "hold");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_proposed_from_the_terminal_and_not_approved_by_who_proposed_them() {
    let home = Home::made("propose", "").await;
    home.refused(&["policy", "export", "data"], &["`data` exists already"]);
    home.succeeds(&["policy", "export", "new"]);
    home.refused(&["policy", "propose", "new", "--reason", " "], &["say why"]);
    home.refused(&["policy", "propose", "nowhere", "--reason", "Why."], &["the rules in `nowhere` cannot be read"]);
    home.write("new/rules/90-mine.cedar", LOOSE);
    let ran = home.run(&["policy", "propose", "new", "--reason", "Everything."]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in ["BROKEN", "FAILED", "Not sound.", "it cannot be approved as it is"] {
        assert!(ran.out.contains(part), "`{part}` in {ran:?}");
    }
    home.write("new/rules/90-mine.cedar", "@id(\"mine\") @reason(\"Mine.\")\nforbid (principal, action == Action::\"crm.create_company\", resource);\n");
    let made = home.json(&["policy", "propose", "new", "--reason", "No companies.", "--json"]);
    assert_eq!((&made["report"]["sound"], &made["report"]["changes"]["added"]), (&true.into(), &serde_json::json!(["mine"])), "{made}");
    let (id, digest) = (made["governance_change_id"].as_str().expect("an id"), made["content_digest"].as_str().expect("a digest"));
    let shown = home.succeeds(&["changes", "show", id]);
    for part in ["is proposed", "No companies.", "rule new: mine", "crm.create_company", &format!("--digest {digest}")] {
        assert!(shown.contains(part), "`{part}` in {shown}");
    }
    home.refused(&["changes", "approve", id, "--digest", digest], &["your password on standard input"]);
    home.refused(&["changes", "reject", id], &["you proposed this yourself"]);
    assert_eq!(home.json(&["policy", "history", "--json"])["items"], serde_json::json!([]));
    assert!(home.succeeds(&["changes", "withdraw", id]).contains("Withdrawn"));
    home.refused(&["changes", "withdraw", id], &["already withdrawn"]);
    let listed = home.succeeds(&["changes", "list"]);
    assert!(listed.contains("withdrawn") && listed.contains("proposed, not sound"), "{listed}");
}

pub(super) const PASSWORD: &str = "a long enough password";

/// A manager beside the owner, and a password for the owner.
pub(super) async fn two_people(database: &TestDatabase, office: &Office) -> SignedIn {
    let manager = "insert into person (tenant_id, person_id, email, display_name, created_at) select tenant_id, gen_random_uuid(), 'ben@localhost', 'Ben', now() from tenant;
                   insert into membership (tenant_id, membership_id, person_id, role, created_at)
                   select tenant_id, gen_random_uuid(), person_id, 'manager', now() from person where email = 'ben@localhost'";
    database.raw(manager).await;
    let tenant = database.app.all_tenants().await.expect("tenants")[0].tenant;
    let owner = people::actor_of_person(&database.app, tenant, "owner@localhost").await.expect("the owner");
    let change = PasswordChange { current: None, new: PASSWORD.into() };
    people::change_password(&database.app, office, &Passwords::new(1).expect("hashing"), &owner, &change, None).await.expect("a password")
}

/// Gives somebody one-time codes; the answer is the secret of their app, whose code of thirty seconds ago is used.
async fn enrol(database: &TestDatabase, office: &Office, signed_in: &SignedIn) -> String {
    let passwords = Passwords::new(1).expect("hashing");
    people::prove(&database.app, office, &passwords, &signed_in.actor, &PASSWORD.into()).await.expect("proved");
    let mut tx = database.app.begin(&signed_in.actor).await.expect("tx");
    let secret = people::enrol_totp(&mut tx, office).await.expect("begun").secret.expose_secret().to_owned();
    tx.commit().await.expect("commit");
    let code = SecretString::from(app_code(&secret, office.clock.now().unix_timestamp() - 30));
    people::confirm_totp(&database.app, office, &signed_in.actor, &code).await.expect("confirmed");
    secret
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_person_approves_from_the_terminal_with_a_password_or_a_code() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("approve", "").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    let key: [u8; 32] = std::fs::read(home.path("data/keys/data.key")).expect("the data key").try_into().expect("32 bytes");
    let personal = Personal::new(DataKey::from_secret(&key).expect("a key"), home.path("data/audit"));
    let office = Office::new(Clock::System, Ids::System).sealing(personal);
    let owner = two_people(&database, &office).await;
    home.succeeds(&["policy", "export", "new"]);
    let propose = |name: &str| {
        home.write(
            &format!("new/rules/90-{name}.cedar"),
            &format!("@id(\"{name}\") @reason(\"Mine.\")\nforbid (principal, action == Action::\"crm.create_company\", resource);\n"),
        );
        let made = home.json(&["policy", "propose", "new", "--reason", "No companies.", "--json", "--as", "ben@localhost"]);
        let text = |field: &str| made[field].as_str().expect("a text").to_owned();
        (text("governance_change_id"), text("content_digest"))
    };
    let looked_at = || home.run(&["doctor"]).out;
    assert!(!looked_at().contains("approved rules"));
    let (id, digest) = propose("first");
    let approve =
        |more: &[&str], password: &str| fed(home.command(&[&["changes", "approve", &id, "--digest", &digest], more].concat()), &format!("{password}\n"));
    for (more, password, says) in [
        (&["--as", "ben@localhost"][..], PASSWORD, "you have no password yet"),
        (&[], "not this one at all", "this is not your password"),
        (&["--code", "123456"], "", "you have no second factor yet"),
    ] {
        let ran = approve(more, password);
        assert!(ran.code == 1 && ran.err.contains(says), "`{says}` in {ran:?}");
    }
    let other = "0".repeat(64);
    let ran = fed(home.command(&["changes", "approve", &id, "--digest", &other]), &format!("{PASSWORD}\n"));
    assert!(ran.code == 1 && ran.err.contains("not what you were shown"), "{ran:?}");
    let ran = approve(&[], PASSWORD);
    assert!(ran.code == 0 && ran.out.contains("Approved."), "{ran:?}");
    assert_eq!(home.json(&["policy", "history", "--json"])["items"][0]["governance_change_id"], id.as_str());

    let said = looked_at();
    for part in ["approved rules", "goes by its own (version 1)", "no longer count for it", "steward policy propose"] {
        assert!(said.contains(part), "`{part}` in {said}");
    }

    // Who has a second factor gives that, and the password is not enough.
    let secret = enrol(&database, &office, &owner).await;
    let (id, digest) = propose("second");
    let approve =
        |more: &[&str], password: &str| fed(home.command(&[&["changes", "approve", &id, "--digest", &digest], more].concat()), &format!("{password}\n"));
    let ran = approve(&[], PASSWORD);
    assert!(ran.code == 1 && ran.err.contains("with `--code`"), "{ran:?}");
    let ran = approve(&["--code", &app_code(&secret, office.clock.now().unix_timestamp())], "");
    assert!(ran.code == 0 && ran.out.contains("Approved."), "{ran:?}");
    let listed = home.succeeds(&["changes", "list", "--kind", "policy", "--state", "approved"]);
    assert!(listed.contains("version 2") && listed.contains("version 1"), "{listed}");
    assert_eq!(database.number("select count(*) from audit_event where action = 'change.approve'").await, 2);
}
