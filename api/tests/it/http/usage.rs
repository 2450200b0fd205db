//! What was used: who may see it, what is asked for wrongly, and that every sum is of the same runs.

use super::server::Reply;
use super::working::{Listening, Working};
use serde_json::{Value, json};
use steward_agent::testing::{Reply as Said, ScriptedModel};
use steward_core::{Role, Scope};

async fn ask(working: &Working, who: &secrecy::SecretString, query: &str) -> Reply {
    working.ask("GET", format!("/api/v1/usage?{query}")).cookie(who).send().await
}

fn sum(usage: &Value, field: &str) -> i64 {
    usage["items"].as_array().expect("items").iter().map(|item| item[field].as_i64().expect("number")).sum()
}

#[tokio::test]
async fn what_was_used_is_shown_to_who_may_see_it_and_for_a_time_that_is_one() {
    let working = Working::saying("Hello.").await;
    let owner = working.world.owner().await;
    working.ask("GET", "/api/v1/usage").send().await.expect(401);
    ask(&working, &working.as_role(Role::Support).await, "").await.expect(403);
    let token = working.world.token(&working.world.home.actor, &[Scope::Converse]).await.secret;
    working.ask("GET", "/api/v1/usage").token(&token).send().await.expect(403);
    for (query, field) in [
        ("by=owner", Some("by")),
        ("from=yesterday", Some("from")),
        ("to=2026-13-01", Some("to")),
        ("from=2026-03-02&to=2026-03-01", None),
        ("from=2026-03-01&to=2026-03-01", None),
        ("from=2020-01-01&to=2026-01-01", None),
        ("days=3", Some("days")),
    ] {
        let refused = ask(&working, &owner, query).await.expect(422).json();
        if let Some(field) = field {
            assert_eq!(refused["errors"][0]["path"].as_str().map(|path| path.trim_start_matches('/')), Some(field), "{query}: {refused}");
        }
    }
    assert_eq!(ask(&working, &owner, "").await.expect(200).json()["items"], json!([]), "nothing ran yet");
}

#[tokio::test]
async fn a_question_that_brought_nothing_and_cost_nothing_is_no_answer() {
    let failing = vec![Said::Status(500, Vec::new(), "{}".into()), Said::text("At last.")];
    let working = Working::with(ScriptedModel::start(failing).await, &[]).await;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Hello").await;
    Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await.until("run.ended").await;
    for by in ["day", "model"] {
        let usage = ask(&working, &owner, &format!("by={by}")).await.expect(200).json();
        assert_eq!((sum(&usage, "runs"), sum(&usage, "times")), (1, 1), "{usage}");
    }
}

#[tokio::test]
async fn every_sum_is_of_the_same_runs_and_another_organisation_sees_none_of_it() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let mut held = working.held().await;
    let approve = format!("/api/v1/holds/{}/approve", held.hold);
    working.ask("POST", approve).cookie(&owner).json(&json!({ "envelope_id": held.envelope })).send().await.expect(200);
    held.stream.until("run.ended").await;
    let run = working.ask("GET", format!("/api/v1/runs/{}", held.run)).cookie(&owner).send().await.expect(200).json();
    let day = ask(&working, &owner, "by=day").await.expect(200).json();
    assert_eq!((sum(&day, "runs"), sum(&day, "times")), (1, run["steps"].as_i64().expect("steps")), "{day}");
    assert!(sum(&day, "tokens") > 0, "{day}");
    for by in ["person", "agent", "prompt", "model"] {
        let usage = ask(&working, &owner, &format!("by={by}")).await.expect(200).json();
        assert_eq!(usage["items"].as_array().expect("items").len(), 1, "{usage}");
        for field in ["runs", "times", "tokens", "cost_micros"] {
            assert_eq!(sum(&usage, field), sum(&day, field), "{field} by {by}");
        }
    }
    let key = async |by: &str| ask(&working, &owner, &format!("by={by}")).await.json()["items"][0]["key"].as_str().expect("key").to_owned();
    assert_eq!(key("person").await, working.world.home.owner.to_string());
    assert_eq!(key("agent").await, "assistant");
    assert!(key("prompt").await.starts_with("assistant@"));
    let tools = ask(&working, &owner, "by=tool").await.expect(200).json();
    let names: Vec<&str> = tools["items"].as_array().expect("items").iter().map(|item| item["key"].as_str().expect("key")).collect();
    assert!(names.len() == 2 && names.contains(&"crm.create_contact") && names.contains(&"crm.add_note"), "{tools}");
    assert!(sum(&tools, "times") == 2 && sum(&tools, "fuel") > 0, "{tools}");

    let file = working.ask("GET", "/api/v1/usage?by=tool").cookie(&owner).header("accept", "text/csv").send().await.expect(200);
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines = file.text();
    assert_eq!((lines.lines().next(), lines.lines().count()), (Some("tool,runs,times,tokens,cost_micros,fuel,ms,requests,bytes"), 3), "{lines}");
    let elsewhere = working.world.other.session_of(&working.world.server, working.world.other.owner).await.secret;
    for by in ["day", "model", "prompt", "tool", "person", "agent"] {
        assert_eq!(ask(&working, &elsewhere, &format!("by={by}")).await.expect(200).json()["items"], json!([]), "{by}");
    }
}
