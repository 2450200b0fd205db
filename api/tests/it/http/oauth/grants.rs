//! What a client is given, where it is good, how it is renewed, and by what it ends.

use super::super::server::URL;
use super::desk::{BACK, Desk, form, pair, parts};
use serde_json::{Value, json};
use steward_core::WorkspaceId;
use steward_office::people;

#[tokio::test]
async fn a_person_lets_a_client_in_or_not_and_it_hears_of_it() {
    let desk = Desk::open().await;
    let owner = desk.world.owner().await;
    let seen = desk.look(&owner, &desk.asked(&[])).await.expect(200).json();
    for (name, value) in [
        ("client_id", json!(desk.client)),
        ("client_name", json!("Example")),
        ("client_host", json!("push.peer.test")),
        ("redirect_uri", json!(BACK)),
        ("redirect_host", json!("127.0.0.1:53211")),
        ("redirect_is_local", json!(true)),
        ("scopes", json!(["converse", "read", "write"])),
        ("agents", json!(["assistant"])),
        ("problem", Value::Null),
    ] {
        assert_eq!(seen[name], value, "{name}");
    }
    // Looking leaves nothing behind.
    assert_eq!(desk.number("select count(*) from oauth_code").await, 0);
    let refuse = desk.world.server.ask("POST", "/api/v1/oauth/refuse").cookie(&owner).json(&json!({ "asked": desk.asked(&[]) }));
    let back = refuse.send().await.expect(201).json()["return_to"].as_str().expect("an address").to_owned();
    let said = parts(&back);
    assert!(back.starts_with(&format!("{BACK}?")) && !said.contains_key("code"), "{back}");
    assert_eq!((said["error"].as_str(), said["state"].as_str(), said["iss"].as_str()), ("access_denied", "s t&te", URL));
    // A client that said no state hears of none, and one that said no scopes is offered the usual.
    let bare = desk.asked(&[("state", ""), ("scope", ""), ("redirect_uri", "https://app.example/back")]);
    assert_eq!(desk.look(&owner, &bare).await.expect(200).json()["scopes"], json!(["converse", "read"]));
    let body = json!({ "asked": format!("?{bare}"), "agent": "assistant", "scopes": ["converse", "read"] });
    let allow = || desk.world.server.ask("POST", "/api/v1/oauth/allow").cookie(&owner).header("idempotency-key", "once").json(&body);
    let back = allow().send().await.expect(201).json()["return_to"].as_str().expect("an address").to_owned();
    let said = parts(&back);
    assert!(back.starts_with("https://app.example/back?code="), "{back}");
    assert_eq!((said.get("state"), said["iss"].as_str()), (None, URL));
    // Sent once more it makes no second code, and shows the first to nobody.
    assert_eq!(allow().send().await.expect(201).json(), json!({ "return_to": null }));
    assert_eq!(desk.number("select count(*) from oauth_code").await, 1);
    assert_eq!(desk.log().await, ["client.refuse done", "client.allow done"]);
}

