//! Two entries of one company: found, merged, and nothing lost.

use super::merge::Book;
use super::world::World;
use serde_json::{Value, json};
use steward_core::{Role, Scope};

fn id(company: &Value) -> &str {
    company["company_id"].as_str().expect("id")
}

fn of(kept: &Value, other: &Value) -> Value {
    json!({ "version": kept["version"], "other_id": other["company_id"], "other_version": other["version"] })
}

#[tokio::test]
async fn companies_that_may_not_be_merged_are_refused_and_stay() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let (kept, other) = (book.company("Acme", "").await, book.company("Acme Ltd", "").await);
    let path = format!("companies/{}/merge", id(&kept));
    let itself = book.post(&path, &of(&kept, &kept), 422).await;
    assert_eq!(itself["errors"][0]["path"], "/other_id", "{itself}");
    book.post(&path, &json!({ "version": 9, "other_id": id(&other), "other_version": 1 }), 409).await;
    book.post(&path, &json!({ "version": 1, "other_id": id(&other), "other_version": 9 }), 409).await;
    book.post(&path, &json!({ "version": 1, "other_id": id(&other) }), 422).await;
    book.post(&path, &json!({ "version": 1, "other_id": id(&other), "other_version": 1, "choose": { "integrity": "kept" } }), 422).await;
    let unknown = json!({ "version": 1, "other_id": "company_00000000000000000000000001", "other_version": 1 });
    assert_eq!(book.post(&path, &unknown, 422).await["errors"][0]["path"], "/other_id");
    let sales = book.post("workspaces", &json!({ "name": "Sales" }), 201).await;
    let elsewhere = book.post("companies", &json!({ "name": "Acme", "workspace_id": sales["workspace_id"] }), 201).await;
    assert_eq!(book.post(&path, &of(&kept, &elsewhere), 422).await["errors"][0]["path"], "/other_id");
    // Somebody of one workspace cannot even learn that there is such a company in another.
    let theirs = world.person(Role::Support, Some(world.home.workspace)).await;
    let support = world.home.session_of(&world.server, theirs).await.secret;
    let merge = world.server.ask("POST", format!("/api/v1/{path}")).cookie(&support).json(&of(&kept, &elsewhere)).send().await.expect(422).json();
    assert_eq!(merge["errors"][0]["message"], "there is no such company in this workspace");
    let auditor = world.session(Role::Auditor).await.secret;
    world.server.ask("POST", format!("/api/v1/{path}")).cookie(&auditor).json(&of(&kept, &other)).send().await.expect(403);
    assert_eq!(book.number("select count(*) from company where merged_into is not null or version <> 1").await, 0, "a refused merge changes nothing");
}

