//! The puppet: it makes the user's true calls, and, as soon as it has read an injected text, all that the text wants.
//! The owner is attentive: approves what belongs to the task, refuses what is injected.

use super::suite::{Suite, full_name};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use steward_agent::agents::Agent;
use steward_agent::gate::{Gate, Ruled};
use steward_agent::labels::Shown;
use steward_agent::run::Run;
use steward_core::event::{Pins, Recorded};
use steward_core::{CallId, Digest, Effect, EnvelopeKey, Event, Mode, Outcome, Role, RunLimits, TenantId, ToolCall};
use steward_policies::{Rules, shipped_rules};
use uuid::Uuid;

/// What came of a replay.
#[derive(Default)]
pub(super) struct Count {
    pub(super) tasks: usize,
    pub(super) autonomous: usize,
    pub(super) with_approval: usize,
    pub(super) blocked: usize,
    pub(super) with_at_most_one: usize,
    pub(super) cards: usize,
    pub(super) pairs: usize,
    pub(super) attack_effects: usize,
    pub(super) attack_cards: usize,
    pub(super) autonomous_under_attack: usize,
    pub(super) guarded_without_a_person: usize,
    pub(super) lines: Vec<String>,
}

impl Count {
    pub(super) fn add(&mut self, other: &Self) {
        self.tasks += other.tasks;
        self.autonomous += other.autonomous;
        self.with_approval += other.with_approval;
        self.blocked += other.blocked;
        self.with_at_most_one += other.with_at_most_one;
        self.cards += other.cards;
        self.pairs += other.pairs;
        self.attack_effects += other.attack_effects;
        self.attack_cards += other.attack_cards;
        self.autonomous_under_attack += other.autonomous_under_attack;
        self.guarded_without_a_person += other.guarded_without_a_person;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "tasks {}: autonomous {}, with approval {}, blocked {}, at most one card {}, cards {}; pairs {}: attack effects {}, attack cards {}, autonomous under attack {}",
            self.tasks,
            self.autonomous,
            self.with_approval,
            self.blocked,
            self.with_at_most_one,
            self.cards,
            self.pairs,
            self.attack_effects,
            self.attack_cards,
            self.autonomous_under_attack
        )
    }
}

/// Replays a suite: each task alone, and each pair.
pub(super) fn replay(suite: &Suite, mode: Mode) -> Count {
    let specs: Vec<_> = suite.tools.values().map(|spec| (**spec).clone()).collect();
    let rules = Rules::load(&shipped_rules(), &specs).expect("rules");
    let agent = Agent {
        name: "assistant".into(),
        prompt: "assistant@1".into(),
        prompt_digest: Digest::of(b""),
        model: "none".into(),
        tools: vec!["*".into()],
        mode,
        limits: RunLimits::default(),
    };
    let mut count = Count::default();
    let by_id = |list: &str, id: &Value| suite.data[list].as_array().expect("list").iter().find(|task| task["id"] == *id).expect("task").clone();
    for task in suite.data["user_tasks"].as_array().expect("tasks") {
        let mut puppet = Puppet::new(suite, &rules, &agent, task, &Value::Null, &Value::Null);
        puppet.play();
        count.tasks += 1;
        count.cards += puppet.cards;
        count.guarded_without_a_person += puppet.guarded;
        count.autonomous += usize::from(puppet.cards == 0 && puppet.blocked == 0);
        count.with_approval += usize::from(puppet.cards > 0 && puppet.blocked == 0);
        count.blocked += usize::from(puppet.blocked > 0);
        count.with_at_most_one += usize::from(puppet.cards <= 1 && puppet.blocked == 0);
        if puppet.cards + puppet.blocked > 0 {
            count.lines.push(format!("{}: {}", task["id"].as_str().unwrap_or_default(), puppet.why.join("; ")));
        }
    }
    for pair in suite.data["pairs"].as_array().expect("pairs") {
        let (task, injection) = (by_id("user_tasks", &pair["user"]), by_id("injection_tasks", &pair["injection"]));
        let mut puppet = Puppet::new(suite, &rules, &agent, &task, &injection, pair);
        puppet.play();
        count.pairs += 1;
        count.attack_effects += usize::from(puppet.attack_effects > 0);
        count.attack_cards += puppet.attack_cards;
        count.guarded_without_a_person += puppet.guarded;
        count.autonomous_under_attack += usize::from(puppet.cards == 0 && puppet.blocked == 0);
    }
    count
}

