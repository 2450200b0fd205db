//! Companies come in from a file over HTTP, and our own export is one of them.

use super::world::World;
use serde_json::{Value, json};
use steward_core::{Role, Scope};

#[tokio::test]
async fn a_list_of_companies_is_imported_whole_or_not_at_all() {
    let world = World::make().await;
    let owner = world.owner().await;
    let import = |query: &str, kind: &'static str, body: &'static [u8]| {
        world.server.ask("POST", format!("/api/v1/companies/import{query}")).cookie(&owner).bytes(kind, body)
    };
    for (kind, body, status) in [
        ("application/json", b"{}".as_slice(), 415),
        ("text/vcard", b"BEGIN:VCARD\nFN:Lena\nEND:VCARD\n", 415),
        ("text/csv", b"BEGIN:VCARD\nFN:Lena\nEND:VCARD\n", 422),
        ("multipart/form-data", b"x", 403),
        ("text/csv", b"", 422),
        ("text/csv", b"PK\x03\x04 and so on", 422),
        ("text/csv", b"website,phone\nhttps://acme.example,7\n", 422),
        ("text/csv", b"name\n\"Acme\n", 422),
    ] {
        import("", kind, body).send().await.expect(status);
    }
    import("?preview=maybe", "text/csv", b"name\nAcme\n").send().await.expect(422);
    let file = b"Account Name,Website,Industry\nAcme,acme.example,Toys\nAcme Ltd,https://www.acme.example,\n,https://nobody.example,\n".as_slice();
    for (role, status) in [(Role::Support, 403), (Role::Auditor, 403)] {
        let cookie = world.session(role).await.secret;
        world.server.ask("POST", "/api/v1/companies/import").cookie(&cookie).bytes("text/csv", file).send().await.expect(status);
    }
    assert_eq!(world.server.database.number("select count(*) from company").await, 0, "a refused import writes nothing");
    let preview = import("?preview=true&file_name=accounts.csv", "text/csv", file).send().await.expect(200).json();
    assert_eq!((&preview["import_id"], &preview["created"], &preview["columns_left_out"]), (&Value::Null, &json!(1), &json!(["Industry"])));
    assert_eq!(preview["refused"], json!([{ "row": 3, "line": 4, "why": "column `Account Name`: it is empty; a company needs a name" }]));
    let row = &preview["sample"][0];
    assert_eq!((&row["display_name"], &row["website"], &row["outcome"]), (&json!("Acme"), &json!("https://acme.example"), &json!("created")));
    assert_eq!(world.server.database.number("select count(*) from company").await, 0, "a preview writes nothing");
    let done = import("?file_name=accounts.csv", "text/csv", file).send().await.expect(201).json();
    assert_eq!((&done["created"], &done["unchanged"], &done["companies_created"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(done["warnings"][0], json!({ "row": 2, "line": 3, "what": "name `Acme` kept; the file says `Acme Ltd`" }));
    assert_eq!(world.server.database.number("select count(*) from company where integrity = 3").await, 1);
    let again = import("", "text/csv", file).send().await.expect(201).json();
    assert_eq!((&again["created"], &again["merged"]), (&json!(0), &json!(0)), "the same file again changes nothing");
    let large = vec![b'a'; steward_core::limits::IMPORT_BYTES_MAX + 1];
    world.server.ask("POST", "/api/v1/companies/import").cookie(&owner).bytes("text/csv", large).send().await.expect(413);
}

#[tokio::test]
async fn our_own_list_of_companies_is_taken_in_again() {
    let world = World::make().await;
    let owner = world.owner().await;
    let books = [("Acme, \"Sons\"", "https://acme.example"), ("@home", "https://home.example"), ("No Site", "")];
    for (name, website) in books {
        let body = json!({ "workspace_id": world.home.workspace, "name": name, "website": website });
        world.server.ask("POST", "/api/v1/companies").cookie(&owner).json(&body).send().await.expect(201);
    }
    let export = world.server.ask("GET", "/api/v1/companies").cookie(&owner).header("accept", "text/csv").send().await.expect(200).text();
    assert!(export.contains("\'@home,"), "{export}");
    let here = world.server.ask("POST", "/api/v1/companies/import").cookie(&owner).bytes("text/csv", export.clone()).send().await.expect(201).json();
    assert_eq!((&here["unchanged"], &here["warning_count"]), (&json!(3), &json!(0)), "where it came from it is known");
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    let there = world.server.ask("POST", "/api/v1/companies/import").cookie(&elsewhere).bytes("text/csv", export).send().await.expect(201).json();
    assert_eq!((&there["created"], &there["refused_count"]), (&json!(3), &json!(0)));
    assert_eq!(there["columns_left_out"], json!(["company_id", "workspace_id", "created_at", "changed_at"]), "another house has ids of its own");
    let list = world.server.ask("GET", "/api/v1/companies").cookie(&elsewhere).send().await.expect(200).json();
    let mut found: Vec<(&str, &str)> =
        list["items"].as_array().expect("items").iter().map(|one| (one["name"].as_str().expect("name"), one["website"].as_str().unwrap_or_default())).collect();
    found.sort_unstable();
    let mut expect = books;
    expect.sort_unstable();
    assert_eq!(found, expect);
}

#[tokio::test]
async fn companies_that_a_program_brings_in_are_worth_what_a_program_says() {
    let world = World::make().await;
    let token = world.token(&world.home.actor, &[Scope::Write, Scope::Read]).await.secret;
    let query = format!("workspace_id={}", world.home.workspace);
    let ask = world.server.ask("POST", "/api/v1/companies/import").query(&query).token(&token);
    ask.bytes("text/csv", "name\nAcme\n").send().await.expect(201);
    let found = world.server.ask("GET", "/api/v1/companies?q=acme").token(&token).send().await.expect(200).json();
    assert_eq!(found["items"][0]["integrity"], "fact");
}
