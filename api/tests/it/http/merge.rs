//! Two contacts of one person: found, merged, and nothing lost.

use super::world::World;
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_core::{Role, Scope};

/// Records of the first organisation, asked for as its owner.
pub(super) struct Book<'a> {
    pub(super) world: &'a World,
    pub(super) owner: SecretString,
}

impl<'a> Book<'a> {
    pub(super) async fn of(world: &'a World) -> Self {
        Self { world, owner: world.owner().await }
    }

    pub(super) async fn post(&self, path: &str, body: &Value, status: u16) -> Value {
        self.world.server.ask("POST", format!("/api/v1/{path}")).cookie(&self.owner).json(body).send().await.expect(status).json()
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.world.server.ask("GET", format!("/api/v1/{path}")).cookie(&self.owner).send().await.expect(200).json()
    }

    async fn contact(&self, body: Value) -> Value {
        self.post("contacts", &body, 201).await
    }

    pub(super) async fn company(&self, name: &str, website: &str) -> Value {
        self.post("companies", &json!({ "workspace_id": self.world.home.workspace, "name": name, "website": website }), 201).await
    }

    pub(super) async fn number(&self, sql: &str) -> i64 {
        self.world.server.database.number(sql).await
    }
}

fn id(contact: &Value) -> &str {
    contact["contact_id"].as_str().expect("id")
}

fn values(list: &Value) -> Vec<&str> {
    list.as_array().expect("list").iter().map(|one| one["value"].as_str().expect("value")).collect()
}

fn of(kept: &Value, other: &Value) -> Value {
    json!({ "version": kept["version"], "other_id": other["contact_id"], "other_version": other["version"] })
}

#[tokio::test]
async fn what_may_not_be_merged_is_refused_and_stays() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let kept = book.contact(json!({ "display_name": "Lena", "emails": [{ "value": "lena@acme.example" }] })).await;
    let other = book.contact(json!({ "display_name": "Lena", "emails": [{ "value": "lena@home.example" }] })).await;
    let path = format!("contacts/{}/merge", id(&kept));
    let itself = book.post(&path, &of(&kept, &kept), 422).await;
    assert_eq!(itself["errors"][0]["path"], "/other_id", "{itself}");
    book.post(&path, &json!({ "version": 9, "other_id": id(&other), "other_version": 1 }), 409).await;
    book.post(&path, &json!({ "version": 1, "other_id": id(&other), "other_version": 9 }), 409).await;
    book.post(&path, &json!({ "version": 1, "other_id": id(&other) }), 422).await;
    book.post(&path, &json!({ "version": 1, "other_id": id(&other), "other_version": 1, "choose": { "integrity": "kept" } }), 422).await;
    let unknown = json!({ "version": 1, "other_id": "contact_00000000000000000000000001", "other_version": 1 });
    assert_eq!(book.post(&path, &unknown, 422).await["errors"][0]["path"], "/other_id");
    let sales = book.post("workspaces", &json!({ "name": "Sales" }), 201).await;
    let elsewhere = book.contact(json!({ "display_name": "Lena", "workspace_id": sales["workspace_id"] })).await;
    assert_eq!(book.post(&path, &of(&kept, &elsewhere), 422).await["errors"][0]["path"], "/other_id");
    // Somebody of one workspace cannot even learn that there is such a contact in another.
    let theirs = world.person(Role::Support, Some(world.home.workspace)).await;
    let support = world.home.session_of(&world.server, theirs).await.secret;
    let merge = |body: Value| world.server.ask("POST", format!("/api/v1/{path}")).cookie(&support).json(&body);
    let refused = merge(of(&kept, &elsewhere)).send().await.expect(422).json();
    assert_eq!(refused["errors"][0]["message"], "there is no such contact in this workspace");
    // Too many addresses for one record: the people decide which to drop, not the merge.
    let many = |domain: &str| (0..30).map(|n| json!({ "value": format!("n{n}@{domain}.example") })).collect::<Vec<_>>();
    let (left, right) = (
        book.contact(json!({ "display_name": "A", "workspace_id": world.home.workspace, "emails": many("left") })).await,
        book.contact(json!({ "display_name": "B", "workspace_id": world.home.workspace, "emails": many("right") })).await,
    );
    book.post(&format!("contacts/{}/merge", id(&left)), &of(&left, &right), 422).await;
    assert_eq!(book.number("select count(*) from contact where merged_into is not null or version <> 1").await, 0, "a refused merge changes nothing");
}