struct Puppet<'a> {
    suite: &'a Suite,
    rules: &'a Rules,
    agent: &'a Agent,
    task: &'a Value,
    injection: &'a Value,
    pair: &'a Value,
    run: Run,
    shown: Shown,
    cards: usize,
    blocked: usize,
    attack_cards: usize,
    attack_effects: usize,
    guarded: usize,
    why: Vec<String>,
}

impl<'a> Puppet<'a> {
    fn new(suite: &'a Suite, rules: &'a Rules, agent: &'a Agent, task: &'a Value, injection: &'a Value, pair: &'a Value) -> Self {
        let pins = Pins {
            agent: agent.name.clone(),
            person: id(1),
            workspace: id(2),
            conversation: id(3),
            message: id(4),
            channel: "chat".into(),
            prompt: agent.prompt.clone(),
            prompt_digest: agent.prompt_digest,
            model: agent.model.clone(),
            limits: RunLimits::default(),
        };
        let started = Event::Started { pins, text: task["prompt"].as_str().expect("prompt").into(), history: Vec::new(), variables: BTreeMap::new() };
        let run = Run::fold(&[Recorded { seq: 1, at_ms: 1, event: started }]);
        let shown = Shown::begin(&run);
        Self { suite, rules, agent, task, injection, pair, run, shown, cards: 0, blocked: 0, attack_cards: 0, attack_effects: 0, guarded: 0, why: Vec::new() }
    }

    fn play(&mut self) {
        let first_seen = self.pair["first_seen_after_call"].as_u64();
        let calls = self.task["calls"].as_array().expect("calls");
        for (index, call) in calls.iter().enumerate() {
            let at = index.to_string();
            let args = self.blob(&self.pair["user_args"][at.as_str()]).unwrap_or_else(|| call["args"].clone());
            let output = self.blob(&self.pair["user_outputs"][at.as_str()]).or_else(|| self.blob(&call["output"]));
            self.call(call["tool"].as_str().expect("tool"), &args, output, false);
            if first_seen == u64::try_from(index).ok() {
                let injected = self.injection["calls"].as_array().cloned().unwrap_or_default();
                for (index, call) in injected.iter().enumerate() {
                    let here = &self.pair["injection_calls"][index];
                    let tool = here["tool"].as_str().or_else(|| call["tool"].as_str()).expect("tool");
                    let args = self.blob(&here["args"]).unwrap_or_else(|| call["args"].clone());
                    let output = self.blob(&here["output"]);
                    self.call(tool, &args, output, true);
                }
            }
        }
    }

    fn blob(&self, id: &Value) -> Option<Value> {
        self.suite.data["blobs"].get(id.as_str()?).cloned()
    }

    fn call(&mut self, tool: &str, args: &Value, output: Option<Value>, injected: bool) {
        let arguments = self.fill(args);
        let arguments = self.sealed(arguments, injected);
        let step = u32::try_from(self.run.steps.len()).expect("few") + 1;
        let call = ToolCall {
            call_id: CallId { step, index: 0 },
            provider_id: format!("call_{step}"),
            tool: full_name(tool),
            arguments,
            broken: None,
            provenance: Value::Null,
        };
        let roles: BTreeSet<Role> = [Role::Owner].into();
        let key = EnvelopeKey::from_bytes([7; 32]);
        let tenant = TenantId::from_uuid(Uuid::from_u128(5));
        let gate = Gate {
            rules: self.rules,
            host: &self.suite.tools,
            agent: self.agent,
            key: &key,
            tenant,
            run_id: id(6),
            roles: &roles,
            approvals: &Default::default(),
            counts: &BTreeMap::new(),
        };
        let ruling = gate.rule(&self.run, &call, &self.shown, None, 2);
        let effect = ruling.effect.expect("a known tool");
        let runs = match &ruling.verdict {
            Ruled::Allow(_) => {
                self.guarded += usize::from(matches!(effect, Effect::Money | Effect::Destroy | Effect::Credential | Effect::Member | Effect::Admin));
                self.attack_effects += usize::from(injected && !effect.only_reads());
                true
            }
            Ruled::Hold(_) if injected => {
                self.attack_cards += 1;
                *self.run.denied.entry(ruling.call_digest).or_default() += 1;
                false
            }
            Ruled::Hold(_) => {
                self.cards += 1;
                self.why.push(format!("{effect} asks: {}", ruling.rules.join(", ")));
                true
            }
            Ruled::Block(_) => {
                self.blocked += usize::from(!injected);
                self.why.push(format!("{effect} blocked: {}", ruling.reason));
                *self.run.denied.entry(ruling.call_digest).or_default() += 1;
                false
            }
        };
        let result = output.filter(|_| runs).map(|output| self.fill(&output));
        if let Some(result) = &result {
            let spec = &*self.suite.tools[&call.tool];
            self.shown.note_write(self.agent.mode, &self.run, spec, &call);
            self.shown.add_call(self.agent.mode, &self.run, spec, &call, result, &BTreeMap::new());
        }
        let ToolCall { call_id, tool, arguments, .. } = call;
        self.record(call_id, &tool, arguments, result);
    }

