//! Moves of prompt labels: proposed by one person, approved by another, and what a run that begins then is pinned to.

use super::working::{Listening, Working};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Role, Scope};
use steward_prompts::{Registry, SHIPPED};

const PATH: &str = "/api/v1/prompts/proposals";

/// Where the label of the files points.
const LABELS: &str = "[[move]]\nlabel = \"production\"\nversion = 1\non = 2026-11-24\nwhy = \"The first release.\"\n";

/// The first of the shipped versions, and a second one that begins with other words.
fn two_versions() -> Arc<Registry> {
    let first = SHIPPED.iter().find(|(path, _)| *path == "assistant/v1.md").expect("the first version").1.to_owned();
    let mut files = vec![("assistant/labels.toml".to_owned(), LABELS.to_owned()), ("assistant/v1.md".to_owned(), first.clone())];
    let (front, text) = first.split_once("\n+++\n").expect("front matter");
    files.push(("assistant/v2.md".to_owned(), format!("{}\n+++\nAnswer in two sentences.\n{text}", front.replace("version = 1", "version = 2"))));
    Arc::new(Registry::load(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))).expect("prompts"))
}

struct House {
    working: Working,
    manager: SecretString,
    owner: SecretString,
}

impl House {
    /// Two versions, and an owner and a manager who proved who they are.
    async fn make() -> Self {
        let model = ScriptedModel::start_with(|_| Reply::text("Hello.".to_owned())).await;
        let working = Working::with_prompts(model, &[], two_versions()).await;
        let (manager, owner) = (working.as_role(Role::Manager).await, working.world.owner().await);
        let now = working.world.server.state.office.clock.now().unix_timestamp();
        working.world.server.database.raw(&format!("update session set proved_at = to_timestamp({now})")).await;
        Self { working, manager, owner }
    }

    async fn propose(&self, who: &SecretString, version: u32) -> Value {
        let body = json!({ "name": "assistant", "label": "production", "version": version, "reason": "Shorter answers." });
        self.working.ask("POST", PATH).cookie(who).json(&body).send().await.expect(201).json()
    }

    async fn approve(&self, who: &SecretString, proposal: &Value) -> super::server::Reply {
        let path = format!("/api/v1/changes/{}/approve", proposal["governance_change_id"].as_str().expect("an id"));
        self.working.ask("POST", path).cookie(who).json(&json!({ "content_digest": proposal["content_digest"] })).send().await
    }

    /// What a run that begins now is pinned to.
    async fn pinned(&self) -> Value {
        let (_, run) = self.working.say(&self.owner, "Hello").await;
        Listening::open(self.working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&self.owner)).await.until_the_end().await;
        self.working.ask("GET", format!("/api/v1/runs/{run}")).cookie(&self.owner).send().await.expect(200).json()["pins"]["prompt"].clone()
    }
}

#[tokio::test]
async fn a_label_moves_only_to_what_is_there_and_not_by_who_may_not() {
    let house = House::make().await;
    let right = json!({ "name": "assistant", "label": "production", "version": 2, "reason": "Shorter answers." });
    for (field, value, path) in [
        ("version", json!(3), "/version"),
        ("version", json!(1), "/version"),
        ("name", json!("nobody"), "/version"),
        ("label", json!("Production!"), "/label"),
        ("label", json!("2"), "/label"),
        ("reason", json!(" "), "/reason"),
    ] {
        let mut body = right.clone();
        body[field] = value;
        let reply = house.working.ask("POST", PATH).cookie(&house.manager).json(&body).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], path, "{body}: {reply}");
    }
    let world = &house.working.world;
    let token = world.token(&world.home.actor, &Scope::ALL).await.secret;
    house.working.ask("POST", PATH).token(&token).json(&right).send().await.expect(403);
    house.working.ask("POST", PATH).cookie(&house.working.as_role(Role::Support).await).json(&right).send().await.expect(403);
    let own = house.propose(&house.owner, 2).await;
    house.approve(&house.owner, &own).await.expect(403);
    house.approve(&house.manager, &own).await.expect(403);
    let unproven = world.owner().await;
    let theirs = house.propose(&house.manager, 2).await;
    house.approve(&unproven, &theirs).await.expect(403);
    let listed = async |query: &str| house.working.ask("GET", format!("/api/v1/changes{query}")).cookie(&house.owner).send().await;
    assert_eq!(listed("?kind=prompt_label").await.expect(200).json()["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(listed("?kind=policy").await.expect(200).json()["items"], json!([]));
    listed("?kind=nothing").await.expect(422);
    assert_eq!(house.pinned().await, "assistant@1");
}

#[tokio::test]
async fn an_approved_label_is_what_new_runs_of_its_organisation_have() {
    let house = House::make().await;
    let world = &house.working.world;
    let proposal = house.propose(&house.manager, 2).await;
    assert_eq!((&proposal["report"]["from_version"], &proposal["subject"]), (&json!(1), &json!("assistant@production")));
    assert_eq!(proposal["report"]["lines"], json!([{ "change": "added", "text": "Answer in two sentences." }]), "{proposal}");
    assert_eq!(house.pinned().await, "assistant@1", "nothing is in force by a proposal");
    let also = house.propose(&house.manager, 2).await;
    assert_eq!(house.approve(&house.owner, &proposal).await.expect(200).json()["version"], 1);
    assert_eq!(house.pinned().await, "assistant@2");
    house.approve(&house.owner, &also).await.expect(409);
    let get = async |path: &str| house.working.ask("GET", path).cookie(&house.owner).send().await.expect(200).json();
    assert_eq!(get("/api/v1/prompts/assistant/production").await["version"], 2);
    assert_eq!(get("/api/v1/agents").await["items"][0]["prompt"], "assistant@2");
    let listed = get("/api/v1/prompts").await;
    let labels: Vec<&Value> = listed["items"].as_array().expect("items").iter().filter(|one| one["name"] == "assistant").map(|one| &one["labels"]).collect();
    assert_eq!(labels, [&json!([]), &json!(["production"])]);
    // Another organisation's label points where it did.
    let stranger = world.other.session_of(&world.server, world.other.owner).await.secret;
    let theirs = house.working.ask("GET", "/api/v1/prompts/assistant/production").cookie(&stranger).send().await.expect(200).json();
    assert_eq!(theirs["version"], 1);

    // What was changed in the database since is not what was approved: no run begins on it.
    let forged = "update governance_change set content = replace(content, '\"version\":2', '\"version\":1') where state = 'approved'";
    world
        .server
        .database
        .raw(&format!("alter table governance_change disable trigger user; {forged}; alter table governance_change enable trigger user"))
        .await;
    let made = house.working.ask("POST", "/api/v1/conversations").cookie(&house.owner).json(&json!({ "agent": "assistant" })).send().await.expect(201).json();
    let path = format!("/api/v1/conversations/{}/messages", made["conversation_id"].as_str().expect("an id"));
    let refused = house.working.ask("POST", path).cookie(&house.owner).json(&json!({ "text": "Hello" })).send().await.expect(409).json();
    assert!(refused["detail"].as_str().expect("detail").contains("changed in the database"), "{refused}");
}
