//! A whole installation for one test: a database of its own, the shipped rules, prompts and tools, and a scripted model.

use super::ScriptedModel;
use crate::agents::{Agent, Agents};
use crate::driver::HandsFor;
use crate::live::Live;
use crate::models::{ModelConfig, Models, ModelsConfig};
use crate::offers::Offers;
use crate::pins::as_configured;
use crate::rules::SharedRules;
use crate::run::Run;
use crate::runtime::Runtime;
use crate::worker::{drive_taken, drive_with, hands_for};
use secrecy::SecretString;
use std::sync::Arc;
use steward_core::event::Recorded;
use steward_core::limits::{HEARTBEAT_MS, LEASE_MS};
use steward_core::{
    Actor, ActorKind, AuthMethod, Clock, ConversationId, EnvelopeKey, Floor, Ids, Mode, Role, RunId, RunLimits, TenantId, WorkspaceId, Workspaces,
};
use steward_host::{Host, HostOptions};
use steward_office::conversations::{self, AgentPins};
use steward_office::crm::Stood;
use steward_office::people::{NewOrganisation, bootstrap};
use steward_office::{Office, runs, schedules};
use steward_policies::{RuleFile, Rules, SHIPPED};
use steward_store::doors::Leased;
use steward_store::run::RunStatus;
use steward_store::step::TakenUp;
use steward_store::testing::TestDatabase;
use steward_store::{Store, StoreError};

/// What the measured agent may use.
const BENCH_TOOLS: &[&str] = &["crm.get_contact"];

/// The installation.
pub struct World {
    /// Its database.
    pub db: TestDatabase,
    /// The loop's parts.
    pub runtime: Arc<Runtime>,
    /// The organisation.
    pub tenant: TenantId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its owner, at the terminal.
    pub owner: Actor,
    base_url: String,
}

#[expect(clippy::expect_used, reason = "test support may stop the test")]
impl World {
    /// An installation whose models are the scripted one at `base_url`.
    pub async fn make(base_url: &str) -> Self {
        Self::with(TestDatabase::make().await, base_url, RunLimits::default()).await
    }

    /// An installation with a scripted model.
    pub async fn scripted(model: &ScriptedModel) -> Self {
        Self::make(&model.base_url()).await
    }

    /// The same installation, whose worker renews its leases so often.
    #[must_use]
    pub fn that_renews_each(mut self, heartbeat_ms: u64) -> Self {
        let mut made = runtime(&self.db, self.runtime.office.clone(), &self.base_url, RunLimits::default(), &[]);
        made.heartbeat_ms = heartbeat_ms;
        self.runtime = Arc::new(made);
        self
    }

    /// An installation in this database, with these bounds for its agent.
    pub async fn with(db: TestDatabase, base_url: &str, limits: RunLimits) -> Self {
        Self::build(db, base_url, limits, &[], Clock::System).await
    }

    /// An installation with these rules beside the shipped ones, at the time of this clock.
    pub async fn at(clock: Clock, base_url: &str, extra: &[&str]) -> Self {
        Self::build(TestDatabase::make().await, base_url, RunLimits::default(), extra, clock).await
    }

    /// An installation in this database, with these rules beside the shipped ones.
    pub async fn with_rules(db: TestDatabase, base_url: &str, extra: &[&str]) -> Self {
        Self::build(db, base_url, RunLimits::default(), extra, Clock::System).await
    }

    /// Another organisation in the same database, with the same parts: for tests of many courses, as loading parts is most of a course.
    pub async fn beside(&self) -> Self {
        Self::found(self.db.clone(), self.runtime.clone(), &self.base_url).await
    }

    /// The same, whose worker reaches the database through this store.
    pub async fn beside_through(&self, worker: Store) -> Self {
        let runtime = &self.runtime;
        let parts = Runtime {
            store: worker.clone(),
            office: office(runtime.office.clock.clone()),
            approvals: runtime.approvals.clone(),
            models: models(MODEL, &self.base_url, &runtime.office),
            host: runtime.host.clone(),
            rules: runtime.rules.clone(),
            prompts: runtime.prompts.clone(),
            agents: runtime.agents.clone(),
            offers: Offers::default(),
            key: runtime.key.clone(),
            live: Live::default(),
            worker: runtime.worker.clone(),
            heartbeat_ms: runtime.heartbeat_ms,
        };
        Self::found(TestDatabase { worker, ..self.db.clone() }, Arc::new(parts), &self.base_url).await
    }

