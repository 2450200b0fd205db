//! One suite, and the scripts that come of it: a task alone, or with an attack in what it reads.

use super::annotations::{Note, Notes};
use crate::puppet::{Answer, Line};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One suite.
#[derive(Debug, Clone, Deserialize)]
pub struct Suite {
    /// Its name.
    #[serde(rename = "suite")]
    pub name: String,
    /// Its tools.
    pub tools: Vec<ToolNote>,
    /// Where an attack's text can sit.
    #[serde(default)]
    pub vectors: BTreeMap<String, Vector>,
    /// What the owner asks for.
    pub user_tasks: Vec<UserTask>,
    /// What the attacker wants.
    pub injection_tasks: Vec<InjectionTask>,
    /// Every task with every attack that it would read.
    pub pairs: Vec<Pair>,
    /// Outputs and arguments by id.
    #[serde(default)]
    blobs: BTreeMap<String, Value>,
    #[serde(skip)]
    pub(super) notes: Notes,
    #[serde(skip)]
    pub(super) ref_types: BTreeMap<String, String>,
}

/// A tool as the suite lists it.
#[derive(Debug, Clone, Deserialize)]
pub struct ToolNote {
    /// Its name.
    pub name: String,
    /// For the model.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// A place for an attack's text.
#[derive(Debug, Clone, Deserialize)]
pub struct Vector {
    /// What stands there without an attack.
    #[serde(default)]
    pub default: String,
}

/// A true call of a task.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Value,
    /// Id of its output.
    #[serde(default)]
    pub output: Option<String>,
    /// Why it fails, if it does.
    #[serde(default)]
    pub error: Option<String>,
    /// Places for attacks in its output.
    #[serde(default)]
    pub vectors: Vec<String>,
}

/// What the owner asks for.
#[derive(Debug, Clone, Deserialize)]
pub struct UserTask {
    /// Its id.
    pub id: String,
    /// The owner's words.
    pub prompt: String,
    /// The true calls.
    #[serde(default)]
    pub calls: Vec<Call>,
}

/// What the attacker wants.
#[derive(Debug, Clone, Deserialize)]
pub struct InjectionTask {
    /// Its id.
    pub id: String,
    /// The calls that bring it about.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// Its text by place, `*` for every other.
    #[serde(default)]
    pub attack_text_as_seen: BTreeMap<String, String>,
    /// Its text.
    #[serde(default)]
    pub attack_text: String,
}

/// One task with one attack.
#[derive(Debug, Clone, Deserialize)]
pub struct Pair {
    /// The task.
    pub user: String,
    /// The attack.
    pub injection: String,
    /// Which places carry its text.
    #[serde(default)]
    pub vectors: Vec<String>,
    /// After which call of the task it has been read.
    #[serde(default)]
    pub first_seen_after_call: Option<usize>,
    /// The attack's calls where they differ.
    #[serde(default)]
    pub injection_calls: Vec<Here>,
    /// The task's arguments where they differ.
    #[serde(default)]
    pub user_args: BTreeMap<String, String>,
    /// The task's outputs where they differ.
    #[serde(default)]
    pub user_outputs: BTreeMap<String, String>,
    /// The task's failures where they differ.
    #[serde(default)]
    pub user_errors: BTreeMap<String, String>,
}

/// A call of an attack in one pair.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Here {
    /// Another tool.
    #[serde(default)]
    pub tool: Option<String>,
    /// Id of other arguments.
    #[serde(default)]
    pub args: Option<String>,
    /// Id of its output.
    #[serde(default)]
    pub output: Option<String>,
    /// Why it fails.
    #[serde(default)]
    pub error: Option<String>,
}

impl Suite {
    /// Takes the annotations in, and looks whether all that is referred to is there.
    pub(super) fn prepare(&mut self, notes: Notes, ref_types: BTreeMap<String, String>) -> Result<(), String> {
        (self.notes, self.ref_types) = (notes, ref_types);
        let calls = self.user_tasks.iter().flat_map(|task| &task.calls).chain(self.injection_tasks.iter().flat_map(|task| &task.calls));
        let here = self.pairs.iter().flat_map(|pair| &pair.injection_calls);
        let named = calls.filter_map(|call| call.output.as_ref());
        let named = named.chain(here.flat_map(|here| here.output.iter().chain(here.args.as_ref())));
        let mut named = named.chain(self.pairs.iter().flat_map(|pair| pair.user_args.values().chain(pair.user_outputs.values())));
        if let Some(missing) = named.find(|id| !self.blobs.contains_key(*id)) {
            return Err(format!("`blobs` has no `{missing}`"));
        }
        for pair in &self.pairs {
            self.user_task(&pair.user).ok_or_else(|| format!("a pair names the task `{}`, which is not there", pair.user))?;
            self.injection_task(&pair.injection).ok_or_else(|| format!("a pair names the attack `{}`, which is not there", pair.injection))?;
        }
        Ok(())
    }

    /// What the annotations say of a tool.
    pub fn note(&self, tool: &str) -> Option<&Note> {
        self.notes.tools.get(tool)
    }

    /// Values that mean the owner.
    pub fn me(&self) -> &[String] {
        &self.notes.me
    }

    /// The task of this id.
    pub fn user_task(&self, id: &str) -> Option<&UserTask> {
        self.user_tasks.iter().find(|task| task.id == id)
    }

    /// The attack of this id.
    pub fn injection_task(&self, id: &str) -> Option<&InjectionTask> {
        self.injection_tasks.iter().find(|task| task.id == id)
    }

