//! The solver's world as facts of the host: what it found is a call only if the host can put it before the rules.

use crate::cases::approvers;
use crate::facts::Facts;
use crate::matrix::blank;
use crate::rules::{Governed, Rules};
use cedar_policy::{Entity, EvalResult};
use cedar_policy_symcc::Env;
use serde_json::Value;
use steward_core::{Integrity, PersonId, Role, ToolSpec, WorkspaceId};
use uuid::Uuid;

/// The world as facts, the plainest first: what the host knows of the call alone, then with who acts, for whom, where and when. The agent of the
/// run and the agent that acts are two things to the solver and one to the host, so each is tried as that one.
pub(super) fn facts(rules: &Rules, spec: &ToolSpec, tool: &Governed, world: &Env) -> Vec<Facts> {
    let Some(plain) = of_the_call(rules, spec, tool, world) else { return Vec::new() };
    let who = of_who_acts(&plain, world);
    std::iter::once(plain).chain(who.into_iter().flatten()).collect()
}

/// Levels, what is so or not, roles, approvals in roles, counters, arguments and facts of the manifest.
fn of_the_call(rules: &Rules, spec: &ToolSpec, tool: &Governed, world: &Env) -> Option<Facts> {
    let mut facts = blank(rules, &spec.name, tool);
    let context = world.request.context()?.to_json_value().ok()?;
    let level = |name: &str| Integrity::ALL.into_iter().find(|level| Some(level.level()) == context.get(name).and_then(Value::as_i64));
    (facts.dest, facts.reference, facts.value) = (level("dest")?, level("ref")?, level("value")?);
    let truth = |name: &str| context.get(name).and_then(Value::as_bool);
    (facts.leak, facts.content_actionable, facts.class_asked) = (truth("leak")?, truth("content_actionable")?, truth("class_asked")?);
    (facts.uninvited, facts.tainted, facts.within_budget) = (truth("uninvited")?, truth("tainted")?, truth("within_budget")?);
    facts.approvals.roles = ids(context.pointer("/approvals/roles")?).filter_map(|id| id.parse::<Role>().ok()).collect();
    facts.approvals.people = approvers(&facts.approvals.roles);
    if let EvalResult::Set(roles) = acting(world)?.attr("roles")?.ok()? {
        let role = |one: &EvalResult| if let EvalResult::EntityUid(uid) = one { uid.id().unescaped().parse::<Role>().ok() } else { None };
        facts.roles = roles.iter().filter_map(role).collect();
    }
    if let Some(counts) = context.get("counts").and_then(Value::as_object) {
        facts.counts = counts.iter().filter_map(|(name, count)| Some((name.clone(), count.as_i64()?))).collect();
    }
    if let Some(arguments) = context.get("args").filter(|arguments| tool.slice.reads("args") && arguments.is_object()) {
        facts.arguments = arguments.clone();
    }
    if let Some(own) = context.get("facts").and_then(Value::as_object).filter(|_| tool.slice.reads("facts")) {
        facts.facts.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Some(facts)
}

/// The same with who acts, for whom, where, who approves, and the run and the time.
fn of_who_acts(plain: &Facts, world: &Env) -> Option<[Facts; 2]> {
    let mut facts = plain.clone();
    let context = world.request.context()?.to_json_value().ok()?;
    let text = |path: &str| context.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let mut others: Vec<String> = Vec::new();
    if let EvalResult::EntityUid(person) = acting(world)?.attr("person")?.ok()? {
        facts.person = known(person.id().unescaped(), &mut others);
    }
    if let EvalResult::EntityUid(workspace) = acting(world)?.attr("workspace")?.ok()? {
        // A name that is no id is one that no rule can mean: it stands for any other.
        facts.workspace = workspace.id().unescaped().parse().unwrap_or(WorkspaceId::from_uuid(Uuid::from_u128(OTHERS)));
    }
    facts.approvals.people = ids(context.pointer("/approvals/people")?).map(|id| known(id, &mut others)).collect();
    facts.channel = text("/run/channel")?;
    facts.step = context.pointer("/run/step").and_then(Value::as_u64).and_then(|step| u32::try_from(step).ok())?;
    facts.now_ms = context.get("now").and_then(Value::as_i64)?;
    let named = world.request.principal()?.id().unescaped().to_owned();
    Some([named, text("/run/agent")?].map(|agent| Facts { agent, ..facts.clone() }))
}

/// Numbers of ids that stand for somebody of whom nobody has said more.
const OTHERS: u128 = 2_000;

/// A person by id. Names that are no ids are those of others, each of their own.
fn known(id: &str, others: &mut Vec<String>) -> PersonId {
    id.parse().unwrap_or_else(|_| {
        let place = others.iter().position(|other| other == id).unwrap_or_else(|| {
            others.push(id.to_owned());
            others.len() - 1
        });
        PersonId::from_uuid(Uuid::from_u128(OTHERS + place as u128))
    })
}

/// The agent with what belongs to it.
fn acting(world: &Env) -> Option<&Entity> {
    world.entities.get(world.request.principal()?)
}

/// The ids of a set of entities.
fn ids(set: &Value) -> impl Iterator<Item = &str> {
    set.as_array().into_iter().flatten().filter_map(|entity| entity.pointer("/__entity/id").and_then(Value::as_str))
}
