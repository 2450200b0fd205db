//! Standing grants that agents ask for: narrow, tried on what is on record, and given by another person or not at all.

use super::working::{HOLD_NOTES, Listening, Working};
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Role, Scope};

const PATH: &str = "/api/v1/changes";

/// A model that makes a contact and wants to note on it; told to `ASK<NAME>`, it asks for the grant of that name.
async fn asking(wishes: fn(&str, &str) -> Value) -> Working {
    let model = ScriptedModel::start_with(move |seen| {
        let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        let said = seen.body.to_string();
        let contact = said.split("contact_").nth(1).map(|rest| format!("contact_{}", rest.chars().take(26).collect::<String>())).unwrap_or_default();
        match (results.len(), said.contains("Make the contact"), said.split("ASK<").nth(1)) {
            (0, true, _) => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            (0, false, Some(name)) => Reply::call("steward.propose_grant", wishes(name.split('>').next().unwrap_or_default(), &contact)),
            (0, false, None) => Reply::call("crm.add_note", json!({ "contact_id": contact, "text": "Called." })),
            _ => Reply::text(format!("It said: {}", results.last().unwrap_or(&Value::Null))),
        }
    })
    .await;
    Working::that_asks(model, &[HOLD_NOTES]).await
}

struct House {
    working: Working,
    owner: SecretString,
    contact: String,
}

impl House {
    async fn make(wishes: fn(&str, &str) -> Value) -> Self {
        let working = asking(wishes).await;
        let owner = working.world.owner().await;
        let mut house = Self { working, owner, contact: String::new() };
        house.say("Make the contact Lena Petrova, lena@partner.example", "run.ended").await;
        let database = &house.working.world.server.database;
        let id = database.texts(&database.superuser_url, "", "select contact_id::text from contact").await.expect("a contact").remove(0);
        house.contact = steward_core::ContactId::from_uuid(id.parse().expect("uuid")).to_string();
        house
    }

    /// Says something and hears of it until this happens.
    async fn say(&self, text: &str, until: &str) -> Vec<super::working::Heard> {
        let (_, run) = self.working.say(&self.owner, text).await;
        Listening::open(self.working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&self.owner)).await.until(until).await
    }

    async fn notes(&self) -> i64 {
        self.working.world.server.database.number("select count(*) from note").await
    }

    async fn waiting(&self) -> Vec<Value> {
        let listed = self.working.ask("GET", format!("{PATH}?kind=grant&state=proposed")).cookie(&self.owner).send().await.expect(200).json();
        listed["items"].as_array().expect("items").clone()
    }
}

fn wish(name: &str, contact: &str) -> Value {
    let named = json!({ "path": "/contact_id", "one_of": [contact] });
    let text = json!({ "path": "/text", "letters_max": 20 });
    let (tool, covers) = match name {
        "elsewhere" => ("mail.send", json!([named])),
        "itself" => ("steward.extract", json!([named])),
        "everything" => ("crm.add_note", json!([text])),
        "twofold" => ("crm.add_note", json!([{ "path": "/contact_id", "one_of": [contact], "letters_max": 9 }, text])),
        "nothing" => ("crm.add_note", json!([{ "path": "/contact_id" }, text])),
        "letter" => ("crm.add_note", json!([named, { "path": "/text", "one_of": ["Called."] }])),
        _ => ("crm.add_note", json!([named, text])),
    };
    let days = if name == "longer" { 8 } else { 7 };
    json!({ "tool": tool, "covers": covers, "uses_max": 2, "days": days, "reason": "You note on Lena after each call." })
}

#[tokio::test]
async fn an_agent_asks_for_what_is_its_own_and_narrow_or_is_told_why_not() {
    let house = House::make(wish).await;
    for name in ["elsewhere", "itself", "everything", "twofold", "nothing"] {
        let heard = house.say(&format!("ASK<{name}> for {}", house.contact), "run.ended").await;
        assert!(heard.iter().any(|event| event.name == "tool.failed"), "{name}: {heard:?}");
    }
    assert_eq!(house.working.world.server.database.number("select count(*) from governance_change").await, 0);
    assert_eq!(house.working.world.server.database.number("select count(*) from standing_grant").await, 0);
}

