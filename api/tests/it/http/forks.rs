//! Runs that go on from others: who may, from where, and what never happens again.

use super::working::{Heard, Listening, Working};
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_core::{Role, Scope};

async fn fork(working: &Working, who: &SecretString, run: &str, body: &Value, status: u16) -> Value {
    working.ask("POST", format!("/api/v1/runs/{run}/fork")).cookie(who).json(body).send().await.expect(status).json()
}

async fn heard_until(working: &Working, who: &SecretString, run: &str, name: &str) -> Vec<Heard> {
    Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(who)).await.until(name).await
}

async fn shown(working: &Working, who: &SecretString, run: &str) -> Value {
    working.ask("GET", format!("/api/v1/runs/{run}")).cookie(who).send().await.expect(200).json()
}

fn id(answer: &Value) -> String {
    answer["run_id"].as_str().expect("id").to_owned()
}

#[tokio::test]
async fn only_ones_own_run_is_forked_and_only_where_it_was() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let taken = working.held().await;
    let run = taken.run.as_str();
    for (step, status) in [(0, 422), (4, 422), (9, 422), (u32::MAX, 422), (3, 409)] {
        let refused = fork(&working, &owner, run, &json!({ "step": step }), status).await;
        assert!(status == 409 || refused["errors"][0]["path"] == "/step", "{step}: {refused}");
    }
    for (body, path) in [
        (json!({}), "/step"),
        (json!({ "step": 1, "text": " " }), "/text"),
        (json!({ "step": 1, "prompt": "assistant@9999" }), "/prompt"),
        (json!({ "step": 1, "prompt": "assistant@production" }), "/prompt"),
        (json!({ "step": 1, "prompt": "reader@1" }), "/prompt"),
        (json!({ "step": 1, "model": "nobody" }), "/model"),
    ] {
        let refused = fork(&working, &owner, run, &body, 422).await;
        assert!(refused["errors"][0]["path"] == path || path == "/step", "{body}: {refused}");
    }
    // What it has read it read with the owner's rights: nobody else goes on from there, whoever may see that it is.
    for role in [Role::Manager, Role::Support, Role::Auditor] {
        fork(&working, &working.as_role(role).await, run, &json!({ "step": 1 }), 403).await;
    }
    let elsewhere = working.world.other.session_of(&working.world.server, working.world.other.owner).await.secret;
    fork(&working, &elsewhere, run, &json!({ "step": 1 }), 404).await;
    let token = working.world.token(&working.world.home.actor, &[Scope::Read, Scope::Write]).await.secret;
    working.ask("POST", format!("/api/v1/runs/{run}/fork")).token(&token).json(&json!({ "step": 1 })).send().await.expect(403);
    // Another model or prompt than the approved one is tried by those who may approve it.
    let manager = working.as_role(Role::Manager).await;
    let (_, theirs) = working.say(&manager, "Add Lena Petrova, lena@partner.example, and note that we met at the fair").await;
    heard_until(&working, &manager, &theirs, "hold.opened").await;
    for body in [json!({ "step": 1, "model": "another" }), json!({ "step": 1, "prompt": "assistant@1" })] {
        fork(&working, &manager, &theirs, &body, 403).await;
    }
    assert_eq!(working.world.server.database.number("select count(*) from run where forked_from is not null").await, 0);
}

#[tokio::test]
async fn nothing_is_taken_over_from_a_run_that_was_watched_in_another_mode() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let taken = working.held().await;
    let database = &working.world.server.database;
    database
        .raw(
            r#"alter table run_event disable trigger never_change;
               update run_event set body = replace(body, '"mode":"open"', '"mode":"traced"') where seq = 1;
               alter table run_event enable trigger never_change;"#,
        )
        .await;
    assert_eq!(database.number(r#"select count(*) from run_event where seq = 1 and body like '%"mode":"traced"%'"#).await, 1);
    let refused = fork(&working, &owner, &taken.run, &json!({ "step": 2 }), 409).await;
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("`traced`") && detail.contains("`open`")), "{refused}");
    // Where nothing is taken over, it is a new run.
    fork(&working, &owner, &taken.run, &json!({ "step": 1 }), 202).await;
}

