//! The rules in force: read, checked and sorted once; nothing is parsed again when a call is decided.
//!
//! Loading is all or nothing: one broken rule and the set is refused, with every problem named.

mod literals;
mod parse;
mod patterns;
mod reads;
mod slice;

use crate::args::{self, Field};
use crate::counters::Counter;
use crate::facts::FactDeclaration;
use crate::names::Names;
use crate::problem::{Problem, RulesError, advice_on, from_validation};
use crate::request::Acting;
use crate::sample;
use crate::schema::{self, ToolTypes};
use cedar_policy::{Entities, EntityUid, PolicySet, Schema, ValidationMode, ValidationWarning, Validator};
use parse::Parsed;
pub(crate) use patterns::Patterns;
use serde::Serialize;
pub(crate) use slice::{Part, Slice};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::{fmt, sync::Arc};
use steward_core::{ArgumentClass, ArgumentRole, Digest, Effect, ToolSpec};

/// The most rules in force at once.
pub const RULES_MAX: usize = 1_000;
/// The longest file of rules, in bytes.
pub const RULE_FILE_BYTES_MAX: usize = 256 * 1024;

/// A file of rules: its name, for messages, and its Cedar text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RuleFile {
    /// What to call it, for example `rules/30-send.cedar`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Whether a rule allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleEffect {
    /// Allows, where nothing forbids.
    Permit,
    /// Denies, whatever permits.
    Forbid,
}

/// One rule as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its `@id`.
    pub id: String,
    /// Where it stands.
    pub file: String,
    /// On which line, from 1.
    pub line: usize,
    /// What it does.
    pub effect: RuleEffect,
    /// Its `@reason`, for people.
    pub reason: String,
    /// Its `@tell`, for the model.
    pub tell: Option<String>,
    /// Its `@shape`: what would be allowed, in words for the model.
    pub shape: Option<String>,
    /// Its Cedar text.
    pub text: String,
}

/// What is known of a tool that rules may judge.
pub(crate) struct Governed {
    pub(crate) effect: Effect,
    pub(crate) arguments: BTreeMap<String, Field>,
    pub(crate) facts: Vec<FactDeclaration>,
    /// The classes its arguments count in.
    pub(crate) classes: BTreeSet<ArgumentClass>,
    pub(crate) action: EntityUid,
    pub(crate) resource: EntityUid,
    /// The action with its group, and the tool.
    pub(crate) entities: Entities,
    pub(crate) acting: Acting,
    pub(crate) slice: Arc<Slice>,
}

pub(crate) struct Loaded {
    pub(crate) rules: Vec<Rule>,
    /// Which rules read `within_budget`.
    pub(crate) on_budget: BTreeSet<usize>,
    pub(crate) index: HashMap<String, usize>,
    pub(crate) tools: BTreeMap<String, Governed>,
    /// The rules for a tool that nobody knows yet, by its class: those that speak of the class, or of everything.
    pub(crate) classes: BTreeMap<Effect, Governed>,
    pub(crate) names: Names,
    pub(crate) counters: Vec<Counter>,
    schema: String,
    warnings: Vec<Problem>,
    impossible: Vec<Problem>,
    files: Vec<RuleFile>,
    digest: Digest,
}

/// A checked set of rules with the tools it governs. Cheap to clone; a reload makes a new one.
#[derive(Clone)]
pub struct Rules(pub(crate) Arc<Loaded>);

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({} rules, {} tools, {})", self.0.rules.len(), self.0.tools.len(), self.0.digest.short())
    }
}

