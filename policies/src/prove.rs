//! Proofs of safety properties: that no call is allowed which a property forbids, whatever the facts.
//!
//! By enumeration everywhere; with the feature `solver` symbolically as well, where cvc5 is installed.

mod case;
mod enumerate;
mod sentence;
#[cfg(feature = "solver")]
pub(crate) mod solver;

use crate::facts::Facts;
use crate::problem::{Problem, RulesError};
use crate::rules::{RuleFile, Rules};
use crate::sample;
use sentence::Property;
pub use sentence::PropertyFile;
use serde::Serialize;
use std::collections::BTreeSet;
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
    /// It holds for every call: nothing was found that breaks it, and nothing was left out.
    pub proved: bool,
    /// The tools and classes that were looked at.
    pub looked_at: usize,
    /// Cases that were tried; none by the solver, which looks at all at once.
    pub cases: u64,
    /// What breaks it.
    pub counter_example: Option<CounterExample>,
}

/// What is proved: rules, the tools they govern, and the properties.
pub(crate) struct Task {
    pub(crate) rules: Rules,
    pub(crate) tools: Vec<ToolSpec>,
    installed: BTreeSet<String>,
    pub(crate) properties: Vec<Property>,
}

impl Task {
    /// The sample tools stand for tools that do not exist yet, as far as the rules go together with them.
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
        Ok(Self { rules, installed: tools.iter().map(|tool| tool.name.clone()).collect(), tools: all, properties })
    }

    /// A counter-example, if the facts are one.
    pub(crate) fn counter_example(&self, property: &Property, facts: Facts) -> Option<CounterExample> {
        let judgement = crate::judge(&self.rules, &facts);
        let spec = self.tools.iter().find(|tool| tool.name == facts.tool)?;
        if judgement.verdict() != steward_core::Verdict::Allow || !property.is_broken_by(&facts) {
            return None;
        }
        let case = case::text(&property.text, &self.rules, spec, &facts, !self.installed.contains(&facts.tool));
        Some(CounterExample { tool: facts.tool.clone(), by: judgement.rules().to_vec(), case, facts })
    }
}

/// Proves properties by trying representatives of all facts that the rules can tell apart.
pub fn prove(files: &[RuleFile], tools: &[ToolSpec], properties: &[PropertyFile]) -> Result<Vec<Proof>, ProveError> {
    let task = Task::new(files, tools, properties)?;
    let mut proofs: Vec<Proof> =
        task.properties.iter().map(|property| Proof { property: property.text.clone(), proved: true, looked_at: 0, cases: 0, counter_example: None }).collect();
    let mut done: Vec<&str> = Vec::new();
    // Installed tools first: their counter-examples say more.
    for spec in &task.tools {
        let Some(tool) = task.rules.0.tools.get(&spec.name) else { continue };
        let alike = done.iter().filter_map(|name| task.rules.0.tools.get(*name)).any(|other| enumerate::is_alike(tool, other));
        let (indices, of_tool): (Vec<usize>, Vec<&Property>) =
            task.properties.iter().enumerate().filter(|(_, property)| property.covers(&spec.name, spec.effect)).unzip();
        let by_name = of_tool.iter().any(|property| property.actions.contains(&spec.name));
        if of_tool.is_empty() || alike && !by_name {
            continue;
        }
        done.push(&spec.name);
        let searched = enumerate::search(&task.rules, &spec.name, tool, &of_tool);
        for ((index, property), broken) in indices.into_iter().zip(of_tool).zip(searched.broken) {
            let Some(proof) = proofs.get_mut(index) else { continue };
            proof.looked_at += 1;
            proof.cases += searched.cases;
            proof.proved &= searched.complete && broken.is_none();
            if proof.counter_example.is_none() {
                proof.counter_example = broken.and_then(|facts| task.counter_example(property, facts));
            }
        }
    }
    Ok(proofs)
}

#[cfg(test)]
mod tests;
