//! What colleagues do to a record while a change of it waits: whoever approves it was not shown that, and what they approve undoes none of it.

use super::edits::{edits, waits};
use super::holds::says_yes;
use super::*;
use serde_json::{Value, json};
use steward_agent::edit::{Judges, edit, look};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{ContactId, Floor, HasKind as _, Integrity, Kind};
use steward_host::office::{ContactPatch as Asks, Office};
use steward_office::crm::{self, CompanyPatch, CompanyQuery, Contact, ContactPatch, Point, Stood};
use steward_office::holds::card;
use steward_store::testing::TestDatabase;
use steward_store::{Store, StoreOptions};

/// Hold changes of contacts and companies for an owner.
const HOLD_CHANGES: [&str; 2] = [
    r#"
@id("test-changes-ask") @reason("Changes of contacts ask the owner in this test.")
forbid (principal, action == Action::"crm.update_contact", resource)
unless { context.approvals.roles.contains(Role::"owner") };
"#,
    r#"
@id("test-companies-ask") @reason("Changes of companies ask the owner in this test.")
forbid (principal, action == Action::"crm.update_company", resource)
unless { context.approvals.roles.contains(Role::"owner") };
"#,
];

/// A model that makes a record and changes it, and then says what came of that.
async fn maker(make: (&'static str, Value), change: (&'static str, &'static str, Value)) -> ScriptedModel {
    ScriptedModel::start_with(move |seen| {
        let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        match results.as_slice() {
            [] => Reply::call(make.0, make.1.clone()),
            [made] => {
                let (tool, id, mut wanted) = change.clone();
                wanted[id] = made["ok"]["id"].clone();
                Reply::call(tool, wanted)
            }
            [.., said] => Reply::text(said.to_string()),
        }
    })
    .await
}

/// A change of Lena's record that waits.
struct Waits {
    _model: ScriptedModel,
    world: World,
    run: RunId,
    contact: ContactId,
    card: HoldRow,
}

impl Waits {
    async fn with(change: Value) -> Self {
        let lena = json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"], "job_title": "Buyer" });
        let model = maker(("crm.create_contact", lena), ("crm.update_contact", "contact_id", change)).await;
        let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &HOLD_CHANGES).await;
        let run = world.say("Add Lena Petrova, lena@partner.example, a buyer, and also her address lena@new.example; she is a partner").await;
        assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
        let card = waiting(&world).await.pop().expect("one held action");
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        let contact = crm::find_contacts_by_email(&mut tx, None, "lena@partner.example").await.expect("found")[0].contact_id;
        drop(tx);
        Self { _model: model, world, run, contact, card }
    }

    async fn contact(&self) -> Contact {
        let mut tx = self.world.db.app.begin(&self.world.owner).await.expect("begin");
        crm::get_contact(&mut tx, self.contact).await.expect("contact")
    }

    /// Somebody changes the record in the web.
    async fn meanwhile(&self, patch: &ContactPatch) -> Contact {
        let version = self.contact().await.version;
        let mut tx = self.world.db.app.begin(&self.world.owner).await.expect("begin");
        let changed = crm::update_contact(&mut tx, &self.world.runtime.office, self.contact, version, patch, Integrity::Owner).await.expect("changed");
        tx.commit().await.expect("commit");
        changed
    }

    /// What the run says once this card is approved.
    async fn approved(&self, card: &HoldRow) -> String {
        says_yes(&self.world, &self.world.owner, card).await.expect("approve");
        assert_eq!(settle(&self.world).await, Some(RunStatus::Ended));
        reply(&self.world, self.run).await.expect("a reply")
    }
}

fn list(values: &[&str]) -> Option<Vec<Point>> {
    Some(values.iter().copied().map(Point::new).collect())
}

fn addresses(contact: &Contact) -> Vec<&str> {
    contact.emails.iter().map(|point| point.value.as_str()).collect()
}

