//! Contacts, companies, deals and notes over HTTP; the import of files.

use super::world::World;
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_core::{Role, Scope};

#[tokio::test]
async fn what_cannot_be_stored_is_refused_with_its_field() {
    let world = World::make().await;
    let owner = world.owner().await;
    let foreign = world.other.workspace;
    for (path, body, field) in [
        ("contacts", json!({}), "/display_name"),
        ("contacts", json!({ "display_name": "x".repeat(301) }), "/display_name"),
        ("contacts", json!({ "display_name": "Lena", "emails": [{ "value": "lena@example.org" }, { "value": "not an address" }] }), "/emails/1"),
        ("contacts", json!({ "display_name": "Lena", "emails": [{ "value": 1 }] }), "/emails/0/value"),
        ("contacts", json!({ "display_name": "Lena", "birthday": "31.12.1999" }), "/birthday"),
        ("contacts", json!({ "display_name": "Lena", "workspace_id": foreign }), "/workspace_id"),
        ("contacts", json!({ "display_name": "Lena", "company_id": "company_00000000000000000000000001" }), "/company_id"),
        ("companies", json!({ "name": "" }), "/name"),
        ("companies", json!({ "name": "Acme", "website": "javascript:alert(1)" }), "/website"),
        ("deals", json!({ "title": "Chairs", "stage": "" }), "/stage"),
        ("deals", json!({ "title": "Chairs", "stage": "won", "amount": { "minor": 1.5, "currency": "EUR" } }), "/amount/minor"),
        ("deals", json!({ "title": "Chairs", "stage": "won", "amount": { "minor": 1, "currency": "eur" } }), "/amount/currency"),
        ("deals", json!({ "title": "Chairs", "stage": "won", "amount": { "minor": -1, "currency": "EUR" } }), "/amount"),
        ("deals", json!({ "title": "Chairs", "stage": "won", "contact_id": "contact_00000000000000000000000001" }), "/contact_id"),
    ] {
        let reply = world.server.ask("POST", format!("/api/v1/{path}")).cookie(&owner).json(&body).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], field, "{body}: {reply}");
    }
    for table in ["contact", "company", "deal"] {
        assert_eq!(world.server.database.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).json(&json!({ "name": "Sales" })).send().await.expect(201);
    let where_to = world.server.ask("POST", "/api/v1/contacts").cookie(&owner).json(&json!({ "display_name": "Lena" })).send().await.expect(422).json();
    assert_eq!(where_to["errors"][0]["path"], "/workspace_id", "with two workspaces one says which");
}

#[tokio::test]
async fn a_change_of_something_that_changed_meanwhile_is_refused() {
    let world = World::make().await;
    let owner = world.owner().await;
    let post = |path: &'static str, body: Value| world.server.ask("POST", path).cookie(&owner).json(&body);
    let company = post("/api/v1/companies", json!({ "name": "Acme GmbH" })).send().await.expect(201).json();
    post("/api/v1/companies", json!({ "name": "ACME GMBH" })).send().await.expect(409);
    let contact = post(
        "/api/v1/contacts",
        json!({ "given_name": "Lena", "emails": [{ "value": "lena@acme.example", "label": "work" }], "company_id": company["company_id"] }),
    )
    .send()
    .await
    .expect(201)
    .json();
    assert_eq!((&contact["display_name"], &contact["company"]["name"], &contact["integrity"]), (&json!("Lena"), &json!("Acme GmbH"), &json!("directory")));
    post("/api/v1/contacts", json!({ "display_name": "L", "emails": [{ "value": "LENA@acme.example" }] })).send().await.expect(409);
    let path = format!("/api/v1/contacts/{}", contact["contact_id"].as_str().expect("id"));
    let patch = |body: Value| world.server.ask("PATCH", path.as_str()).cookie(&owner).json(&body);
    let changed = patch(json!({ "version": 1, "job_title": "Buyer", "emails": [] })).send().await.expect(200).json();
    assert_eq!((&changed["version"], &changed["job_title"], &changed["emails"]), (&json!(2), &json!("Buyer"), &json!([])));
    patch(json!({ "version": 1, "job_title": "Seller" })).send().await.expect(409);
    patch(json!({ "job_title": "Seller" })).send().await.expect(422);
    let now = world.server.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    assert_eq!(now, changed, "a refused change changes nothing");
}

