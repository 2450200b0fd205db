//! Records from the terminal: contacts in, audit log and actions out.

use super::policy::{PASSWORD, two_people};
use super::{Home, fed, until};
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use steward_core::{AuditId, Clock, Ids, Role};
use steward_office::Office;
use steward_office::audit::personal::{Opened, Personal, opened};
use steward_office::audit::seal::DataKey;
use steward_office::people::{self, Grant, Invitation};
use steward_store::testing::TestDatabase;

const FILE: &str = "name,email,phone,company\nLena Brandt,lena@example.org,+49 30 1234567,Brandt GmbH\n,,,\nOmar Haddad,omar@example.org,,\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_are_previewed_then_imported_once() {
    let home = Home::made("contacts", "").await;
    home.refused(&["contacts", "import", "nowhere.csv"], &["`nowhere.csv` cannot be read"]);
    home.write("empty.csv", "");
    home.refused(&["contacts", "import", "empty.csv"], &["the file is empty"]);
    home.write("people.csv", FILE);
    home.refused(&["contacts", "import", "people.csv", "--workspace", "Nowhere"], &["there is no workspace `Nowhere`; you see: General"]);
    home.refused(&["contacts", "import", "people.csv", "--as", "nobody@example.org"], &["nobody here has the address"]);

    let preview = home.succeeds(&["contacts", "import", "people.csv", "--preview"]);
    assert!(preview.contains("Would make 2 contacts and 1 company") && preview.contains("Nothing is changed yet"), "{preview}");
    let done = home.json(&["contacts", "import", "people.csv", "--json"]);
    assert_eq!((done["created"].as_u64(), done["companies_created"].as_u64()), (Some(2), Some(1)), "{done}");
    let again = home.succeeds(&["contacts", "import", "people.csv"]);
    assert!(again.contains("Made 0 contacts and 0 companies, added to 0, left 2 as they were"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_shows_at_a_terminal_how_much_of_how_much_is_done() {
    // A terminal that does not say what it is shows no bar.
    let home = Home::made("bar", "").await.set("TERM", "xterm");
    let rows: String = (0..300).map(|number| format!("Person {number},person{number}@example.org,,\n")).collect();
    home.write("people.csv", &format!("name,email,phone,company\n{rows}"));
    let import = ["contacts", "import", "people.csv"];
    let shown = home.typed(&import, b"");
    assert!(shown.code == 0 && shown.out.contains("importing 300 rows [") && shown.out.contains(" of 300 ("), "{shown:?}");
    assert!(shown.out.contains("Made 300 contacts"), "{shown:?}");
    let elsewhere = home.run(&import);
    assert!(elsewhere.code == 0 && !elsewhere.err.contains("importing") && !elsewhere.out.contains("importing"), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn companies_are_previewed_then_imported_once() {
    let home = Home::made("companies", "").await;
    home.refused(&["companies", "import", "nowhere.csv"], &["`nowhere.csv` cannot be read"]);
    home.write("people.csv", "first name,email\nLena,lena@example.org\n");
    home.refused(&["companies", "import", "people.csv"], &["names no column with the company's name"]);
    home.write(
        "accounts.csv",
        "Account Name,Website,Industry\nBrandt GmbH,brandt.example,Toys\n,https://nobody.example,\nBrandt,https://www.brandt.example,\n",
    );
    let preview = home.succeeds(&["companies", "import", "accounts.csv", "--preview"]);
    for part in [
        "https://brandt.example",
        "refused row 2 (line 3): column `Account Name`: it is empty",
        "remark  row 3 (line 4): name `Brandt GmbH` kept",
        "columns not taken: `Industry`",
        "Would make 1 company, add to 0, leave 1 as they are, refuse 1 of 3 rows.",
        "Nothing is changed yet",
    ] {
        assert!(preview.contains(part), "{part}: {preview}");
    }
    let done = home.json(&["companies", "import", "accounts.csv", "--json"]);
    assert_eq!((&done["subject"], done["created"].as_u64(), done["refused_count"].as_u64()), (&"companies".into(), Some(1), Some(1)), "{done}");
    let again = home.succeeds(&["companies", "import", "accounts.csv"]);
    assert!(again.contains("Made 0 companies, added to 0, left 2 as they were"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_exported_whole() {
    let home = Home::made("audit", "").await;
    home.write("people.csv", FILE);
    home.succeeds(&["contacts", "import", "people.csv"]);
    let out = home.succeeds(&["audit", "export"]);
    let entries: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect();
    let actions: Vec<&str> = entries.iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["organisation.create", "policy.reload", "tool.find_all", "contacts.import"]);
    for entry in &entries {
        let canon: serde_json::Value = serde_json::from_str(entry["canon"].as_str().expect("canon")).expect("canonical JSON");
        assert_eq!(canon["action"], entry["action"]);
        assert_eq!(entry["leaf"].as_str().map(str::len), Some(64));
    }
    assert!(home.succeeds(&["audit", "export", "--output", "log.jsonl"]).contains("4 entries in `log.jsonl`."));
    home.refused(&["audit", "export", "--output", "log.jsonl"], &["`log.jsonl` cannot be made"]);

    // The same for a spreadsheet.
    home.refused(&["audit", "export", "--format", "csv", "--as", "nobody@example.org"], &["nobody here has the address"]);
    assert_eq!(home.run(&["audit", "export", "--format", "xml"]).code, 2);
    let said = home.succeeds(&["audit", "export", "--format", "csv", "--output", "log.csv"]);
    assert!(said.contains("4 entries in `log.csv`."), "{said}");
    let file = std::fs::read_to_string(home.path("log.csv")).expect("written");
    let lines: Vec<&str> = file.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "at,action,object,outcome,actor_kind,person_id,request_id,writer_id,writer_seq,audit_id,leaf,canon");
    assert_eq!(lines.len(), 1 + entries.len(), "{file}");
    for (line, entry) in lines[1..].iter().zip(&entries) {
        for field in ["at", "action", "object", "outcome", "writer_id", "audit_id", "leaf"] {
            let value = entry[field].as_str().expect("a text");
            assert!(line.split(',').any(|cell| cell == value), "`{field}` of {entry} in {line}");
        }
    }
    let part = home.succeeds(&["audit", "export", "--format", "csv", "--action", "contacts.import"]);
    assert_eq!(part.lines().collect::<Vec<_>>(), [lines[0], lines[4]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bar_is_drawn_where_standard_error_is_no_terminal() {
    let home = Home::made("piped", "").await;
    home.write("people.csv", FILE);
    for words in [
        &["contacts", "import", "people.csv"][..],
        &["audit", "export", "--output", "log.jsonl"],
        &["audit", "export", "--action", "contacts.import"],
        &["audit", "export", "--format", "bundle", "--output", "bundle"],
        &["audit", "verify"],
        &["policy", "export", "mine"],
        &["policy", "backtest", "mine"],
    ] {
        let ran = home.run(words);
        // What is logged is a line of JSON.
        let drawn = ran.err.lines().filter(|line| !line.starts_with('{')).count();
        assert_eq!((ran.code, drawn), (0, 0), "{words:?}: {ran:?}");
        assert!(!ran.out.contains('\u{2588}'), "{words:?}: {ran:?}");
    }
}

/// The most memory that a process ever had, in MiB.
fn most_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_written_out_page_by_page_however_long_it_is() {
    const ENTRIES: usize = 40_000;
    /// What forty thousand entries may take beside the first pages, in MiB. Their lines are 32 MB.
    const GROWTH_MIB_MAX: u64 = 16;
    let database = TestDatabase::make().await;
    let home = Home::with_config("long", "").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    database
        .raw(&format!(
            "insert into audit_event (tenant_id, audit_id, writer_id, writer_seq, at, actor_kind, action, object, outcome, canon, leaf)
             select tenant_id, gen_random_uuid(), gen_random_uuid(), 1, at, actor_kind, 'test.long', object, outcome, canon, leaf
               from (select * from audit_event limit 1) one, generate_series(1, {ENTRIES})"
        ))
        .await;
    let mut child = home.command(&["audit", "export", "--action", "test.long"]).stdout(std::process::Stdio::piped()).spawn().expect("start");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    // The pipe holds little: the program is about as far as its reader.
    let mut read = |count: usize| assert_eq!(lines.by_ref().take(count).map(|line| line.expect("a line")).filter(|line| line.starts_with('{')).count(), count);
    read(1_000);
    let before = most_mib(child.id());
    read(ENTRIES - 2_000);
    let grown = most_mib(child.id()).saturating_sub(before);
    read(1_000);
    assert!(grown <= GROWTH_MIB_MAX, "{grown} MiB beside {before}");
    assert_eq!(lines.count(), 0);
    assert!(child.wait().expect("end").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn personal_details_are_erased_on_demand_and_again_after_a_restart() {
    let home = Home::made("erase", "").await;
    assert_eq!(std::fs::metadata(home.path("data/keys/data.key")).expect("made at the first start").len(), 32);
    let log = home.succeeds(&["audit", "export"]);
    let first: serde_json::Value = serde_json::from_str(log.lines().next().expect("an entry")).expect("JSON");
    let canon: serde_json::Value = serde_json::from_str(first["canon"].as_str().expect("canon")).expect("JSON");
    assert_eq!(canon["sealed"].as_str().map(str::len), Some(64), "the owner's address is sealed: {canon}");
    assert!(!log.contains("owner@"), "{log}");
    let owner = canon["detail"]["owner"].as_str().expect("owner").to_owned();

    home.refused(&["audit", "erase", &owner], &["this cannot be undone; run it again with `--yes`"]);
    home.refused(&["audit", "erase", "contact_01h2xcejqtf2nbrexx3vqjhp41", "--yes"], &["no such personal details"]);
    assert_eq!(home.run(&["audit", "erase", "owner@example.org", "--yes"]).code, 2, "an address is nobody's id");
    assert!(home.succeeds(&["audit", "erase", &owner, "--yes"]).contains("can no longer be read"));
    assert!(home.succeeds(&["audit", "erase", &owner, "--yes"]).contains("were erased before"));
    assert!(home.succeeds(&["audit", "verify"]).contains("All is as it was signed."));

    // Without its key Steward does not start: what it would write could never be read.
    std::fs::rename(home.path("data/keys/data.key"), home.path("data.key")).expect("away");
    home.refused(&["work"], &["there is no data key in"]);
    std::fs::rename(home.path("data.key"), home.path("data/keys/data.key")).expect("back");
}

/// What an installation seals and opens with.
fn office_of(home: &Home) -> Office {
    let key: [u8; 32] = std::fs::read(home.path("data/keys/data.key")).expect("the data key").try_into().expect("32 bytes");
    Office::new(Clock::System, Ids::System).sealing(Personal::new(DataKey::from_secret(&key).expect("a key"), home.path("data/audit")))
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_exported_after_somebody_was_erased_is_as_it_was_signed_and_has_nothing_of_them() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("forgotten", "").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    let office = office_of(&home);
    let tenant = database.app.all_tenants().await.expect("tenants")[0].tenant;
    let owner = people::actor_of_person(&database.app, tenant, "owner@localhost").await.expect("the owner");
    let grants = vec![Grant { role: Role::Support, workspace: None }];
    let invitation = Invitation { email: "quintessa@guests.example".to_owned(), display_name: "Quintessa Oddly".to_owned(), grants };
    let mut tx = database.app.begin(&owner).await.expect("tx");
    let person = people::invite(&mut tx, &office, &invitation).await.expect("invited").person.to_string();
    tx.commit().await.expect("commit");

    let export = |form: &str, output: &str| home.succeeds(&["audit", "export", "--format", form, "--output", output]);
    export("bundle", "before");
    let log = home.succeeds(&["audit", "export"]);
    let entries: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect();
    let invited = entries.iter().find(|entry| entry["action"] == "person.invite").expect("the invitation is on record");
    let invited: AuditId = invited["audit_id"].as_str().expect("an id").parse().expect("an id");
    let details = async || {
        let mut tx = database.app.begin(&owner).await.expect("tx");
        opened(&mut tx, &office, &[invited]).await.expect("read").remove(&invited)
    };
    // Until then whoever may read the log reads who it was.
    let said = details().await;
    assert!(matches!(&said, Some(Opened::Details(said)) if said["email"] == "quintessa@guests.example"), "{said:?}");

    home.refused(&["audit", "erase", &person], &["this cannot be undone"]);
    assert!(home.succeeds(&["audit", "erase", &person, "--yes"]).contains("can no longer be read"));
    let said = details().await;
    assert!(matches!(said, Some(Opened::Erased(_))), "{said:?}");

    assert!(home.succeeds(&["audit", "verify"]).contains("All is as it was signed."), "the database itself");
    export("bundle", "after");
    export("jsonl", "after.jsonl");
    export("csv", "after.csv");
    // A stranger holds what is exported now against what was signed before; and what was exported before has not become wrong.
    let key = home.succeeds(&["audit", "key"]);
    let stranger = Home::empty("stranger");
    let paths = ["before", "after", "before/checkpoints"].map(|path| home.path(path).display().to_string());
    let [before, after, signed] = paths.each_ref().map(String::as_str);
    for words in [&["audit", "verify", after, "--key", key.trim(), "--checkpoint", signed][..], &["audit", "verify", before, "--key", key.trim()]] {
        assert!(stranger.succeeds(words).contains("All is as it was signed."), "{words:?}");
    }

    let mut exported = files(&home.path("after"));
    exported.extend([home.path("after.jsonl"), home.path("after.csv")]);
    let all: Vec<String> = exported.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("a file")).to_lowercase()).collect();
    for (path, text) in exported.iter().zip(&all) {
        for word in ["quintessa", "oddly", "guests.example"] {
            assert!(!text.contains(word), "`{word}` in {}", path.display());
        }
    }
    // Ids, actions and times stay: whose details went is on record.
    for lines in all.iter().rev().take(2) {
        assert!(lines.lines().any(|line| line.contains("personal.erase") && line.contains(&person)), "{lines}");
        assert!(lines.lines().any(|line| line.contains("person.invite") && line.contains(&invited.to_string())), "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::made("pipe", "").await;
    let mut child = home.command(&["doctor", "--json"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("start");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("end");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_checked_by_a_stranger_with_nothing_but_a_key() {
    let home = Home::made("verify", "").await;
    home.write("people.csv", FILE);
    home.succeeds(&["contacts", "import", "people.csv"]);
    let key = home.succeeds(&["audit", "key"]);
    home.write("key.txt", &key);
    home.refused(&["audit", "export", "--format", "bundle"], &["name it with `--output DIR`"]);
    assert!(home.succeeds(&["audit", "export", "--format", "bundle", "--output", "bundle"]).contains("4 entries with their checkpoints in `bundle`"));
    assert!(home.succeeds(&["audit", "verify"]).contains("All is as it was signed."), "the database itself");

    // A stranger: an empty place, no configuration, no database.
    let stranger = Home::empty("stranger");
    let bundle = home.path("bundle").display().to_string();
    let nothing = stranger.run(&["audit", "verify", &bundle]);
    assert_eq!((nothing.code, nothing.out.as_str()), (2, ""), "{nothing:?}");
    assert!(nothing.err.contains("say with which key to check"), "{nothing:?}");
    let nowhere = stranger.run(&["audit", "verify", "nowhere", "--key", key.trim()]);
    assert!(nowhere.code == 2 && nowhere.err.contains("`nowhere` holds no checkpoint that is signed with the key"), "{nowhere:?}");
    let clean = stranger.json(&["audit", "verify", &bundle, "--key", &home.path("key.txt").display().to_string(), "--json"]);
    assert_eq!((clean["ok"].as_bool(), clean["entries"].as_u64()), (Some(true), Some(4)), "{clean}");

    let entries = home.path("bundle/tile/entries/000.p/4");
    let mut bytes = std::fs::read(&entries).expect("entries");
    let at = bytes.windows(15).rposition(|part| part == b"contacts.import").expect("the import");
    bytes[at] = b'C';
    std::fs::write(&entries, bytes).expect("write");
    let tampered = stranger.run(&["audit", "verify", &bundle, "--key", key.trim()]);
    assert!(tampered.code == 1 && tampered.out.contains("TAMPERED: entry 3 was changed"), "{tampered:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_are_copied_to_where_the_configuration_says_and_the_check_looks_there() {
    let database = TestDatabase::make().await;
    let home = Home::empty("copies").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.write("steward.toml", &format!("[audit]\ncopies_dir = \"{}\"\n", home.path("elsewhere").display()));
    home.write("elsewhere/copies-of-steward", "");
    let copies = || -> Vec<PathBuf> {
        let inside = |dir: PathBuf| std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
        inside(home.path("elsewhere")).flat_map(|log| inside(log.join("checkpoints"))).collect()
    };
    let up = home.up(&[]);
    until("a checkpoint in the second place", || !copies().is_empty());
    up.stop();
    assert!(home.succeeds(&["audit", "verify"]).contains("All is as it was signed."));

    // What lies there is held against the database: a root that was never signed is found.
    let copy = copies().pop().expect("a copy");
    let note = std::fs::read_to_string(&copy).expect("a checkpoint");
    let mut lines: Vec<String> = note.split('\n').map(str::to_owned).collect();
    let other = if lines[2].starts_with('A') { "B" } else { "A" };
    lines[2].replace_range(..1, other);
    std::fs::write(&copy, lines.join("\n")).expect("write");
    let tampered = home.run(&["audit", "verify"]);
    assert!(tampered.code == 1 && tampered.out.contains("does not count"), "{tampered:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_of_a_prompt_are_compared_and_moves_of_its_labels_listed() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("prompts", "").set("STEWARD_DATABASE__URL", &database.superuser_url);
    home.up(&[]).stop();
    home.refused(&["prompt", "diff", "assistant@1", "assistant@99"], &["`assistant` has versions 1, 2"]);
    home.refused(&["prompt", "diff", "assistant", "assistant@1"], &["`assistant` names no prompt"]);
    home.refused(&["prompt", "history", "nobody"], &["there is no prompt `nobody`; prompts are: assistant"]);

    assert!(home.succeeds(&["prompt", "diff", "assistant@2", "assistant@production"]).contains("The texts are the same."));
    let shown = home.succeeds(&["prompt", "diff", "assistant@1", "assistant@2"]);
    let found = home.json(&["prompt", "diff", "assistant@1", "assistant@2", "--json"]);
    assert_eq!((&found["from"], &found["to"]), (&json!({ "name": "assistant", "version": 1 }), &json!({ "name": "assistant", "version": 2 })));
    let lines = found["lines"].as_array().expect("lines");
    assert!(!lines.is_empty());
    let [first, second] = [1, 2].map(|version| home.succeeds(&["prompt", "show", &format!("assistant@{version}")]));
    let has = |text: &str, line: &str| text.lines().any(|one| one == line);
    for line in lines {
        let text = line["text"].as_str().expect("a text");
        let is_added = line["change"] == "added";
        assert!(has(if is_added { &second } else { &first }, text), "{line}");
        assert!(has(&shown, &format!("{} {text}", if is_added { "+" } else { "-" })), "{line} in {shown}");
    }
    let back = home.json(&["prompt", "diff", "assistant@2", "assistant@1", "--json"]);
    assert_eq!(back["lines"].as_array().map(Vec::len), Some(lines.len()), "the other way round it is as much");

    // The files moved it twice; what is only proposed is no move, and what was approved stands first.
    let history = || home.json(&["prompt", "history", "--json"])["items"].as_array().cloned().expect("moves");
    let of_files = [(2, "2026-11-29"), (1, "2026-11-24")].map(|(version, at)| (json!(version), json!(at), json!("files")));
    let told = |moves: &[serde_json::Value]| moves.iter().map(|one| (one["version"].clone(), one["at"].clone(), one["by"].clone())).collect::<Vec<_>>();
    assert_eq!(told(&history()), of_files);
    let office = office_of(&home);
    two_people(&database, &office).await;
    let said = home.succeeds(&["prompt", "label", "assistant", "production", "1", "--reason", "It was shorter.", "--as", "ben@localhost"]);
    let id = said.split_whitespace().find(|word| word.starts_with("change_")).expect("an id").to_owned();
    assert_eq!(told(&history()), of_files);
    let digest = home.json(&["changes", "show", &id, "--json"])["content_digest"].as_str().expect("a digest").to_owned();
    let approved = fed(home.command(&["changes", "approve", &id, "--digest", &digest]), &format!("{PASSWORD}\n"));
    assert!(approved.code == 0, "{approved:?}");
    let moves = history();
    assert_eq!((moves.len(), &moves[0]["version"], &moves[0]["by"], &moves[0]["why"]), (3, &json!(1), &json!(id), &json!("It was shorter.")));
    assert_eq!(told(&moves[1..]), of_files);
    let shown = home.succeeds(&["prompt", "history", "assistant"]);
    let first = shown.lines().nth(1).expect("a row");
    assert!(first.contains("assistant@production") && first.contains(&id) && first.contains("It was shorter."), "{shown}");
}
