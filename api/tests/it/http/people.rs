//! People, tokens and workspaces over HTTP.

use super::world::World;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use steward_core::{Role, Scope};
use steward_office::people::TokenMade;

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
async fn an_owner_sees_and_revokes_somebodys_tokens_and_nobody_else_does() {
    let world = World::make().await;
    let (owner, manager) = (world.owner().await, world.session(Role::Manager).await);
    let somebody = world.session(Role::Support).await;
    let person = somebody.actor.person.expect("a person");
    let (one, two) = (world.token(&somebody.actor, &[Scope::Read]).await, world.token(&somebody.actor, &[Scope::Converse]).await);
    let own = world.token(&manager.actor, &[Scope::Read]).await;
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    let list = format!("/api/v1/people/{person}/tokens");
    let path = |token: &TokenMade| format!("{list}/{}", token.token.api_token_id);
    for (method, path) in [("GET", list.clone()), ("DELETE", path(&one))] {
        world.server.ask(method, path.as_str()).cookie(&manager.secret).send().await.expect(403);
        world.server.ask(method, path.as_str()).cookie(&somebody.secret).send().await.expect(403);
        world.server.ask(method, path.as_str()).token(&one.secret).send().await.expect(403);
        world.server.ask(method, path.as_str()).cookie(&elsewhere).send().await.expect(404);
    }
    // Somebody else's token is not one of theirs.
    world.server.ask("DELETE", path(&own)).cookie(&owner).send().await.expect(404);
    for token in [&one, &two, &own] {
        world.server.ask("GET", "/api/v1/me").token(&token.secret).send().await.expect(200);
    }

    let listed = world.server.ask("GET", list.as_str()).cookie(&owner).send().await.expect(200).json();
    let ids: Vec<_> = listed["items"].as_array().expect("items").iter().map(|item| item["token_id"].clone()).collect();
    assert_eq!(ids, [&one, &two].map(|made| json!(made.token.api_token_id)));
    assert!(!listed.to_string().contains(one.secret.expose_secret()), "a secret is shown once");
    world.server.ask("DELETE", path(&one)).cookie(&owner).send().await.expect(204);
    world.server.ask("DELETE", path(&one)).cookie(&owner).send().await.expect(404);
    world.server.ask("GET", "/api/v1/me").token(&one.secret).send().await.expect(401);
    world.server.ask("GET", "/api/v1/me").token(&two.secret).send().await.expect(200);
    world.server.ask("GET", "/api/v1/me").cookie(&somebody.secret).send().await.expect(200);
    let listed = world.server.ask("GET", list.as_str()).cookie(&owner).send().await.expect(200).json();
    assert_eq!((listed["items"][0]["revoked_at"].is_string(), listed["items"][1]["revoked_at"].is_string()), (true, false));
    let entry = world.server.ask("GET", "/api/v1/audit?action=token.revoke").cookie(&owner).send().await.expect(200).json();
    assert_eq!((&entry["items"][0]["object"], &entry["items"][0]["detail"]["person"]), (&ids[0], &json!(person)));
}