#[tokio::test]
async fn two_entries_of_a_company_become_one_and_people_deals_and_notes_go_along() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let workspace = world.home.workspace;
    let (kept, other) = (book.company("Acme", "").await, book.company("Acme Ltd.", "https://www.acme.example/start").await);
    let contact = |name: &str, company: &Value| json!({ "workspace_id": workspace, "display_name": name, "company_id": company["company_id"] });
    let lena = book.post("contacts", &contact("Lena", &other), 201).await;
    let gone = book.post("contacts", &contact("L.", &other), 201).await;
    let merge = json!({ "version": 1, "other_id": gone["contact_id"], "other_version": 1 });
    book.post(&format!("contacts/{}/merge", lena["contact_id"].as_str().expect("id")), &merge, 200).await;
    let deal = book.post("deals", &json!({ "workspace_id": workspace, "title": "Chairs", "stage": "offer", "company_id": id(&other) }), 201).await;
    book.post(&format!("companies/{}/notes", id(&kept)), &json!({ "text": "On the one that stays." }), 201).await;
    book.post(&format!("companies/{}/notes", id(&other)), &json!({ "text": "On the one that goes." }), 201).await;
    let mut wanted = of(&kept, &other);
    wanted["choose"] = json!({ "name": "other" });
    let path = format!("companies/{}/merge", id(&kept));
    let merged = book.post(&path, &wanted, 200).await;
    assert_eq!((&merged["name"], &merged["website"], &merged["version"]), (&json!("Acme Ltd."), &other["website"], &json!(2)));
    // The other stays as it was, says where it went, and takes nothing any more.
    let left = book.get(&format!("companies/{}", id(&other))).await;
    assert_eq!((&left["merged_into"], &left["name"], &left["website"]), (&kept["company_id"], &other["name"], &other["website"]));
    let change = world.server.ask("PATCH", format!("/api/v1/companies/{}", id(&other))).cookie(&book.owner).json(&json!({ "version": 2, "name": "x" }));
    let refused = change.send().await.expect(409).json();
    assert!(refused["detail"].as_str().expect("detail").contains(id(&kept)), "{refused}");
    book.post(&format!("companies/{}/notes", id(&other)), &json!({ "text": "Too late." }), 409).await;
    book.post("contacts", &contact("Too late", &other), 409).await;
    book.post("deals", &json!({ "workspace_id": workspace, "title": "Tables", "stage": "offer", "company_id": id(&other) }), 409).await;
    book.post(&path, &wanted, 409).await;
    // People, deals, notes and look-ups lead to the one that stays; a record that was merged away before stays as it was.
    let lena = book.get(&format!("contacts/{}", lena["contact_id"].as_str().expect("id"))).await;
    assert_eq!((&lena["company"]["company_id"], &lena["company"]["name"], &lena["version"]), (&kept["company_id"], &json!("Acme Ltd."), &json!(3)));
    let gone = book.get(&format!("contacts/{}", gone["contact_id"].as_str().expect("id"))).await;
    assert_eq!((&gone["company"]["company_id"], &gone["version"]), (&other["company_id"], &json!(2)));
    let deals = book.get(&format!("deals?company_id={}", id(&kept))).await;
    assert_eq!((&deals["items"][0]["deal_id"], &deals["items"][0]["version"]), (&deal["deal_id"], &json!(2)));
    let notes = book.get(&format!("companies/{}/notes", id(&kept))).await;
    let texts: Vec<&str> = notes["items"].as_array().expect("items").iter().map(|note| note["text"].as_str().expect("text")).collect();
    assert_eq!(texts, ["On the one that stays.", "On the one that goes."]);
    let found = book.get("companies?q=acme").await;
    assert_eq!(found["items"].as_array().expect("items").iter().map(id).collect::<Vec<_>>(), [id(&kept)]);
    // The old name is no other company's: whoever brings it in comes to the one that stays.
    let taken = book.post("companies", &json!({ "workspace_id": workspace, "name": "ACME LTD" }), 409).await;
    assert!(taken["detail"].as_str().expect("detail").contains(id(&kept)), "{taken}");
    let csv = "Name,Organization Name\nOlga,Acme Ltd\n";
    let import = world.server.ask("POST", "/api/v1/contacts/import").query(&format!("workspace_id={workspace}")).cookie(&book.owner).bytes("text/csv", csv);
    import.send().await.expect(201);
    let olga = book.get("contacts?q=olga").await;
    assert_eq!(olga["items"][0]["company"]["company_id"], kept["company_id"], "{olga}");
    // An entry that stands for another can be merged on; the first then leads to where it all is.
    let third = book.company("Acme Holding", "").await;
    book.post(&format!("companies/{}/merge", id(&third)), &json!({ "version": 1, "other_id": id(&kept), "other_version": 2 }), 200).await;
    assert_eq!(book.get(&format!("companies/{}", id(&other))).await["merged_into"], third["company_id"]);
    let merged = book.get(&format!("companies/{}/merged", id(&third))).await;
    assert_eq!(merged["items"].as_array().expect("items").len(), 2);
    assert_eq!(book.get(&format!("companies/{}/notes", id(&third))).await["items"].as_array().expect("items").len(), 2);
    let logged = "select count(*) from audit_event where action in ('company.merge', 'company.merge_away')";
    assert_eq!(book.number(logged).await, 4, "each merge is written down for both entries");
    let lost = book.get("audit?action=company.merge").await;
    assert_eq!(lost["items"][0]["personal"]["replaced"], json!({ "name": "Acme" }), "what another value took the place of stays on record, sealed");
    assert_eq!(lost["items"][0]["detail"].get("replaced"), None);
}