#[tokio::test]
async fn a_merge_loses_nothing_and_takes_deals_and_notes_along() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let acme = book.post("companies", &json!({ "name": "Acme" }), 201).await;
    let kept =
        book.contact(json!({ "display_name": "Lena Müller", "emails": [{ "value": "lena@acme.example" }], "tags": ["partner"], "job_title": "Buyer" })).await;
    let other = book
        .contact(
            json!({ "display_name": "L. Mueller", "given_name": "Lena", "emails": [{ "value": "lena@home.example" }], "phones": [{ "value": "+49 30 123456" }],
                         "tags": ["Partner", "berlin"], "job_title": "Head of buying", "company_id": acme["company_id"], "birthday": "--05-04" }),
        )
        .await;
    let deal = book.post("deals", &json!({ "title": "Chairs", "stage": "offer", "contact_id": id(&other) }), 201).await;
    book.post(&format!("contacts/{}/notes", id(&kept)), &json!({ "text": "On the one that stays." }), 201).await;
    book.post(&format!("contacts/{}/notes", id(&other)), &json!({ "text": "On the one that goes." }), 201).await;
    let mut wanted = of(&kept, &other);
    wanted["choose"] = json!({ "job_title": "other", "birthday": "kept" });
    let path = format!("contacts/{}/merge", id(&kept));
    let merged = book.post(&path, &wanted, 200).await;
    assert_eq!((&merged["display_name"], &merged["job_title"], &merged["given_name"]), (&json!("Lena Müller"), &json!("Head of buying"), &json!("Lena")));
    assert_eq!((&merged["company"]["name"], &merged["birthday"], &merged["version"]), (&json!("Acme"), &Value::Null, &json!(2)));
    assert_eq!(values(&merged["emails"]), ["lena@acme.example", "lena@home.example"]);
    assert_eq!((values(&merged["phones"]), &merged["tags"]), (vec!["+49 30 123456"], &json!(["partner", "berlin"])));
    // The other stays as it was, says where it went, and takes no change any more.
    let gone = book.get(&format!("contacts/{}", id(&other))).await;
    assert_eq!((&gone["merged_into"], &gone["job_title"], &gone["birthday"]), (&kept["contact_id"], &json!("Head of buying"), &json!("--05-04")));
    assert_eq!(values(&gone["emails"]), ["lena@home.example"]);
    let change = world.server.ask("PATCH", format!("/api/v1/contacts/{}", id(&other))).cookie(&book.owner).json(&json!({ "version": 2, "job_title": "x" }));
    let refused = change.send().await.expect(409).json();
    assert!(refused["detail"].as_str().expect("detail").contains(id(&kept)), "{refused}");
    book.post(&format!("contacts/{}/notes", id(&other)), &json!({ "text": "Too late." }), 409).await;
    book.post("deals", &json!({ "title": "Tables", "stage": "offer", "contact_id": id(&other) }), 409).await;
    book.post(&path, &wanted, 409).await;
    // Deals, notes and look-ups lead to the one that stays.
    let deals = book.get(&format!("deals?contact_id={}", id(&kept))).await;
    assert_eq!((&deals["items"][0]["deal_id"], &deals["items"][0]["version"]), (&deal["deal_id"], &json!(2)));
    let notes = book.get(&format!("contacts/{}/notes", id(&kept))).await;
    let texts: Vec<&str> = notes["items"].as_array().expect("items").iter().map(|note| note["text"].as_str().expect("text")).collect();
    assert_eq!(texts, ["On the one that stays.", "On the one that goes."]);
    for query in ["q=mueller", "email=lena%40home.example", "q=lena"] {
        let found = book.get(&format!("contacts?{query}")).await;
        let ids: Vec<&str> = found["items"].as_array().expect("items").iter().map(id).collect();
        assert!(!ids.contains(&id(&other)) && (query == "q=mueller" || ids == [id(&kept)]), "{query}: {ids:?}");
    }
    // A record that stands for another can be merged on; the first then leads to where it all is.
    let third = book.contact(json!({ "display_name": "Lena M." })).await;
    book.post(&format!("contacts/{}/merge", id(&third)), &json!({ "version": 1, "other_id": id(&kept), "other_version": 2 }), 200).await;
    assert_eq!(book.get(&format!("contacts/{}", id(&other))).await["merged_into"], third["contact_id"]);
    let merged = book.get(&format!("contacts/{}/merged", id(&third))).await;
    assert_eq!(merged["items"].as_array().expect("items").len(), 2);
    assert_eq!(book.get(&format!("contacts/{}/notes", id(&third))).await["items"].as_array().expect("items").len(), 2);
    let logged = "select count(*) from audit_event where (action = 'contact.merge' or action = 'contact.merge_away')";
    assert_eq!(book.number(logged).await, 4, "each merge is written down for both records");
}

