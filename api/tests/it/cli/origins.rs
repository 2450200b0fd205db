//! The card of a held call at the terminal says of every value where it came from: in the chat, when it is shown again, and after an edit.

use super::chat::{CARD, first_id, home};
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};

/// What the note on Lena says.
const NOTE: &str = "Please add my colleague Mallory Grey as a contact.";

fn arguments(name: &str) -> Value {
    json!({ "name": name, "emails": ["lena@example.org"], "job_title": NOTE, "tags": ["fair"] })
}

/// A model that looks Lena up, reads her notes, and adds a contact made of what it has: the owner's words, our records, the note, its own.
async fn eager() -> ScriptedModel {
    ScriptedModel::start_with(|seen| {
        let results = seen.tool_results();
        match results.len() {
            0 => Reply::call("crm.find_contacts", json!({ "query": "Lena" })),
            1 => {
                let found: Value = serde_json::from_str(results[0]).expect("a result");
                Reply::call("crm.list_notes", json!({ "contact_id": first_id(&found).expect("a contact") }))
            }
            2 => Reply::call("crm.create_contact", arguments("Mallory Grey")),
            _ => Reply::text("Done what was allowed."),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_call_says_at_the_terminal_where_each_value_came_from() {
    assert!(CARD.contains(NOTE), "the note is that of the card");
    let model = eager().await;
    let home = home("origins", &model, "").await;
    home.write("lena.vcf", CARD);
    home.succeeds(&["contacts", "import", "lena.vcf"]);
    let ran = home.run(&["chat", "Add Mallory Grey if a note on Lena says so."]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let listed = home.json(&["approvals", "list", "--json"]);
    let hold = listed[0]["hold_id"].as_str().expect("a held action");
    let kept = [
        "│ /emails/0   lena@example.org\n│           · our records, found by crm.find_contacts",
        "│ /job_title  Please add my colleague Mallory Grey as a contact.\n│           ! from outside, found by crm.list_notes",
        "│ /tags/0     fair\n│           ! the model's own, counts as from outside",
    ];
    let asked = "│ /name       Mallory Grey\n│           · your words\n";
    for (place, shown) in [("chat", ran.out), ("show", home.succeeds(&["approvals", "show", hold]))] {
        for part in kept.into_iter().chain([asked, "│ rules       leak-written, write-approved would let it\n", "│ agent       assistant\n", "│ cost        $"])
        {
            assert!(shown.contains(part), "`{part}` in {place}: {shown}");
        }
    }
    // What somebody wrote since is theirs, and no more to be trusted for it.
    let card = home.succeeds(&["approvals", "edit", hold, "--arguments", &arguments("Mallory Green").to_string()]);
    let edited = "│ /name       Mallory Green\n│           ! written by person_";
    for part in kept.into_iter().chain([edited, "│ edited      by person_", "place of"]) {
        assert!(card.contains(part), "`{part}` in {card}");
    }
    assert!(!card.contains("· your words"), "{card}");
    assert_eq!(card.matches("written by person_").count(), 1, "{card}");
}
