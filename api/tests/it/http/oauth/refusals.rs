//! Who is not let in, and where nothing is sent.

use super::super::server::{Server, URL};
use super::super::world::World;
use super::desk::{BACK, Desk, HOST, Host, RESOURCE, VERIFIER, challenge, form, options, parts};
use serde_json::{Value, json};
use steward_core::{Role, Scope};

const NOTHING_GIVEN: &str = "select (select count(*) from oauth_code) + (select count(*) from oauth_renewal) + (select count(*) from api_token)";

#[tokio::test]
async fn a_refusal_at_mcp_says_where_a_token_is_given() {
    let desk = Desk::open().await;
    let server = &desk.world.server;
    let metadata = format!("resource_metadata=\"{URL}/.well-known/oauth-protected-resource/mcp\", scope=\"converse read write\"");
    let refused = server.ask("POST", "/mcp").json(&json!({})).send().await.expect(401);
    assert_eq!(refused.header("www-authenticate"), Some(format!("Bearer {metadata}").as_str()));
    let refused = desk.hello("stw_live_nothing").await.expect(401);
    assert_eq!(refused.header("www-authenticate"), Some(format!("Bearer error=\"invalid_token\", {metadata}").as_str()));
    // A token that a person made without the scope: the client can ask for another.
    let reading = desk.world.token(&desk.world.home.actor, &[Scope::Read]).await.secret;
    let refused = desk.hello(secrecy::ExposeSecret::expose_secret(&reading)).await.expect(403);
    assert_eq!(refused.header("www-authenticate"), Some(format!("Bearer error=\"insufficient_scope\", {metadata}").as_str()));
    // Nowhere else: there a client's token is none.
    let elsewhere = server.ask("GET", "/api/v1/me").send().await.expect(401);
    assert_eq!(elsewhere.header("www-authenticate"), Some("Bearer realm=\"steward\""));

    let resource = server.ask("GET", "/.well-known/oauth-protected-resource/mcp").send().await.expect(200).json();
    assert_eq!((&resource["resource"], &resource["authorization_servers"]), (&json!(RESOURCE), &json!([URL])));
    let about = server.ask("GET", "/.well-known/oauth-authorization-server").send().await.expect(200).json();
    for (name, value) in [
        ("issuer", json!(URL)),
        ("authorization_endpoint", json!(format!("{URL}/oauth/authorize"))),
        ("token_endpoint", json!(format!("{URL}/oauth/token"))),
        ("response_types_supported", json!(["code"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("token_endpoint_auth_methods_supported", json!(["none"])),
        ("client_id_metadata_document_supported", json!(true)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("registration_endpoint", Value::Null),
    ] {
        assert_eq!(about[name], value, "{name}");
    }
    server.ask("GET", "/.well-known/openid-configuration").send().await.expect(404);
}

#[tokio::test]
async fn clients_are_not_registered() {
    let desk = Desk::open().await;
    let refused = desk.world.server.ask("POST", "/oauth/register").json(&json!({ "redirect_uris": [BACK] })).send().await.expect(403).json();
    assert_eq!(refused["error"], "access_denied");
    assert!(refused["error_description"].as_str().expect("words").contains("metadata document"), "{refused}");
    assert_eq!(desk.number(NOTHING_GIVEN).await, 0);
}

#[tokio::test]
async fn a_client_is_the_document_at_its_own_address_or_nobody() {
    let desk = Desk::open().await;
    let owner = desk.world.owner().await;
    let json_head = "200 OK\r\ncontent-type: application/json";
    let host = &desk.host;
    let lies = host.document("/lies.json", &json!({ "client_id": desk.client }));
    let moved = host.answer("/moved.json", &format!("302 Found\r\nlocation: {}", desk.client), "");
    let text = host.answer("/text.json", "200 OK\r\ncontent-type: text/html", "{}");
    let large = host.answer("/large.json", json_head, format!("{{\"x\":\"{}\"}}", "x".repeat(40 << 10)));
    let squeezed = host.answer("/squeezed.json", "200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip", "x");
    let secret = host.document("/secret.json", &json!({ "token_endpoint_auth_method": "client_secret_basic" }));
    let elsewhere = desk.client.replace(HOST, "localhost");
    for (client, why) in [
        (lies.as_str(), "letter for letter"),
        (moved.as_str(), "a redirect is not followed"),
        (text.as_str(), "no JSON"),
        (large.as_str(), "bytes"),
        (squeezed.as_str(), "compressed"),
        (secret.as_str(), "secret"),
        (host.url("/none.json").as_str(), "answered 404"),
        // Of this network, and not named by the operator.
        (elsewhere.as_str(), "[[oauth.private_hosts]]"),
        ("https://127.0.0.1/client.json", "the host is an address"),
        ("http://push.peer.test/client.json", "https://"),
        ("https://push.peer.test", "needs a path"),
        ("an-id-of-somebody", "https://"),
    ] {
        let refused = desk.look(&owner, &desk.asked(&[("client_id", client)])).await.expect(422).json();
        assert_eq!(refused["code"], "client_refused", "{client}");
        assert!(refused["detail"].as_str().expect("words").contains(why), "{client}: {refused}");
        let body = json!({ "asked": desk.asked(&[("client_id", client)]), "agent": "assistant", "scopes": ["converse"] });
        desk.allow_with(&owner, &body).await.expect(422);
    }
    assert_eq!(desk.look(&owner, &desk.asked(&[("client_id", "")])).await.expect(422).json()["errors"][0]["path"], "client_id");
    assert_eq!(desk.number(NOTHING_GIVEN).await, 0);
    // With nobody named at all, this machine's own network is closed.
    let world = World::on(Server::start_with_clients(options(&[])).await).await;
    let host = Host::start().await;
    let desk = Desk { client: host.document("/client.json", &json!({})), world, host };
    let refused = desk.look(&desk.world.owner().await, &desk.asked(&[])).await.expect(422).json();
    assert!(refused["detail"].as_str().expect("words").contains("public internet"), "{refused}");
}

#[tokio::test]
async fn whoever_has_documents_read_is_slowed_down() {
    let desk = Desk::open().await;
    let owner = desk.world.owner().await;
    let ask = async |count: u32| desk.look(&owner, &desk.asked(&[("client_id", &desk.host.url(&format!("/{count}.json")))])).await;
    for count in 0..20 {
        ask(count).await.expect(422);
    }
    let refused = ask(20).await.expect(429);
    assert!(refused.header("retry-after").is_some());
    desk.look(&desk.world.session(Role::Manager).await.secret, &desk.asked(&[])).await.expect(200);
    desk.world.server.pass_minutes(1);
    ask(21).await.expect(422);
}

#[tokio::test]
async fn nothing_is_sent_to_where_the_document_does_not_say() {
    let desk = Desk::open().await;
    let owner = desk.world.owner().await;
    let open = desk
        .host
        .document("/open.json", &json!({ "redirect_uris": ["http://evil.example/back", "javascript:alert(1)", "https://evil.example/x#y", "app:/back"] }));
    for (client, redirect) in [
        (&desk.client, "https://evil.example/back"),
        (&desk.client, "https://app.example/back/"),
        (&desk.client, "https://app.example/back?x=1"),
        (&desk.client, "http://127.0.0.1:53211/elsewhere"),
        (&desk.client, "http://localhost:53211/back"),
        // Its own document says so, and it is sent there all the same to nobody: not encrypted, no address, a fragment, another scheme.
        (&open, "http://evil.example/back"),
        (&open, "javascript:alert(1)"),
        (&open, "https://evil.example/x#y"),
        (&open, "app:/back"),
    ] {
        let asked = desk.asked(&[("client_id", client), ("redirect_uri", redirect)]);
        let refused = desk.look(&owner, &asked).await.expect(422);
        assert_eq!(refused.json()["code"], "redirect_refused", "{redirect}");
        assert!(!refused.text().contains("return_to"), "{redirect}");
        for verb in ["allow", "refuse"] {
            let body = if verb == "allow" { json!({ "asked": asked, "agent": "assistant", "scopes": ["converse"] }) } else { json!({ "asked": asked }) };
            desk.world.server.ask("POST", format!("/api/v1/oauth/{verb}")).cookie(&owner).json(&body).send().await.expect(422);
        }
    }
    desk.look(&owner, &desk.asked(&[("redirect_uri", "")])).await.expect(422);
    // Twice the same name is two requests in one.
    let twice = format!("{}&{}", desk.asked(&[]), form(&[("redirect_uri", "https://evil.example/back")]));
    desk.look(&owner, &twice).await.expect(400);
    desk.look(&owner, "x=%00").await.expect(400);
    assert_eq!(desk.number(NOTHING_GIVEN).await, 0);
}

#[tokio::test]
async fn a_request_that_is_not_right_is_answered_to_its_client_and_cannot_be_allowed() {
    let desk = Desk::open().await;
    let owner = desk.world.owner().await;
    let long = "x".repeat(1_025);
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", VERIFIER, "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("resource", "https://other.example/mcp", "invalid_target"),
        ("resource", "http://127.0.0.1:7700/", "invalid_target"),
        ("resource", "", "invalid_target"),
        ("scope", "converse admin", "invalid_scope"),
        ("scope", "read", "invalid_scope"),
        ("state", long.as_str(), "invalid_request"),
    ] {
        let asked = desk.asked(&[(name, value)]);
        let seen = desk.look(&owner, &asked).await.expect(200).json();
        assert_eq!(seen["problem"]["error"], error, "{name}={value}");
        let back = seen["problem"]["return_to"].as_str().expect("an address");
        assert!(back.starts_with(&format!("{BACK}?error={error}&")), "{back}");
        let said = parts(back);
        let state = if value == long { None } else { Some("s t&te") };
        assert_eq!((said.get("state").map(String::as_str), said["iss"].as_str()), (state, URL), "{back}");
        desk.allow_with(&owner, &json!({ "asked": asked, "agent": "assistant", "scopes": ["converse"] })).await.expect(422);
    }
    assert_eq!(desk.number(NOTHING_GIVEN).await, 0);
}

#[tokio::test]
async fn only_a_person_in_a_session_lets_a_client_in_and_on_no_page_of_others() {
    let desk = Desk::open().await;
    let server = &desk.world.server;
    let asked = desk.asked(&[]);
    let body = json!({ "asked": asked, "agent": "assistant", "scopes": ["converse"] });
    let ask = || server.ask("POST", "/api/v1/oauth/allow").json(&body);
    ask().send().await.expect(401);
    let all = desk.world.token(&desk.world.home.actor, &Scope::ALL).await.secret;
    ask().token(&all).send().await.expect(403);
    let (auditor, owner) = (desk.world.session(Role::Auditor).await.secret, desk.world.owner().await);
    ask().cookie(&auditor).send().await.expect(403);
    desk.look(&auditor, &asked).await.expect(403);
    ask().cookie(&owner).header("origin", "https://evil.example").send().await.expect(403);
    ask().cookie(&owner).without("origin").send().await.expect(403);
    let as_form = ask().cookie(&owner).bytes("application/x-www-form-urlencoded", "asked=x");
    as_form.send().await.expect(403);
    // A client cannot let itself in further.
    let (access, _) = desk.tokens().await;
    ask().header("authorization", format!("Bearer {access}")).send().await.expect(401);
    assert_eq!(desk.number("select count(*) from oauth_code").await, 1);
    // No page around it.
    let page = server.ask("GET", "/oauth/authorize").query(&asked).header("accept", "text/html").send().await;
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'")), "{page:?}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    // Where everybody has to have a second factor, a session without one lets nobody in.
    let strict = World::on(Server::start_strict().await).await;
    let refused = strict.server.ask("POST", "/api/v1/oauth/allow").cookie(&strict.owner().await).json(&body).send().await.expect(403).json();
    assert_eq!(refused["code"], "second_factor_missing");
}

#[tokio::test]
async fn nobody_allows_more_than_was_asked_or_than_they_may() {
    let desk = Desk::open().await;
    let (owner, finance) = (desk.world.owner().await, desk.world.session(Role::Finance).await.secret);
    let little = desk.asked(&[("scope", "converse read")]);
    let elsewhere = desk.world.other.workspace.to_string();
    for (who, asked, agent, workspace, scopes, path) in [
        (&owner, &little, "assistant", None, json!(["converse", "write"]), "/scopes"),
        (&owner, &little, "assistant", None, json!(["read"]), "/scopes"),
        (&owner, &little, "assistant", None, json!([]), "/scopes"),
        (&owner, &little, "nobody", None, json!(["converse"]), "/agent"),
        (&owner, &little, "assistant", Some(&elsewhere), json!(["converse"]), "/workspace_id"),
    ] {
        let body = json!({ "asked": asked, "agent": agent, "workspace_id": workspace, "scopes": scopes });
        let refused = desk.allow_with(who, &body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["path"], path, "{body}");
    }
    // What they may is what they are shown; whoever may not converse lets nobody in.
    let seen = desk.look(&finance, &little).await.expect(200).json();
    assert_eq!(seen["scopes_possible"], json!(["converse", "read"]));
    let auditor = desk.world.session(Role::Auditor).await.secret;
    let body = json!({ "asked": little, "agent": "assistant", "workspace_id": null, "scopes": ["converse"] });
    desk.allow_with(&auditor, &body).await.expect(403);
    assert_eq!(desk.number(NOTHING_GIVEN).await, 0);
}

#[tokio::test]
async fn a_code_is_good_once_for_who_asked_and_what_was_asked() {
    let desk = Desk::open().await;
    let another = desk.host.document("/another.json", &json!({}));
    let verifier = "another-verifier-of-forty-three-letters-or-so";
    for (name, value, error) in [
        ("code_verifier", verifier, "invalid_grant"),
        ("client_id", another.as_str(), "invalid_grant"),
        ("redirect_uri", "https://app.example/back", "invalid_grant"),
        ("resource", "https://other.example/mcp", "invalid_target"),
    ] {
        let code = desk.code().await;
        assert_eq!(desk.exchange(&code, &[(name, value)]).await.expect(400).json()["error"], error, "{name}");
        // The try used it up: whoever has it has one guess.
        assert_eq!(desk.exchange(&code, &[]).await.expect(400).json()["error"], "invalid_grant", "{name}");
        // Not to run into the limit of wrong tries.
        desk.world.server.pass_minutes(16);
    }
    for (name, error) in [
        ("client_id", "invalid_request"),
        ("redirect_uri", "invalid_request"),
        ("code_verifier", "invalid_request"),
        ("code", "invalid_request"),
        ("grant_type", "invalid_request"),
    ] {
        assert_eq!(desk.exchange("x", &[(name, "")]).await.expect(400).json()["error"], error, "{name}");
    }
    for (name, value, error) in [
        ("grant_type", "password", "unsupported_grant_type"),
        ("grant_type", "client_credentials", "unsupported_grant_type"),
        ("code_verifier", "short", "invalid_request"),
        ("code", "no such code", "invalid_grant"),
    ] {
        assert_eq!(desk.exchange("x", &[(name, value)]).await.expect(400).json()["error"], error, "{name}={value}");
    }
    let code = desk.code().await;
    desk.world.server.pass_minutes(1);
    assert_eq!(desk.exchange(&code, &[]).await.expect(400).json()["error"], "invalid_grant", "after a minute");
    let code = desk.code().await;
    let owner = desk.world.home.owner.uuid();
    desk.world.server.database.raw(&format!("update person set disabled_at = now() where person_id = '{owner}'")).await;
    assert_eq!(desk.exchange(&code, &[]).await.expect(400).json()["error"], "invalid_grant", "of somebody who may not come in any more");
    assert_eq!(desk.number("select count(*) from api_token").await, 0);
    let refused = "select count(*) from audit_event where action = 'client.exchange' and outcome = 'refused'";
    assert_eq!(desk.number(refused).await, 6, "each stands in the log");
    // What is no form, or has a secret in it.
    let json = desk.world.server.ask("POST", "/oauth/token").json(&json!({ "grant_type": "authorization_code" }));
    json.send().await.expect(415);
    let twice = desk.world.server.ask("POST", "/oauth/token").bytes("application/x-www-form-urlencoded", "grant_type=a&grant_type=b");
    assert_eq!(twice.send().await.expect(400).json()["error"], "invalid_request");
    let secret = desk.bring(&[("grant_type", "refresh_token"), ("client_id", &desk.client), ("client_secret", "x")]).await;
    assert_eq!(secret.expect(400).json()["error"], "invalid_client");
    let foreign =
        desk.world.server.ask("POST", "/oauth/token").header("origin", "https://evil.example").bytes("application/x-www-form-urlencoded", "grant_type=a");
    foreign.send().await.expect(403);
    assert_eq!(challenge(VERIFIER).len(), 43);
}

#[tokio::test]
async fn wrong_tries_at_the_door_of_programs_are_slowed_down() {
    let desk = Desk::open().await;
    let verifier = "another-verifier-of-forty-three-letters-or-so";
    for _ in 0..5 {
        let code = desk.code().await;
        desk.exchange(&code, &[("code_verifier", verifier)]).await.expect(400);
    }
    let code = desk.code().await;
    let refused = desk.exchange(&code, &[]).await.expect(429);
    assert!(refused.header("retry-after").is_some());
    // People sign in as before, and what came too early is still good when it comes in time.
    desk.world.owner().await;
    desk.world.server.pass_minutes(16);
    let code = desk.code().await;
    desk.exchange(&code, &[]).await.expect(200);
}
