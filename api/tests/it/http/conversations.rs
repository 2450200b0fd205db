//! Conversations and messages: one's own, and nobody else's.

use super::working::{Listening, Working};
use super::world::World;
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Role, Scope};

async fn begun(world: &World, who: &secrecy::SecretString) -> String {
    let made = world.server.ask("POST", "/api/v1/conversations").cookie(who).json(&json!({ "agent": "assistant" })).send().await.expect(201).json();
    made["conversation_id"].as_str().expect("id").to_owned()
}

#[tokio::test]
async fn what_cannot_be_begun_is_refused_by_field() {
    let world = World::make().await;
    let owner = world.owner().await;
    for (body, path) in [
        (json!({}), "/agent"),
        (json!({ "agent": "nobody" }), "/agent"),
        (json!({ "agent": "assistant", "workspace_id": "ws_1" }), "/workspace_id"),
        (json!({ "agent": "assistant", "workspace_id": world.other.workspace }), "/workspace_id"),
        (json!({ "agent": "assistant", "person_id": world.home.owner }), "/person_id"),
    ] {
        let reply = world.server.ask("POST", "/api/v1/conversations").cookie(&owner).json(&body).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], path, "{body}: {reply}");
    }
    assert_eq!(world.server.database.number("select count(*) from conversation").await, 0);
}

#[tokio::test]
async fn messages_that_say_nothing_or_too_much_start_no_run() {
    let world = World::make().await;
    let owner = world.owner().await;
    let path = format!("/api/v1/conversations/{}/messages", begun(&world, &owner).await);
    let post = |body: Value| world.server.ask("POST", path.as_str()).cookie(&owner).json(&body);
    for (body, status) in [
        (json!({}), 422),
        (json!({ "text": "" }), 422),
        (json!({ "text": " \n\t " }), 422),
        (json!({ "text": 7 }), 422),
        (json!({ "text": "hello", "channel": "schedule" }), 422),
        (json!({ "text": "a\u{0}b" }), 400),
        (json!({ "text": "x".repeat(256 * 1024 + 1) }), 422),
        (json!({ "text": "x".repeat(1024 * 1024) }), 413),
    ] {
        let reply = post(body.clone()).send().await;
        assert_eq!(reply.status, status, "{}: {}", body.to_string().chars().take(80).collect::<String>(), reply.text());
    }
    let empty = post(json!({ "text": "" })).send().await.expect(422).json();
    assert_eq!(empty["errors"][0]["path"], "/text", "{empty}");
    assert_eq!(world.server.database.number("select (select count(*) from run) + (select count(*) from message)").await, 0);
    post(json!({ "text": "x".repeat(256 * 1024) })).send().await.expect(202);
}

#[tokio::test]
async fn another_persons_conversation_is_nowhere() {
    let world = World::make().await;
    let owner = world.owner().await;
    let theirs = begun(&world, &world.session(Role::Support).await.secret).await;
    for (method, path, body) in [
        ("GET", format!("/api/v1/conversations/{theirs}"), None),
        ("GET", format!("/api/v1/conversations/{theirs}/messages"), None),
        ("POST", format!("/api/v1/conversations/{theirs}/messages"), Some(json!({ "text": "Hello" }))),
    ] {
        let ask = world.server.ask(method, path.as_str()).cookie(&owner);
        let ask = match body {
            Some(body) => ask.json(&body),
            None => ask,
        };
        assert_eq!(ask.send().await.expect(404).json()["code"], "missing", "{method} {path}");
    }
    let listed = world.server.ask("GET", "/api/v1/conversations").cookie(&owner).send().await.expect(200).json();
    assert_eq!(listed["items"], json!([]));
    assert_eq!(world.server.database.number("select count(*) from run").await, 0);
}

#[tokio::test]
async fn a_conversation_with_an_agent_that_is_gone_takes_no_message() {
    let world = World::make().await;
    let owner = world.owner().await;
    let conversation = begun(&world, &owner).await;
    world.server.database.raw("update conversation set agent = 'retired'").await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let reply = world.server.ask("POST", path).cookie(&owner).json(&json!({ "text": "Hello" })).send().await.expect(409).json();
    assert!(reply["detail"].as_str().expect("detail").contains("`retired`"), "{reply}");
}

#[tokio::test]
async fn one_key_starts_one_run() {
    let world = World::make().await;
    let owner = world.owner().await;
    let path = format!("/api/v1/conversations/{}/messages", begun(&world, &owner).await);
    let post = || world.server.ask("POST", path.as_str()).cookie(&owner).header("idempotency-key", "m-1").json(&json!({ "text": "Hello" }));
    let (first, again) = (post().send().await.expect(202), post().send().await.expect(202));
    assert_eq!((first.bytes, again.header("idempotency-replayed")), (again.bytes.clone(), Some("true")));
    assert_eq!(world.server.database.number("select count(*) from run").await, 1);
}

