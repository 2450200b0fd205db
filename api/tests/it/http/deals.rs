//! Deals as a board and a timeline read them: the newest first, a stage at a time, and the stages with what stands at them.

use super::merge::Book;
use super::world::World;
use serde_json::{Value, json};
use steward_core::{Integrity, Role};
use steward_office::crm::{self, NewDeal, STAGES_MAX};

/// What the deals of a page are called.
fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().filter_map(|deal| deal["title"].as_str()).collect()
}

#[tokio::test]
async fn deals_are_read_from_either_end_a_stage_at_a_time() {
    let world = World::make().await;
    let owner = world.owner().await;
    let book = Book::of(&world).await;
    world.server.ask("GET", "/api/v1/deals?order=sideways").cookie(&owner).send().await.expect(422);
    world.server.ask("GET", "/api/v1/deals?order=newest&cursor=x").cookie(&owner).send().await.expect(422);
    let company = book.company("Acme", "").await;
    for (title, stage) in [("first", "new"), ("second", "won"), ("third", "new"), ("fourth", "new")] {
        book.post("deals", &json!({ "title": title, "stage": stage, "company_id": company["company_id"] }), 201).await;
    }
    assert_eq!(titles(&book.get("deals").await), ["first", "second", "third", "fourth"], "as before where nothing is said of it");
    assert_eq!(titles(&book.get("deals?order=newest").await), ["fourth", "third", "second", "first"]);
    let page = book.get("deals?order=newest&stage=new&limit=2").await;
    assert_eq!(titles(&page), ["fourth", "third"]);
    let cursor = page["next_cursor"].as_str().expect("another page");
    let rest = book.get(&format!("deals?order=newest&stage=new&limit=2&cursor={cursor}")).await;
    assert_eq!((titles(&rest), &rest["next_cursor"]), (vec!["first"], &Value::Null));
    let with = format!("deals?order=newest&limit=1&company_id={}", company["company_id"].as_str().expect("id"));
    assert_eq!(titles(&book.get(&with).await), ["fourth"]);
    let nobody = world.other.session_of(&world.server, world.other.owner).await.secret;
    let theirs = world.server.ask("GET", "/api/v1/deals?order=newest").cookie(&nobody).send().await.expect(200).json();
    assert_eq!(theirs["items"], json!([]));
}

#[tokio::test]
async fn what_a_deal_is_worth_stays_until_it_is_taken_away() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let worth = json!({ "minor": 1250, "currency": "EUR" });
    let deal = book.post("deals", &json!({ "title": "Chairs", "stage": "new", "amount": worth }), 201).await;
    let path = format!("/api/v1/deals/{}", deal["deal_id"].as_str().expect("id"));
    let change = async |body: Value, status: u16| world.server.ask("PATCH", path.as_str()).cookie(&book.owner).json(&body).send().await.expect(status).json();
    let both = change(json!({ "version": 1, "amount": worth, "no_amount": true }), 422).await;
    assert_eq!(both["errors"][0]["path"], "/no_amount", "{both}");
    // Nothing is said of the amount, and so nothing is written.
    let same = change(json!({ "version": 1, "title": "Chairs", "amount": null }), 200).await;
    assert_eq!((&same["amount"], &same["version"]), (&worth, &json!(1)));
    let cleared = change(json!({ "version": 1, "amount": null, "no_amount": true }), 200).await;
    assert_eq!((&cleared["amount"], &cleared["version"]), (&Value::Null, &json!(2)));
    assert_eq!(book.get("deals/stages").await["items"][0]["amounts"], json!([]));
    let again = change(json!({ "version": 2, "no_amount": true }), 200).await;
    assert_eq!(again["version"], json!(2), "there is none any more");
}