    /// An organisation of a database, seen from another process.
    pub async fn attach(superuser_url: &str, tenant: TenantId, base_url: &str, extra: &[&str]) -> Self {
        let db = TestDatabase::attach(superuser_url).await;
        let owner = steward_office::people::actor_of_person(&db.app, tenant, "owner@test.example").await.expect("owner");
        let mut tx = db.app.begin(&owner).await.expect("begin");
        let (workspaces, _) = steward_office::people::list_workspaces(&mut tx, &steward_store::Page::first()).await.expect("workspaces");
        let workspace = workspaces.first().expect("a workspace").workspace_id;
        drop(tx);
        let mut runtime = runtime(&db, office(Clock::System), base_url, RunLimits::default(), extra);
        // Half the vocabulary to load: processes that attach are many and do not live long.
        runtime.models = models("gpt-3.5-turbo", base_url, &runtime.office);
        Self { db, runtime: Arc::new(runtime), tenant, workspace, owner, base_url: base_url.to_owned() }
    }

    /// The same installation, whose agent may ask for standing grants.
    #[must_use]
    pub fn that_asks(mut self, extra: &[&str]) -> Self {
        let mut made = runtime(&self.db, self.runtime.office.clone(), &self.base_url, RunLimits::default(), extra);
        made.host.offer_propose_grant().expect("asking for a grant");
        made.rules.replace(rules(&made.host, extra));
        for agent in Arc::make_mut(&mut made.agents).values_mut() {
            agent.tools.push("steward.*".to_owned());
        }
        self.runtime = Arc::new(made);
        self
    }

    /// The same installation, whose agent may have things said to it later and is watched in this mode.
    #[must_use]
    pub fn that_plans(mut self, mode: Mode) -> Self {
        let mut made = runtime(&self.db, self.runtime.office.clone(), &self.base_url, RunLimits::default(), &[]);
        made.host.offer_extract().expect("reading behind handles");
        made.host.offer_schedule().expect("having something said later");
        made.rules.replace(rules(&made.host, &[]));
        for agent in Arc::make_mut(&mut made.agents).values_mut() {
            agent.tools.push("steward.schedule".to_owned());
            agent.mode = mode;
        }
        self.runtime = Arc::new(made);
        self
    }

    /// The same installation with these agents, by name, tools and mode; those that name it may hand tasks to each other. The first is the
    /// assistant, whom people talk with.
    #[must_use]
    pub fn that_delegates(mut self, agents: &[(&str, &[&str], Mode)], limits: RunLimits, extra: &[&str]) -> Self {
        let mut made = runtime(&self.db, self.runtime.office.clone(), &self.base_url, limits, extra);
        made.host.offer_extract().expect("reading behind handles");
        made.host.offer_delegate(&agents.iter().map(|(name, _, _)| *name).collect::<Vec<_>>()).expect("handing on");
        made.rules.replace(rules(&made.host, extra));
        let assistant = made.agents.get("assistant").cloned().expect("the assistant");
        let named = |(name, tools, mode): &(&str, &[&str], Mode)| {
            let tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
            ((*name).to_owned(), Agent { name: (*name).to_owned(), tools, mode: *mode, ..assistant.clone() })
        };
        made.agents = Arc::new(agents.iter().map(named).collect());
        self.runtime = Arc::new(made);
        self
    }

    /// Says what is due, with what the assistant is pinned to; how many runs came of it.
    pub async fn say_due(&self) -> usize {
        let mut runs = 0;
        loop {
            let mut tx = self.db.worker.begin(&Actor::worker(self.tenant)).await.expect("begin");
            let Some(row) = schedules::next_due(&mut tx, &self.runtime.office, 0).await.expect("look") else { return runs };
            let said = schedules::say(&mut tx, &self.runtime.office, &row, Ok(self.pins())).await.expect("say");
            tx.commit().await.expect("commit");
            runs += usize::from(matches!(said, schedules::Said::Run(_)));
        }
    }

    /// An installation whose agent is sealed.
    pub async fn sealed(base_url: &str) -> Self {
        Self::make(base_url).await.that_is_sealed(&[])
    }

