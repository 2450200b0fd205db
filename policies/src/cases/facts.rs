//! The facts of a case: its arguments' labels by class, and what it says besides.

use super::{Case, From};
use crate::facts::Facts;
use crate::rules::Rules;
use crate::sample;
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::{ArgumentClass, Integrity, PersonId, Role, ToolSpec, WorkspaceId};
use uuid::Uuid;

/// What a case may say under `facts`, the tool's own facts and the rules' counters aside.
const KNOWN: &str =
    "leak, content_actionable, class_asked, uninvited, tainted, within_budget, channel, step, agent, person, workspace, roles, people, now_ms, counts";

/// Who approved in these roles where nothing is said of it: for each role somebody of their own, and not the person the agent acts for.
pub(crate) fn approvers(roles: &BTreeSet<Role>) -> BTreeSet<PersonId> {
    (100..).zip(roles).map(|(number, _)| PersonId::from_uuid(Uuid::from_u128(number))).collect()
}

/// The facts of this case.
pub(super) fn collect(rules: &Rules, tool: Option<&ToolSpec>, case: &Case) -> Result<Facts, String> {
    let mut facts = sample::facts(&case.tool);
    facts.arguments = case.arguments.clone();
    facts.approvals.roles = case.approvals.clone();
    facts.approvals.people = approvers(&case.approvals);
    if let Some(tool) = tool {
        label(&mut facts, tool, case)?;
    }
    for (name, value) in &case.facts {
        set(&mut facts, rules, name, value)?;
    }
    Ok(facts)
}

/// The lowest integrity of each class, over the arguments that are there.
fn label(facts: &mut Facts, tool: &ToolSpec, case: &Case) -> Result<(), String> {
    if let From::Each(from) = &case.from {
        let known = |name: &String| tool.roles.contains_key(name) || case.arguments.get(name).is_some();
        if let Some(name) = from.keys().find(|name| !known(name)) {
            let roles: Vec<&str> = tool.roles.keys().map(String::as_str).collect();
            return Err(format!("`from` names `{name}`, which is no argument of `{}`; arguments with a role are {}", tool.name, roles.join(", ")));
        }
    }
    for (place, role) in &tool.roles {
        let name = place.trim_start_matches('/').split('/').next().unwrap_or_default();
        if case.arguments.get(name).is_none_or(Value::is_null) {
            continue;
        }
        let integrity = match &case.from {
            From::All(integrity) => *integrity,
            From::Each(from) => from.get(place).or_else(|| from.get(name)).copied().unwrap_or(Integrity::Owner),
        };
        let lowest = match role.class() {
            ArgumentClass::Dest => &mut facts.dest,
            ArgumentClass::Ref => &mut facts.reference,
            ArgumentClass::Value => &mut facts.value,
            ArgumentClass::Content | ArgumentClass::Query | ArgumentClass::Mode => continue,
        };
        *lowest = integrity.min(*lowest);
    }
    Ok(())
}

fn set(facts: &mut Facts, rules: &Rules, name: &str, value: &Value) -> Result<(), String> {
    let wrong = || format!("fact `{name}` cannot be `{value}`");
    let truth = || value.as_bool().ok_or_else(wrong);
    let text = || value.as_str().map(str::to_owned).ok_or_else(wrong);
    match name {
        "leak" => facts.leak = truth()?,
        "content_actionable" => facts.content_actionable = truth()?,
        "class_asked" => facts.class_asked = truth()?,
        "uninvited" => facts.uninvited = truth()?,
        "tainted" => facts.tainted = truth()?,
        "within_budget" => facts.within_budget = truth()?,
        "channel" => facts.channel = text()?,
        "agent" => facts.agent = text()?,
        "person" => facts.person = text()?.parse::<PersonId>().map_err(|err| format!("fact `person`: {err}"))?,
        "workspace" => facts.workspace = text()?.parse::<WorkspaceId>().map_err(|err| format!("fact `workspace`: {err}"))?,
        "people" => facts.approvals.people = serde_json::from_value(value.clone()).map_err(|_| wrong())?,
        "step" => facts.step = value.as_u64().and_then(|step| step.try_into().ok()).ok_or_else(wrong)?,
        "now_ms" => facts.now_ms = value.as_i64().ok_or_else(wrong)?,
        "roles" => facts.roles = serde_json::from_value(value.clone()).map_err(|_| wrong())?,
        "counts" => facts.counts = serde_json::from_value(value.clone()).map_err(|_| wrong())?,
        _ if rules.facts_of(&facts.tool).iter().any(|fact| fact.name == name) => {
            facts.facts.insert(name.to_owned(), value.clone());
        }
        _ => return Err(format!("`{name}` is no fact of `{}`; facts are {KNOWN}, and what the tool's manifest asks for", facts.tool)),
    }
    Ok(())
}