impl Rules {
    /// Reads and checks rules against the schema made from the tools.
    pub fn load(files: &[RuleFile], tools: &[ToolSpec]) -> Result<Self, RulesError> {
        let mut files: Vec<&RuleFile> = files.iter().collect();
        files.sort();
        let names = Names::new()?;
        let types = tool_types(tools)?;
        let parsed = parse_all(&files)?;
        let counters = all_counters(&parsed, &types)?;
        let schema_text = schema::text(&counters, types.values().map(|(spec, arguments, facts)| ToolTypes { spec, arguments, facts }));
        let (schema, _) = Schema::from_cedarschema_str(&schema_text).map_err(|err| RulesError::Schema(err.to_string()))?;
        let (warnings, impossible) = validate(&files, &parsed, schema)?;

        let texts = files.iter().flat_map(|file| [file.name.as_bytes(), file.text.as_bytes()]);
        let digest = Digest::of_parts(texts.chain([schema_text.as_bytes()]));
        let (tools, classes) = govern(types, &parsed, &names)?;
        let on_budget = parsed.iter().enumerate().filter(|(_, rule)| rule.reads.reads("within_budget")).map(|(index, _)| index).collect();
        let index = parsed.iter().enumerate().map(|(index, one)| (one.rule.id.clone(), index)).collect();
        let rules = parsed.into_iter().map(|one| one.rule).collect();
        let files = files.into_iter().cloned().collect();
        Ok(Self(Arc::new(Loaded { rules, on_budget, index, tools, classes, names, counters, schema: schema_text, warnings, impossible, files, digest })))
    }

    /// Names this set of rules: over the files, sorted, and the generated schema.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The files it was read from, sorted.
    pub fn files(&self) -> &[RuleFile] {
        &self.0.files
    }

    /// The tools governed, by name, with their effects.
    pub fn tools(&self) -> impl Iterator<Item = (&str, Effect)> {
        self.0.tools.iter().map(|(name, tool)| (name.as_str(), tool.effect))
    }

    /// The rules, in the order in which they give reasons: by file name, then as written.
    pub fn list(&self) -> &[Rule] {
        &self.0.rules
    }

    /// The counters the rules declare; the gate supplies them as `Facts::counts`.
    pub fn counters(&self) -> &[Counter] {
        &self.0.counters
    }

    /// The counters that the rules for this tool read.
    pub fn counters_read_for(&self, tool: &str) -> impl Iterator<Item = &Counter> {
        let slice = self.0.tools.get(tool).map(|tool| &tool.slice);
        self.0.counters.iter().filter(move |counter| slice.is_some_and(|slice| slice.reads_counter(&counter.name)))
    }

    /// The counters to which an allowed call of this tool adds.
    pub fn counters_fed_by(&self, tool: &str) -> impl Iterator<Item = &Counter> {
        let effect = self.0.tools.get(tool).map(|tool| tool.effect);
        self.0.counters.iter().filter(move |counter| effect.is_some_and(|effect| counter.counts(tool, effect)))
    }

    /// The facts a tool's manifest asks for; the gate supplies them as `Facts::facts`.
    pub fn facts_of(&self, tool: &str) -> &[FactDeclaration] {
        self.0.tools.get(tool).map_or(&[], |tool| &tool.facts)
    }

    /// The schema the rules were checked against, as Cedar text.
    pub fn schema(&self) -> &str {
        &self.0.schema
    }

    /// What loaded but looks wrong, such as a rule that can never match.
    pub fn warnings(&self) -> &[Problem] {
        &self.0.warnings
    }

    /// Of the warnings, those of rules that no call of any of these tools can ever meet: what they mean is not there, or not yet.
    pub fn impossible(&self) -> &[Problem] {
        &self.0.impossible
    }
}

type Types<'a> = BTreeMap<&'a str, (&'a ToolSpec, BTreeMap<String, Field>, Vec<FactDeclaration>)>;

/// The tools' types, by name.
fn tool_types(tools: &[ToolSpec]) -> Result<Types<'_>, RulesError> {
    let mut types = BTreeMap::new();
    for spec in tools {
        let refuse = |message: String| RulesError::Tool { name: spec.name.clone(), message };
        if spec.name.is_empty() || Effect::ALL.iter().any(|effect| effect.name() == spec.name) {
            return Err(refuse("has the name of an effect class; call it `plugin.verb`".to_owned()));
        }
        let mut facts: Vec<FactDeclaration> = Vec::with_capacity(spec.facts.len());
        for text in &spec.facts {
            let fact = FactDeclaration::parse(text).map_err(|message| refuse(format!("asks for a fact wrongly: {message}")))?;
            if facts.iter().any(|before| before.name == fact.name) {
                return Err(refuse(format!("asks for the fact `{}` twice; once is enough", fact.name)));
            }
            facts.push(fact);
        }
        if types.insert(spec.name.as_str(), (spec, args::arguments_shape(&spec.arguments), facts)).is_some() {
            return Err(refuse("is offered twice; remove one of the plugins that offer it".to_owned()));
        }
    }
    Ok(types)
}