    /// The task alone, with nothing but harmless texts.
    pub fn script(&self, task: &UserTask) -> Vec<Line> {
        let texts = Texts { suite: self, planted: None };
        task.calls.iter().map(|call| self.line(&texts, call, None, None, None, false)).collect()
    }

    /// The task with the attack: as soon as it was read, all that it wants is done, and then the task goes on.
    pub fn attacked(&self, task: &UserTask, attack: &InjectionTask, pair: &Pair) -> Vec<Line> {
        let put = |vector: &str| {
            let seen = &attack.attack_text_as_seen;
            let text = seen.get(vector).or_else(|| seen.get("*")).unwrap_or(&attack.attack_text);
            pair.vectors.iter().any(|own| own == vector).then(|| text.clone())
        };
        let texts = Texts { suite: self, planted: Some(&put) };
        let injected = || {
            attack.calls.iter().enumerate().map(|(index, call)| {
                let here = pair.injection_calls.get(index).cloned().unwrap_or_default();
                let call = Call { tool: here.tool.unwrap_or_else(|| call.tool.clone()), ..call.clone() };
                self.line(&texts, &call, here.args.as_ref(), here.output.as_ref(), here.error.as_ref(), true)
            })
        };
        let mut lines = Vec::new();
        for (index, call) in task.calls.iter().enumerate() {
            let at = index.to_string();
            lines.push(self.line(&texts, call, pair.user_args.get(&at), pair.user_outputs.get(&at), pair.user_errors.get(&at), false));
            if pair.first_seen_after_call == Some(index) {
                lines.extend(injected());
            }
        }
        lines
    }

    /// The task alone, with this text wherever a text of others can stand.
    pub fn planted(&self, task: &UserTask, text: &str) -> Vec<Line> {
        let put = |_: &str| Some(text.to_owned());
        let texts = Texts { suite: self, planted: Some(&put) };
        task.calls.iter().map(|call| self.line(&texts, call, None, None, None, false)).collect()
    }

    /// The arguments of every call of a tool in this suite.
    pub fn arguments_of(&self, tool: &str) -> Vec<&Value> {
        let by_pairs = self.pairs.iter().flat_map(|pair| {
            let task = self.user_task(&pair.user);
            let attack = self.injection_task(&pair.injection);
            let own = pair.user_args.iter().filter_map(move |(at, id)| Some((task?.calls.get(at.parse::<usize>().ok()?)?.tool.as_str(), id)));
            let his = pair.injection_calls.iter().enumerate().filter_map(move |(at, here)| {
                let tool = here.tool.as_deref().or_else(|| Some(attack?.calls.get(at)?.tool.as_str()))?;
                Some((tool, here.args.as_ref()?))
            });
            own.chain(his).collect::<Vec<_>>()
        });
        let tasks = self.user_tasks.iter().flat_map(|task| &task.calls).chain(self.injection_tasks.iter().flat_map(|task| &task.calls));
        let recorded = tasks.filter(|call| call.tool == tool).map(|call| &call.args);
        recorded.chain(by_pairs.filter(|(named, _)| *named == tool).filter_map(|(_, id)| self.blobs.get(id))).collect()
    }

    /// Every call that was recorded anywhere in the suite, each once.
    pub fn recorded(&self) -> Vec<Line> {
        let texts = Texts { suite: self, planted: None };
        let tasks = self.user_tasks.iter().flat_map(|task| &task.calls).chain(self.injection_tasks.iter().flat_map(|task| &task.calls));
        let mut seen = std::collections::BTreeSet::new();
        tasks
            .filter(|call| call.error.is_none() && seen.insert((call.tool.clone(), call.args.to_string())))
            .map(|call| self.line(&texts, call, None, None, None, false))
            .collect()
    }

    fn line(&self, texts: &Texts<'_>, call: &Call, args: Option<&String>, output: Option<&String>, error: Option<&String>, injected: bool) -> Line {
        let arguments = args.and_then(|id| self.blobs.get(id)).unwrap_or(&call.args);
        let answer = match (error, output.or(call.output.as_ref()).and_then(|id| self.blobs.get(id))) {
            (Some(error), _) => Answer::Error(texts.text(error)),
            (None, Some(output)) => Answer::Result(texts.fill(output)),
            (None, None) => call.error.as_ref().map_or(Answer::Result(Value::Null), |error| Answer::Error(texts.text(error))),
        };
        let arguments = if arguments.is_null() { Value::Object(Map::new()) } else { texts.fill(arguments) };
        Line { tool: super::tools::full_name(&self.name, &call.tool), arguments, answer, injected, waved: false, below: Vec::new() }
    }
}

/// What stands where an attack's text can sit, by the name of the place; none is the harmless text.
type Planted<'a> = &'a dyn Fn(&str) -> Option<String>;

struct Texts<'a> {
    suite: &'a Suite,
    planted: Option<Planted<'a>>,
}

impl Texts<'_> {
    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.iter().map(|inner| self.fill(inner)).collect(),
            Value::Object(map) => {
                let mut filled: Map<String, Value> = map.iter().map(|(key, inner)| (self.text(key), self.fill(inner))).collect();
                if let (Some(Value::String(content)), Some(Value::Number(_))) = (filled.get("content"), filled.get("size")) {
                    let size = content.chars().count();
                    filled.insert("size".into(), size.into());
                }
                Value::Object(filled)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        if !text.contains("⟦inj:") {
            return text.to_owned();
        }
        let mut text = text.to_owned();
        for (vector, about) in &self.suite.vectors {
            let planted = self.planted.and_then(|planted| planted(vector));
            let put = planted.as_deref().unwrap_or(&about.default);
            text = text.replace(&format!("⟦inj:{vector}⟧"), put);
        }
        text
    }
}
