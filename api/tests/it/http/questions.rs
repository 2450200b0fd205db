//! What servers ask a person in the middle of calls: only that person answers, in a session; what they give reaches that server and nothing
//! else; and where nobody is there, the server hears it at once.

pub(crate) mod peer;

use super::working::{Listening, Working};
use peer::{Folder, Peer, form};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use steward_agent::testing::{Reply as Said, ScriptedModel};
use steward_core::{ActorKind, PersonId, QuestionId, Role, Scope};
use steward_office::questions::{self, Told};

/// What the person gives, and nothing but the server and the record may have.
const GIVEN: &str = "the-second-of-may";

struct House {
    peer: Peer,
    working: Working,
    owner: SecretString,
    _folder: Folder,
}

/// A call that asks, and the stream of its run.
struct Asked {
    run: String,
    question: String,
    opened: Value,
    stream: Listening,
}

impl House {
    async fn make() -> Self {
        Self::with(form(), 20_000).await
    }

    async fn with(form: Value, timeout_ms: u64) -> Self {
        let (peer, folder) = (Peer::start(form), Folder::make());
        let model = ScriptedModel::start_with(|seen| match seen.tool_results().last() {
            None => Said::call("trips.book", json!({ "about": "Bern" })),
            Some(result) => Said::text(format!("It said: {result}")),
        })
        .await;
        let (servers, lock) = peer.accepted(&folder, timeout_ms).await;
        let working = Working::with_mcp(model, servers, lock).await;
        let owner = working.world.owner().await;
        Self { peer, working, owner, _folder: folder }
    }

    /// The owner says something, and the server asks.
    async fn asked(&self) -> Asked {
        let (_, run) = self.working.say(&self.owner, "Book a trip to Bern").await;
        let mut stream = Listening::open(self.working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&self.owner)).await;
        let opened = stream.until("question.opened").await.pop().expect("an event").data;
        let question = opened["question_id"].as_str().expect("an id").to_owned();
        Asked { run, question, opened, stream }
    }

    fn answer(&self, question: &str, content: &Value) -> super::server::Ask<'_> {
        self.working.ask("POST", format!("/api/v1/questions/{question}/answer")).json(&json!({ "content": content }))
    }

    async fn open(&self, who: &SecretString) -> Value {
        self.working.ask("GET", "/api/v1/questions").cookie(who).send().await.expect(200).json()["items"].clone()
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let database = &self.working.world.server.database;
        database.texts(&database.superuser_url, "", sql).await.expect("texts")
    }
}

/// The run is brought to its end, whatever was tried before.
async fn over(house: &House, mut asked: Asked) -> Vec<super::working::Heard> {
    house.working.ask("POST", format!("/api/v1/questions/{}/cancel", asked.question)).cookie(&house.owner).send().await.expect(200);
    asked.stream.until_the_end().await
}

