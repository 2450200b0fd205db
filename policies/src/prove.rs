//! Proofs of safety properties: that no call is allowed which a property forbids, whatever the facts.
//!
//! By enumeration everywhere; with the feature `solver` symbolically as well, where cvc5 is installed. Either looks at each class of effect,
//! which stands for tools that nobody knows yet, and at each tool that a rule or a property names.

mod case;
mod dimensions;
mod enumerate;
mod formula;
mod looks;
mod sentence;
#[cfg(feature = "solver")]
pub(crate) mod solver;
mod walk;

use crate::effort::Effort;
use crate::facts::Facts;
use crate::problem::{Problem, RulesError};
use crate::rules::{Governed, RuleFile, Rules};
use crate::sample;
use cedar_policy::Policy;
use enumerate::{Found, Searched};
use formula::{Atoms, Formula};
use sentence::Property;
pub use sentence::PropertyFile;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::limits::PROVE_EVALUATIONS_MAX;
use steward_core::{Effect, HasKind, Kind, ToolSpec};

/// Why nothing can be proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The rules do not load.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// Some sentences are not understood.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Sentences(Vec<Problem>),
    /// There is no property at all.
    #[error("there is no property to prove; write one into `properties/*.txt`, such as `never money without approval by owner`")]
    Empty,
    /// The solver gave no answer.
    #[error("the solver gave no answer: {0}; prove by enumeration instead")]
    Solver(String),
}

impl HasKind for ProveError {
    fn kind(&self) -> Kind {
        match self {
            Self::Rules(err) => err.kind(),
            Self::Sentences(_) | Self::Empty => Kind::Invalid,
            Self::Solver(_) => Kind::Away,
        }
    }
}

/// A call that the rules allow and a property forbids.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CounterExample {
    /// The tool.
    pub tool: String,
    /// The rules that allow it.
    pub by: Vec<String>,
    /// The call as a case to be kept beside the rules: it fails as long as the rules allow it.
    pub case: String,
    /// The facts.
    pub facts: Facts,
}

/// What came of one property.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proof {
    /// The sentence.
    pub property: String,
    /// It holds of every call, of tools that nobody knows yet as well: nothing was left out.
    pub proved: bool,
    /// The tools and classes that were looked at.
    pub looked_at: usize,
    /// Cases that were tried; none by the solver, which looks at all at once.
    pub cases: u64,
    /// What breaks it.
    pub counter_example: Option<CounterExample>,
    /// Of what is neither proved nor broken: which rules may allow it, and of which tool, in words.
    pub open: Vec<String>,
}

/// Where calls are looked at, in words.
enum Whose<'a> {
    Tool(&'a str),
    ToCome(Effect),
}

impl Proof {
    /// Nothing is looked at yet, and nothing speaks against it.
    fn begun(property: &Property) -> Self {
        Self { property: property.text.clone(), proved: true, looked_at: 0, cases: 0, counter_example: None, open: Vec::new() }
    }

    /// These rules may allow what it forbids; nothing was found that they do allow.
    fn leave_open(&mut self, rules: &BTreeSet<String>, whose: &Whose<'_>) {
        self.proved = false;
        if self.counter_example.is_some() || self.open.len() >= OPEN_MAX {
            return;
        }
        let names = rules.iter().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(" or ");
        let names = if names.is_empty() { "some rule".to_owned() } else { names };
        self.open.push(match whose {
            Whose::Tool(name) => format!("{names} may allow it of `{name}`"),
            Whose::ToCome(effect) => format!("{names} may allow it of a tool of class `{effect}` that is to come"),
        });
    }

    /// The proof was given up before everything was looked at. It comes first: what else is open may be so for that alone.
    fn give_up(&mut self, evaluations: u64) {
        if !self.proved && self.counter_example.is_none() {
            self.open.insert(0, format!("more would have to be looked at than the {evaluations} evaluations of one proof; make the rules simpler"));
            self.open.truncate(OPEN_MAX);
        }
    }

    /// Something breaks it.
    fn refute(&mut self, found: CounterExample) {
        self.proved = false;
        self.counter_example = Some(found);
        self.open.clear();
    }
}

/// The most reasons told why something is not proved.
const OPEN_MAX: usize = 10;

/// What is proved: rules, the tools they govern, and the properties.
pub(crate) struct Task {
    pub(crate) rules: Rules,
    pub(crate) tools: Vec<ToolSpec>,
    installed: BTreeSet<String>,
    pub(crate) properties: Vec<Property>,
    /// Tools that some rule names, in its scope or in what it asks: what is proved of their class says nothing of them.
    named: BTreeSet<String>,
    /// Rules that look at the tool itself, by id: what is found of one tool says nothing of another.
    at_the_tool: BTreeSet<String>,
}

