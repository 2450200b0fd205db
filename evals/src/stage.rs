//! A stage: the real loop with its gate, rules, host and MCP client, over a journal in memory, for one script at a time.
//!
//! The owner is attentive: they approve what belongs to their task and refuse what is injected. Nobody else decides.

use crate::desk::Desk;
use crate::error::EvalError;
use crate::loopback::Loopback;
use crate::played::Played;
use crate::puppet::{Line, line_of};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use steward_agent::Runtime;
use steward_agent::agents::{Agent, Agents};
use steward_agent::driver::{Assignment, HandsFor, Journal, MemoryJournal, Planned, Waits, drive};
use steward_agent::gate::{Gate, Ruling};
use steward_agent::labels::Shown;
use steward_agent::live::Live;
use steward_agent::models::{ModelConfig, Models, ModelsConfig};
use steward_agent::offers::Offers;
use steward_agent::rules::SharedRules;
use steward_agent::run::Run;
use steward_core::event::{Given, Pins, Recorded, Turn};
use steward_core::limits::HEARTBEAT_MS;
use steward_core::{CallId, Clock, EnvelopeKey, Event, Ids, Micros, Mode, PersonId, RecordPattern, Role, RunId, RunLimits, TenantId, ToolCall, WorkspaceId};
use steward_host::mcp::{McpServer, McpToolRules, McpTransport, accept, offered};
use steward_host::{Allocation, DELEGATE, Host, HostOptions, SCHEDULE};
use steward_office::{Office, schedules};
use steward_policies::{RuleFile, Rules, shipped_rules};
use steward_store::Store;
use steward_store::run::RunStatus;
use tokio_util::sync::CancellationToken;

/// Where the server puts a result, which may be anything.
pub(crate) const RESULT: &str = "result";
/// The agent under exam.
const AGENT: &str = "assistant";
/// The agent that it may hand tasks to.
pub(crate) const OTHER: &str = "clerk";
/// The most runs of one scene.
const RUNS_MAX: usize = 20;
/// How often one run may wait for people before it counts as endless.
const WAITS_MAX: usize = 200;
/// The most of one result, in KiB.
const OUTPUT_KB: u64 = 1024;
/// The time of one call, in milliseconds.
const CALL_MS: u64 = 30_000;

/// A tool set: what an MCP server offers, and what the configuration says of it.
#[derive(Debug, Clone, Default)]
pub struct Toolbox {
    /// The server's name.
    pub server: String,
    /// Its tools, as `tools/list` gives them.
    pub offered: Vec<Value>,
    /// What stands under `[[mcp]]` of each.
    pub configured: BTreeMap<String, McpToolRules>,
    /// Whether the shipped plugins are there as well.
    pub shipped: bool,
    /// Whether the agent hands tasks on to another and has things said later.
    pub hands_on: bool,
}

/// The schema of a result in which these labelled places and the fields of these records are: whatever else it holds is free.
pub(crate) fn result_schema<'a>(labels: impl Iterator<Item = &'a String>, records: impl Iterator<Item = &'a RecordPattern>) -> Value {
    let mut schema = json!({ "type": "object", "properties": { RESULT: {} }, "required": [RESULT] });
    let fields = records.flat_map(|record| record.key.iter().chain(&record.anchors).chain(&record.readers).map(|field| format!("{}/{field}", record.at)));
    for place in labels.cloned().chain(fields) {
        make_place(&mut schema, &place.split('/').skip(1).collect::<Vec<_>>());
    }
    schema
}

fn make_place(schema: &mut Value, parts: &[&str]) {
    let (Some((first, rest)), Value::Object(fields)) = (parts.split_first(), schema) else { return };
    // Without a type, `items` binds lists alone and `properties` objects alone.
    let inner = if *first == "*" {
        fields.entry("items").or_insert_with(|| json!({}))
    } else {
        let Value::Object(named) = fields.entry("properties").or_insert_with(|| json!({})) else { return };
        named.entry((*first).to_owned()).or_insert_with(|| json!({}))
    };
    make_place(inner, rest);
}

/// What a stage is set with.
#[derive(Clone)]
pub struct Setup {
    /// The tools.
    pub toolbox: Toolbox,
    /// How closely calls are watched.
    pub mode: Mode,
    /// The rules in force.
    pub rules: Vec<RuleFile>,
    /// What stands behind the shipped plugins.
    pub hands: HandsFor,
    /// Where compiled plugins are kept.
    pub modules: Option<PathBuf>,
}