#[tokio::test]
async fn a_deal_says_what_its_company_and_its_contact_are_called() {
    let world = World::make().await;
    let owner = world.owner().await;
    let post = |path: &'static str, body: Value| world.server.ask("POST", path).cookie(&owner).json(&body);
    let company = post("/api/v1/companies", json!({ "name": "Acme GmbH" })).send().await.expect(201).json();
    let contact = post("/api/v1/contacts", json!({ "display_name": "Lena Brandt" })).send().await.expect(201).json();
    let alone = post("/api/v1/deals", json!({ "title": "Tables", "stage": "new" })).send().await.expect(201).json();
    assert_eq!((&alone["company_id"], &alone["company_name"]), (&Value::Null, &Value::Null));
    assert_eq!((&alone["contact_id"], &alone["contact_name"]), (&Value::Null, &Value::Null));
    let both = json!({ "title": "Chairs", "stage": "new", "company_id": company["company_id"], "contact_id": contact["contact_id"] });
    let made = post("/api/v1/deals", both).send().await.expect(201).json();
    let path = format!("/api/v1/deals/{}", made["deal_id"].as_str().expect("id"));
    let shown = world.server.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    let moved = world.server.ask("PATCH", path.as_str()).cookie(&owner).json(&json!({ "version": 1, "stage": "won" })).send().await.expect(200).json();
    let listed = world.server.ask("GET", "/api/v1/deals").cookie(&owner).send().await.expect(200).json();
    for deal in [&made, &shown, &moved, &listed["items"][1]] {
        assert_eq!((&deal["company_id"], &deal["company_name"]), (&company["company_id"], &json!("Acme GmbH")), "{deal}");
        assert_eq!((&deal["contact_id"], &deal["contact_name"]), (&contact["contact_id"], &json!("Lena Brandt")), "{deal}");
    }
    assert_eq!((&listed["items"][0]["title"], &listed["items"][0]["company_name"]), (&json!("Tables"), &Value::Null));
}

#[tokio::test]
async fn records_are_found_by_words_addresses_and_pages() {
    let world = World::make().await;
    let owner = world.owner().await;
    for (name, email) in [("Lena Müller", "lena@acme.example"), ("Len Ochs", "len@acme.example"), ("Zoë", "zoe@else.example")] {
        world
            .server
            .ask("POST", "/api/v1/contacts")
            .cookie(&owner)
            .json(&json!({ "display_name": name, "emails": [{ "value": email }] }))
            .send()
            .await
            .expect(201);
    }
    let names = |query: &'static str| {
        let (world, owner) = (&world, &owner);
        async move {
            let page = world.server.ask("GET", format!("/api/v1/contacts?{query}")).cookie(owner).send().await.expect(200).json();
            page["items"].as_array().expect("items").iter().map(|item| item["display_name"].as_str().expect("name").to_owned()).collect::<Vec<_>>()
        }
    };
    assert_eq!(names("q=muller").await, ["Lena Müller"]);
    assert_eq!(names("q=acme%20len").await, ["Len Ochs", "Lena Müller"]);
    assert_eq!(names("email=ZOE%40else.example").await, ["Zoë"]);
    assert_eq!(names("q=nobody").await, Vec::<String>::new());
    assert_eq!(names("limit=2").await.len(), 2);
    world.server.ask("GET", "/api/v1/contacts?email=a%40b.c&q=x").cookie(&owner).send().await.expect(422);
    world.server.ask("GET", "/api/v1/contacts?company_id=contact_1").cookie(&owner).send().await.expect(422);
}

