//! Records from the terminal: contacts in, audit log and actions out.

use super::Home;

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
    assert!(preview.contains("Would make 2 contacts and 1 companies") && preview.contains("Nothing is changed yet"), "{preview}");
    let done = home.json(&["contacts", "import", "people.csv", "--json"]);
    assert_eq!((done["created"].as_u64(), done["companies_created"].as_u64()), (Some(2), Some(1)), "{done}");
    let again = home.succeeds(&["contacts", "import", "people.csv"]);
    assert!(again.contains("Made 0 contacts and 0 companies, added to 0, left 2 as they were"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_exported_whole() {
    let home = Home::made("audit", "").await;
    home.write("people.csv", FILE);
    home.succeeds(&["contacts", "import", "people.csv"]);
    let out = home.succeeds(&["audit", "export"]);
    let entries: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect();
    let actions: Vec<&str> = entries.iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["organisation.create", "contacts.import"]);
    for entry in &entries {
        let canon: serde_json::Value = serde_json::from_str(entry["canon"].as_str().expect("canon")).expect("canonical JSON");
        assert_eq!(canon["action"], entry["action"]);
        assert_eq!(entry["leaf"].as_str().map(str::len), Some(64));
    }
    assert!(home.succeeds(&["audit", "export", "--output", "log.jsonl"]).contains("2 entries in `log.jsonl`."));
    home.refused(&["audit", "export", "--output", "log.jsonl"], &["`log.jsonl` cannot be made"]);
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
