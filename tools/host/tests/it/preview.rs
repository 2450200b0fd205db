//! What a call would do, asked of the tool's own code: it changes nothing, whatever the code tries.

use crate::support::{context, host, options, tenant};
use serde_json::{Value, json};
use std::sync::Arc;
use steward_host::testing::{MemoryOffice, Seed};
use steward_host::{Host, Preview};

fn office() -> Arc<MemoryOffice> {
    let seed = json!({
        "contacts": [{ "id": "contact_1", "name": "Lena Vogt", "emails": ["lena@nordlicht.example"], "tags": ["vip"] }],
        "companies": [{ "id": "company_1", "name": "Nordlicht" }],
    });
    Arc::new(MemoryOffice::new(serde_json::from_value::<Seed>(seed).expect("seed")))
}

async fn preview(host: &Host, office: &Arc<MemoryOffice>, tool: &str, arguments: Value) -> Option<Preview> {
    let arguments = host.tool(tool).expect("tool").check_arguments(&arguments).expect("arguments");
    host.preview(tenant(1), tool, &arguments, context("key"), Arc::clone(office) as _).await
}

#[tokio::test]
async fn nothing_is_changed_while_a_tool_says_what_it_would_do() {
    let (host, office) = (host(options()), office());
    let tried = preview(&host, &office, "hostile.write_twice", json!({})).await.expect("a preview");
    assert_eq!((tried.title.as_str(), tried.lines.len()), ("", 0));
    assert!(tried.failed.expect("refused").contains("may not do this"));
    assert_eq!(office.note_count(), 0);

    let endless = preview(&host, &office, "hostile.write_then_spin", json!({})).await.expect("a preview");
    // Which bound it meets first is the machine's.
    let ended = endless.failed.expect("ended");
    assert!(ended.starts_with("the tool took longer than it may") || ended.starts_with("the tool computed more than it may"), "{ended}");
    assert_eq!(office.note_count(), 0);

    let boast = preview(&host, &office, "hostile.write_and_boast", json!({})).await.expect("a preview");
    // Larger than a result may be, so the engine ends it; nothing of it is shown.
    assert!(boast.failed.expect("ended").contains("more than 256 KiB"), "an answer has its bound");
}

#[tokio::test]
async fn a_card_has_what_stands_there_beside_what_would() {
    let (host, office) = (host(options()), office());
    let change = json!({ "contact_id": "contact_1", "name": "Lena Vogt", "emails": ["lena@other.example"], "job_title": "Buyer", "company_id": "company_1", "tags": [] });
    let shown = preview(&host, &office, "crm.update_contact", change).await.expect("a preview");
    assert_eq!((shown.title.as_str(), &shown.failed), ("Changes the contact Lena Vogt", &None));
    let lines: Vec<(&str, Option<&str>, Option<&str>)> =
        shown.lines.iter().map(|line| (line.label.as_str(), line.before.as_deref(), line.after.as_deref())).collect();
    assert_eq!(
        lines,
        [
            ("e-mail addresses", Some("lena@nordlicht.example"), Some("lena@other.example")),
            ("company", None, Some("Nordlicht")),
            ("job title", None, Some("Buyer")),
            ("tags", Some("vip"), None),
        ],
        "what stays as it is is not there"
    );

    let new = json!({ "name": "Max Roth", "emails": ["max@other.example"], "company_id": "company_1" });
    let made = preview(&host, &office, "crm.create_contact", new).await.expect("a preview");
    assert_eq!((made.title.as_str(), made.lines.len()), ("Adds the contact Max Roth", 2));
    assert_eq!(made.lines.last().and_then(|line| line.after.as_deref()), Some("Nordlicht"));

    let note = preview(&host, &office, "crm.add_note", json!({ "contact_id": "contact_1", "text": "Met\u{202e} at the fair.\n\u{1b}[31mred" }))
        .await
        .expect("a preview");
    assert_eq!(note.title, "Adds a note to the contact Lena Vogt");
    let after = note.lines.first().and_then(|line| line.after.clone()).expect("the note");
    assert!(after.contains("at the fair.") && !after.contains(['\u{1b}', '\u{202e}']), "{after:?}");

    let gone = preview(&host, &office, "crm.add_note", json!({ "contact_id": "contact_9", "text": "x" })).await.expect("a preview");
    assert_eq!(gone.failed.as_deref(), Some("there is no such record"), "who decides learns that it would come to nothing");
}

#[tokio::test]
async fn a_tool_without_a_preview_has_none() {
    let (host, office) = (host(options()), office());
    assert_eq!(preview(&host, &office, "crm.create_company", json!({ "name": "Max" })).await, None);
    assert_eq!(host.preview(tenant(1), "crm.update_contact", &json!({ "contact_id": 7 }), context("key"), Arc::clone(&office) as _).await, None);
    assert_eq!(host.preview(tenant(1), "crm.no_such_tool", &json!({}), context("key"), office as _).await, None);
}