impl Task {
    /// The sample tools stand beside those that are installed, as far as the rules go together with them.
    pub(crate) fn new(files: &[RuleFile], tools: &[ToolSpec], properties: &[PropertyFile]) -> Result<Self, ProveError> {
        let sample = sample::tools().unwrap_or_default().into_iter().filter(|sample| tools.iter().all(|tool| tool.name != sample.name));
        let with_sample: Vec<ToolSpec> = tools.iter().cloned().chain(sample).collect();
        let (rules, all) = match Rules::load(files, &with_sample) {
            Ok(rules) => (rules, with_sample),
            Err(_) => (Rules::load(files, tools)?, tools.to_vec()),
        };
        let known = all.iter().map(|tool| tool.name.clone()).chain(Effect::ALL.map(|effect| effect.name().to_owned())).collect();
        let properties = sentence::read(properties, &known).map_err(ProveError::Sentences)?;
        if properties.is_empty() {
            return Err(ProveError::Empty);
        }
        let (mut named, mut at_the_tool, mut read) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        // A rule of many tools is read once.
        for policy in rules.0.tools.values().flat_map(|tool| tool.slice.policies()).filter(|policy| read.insert(policy.id().to_string())) {
            name_tools(&policy.to_json().unwrap_or_default(), &mut named);
            if looks_at_the_tool(policy) {
                at_the_tool.insert(policy.id().to_string());
            }
        }
        let installed = tools.iter().map(|tool| tool.name.clone()).collect();
        Ok(Self { rules, installed, tools: all, properties, named, at_the_tool })
    }

    /// A counter-example, if the facts are one.
    pub(crate) fn counter_example(&self, property: &Property, mut facts: Facts) -> Option<CounterExample> {
        let spec = self.tools.iter().find(|tool| tool.name == facts.tool)?;
        case::complete(&mut facts, self.rules.0.tools.get(&spec.name)?, spec);
        let judgement = crate::judge(&self.rules, &facts);
        if judgement.verdict() != steward_core::Verdict::Allow || !property.is_broken_by(&facts) {
            return None;
        }
        let case = case::text(&property.text, &self.rules, spec, &facts, !self.installed.contains(&facts.tool));
        Some(CounterExample { tool: facts.tool.clone(), by: judgement.rules().to_vec(), case, facts })
    }

    /// Tools of a class with their rules, installed ones first: their counter-examples say more.
    fn tools_of(&self, effect: Effect) -> impl Iterator<Item = (&ToolSpec, &Governed)> {
        self.tools.iter().filter(move |spec| spec.effect == effect).filter_map(move |spec| Some((spec, self.rules.0.tools.get(&spec.name)?)))
    }

    /// Which properties speak of every tool of a class.
    fn of_class(&self, effect: Effect) -> Vec<usize> {
        self.properties.iter().enumerate().filter(|(_, property)| property.covers_class(effect)).map(|(index, _)| index).collect()
    }

    /// Whether one of these tools has the same rules and arguments as this one as far as these matter, so that what is found of it is found of this.
    fn is_like_one_of(&self, tool: &Governed, others: &[&Governed]) -> bool {
        let looks_at_it = |policy: &Policy| self.at_the_tool.contains(AsRef::<str>::as_ref(policy.id()));
        others.iter().any(|other| is_alike(tool, other)) && !tool.slice.policies().any(looks_at_it)
    }

    /// Which properties are to be looked at for a tool: what is proved of its class holds of it too, unless a rule or the property names it.
    /// `proofs` are those so far, `open` what the class left open, and `is_alike` whether another tool has shown the same.
    fn left_for(&self, spec: &ToolSpec, proofs: &[Proof], open: &BTreeSet<usize>, is_alike: bool) -> Vec<usize> {
        let is_named = self.named.contains(&spec.name);
        let is_left = |(index, property): &(usize, &Property)| {
            property.covers(&spec.name, spec.effect)
                && proofs.get(*index).is_none_or(|proof| proof.counter_example.is_none())
                && (property.actions.contains(&spec.name) || !is_alike && (is_named || open.contains(index)))
        };
        self.properties.iter().enumerate().filter(is_left).map(|(index, _)| index).collect()
    }
}