#[tokio::test]
async fn a_name_that_was_merged_away_can_be_a_company_again() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let workspace = world.home.workspace;
    let (kept, other, third) = (book.company("Acme", "").await, book.company("Globex", "").await, book.company("Third", "").await);
    let named = |name: &str| json!({ "workspace_id": workspace, "name": name });
    let import = async |name: &str, company: &str| {
        let csv = format!("Name,Organization Name\n{name},{company}\n");
        let ask = world.server.ask("POST", "/api/v1/contacts/import").query(&format!("workspace_id={workspace}")).cookie(&book.owner);
        ask.bytes("text/csv", csv).send().await.expect(201);
        book.get(&format!("contacts?q={name}")).await["items"][0]["company"]["company_id"].clone()
    };
    book.post("companies", &named("GLOBEX"), 409).await;
    book.post(&format!("companies/{}/merge", id(&kept)), &of(&kept, &other), 200).await;
    book.post("companies", &named("acme"), 409).await;
    // As long as no other company has the name it leads to the one that stays.
    assert_eq!(import("Olga", "Globex").await, kept["company_id"]);
    let again = book.post("companies", &named("GLOBEX"), 201).await;
    assert_eq!((&again["merged_into"], &again["version"]), (&Value::Null, &json!(1)));
    assert_ne!(id(&again), id(&other), "the entry that was merged away stays as it was");
    let taken = book.post("companies", &named("Globex"), 409).await;
    assert!(taken["detail"].as_str().expect("detail").contains(id(&again)), "{taken}");
    assert_eq!(import("Ivan", "Globex").await, again["company_id"]);
    // A company can be renamed to it as well.
    let rename = async |version: i64, name: &str, status: u16| {
        let change = json!({ "version": version, "name": name });
        world.server.ask("PATCH", format!("/api/v1/companies/{}", id(&third))).cookie(&book.owner).json(&change).send().await.expect(status).json()
    };
    rename(1, "globex", 409).await;
    book.post(&format!("companies/{}/merge", id(&kept)), &json!({ "version": 2, "other_id": id(&again), "other_version": 1 }), 200).await;
    assert_eq!(rename(1, "globex", 200).await["name"], "globex");
}

#[tokio::test]
async fn a_merged_company_is_worth_no_more_than_either_entry() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let token = world.token(&world.home.actor, &[Scope::Write, Scope::Read]).await.secret;
    for (turn, kept_is_ours) in [true, false].into_iter().enumerate() {
        let ours = book.company(&format!("Ours {turn}"), "https://ours.example").await;
        let theirs = json!({ "workspace_id": world.home.workspace, "name": format!("Pay me {turn}") });
        let theirs = world.server.ask("POST", "/api/v1/companies").token(&token).json(&theirs).send().await.expect(201).json();
        assert_eq!((&ours["integrity"], &theirs["integrity"]), (&json!("directory"), &json!("fact")));
        let (kept, other) = if kept_is_ours { (&ours, &theirs) } else { (&theirs, &ours) };
        let mut wanted = of(kept, other);
        wanted["choose"] = json!({ "name": "kept", "website": "kept" });
        let merged = book.post(&format!("companies/{}/merge", id(kept)), &wanted, 200).await;
        assert_eq!((&merged["integrity"], &merged["website"]), (&json!("fact"), &kept["website"]), "{merged}");
    }
}

