//! A server with a worker behind it and a scripted model, and a reader of event streams.

use super::server::{Ask, Server, URL, shipped_files};
use super::world::{House, World};
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt as _;
use http::HeaderMap;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use steward_agent::Runtime;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_agent::worker::work;
use steward_api::meters::Meters;
use steward_api::notices::Ways;
use steward_api::oauth::ClientDocuments;
use steward_api::{AppState, Parts, Site};
use steward_core::{Clock, Role};
use steward_host::EgressOptions;
use steward_host::mcp::McpServer;
use steward_office::kept::Keeper;
use steward_office::people::Passwords;
use steward_policies::{Rules, shipped_rules};
use steward_store::testing::TestDatabase;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The server's own words for a full disk, for whatever is to go on record. Room is made by dropping the trigger `full_disk`.
pub(crate) const FULL_DISK: &str = "create function full_disk() returns trigger language plpgsql as $$
     begin
       raise exception 'could not extend file: No space left on device' using errcode = '53100';
     end $$;
     create trigger full_disk before insert on audit_event for each row execute function full_disk();";

/// Holds `crm.add_note` for an owner or a manager, so that something waits.
pub(crate) const HOLD_NOTES: &str = r#"
@id("test-notes-ask") @reason("Notes ask the owner or a manager in this test.")
forbid (principal, action == Action::"crm.add_note", resource)
unless { context.approvals.roles.containsAny([Role::"owner", Role::"manager"]) };
"#;

/// Forbids `crm.create_company` to everybody.
pub(crate) const NO_COMPANIES: &str = r#"
@id("test-no-companies") @reason("No companies in this test.") @tell("Companies cannot be made here.")
forbid (principal, action == Action::"crm.create_company", resource);
"#;

/// How long anything may take before a test gives up, in seconds.
const PATIENCE_SECONDS: u64 = 60;

/// A model that adds a contact, then wants to add a note to it, and has this to say when both is done.
pub(crate) async fn that_notes(last: &'static str) -> ScriptedModel {
    ScriptedModel::start_with(move |seen| {
        let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        match results.as_slice() {
            [] => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            [first] => {
                let id = first["ok"]["id"].as_str().or_else(|| first["ok"]["contact"]["id"].as_str()).unwrap_or("missing");
                Reply::call("crm.add_note", json!({ "contact_id": id, "text": "Met at the fair." }))
            }
            [_, _, ..] => Reply::text(last),
        }
    })
    .await
}

/// The parts. The worker stops when they are dropped.
pub(crate) struct Working {
    pub(crate) world: World,
    pub(crate) model: ScriptedModel,
    pub(crate) runtime: Arc<Runtime>,
    _stop: DropGuard,
}

impl Working {
    /// A house with a worker and a model that answers from this script, under these rules beside the shipped ones.
    pub(crate) async fn with(model: ScriptedModel, rules: &[&str]) -> Self {
        Self::with_prompts(model, rules, Arc::new(steward_prompts::shipped().expect("prompts"))).await
    }

    /// The same with these prompts.
    pub(crate) async fn with_prompts(model: ScriptedModel, rules: &[&str], prompts: Arc<steward_prompts::Registry>) -> Self {
        let mut made = steward_agent::testing::World::with_rules(TestDatabase::make().await, &model.base_url(), rules).await;
        Arc::get_mut(&mut made.runtime).expect("nobody else has it").prompts = prompts;
        Self::of(made, model, Vec::new(), PathBuf::from("/nowhere/mcp.lock.json")).await
    }

    /// The same with these MCP servers, whose accepted tools the agent has.
    pub(crate) async fn with_mcp(model: ScriptedModel, servers: Vec<McpServer>, lock: PathBuf) -> Self {
        let mut made = steward_agent::testing::World::with_rules(TestDatabase::make().await, &model.base_url(), &[]).await;
        let runtime = Arc::get_mut(&mut made.runtime).expect("nobody else has it");
        runtime.host.load_mcp(&servers, &lock).expect("accepted tools");
        runtime.rules.replace(Rules::load(&shipped_rules(), &runtime.host.specs()).expect("rules"));
        for agent in Arc::make_mut(&mut runtime.agents).values_mut() {
            agent.tools.extend(servers.iter().map(|server| format!("{}.*", server.name)));
        }
        Self::of(made, model, servers, lock).await
    }

    /// A house at the time of this clock, with a model that says this and nothing else.
    pub(crate) async fn at_time(clock: Clock, text: &'static str) -> Self {
        let model = ScriptedModel::start_with(move |_| Reply::text(text)).await;
        let made = steward_agent::testing::World::at(clock, &model.base_url(), &[]).await;
        Self::of(made, model, Vec::new(), PathBuf::from("/nowhere/mcp.lock.json")).await
    }

