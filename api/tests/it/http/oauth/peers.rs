//! The official clients of the protocol for Python and TypeScript, given no token: they find the page, and a person lets them in.

use super::super::peer::Peer;
use super::super::working::Working;
use super::desk::{HOST, Host, options, parts};
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_api::wiring::serve::serve;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Lets a client find its way from the address of the server alone.
async fn check(script: &str) -> (Working, Value) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let model = ScriptedModel::start_with(|_| Reply::text("nobody should have asked")).await;
    let working = Working::at(&url, model, options(&[HOST])).await;
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, steward_api::router(working.world.server.state.clone()), stop.clone()));
    let _stop = stop.drop_guard();
    let host = Host::start().await;
    let client = host.document("/client.json", &json!({ "client_name": "The peer", "redirect_uris": ["http://127.0.0.1/back"] }));

    let mut peer = Peer::start(script, &[&format!("{url}/mcp"), &client]).await;
    let visit = peer.about["visit"].as_str().unwrap_or_else(|| panic!("no page to visit: {}", peer.about)).to_owned();
    let (page, asked) = visit.split_once('?').expect("a request");
    assert_eq!(page, format!("{url}/oauth/authorize"));
    let said = parts(&visit);
    assert_eq!(
        (said["client_id"].as_str(), said["code_challenge_method"].as_str(), said["resource"].as_str()),
        (client.as_str(), "S256", format!("{url}/mcp").as_str())
    );
    let owner = working.world.owner().await;
    let body = json!({ "asked": asked, "agent": "assistant", "scopes": ["converse", "read"] });
    let allowed = working.ask("POST", "/api/v1/oauth/allow").cookie(&owner).header("origin", url.clone()).json(&body).send().await.expect(201).json();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let back = allowed["return_to"].as_str().expect("an address");
    assert!(reqwest::get(back).await.expect("the client listens").status().is_success());

    let end = peer.next().await;
    assert_eq!((&end["iss"], &end["client"], &end["scope"]), (&json!(url), &json!(client), &json!("converse read")), "{end}");
    assert_eq!(end["state"], said["state"], "{end}");
    assert_eq!((&end["renewed"], &end["tools"], &end["found"]["contacts"]), (&json!(true), &end["after"], &json!([])), "{end}");
    let tools: Vec<&str> = end["tools"].as_array().expect("tools").iter().filter_map(Value::as_str).collect();
    assert!(tools.contains(&"crm.find_contacts") && !tools.contains(&"crm.create_contact"), "it was let in to look: {tools:?}");
    // It came with its first renewal secret once more, and that was the end.
    assert_eq!(end["shut"], 401, "{end}");
    assert_eq!(working.world.server.database.number("select count(*) from api_token where name = 'The peer' and revoked_at is not null").await, 1);
    (working, end)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_mcp_client_for_python_is_let_in_by_a_person() {
    check("mcp_oauth.py").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_mcp_client_for_typescript_is_let_in_by_a_person() {
    check("mcp_oauth.mjs").await;
}