#[tokio::test]
async fn companies_that_look_like_the_same_are_listed_with_the_reason() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let first = book.company("Acme", "https://acme.example").await;
    let by_both = book.company("ACME & Co. Ltd.", "http://www.ACME.example:8080/about?x#y").await;
    let by_name = book.company("acme inc", "").await;
    book.company("Acme Tools", "https://tools.example").await;
    book.company("Inc", "").await;
    let groups = book.get("companies/duplicates").await;
    let seen: Vec<(&str, Vec<(&str, &Value)>)> = groups["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|group| (id(&group["company"]), group["others"].as_array().expect("others").iter().map(|other| (id(&other["company"]), &other["why"])).collect()))
        .collect();
    assert_eq!(seen, [(id(&first), vec![(id(&by_both), &json!(["name", "website"])), (id(&by_name), &json!(["name"]))])]);
    // Pages hold whole groups.
    book.company("Zoë GmbH", "").await;
    book.company("Zoe AG", "").await;
    let page = book.get("companies/duplicates?limit=1").await;
    assert_eq!((page["items"].as_array().expect("items").len(), id(&page["items"][0]["company"])), (1, id(&first)));
    let next = book.get(&format!("companies/duplicates?limit=1&cursor={}", page["next_cursor"].as_str().expect("cursor"))).await;
    assert_eq!((&next["items"][0]["company"]["name"], &next["next_cursor"]), (&json!("Zoë GmbH"), &Value::Null));
    // What was merged is no duplicate any more.
    book.post(&format!("companies/{}/merge", id(&first)), &of(&first, &by_both), 200).await;
    let groups = book.get("companies/duplicates?limit=1").await;
    assert_eq!(groups["items"][0]["others"].as_array().expect("others").len(), 1);
    let nobody = world.server.ask("GET", "/api/v1/companies/duplicates").cookie(&world.other.session_of(&world.server, world.other.owner).await.secret);
    assert_eq!(nobody.send().await.expect(200).json()["items"], json!([]));
}

#[tokio::test]
async fn a_company_merged_away_stays_whoever_writes() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let (kept, other, third) = (book.company("Kept", "").await, book.company("Gone", "").await, book.company("Third", "").await);
    book.post("contacts", &json!({ "workspace_id": world.home.workspace, "display_name": "Lena", "company_id": id(&kept) }), 201).await;
    book.post("deals", &json!({ "workspace_id": world.home.workspace, "title": "Chairs", "stage": "offer", "company_id": id(&kept) }), 201).await;
    book.post(&format!("companies/{}/merge", id(&kept)), &of(&kept, &other), 200).await;
    let named = |company: &Value| format!("(select company_id from company where name = '{}')", company["name"].as_str().expect("a name"));
    let gone = named(&other);
    let into = |what: &Value, kept: &Value| format!("update company set merged_into = {} where company_id = {}", named(kept), named(what));
    let elsewhere = "with other as (insert into workspace (tenant_id, workspace_id, name, created_at) select tenant_id, gen_random_uuid(), 'other', now() from company limit 1
                                    returning workspace_id)
                     update company set workspace_id = other.workspace_id from other where name = 'Third'";
    for (sql, says) in [
        ("update company set merged_into = null where merged_into is not null".to_owned(), "stays as it was"),
        ("update company set name = 'x' where merged_into is not null".to_owned(), "stays as it was"),
        ("update company set integrity = 4 where merged_into is not null".to_owned(), "stays as it was"),
        (format!("update contact set company_id = {gone}"), "nothing is added"),
        (format!("update deal set company_id = {gone}"), "nothing is added"),
        (
            format!(
                "insert into contact (tenant_id, contact_id, workspace_id, display_name, search, company_id, created_at, changed_at)
                 select tenant_id, gen_random_uuid(), workspace_id, 'x', 'x', {gone}, now(), now() from contact limit 1"
            ),
            "nothing is added",
        ),
        (
            format!(
                "insert into note (tenant_id, note_id, workspace_id, company_id, text, created_at)
                 select tenant_id, gen_random_uuid(), workspace_id, {gone}, 'x', now() from contact limit 1"
            ),
            "nothing is added",
        ),
        (into(&third, &other), "stands for itself"),
        (format!("{elsewhere}; {}", into(&third, &kept)), "of the same workspace"),
        // What it stood for, its people and its deals stay behind.
        (into(&kept, &third), "goes along"),
        (format!("update company set merged_into = {0} where merged_into = {1}; {2}", named(&third), named(&kept), into(&kept, &third)), "go along"),
    ] {
        let refused = world.server.database.texts(&world.server.database.superuser_url, &sql, "select 'done'").await;
        assert!(format!("{refused:?}").contains(says), "{sql}: {refused:?}");
    }
}