#[tokio::test]
async fn who_was_invited_is_told_from_who_came_and_from_who_never_did() {
    let world = World::make().await;
    let owner = world.owner().await;
    let body = json!({ "email": "ben@home.example", "display_name": "Ben", "roles": [{ "role": "support" }] });
    let invited = world.server.ask("POST", "/api/v1/people").cookie(&owner).json(&body).send().await.expect(201).json();
    let path = format!("/api/v1/people/{}", invited["person_id"].as_str().expect("id"));
    let state = async |secret: &SecretString| {
        let shown = world.server.ask("GET", path.as_str()).cookie(secret).send().await.expect(200).json();
        let listed = world.server.ask("GET", "/api/v1/people").cookie(secret).send().await.expect(200).json();
        assert!(listed["items"].as_array().expect("items").contains(&shown), "{listed}");
        (shown["has_signed_in"].clone(), shown["invited_until"].clone())
    };
    let a_day_later = "2026-03-02T09:00:00Z";
    assert_eq!((&invited["has_signed_in"], &invited["invited_until"]), (&json!(false), &json!(a_day_later)));
    assert_eq!(state(&owner).await, (json!(false), json!(a_day_later)));
    // A link that lapsed lets nobody in: they never came.
    world.server.pass_minutes(24 * 60);
    let owner = world.owner().await;
    assert_eq!(state(&owner).await, (json!(false), Value::Null));
    let link = world.server.ask("POST", format!("{path}/links")).cookie(&owner).send().await.expect(201).json();
    let link = link["sign_in_link"].as_str().expect("link").split_once("#token=").expect("fragment").1.to_owned();
    assert_eq!(state(&owner).await, (json!(false), json!("2026-03-03T09:00:00Z")));
    let ben = world.server.ask("POST", "/api/v1/session").json(&json!({ "link": link })).send().await.expect(201);
    assert_eq!(state(&owner).await, (json!(true), Value::Null));
    // Who came once has come, signed out or not, and a link for a lost password invites nobody anew.
    world.server.ask("DELETE", "/api/v1/session").cookie(&ben.cookie()).send().await.expect(204);
    world.server.ask("POST", format!("{path}/links")).cookie(&owner).send().await.expect(201);
    assert_eq!(state(&owner).await, (json!(true), Value::Null));
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

#[tokio::test]
async fn everybody_says_what_they_are_called_how_they_read_and_by_whose_clock_and_nobody_says_it_for_them() {
    let world = World::make().await;
    let (owner, support) = (world.owner().await, world.session(Role::Support).await.secret);
    let token = world.token(&world.home.actor, &Scope::ALL).await;
    let change = |body: &Value| world.server.ask("PATCH", "/api/v1/me").json(body);
    change(&json!({ "display_name": "Ada" })).send().await.expect(401);
    change(&json!({ "display_name": "Ada" })).token(&token.secret).send().await.expect(403);
    for (body, path) in [
        (json!({ "display_name": "" }), "/display_name"),
        (json!({ "display_name": "A\u{202e}da" }), "/display_name"),
        (json!({ "display_name": "x".repeat(201) }), "/display_name"),
        (json!({ "locale": "de_CH" }), "/locale"),
        (json!({ "time_zone": "Mars/Base" }), "/time_zone"),
        (json!({ "display_name": "Ada", "time_zone": "europe/berlin" }), "/time_zone"),
        (json!({ "email": "eve@home.example" }), "/email"),
    ] {
        let refused = change(&body).cookie(&support).send().await.expect(422).json();
        assert_eq!(refused["errors"][0]["path"], path, "{refused}");
    }
    let me = async |who: &SecretString| world.server.ask("GET", "/api/v1/me").cookie(who).send().await.expect(200).json();
    let before = me(&support).await;
    assert_eq!((&before["display_name"], &before["locale"], &before["time_zone"]), (&json!("Somebody"), &Value::Null, &Value::Null));
    let entries = "select count(*) from audit_event where action = 'person.profile'";
    assert_eq!(world.server.database.number(entries).await, 0);

    let zone = json!({ "time_zone": "Asia/Kathmandu", "locale": "ne" });
    let now = change(&zone).cookie(&support).send().await.expect(200).json();
    assert_eq!((&now["display_name"], &now["locale"], &now["time_zone"]), (&json!("Somebody"), &json!("ne"), &json!("Asia/Kathmandu")));
    let named = change(&json!({ "display_name": " \u{200e}Zoë Gurung\u{200e} " })).cookie(&support).send().await.expect(200).json();
    assert_eq!((&named["display_name"], &named["locale"], &named["time_zone"]), (&json!("Zoë Gurung"), &json!("ne"), &json!("Asia/Kathmandu")));
    assert_eq!(me(&support).await, named);
    // The same once more is no change.
    change(&zone).cookie(&support).send().await.expect(200);
    assert_eq!(world.server.database.number(entries).await, 2);
    // What somebody is called is sealed; that it changed is not.
    let clear = "select count(*) from audit_event where action = 'person.profile' and (convert_from(canon, 'UTF8') like '%Gurung%' or convert_from(canon, 'UTF8') not like '%fields%')";
    assert_eq!(world.server.database.number(clear).await, 0);
    assert_eq!(me(&owner).await["display_name"], "Ada", "nobody else is called so");
    let eve = world.other.session_of(&world.server, world.other.owner).await.secret;
    assert_eq!(me(&eve).await["display_name"], "Ada");
}