    /// The same with the agent in mode `sealed`.
    pub(crate) async fn sealed(model: ScriptedModel) -> Self {
        let mut made = steward_agent::testing::World::with_rules(TestDatabase::make().await, &model.base_url(), &[]).await;
        let runtime = Arc::get_mut(&mut made.runtime).expect("nobody else has it");
        for agent in Arc::make_mut(&mut runtime.agents).values_mut() {
            agent.mode = steward_core::Mode::Sealed;
        }
        Self::of(made, model, Vec::new(), PathBuf::from("/nowhere/mcp.lock.json")).await
    }

    /// The same with an agent that may ask for standing grants.
    pub(crate) async fn that_asks(model: ScriptedModel, rules: &[&str]) -> Self {
        let made = steward_agent::testing::World::with_rules(TestDatabase::make().await, &model.base_url(), rules).await;
        Self::of(made.that_asks(rules), model, Vec::new(), PathBuf::from("/nowhere/mcp.lock.json")).await
    }

    /// The same with a clerk to whom the assistant may hand tasks.
    pub(crate) async fn that_delegates(model: ScriptedModel, rules: &[&str]) -> Self {
        use steward_core::{Mode, RunLimits};
        let tools: &[&str] = &["crm.*", "steward.delegate"];
        let made = steward_agent::testing::World::with_rules(TestDatabase::make().await, &model.base_url(), rules).await;
        let made = made.that_delegates(&[("assistant", tools, Mode::Traced), ("clerk", tools, Mode::Traced)], RunLimits::default(), rules);
        Self::of(made, model, Vec::new(), PathBuf::from("/nowhere/mcp.lock.json")).await
    }

    /// The same whose worker has one place: whoever is at work there keeps all others waiting.
    pub(crate) async fn that_delegates_in_one_place(model: ScriptedModel) -> Self {
        use steward_core::{Mode, RunLimits};
        let tools: &[&str] = &["crm.*", "steward.delegate"];
        let made = steward_agent::testing::World::with_rules(TestDatabase::make().await, &model.base_url(), &[]).await;
        let made = made.that_delegates(&[("assistant", tools, Mode::Traced), ("clerk", tools, Mode::Traced)], RunLimits::default(), &[]);
        Self::with_places(Site::new(URL, false).expect("site"), EgressOptions::default(), made, model, Vec::new(), PathBuf::from("/nowhere/mcp.lock.json"), 1)
            .await
    }

    /// The same for people and programs that come to this address, with documents of clients found by these.
    pub(crate) async fn at(url: &str, model: ScriptedModel, documents: EgressOptions) -> Self {
        let made = steward_agent::testing::World::with_rules(TestDatabase::make().await, &model.base_url(), &[]).await;
        Self::on(Site::new(url, false).expect("site"), documents, made, model, Vec::new(), PathBuf::from("/nowhere/mcp.lock.json")).await
    }

    async fn of(made: steward_agent::testing::World, model: ScriptedModel, mcp: Vec<McpServer>, mcp_lock: PathBuf) -> Self {
        Self::on(Site::new(URL, false).expect("site"), EgressOptions::default(), made, model, mcp, mcp_lock).await
    }

    async fn on(
        site: Site,
        documents: EgressOptions,
        made: steward_agent::testing::World,
        model: ScriptedModel,
        mcp: Vec<McpServer>,
        mcp_lock: PathBuf,
    ) -> Self {
        Self::with_places(site, documents, made, model, mcp, mcp_lock, 4).await
    }

    async fn with_places(
        site: Site,
        documents: EgressOptions,
        made: steward_agent::testing::World,
        model: ScriptedModel,
        mcp: Vec<McpServer>,
        mcp_lock: PathBuf,
        places: usize,
    ) -> Self {
        let runtime = made.runtime;
        let state = AppState::new(Parts {
            store: made.db.app.clone(),
            keeper: Keeper::new(made.db.worker.clone()),
            office: runtime.office.clone(),
            passwords: Passwords::new(1).expect("argon"),
            site,
            host: runtime.host.clone(),
            mcp: mcp.into(),
            mcp_lock,
            rules: runtime.rules.clone(),
            policy_files: shipped_files(),
            prompts: runtime.prompts.clone(),
            agents: runtime.agents.clone(),
            models: runtime.models.listed(),
            oidc: None,
            clients: ClientDocuments::new(documents, runtime.office.clock.clone()),
            approvals: runtime.approvals.clone(),
            notices: Ways::default(),
            live: runtime.live.clone(),
            meters: Arc::new(Meters::default()),
            audit: None,
            web: Arc::default(),
        });
        let server = Server::of(made.db, state);
        let home = House { tenant: made.tenant, workspace: made.workspace, owner: made.owner.person.expect("a person"), actor: made.owner };
        let other = House::make(&server, "Other", "eve@other.example").await;
        let stop = CancellationToken::new();
        tokio::spawn(work(runtime.clone(), places, stop.clone()));
        Self { world: World { server, home, other }, model, runtime, _stop: stop.drop_guard() }
    }