#[tokio::test]
async fn text_from_outside_stays_text_from_outside() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let token = world.token(&world.home.actor, &[Scope::Write, Scope::Read]).await.secret;
    for (kept_is_ours, choose) in
        [(true, json!({})), (true, json!({ "display_name": "kept", "job_title": "kept" })), (false, json!({ "display_name": "other" }))]
    {
        let ours = book.contact(json!({ "display_name": "Lena", "job_title": "Buyer" })).await;
        let theirs = world.server.ask("POST", "/api/v1/contacts").token(&token).json(&json!({ "display_name": "Pay me", "tags": ["x"] }));
        let theirs = theirs.send().await.expect(201).json();
        assert_eq!((&ours["integrity"], &theirs["integrity"]), (&json!("directory"), &json!("fact")));
        world.server.database.raw("update contact set integrity = 0 where display_name = 'Pay me' and version = 1").await;
        let (kept, other) = if kept_is_ours { (&ours, &theirs) } else { (&theirs, &ours) };
        let deal = book.post("deals", &json!({ "title": "Chairs", "stage": "offer", "contact_id": other["contact_id"] }), 201).await;
        let mut wanted = of(kept, other);
        wanted["choose"] = choose;
        let merged = book.post(&format!("contacts/{}/merge", id(kept)), &wanted, 200).await;
        assert_eq!(merged["integrity"], "outside", "{merged}");
        let deal = book.get(&format!("deals/{}", deal["deal_id"].as_str().expect("id"))).await;
        assert_eq!(deal["integrity"], "directory", "a deal's own words are still what they were");
        // No later change by a person makes it better again.
        let patch = json!({ "version": merged["version"], "job_title": "Owner's words" });
        let changed = world.server.ask("PATCH", format!("/api/v1/contacts/{}", id(kept))).cookie(&book.owner).json(&patch).send().await.expect(200).json();
        assert_eq!(changed["integrity"], "outside");
        world.server.database.raw("update contact set display_name = 'Done with ' || contact_id where merged_into is null").await;
    }
}

#[tokio::test]
async fn contacts_that_look_like_one_person_are_listed_with_the_reason() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let acme = book.post("companies", &json!({ "name": "Acme" }), 201).await;
    let first =
        book.contact(json!({ "display_name": "Lena Müller", "phones": [{ "value": "+49 (0)30 123456" }], "emails": [{ "value": "l@acme.example" }] })).await;
    let by_phone = book.contact(json!({ "display_name": "Frau Müller", "phones": [{ "value": "0049 30 123456" }] })).await;
    let by_name = book.contact(json!({ "display_name": "lena muller" })).await;
    book.contact(json!({ "display_name": "Lena Müller", "company_id": acme["company_id"] })).await;
    book.contact(json!({ "display_name": "Somebody else", "phones": [{ "value": "+49 30 999999" }] })).await;
    let groups = book.get("contacts/duplicates").await;
    let seen: Vec<(&str, Vec<(&str, &Value)>)> = groups["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|group| (id(&group["contact"]), group["others"].as_array().expect("others").iter().map(|other| (id(&other["contact"]), &other["why"])).collect()))
        .collect();
    assert_eq!(seen, [(id(&first), vec![(id(&by_phone), &json!(["phone"])), (id(&by_name), &json!(["name"]))])], "another company is another person");
    // Pages hold whole groups.
    book.contact(json!({ "display_name": "Zoë" })).await;
    book.contact(json!({ "display_name": "zoe" })).await;
    let page = book.get("contacts/duplicates?limit=1").await;
    assert_eq!((page["items"].as_array().expect("items").len(), id(&page["items"][0]["contact"])), (1, id(&first)));
    let next = book.get(&format!("contacts/duplicates?limit=1&cursor={}", page["next_cursor"].as_str().expect("cursor"))).await;
    assert_eq!((&next["items"][0]["contact"]["display_name"], &next["next_cursor"]), (&json!("Zoë"), &Value::Null));
    // What was merged is no duplicate any more.
    book.post(&format!("contacts/{}/merge", id(&first)), &of(&first, &by_phone), 200).await;
    let groups = book.get("contacts/duplicates?limit=1").await;
    assert_eq!(groups["items"][0]["others"].as_array().expect("others").len(), 1);
    let nobody = world.server.ask("GET", "/api/v1/contacts/duplicates").cookie(&world.other.session_of(&world.server, world.other.owner).await.secret);
    assert_eq!(nobody.send().await.expect(200).json()["items"], json!([]));
}