/// Proves properties by trying representatives of all facts that the rules can tell apart: at most [`PROVE_EVALUATIONS_MAX`] evaluations in all, and
/// what is left then is not proved.
pub fn prove(files: &[RuleFile], tools: &[ToolSpec], properties: &[PropertyFile]) -> Result<Vec<Proof>, ProveError> {
    prove_within(PROVE_EVALUATIONS_MAX, files, tools, properties)
}

fn prove_within(evaluations: u64, files: &[RuleFile], tools: &[ToolSpec], properties: &[PropertyFile]) -> Result<Vec<Proof>, ProveError> {
    let effort = Effort::of(evaluations);
    let task = Task::new(files, tools, properties)?;
    let mut proofs: Vec<Proof> = task.properties.iter().map(Proof::begun).collect();
    for effect in Effect::ALL {
        let mut open: BTreeSet<usize> = BTreeSet::new();
        if let Some(class) = task.rules.0.classes.get(&effect) {
            let place = enumerate::Place { spec: None, tool: class };
            note((&task, &effort), &place, &Whose::ToCome(effect), &task.of_class(effect), &mut proofs, &mut open);
        }
        let mut done: Vec<&Governed> = Vec::new();
        for (spec, tool) in task.tools_of(effect) {
            let left = task.left_for(spec, &proofs, &open, task.is_like_one_of(tool, &done));
            let place = enumerate::Place { spec: Some(spec), tool };
            note((&task, &effort), &place, &Whose::Tool(&spec.name), &left, &mut proofs, &mut BTreeSet::new());
            done.push(tool);
        }
    }
    if effort.is_spent() {
        proofs.iter_mut().for_each(|proof| proof.give_up(evaluations));
    }
    Ok(proofs)
}

/// Searches for what breaks these properties, and writes down what came of it; what stays open goes to `open` too.
fn note(
    (task, effort): (&Task, &Effort),
    place: &enumerate::Place<'_>,
    whose: &Whose<'_>,
    indices: &[usize],
    proofs: &mut [Proof],
    open: &mut BTreeSet<usize>,
) {
    let properties: Vec<&Property> = indices.iter().filter_map(|index| task.properties.get(*index)).collect();
    if properties.is_empty() {
        return;
    }
    let searched = enumerate::search(effort, &task.rules, place, &properties);
    for ((index, property), Searched { found, cases }) in indices.iter().zip(properties).zip(searched) {
        let Some(proof) = proofs.get_mut(*index) else { continue };
        proof.looked_at += 1;
        proof.cases += cases;
        let rules = match found {
            Found::Nothing => continue,
            Found::Open(rules) => rules,
            Found::Broken(facts) => match task.counter_example(property, *facts) {
                Some(found) => {
                    proof.refute(found);
                    continue;
                }
                None => BTreeSet::new(),
            },
        };
        open.insert(*index);
        proof.leave_open(&rules, whose);
    }
}

/// Whether two tools have the same rules, and the same of what these read of a call.
fn is_alike(one: &Governed, other: &Governed) -> bool {
    let reads = |name: &str| one.slice.reads(name);
    std::sync::Arc::ptr_eq(&one.slice, &other.slice)
        && one.effect == other.effect
        && one.classes == other.classes
        && (!reads("args") || one.arguments == other.arguments)
        && (!reads("facts") || one.facts == other.facts)
}

/// Whether a rule looks at the tool itself: at the resource, or at the action beyond its scope.
fn looks_at_the_tool(policy: &Policy) -> bool {
    let mut atoms = Atoms::default();
    let _ = Formula::of(policy, &mut atoms);
    atoms.0.iter().any(|atom| atom.looks.reads("resource") || atom.looks.reads("action"))
}

/// The agents that a rule names in words, as `context.run.agent` has them, and not as who acts; also where it puts that into a record of its own.
pub(crate) fn agents_in_words(policy: &Policy) -> BTreeSet<String> {
    let mut atoms = Atoms::default();
    let _ = Formula::of(policy, &mut atoms);
    let looks = atoms.0.into_iter().map(|atom| atom.looks).filter(|looks| looks.speaks_of("context.run.agent"));
    looks.flat_map(|looks| looks.texts).collect()
}

/// The tools that a rule names, wherever it does, in the JSON form of rules.
fn name_tools(node: &Value, found: &mut BTreeSet<String>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| name_tools(item, found)),
        Value::Object(fields) => {
            if let (Some("Action" | "Tool"), Some(name)) = (fields.get("type").and_then(Value::as_str), fields.get("id").and_then(Value::as_str)) {
                found.insert(name.to_owned());
            }
            fields.iter().filter(|(name, _)| *name != "annotations").for_each(|(_, inner)| name_tools(inner, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