    /// A model that says this and nothing else.
    pub(crate) async fn saying(text: &str) -> Self {
        let text = text.to_owned();
        Self::with(ScriptedModel::start_with(move |_| Reply::text(text.clone())).await, &[]).await
    }

    /// A model that adds a contact and then wants to add a note to it, which waits for an owner or a manager.
    pub(crate) async fn noting() -> Self {
        Self::with(that_notes("That is done.").await, &[HOLD_NOTES]).await
    }

    pub(crate) fn ask(&self, method: &'static str, path: impl Into<String>) -> Ask<'_> {
        self.world.server.ask(method, path)
    }

    /// Begins a conversation and says something in it. Returns the conversation's and the run's id.
    pub(crate) async fn say(&self, who: &secrecy::SecretString, text: &str) -> (String, String) {
        let made = self.ask("POST", "/api/v1/conversations").cookie(who).json(&json!({ "agent": "assistant" })).send().await.expect(201).json();
        let conversation = made["conversation_id"].as_str().expect("id").to_owned();
        let posted = self
            .ask("POST", format!("/api/v1/conversations/{conversation}/messages"))
            .cookie(who)
            .json(&json!({ "text": text }))
            .send()
            .await
            .expect(202)
            .json();
        (conversation, posted["run_id"].as_str().expect("id").to_owned())
    }

    /// Says something that makes a note wait, and hears of it. Returns the run's id, the held action's, and its envelope's.
    pub(crate) async fn held(&self) -> Held {
        let owner = self.world.owner().await;
        let (_, run) = self.say(&owner, "Add Lena Petrova, lena@partner.example, and note that we met at the fair").await;
        let mut stream = Listening::open(self.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
        let opened = stream.until("hold.opened").await.pop().expect("an event");
        let text = |name: &str| opened.data[name].as_str().expect("text").to_owned();
        Held { run, hold: text("hold_id"), envelope: text("envelope_id"), stream }
    }

    /// A fresh session in some role.
    pub(crate) async fn as_role(&self, role: Role) -> secrecy::SecretString {
        self.world.session(role).await.secret
    }
}

/// A run that waits, and the stream it is followed by.
pub(crate) struct Held {
    pub(crate) run: String,
    pub(crate) hold: String,
    pub(crate) envelope: String,
    pub(crate) stream: Listening,
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    /// The number of the journal's event.
    pub(crate) id: Option<u32>,
    /// The id as it was sent.
    pub(crate) place: Option<String>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// A stream of events that is coming in.
pub(crate) struct Listening {
    pub(crate) headers: HeaderMap,
    body: BodyDataStream,
    text: String,
}

impl Listening {
    pub(crate) async fn open(ask: Ask<'_>) -> Self {
        let (parts, body): (_, Body) = ask.open().await.into_parts();
        assert_eq!(parts.status, 200);
        Self { headers: parts.headers, body: body.into_data_stream(), text: String::new() }
    }

    /// The next event; none when the stream has ended. Comments are no events.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = Heard::read(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let piece = tokio::time::timeout(Duration::from_secs(PATIENCE_SECONDS), self.body.next()).await.expect("something is heard in time")?;
            self.text.push_str(std::str::from_utf8(&piece.expect("a piece")).expect("text"));
        }
    }

    /// Events up to the first of this name, that one included.
    pub(crate) async fn until(&mut self, name: &str) -> Vec<Heard> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            let is_last = event.name == name;
            events.push(event);
            if is_last {
                return events;
            }
        }
        panic!("the stream ended without `{name}`: {events:?}");
    }

    /// All events until the stream ends by itself.
    pub(crate) async fn until_the_end(&mut self) -> Vec<Heard> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

impl Heard {
    fn read(block: &str) -> Option<Self> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let name = field("event")?.to_owned();
        let place = field("id").map(str::to_owned);
        let id = place.as_deref().map(|place| place.split('.').next().unwrap_or_default().parse().expect("a number"));
        Some(Self { id, place, name, data: serde_json::from_str(field("data")?).expect("JSON") })
    }
}

/// What is in the journal: everything but the pieces that are live only.
pub(crate) fn recorded(events: &[Heard]) -> Vec<Heard> {
    events.iter().filter(|event| event.id.is_some()).cloned().collect()
}