#[tokio::test]
async fn an_approved_change_undoes_nothing_that_came_after_its_card() {
    let emails = json!({ "emails": ["lena@partner.example", "lena@new.example"] });
    let cases = [
        (
            emails.clone(),
            ContactPatch { emails: list(&["lena@partner.example", "lena@private.example"]), ..ContactPatch::default() },
            "`emails` would take away `lena@private.example`",
        ),
        // She has left, and the address is not hers any more.
        (emails, ContactPatch { emails: list(&[]), ..ContactPatch::default() }, "`emails` would bring back `lena@partner.example`"),
        (json!({ "phones": [] }), ContactPatch { phones: list(&["+1 555 010 0001"]), ..ContactPatch::default() }, "`phones` would take away `+1 555 010 0001`"),
        (
            json!({ "tags": ["partner"] }),
            ContactPatch { tags: Some(vec!["do not call".to_owned()]), ..ContactPatch::default() },
            "`tags` would take away `do not call`",
        ),
        (
            json!({ "job_title": "Partner" }),
            ContactPatch { job_title: Some("Head of purchasing".to_owned()), ..ContactPatch::default() },
            "`job_title` would take away `Head of purchasing`",
        ),
    ];
    for (change, patch, expect) in cases {
        let waits = Waits::with(change).await;
        let before = waits.meanwhile(&patch).await;
        let said = waits.approved(&waits.card).await;
        assert!(said.contains(expect) && said.contains("read it again"), "{said}");
        assert_eq!(waits.contact().await, before);
        assert_eq!(waits.world.db.number("select count(*) from hold where state = 'failed'").await, 1);
    }
}

#[tokio::test]
async fn a_change_of_a_company_undoes_nothing_that_came_after_its_card() {
    let change = json!({ "website": "https://partner.example" });
    let model = maker(("crm.create_company", json!({ "name": "Partner Ltd" })), ("crm.update_company", "company_id", change)).await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &HOLD_CHANGES).await;
    let run = world.say("Add the company Partner Ltd, and its web site https://partner.example").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let card = waiting(&world).await.pop().expect("one held action");
    let query = CompanyQuery { text: "Partner".to_owned(), workspace: None };
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let company = crm::find_companies(&mut tx, &query, &Page::first()).await.expect("found").items.remove(0);
    let patch = CompanyPatch { website: Some("https://partner-group.example".to_owned()), ..CompanyPatch::default() };
    let before = crm::update_company(&mut tx, &world.runtime.office, company.company_id, company.version, &patch, Integrity::Owner).await.expect("changed");
    tx.commit().await.expect("commit");
    says_yes(&world, &world.owner, &card).await.expect("approve");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let said = reply(&world, run).await.expect("a reply");
    assert!(said.contains("`website` would take away `https://partner-group.example`"), "{said}");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    assert_eq!(crm::get_company(&mut tx, company.company_id).await.expect("company"), before);
}

#[tokio::test]
async fn what_others_changed_beside_it_stays_and_the_approved_change_is_made() {
    let waits = Waits::with(json!({ "emails": ["lena@partner.example", "lena@new.example"] })).await;
    // Another field, a label, and the very address that waits.
    let labelled = Point { value: "lena@partner.example".to_owned(), label: Some("work".to_owned()) };
    let emails = Some(vec![labelled, Point::new("LENA@new.example")]);
    waits.meanwhile(&ContactPatch { emails, job_title: Some("Head of purchasing".to_owned()), ..ContactPatch::default() }).await;
    let said = waits.approved(&waits.card).await;
    assert!(said.contains("\"ok\""), "{said}");
    let now = waits.contact().await;
    assert_eq!(addresses(&now), ["lena@partner.example", "lena@new.example"]);
    assert_eq!((now.emails[0].label.as_deref(), now.job_title.as_deref()), (Some("work"), Some("Head of purchasing")));
    assert_eq!(waits.world.db.number("select count(*) from hold where state = 'done'").await, 1);
}

