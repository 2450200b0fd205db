//! Facts into a Cedar request. Only what some rule of the tool reads is translated.
//!
//! Whatever a rule reads and the facts do not hold, or hold in another type, is refused here: `has` in a rule
//! must never turn a missing fact into a way around it.
//!
//! Rules that read arguments are asked twice: with the texts as they are, and folded. A forbid counts when it matches
//! either way, a permit only when it matches both ways: no spelling slips past a forbid, and no look-alike into a permit.

use crate::args::{self, MisfitError};
use crate::facts::{FactType, Facts};
use crate::fold::{folded, folded_value};
use crate::rules::{Governed, Loaded, Part};
use cedar_policy::{Authorizer, Context, Decision as Answer, Entities, EntityUid, PolicySet, Request, RestrictedExpression};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use steward_core::{PersonId, Role, WorkspaceId};

/// Why the rules cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    /// The arguments are not of the types the schema promises.
    #[error("argument {0}")]
    Argument(#[from] MisfitError),
    /// A rule reads what was not supplied.
    #[error("{0}")]
    Missing(String),
    /// Cedar refuses the request.
    #[error("the facts make no request: {0}")]
    Request(String),
    /// More would have to be evaluated than is left.
    #[error("more would have to be evaluated than is left")]
    Spent,
}

/// A proposal ready to be asked about, with these or other approvals.
pub(crate) struct Question<'a> {
    loaded: &'a Loaded,
    tool: &'a Governed,
    facts: &'a Facts,
    who: Arc<Who>,
    pairs: Vec<(String, RestrictedExpression)>,
    /// The same with folded texts, where that is something else.
    folded: Option<Vec<(String, RestrictedExpression)>>,
}

/// An agent acting for a person, as Cedar knows them, beside a tool.
pub(crate) struct Who {
    name: String,
    person: PersonId,
    roles: BTreeSet<Role>,
    workspace: WorkspaceId,
    agent: EntityUid,
    entities: Entities,
}

/// How many of those who use a tool are remembered: as many as have runs side by side, by and large.
const ACTING_MAX: usize = 32;

/// Who used a tool last: the calls of a run come one after another, among those of other people's runs, and making the entities was a third of
/// a decision.
#[derive(Default)]
pub(crate) struct Acting(Mutex<VecDeque<Arc<Who>>>);

impl Acting {
    fn of(&self, loaded: &Loaded, tool: &Governed, facts: &Facts) -> Result<Arc<Who>, AskError> {
        let same = |who: &&Arc<Who>| who.person == facts.person && who.workspace == facts.workspace && who.name == facts.agent && who.roles == facts.roles;
        // Whoever came last is asked about next, most of the time.
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().find(same).cloned();
        if let Some(who) = known {
            return Ok(who);
        }
        let agent = loaded.names.agent(&facts.agent);
        let entity = loaded.names.agent_entity(agent.clone(), facts.person, &facts.roles, facts.workspace).map_err(|err| AskError::Request(err.to_string()))?;
        let entities = tool.entities.clone().add_entities([entity], None).map_err(|err| AskError::Request(err.to_string()))?;
        let (name, person, roles, workspace) = (facts.agent.clone(), facts.person, facts.roles.clone(), facts.workspace);
        let who = Arc::new(Who { name, person, roles, workspace, agent, entities });
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= ACTING_MAX {
            last.pop_front();
        }
        last.push_back(who.clone());
        Ok(who)
    }
}

/// What some rules say.
pub(crate) struct Said {
    /// Whether they allow, taken alone.
    pub(crate) allows: bool,
    /// The rules that decided: forbids if any matched, else permits; by index, in order.
    pub(crate) rules: BTreeSet<usize>,
    /// Rules that could not be evaluated, with Cedar's words.
    pub(crate) errors: Vec<(usize, String)>,
}

impl Said {
    fn forbids(&self) -> bool {
        !self.allows && !self.rules.is_empty()
    }

    /// Both answers as one: forbids of either, else permits of both.
    fn and_folded(self, folded: Self, on_texts: &BTreeSet<usize>) -> Self {
        let errors = self.errors.iter().chain(&folded.errors).cloned().collect::<BTreeSet<_>>().into_iter().collect();
        if self.forbids() || folded.forbids() {
            let rules = [self, folded].into_iter().filter(Self::forbids).flat_map(|said| said.rules).collect();
            return Self { allows: false, rules, errors };
        }
        let rules: BTreeSet<usize> = self.rules.into_iter().filter(|index| !on_texts.contains(index) || folded.rules.contains(index)).collect();
        Self { allows: !rules.is_empty(), rules, errors }
    }
}