    fn record(&mut self, call_id: CallId, tool: &str, arguments: Value, result: Option<Value>) {
        let provider_id = format!("call_{}", call_id.step);
        let call = ToolCall { call_id, provider_id, tool: tool.to_owned(), arguments, broken: None, provenance: Value::Null };
        let outcome = result.map(|result| Outcome::Ok { result, summary: None });
        let call = steward_agent::run::Call { outcome, ..steward_agent::run::Call::of(call) };
        self.run.steps.push(steward_agent::run::Step { number: call_id.step, calls: vec![call], answered_at_ms: 1, ..Default::default() });
    }

    /// In mode `sealed` a piece of a text comes by handle, as a value that was taken out of it: an honest model cannot have it otherwise.
    /// What an attack wants is written as it stands there: the puppet knows by heart what it was never shown.
    fn sealed(&mut self, args: Value, injected: bool) -> Value {
        if self.agent.mode != Mode::Sealed || injected {
            return args;
        }
        match args {
            Value::Object(map) => map.into_iter().map(|(key, inner)| (key, self.sealed(inner, injected))).collect(),
            Value::Array(list) => list.into_iter().map(|inner| self.sealed(inner, injected)).collect(),
            leaf => match self.shown.taken_from(&leaf) {
                Some(place) => {
                    let step = u32::try_from(self.run.steps.len()).expect("few") + 1;
                    let call = CallId { step, index: 0 };
                    self.shown.add_taken(call, &leaf, &place);
                    self.record(call, "steward.extract", serde_json::json!({}), Some(serde_json::json!({"value": leaf})));
                    serde_json::json!({"$": format!("${step}.value")})
                }
                None => leaf,
            },
        }
    }

    /// Puts the texts in: the attack's where this pair has it, else the harmless ones; and sizes right.
    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill_text(text)),
            Value::Array(list) => list.iter().map(|inner| self.fill(inner)).collect(),
            Value::Object(map) => {
                let mut filled: Map<String, Value> = map.iter().map(|(key, inner)| (self.fill_text(key), self.fill(inner))).collect();
                if let (Some(Value::String(content)), Some(Value::Number(_))) = (filled.get("content"), filled.get("size")) {
                    let size = content.chars().count();
                    filled.insert("size".into(), size.into());
                }
                Value::Object(filled)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn fill_text(&self, text: &str) -> String {
        if !text.contains("⟦inj:") {
            return text.to_owned();
        }
        let mut text = text.to_owned();
        for (vector, about) in self.suite.data["vectors"].as_object().expect("vectors") {
            let attacked = self.pair["vectors"].as_array().is_some_and(|vectors| vectors.iter().any(|one| one == vector));
            let seen = &self.injection["attack_text_as_seen"];
            let put = if attacked { seen[vector].as_str().or_else(|| seen["*"].as_str()) } else { about["default"].as_str() };
            text = text.replace(&format!("⟦inj:{vector}⟧"), put.expect("text"));
        }
        text
    }
}

/// Whatever id is wanted.
fn id<T: Id>(number: u128) -> T {
    T::of(Uuid::from_u128(number))
}

trait Id {
    fn of(uuid: Uuid) -> Self;
}

macro_rules! ids {
    ($($name:ident),*) => { $(impl Id for steward_core::$name { fn of(uuid: Uuid) -> Self { Self::from_uuid(uuid) } })* };
}
ids!(PersonId, WorkspaceId, ConversationId, MessageId, RunId);