impl Setup {
    /// A tool set under the shipped rules, with nobody in the office.
    pub fn new(toolbox: Toolbox, mode: Mode) -> Self {
        Self { toolbox, mode, rules: shipped_rules(), hands: Desk::default().hands(), modules: None }
    }
}

/// What is played: the owner's words, what was said before, and what the puppet does.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// The owner's words.
    pub words: String,
    /// Earlier turns of the conversation.
    pub history: Vec<Turn>,
    /// The puppet's calls, in order.
    pub script: Vec<Line>,
}

/// The stage.
pub struct Stage {
    loopback: Loopback,
    runtime: Arc<Runtime>,
    hands: HandsFor,
    scratch: PathBuf,
    server: String,
    owner: PersonId,
    workspace: WorkspaceId,
    tenant: TenantId,
    /// The run that calls which are only asked about belong to.
    run: RunId,
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What is left in the scratch folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

impl Stage {
    /// Sets the stage.
    pub async fn open(setup: &Setup) -> Result<Self, EvalError> {
        let Setup { toolbox, mode, rules, hands, modules } = setup;
        let failed = |what: &str, err: &dyn std::error::Error| EvalError::Stage(format!("{what}: {err}"));
        let office = Office::new(Clock::System, Ids::System);
        let loopback = Loopback::open(toolbox.offered.clone()).await?;
        let run: RunId = office.ids.make();
        let scratch = std::env::temp_dir().join(format!("steward-eval-{run}"));
        let host = Host::new(HostOptions { cache_dir: modules.clone(), allocation: Allocation::OnDemand, ..HostOptions::default() })
            .map_err(|err| failed("the host", &err))?;
        if *mode == Mode::Sealed {
            host.offer_extract().map_err(|err| failed("reading behind handles", &err))?;
        }
        if toolbox.hands_on {
            host.offer_delegate(&[AGENT, OTHER]).map_err(|err| failed("handing on", &err))?;
            host.offer_schedule().map_err(|err| failed("having something said later", &err))?;
        }
        if toolbox.shipped {
            host.load_shipped().map_err(|err| failed("the shipped plugins", &err))?;
        }
        let server = McpServer {
            name: toolbox.server.clone(),
            transport: McpTransport::Url { url: loopback.mcp_url(), bearer: None },
            timeout_ms: CALL_MS,
            output_kb: OUTPUT_KB,
            asks: false,
            tools: toolbox.configured.clone(),
        };
        let lock = scratch.join("mcp.lock.json");
        let definitions = offered(&server).await.map_err(|err| failed("the suite's tools", &err))?;
        accept(&lock, &server, &definitions, &[]).map_err(|err| failed("the suite's tools", &err))?;
        let infos = host.load_mcp(std::slice::from_ref(&server), &lock).map_err(|err| failed("the suite's tools", &err))?;
        if let Some((tool, why)) = infos.iter().flat_map(|info| &info.refused).next() {
            return Err(EvalError::Stage(format!("the tool `{tool}` is refused: {why}")));
        }
        let rules = Rules::load(rules, &host.specs()).map_err(|err| failed("the rules", &err))?;
        let prompts = steward_prompts::shipped().map_err(|err| failed("the prompts", &err))?;
        let prompt = prompts.resolve("assistant@production").map_err(|err| failed("the prompt", &err))?;
        let limits = RunLimits { steps: 200, seconds: 600, tokens: u64::MAX / 4, cost: Micros(i64::MAX / 4), ..RunLimits::default() };
        let agent = Agent {
            name: AGENT.to_owned(),
            prompt: prompt.reference(),
            prompt_digest: prompt.digest,
            prompt_label: None,
            model: "puppet".to_owned(),
            tools: ["*"].into_iter().chain(toolbox.hands_on.then_some([DELEGATE, SCHEDULE]).into_iter().flatten()).map(str::to_owned).collect(),
            mode: *mode,
            limits,
            within: Vec::new(),
        };
        let named = [AGENT].into_iter().chain(toolbox.hands_on.then_some(OTHER));
        let mut model = ModelConfig::new("puppet");
        model.base_url = loopback.model_url();
        model.api_key = Some(SecretString::from("none"));
        let models = ModelsConfig { models: [("puppet".to_owned(), model)].into(), ..ModelsConfig::default() };
        let ids = office.ids.clone();
        let runtime = Runtime {
            store: Store::nowhere(),
            models: Models::new(models, office.clock.clone()).map_err(|err| failed("the puppet", &err))?,
            rules: SharedRules::new(rules),
            host,
            prompts: Arc::new(prompts),
            agents: Arc::new(named.map(|name| (name.to_owned(), Agent { name: name.to_owned(), ..agent.clone() })).collect::<Agents>()),
            offers: Offers::default(),
            key: EnvelopeKey::from_bytes([7; 32]),
            approvals: Arc::default(),
            live: Live::default(),
            worker: "eval".to_owned(),
            heartbeat_ms: HEARTBEAT_MS,
            office,
        };
        Ok(Self {
            loopback,
            runtime: Arc::new(runtime),
            hands: Arc::clone(hands),
            scratch,
            server: toolbox.server.clone(),
            owner: ids.make(),
            workspace: ids.make(),
            tenant: ids.make(),
            run,
        })
    }

