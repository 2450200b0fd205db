//! `steward replay`: from the terminal, against a run that a scripted model had.

use super::chat::{CARD, gullible, home};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_replayed_offline_and_the_first_difference_is_named() {
    let model = gullible("Done what was allowed.").await;
    let home = home("replay", &model, "").await;
    home.write("lena.vcf", CARD);
    home.succeeds(&["contacts", "import", "lena.vcf"]);
    let ran = home.run(&["chat", "What do we know about Lena?", "--json"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let run = ran.out.split('"').find(|word| word.starts_with("run_0")).expect("a run").to_owned();
    let asked = model.requests().len();

    let unknown = home.run(&["replay", "run_00000000000000000000000000"]);
    assert!(unknown.code == 2 && unknown.err.contains("no such run"), "{unknown:?}");
    let beyond = home.run(&["replay", &run, "--from", "9"]);
    assert!(beyond.code == 2 && beyond.err.contains("step 9 is none of them"), "{beyond:?}");
    let nowhere = home.run(&["replay", &run, "--model", "nowhere"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("no model `nowhere`"), "{nowhere:?}");

    let same = home.run(&["replay", &run]);
    assert!(same.code == 0 && same.out.contains("3 questions and 3 decisions: all came out the same"), "{same:?}");
    assert_eq!(model.requests().len(), asked, "no model is asked");

    home.succeeds(&["policy", "export", "new"]);
    home.write("new/rules/90-no-notes.cedar", "@id(\"no-notes\") @reason(\"Mine.\")\nforbid (principal, action == Action::\"crm.list_notes\", resource);\n");
    let other = home.run(&["replay", &run, "--policy", "new", "--json"]);
    assert_eq!(other.code, 1, "{other:?}");
    let found: Value = serde_json::from_str(&other.out).expect("JSON");
    let first = &found["differences"][0];
    assert_eq!((first["step"].as_u64(), first["tool"].as_str(), first["field"].as_str()), (Some(2), Some("crm.list_notes"), Some("/verdict")), "{found}");
    let said = home.run(&["replay", &run, "--policy", "new"]);
    assert!(said.out.contains("step 2, event") && said.out.contains("/verdict was \"allow\", is \"block\""), "{said:?}");
}