fn parse_all(files: &[&RuleFile]) -> Result<Vec<Parsed>, RulesError> {
    let mut problems = Vec::new();
    let mut parsed: Vec<Parsed> = Vec::new();
    for file in files {
        if file.text.len() > RULE_FILE_BYTES_MAX {
            return Err(RulesError::TooMuch { what: format!("the length of `{}` in bytes", file.name), given: file.text.len(), max: RULE_FILE_BYTES_MAX });
        }
        parsed.extend(parse::parse_file(file, &mut problems));
    }
    // An editor that empties a file before it writes it, or a copy that was cut off: its rules are not to fall away unnoticed.
    for file in files.iter().filter(|file| !parsed.is_empty() && file.text.trim().is_empty()) {
        let message = "the file is empty; put its rules back, or delete the file if they are no longer wanted".to_owned();
        problems.push(Problem { file: file.name.clone(), line: 1, message });
    }
    let mut seen: HashMap<&str, &Rule> = HashMap::new();
    for Parsed { rule, .. } in &parsed {
        if let Some(first) = seen.insert(&rule.id, rule) {
            let message = format!("rule `{}`: the id is taken by {}:{}; give this one another", rule.id, first.file, first.line);
            problems.push(Problem { file: rule.file.clone(), line: rule.line, message });
        }
    }
    if !problems.is_empty() {
        problems.sort();
        return Err(RulesError::Broken(problems));
    }
    match parsed.len() {
        0 => Err(RulesError::Empty { files: files.len() }),
        given if given > RULES_MAX => Err(RulesError::TooMuch { what: "the number of rules".to_owned(), given, max: RULES_MAX }),
        _ => Ok(parsed),
    }
}

/// All counters by name; two rules may share one only if they mean the same.
fn all_counters(parsed: &[Parsed], types: &Types<'_>) -> Result<Vec<Counter>, RulesError> {
    let mut all: BTreeMap<&str, &Counter> = BTreeMap::new();
    for Parsed { rule, counters, .. } in parsed {
        for counter in counters {
            let tools = types.iter().map(|(name, (spec, arguments, _))| (*name, spec.effect, arguments));
            if let Err(message) = counter.check(tools) {
                let message = format!("rule `{}`: {message}", rule.id);
                return Err(RulesError::Broken(vec![Problem { file: rule.file.clone(), line: rule.line, message }]));
            }
            let before = all.insert(&counter.name, counter);
            if let Some(before) = before.filter(|before| *before != counter) {
                let message = format!("rule `{}`: the counter `{counter}` is declared elsewhere as `{before}`; give it another name", rule.id);
                return Err(RulesError::Broken(vec![Problem { file: rule.file.clone(), line: rule.line, message }]));
            }
        }
    }
    Ok(all.into_values().cloned().collect())
}

