//! Calls that are carried out at once, and what is written down of them.

use super::super::working::NO_COMPANIES;
use super::client::{Client, Served, steward, value};
use serde_json::{Value, json};
use steward_core::Scope;
use steward_policies::{RuleFile, Rules, shipped_rules};

#[tokio::test]
async fn an_mcp_call_is_a_run_of_its_own_through_the_gate() {
    let served = Served::with(&[]).await;
    let client = served.client().await;
    let info = client.service.peer().peer_info().expect("an introduction");
    assert_eq!(info.server_info.as_ref().map(|server| server.name.as_str()), Some("steward"));
    let result = client.call("crm.find_contacts", json!({ "query": "Lena" })).await;
    assert_eq!(value(&result)["contacts"], json!([]));
    let said = steward(&result);
    assert_eq!((&said["outcome"], &said["repeated"]), (&json!("done"), &json!(false)));
    let run = said["run_id"].as_str().expect("a run");
    assert_eq!(served.end_of(run).await, "replied");

    let owner = served.working.world.owner().await;
    let shown = served.working.ask("GET", format!("/api/v1/runs/{run}")).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&shown["channel"], &shown["outcome"], &shown["steps"]), (&json!("mcp"), &json!("replied"), &json!(1)));
    assert_eq!(served.number("select count(*) from run_event where body like '%\"kind\":\"asked\"%'").await, 0, "no model was asked");
    assert!(served.working.model.requests().is_empty(), "and none answered");
    assert_eq!(served.number("select count(*) from decision where verdict = 'allow' and tool = 'crm.find_contacts'").await, 1);
    // Nothing that a client says is the person's word.
    assert_eq!(
        served
            .number("select count(*) from decision where record::jsonb #>> '{facts,tainted}' = 'true' and record::jsonb #>> '{facts,class_asked}' = 'false'")
            .await,
        1
    );
    assert_eq!(served.number("select count(*) from message where not by_agent and integrity > 0").await, 0);
    let action = "select count(*) from audit_event where action in ('run.start', 'gate.decide', 'call.end')";
    assert_eq!(served.number(action).await, 3);

    // There is no model that could go on from it.
    let fork = json!({ "step": 1, "text": "Go on." });
    let refused = served.working.ask("POST", format!("/api/v1/runs/{run}/fork")).cookie(&owner).json(&fork).send().await.expect(409).json();
    assert!(refused["detail"].as_str().expect("words").contains("no model to go on with"), "{refused}");

    // A look is looked again: what there is to see may be something else by now.
    assert_eq!(steward(&client.call("crm.find_contacts", json!({ "query": "Lena" })).await)["repeated"], json!(false));
    assert_eq!(served.number("select count(*) from run").await, 2);
    assert_eq!(served.number("select count(*) from conversation").await, 1, "of one session");
}

#[tokio::test]
async fn the_newest_protocol_calls_without_a_session() {
    let served = Served::with(&[]).await;
    let client = Client::without_session(&served.url(), &served.token(&Scope::ALL).await).await;
    assert!(client.tools().await.contains(&"crm.find_contacts".to_owned()));
    let result = client.call("crm.find_contacts", json!({ "query": "" })).await;
    assert_eq!(value(&result)["contacts"], json!([]));
    let none = Client::without_session(&served.url(), &served.token(&[Scope::Converse]).await).await;
    assert_eq!(none.tools().await, Vec::<String>::new(), "each request brings its own token");
}