#[tokio::test]
async fn a_clients_token_is_good_at_mcp_alone_and_for_an_hour() {
    let desk = Desk::open().await;
    let server = &desk.world.server;
    let answer = desk.exchange(&desk.code().await, &[]).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = answer.json();
    assert_eq!((&answer["token_type"], &answer["expires_in"], &answer["scope"]), (&json!("Bearer"), &json!(3600), &json!("converse read write")));
    let (access, renewal) = pair(&answer);
    for (method, path) in [("GET", "/api/v1/me"), ("GET", "/v1/models"), ("GET", "/api/v1/holds"), ("GET", "/api/v1/tokens"), ("GET", "/api/v1/contacts")] {
        server.ask(method, path).header("authorization", format!("Bearer {access}")).send().await.expect(401);
    }
    // The two are not each other.
    desk.hello(&renewal).await.expect(401);
    assert_eq!(desk.renew(&access, &[]).await.expect(400).json()["error"], "invalid_grant");
    let session = desk.hello(&access).await.expect(200).header("mcp-session-id").expect("a session").to_owned();
    server.pass_minutes(59);
    desk.hello(&access).await.expect(200);
    server.pass_minutes(1);
    desk.hello(&access).await.expect(401);
    // Renewed, it is another token for the same client: its sessions go on, and the old token is none.
    let (access, _) = pair(&desk.renew(&renewal, &[]).await.expect(200).json());
    let list = async |query: &str| {
        let ask = server.ask("POST", "/mcp").query(query).header("accept", "application/json, text/event-stream").header("host", "127.0.0.1:7700");
        let ask =
            ask.header("mcp-session-id", session.clone()).header("mcp-protocol-version", "2025-06-18").header("authorization", format!("Bearer {access}"));
        ask.json(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" })).send().await.expect(200).text()
    };
    assert!(list("agent=assistant").await.contains("\"tools\":["));
    let refused = list("agent=another").await;
    assert!(refused.contains("let in for the tools of `assistant`") && !refused.contains("\"tools\""), "{refused}");
    assert_eq!(desk.number("select count(*) from api_token").await, 1, "one client is one row");
    assert_eq!(desk.log().await, ["client.allow done", "token.create done", "token.renew done"]);
}

#[tokio::test]
async fn a_client_gives_its_token_back_by_either_secret_and_nobody_else_does() {
    let desk = Desk::open().await;
    let another = desk.host.document("/another.json", &json!({}));
    let give_back = |pairs: Vec<(&str, &str)>| desk.world.server.ask("POST", "/oauth/revoke").bytes("application/x-www-form-urlencoded", form(&pairs)).send();
    let (access, renewal) = desk.tokens().await;
    for (pairs, error) in [
        (vec![("client_id", desk.client.as_str())], "invalid_request"),
        (vec![("token", access.as_str())], "invalid_request"),
        (vec![("token", access.as_str()), ("token", renewal.as_str()), ("client_id", desk.client.as_str())], "invalid_request"),
        (vec![("token", access.as_str()), ("client_id", desk.client.as_str()), ("client_secret", "x")], "invalid_client"),
    ] {
        assert_eq!(give_back(pairs.clone()).await.expect(400).json()["error"], error, "{pairs:?}");
    }
    desk.world.server.ask("POST", "/oauth/revoke").json(&json!({ "token": access })).send().await.expect(415);
    // What nobody has, what is another client's, what only looks like it, and a person's own token are all answered alike, and stay.
    let own = desk.world.token(&desk.world.home.actor, &[steward_core::Scope::Converse]).await.secret;
    let own = secrecy::ExposeSecret::expose_secret(&own).to_owned();
    let forged = {
        let (head, _) = access.rsplit_once('_').expect("a token");
        format!("{head}_{}00000000", "0".repeat(52))
    };
    for (token, client) in
        [("x", desk.client.as_str()), (&access, another.as_str()), (&renewal, another.as_str()), (&forged, desk.client.as_str()), (&own, desk.client.as_str())]
    {
        let answer = give_back(vec![("token", token), ("client_id", client)]).await.expect(200);
        assert_eq!((answer.json(), answer.header("cache-control")), (json!({}), Some("no-store")), "{client}");
    }
    desk.hello(&access).await.expect(200);
    assert_eq!(desk.number("select count(*) from api_token where revoked_at is null").await, 2);

    let before = desk.log().await.len();
    give_back(vec![("token", &access), ("client_id", &desk.client), ("token_type_hint", "refresh_token")]).await.expect(200);
    desk.hello(&access).await.expect(401);
    assert_eq!(desk.renew(&renewal, &[]).await.expect(400).json()["error"], "invalid_grant");
    assert_eq!(desk.log().await[before..], ["token.revoke done"]);
    // Once more changes nothing, and says the same.
    give_back(vec![("token", &access), ("client_id", &desk.client)]).await.expect(200);
    assert_eq!(desk.log().await.len(), before + 1);

    // By the other secret, also when the hour is over.
    let (access, renewal) = desk.tokens().await;
    desk.world.server.pass_minutes(61);
    give_back(vec![("token", &renewal), ("client_id", &desk.client)]).await.expect(200);
    assert_eq!(desk.renew(&renewal, &[]).await.expect(400).json()["error"], "invalid_grant");
    desk.hello(&access).await.expect(401);
    let said = desk.world.server.ask("GET", "/.well-known/oauth-authorization-server").send().await.expect(200).json();
    assert_eq!((&said["revocation_endpoint"], &said["revocation_endpoint_auth_methods_supported"]), (&json!(format!("{URL}/oauth/revoke")), &json!(["none"])));
}

#[tokio::test]
async fn a_code_that_comes_twice_ends_the_token() {
    let desk = Desk::open().await;
    let code = desk.code().await;
    let (access, renewal) = pair(&desk.exchange(&code, &[]).await.expect(200).json());
    desk.hello(&access).await.expect(200);
    assert_eq!(desk.exchange(&code, &[]).await.expect(400).json()["error"], "invalid_grant");
    desk.hello(&access).await.expect(401);
    assert_eq!(desk.renew(&renewal, &[]).await.expect(400).json()["error"], "invalid_grant");
    assert_eq!(desk.log().await, ["client.allow done", "token.create done", "token.revoke done"]);
}

#[tokio::test]
async fn of_two_who_bring_one_code_at_once_nobody_keeps_a_token() {
    let desk = Desk::open().await;
    let code = desk.code().await;
    let (one, other) = tokio::join!(desk.exchange(&code, &[]), desk.exchange(&code, &[]));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(desk.number("select count(*) from api_token").await, 1);
    assert_eq!(desk.number("select count(*) from api_token where revoked_at is null").await, 0);
}

#[tokio::test]
async fn a_renewal_secret_is_good_once_and_one_that_comes_twice_ends_the_token() {
    let desk = Desk::open().await;
    let another = desk.host.document("/another.json", &json!({}));
    let (_, first) = desk.tokens().await;
    for (name, value, error) in [
        ("client_id", another.as_str(), "invalid_grant"),
        ("resource", "https://other.example/mcp", "invalid_target"),
        ("scope", "converse read", "invalid_scope"),
        ("scope", "converse read write admin", "invalid_scope"),
        ("refresh_token", "", "invalid_request"),
    ] {
        assert_eq!(desk.renew(&first, &[(name, value)]).await.expect(400).json()["error"], error, "{name}={value}");
    }
    let (access, second) = pair(&desk.renew(&first, &[("scope", "write read converse")]).await.expect(200).json());
    assert_ne!(first, second);
    desk.hello(&access).await.expect(200);
    // The first comes again: one of the two was stolen, and nobody knows which.
    assert_eq!(desk.renew(&first, &[]).await.expect(400).json()["error"], "invalid_grant");
    desk.hello(&access).await.expect(401);
    assert_eq!(desk.renew(&second, &[]).await.expect(400).json()["error"], "invalid_grant");
    let log = desk.log().await;
    assert_eq!(log[log.len() - 2..], ["token.renew done", "token.revoke done"], "{log:?}");
}

#[tokio::test]
async fn a_client_that_does_not_come_for_a_month_is_forgotten_and_one_that_does_is_asked_about_again() {
    let desk = Desk::open().await;
    const DAY: i64 = 24 * 60;
    let (_, lazy) = desk.tokens().await;
    let (_, mut renewal) = desk.tokens().await;
    desk.world.server.pass_minutes(29 * DAY);
    renewal = pair(&desk.renew(&renewal, &[]).await.expect(200).json()).1;
    desk.world.server.pass_minutes(2 * DAY);
    assert_eq!(desk.renew(&lazy, &[]).await.expect(400).json()["error"], "invalid_grant");
    // However busy it is, half a year is the end.
    let mut days = 31;
    while days < 179 {
        let step = (179 - days).min(27);
        desk.world.server.pass_minutes(step * DAY);
        days += step;
        renewal = pair(&desk.renew(&renewal, &[]).await.expect(200).json()).1;
    }
    desk.world.server.pass_minutes(DAY);
    assert_eq!(desk.renew(&renewal, &[]).await.expect(400).json()["error"], "invalid_grant");
    // What is over is not kept.
    desk.world.server.pass_minutes(40 * DAY);
    steward_api::jobs::sweep::once(&desk.world.server.database.worker, &desk.world.server.state.office).await.expect("swept");
    assert_eq!(desk.number("select (select count(*) from oauth_code) + (select count(*) from oauth_renewal)").await, 0);
}

#[tokio::test]
async fn a_client_stands_in_the_list_of_tokens_and_is_shut_out_there() {
    let desk = Desk::open().await;
    let owner = desk.world.owner().await;
    let (access, renewal) = desk.tokens().await;
    let listed = desk.world.server.ask("GET", "/api/v1/tokens").cookie(&owner).send().await.expect(200).json();
    let token = &listed["items"][0];
    assert_eq!((&token["name"], &token["client"]["client_id"], &token["client"]["agent"]), (&json!("Example"), &json!(desk.client), &json!("assistant")));
    assert_eq!(token["expires_at"], "2026-03-01T10:00:00Z");
    assert_eq!(token["client"]["renewed_until"], "2026-03-31T09:00:00Z");
    let id = token["token_id"].as_str().expect("an id");
    // It never decides: there is nothing but `/mcp` for it.
    for verb in ["approve", "reject"] {
        let ask = desk.world.server.ask("POST", format!("/api/v1/holds/hold_00000000000000000000000000/{verb}"));
        ask.header("authorization", format!("Bearer {access}")).json(&json!({})).send().await.expect(401);
    }
    desk.world.server.ask("DELETE", format!("/api/v1/tokens/{id}")).cookie(&owner).send().await.expect(204);
    desk.hello(&access).await.expect(401);
    assert_eq!(desk.renew(&renewal, &[]).await.expect(400).json()["error"], "invalid_grant");
    assert_eq!(desk.log().await, ["client.allow done", "token.create done", "token.revoke done"]);
}

#[tokio::test]
async fn a_client_keeps_to_the_workspace_it_was_let_into() {
    let desk = Desk::open().await;
    let office = &desk.world.server.state.office;
    let mut tx = desk.world.server.state.store.begin(&desk.world.home.actor).await.expect("tx");
    let second = people::create_workspace(&mut tx, office, "Second").await.expect("a workspace").workspace_id;
    tx.commit().await.expect("commit");
    let owner = desk.world.owner().await;
    let seen = async |workspace: Option<WorkspaceId>| {
        let body = json!({ "asked": desk.asked(&[]), "agent": "assistant", "workspace_id": workspace, "scopes": ["converse", "read"] });
        let back = desk.allow_with(&owner, &body).await.expect(201).json()["return_to"].as_str().expect("an address").to_owned();
        let (access, _) = pair(&desk.exchange(&parts(&back)["code"], &[]).await.expect(200).json());
        let bearer = people::actor_of_token(&desk.world.server.state.store, office, &access.into(), Some(super::desk::RESOURCE)).await.expect("somebody");
        assert_eq!(bearer.agent.as_deref(), Some("assistant"));
        // Whatever goes on for long is asked again, and sees no more.
        let again = people::actor_again(&desk.world.server.state.store, office, &bearer.actor).await.expect("still there");
        assert_eq!(again, bearer.actor);
        [desk.world.home.workspace, second].map(|workspace| bearer.actor.workspaces.sees(workspace))
    };
    assert_eq!(seen(None).await, [true, true]);
    assert_eq!(seen(Some(second)).await, [false, true]);
}

#[tokio::test]
async fn of_what_a_client_is_given_only_hashes_are_kept() {
    let desk = Desk::open().await;
    let code = desk.code().await;
    let (access, first) = pair(&desk.exchange(&code, &[]).await.expect(200).json());
    let (renewed, second) = pair(&desk.renew(&first, &[]).await.expect(200).json());
    let mut kept = String::new();
    let database = &desk.world.server.database;
    for table in ["oauth_code", "oauth_renewal", "api_token", "audit_event", "idempotency"] {
        kept.extend(database.texts(&database.superuser_url, "", &format!("select one::text from {table} one")).await.expect(table));
    }
    assert!(kept.contains(&desk.client));
    for secret in [&code, &access, &first, &renewed, &second] {
        let letters = secret.rsplit(['.', '_']).next().expect("letters");
        assert!(letters.len() >= 52 && !kept.contains(&letters[..52]), "a secret is kept in the clear");
    }
}