#[tokio::test]
async fn a_card_that_was_edited_since_is_held_to_what_it_showed_itself() {
    let waiting = Waits::with(json!({ "emails": ["lena@partner.example", "lena@new.example"] })).await;
    waiting.meanwhile(&ContactPatch { emails: list(&["lena@partner.example", "lena@private.example"]), ..ContactPatch::default() }).await;
    // Whoever edits it sees the new address on the next card, and gives it too or not.
    let all = json!(["lena@new.example", "lena@partner.example"]);
    let next = waits(edits(&waiting.world, &waiting.world.owner, &waiting.card, |arguments| arguments["emails"] = all.clone()).await.expect("edit"));
    assert!(next.preview.as_deref().is_some_and(|card| card.contains("lena@private.example")), "{:?}", next.preview);
    let said = waiting.approved(&next).await;
    assert!(said.contains("\"ok\""), "{said}");
    assert_eq!(addresses(&waiting.contact().await), ["lena@new.example", "lena@partner.example"]);
}

#[tokio::test]
async fn how_records_stood_is_read_before_a_call_is_said_to_have_begun() {
    let waits = Waits::with(json!({ "emails": ["lena@partner.example", "lena@new.example"] })).await;
    // From when the call is claimed on, its card cannot be read. The name comes behind that of the trigger that watches over states.
    let raw = "create function zz_garbles() returns trigger language plpgsql as $$ begin new.preview := '[]'; return new; end $$;
               create trigger zz_garbles before update on hold for each row when (new.state = 'claimed') execute function zz_garbles()";
    waits.world.db.raw(raw).await;
    let said = waits.approved(&waits.card).await;
    assert!(said.contains("\"ok\""), "{said}");
    assert_eq!(addresses(&waits.contact().await), ["lena@partner.example", "lena@new.example"]);
    assert_eq!(waits.world.db.number("select count(*) from hold where state = 'done'").await, 1);
}

#[tokio::test]
async fn an_edit_asks_its_tool_and_notes_how_records_stand_without_another_connection() {
    let waiting = Waits::with(json!({ "emails": ["lena@partner.example", "lena@new.example"] })).await;
    let runtime = &waiting.world.runtime;
    // As if everybody else who edits had one each and waited for a second.
    let options = StoreOptions { connections_max: 1, acquire_timeout_ms: 200, ..StoreOptions::new(waiting.world.db.app_url.clone()) };
    let store = Store::connect(&options).await.expect("a store of one connection");
    let rules = runtime.rules.base();
    let judges = Judges { office: &runtime.office, store: &store, host: &runtime.host, rules: &rules, agents: &runtime.agents, approvals: &runtime.approvals };
    let envelope: Value = serde_json::from_str(&waiting.card.envelope).expect("envelope");
    let mut arguments = envelope["arguments"].clone();
    arguments["emails"] = json!(["lena@new.example"]);
    let looked = look(&waiting.world.owner, &judges, waiting.card.hold_id, arguments).await;
    let mut tx = store.begin(&waiting.world.owner).await.expect("begin");
    let next = waits(edit(&mut tx, &judges, looked).await.expect("edited"));
    tx.commit().await.expect("commit");
    assert!(!card::stood(&next).expect("a card").is_empty(), "{:?}", next.preview);
    // What the tool says has the name of the contact, which it read in the office.
    let said = card::said(&next).expect("a card").expect("the tool says something");
    assert_eq!(said["title"], "Changes the contact Lena Petrova", "{said}");
}