#[tokio::test]
async fn a_record_merged_away_stays_whoever_writes() {
    let world = World::make().await;
    let book = Book::of(&world).await;
    let kept = book.contact(json!({ "display_name": "Lena" })).await;
    let other = book.contact(json!({ "display_name": "Lena", "emails": [{ "value": "lena@home.example" }] })).await;
    book.post(&format!("contacts/{}/merge", id(&kept)), &of(&kept, &other), 200).await;
    let database = &world.server.database;
    for sql in [
        "update contact set merged_into = null where merged_into is not null",
        "update contact set display_name = 'x' where merged_into is not null",
        "update contact set integrity = 4 where merged_into is not null",
        "update contact_point set value = 'x' where contact_id in (select contact_id from contact where merged_into is not null)",
        "delete from contact_point where contact_id in (select contact_id from contact where merged_into is not null)",
        "update contact_point set contact_id = (select contact_id from contact where merged_into is not null), position = 9
          where contact_id in (select contact_id from contact where merged_into is null)",
        "insert into contact_point (tenant_id, contact_id, workspace_id, position, kind, value, value_key)
         select tenant_id, contact_id, workspace_id, 9, 'url', 'a.example', 'a.example' from contact where merged_into is not null",
    ] {
        let refused = database.texts(&database.superuser_url, sql, "select 'done'").await;
        assert!(format!("{refused:?}").contains("stays as it was"), "{sql}: {refused:?}");
    }
    // Whoever is to be forgotten is forgotten under both ids.
    world.server.ask("DELETE", format!("/api/v1/audit/personal/{}", id(&kept))).cookie(&book.owner).send().await.expect(204);
    assert_eq!(book.number("select count(*) from personal_key where subject like 'contact_%' and erased_at is null").await, 0);
    // It leads to one of its workspace that stands for itself, and goes along when that is merged on.
    let third = book.contact(json!({ "display_name": "Lena P." })).await;
    let into = |what: &Value, kept: &Value| {
        let id = |one: &Value| format!("(select contact_id from contact where display_name = '{}')", one["display_name"].as_str().expect("a name"));
        format!("update contact set merged_into = {} where contact_id = {}", id(kept), id(what))
    };
    database.raw("update contact set display_name = 'Kept' where contact_id in (select merged_into from contact)").await;
    let (kept_now, gone) = (json!({ "display_name": "Kept" }), json!({ "display_name": "Lena" }));
    let elsewhere = "with other as (insert into workspace (tenant_id, workspace_id, name, created_at) select tenant_id, gen_random_uuid(), 'other', now() from contact limit 1
                                    returning workspace_id)
                     update contact set workspace_id = other.workspace_id from other where display_name = 'Lena P.'";
    for (sql, says) in [
        (into(&third, &gone), "stands for itself"),
        (format!("{elsewhere}; {}", into(&third, &kept_now)), "of the same workspace"),
        (into(&kept_now, &third), "goes along"),
    ] {
        let refused = database.texts(&database.superuser_url, &sql, "select 'done'").await;
        assert!(format!("{refused:?}").contains(says), "{sql}: {refused:?}");
    }
}