#[tokio::test]
async fn notes_carry_their_author_and_how_far_they_are_to_be_trusted() {
    let world = World::make().await;
    let owner = world.owner().await;
    let contact = world.server.ask("POST", "/api/v1/contacts").cookie(&owner).json(&json!({ "display_name": "Lena" })).send().await.expect(201).json();
    let path = format!("/api/v1/contacts/{}/notes", contact["contact_id"].as_str().expect("id"));
    world.server.ask("POST", path.as_str()).cookie(&owner).json(&json!({ "text": " " })).send().await.expect(422);
    world.server.ask("POST", path.as_str()).cookie(&owner).json(&json!({ "text": "Prefers mail." })).send().await.expect(201);
    let token = world.token(&world.home.actor, &[Scope::Write, Scope::Read]).await.secret;
    world.server.ask("POST", path.as_str()).token(&token).json(&json!({ "text": "From a form." })).send().await.expect(201);
    let notes = world.server.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    let seen: Vec<(&str, &str)> = notes["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|note| (note["text"].as_str().expect("text"), note["integrity"].as_str().expect("integrity")))
        .collect();
    assert_eq!(seen, [("Prefers mail.", "owner"), ("From a form.", "outside")]);
}

#[tokio::test]
async fn a_file_is_imported_whole_or_not_at_all() {
    let world = World::make().await;
    let owner = world.owner().await;
    let import = |query: &str, kind: &'static str, body: &'static [u8]| {
        world.server.ask("POST", format!("/api/v1/contacts/import{query}")).cookie(&owner).bytes(kind, body)
    };
    for (kind, body, status) in [
        ("application/json", b"{}".as_slice(), 415),
        ("multipart/form-data", b"x", 403),
        ("text/csv", b"", 422),
        ("text/csv", b"PK\x03\x04 and so on", 422),
        ("text/csv", b"colour,size\nred,7\n", 422),
        ("text/csv", b"Name,Email\n\"Lena,lena@example.org\n", 422),
    ] {
        import("", kind, body).send().await.expect(status);
    }
    import("?preview=maybe", "text/csv", b"Name\nLena\n").send().await.expect(422);
    let file = b"Name,Email\nLena,lena@example.org\nBroken,not an address\nLena,LENA@example.org\n,\n".as_slice();
    let preview = import("?preview=true&file_name=people.csv", "text/csv", file).send().await.expect(200).json();
    assert_eq!((&preview["import_id"], preview["created"].as_u64()), (&Value::Null, Some(2)));
    assert_eq!(world.server.database.number("select count(*) from contact").await, 0, "a preview writes nothing");
    let done = import("?file_name=people.csv", "text/csv", file).send().await.expect(201).json();
    assert_eq!((&done["created"], &done["rows"]), (&preview["created"], &preview["rows"]));
    assert_eq!(world.server.database.number("select count(*) from contact where integrity = 3").await, 2);
    let again = import("", "text/csv", file).send().await.expect(201).json();
    assert_eq!(again["created"], 0, "the same file again changes nothing");
    let support = world.session(Role::Support).await.secret;
    world.server.ask("POST", "/api/v1/contacts/import").cookie(&support).bytes("text/csv", file).send().await.expect(403);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused() {
    let world = World::make().await;
    let owner = world.owner().await;
    let large = vec![b'a'; steward_core::limits::IMPORT_BYTES_MAX + 1];
    world.server.ask("POST", "/api/v1/contacts/import").cookie(&owner).bytes("text/csv", large).send().await.expect(413);
    let mut rows = b"Name\n".to_vec();
    rows.extend(b"x\n".repeat(steward_core::limits::IMPORT_ROWS_MAX + 1));
    world.server.ask("POST", "/api/v1/contacts/import").cookie(&owner).bytes("text/csv", rows).send().await.expect(413);
}

#[tokio::test]
async fn a_book_leaves_as_a_file_that_is_taken_in_again_and_that_is_on_record() {
    let world = World::make().await;
    let owner = world.owner().await;
    let get = |path: &str, cookie: &SecretString| world.server.ask("GET", format!("/api/v1/{path}")).cookie(cookie).header("accept", "text/csv");
    world.server.ask("GET", "/api/v1/contacts").header("accept", "text/csv").send().await.expect(401);
    let token = world.token(&world.home.actor, &[Scope::Converse]).await.secret;
    world.server.ask("GET", "/api/v1/contacts").token(&token).header("accept", "text/csv").send().await.expect(403);
    assert_eq!(world.server.database.number("select count(*) from audit_event where action = 'contact.export'").await, 0);

    let company = json!({ "workspace_id": world.home.workspace, "name": "Acme, \"Sons\"", "website": "https://acme.example" });
    let company = world.server.ask("POST", "/api/v1/companies").cookie(&owner).json(&company).send().await.expect(201).json();
    let lena = json!({
        "workspace_id": world.home.workspace, "display_name": "=Lena", "given_name": "Lena", "family_name": "Petrova", "company_id": company["company_id"],
        "job_title": "Buyer", "birthday": "1980-02-29", "tags": ["vip", "north"],
        "emails": [{ "value": "a@lena.example", "label": "work" }, { "value": "b@lena.example" }, { "value": "c@lena.example" }, { "value": "d@lena.example" }],
        "phones": [{ "value": "+49 (30) 1234567", "label": "mobile" }], "urls": [{ "value": "https://lena.example" }],
    });
    world.server.ask("POST", "/api/v1/contacts").cookie(&owner).json(&lena).send().await.expect(201);
    for number in 0..210 {
        let one = json!({ "workspace_id": world.home.workspace, "display_name": format!("Number {number}"), "emails": [{ "value": format!("n{number}@many.example") }] });
        world.server.ask("POST", "/api/v1/contacts").cookie(&owner).json(&one).send().await.expect(201);
    }
    let reply = get("contacts?limit=1", &owner).send().await.expect(200);
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"contacts.csv\""));
    let book = reply.text();
    assert_eq!(book.lines().count(), 212, "the heading and all of them, whatever the page");
    assert!(book.contains("'=Lena,Lena,Petrova,\"Acme, \"\"Sons\"\"\",Buyer,1980-02-29,vip ::: north,work,a@lena.example,,b@lena.example,,c@lena.example ::: d@lena.example,mobile,+49 (30) 1234567,"), "{book}");
    assert_eq!(get("contacts?q=petrova", &owner).send().await.expect(200).text().lines().count(), 2, "only what is looked for");
    let companies = get("companies", &owner).send().await.expect(200).text();
    assert!(companies.starts_with("name,website,company_id,") && companies.contains("\"Acme, \"\"Sons\"\"\",https://acme.example,"), "{companies}");

    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    assert_eq!(get("contacts", &elsewhere).send().await.expect(200).text().lines().count(), 1, "another house's is empty");
    let taken = world.server.ask("POST", "/api/v1/contacts/import").cookie(&elsewhere).bytes("text/csv", book.as_bytes()).send().await.expect(201).json();
    assert_eq!(taken["created"], 211, "{taken}");
    let there = world.server.ask("GET", "/api/v1/contacts?email=d@lena.example").cookie(&elsewhere).send().await.expect(200).json();
    let there = &there["items"][0];
    assert_eq!((&there["company"]["name"], &there["job_title"], &there["birthday"]), (&json!("Acme, \"Sons\""), &json!("Buyer"), &json!("1980-02-29")));
    assert_eq!((there["emails"].as_array().expect("addresses").len(), &there["phones"][0]["value"]), (4, &json!("+49 (30) 1234567")));
    for (action, count) in [("contact.export", 3), ("company.export", 1)] {
        let entries = format!("select count(*) from audit_event where action = '{action}'");
        assert_eq!(world.server.database.number(&entries).await, count, "{action}: one an export, of each house");
    }
}