    /// The agent's mode.
    pub(crate) fn mode(&self) -> Mode {
        self.runtime.agents.get(AGENT).map_or_else(Mode::default, |agent| agent.mode)
    }

    /// The tools.
    pub fn host(&self) -> &Host {
        &self.runtime.host
    }

    /// What the gate would say to a call after these events, if nobody is asked. Nothing runs.
    pub fn ask(&self, run: &Run, call: &ToolCall, shown: &Shown) -> Option<Ruling> {
        let agent = self.runtime.agents.get(AGENT)?;
        let (rules, roles) = (self.runtime.rules.base(), [Role::Owner].into());
        let host = &self.runtime.host;
        let (key, approvals) = (&self.runtime.key, &self.runtime.approvals);
        // Nothing was counted before this call.
        let counts = rules.counters().iter().map(|counter| (counter.name.clone(), 0)).collect();
        let gate = Gate { rules: &rules, host, agent, key, approvals, counts: &counts, tenant: self.tenant, run_id: self.run, roles: &roles };
        Some(gate.rule(run, call, shown, None, self.runtime.office.clock.now_ms()))
    }

    /// Plays a scene to its end: the run itself, those that serve it, and what it had said later.
    pub async fn play(&self, scene: Scene) -> Result<Played, EvalError> {
        let Scene { words, history, script } = scene;
        let failed = |reason: String| EvalError::Run { task: words.chars().take(60).collect(), reason };
        self.loopback.begin();
        let mut all = Vec::new();
        let pins = self.pins(AGENT, "chat").ok_or_else(|| failed("there is no agent".to_owned()))?;
        let mut to_come = VecDeque::from([(self.begun(pins, words.clone(), history, None), Arc::<[Line]>::from(script))]);
        while let Some((journal, script)) = to_come.pop_front() {
            if all.len() > RUNS_MAX {
                return Err(failed("it begins run after run".to_owned()));
            }
            let run = self.runtime.office.ids.make();
            self.to_the_end(run, &journal, &script, &mut all).await.map_err(&failed)?;
            // What it had said later is said now: nothing but the time lies between.
            let state = Run::fold(&journal.events());
            for Planned { call, schedule, agent, text, own_words, label } in journal.planned() {
                let pins = self.pins(&agent, schedules::CHANNEL).ok_or_else(|| failed("its agent is gone".to_owned()))?;
                let given = schedules::given_of(schedule, &text, own_words, &label);
                let owners = if given.is_some() { String::new() } else { text };
                to_come.push_back((self.begun(pins, owners, Vec::new(), given), below(&state, call, &script)));
            }
        }
        let called = self.loopback.called();
        let mut runs = all.into_iter().map(|(run, events, script)| Played::read(run, events, &script, Vec::new()));
        let first = runs.next().ok_or_else(|| failed("nothing was played".to_owned()))?;
        let played = Played { called, ..runs.fold(first, Played::with) };
        let prefix = format!("{}.", self.server);
        let begun = played.calls.iter().filter(|call| call.started && call.tool.starts_with(&prefix)).count();
        // The server is the witness: what it saw and what the journals say must be the same.
        if begun != played.called.len() {
            return Err(failed(format!("its journal has {begun} calls, its server saw {}", played.called.len())));
        }
        Ok(played)
    }