#[tokio::test]
async fn what_changed_between_the_look_and_the_edit_is_found_on_the_card_and_two_edits_are_one() {
    let waiting = Waits::with(json!({ "emails": ["lena@partner.example", "lena@new.example"] })).await;
    let runtime = &waiting.world.runtime;
    let (owner, store, rules) = (&waiting.world.owner, &waiting.world.db.app, runtime.rules.base());
    let judges = Judges { office: &runtime.office, store, host: &runtime.host, rules: &rules, agents: &runtime.agents, approvals: &runtime.approvals };
    let envelope: Value = serde_json::from_str(&waiting.card.envelope).expect("envelope");
    let mut arguments = envelope["arguments"].clone();
    arguments["emails"] = json!(["lena@new.example"]);
    let first = look(owner, &judges, waiting.card.hold_id, arguments.clone()).await;
    let second = look(owner, &judges, waiting.card.hold_id, arguments).await;
    // Nobody was shown this: it is not taken away by what is approved on the card.
    waiting.meanwhile(&ContactPatch { emails: list(&["lena@partner.example", "lena@private.example"]), ..ContactPatch::default() }).await;
    let mut tx = store.begin(owner).await.expect("begin");
    let next = waits(edit(&mut tx, &judges, first).await.expect("edited"));
    tx.commit().await.expect("commit");
    let mut tx = store.begin(owner).await.expect("begin");
    let again = edit(&mut tx, &judges, second).await.expect_err("it waits no longer");
    assert_eq!(again.kind(), Kind::Conflict, "{again}");
    drop(tx);
    let said = waiting.approved(&next).await;
    assert!(said.contains("`emails` would take away `lena@private.example`"), "{said}");
}

/// Sets the addresses of a contact as the plugin of one call does, in this change of it.
async fn sets(hands: &dyn Office, contact: ContactId, ordinal: u32, emails: &[&str]) -> Result<Vec<String>, String> {
    let patch = Asks { emails: Some(emails.iter().map(|email| (*email).to_owned()).collect()), ..Asks::default() };
    let changed = hands.update_contact("one-call", ordinal, &contact.to_string(), &patch, Floor::CLEAN).await;
    changed.map(|contact| contact.emails).map_err(|err| err.to_string())
}

#[tokio::test]
async fn a_call_is_not_refused_for_what_it_changed_itself_and_is_for_what_others_did() {
    let waits = Waits::with(json!({ "emails": ["lena@partner.example", "lena@new.example"] })).await;
    let (world, contact) = (&waits.world, waits.contact);
    let mut stood = Stood::default();
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    stood.note_contact(&mut tx, contact).await.expect("noted");
    drop(tx);
    waits.meanwhile(&ContactPatch { tags: Some(vec!["do not call".to_owned()]), ..ContactPatch::default() }).await;
    let hands = world.hands(waits.run, stood.clone());
    let (first, second) = (["lena@partner.example", "lena@new.example"], ["lena@partner.example", "lena@other.example"]);
    assert_eq!(sets(&*hands, contact, 0, &first).await.expect("the first change"), first);
    assert_eq!(sets(&*hands, contact, 1, &second).await.expect("it takes back its own"), second);
    // Taken up again by another process, which finds both and makes a third.
    let hands = world.hands(waits.run, stood);
    assert_eq!(sets(&*hands, contact, 0, &first).await.expect("found"), first);
    assert_eq!(sets(&*hands, contact, 1, &second).await.expect("found"), second);
    assert_eq!(sets(&*hands, contact, 2, &first).await.expect("the third change"), first);
    // What others did to a field that the call left alone is not taken for its own, and neither is what they did since.
    let no_tags = Asks { tags: Some(Vec::new()), ..Asks::default() };
    let refused = hands.update_contact("one-call", 3, &contact.to_string(), &no_tags, Floor::CLEAN).await.expect_err("somebody's tag").to_string();
    assert!(refused.contains("`tags` would take away `do not call`") && refused.contains("nothing of this change was made"), "{refused}");
    waits.meanwhile(&ContactPatch { emails: list(&["lena@partner.example", "lena@new.example", "lena@private.example"]), ..ContactPatch::default() }).await;
    let refused = sets(&*hands, contact, 4, &second).await.expect_err("somebody's address");
    assert!(refused.contains("`emails` would take away `lena@private.example`"), "{refused}");
}