#[tokio::test]
async fn a_fork_repeats_no_effect_takes_no_approval_and_pays_nothing_twice() {
    let working = Working::noting().await;
    let database = &working.world.server.database;
    let owner = working.world.owner().await;
    let mut taken = working.held().await;
    let approve = |hold: &str, envelope: &str| {
        working.ask("POST", format!("/api/v1/holds/{hold}/approve")).cookie(&owner).json(&json!({ "envelope_id": envelope })).send()
    };
    approve(&taken.hold, &taken.envelope).await.expect(200);
    taken.stream.until("run.ended").await;
    let count = |table: &'static str| async move { database.number(&format!("select count(*) from {table}")).await };
    assert_eq!((count("contact").await, count("note").await, working.model.requests().len()), (1, 1, 3));
    let made = fork(&working, &owner, &taken.run, &json!({ "step": 2, "text": "Add Lena Petrova, lena@partner.example, and note where we met" }), 202).await;
    let run = id(&made);
    let mut stream = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    let events = stream.until("hold.opened").await;
    let first = |name: &str| events.iter().find(|event| event.name == name).map(|event| event.data.clone()).unwrap_or_default();
    assert_eq!(
        (&first("run.started")["text"], &first("run.forked")["from"]),
        (&json!("Add Lena Petrova, lena@partner.example, and note where we met"), &json!(taken.run))
    );
    assert_eq!(
        (&first("run.forked")["step"], &first("model.answered")["cost_micros"], &first("model.answered")["usage"]["input"]),
        (&json!(2), &json!(0), &json!(0))
    );
    let until = first("run.forked")["until_seq"].as_u64().expect("a number");
    let own: Vec<&str> = events.iter().filter(|event| event.id.is_some_and(|id| u64::from(id) > until)).map(|event| event.name.as_str()).collect();
    assert_eq!(own, ["model.answered", "tool.proposed", "tool.decided", "hold.opened"], "the approval of the first is none for the second");
    // The contact was made once, and the model was asked once more: with the answer as it was recorded.
    assert_eq!((count("contact").await, count("note").await, working.model.requests().len()), (1, 1, 4));
    let asked = working.model.requests().pop().expect("a request");
    assert_eq!(asked.tool_results(), working.model.requests()[1].tool_results());
    let opened = first("hold.opened");
    assert_ne!((opened["hold_id"].as_str(), opened["envelope_id"].as_str()), (Some(taken.hold.as_str()), Some(taken.envelope.as_str())));
    approve(opened["hold_id"].as_str().expect("id"), opened["envelope_id"].as_str().expect("id")).await.expect(200);
    stream.until("run.ended").await;
    assert_eq!((count("contact").await, count("note").await), (1, 2));
    let (was, is) = (shown(&working, &owner, &taken.run).await, shown(&working, &owner, &run).await);
    assert_eq!((&is["forked_from"], &is["forked_step"], &is["outcome"], &is["steps"]), (&json!(taken.run), &json!(2), &json!("replied"), &json!(3)));
    let cost = |run: &Value| run["cost_micros"].as_i64().expect("cost");
    assert_eq!(cost(&is) * 3, cost(&was) * 2, "two answers of three were its own");
    let usage = working.ask("GET", "/api/v1/usage?by=model").cookie(&owner).send().await.expect(200).json();
    let answers: i64 = usage["items"].as_array().expect("items").iter().map(|row| row["times"].as_i64().expect("times")).sum();
    assert_eq!(answers, 5, "{usage}");
    assert_eq!(database.number("select count(*) from audit_event where action = 'run.fork'").await, 1);
    // What was taken keeps the times at which it happened.
    let taken_at = |which: &str| {
        format!(
            "select count(*) from run join run_event as taken using (tenant_id, run_id) where forked_from is not null and seq > 2 and seq <= forked_seq and {which}"
        )
    };
    let then = "exists (select from run_event as was where was.run_id = forked_from and was.at = taken.at)";
    let (all, kept) = (database.number(&taken_at("true")).await, database.number(&taken_at(then)).await);
    assert!(all > 0 && all == kept, "{kept} of {all}");
    // A fork can be forked.
    let again = id(&fork(&working, &owner, &run, &json!({ "step": 3 }), 202).await);
    heard_until(&working, &owner, &again, "run.ended").await;
    assert_eq!((count("contact").await, count("note").await), (1, 2));
}

#[tokio::test]
async fn what_somebody_else_stopped_does_not_go_on_in_a_fork() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let manager = working.as_role(Role::Manager).await;
    let (_, run) = working.say(&manager, "Add Lena Petrova, lena@partner.example, and note that we met at the fair").await;
    heard_until(&working, &manager, &run, "hold.opened").await;
    working.ask("POST", format!("/api/v1/runs/{run}/cancel")).cookie(&owner).send().await.expect(202);
    for step in [1, 2] {
        let refused = fork(&working, &manager, &run, &json!({ "step": step }), 409).await;
        assert!(refused["detail"].as_str().expect("words").contains("somebody else stopped"), "{refused}");
    }
    // One's own wish to stop is one's own to take back.
    let (_, own) = working.say(&manager, "Add Lena Petrova, lena@partner.example, and note that we met at the fair").await;
    heard_until(&working, &manager, &own, "hold.opened").await;
    working.ask("POST", format!("/api/v1/runs/{own}/cancel")).cookie(&manager).send().await.expect(202);
    fork(&working, &manager, &own, &json!({ "step": 2 }), 202).await;
}

#[tokio::test]
async fn where_a_run_came_from_does_not_change() {
    let working = Working::saying("Hello.").await;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Hi").await;
    heard_until(&working, &owner, &run, "run.ended").await;
    let forked = id(&fork(&working, &owner, &run, &json!({ "step": 1, "model": "strong" }), 202).await);
    heard_until(&working, &owner, &forked, "run.ended").await;
    let database = &working.world.server.database;
    for sql in ["update run set forked_from = null, forked_step = null, forked_seq = null", "update run set forked_step = 2 where forked_from is not null"] {
        let refused = database.texts(&database.superuser_url, sql, "select 'done'").await;
        assert!(format!("{refused:?}").contains("does not change"), "{sql}: {refused:?}");
    }
    // What a run ended with has nothing after it.
    fork(&working, &owner, &run, &json!({ "step": 2 }), 422).await;
}