impl<'a> Question<'a> {
    pub(crate) fn new(loaded: &'a Loaded, tool: &'a Governed, facts: &'a Facts) -> Result<Self, AskError> {
        let who = tool.acting.of(loaded, tool, facts)?;
        let folded = folded_facts(tool, facts).map(|folded| pairs(loaded, tool, &folded)).transpose()?;
        Ok(Self { loaded, tool, facts, who, pairs: pairs(loaded, tool, facts)?, folded })
    }

    /// Asks these rules, supposing that somebody in each of these roles approves too.
    pub(crate) fn ask(&self, part: &Part, supposed: &BTreeSet<Role>) -> Result<Said, AskError> {
        let plain = self.ask_one(&part.plain, &self.pairs, supposed)?;
        if part.on_texts.is_empty() || !part.literals_fold && self.folded.is_none() {
            return Ok(plain);
        }
        let folded = self.ask_one(&part.folded, self.folded.as_ref().unwrap_or(&self.pairs), supposed)?;
        Ok(plain.and_folded(folded, &part.on_texts))
    }

    fn ask_one(&self, rules: &PolicySet, pairs: &[(String, RestrictedExpression)], supposed: &BTreeSet<Role>) -> Result<Said, AskError> {
        // No rules say nothing, and Cedar need not be asked to learn that.
        if rules.is_empty() {
            return Ok(Said { allows: false, rules: BTreeSet::new(), errors: Vec::new() });
        }
        let refuse = |err: &dyn std::fmt::Display| AskError::Request(err.to_string());
        let mut pairs = pairs.to_vec();
        if self.tool.slice.reads("approvals") {
            pairs.push(("approvals".to_owned(), self.approvals(supposed)?));
        }
        let context = Context::from_pairs(pairs).map_err(|err| refuse(&err))?;
        let request = Request::new(self.who.agent.clone(), self.tool.action.clone(), self.tool.resource.clone(), context, None).map_err(|err| refuse(&err))?;
        let response = Authorizer::new().is_authorized(&request, rules, &self.who.entities);
        // An id we do not know cannot happen; it would count as a forbid, for it is none of the permits.
        let index = |id: &cedar_policy::PolicyId| self.loaded.index.get(AsRef::<str>::as_ref(id)).copied().unwrap_or(usize::MAX);
        let mut errors: Vec<(usize, String)> = Vec::new();
        for error in response.diagnostics().errors() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            errors.push((index(error.policy_id()), error.inner().to_string()));
        }
        errors.sort();
        Ok(Said { allows: response.decision() == Answer::Allow, rules: response.diagnostics().reason().map(index).collect(), errors })
    }

    fn approvals(&self, supposed: &BTreeSet<Role>) -> Result<RestrictedExpression, AskError> {
        let names = &self.loaded.names;
        let given = &self.facts.approvals;
        let roles = given.roles.union(supposed).copied().collect();
        // Whoever would approve is somebody, and not the person acted for: rules may ask for either.
        let people = given.people.iter().map(|person| names.person(person)).chain(supposed.iter().map(|role| names.person(format_args!("some-{role}"))));
        record([("roles", names.roles(&roles)), ("people", RestrictedExpression::new_set(people.collect::<Vec<_>>()))])
    }
}

/// Asks the forbids of a tool that read nothing of a call, for whoever the facts say acts; nothing else of the facts is looked at.
pub(crate) fn ask_bare(loaded: &Loaded, tool: &Governed, facts: &Facts) -> Result<bool, AskError> {
    let who = tool.acting.of(loaded, tool, facts)?;
    let refuse = |err: &dyn std::fmt::Display| AskError::Request(err.to_string());
    let request = Request::new(who.agent.clone(), tool.action.clone(), tool.resource.clone(), Context::empty(), None).map_err(|err| refuse(&err))?;
    let response = Authorizer::new().is_authorized(&request, &tool.slice.bare, &who.entities);
    // Of forbids alone, a reason is one that matched.
    Ok(response.diagnostics().reason().next().is_some())
}