    /// The same installation, started anew with its agent sealed.
    #[must_use]
    pub fn that_is_sealed(mut self, extra: &[&str]) -> Self {
        let mut runtime = runtime(&self.db, self.runtime.office.clone(), &self.base_url, RunLimits::default(), extra);
        runtime.host.offer_extract().expect("reading behind handles");
        runtime.rules.replace(rules(&runtime.host, extra));
        for agent in Arc::make_mut(&mut runtime.agents).values_mut() {
            agent.mode = Mode::Sealed;
        }
        self.runtime = Arc::new(runtime);
        self
    }

    /// An installation for measurements: its agent is watched in this mode and has one tool, as the floor it is measured against.
    pub async fn bench(base_url: &str, mode: Mode) -> Self {
        let mut world = Self::make(base_url).await;
        let office = world.runtime.office.clone();
        world.runtime = Arc::new(parts(world.db.worker.clone(), office, base_url, RunLimits::default(), &[], (BENCH_TOOLS, mode)));
        world
    }

    async fn build(db: TestDatabase, base_url: &str, limits: RunLimits, extra: &[&str], clock: Clock) -> Self {
        let runtime = Arc::new(runtime(&db, office(clock), base_url, limits, extra));
        Self::found(db, runtime, base_url).await
    }

    /// A new organisation with these parts.
    async fn found(db: TestDatabase, runtime: Arc<Runtime>, base_url: &str) -> Self {
        let new = NewOrganisation { name: "Test & Sons", workspace: "Main", owner_email: "owner@test.example", owner_name: "Olga Owner" };
        let made = bootstrap(&db.app, &runtime.office, new).await.expect("bootstrap");
        let owner = Actor {
            tenant: made.tenant,
            person: Some(made.owner),
            kind: ActorKind::Person { session: None, method: AuthMethod::Terminal },
            roles: [Role::Owner].into(),
            workspaces: Workspaces::All,
        };
        Self { db, runtime, tenant: made.tenant, workspace: made.workspace, owner, base_url: base_url.to_owned() }
    }

    /// Begins a conversation as the owner.
    pub async fn converse(&self) -> ConversationId {
        let mut tx = self.db.app.begin(&self.owner).await.expect("begin");
        let made = conversations::create(&mut tx, &self.runtime.office, "assistant", self.workspace, "A test").await.expect("conversation");
        tx.commit().await.expect("commit");
        made.conversation_id
    }

    /// Says something in a new conversation; the run is queued.
    pub async fn say(&self, text: &str) -> RunId {
        let conversation = self.converse().await;
        self.say_in(conversation, text).await
    }

    /// Says something in a conversation, as a program does for the owner, so that answers come whole unless somebody watches; the run is queued.
    pub async fn say_in(&self, conversation: ConversationId, text: &str) -> RunId {
        let mut tx = self.db.app.begin(&self.owner).await.expect("begin");
        let posted = conversations::post(&mut tx, &self.runtime.office, conversation, text, "api", self.pins(), None).await.expect("post");
        tx.commit().await.expect("commit");
        posted.run
    }

    /// What the assistant is pinned to.
    pub fn pins(&self) -> AgentPins {
        as_configured(self.runtime.agents.get("assistant").expect("the assistant"))
    }

    /// Leases the oldest queued run and drives it until it ends or waits; none when nothing is queued.
    pub async fn drive(&self) -> Option<RunStatus> {
        let (leased, taken) = self.lease().await?;
        Some(drive_taken(&self.runtime, leased, taken).await.expect("drive"))
    }

    /// The same, with this office behind the plugins.
    pub async fn drive_with(&self, hands: &HandsFor) -> Option<RunStatus> {
        let (leased, taken) = self.lease().await?;
        Some(drive_with(&self.runtime, leased, taken, |_, _| hands.clone()).await.expect("drive"))
    }

    /// What the plugin of one call of a run asks of the records, where people approved the call while they stood so.
    pub fn hands(&self, run: RunId, stood: Stood) -> Arc<dyn steward_host::Office> {
        self.hands_of(run)(Floor::CLEAN, stood)
    }

    /// What plugins may ask of the records in a run of the owner's, as a worker has it.
    pub fn hands_of(&self, run: RunId) -> HandsFor {
        hands_for(&self.runtime, &self.owner.as_agent(run, "assistant"), run, self.workspace)
    }