#[tokio::test]
async fn stages_say_how_many_deals_stand_at_them_and_what_they_are_worth() {
    let world = World::make().await;
    let owner = world.owner().await;
    let book = Book::of(&world).await;
    world.server.ask("GET", "/api/v1/deals/stages?stage=new").cookie(&owner).send().await.expect(422);
    assert_eq!(book.get("deals/stages").await, json!({ "items": [], "is_cut": false }));
    let sales = book.post("workspaces", &json!({ "name": "Sales" }), 201).await;
    let home = json!(world.home.workspace.to_string());
    for (workspace, stage, amount) in [
        (&home, "won", json!({ "minor": 100, "currency": "EUR" })),
        (&home, "won", json!({ "minor": 23, "currency": "EUR" })),
        (&home, "won", json!({ "minor": 5, "currency": "USD" })),
        (&home, "won", Value::Null),
        (&home, "on ice", Value::Null),
        // More than fits in one number.
        (&sales["workspace_id"], "vast", json!({ "minor": i64::MAX, "currency": "EUR" })),
        (&sales["workspace_id"], "vast", json!({ "minor": 1, "currency": "EUR" })),
    ] {
        book.post("deals", &json!({ "workspace_id": workspace, "title": "Chairs", "stage": stage, "amount": amount }), 201).await;
    }
    let at_home = json!([
        { "stage": "on ice", "count": 1, "amounts": [] },
        { "stage": "won", "count": 4, "amounts": [{ "minor": 123, "currency": "EUR" }, { "minor": 5, "currency": "USD" }] },
    ]);
    let vast = json!({ "stage": "vast", "count": 2, "amounts": [{ "minor": i64::MAX, "currency": "EUR" }] });
    let all = book.get("deals/stages").await;
    assert_eq!(all, json!({ "items": [at_home[0], vast, at_home[1]], "is_cut": false }));
    let narrowed = book.get(&format!("deals/stages?workspace_id={}", world.home.workspace)).await;
    assert_eq!(narrowed["items"], at_home);
    // Of other workspaces nobody learns how much stands where, nor of another organisation.
    let theirs = world.person(Role::Support, Some(world.home.workspace)).await;
    let support = world.home.session_of(&world.server, theirs).await.secret;
    assert_eq!(world.server.ask("GET", "/api/v1/deals/stages").cookie(&support).send().await.expect(200).json()["items"], at_home);
    let nobody = world.other.session_of(&world.server, world.other.owner).await.secret;
    assert_eq!(world.server.ask("GET", "/api/v1/deals/stages").cookie(&nobody).send().await.expect(200).json()["items"], json!([]));
}

#[tokio::test]
async fn of_more_stages_than_are_told_those_with_the_most_deals_are() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let make = async |stages: Vec<String>| {
        let mut tx = world.server.state.store.begin(&world.home.actor).await.expect("tx");
        for stage in stages {
            let new = NewDeal { title: "Chairs".to_owned(), stage, ..NewDeal::default() };
            crm::create_deal(&mut tx, &world.server.state.office, world.home.workspace, &new, Integrity::Owner).await.expect("deal");
        }
        tx.commit().await.expect("commit");
    };
    let names = |told: &Value| told["items"].as_array().expect("items").iter().filter_map(|one| one["stage"].as_str().map(str::to_owned)).collect::<Vec<_>>();
    // The last by its name, and the only one with two deals.
    make((1..STAGES_MAX).map(|nth| format!("s{nth:03}")).chain(["z".to_owned(), "z".to_owned()]).collect()).await;
    let told = book.get("deals/stages").await;
    assert_eq!((names(&told).len(), &told["is_cut"]), (STAGES_MAX, &json!(false)));
    make(vec!["s000".to_owned()]).await;
    let told = book.get("deals/stages").await;
    assert_eq!((names(&told).len(), &told["is_cut"]), (STAGES_MAX, &json!(true)));
    assert_eq!(names(&told).last().map(String::as_str), Some("z"));
    assert!(!names(&told).contains(&format!("s{:03}", STAGES_MAX - 1)), "of stages with as many deals the first by their names are told");
}

#[tokio::test]
async fn notes_are_read_from_either_end() {
    let world = World::make().await;
    let owner = world.owner().await;
    let book = Book::of(&world).await;
    let deal = book.post("deals", &json!({ "title": "Chairs", "stage": "new" }), 201).await;
    let contact = book.post("contacts", &json!({ "display_name": "Lena" }), 201).await;
    let company = book.company("Acme", "").await;
    for (list, id) in [("deals", &deal["deal_id"]), ("contacts", &contact["contact_id"]), ("companies", &company["company_id"])] {
        let path = format!("{list}/{}/notes", id.as_str().expect("id"));
        world.server.ask("GET", format!("/api/v1/{path}?order=sideways")).cookie(&owner).send().await.expect(422);
        for text in ["one", "two", "three"] {
            book.post(&path, &json!({ "text": text }), 201).await;
        }
        let texts = |page: &Value| page["items"].as_array().expect("items").iter().map(|note| note["text"].clone()).collect::<Vec<_>>();
        assert_eq!(texts(&book.get(&path).await), ["one", "two", "three"], "{list}");
        let page = book.get(&format!("{path}?order=newest&limit=2")).await;
        assert_eq!(texts(&page), ["three", "two"], "{list}");
        let rest = book.get(&format!("{path}?order=newest&limit=2&cursor={}", page["next_cursor"].as_str().expect("another page"))).await;
        assert_eq!((texts(&rest), &rest["next_cursor"]), (vec![json!("one")], &Value::Null), "{list}");
    }
}
