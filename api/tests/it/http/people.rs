//! People, tokens and workspaces over HTTP.

use super::world::World;
use secrecy::SecretString;
use serde_json::json;
use steward_core::Role;

#[tokio::test]
async fn the_last_owner_stays_and_names_are_taken_once() {
    let world = World::make().await;
    let owner = world.owner().await;
    let me = format!("/api/v1/people/{}", world.home.owner);
    world.server.ask("DELETE", me.as_str()).cookie(&owner).send().await.expect(409);
    world.server.ask("PATCH", me.as_str()).cookie(&owner).json(&json!({ "roles": [{ "role": "manager" }] })).send().await.expect(409);
    let taken = json!({ "email": "ADA@home.example", "display_name": "A", "roles": [{ "role": "support" }] });
    world.server.ask("POST", "/api/v1/people").cookie(&owner).json(&taken).send().await.expect(409);
    world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).json(&json!({ "name": "Main" })).send().await.expect(409);
    for (roles, path) in [
        (json!([]), "/roles"),
        (json!([{ "role": "admin" }]), "/roles/0/role"),
        (json!([{ "role": "support", "workspace_id": "ws_1" }]), "/roles/0/workspace_id"),
        (json!([{ "role": "support", "workspace_id": world.other.workspace }]), "/roles/0/workspace_id"),
        (json!([{ "role": "support", "extra": 1 }]), "/roles/0/extra"),
    ] {
        let body = json!({ "email": "ben@home.example", "display_name": "Ben", "roles": roles });
        let reply = world.server.ask("POST", "/api/v1/people").cookie(&owner).json(&body).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], path, "{reply}");
    }
    world.server.ask("GET", "/api/v1/me").cookie(&owner).send().await.expect(200);
}

#[tokio::test]
async fn an_invited_person_comes_in_by_link_and_sees_their_part() {
    let world = World::make().await;
    let owner = world.owner().await;
    let sales = world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).json(&json!({ "name": "Sales" })).send().await.expect(201).json();
    let body = json!({ "email": "ben@home.example", "display_name": "Ben", "roles": [{ "role": "support", "workspace_id": sales["workspace_id"] }] });
    let invited = world.server.ask("POST", "/api/v1/people").cookie(&owner).json(&body).send().await.expect(201).json();
    let link = invited["sign_in_link"].as_str().expect("link").split_once("#token=").expect("fragment").1;
    let ben = world.server.ask("POST", "/api/v1/session").json(&json!({ "link": link })).send().await.expect(201);
    assert_eq!(ben.json()["roles"], json!(["support"]));
    let seen = world.server.ask("GET", "/api/v1/workspaces").cookie(&ben.cookie()).send().await.expect(200).json();
    assert_eq!(seen["items"], json!([sales]));
    world.server.ask("GET", "/api/v1/people").cookie(&ben.cookie()).send().await.expect(403);
    // An account that was shut comes in again only by a new link.
    let path = format!("/api/v1/people/{}", invited["person_id"].as_str().expect("id"));
    world.server.ask("DELETE", path.as_str()).cookie(&owner).send().await.expect(204);
    world.server.ask("POST", format!("{path}/links")).cookie(&owner).send().await.expect(422);
    world.server.ask("POST", format!("{path}/enable")).cookie(&owner).send().await.expect(200);
    world.server.ask("GET", "/api/v1/me").cookie(&ben.cookie()).send().await.expect(401);
    let link = world.server.ask("POST", format!("{path}/links")).cookie(&owner).send().await.expect(201).json();
    let link = link["sign_in_link"].as_str().expect("link").split_once("#token=").expect("fragment").1.to_owned();
    world.server.ask("POST", "/api/v1/session").json(&json!({ "link": link })).send().await.expect(201);
}

#[tokio::test]
async fn tokens_do_what_their_scopes_say_and_never_more_than_their_person() {
    let world = World::make().await;
    let manager = world.session(Role::Manager).await;
    let made =
        world.server.ask("POST", "/api/v1/tokens").cookie(&manager.secret).json(&json!({ "name": "ci", "scopes": ["read"] })).send().await.expect(201).json();
    let token = SecretString::from(made["secret"].as_str().expect("secret"));
    let me = world.server.ask("GET", "/api/v1/me").token(&token).send().await.expect(200).json();
    assert_eq!((&me["method"], me["permissions"].as_array().expect("list").contains(&json!("contacts:write"))), (&json!("token"), false));
    for (method, path) in
        [("GET", "/api/v1/tokens"), ("POST", "/api/v1/tokens"), ("GET", "/api/v1/sessions"), ("PUT", "/api/v1/me/password"), ("DELETE", "/api/v1/session")]
    {
        world.server.ask(method, path).token(&token).json(&json!({})).send().await.expect(403);
    }
    let listed = world.server.ask("GET", "/api/v1/tokens").cookie(&manager.secret).send().await.expect(200).json();
    assert_eq!(listed["items"][0]["token_id"], made["token_id"]);
    assert!(listed["items"][0].get("secret").is_none());
    let path = format!("/api/v1/tokens/{}", made["token_id"].as_str().expect("id"));
    let owner = world.owner().await;
    world.server.ask("DELETE", path.as_str()).cookie(&owner).send().await.expect(404);
    world.server.ask("DELETE", path.as_str()).cookie(&manager.secret).send().await.expect(204);
    world.server.ask("GET", "/api/v1/me").token(&token).send().await.expect(401);
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let world = World::make().await;
    let owner = world.owner().await;
    for _ in 0..4 {
        world.person(Role::Support, None).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.server.ask("GET", format!("/api/v1/people?limit=2{cursor}")).cookie(&owner).send().await.expect(200).json();
        seen.extend(page["items"].as_array().expect("items").iter().map(|item| item["person_id"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), sorted.len()), (5, 5));
}