#[tokio::test]
async fn what_is_said_is_answered_and_kept() {
    let working = Working::saying("Good morning, Olga.").await;
    let owner = working.world.owner().await;
    let (conversation, run) = working.say(&owner, "Good morning").await;
    Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await.until_the_end().await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let messages = working.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    let said: Vec<(bool, &str, &str)> = messages["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| (item["by_agent"].as_bool().expect("bool"), item["text"].as_str().expect("text"), item["run_id"].as_str().expect("run")))
        .collect();
    assert_eq!(said, [(false, "Good morning", run.as_str()), (true, "Good morning, Olga.", run.as_str())]);
    let first = working.ask("GET", format!("{path}?limit=1")).cookie(&owner).send().await.expect(200).json();
    let rest =
        working.ask("GET", format!("{path}?limit=1&cursor={}", first["next_cursor"].as_str().expect("more"))).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&rest["items"][0]["text"], &rest["next_cursor"]), (&json!("Good morning, Olga."), &json!(null)));
    working.ask("GET", format!("{path}?order=sideways")).cookie(&owner).send().await.expect(422);
    let last = working.ask("GET", format!("{path}?limit=1&order=newest")).cookie(&owner).send().await.expect(200).json();
    assert_eq!(last["items"][0]["text"], "Good morning, Olga.", "what was said last comes first");
    let cursor = last["next_cursor"].as_str().expect("more");
    let before = working.ask("GET", format!("{path}?limit=1&order=newest&cursor={cursor}")).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&before["items"][0]["text"], &before["next_cursor"]), (&json!("Good morning"), &json!(null)));
    let shown = working.ask("GET", format!("/api/v1/conversations/{conversation}")).cookie(&owner).send().await.expect(200).json();
    let listed = working.ask("GET", "/api/v1/conversations").cookie(&owner).send().await.expect(200).json();
    assert_eq!(listed["items"], json!([shown]));
}

#[tokio::test]
async fn a_token_talks_for_its_person_and_only_with_the_scope() {
    let working = Working::saying("Hello.").await;
    let world = &working.world;
    let reader = world.token(&world.home.actor, &[Scope::Read, Scope::Write]).await.secret;
    working.ask("POST", "/api/v1/conversations").token(&reader).json(&json!({ "agent": "assistant" })).send().await.expect(403);
    let talker = world.token(&world.home.actor, &[Scope::Converse]).await.secret;
    let made = working
        .ask("POST", "/api/v1/conversations")
        .token(&talker)
        .json(&json!({ "agent": "assistant", "title": "From a script\nand more" }))
        .send()
        .await
        .expect(201)
        .json();
    assert_eq!(made["title"], "From a script");
    let path = format!("/api/v1/conversations/{}/messages", made["conversation_id"].as_str().expect("id"));
    let posted = working.ask("POST", path).token(&talker).json(&json!({ "text": "Hi" })).send().await.expect(202).json();
    let run = format!("/api/v1/runs/{}", posted["run_id"].as_str().expect("id"));
    let events = Listening::open(working.ask("GET", format!("{run}/events")).token(&talker)).await.until_the_end().await;
    assert_eq!(events.last().expect("an end").data["outcome"], "replied");
    let shown = working.ask("GET", run.as_str()).token(&talker).send().await.expect(200).json();
    assert_eq!((&shown["channel"], &shown["status"]), (&json!("api"), &json!("ended")));
    // A key that only reads does not stop what its person started.
    working.ask("POST", format!("{run}/cancel")).token(&reader).send().await.expect(403);
}

#[tokio::test]
async fn an_answer_that_its_agent_did_not_see_says_which_call_it_was_found_by() {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
        1 => Reply::call("crm.find_contacts", json!({ "query": "Lena" })),
        _ => Reply::text("She is {{$2.contacts.0.name}}."),
    })
    .await;
    let working = Working::sealed(model).await;
    let owner = working.world.owner().await;
    let (conversation, run) = working.say(&owner, "Add Lena Petrova, lena@partner.example, and say what she is called").await;
    let events = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await.until_the_end().await;
    let reply = events.iter().find(|event| event.name == "reply").expect("a reply");
    assert_eq!(reply.data["text"], json!("She is Lena Petrova."));
    let messages = working.ask("GET", format!("/api/v1/conversations/{conversation}/messages")).cookie(&owner).send().await.expect(200).json();
    let answer = &messages["items"][1];
    assert_eq!((&answer["citations"][0]["call_id"], &answer["citations"][0]["title"]), (&json!("call_2_0"), &json!("crm.find_contacts")));
    assert_eq!(answer["citations"], reply.data["citations"], "the same as was said when it was written");
}