/// Strict validation; the warnings are returned, and those of them that are about rules which can never match.
fn validate(files: &[&RuleFile], parsed: &[Parsed], schema: Schema) -> Result<(Vec<Problem>, Vec<Problem>), RulesError> {
    let all = PolicySet::from_policies(parsed.iter().map(|one| one.policy.clone())).map_err(|err| RulesError::Schema(err.to_string()))?;
    let found = Validator::new(schema).validate(&all, ValidationMode::Strict);
    let by_id = |id: &cedar_policy::PolicyId| parsed.iter().find(|one| one.policy.id() == id).map(|one| &one.rule);
    let problem = |id: &cedar_policy::PolicyId, what: &dyn miette::Diagnostic, advice: Option<&str>| {
        let rule = by_id(id)?;
        let text = files.iter().find(|file| file.name == rule.file).map_or("", |file| &file.text);
        Some(from_validation(&rule.file, text, &rule.id, rule.line, what, advice))
    };
    let mut errors = once_a_line(found.validation_errors().filter_map(|err| problem(err.policy_id(), err, advice_on(err))));
    if errors.is_empty() && !found.validation_passed() {
        errors.push(Problem { file: String::new(), line: 1, message: found.to_string() });
    }
    if !errors.is_empty() {
        return Err(RulesError::Broken(errors));
    }
    let warnings = once_a_line(found.validation_warnings().filter_map(|warning| problem(warning.policy_id(), warning, None)));
    let never = found.validation_warnings().filter(|warning| matches!(warning, ValidationWarning::ImpossiblePolicy(_)));
    let impossible = once_a_line(never.filter_map(|warning| problem(warning.policy_id(), warning, None)));
    Ok((warnings, impossible))
}

/// A rule about many actions is wrong for each of them in the same place; once is enough to mend it.
fn once_a_line(problems: impl Iterator<Item = Problem>) -> Vec<Problem> {
    let sorted: BTreeSet<Problem> = problems.collect();
    let mut kept: Vec<Problem> = Vec::new();
    for problem in sorted {
        if kept.last().is_none_or(|last| (&last.file, last.line) != (&problem.file, problem.line)) {
            kept.push(problem);
        }
    }
    kept
}

type Slices = HashMap<Vec<usize>, Arc<Slice>>;
/// The rules of each tool, and those of each class for tools to come.
type Governing = (BTreeMap<String, Governed>, BTreeMap<Effect, Governed>);

/// Sorts the rules by tool, and by class for tools to come; tools with the same rules share them.
fn govern(types: Types<'_>, parsed: &[Parsed], names: &Names) -> Result<Governing, RulesError> {
    let mut slices = Slices::new();
    let mut tools = BTreeMap::new();
    for (name, (spec, arguments, facts)) in types {
        tools.insert(name.to_owned(), governed(spec, (arguments, facts), (parsed, names), &mut slices)?);
    }
    let mut classes = BTreeMap::new();
    for effect in Effect::ALL {
        classes.insert(effect, governed(&sample::to_come(effect), Default::default(), (parsed, names), &mut slices)?);
    }
    Ok((tools, classes))
}

/// A tool with its rules.
fn governed(
    spec: &ToolSpec,
    (arguments, facts): (BTreeMap<String, Field>, Vec<FactDeclaration>),
    (parsed, names): (&[Parsed], &Names),
    slices: &mut Slices,
) -> Result<Governed, RulesError> {
    let bug = |err: &dyn fmt::Display| RulesError::Schema(err.to_string());
    let (action, group, resource) = (names.action(&spec.name), names.action(spec.effect.name()), names.tool(&spec.name));
    let indices = slice::matching(parsed, &action, &group);
    let slice = match slices.get(&indices) {
        Some(slice) => Arc::clone(slice),
        None => {
            let slice = Arc::new(Slice::new(parsed, &indices).map_err(|err| bug(&err))?);
            slices.insert(indices, Arc::clone(&slice));
            slice
        }
    };
    let entities = names.entities(spec, &action, group, &resource).map_err(|err| bug(&err))?;
    let classes = spec.roles.values().map(ArgumentRole::class).collect();
    Ok(Governed { effect: spec.effect, arguments, facts, classes, action, resource, entities, acting: Acting::default(), slice })
}

/// Every policy of the set, for tests that compare a decision with Cedar's own.
#[cfg(test)]
pub(crate) fn policies_of(files: &[RuleFile]) -> Vec<cedar_policy::Policy> {
    let mut problems = Vec::new();
    files.iter().flat_map(|file| parse::parse_file(file, &mut problems)).map(|one| one.policy).collect()
}

#[cfg(test)]
mod tests;