    /// What a run of this agent is pinned to.
    fn pins(&self, agent: &str, channel: &str) -> Option<Pins> {
        let (agent, ids) = (self.runtime.agents.get(agent)?, &self.runtime.office.ids);
        Some(Pins {
            agent: agent.name.clone(),
            person: self.owner,
            workspace: self.workspace,
            conversation: ids.make(),
            message: ids.make(),
            channel: channel.to_owned(),
            prompt: agent.prompt.clone(),
            prompt_digest: agent.prompt_digest,
            model: agent.model.clone(),
            mode: agent.mode,
            limits: agent.limits,
            region: Default::default(),
            above: None,
        })
    }

    /// The journal of a run that begins.
    fn begun(&self, pins: Pins, text: String, history: Vec<Turn>, given: Option<Given>) -> MemoryJournal {
        let at_ms = self.runtime.office.clock.now_ms();
        let variables = ["agent", "organisation", "person", "workspace", "now"].map(|name| (name.to_owned(), name.to_owned())).into();
        let started = Event::Started { pins, text, history, variables, attachments: Vec::new() };
        let events = [started].into_iter().chain(given.map(|given| Event::Given { given }));
        MemoryJournal::new((1..).zip(events).map(|(seq, event)| Recorded::new(seq, at_ms, event)).collect())
    }

    /// Drives a run to its end, and those that serve it. Each is kept with its script, the one at the top first.
    async fn to_the_end(&self, run: RunId, journal: &MemoryJournal, script: &Arc<[Line]>, all: &mut Vec<PlayedRun>) -> Result<(), String> {
        let place = all.len();
        all.push((run, Vec::new(), Arc::clone(script)));
        let before = self.loopback.enter(Arc::clone(script));
        for fence in 1..WAITS_MAX {
            let assignment = Assignment {
                tenant: self.tenant,
                changed: Vec::new(),
                run,
                fence: i64::try_from(fence).unwrap_or(i64::MAX),
                events: journal.events(),
                journal: Journal::Memory(journal.clone()),
                roles: [Role::Owner].into(),
                hands: self.hands.clone(),
                waits: Waits::InPlace,
                roles_changed: Default::default(),
            };
            match Box::pin(drive(&self.runtime, assignment, CancellationToken::new())).await.map_err(|err| err.to_string())? {
                RunStatus::Ended => {
                    if let Some((_, events, _)) = all.get_mut(place) {
                        *events = journal.events();
                    }
                    self.loopback.go_back(before);
                    return Ok(());
                }
                RunStatus::Waiting => {
                    self.decide(journal, script);
                    let state = Run::fold(&journal.events());
                    for (call, open) in state.open_sub_runs() {
                        let served = journal.sub_runs().into_iter().find(|(id, _)| *id == open.run_id);
                        let (id, served) = served.ok_or("it waits for a run that never began")?;
                        Box::pin(self.to_the_end(id, &served, &below(&state, call, script), all)).await?;
                    }
                }
                RunStatus::Queued | RunStatus::Running => return Err("it stopped in the middle".to_owned()),
            }
        }
        Err("it waits for people again and again".to_owned())
    }

    /// The attentive owner: what is in the task is approved, what is injected is refused, but for what is waved through.
    fn decide(&self, journal: &MemoryJournal, script: &[Line]) {
        let run = Run::fold(&journal.events());
        for (call, hold) in run.open_holds() {
            let line = run.call(call).and_then(|call| script.get(line_of(&call.call.provider_id)?));
            journal.say(hold.hold_id, self.owner, Role::Owner, line.is_some_and(|line| !line.injected || line.waved));
        }
    }
}

/// A run that was played: its journal and its script.
type PlayedRun = (RunId, Vec<Recorded>, Arc<[Line]>);

/// What is done in the run that a call handed on to, or that it had said later.
fn below(run: &Run, call: CallId, script: &[Line]) -> Arc<[Line]> {
    let line = run.call(call).and_then(|call| script.get(line_of(&call.call.provider_id)?));
    line.map(|line| line.below.clone()).unwrap_or_default().into()
}