#[tokio::test]
async fn nobody_but_the_person_of_the_run_answers_and_no_token_ever() {
    let house = House::make().await;
    let asked = house.asked().await;
    let (world, content) = (&house.working.world, json!({ "day": GIVEN }));
    let manager = house.working.as_role(Role::Manager).await;
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    let token = world.token(&world.home.actor, &[Scope::Converse, Scope::Read, Scope::Write]).await.secret;
    for verb in ["answer", "decline", "cancel"] {
        let ask = || {
            let ask = house.working.ask("POST", format!("/api/v1/questions/{}/{verb}", asked.question));
            if verb == "answer" { ask.json(&json!({ "content": content })) } else { ask }
        };
        ask().send().await.expect(401);
        ask().token(&token).send().await.expect(403);
        ask().cookie(&manager).send().await.expect(404);
        ask().cookie(&elsewhere).send().await.expect(404);
    }
    house.working.ask("GET", "/api/v1/questions").token(&token).send().await.expect(403);
    for other in [&manager, &elsewhere] {
        assert_eq!(house.open(other).await, json!([]), "nobody else sees it");
    }
    let missing: QuestionId = world.server.state.office.ids.make();
    house.answer(&missing.to_string(), &content).cookie(&house.owner).send().await.expect(404);

    // An agent that acts for the person is not the person, and the database holds to that too.
    let (store, office) = (&house.working.runtime.store, &world.server.state.office);
    let agent = world.home.actor.as_agent(asked.run.parse().expect("id"), "assistant");
    let mut tx = store.begin(&agent).await.expect("tx");
    let told = questions::tell(&mut tx, office, asked.question.parse().expect("id"), Told::Answer(content.as_object().expect("an object").clone())).await;
    assert!(told.expect_err("refused").to_string().contains("only the person who is asked"));
    for (outcome, answer) in [("answered", "'{}'"), ("declined", "null"), ("cancelled", "null")] {
        let sql = format!("update steward.question set outcome = '{outcome}', answer = {answer}, closed_at = now()");
        let (tenant, person) = (world.home.tenant.uuid(), world.home.owner.uuid());
        let entered = format!(
            "select set_config('app.tenant', '{tenant}', false), set_config('app.workspaces', '*', false), set_config('app.person', '{person}', false);"
        );
        let database = &world.server.database;
        let tried = database.texts(&database.worker_url, &format!("{entered} {sql};"), "select ''").await;
        assert!(tried.is_err(), "the worker's role answers for nobody: {outcome}");
        let stranger: PersonId = office.ids.make();
        let entered = entered.replace(&person.to_string(), &stranger.uuid().to_string());
        let tried = database.texts(&database.app_url, &format!("{entered} {sql};"), "select ''").await;
        assert!(tried.is_err(), "nor does another person: {outcome}");
    }
    assert_eq!(house.peer.told(), Value::Null, "nothing reached the server");
    assert_eq!(house.open(&house.owner).await.as_array().map(Vec::len), Some(1), "and it waits on");
    over(&house, asked).await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_field_and_the_first_word_counts() {
    let house = House::make().await;
    let asked = house.asked().await;
    for (content, path) in [
        (json!({}), "/content/day"),
        (json!({ "day": 5 }), "/content/day"),
        (json!({ "day": "x", "seats": 0 }), "/content/seats"),
        (json!({ "day": "x", "class": "third" }), "/content/class"),
        (json!({ "day": "x", "account": "1" }), "/content"),
    ] {
        let refused = house.answer(&asked.question, &content).cookie(&house.owner).send().await.expect(422).json();
        assert_eq!(refused["errors"][0]["path"], path, "{refused}");
    }
    let refused = house.working.ask("POST", format!("/api/v1/questions/{}/answer", asked.question)).cookie(&house.owner).json(&json!({ "content": [] }));
    refused.send().await.expect(422);
    house.answer(&asked.question, &json!({ "day": GIVEN })).cookie(&house.owner).send().await.expect(200);
    for verb in ["answer", "decline", "cancel"] {
        let ask = house.working.ask("POST", format!("/api/v1/questions/{}/{verb}", asked.question)).cookie(&house.owner);
        let ask = if verb == "answer" { ask.json(&json!({ "content": { "day": "other" } })) } else { ask };
        ask.send().await.expect(409);
    }
    let Asked { mut stream, .. } = asked;
    stream.until_the_end().await;
    assert_eq!(house.peer.told(), json!({ "action": "accept", "content": { "day": GIVEN } }));
}

#[tokio::test]
async fn an_answer_reaches_its_server_and_the_record_and_nothing_else() {
    let house = House::make().await;
    let Asked { run, question, opened, mut stream } = house.asked().await;
    assert_eq!((&opened["server"], &opened["call_id"]), (&json!("trips"), &json!("call_1_0")), "{opened}");
    assert_eq!(opened["question"]["message"], "Which day to Bern?");
    assert_eq!(opened["question"]["fields"][0]["name"], "class");
    let listed = house.open(&house.owner).await;
    let shown = &listed[0];
    assert_eq!((&shown["question_id"], &shown["run_id"], &shown["tool"]), (&json!(question), &json!(run), &json!("trips.book")), "{listed}");
    assert_eq!((&shown["outcome"], &shown["question"]), (&Value::Null, &opened["question"]));

    let told = house.answer(&question, &json!({ "day": GIVEN, "seats": 2 })).cookie(&house.owner).send().await.expect(200).json();
    assert_eq!(told["outcome"], "answered");
    let rest = stream.until_the_end().await;
    let names: Vec<&str> = rest.iter().filter(|heard| heard.id.is_some()).map(|heard| heard.name.as_str()).collect();
    assert_eq!(names, ["question.closed", "tool.done", "model.answered", "reply", "run.ended"]);
    assert_eq!(rest[0].data, json!({ "call_id": "call_1_0", "question_id": question, "outcome": "answered" }));
    assert_eq!(house.peer.told(), json!({ "action": "accept", "content": { "day": GIVEN, "seats": 2 } }));
    assert_eq!(house.open(&house.owner).await, json!([]));

    // The record has what was asked and told, by whom; the model, the reply and the audit log have nothing of it.
    let events = house.texts("select body from run_event order by run_id, seq").await;
    let closed: Vec<Value> =
        events.iter().filter_map(|body| serde_json::from_str(body).ok()).filter(|event: &Value| event["kind"] == "question_closed").collect();
    let owner = house.working.world.home.owner;
    assert_eq!(closed.len(), 1);
    assert_eq!((&closed[0]["answer"]["day"], &closed[0]["by"]), (&json!(GIVEN), &json!(owner)), "{closed:?}");
    assert!(house.working.model.requests().iter().all(|request| !request.body.to_string().contains(GIVEN)), "no model is shown it");
    assert!(rest.iter().all(|heard| !heard.data.to_string().contains(GIVEN)), "{rest:?}");
    let audit = house.texts("select action || ' ' || outcome from audit_event where action like 'question.%' order by at, audit_id").await;
    assert_eq!(audit, ["question.ask asked", "question.tell answered", "question.close answered"]);
    let canons = house.texts("select convert_from(canon, 'UTF8') from audit_event").await;
    assert!(canons.iter().all(|canon| !canon.contains(GIVEN)), "the log names the answer and does not tell it");
}

#[tokio::test]
async fn the_person_may_decline_or_put_it_away_and_the_server_hears_which() {
    for (verb, outcome, action) in [("decline", "declined", "decline"), ("cancel", "cancelled", "cancel")] {
        let house = House::make().await;
        let Asked { question, mut stream, .. } = house.asked().await;
        let told = house.working.ask("POST", format!("/api/v1/questions/{question}/{verb}")).cookie(&house.owner).send().await.expect(200).json();
        assert_eq!(told["outcome"], outcome);
        let rest = stream.until_the_end().await;
        assert_eq!(rest[0].data["outcome"], outcome, "{rest:?}");
        assert_eq!(house.peer.told(), json!({ "action": action }));
    }
}

#[tokio::test]
async fn where_nobody_is_there_the_server_hears_it_at_once_and_nothing_is_put_to_anybody() {
    let house = House::make().await;
    let world = &house.working.world;
    let token = world.token(&world.home.actor, &[Scope::Converse]).await.secret;
    let made = house.working.ask("POST", "/api/v1/conversations").token(&token).json(&json!({ "agent": "assistant" })).send().await.expect(201).json();
    let begun = Instant::now();
    let posted = house
        .working
        .ask("POST", format!("/api/v1/conversations/{}/messages", made["conversation_id"].as_str().expect("id")))
        .token(&token)
        .json(&json!({ "text": "Book a trip to Bern" }))
        .send()
        .await
        .expect(202)
        .json();
    let run = posted["run_id"].as_str().expect("id");
    let heard = Listening::open(house.working.ask("GET", format!("/api/v1/runs/{run}/events")).token(&token)).await.until_the_end().await;
    assert!(heard.iter().all(|heard| !heard.name.starts_with("question.")), "{heard:?}");
    assert_eq!(house.peer.told(), json!({ "action": "cancel" }));
    let answered = house.working.ask("POST", "/v1/chat/completions").token(&token);
    let answered = answered.json(&json!({ "model": "assistant", "messages": [{ "role": "user", "content": "Book a trip to Bern" }] })).send().await.expect(200);
    assert!(answered.text().contains("cancel"), "{}", answered.text());
    assert!(begun.elapsed() < Duration::from_secs(15), "it waited for somebody: {:?}", begun.elapsed());
    assert_eq!(world.server.database.number("select count(*) from question").await, 0);
}

#[tokio::test]
async fn a_word_at_another_process_reaches_whoever_drives_the_run() {
    let house = House::make().await;
    let Asked { question, mut stream, .. } = house.asked().await;
    let (world, content) = (&house.working.world, json!({ "day": GIVEN }));
    // As the other process does it: its transaction, and no word to this one.
    let mut tx = world.server.state.store.begin(&world.home.actor).await.expect("tx");
    assert!(matches!(world.home.actor.kind, ActorKind::Person { .. }));
    let told = Told::Answer(content.as_object().expect("an object").clone());
    questions::tell(&mut tx, &world.server.state.office, question.parse().expect("id"), told).await.expect("told");
    tx.commit().await.expect("commit");
    stream.until_the_end().await;
    assert_eq!(house.peer.told(), json!({ "action": "accept", "content": { "day": GIVEN } }));
}

#[tokio::test]
async fn a_stop_or_the_end_of_the_calls_time_ends_the_question() {
    let house = House::make().await;
    let Asked { run, question, mut stream, .. } = house.asked().await;
    house.working.ask("POST", format!("/api/v1/runs/{run}/cancel")).cookie(&house.owner).send().await.expect(202);
    let rest = stream.until_the_end().await;
    let closed = rest.iter().find(|heard| heard.name == "question.closed").expect("closed");
    assert_eq!(closed.data["outcome"], "withdrawn");
    assert_eq!(rest.last().expect("an end").data["outcome"], "cancelled");
    house.answer(&question, &json!({ "day": GIVEN })).cookie(&house.owner).send().await.expect(409);

    let house = House::with(form(), 2_000).await;
    let Asked { question, mut stream, .. } = house.asked().await;
    let rest = stream.until_the_end().await;
    assert_eq!(rest[0].data["outcome"], "expired", "{rest:?}");
    assert_eq!(house.peer.told(), json!({ "action": "cancel" }), "before the call's time is over, so that it can finish");
    assert!(rest.iter().any(|heard| heard.name == "tool.done"), "{rest:?}");
    house.answer(&question, &json!({ "day": GIVEN })).cookie(&house.owner).send().await.expect(409);
}

#[tokio::test]
async fn a_question_whose_asker_is_gone_takes_no_answer() {
    let house = House::make().await;
    let asked = house.asked().await;
    // Another worker took the run: whoever waited for the answer waits no more, and the row says nothing of that.
    house.working.world.server.database.raw("update run set fence = fence + 1").await;
    house.answer(&asked.question, &json!({ "day": GIVEN })).cookie(&house.owner).send().await.expect(409);
    assert_eq!(house.open(&house.owner).await, json!([]));
    assert_eq!(house.peer.told(), Value::Null);
}

#[tokio::test]
async fn a_form_that_asks_for_a_secret_is_never_put_to_the_person() {
    let mut secret = form();
    secret["requestedSchema"]["properties"]["password"] = json!({ "type": "string" });
    let house = House::with(secret, 20_000).await;
    let (_, run) = house.working.say(&house.owner, "Book a trip to Bern").await;
    let heard = Listening::open(house.working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&house.owner)).await.until_the_end().await;
    assert!(heard.iter().all(|heard| !heard.name.starts_with("question.")), "{heard:?}");
    assert_eq!(house.peer.told()["code"], -32602);
    assert_eq!(house.working.world.server.database.number("select count(*) from question").await, 0);
}