    async fn lease(&self) -> Option<(Leased, Result<TakenUp, StoreError>)> {
        self.runtime.store.lease_and_take_up(&self.runtime.worker, self.runtime.office.clock.now(), LEASE_MS).await.expect("lease")
    }

    /// The journal of a run.
    pub async fn events(&self, run: RunId) -> Vec<Recorded> {
        let mut tx = self.db.app.begin(&self.owner).await.expect("begin");
        runs::events(&mut tx, run, 0).await.expect("events")
    }

    /// The state of a run.
    pub async fn run(&self, run: RunId) -> Run {
        Run::fold(&self.events(run).await)
    }
}

fn runtime(db: &TestDatabase, office: Office, base_url: &str, limits: RunLimits, extra: &[&str]) -> Runtime {
    parts(db.worker.clone(), office, base_url, limits, extra, (&["crm.*", "documents.*"], Mode::default()))
}

#[expect(clippy::expect_used, reason = "test support may stop the test")]
fn parts(store: Store, office: Office, base_url: &str, limits: RunLimits, extra: &[&str], (tools, mode): (&[&str], Mode)) -> Runtime {
    let host = host();
    let prompts = steward_prompts::shipped().expect("prompts");
    let prompt = prompts.resolve("assistant@production").expect("the assistant's prompt");
    let agent = Agent {
        name: "assistant".into(),
        prompt: prompt.reference(),
        prompt_digest: prompt.digest,
        prompt_label: Some("production".into()),
        model: "strong".into(),
        tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
        mode,
        limits,
        within: Vec::new(),
    };
    Runtime {
        store,
        models: models(MODEL, base_url, &office),
        rules: SharedRules::new(rules(&host, extra)),
        host,
        prompts: Arc::new(prompts),
        agents: Arc::new(Agents::from([("assistant".to_owned(), agent)])),
        offers: Offers::default(),
        key: EnvelopeKey::from_bytes([7; 32]),
        approvals: Arc::default(),
        live: Live::default(),
        worker: "test-worker".into(),
        heartbeat_ms: HEARTBEAT_MS,
        office,
    }
}

/// An office of its own, with the key that seals.
fn office(clock: Clock) -> Office {
    Office::new(clock, Ids::System).with_key(EnvelopeKey::from_bytes([7; 32]))
}

/// What the one model calls itself.
const MODEL: &str = "gpt-4o-mini";

/// The one model, which is the scripted one.
#[expect(clippy::expect_used, reason = "test support may stop the test")]
fn models(name: &str, base_url: &str, office: &Office) -> Models {
    let mut model = ModelConfig::new(name);
    model.base_url = base_url.to_owned();
    model.api_key = Some(SecretString::from("test-key"));
    let models = ModelsConfig { models: [("strong".to_owned(), model)].into(), ..ModelsConfig::default() };
    Models::new(models, office.clock.clone()).expect("models")
}

/// The shipped tools. Compiled modules are kept beside the test binary, so that only the first test compiles them.
#[expect(clippy::expect_used, reason = "test support may stop the test")]
fn host() -> Host {
    let cache = std::env::current_exe().ok().and_then(|path| path.parent().map(|dir| dir.join("steward-test-modules")));
    let host = Host::new(HostOptions { cache_dir: cache, ..HostOptions::default() }).expect("host");
    host.load_shipped().expect("shipped tools");
    host
}

/// The shipped rules over these tools.
#[expect(clippy::expect_used, reason = "test support may stop the test")]
fn rules(host: &Host, extra: &[&str]) -> Rules {
    let mut files: Vec<RuleFile> = SHIPPED.iter().map(|(name, text)| RuleFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect();
    files.extend(extra.iter().enumerate().map(|(at, text)| RuleFile { name: format!("test-{at}.cedar"), text: (*text).to_owned() }));
    Rules::load(&files, &host.specs()).expect("rules")
}

/// A runtime without a database, for measurements with a journal in memory. Its agent is watched in this mode.
pub fn bench_runtime(base_url: &str, mode: Mode) -> Runtime {
    let office = office(Clock::System);
    parts(Store::nowhere(), office, base_url, RunLimits::default(), &[], (BENCH_TOOLS, mode))
}

/// An office that knows one contact, for measurements: the cost of its records is not what is measured.
pub fn bench_office() -> HandsFor {
    Arc::new(|_, _| Arc::new(steward_host::testing::MemoryOffice::default()))
}