fn record<const N: usize>(fields: [(&str, RestrictedExpression); N]) -> Result<RestrictedExpression, AskError> {
    RestrictedExpression::new_record(fields.map(|(name, value)| (name.to_owned(), value))).map_err(|err| AskError::Request(err.to_string()))
}

/// The facts with every text folded that a rule may compare; none when no rule reads arguments, or nothing changes.
fn folded_facts(tool: &Governed, facts: &Facts) -> Option<Facts> {
    if !tool.slice.reads("args") {
        return None;
    }
    let arguments = folded_value(&facts.arguments);
    let fold = |text: &String| Some(folded(text)).filter(|folded| folded != text);
    let declared: Vec<Option<serde_json::Value>> = facts.facts.values().map(folded_value).collect();
    let (channel, agent) = (fold(&facts.channel), fold(&facts.agent));
    if arguments.is_none() && channel.is_none() && agent.is_none() && declared.iter().all(Option::is_none) {
        return None;
    }
    let mut new = facts.clone();
    for (old, folded) in new.facts.values_mut().zip(declared) {
        if let Some(folded) = folded {
            *old = folded;
        }
    }
    new.arguments = arguments.unwrap_or(new.arguments);
    new.channel = channel.unwrap_or(new.channel);
    new.agent = agent.unwrap_or(new.agent);
    Some(new)
}

/// All of the context but the approvals.
fn pairs(loaded: &Loaded, tool: &Governed, facts: &Facts) -> Result<Vec<(String, RestrictedExpression)>, AskError> {
    let long = RestrictedExpression::new_long;
    let truth = RestrictedExpression::new_bool;
    let mut pairs = vec![
        ("dest", long(facts.dest.level())),
        ("ref", long(facts.reference.level())),
        ("value", long(facts.value.level())),
        ("leak", truth(facts.leak)),
        ("content_actionable", truth(facts.content_actionable)),
        ("class_asked", truth(facts.class_asked)),
        ("uninvited", truth(facts.uninvited)),
        ("tainted", truth(facts.tainted)),
        ("within_budget", truth(facts.within_budget)),
        ("now", long(facts.now_ms)),
    ];
    pairs.retain(|(name, _)| tool.slice.reads(name));
    if tool.slice.reads("run") {
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        pairs.push(("run", record([("channel", text(&facts.channel)), ("step", long(facts.step.into())), ("agent", text(&facts.agent))])?));
    }
    if tool.slice.reads("args") {
        pairs.push(("args", args::record_value(&tool.arguments, &facts.arguments, "")?));
    }
    if tool.slice.reads("counts") {
        pairs.push(("counts", counts(loaded, tool, facts)?));
    }
    if tool.slice.reads("facts") {
        pairs.push(("facts", declared_facts(tool, facts)?));
    }
    Ok(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn counts(loaded: &Loaded, tool: &Governed, facts: &Facts) -> Result<RestrictedExpression, AskError> {
    let one = |counter: &crate::counters::Counter| {
        let count = facts.counts.get(&counter.name).ok_or_else(|| AskError::Missing(format!("the counter `{counter}` was not supplied")))?;
        Ok((counter.name.clone(), RestrictedExpression::new_long(*count)))
    };
    let pairs = loaded.counters.iter().filter(|counter| tool.slice.reads_counter(&counter.name)).map(one).collect::<Result<Vec<_>, AskError>>()?;
    RestrictedExpression::new_record(pairs).map_err(|err| AskError::Request(err.to_string()))
}

fn declared_facts(tool: &Governed, facts: &Facts) -> Result<RestrictedExpression, AskError> {
    let one = |fact: &crate::facts::FactDeclaration| {
        let found = facts.facts.get(&fact.name).and_then(|value| match fact.of {
            FactType::Bool => value.as_bool().map(RestrictedExpression::new_bool),
            FactType::Long => value.as_i64().map(RestrictedExpression::new_long),
        });
        let value = found.ok_or_else(|| AskError::Missing(format!("the fact `{}` was not supplied, or not as {:?}", fact.name, fact.of)))?;
        Ok((fact.name.clone(), value))
    };
    let pairs = tool.facts.iter().map(one).collect::<Result<Vec<_>, AskError>>()?;
    RestrictedExpression::new_record(pairs).map_err(|err| AskError::Request(err.to_string()))
}