#[tokio::test]
async fn what_would_be_told_to_others_would_have_run_only_where_the_wish_names_all_of_it() {
    let house = House::make(wish).await;
    let database = &house.working.world.server.database;
    house.say(&format!("Note on {}", house.contact), "hold.opened").await;
    let leaks = "update decision set record = jsonb_set(record::jsonb, '{facts,leak}', 'true')::text where verdict = 'hold'";
    database.raw(&format!("set session_replication_role = replica; {leaks}")).await;
    let mut known: Vec<Value> = Vec::new();
    for (name, newly_allowed) in [("same", 0), ("letter", 1)] {
        house.say(&format!("ASK<{name}> for {}", house.contact), "run.ended").await;
        let asked = house.waiting().await.into_iter().map(|one| one["governance_change_id"].clone()).find(|id| !known.contains(id)).expect("a wish");
        let path = format!("{PATH}/{}", asked.as_str().expect("an id"));
        let shown = house.working.ask("GET", path).cookie(&house.owner).send().await.expect(200).json();
        assert_eq!((&shown["report"]["judged"], &shown["report"]["newly_allowed"]), (&json!(1), &json!(newly_allowed)), "{name}: {shown}");
        known.push(asked);
    }
}

#[tokio::test]
async fn what_an_agent_asks_for_is_given_by_another_person_and_covers_no_more() {
    let house = House::make(wish).await;
    let world = &house.working.world;
    let note = format!("Note on {}", house.contact);
    house.say(&note, "hold.opened").await;
    house.say(&format!("ASK<same> for {}", house.contact), "run.ended").await;
    let waiting = house.waiting().await;
    assert_eq!((waiting.len(), &waiting[0]["agent"], &waiting[0]["is_stale"]), (1, &json!("assistant"), &json!(false)), "{waiting:?}");
    assert_eq!((house.notes().await, world.server.database.number("select count(*) from standing_grant").await), (0, 0), "asking grants nothing");
    let id = waiting[0]["governance_change_id"].as_str().expect("an id").to_owned();
    let shown = house.working.ask("GET", format!("{PATH}/{id}")).cookie(&house.owner).send().await.expect(200).json();
    assert_eq!((&shown["report"]["judged"], &shown["report"]["newly_allowed"]), (&json!(1), &json!(1)), "{shown}");
    assert_eq!((&shown["content"]["person_id"], &shown["reason"]), (&json!(world.home.owner), &json!("You note on Lena after each call.")));

    // Whom the agent acts for leaves it to others, and so does whoever is no owner or has not proved who they are.
    let other = world.person(Role::Owner, None).await;
    let other = world.home.session_of(&world.server, other).await.secret;
    let manager = house.working.as_role(Role::Manager).await;
    let token = world.token(&world.home.actor, &Scope::ALL).await.secret;
    let approve = || house.working.ask("POST", format!("{PATH}/{id}/approve")).json(&json!({ "content_digest": shown["content_digest"] }));
    approve().cookie(&other).send().await.expect(403);
    let now = world.server.state.office.clock.now().unix_timestamp();
    world.server.database.raw(&format!("update session set proved_at = to_timestamp({now})")).await;
    approve().cookie(&house.owner).send().await.expect(403);
    approve().cookie(&manager).send().await.expect(403);
    approve().token(&token).send().await.expect(403);
    let stale = house.working.ask("POST", format!("{PATH}/{id}/approve")).cookie(&other).json(&json!({ "content_digest": shown["base_digest"] }));
    stale.send().await.expect(409);
    let approved = approve().cookie(&other).send().await.expect(200).json();
    assert_eq!(approved["state"], "approved");
    approve().cookie(&other).send().await.expect(409);

    // Neither the plain digest of whom its ranges name nor a beginning of it is in the log: who has that could try them out.
    let plain: String = shown["content_digest"].as_str().expect("a digest").trim_start_matches("sha256:").chars().take(12).collect();
    assert_eq!(world.server.database.number(&format!("select count(*) from audit_event where position('{plain}'::bytea in canon) > 0")).await, 0);

    // It covers what was asked for, so often and no more.
    for notes in [1, 2] {
        house.say(&note, "run.ended").await;
        assert_eq!(house.notes().await, notes);
    }
    house.say(&note, "hold.opened").await;
    assert_eq!(house.notes().await, 2);
    let grants = house.working.ask("GET", "/api/v1/grants").cookie(&house.owner).send().await.expect(200).json();
    assert_eq!((&grants["items"][0]["person_id"], &grants["items"][0]["uses"]), (&json!(world.home.owner), &json!(2)), "{grants}");

    house.say(&format!("ASK<longer> for {}", house.contact), "run.ended").await;
    let next = house.waiting().await[0]["governance_change_id"].as_str().expect("an id").to_owned();
    let reject = house.working.ask("POST", format!("{PATH}/{next}/reject")).cookie(&other).json(&json!({ "reason": "Once is enough." }));
    assert_eq!(reject.send().await.expect(200).json()["state"], "rejected");
    assert_eq!(world.server.database.number("select count(*) from standing_grant").await, 1);
}