#[tokio::test]
async fn a_key_of_the_client_stands_for_one_call() {
    let served = Served::with(&[]).await;
    let client = served.client().await;
    let key = |key: Value| json!({ "steward/idempotency_key": key });
    let first = client.call_with("crm.find_contacts", json!({ "query": "Lena" }), key(json!("a"))).await;
    let second = client.call_with("crm.find_contacts", json!({ "query": "Lena" }), key(json!("a"))).await;
    assert_eq!(steward(&first)["run_id"], steward(&second)["run_id"]);
    assert_eq!((&steward(&first)["repeated"], &steward(&second)["repeated"]), (&json!(false), &json!(true)));
    assert_eq!(value(&first), value(&second));
    for (arguments, meta, words) in [
        (json!({ "query": "Max" }), key(json!("a")), "used for another call"),
        (json!({ "query": "Max" }), key(json!("")), "steward/idempotency_key"),
        (json!({ "query": "Max" }), key(json!(7)), "steward/idempotency_key"),
        (json!({ "query": "Max" }), json!({ "steward/wait_seconds": 601 }), "steward/wait_seconds"),
    ] {
        let err = client.begin("crm.find_contacts", arguments, meta).await.await_response().await.expect_err("refused").to_string();
        assert!(err.contains(words), "{err}");
    }
    // In another workspace it is another call; the only one there is, and the same one by its name, are one.
    let token = served.token(&Scope::ALL).await;
    let at = async |workspace: &str| Client::open(&format!("{}{workspace}", served.url()), &token).await;
    let repeated = async |workspace: &str| {
        let result = at(workspace).await.call_with("crm.find_contacts", json!({ "query": "Lena" }), key(json!("b"))).await;
        steward(&result)["repeated"].clone()
    };
    let home = format!("?workspace={}", served.working.world.home.workspace);
    assert_eq!((repeated("").await, repeated(&home).await), (json!(false), json!(true)));
    let owner = served.working.world.owner().await;
    let sales = served.working.ask("POST", "/api/v1/workspaces").cookie(&owner).json(&json!({ "name": "Sales" })).send().await.expect(201).json();
    let sales = format!("?workspace={}", sales["workspace_id"].as_str().expect("an id"));
    assert_eq!((repeated(&sales).await, repeated(&sales).await, repeated(&home).await), (json!(false), json!(true), json!(true)));
    // Another token has keys of its own.
    let other = Client::open(&format!("{}{home}", served.url()), &served.token(&Scope::ALL).await).await;
    assert_eq!(steward(&other.call_with("crm.find_contacts", json!({ "query": "Max" }), key(json!("a"))).await)["repeated"], json!(false));
    assert_eq!(served.number("select count(*) from run").await, 4);
}

#[tokio::test]
async fn a_client_is_told_when_the_tools_are_others() {
    let served = Served::with(&[]).await;
    let (mut one, mut two) = (served.client().await, served.client().await);
    assert_eq!(one.service.peer().peer_info().and_then(|info| info.capabilities.tools.clone()).and_then(|tools| tools.list_changed), Some(true));
    let before = one.tools().await;
    served.gains_tools();
    one.changed().await;
    two.changed().await;
    // The agent has no use for them, so the list is as it was: it is asked for again, and the answer decides.
    assert_eq!(one.tools().await, before);
}

#[tokio::test]
async fn a_client_is_told_when_the_rules_or_its_persons_roles_are_others() {
    let served = Served::with(&[]).await;
    let (mut client, mut unasked) = (served.client().await, served.client().await);
    let makes_companies = async |client: &Client| client.tools().await.contains(&"crm.create_company".to_owned());
    assert!(makes_companies(&client).await);
    let world = &served.working.world;
    let with = |text: &str| {
        let more = RuleFile { name: "99-test.cedar".to_owned(), text: text.to_owned() };
        Rules::load(&shipped_rules().into_iter().chain([more]).collect::<Vec<_>>(), &world.server.state.host.specs()).expect("rules")
    };
    world.server.state.rules.replace(with(NO_COMPANIES));
    client.changed().await;
    assert!(!makes_companies(&client).await);

    // Nothing but who its person is.
    let (tenant, person) = (world.home.tenant.uuid(), world.home.owner.uuid());
    world.server.database.raw(&format!("insert into membership values ('{tenant}', gen_random_uuid(), '{person}', null, 'finance', now())")).await;
    client.changed().await;
    assert!(!makes_companies(&client).await);
    // Who never asked for a list has none that could be another.
    assert!(!unasked.was_told());
}
